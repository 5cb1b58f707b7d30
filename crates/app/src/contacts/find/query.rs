//! What is looked for, as a value and as the parameters of an address.

use touchline_model::{
    Channel, Direction, GroupId, Invalid, MediaTime, Timestamp, TopicId, TopicScope, UserId, validate as v,
};

/// Rows on a page unless asked otherwise.
pub const DEFAULT_LIMIT: usize = 50;
/// Rows on a page at most.
pub const MAX_LIMIT: usize = 100;
/// Entries of one list at most.
const MAX_LIST: usize = 200;
/// Longest text that is looked for, in bytes.
const MAX_TEXT: usize = 1_000;

/// What is looked for. Every part that is given narrows the result; [`CallQuery::default`] finds everything.
#[derive(Clone, Debug, PartialEq)]
pub struct CallQuery {
    /// Words that must all occur; words in double quotes must stand side by side in what one speaker says. Case and
    /// punctuation at the edges of words do not count, exactly as for topics.
    pub text: String,
    /// Whose words `text` looks at.
    pub speaker: TopicScope,
    /// Words of `text` must begin at or after this time of the contact.
    pub within_from: Option<MediaTime>,
    /// Words of `text` must begin before this time of the contact.
    pub within_to: Option<MediaTime>,
    /// One of these agents; empty: anybody.
    pub agents: Vec<UserId>,
    /// An agent in one of these groups or in one below them; empty: anywhere.
    pub teams: Vec<GroupId>,
    /// Began at or after.
    pub from: Option<Timestamp>,
    /// Began before.
    pub to: Option<Timestamp>,
    /// Call, chat or mail.
    pub channel: Option<Channel>,
    /// Who began it.
    pub direction: Option<Direction>,
    /// In one of these states; empty: in any.
    pub states: Vec<String>,
    /// At least one of these topics was found; empty: whatever was found.
    pub topics: Vec<TopicId>,
    /// Lasted at least.
    pub min_duration: Option<MediaTime>,
    /// Lasted at most.
    pub max_duration: Option<MediaTime>,
    /// Whether somebody has commented on it.
    pub has_comments: Option<bool>,
    /// Whether somebody has evaluated it.
    pub has_evaluation: Option<bool>,
    /// Fields and values, all of which it has; letters' case in values does not count.
    pub metadata: Vec<(String, String)>,
    /// Where to go on: [`super::CallPage::next`] of the page before.
    pub cursor: Option<String>,
    /// Rows on a page, 1 to [`MAX_LIMIT`].
    pub limit: usize,
}

impl Default for CallQuery {
    fn default() -> Self {
        Self {
            text: String::new(),
            speaker: TopicScope::Any,
            within_from: None,
            within_to: None,
            agents: vec![],
            teams: vec![],
            from: None,
            to: None,
            channel: None,
            direction: None,
            states: vec![],
            topics: vec![],
            min_duration: None,
            max_duration: None,
            has_comments: None,
            has_evaluation: None,
            metadata: vec![],
            cursor: None,
            limit: DEFAULT_LIMIT,
        }
    }
}

/// The names of the parameters, in the order in which they are written.
pub const PARAMETERS: [&str; 19] = [
    "text",
    "speaker",
    "within_from",
    "within_to",
    "agent",
    "team",
    "from",
    "to",
    "channel",
    "direction",
    "state",
    "topic",
    "min_duration",
    "max_duration",
    "comments",
    "evaluation",
    "metadata",
    "cursor",
    "limit",
];

/// The parameters of [`PARAMETERS`] that may be given several times.
pub const REPEATABLE: [&str; 5] = ["agent", "team", "state", "topic", "metadata"];

impl CallQuery {
    /// Reads the parameters of an address, decoded. Empty values count as absent, so that a form may be sent as it is.
    ///
    /// `agent`, `team`, `state`, `topic` and `metadata` (`field=value`) may come several times. Times within a contact
    /// and durations are seconds; `from` and `to` are RFC 3339, or a date for its midnight UTC. `speaker` is
    /// `internal`, `external` or `any`; `comments` and `evaluation` are `true` or `false`.
    ///
    /// # Errors
    /// An unknown name, a name given twice that may stand once, or a bad value; the error names the parameter.
    pub fn from_pairs<N, W>(pairs: impl IntoIterator<Item = (N, W)>) -> Result<Self, Invalid>
    where
        N: AsRef<str>,
        W: AsRef<str>,
    {
        let mut query = Self::default();
        let mut seen: Vec<&'static str> = Vec::new();
        for (name, value) in pairs {
            let (name, value) = (name.as_ref(), value.as_ref());
            let Some(known) = PARAMETERS.into_iter().find(|known| *known == name) else {
                let shown: String = name.chars().take(64).collect();
                return Err(Invalid::new(shown, "is no parameter of this search"));
            };
            if value.is_empty() {
                continue;
            }
            if seen.contains(&known) && !REPEATABLE.contains(&known) {
                return Err(Invalid::new(known, "is given more than once"));
            }
            seen.push(known);
            query.take(known, value)?;
        }
        query.check()?;
        Ok(query)
    }

    fn take(&mut self, name: &'static str, value: &str) -> Result<(), Invalid> {
        match name {
            "text" => value.clone_into(&mut self.text),
            "speaker" => {
                self.speaker = match value {
                    "any" => TopicScope::Any,
                    "internal" => TopicScope::Internal,
                    "external" => TopicScope::External,
                    _ => return Err(Invalid::new(name, "must be `internal`, `external` or `any`")),
                }
            }
            "within_from" => self.within_from = Some(seconds(name, value)?),
            "within_to" => self.within_to = Some(seconds(name, value)?),
            "agent" => self.agents.push(value.into()),
            "team" => self.teams.push(value.into()),
            "from" => self.from = Some(instant(name, value)?),
            "to" => self.to = Some(instant(name, value)?),
            "channel" => {
                let bad = |()| Invalid::new(name, "must be `call`, `chat` or `mail`");
                self.channel = Some(value.parse().map_err(bad)?);
            }
            "direction" => {
                let bad = |()| Invalid::new(name, "must be `INBOUND`, `OUTBOUND` or `SCREENSHARE`");
                self.direction = Some(value.parse().map_err(bad)?);
            }
            "state" => self.states.push(value.to_owned()),
            "topic" => {
                let bad = |_| Invalid::new(name, "must be the number of a topic");
                self.topics.push(TopicId(value.parse().map_err(bad)?));
            }
            "min_duration" => self.min_duration = Some(seconds(name, value)?),
            "max_duration" => self.max_duration = Some(seconds(name, value)?),
            "comments" => self.has_comments = Some(flag(name, value)?),
            "evaluation" => self.has_evaluation = Some(flag(name, value)?),
            "metadata" => {
                let pair =
                    value.split_once('=').ok_or_else(|| Invalid::new(name, "must be `field=value`"))?;
                self.metadata.push((pair.0.to_owned(), pair.1.to_owned()));
            }
            "cursor" => self.cursor = Some(value.to_owned()),
            _ => {
                let bad = |_| Invalid::new(name, format!("must be a whole number from 1 to {MAX_LIMIT}"));
                self.limit = value.parse().map_err(bad)?;
            }
        }
        Ok(())
    }

    /// The parameters that [`CallQuery::from_pairs`] reads the same query from; what is not given is left out.
    pub fn to_pairs(&self) -> Vec<(&'static str, String)> {
        let scope = match self.speaker {
            TopicScope::Any => None,
            TopicScope::Internal => Some("internal".to_owned()),
            TopicScope::External => Some("external".to_owned()),
        };
        let text = (!self.text.is_empty()).then(|| self.text.clone());
        let time = |it: Option<MediaTime>| it.map(|it| it.to_string());
        let limit = (self.limit != DEFAULT_LIMIT).then(|| self.limit.to_string());
        let mut pairs: Vec<(&'static str, String)> = Vec::new();
        let mut add = |name, values: Vec<String>| pairs.extend(values.into_iter().map(|it| (name, it)));
        let one = |value: Option<String>| value.into_iter().collect::<Vec<_>>();
        add("text", one(text));
        add("speaker", one(scope));
        add("within_from", one(time(self.within_from)));
        add("within_to", one(time(self.within_to)));
        add("agent", self.agents.iter().map(|it| it.0.clone()).collect());
        add("team", self.teams.iter().map(|it| it.0.clone()).collect());
        add("from", one(self.from.map(|it| it.to_string())));
        add("to", one(self.to.map(|it| it.to_string())));
        add("channel", one(self.channel.map(|it| it.to_string())));
        add("direction", one(self.direction.map(|it| it.to_string())));
        add("state", self.states.clone());
        add("topic", self.topics.iter().map(TopicId::to_string).collect());
        add("min_duration", one(time(self.min_duration)));
        add("max_duration", one(time(self.max_duration)));
        add("comments", one(self.has_comments.map(|it| it.to_string())));
        add("evaluation", one(self.has_evaluation.map(|it| it.to_string())));
        add("metadata", self.metadata.iter().map(|(field, value)| format!("{field}={value}")).collect());
        add("cursor", one(self.cursor.clone()));
        add("limit", one(limit));
        pairs
    }

    /// What cannot be looked for, however it was put together.
    pub(super) fn check(&self) -> Result<(), Invalid> {
        if !(1..=MAX_LIMIT).contains(&self.limit) {
            return Err(Invalid::new("limit", format!("must be a whole number from 1 to {MAX_LIMIT}")));
        }
        v::bounded("text", &self.text, MAX_TEXT)?;
        v::at_most("agent", &self.agents, MAX_LIST)?;
        v::at_most("team", &self.teams, MAX_LIST)?;
        v::at_most("state", &self.states, MAX_LIST)?;
        v::at_most("topic", &self.topics, MAX_LIST)?;
        v::at_most("metadata", &self.metadata, 20)?;
        self.agents.iter().try_for_each(|id| v::id("agent", id.as_str()))?;
        self.teams.iter().try_for_each(|id| v::id("team", id.as_str()))?;
        self.states.iter().try_for_each(|state| v::name("state", state))?;
        for (field, value) in &self.metadata {
            v::name("metadata", field)?;
            v::bounded("metadata", value, v::MAX_TEXT)?;
        }
        let narrowed =
            self.speaker != TopicScope::Any || self.within_from.is_some() || self.within_to.is_some();
        if narrowed && self.text.trim().is_empty() {
            return Err(Invalid::new("text", "must say which words the speaker or the time is asked for"));
        }
        Ok(())
    }
}

fn seconds(name: &str, value: &str) -> Result<MediaTime, Invalid> {
    let bad = || Invalid::new(name, "must be a number of seconds between 0 and 604800");
    let number: f64 = value.parse().map_err(|_| bad())?;
    let time = MediaTime::from_secs(number);
    match number.is_finite() && time >= MediaTime::default() && time <= MediaTime::MAX {
        true => Ok(time),
        false => Err(bad()),
    }
}

fn instant(name: &str, value: &str) -> Result<Timestamp, Invalid> {
    let midnight = value.parse::<jiff::civil::Date>().is_ok().then(|| format!("{value}T00:00:00Z"));
    let text = midnight.as_deref().unwrap_or(value);
    text.parse().map_err(|e: touchline_model::time::BadTimestamp| Invalid::new(name, e.to_string()))
}

fn flag(name: &str, value: &str) -> Result<bool, Invalid> {
    value.parse().map_err(|_| Invalid::new(name, "must be `true` or `false`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(text: &str) -> Vec<(String, String)> {
        let pair = |it: &str| {
            let (name, value) = it.split_once('=').unwrap();
            (name.to_owned(), value.to_owned())
        };
        text.split('&').map(pair).collect()
    }

    #[test]
    fn a_query_survives_the_way_through_an_address() {
        let text = "text=\"money back\" now&speaker=external&within_from=0&within_to=30.5&agent=u-1&agent=ü&team=t 1\
            &from=2026-03-01T00:00:00Z&to=2026-03-02T10:00:00.5Z&channel=chat&direction=OUTBOUND&state=COMPLETE\
            &state=UPLOADED&topic=7&topic=9&min_duration=1&max_duration=600&comments=true&evaluation=false\
            &metadata=queue=sales=x&metadata=vip=true&cursor=abc&limit=7";
        let query = CallQuery::from_pairs(pairs(text)).unwrap();
        assert_eq!(query.within_to, Some(MediaTime::from_secs(30.5)));
        assert_eq!(query.metadata[0], ("queue".to_owned(), "sales=x".to_owned()));
        let back: Vec<(String, String)> =
            query.to_pairs().into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        assert_eq!(back, pairs(text));
        let names: Vec<&str> = query.to_pairs().into_iter().map(|(name, _)| name).collect();
        assert!(PARAMETERS.iter().all(|name| names.contains(name)), "each parameter can be written");
        assert_eq!(CallQuery::from_pairs(pairs("text=&agent=&limit=")).unwrap(), CallQuery::default());
        assert!(CallQuery::default().to_pairs().is_empty());
        let day = CallQuery::from_pairs(pairs("from=2026-03-01")).unwrap().from.unwrap();
        assert_eq!(day.to_string(), "2026-03-01T00:00:00Z");
    }

    #[test]
    fn a_bad_parameter_is_named() {
        for (given, field) in [
            ("colour=red", "colour"),
            ("speaker=me", "speaker"),
            ("within_from=-1&text=a", "within_from"),
            ("within_to=NaN&text=a", "within_to"),
            ("from=yesterday", "from"),
            ("to=2026-03-01T00:00:00", "to"),
            ("channel=CALL", "channel"),
            ("direction=in", "direction"),
            ("topic=prices", "topic"),
            ("min_duration=1e9", "min_duration"),
            ("comments=yes", "comments"),
            ("metadata=queue", "metadata"),
            ("limit=0", "limit"),
            ("limit=101", "limit"),
            ("text=a&text=b", "text"),
            ("speaker=internal", "text"),
            ("agent=a\u{7}", "agent"),
        ] {
            assert_eq!(CallQuery::from_pairs(pairs(given)).unwrap_err().field, field, "{given}");
        }
    }
}
