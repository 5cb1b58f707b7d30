//! What a search is narrowed by, each as a chip that takes it away.

use crate::{format, texts};
use jiff::tz::TimeZone;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use touchline_app::contacts::find::CallQuery;
use touchline_model::{MediaTime, Timestamp, TopicScope};

/// One thing that narrows a search.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Chip {
    /// `team: Billing`.
    pub(crate) text: String,
    /// The same search without it.
    pub(crate) href: String,
}

/// Names of what ids stand for.
pub(super) trait Names {
    /// Name of an agent.
    fn agent(&self, id: &str) -> String;
    /// Name of a group.
    fn team(&self, id: &str) -> String;
    /// Name of a topic.
    fn topic(&self, id: &str) -> String;
}

/// Characters that stand for themselves in a parameter.
const PLAIN: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~').remove(b':').remove(b',');

/// The page of a search.
pub(crate) fn address(query: &CallQuery) -> String {
    let pairs = query.to_pairs();
    let pairs: Vec<String> =
        pairs.iter().map(|(name, value)| format!("{name}={}", utf8_percent_encode(value, PLAIN))).collect();
    match pairs.is_empty() {
        true => "/calls".to_owned(),
        false => format!("/calls?{}", pairs.join("&")),
    }
}

/// A state in words, if it is one of ours.
pub(crate) fn state(name: &str) -> String {
    let known =
        ["UPLOADED", "CONVERTING", "CONVERTER_REJECTED", "TRANSCRIBING", "TRANSCRIPTION_FAILED", "ANALYZING"];
    match known.contains(&name) || name == "COMPLETE" {
        true => texts::t(&format!("calls.state_{}", name.to_lowercase())).to_owned(),
        false => name.to_owned(),
    }
}

/// What narrows a search, in the order of the parameters.
pub(super) fn chips(query: &CallQuery, names: &impl Names, zone: &TimeZone) -> Vec<Chip> {
    let mut chips = Vec::new();
    let start = CallQuery { cursor: None, ..query.clone() };
    let mut add = |key: &str, value: &str, without: CallQuery| {
        let text = texts::fill("calls.chip", &[("name", texts::t(key)), ("value", value)]);
        chips.push(Chip { text, href: address(&without) });
    };
    if !query.text.is_empty() {
        // Whose words and when say nothing without words.
        let without = CallQuery {
            text: String::new(),
            speaker: CallQuery::default().speaker,
            within_from: None,
            within_to: None,
            ..start.clone()
        };
        add("calls.words", &query.text, without);
    }
    if query.speaker != CallQuery::default().speaker {
        let said = match query.speaker {
            TopicScope::Internal => "calls.speaker_internal",
            TopicScope::External => "calls.speaker_external",
            TopicScope::Any => "calls.speaker_any",
        };
        add(
            "calls.said_by",
            texts::t(said),
            CallQuery { speaker: CallQuery::default().speaker, ..start.clone() },
        );
    }
    let clock = |time: MediaTime| format::clock(time.secs());
    if let Some(time) = query.within_from {
        add("calls.within_from", &clock(time), CallQuery { within_from: None, ..start.clone() });
    }
    if let Some(time) = query.within_to {
        add("calls.within_to", &clock(time), CallQuery { within_to: None, ..start.clone() });
    }
    for id in &query.agents {
        let mut without = start.clone();
        without.agents.retain(|it| it != id);
        add("calls.agent", &names.agent(id.as_str()), without);
    }
    for id in &query.teams {
        let mut without = start.clone();
        without.teams.retain(|it| it != id);
        add("calls.team", &names.team(id.as_str()), without);
    }
    let moment = |at: Timestamp| format::exact(at, zone);
    if let Some(at) = query.from {
        add("calls.since", &moment(at), CallQuery { from: None, ..start.clone() });
    }
    if let Some(at) = query.to {
        add("calls.until", &moment(at), CallQuery { to: None, ..start.clone() });
    }
    if let Some(channel) = query.channel {
        let text = texts::t(&format!("calls.channel_{channel}")).to_owned();
        add("calls.channel", &text, CallQuery { channel: None, ..start.clone() });
    }
    if let Some(direction) = query.direction {
        let text = texts::t(&format!("calls.direction_{}", direction.name().to_lowercase())).to_owned();
        add("calls.direction", &text, CallQuery { direction: None, ..start.clone() });
    }
    for name in &query.states {
        let mut without = start.clone();
        without.states.retain(|it| it != name);
        add("calls.state", &state(name), without);
    }
    for id in &query.topics {
        let mut without = start.clone();
        without.topics.retain(|it| it != id);
        add("calls.topic", &names.topic(&id.to_string()), without);
    }
    if let Some(time) = query.min_duration {
        add("calls.at_least", &clock(time), CallQuery { min_duration: None, ..start.clone() });
    }
    if let Some(time) = query.max_duration {
        add("calls.at_most", &clock(time), CallQuery { max_duration: None, ..start.clone() });
    }
    let yes_no = |yes: bool| texts::t(if yes { "calls.yes" } else { "calls.no" });
    if let Some(yes) = query.has_comments {
        add("calls.comments", yes_no(yes), CallQuery { has_comments: None, ..start.clone() });
    }
    if let Some(yes) = query.has_evaluation {
        add("calls.evaluation", yes_no(yes), CallQuery { has_evaluation: None, ..start.clone() });
    }
    for pair in &query.metadata {
        let mut without = start.clone();
        without.metadata.retain(|it| it != pair);
        add("calls.metadata", &format!("{}={}", pair.0, pair.1), without);
    }
    chips
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Plain;
    impl Names for Plain {
        fn agent(&self, id: &str) -> String {
            format!("agent {id}")
        }
        fn team(&self, id: &str) -> String {
            format!("team {id}")
        }
        fn topic(&self, id: &str) -> String {
            format!("topic {id}")
        }
    }

    fn read(text: &str) -> CallQuery {
        CallQuery::from_pairs(text.split('&').map(|it| it.split_once('=').unwrap())).unwrap()
    }

    #[test]
    fn each_chip_takes_away_one_thing() {
        let query = read(
            "text=money back&speaker=external&within_from=0&within_to=30&agent=u-1&agent=u-2&team=t&\
             from=2026-03-01&to=2026-03-02&channel=chat&direction=OUTBOUND&state=COMPLETE&state=odd&topic=7&\
             min_duration=60&max_duration=600&comments=true&evaluation=false&metadata=queue=sales&cursor=abc",
        );
        let chips = chips(&query, &Plain, &TimeZone::UTC);
        let texts: Vec<&str> = chips.iter().map(|chip| chip.text.as_str()).collect();
        assert_eq!(texts[0], "words: money back");
        assert!(texts.contains(&"agent: agent u-2") && texts.contains(&"state: Ready"), "{texts:?}");
        assert!(texts.contains(&"state: odd"), "a state of another system: {texts:?}");
        let all = query.to_pairs().len() - 1;
        assert_eq!(chips.len(), all, "one chip a parameter, the place aside");
        for chip in &chips[1..] {
            let left = chip.href.split_once('?').unwrap().1.split('&').count();
            assert_eq!(left, all - 1, "{chip:?}");
            assert!(!chip.href.contains("cursor"), "{chip:?}");
        }
        let wordless = &chips[0].href;
        assert!(!wordless.contains("speaker") && !wordless.contains("within"), "{wordless}");
    }

    #[test]
    fn an_address_holds_anything() {
        let query = CallQuery { text: "50 % & <more> \"ünder\"#".to_owned(), ..CallQuery::default() };
        assert_eq!(address(&query), "/calls?text=50%20%25%20%26%20%3Cmore%3E%20%22%C3%BCnder%22%23");
        assert_eq!(address(&CallQuery::default()), "/calls");
    }
}
