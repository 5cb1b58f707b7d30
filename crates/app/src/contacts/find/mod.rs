//! Finding calls: by words, people, time, topics and everything else that is known of them.

mod candidates;
mod finder;
mod query;
mod snippets;
mod words;

pub use query::{CallQuery, DEFAULT_LIMIT, MAX_LIMIT, PARAMETERS, REPEATABLE};

pub(crate) use finder::parted;
pub(crate) use snippets::around;
pub(crate) use words::{indexed, words_of};

use crate::{App, AppError, require_own};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use finder::{End, Fit, Purpose, Wanted};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::{BTreeSet, HashMap};
use touchline_model::{
    Ability, Caller, Contact, Group, GroupId, Invalid, MediaTime, SpeakerType, Stored, TenantId, Timestamp,
    User,
};
use touchline_store::CallKey;

/// Calls that are counted at most.
const MOST_COUNTED: usize = 1_000;

/// A page of what was found, newest first, then in the order of ids.
#[derive(Clone, Debug, Default, PartialEq, Serialize, JsonSchema)]
pub struct CallPage {
    /// The calls.
    pub rows: Vec<FoundCall>,
    /// Give it as [`CallQuery::cursor`] for the next page; absent when there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    /// When a page ended before it was full, because one page does a bounded amount of work: everything that began
    /// after this instant was looked at. `next` goes on from there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub looked_back_to: Option<Timestamp>,
}

/// A call that was found.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct FoundCall {
    /// The contact.
    #[serde(flatten)]
    pub contact: Contact,
    /// When its last change was committed.
    pub modified: Timestamp,
    /// Whether it has a recording.
    pub has_recording: bool,
    /// Internal share of internal and external talk time, 0 to 1; absent before the analysis.
    pub talk_ratio: Option<f64>,
    /// The agent's name, or e-mail address without one; absent for an agent who is not in the directory.
    pub agent_name: Option<String>,
    /// Where the words that were looked for were said, in order, at most three; empty when no words were given.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub snippets: Vec<Snippet>,
}

/// Words around a place where something was found. All of them were said by one speaker without a break.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Snippet {
    /// When the first word of `pieces` that was looked for begins: start the player here.
    pub start: MediaTime,
    /// Its position in the transcript.
    pub word: usize,
    /// Which side says it.
    pub speaker: SpeakerType,
    /// The words, cut where being looked for begins or ends.
    pub pieces: Vec<Piece>,
}

/// A part of a [`Snippet`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Piece {
    /// The text; pieces are joined without anything between them.
    pub text: String,
    /// Whether it was looked for.
    pub hit: bool,
}

/// How many calls a query finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct CallCount {
    /// So many were found.
    pub calls: usize,
    /// Whether these are all; otherwise there may be more.
    pub all: bool,
}

impl App {
    /// A page of the calls that a query finds, newest first. Costs a bounded amount of work, whatever is asked.
    ///
    /// # Errors
    /// [`AppError::Invalid`] naming the parameter; [`AppError::NotAllowed`] without [`Ability::ReadContacts`], or,
    /// when words are looked for, without [`Ability::ReadRecordings`].
    pub async fn find_calls(&self, caller: &Caller, query: &CallQuery) -> Result<CallPage, AppError> {
        let Some(wanted) = self.wanted(caller, query).await? else { return Ok(CallPage::default()) };
        if wanted.terms.is_some() {
            // Snippets are what was said: noted before anything is handed out.
            self.note(caller, "transcript.search", "", query.text.clone()).await?;
        }
        let (mut fits, end) = wanted.find(self, &caller.tenant, query.limit + 1, Purpose::Page).await?;
        let (next, looked_back_to) = match end {
            End::All => (None, None),
            End::Tired(last) => {
                let back_to = (fits.len() < query.limit).then_some(last.started_at);
                (Some(last), back_to)
            }
            // One more than fits on the page: the page before it ends here.
            End::Full => (fits.get(query.limit - 1).map(|fit| fit.key.clone()), None),
        };
        fits.truncate(query.limit);
        let rows = self.found(&caller.tenant, fits).await?;
        Ok(CallPage { rows, next: next.as_ref().map(cursor), looked_back_to })
    }

    /// How many calls a query finds, its cursor aside: counted up to 1,000 and with a bounded amount of work. Words
    /// without a phrase, side or time are counted by the index; a transcript of more than 600 kB of different words is
    /// then counted whether it has them or not.
    ///
    /// # Errors
    /// As [`App::find_calls`].
    pub async fn count_calls(&self, caller: &Caller, query: &CallQuery) -> Result<CallCount, AppError> {
        self.count_on(caller, &CallQuery { cursor: None, ..query.clone() }, 0).await
    }

    /// A page as [`App::find_calls`] and the number as [`App::count_calls`]. What the page has seen is not looked at
    /// once more.
    ///
    /// # Errors
    /// As [`App::find_calls`].
    pub async fn find_and_count_calls(
        &self,
        caller: &Caller,
        query: &CallQuery,
    ) -> Result<(CallPage, CallCount), AppError> {
        if query.cursor.is_some() {
            return tokio::try_join!(self.find_calls(caller, query), self.count_calls(caller, query));
        }
        let page = self.find_calls(caller, query).await?;
        let calls = page.rows.len();
        let count = match &page.next {
            None => CallCount { calls, all: true },
            next => {
                self.count_on(caller, &CallQuery { cursor: next.clone(), ..query.clone() }, calls).await?
            }
        };
        Ok((page, count))
    }

    /// Counts on from the cursor of a query, after so many.
    async fn count_on(&self, caller: &Caller, query: &CallQuery, seen: usize) -> Result<CallCount, AppError> {
        let Some(wanted) = self.wanted(caller, query).await? else {
            return Ok(CallCount { calls: seen, all: true });
        };
        let most = MOST_COUNTED.saturating_sub(seen) + 1;
        let (fits, end) = wanted.find(self, &caller.tenant, most, Purpose::Count).await?;
        Ok(CallCount { calls: (seen + fits.len()).min(MOST_COUNTED), all: matches!(end, End::All) })
    }

    /// The query in the words of the store; `None` when it can find nothing.
    async fn wanted(&self, caller: &Caller, query: &CallQuery) -> Result<Option<Wanted>, AppError> {
        require_own(caller, Ability::ReadContacts)?;
        query.check()?;
        let terms = words::Terms::read(&query.text)?;
        if terms.is_some() {
            require_own(caller, Ability::ReadRecordings)?;
        }
        let tenant = &caller.tenant;
        let agents = self.wanted_agents(caller, query).await?;
        if agents.as_ref().is_some_and(BTreeSet::is_empty) {
            return Ok(None);
        }
        let topics = match query.topics.is_empty() {
            true => None,
            false => match self.store.visible_topics(tenant).await? {
                Some(generation) => Some((generation, query.topics.clone())),
                None => return Ok(None),
            },
        };
        let newest = query.to.map_or_else(CallKey::newest, CallKey::before);
        let after = match &query.cursor {
            None => newest,
            Some(cursor) => opened(cursor)
                .ok_or_else(|| {
                    Invalid::new("cursor", "is none of this search; give it back as it was answered")
                })?
                .max(newest),
        };
        Ok(Some(Wanted {
            terms,
            scope: words::Scope { speaker: query.speaker, from: query.within_from, to: query.within_to },
            agents,
            since: query.from.unwrap_or(Timestamp::from_micros(i64::MIN)),
            after,
            channel: query.channel,
            direction: query.direction,
            states: query.states.clone(),
            topics,
            min_duration: query.min_duration,
            max_duration: query.max_duration,
            has_comments: query.has_comments,
            has_evaluation: query.has_evaluation,
            metadata: query.metadata.iter().map(|(name, it)| (name.clone(), it.to_lowercase())).collect(),
        }))
    }

    /// Whose calls may be found; `None`: everybody's.
    async fn wanted_agents(
        &self,
        caller: &Caller,
        query: &CallQuery,
    ) -> Result<Option<BTreeSet<String>>, AppError> {
        let mut agents: Option<BTreeSet<String>> = None;
        let narrow = |agents: &mut Option<BTreeSet<String>>, to: BTreeSet<String>| {
            *agents = Some(match agents.take() {
                Some(before) => before.intersection(&to).cloned().collect(),
                None => to,
            });
        };
        if caller.own_only {
            narrow(&mut agents, caller.user.iter().map(|user| user.0.clone()).collect());
        }
        if !query.agents.is_empty() {
            narrow(&mut agents, query.agents.iter().map(|id| id.0.clone()).collect());
        }
        if !query.teams.is_empty() {
            let groups = self.everything::<Group>(&caller.tenant).await?;
            let groups: Vec<String> = with_those_below(&query.teams, &groups).into_iter().collect();
            narrow(&mut agents, self.store.users_in(&caller.tenant, &groups).await?.into_iter().collect());
        }
        Ok(agents)
    }

    /// The rows of a page, in order. A contact that was erased a moment ago is left out.
    async fn found(&self, tenant: &TenantId, fits: Vec<Fit>) -> Result<Vec<FoundCall>, AppError> {
        let ids: Vec<String> = fits.iter().map(|fit| fit.key.contact.clone()).collect();
        let rows = self.store.contact_rows(tenant, &ids).await?;
        let agents: BTreeSet<String> = rows
            .iter()
            .filter_map(|row| row.contact.value.agent_id.as_ref())
            .map(|id| id.0.clone())
            .collect();
        let agents: Vec<String> = agents.into_iter().collect();
        let users = self.store.get_many::<User>(tenant, &agents).await?;
        let names: HashMap<String, String> =
            users.into_iter().map(|user| (user.value.id.0.clone(), name(&user.value))).collect();
        let ratios: HashMap<String, f64> = self.store.talk_ratios(tenant, &ids).await?.into_iter().collect();
        let mut rows: HashMap<String, _> =
            rows.into_iter().map(|row| (row.contact.value.id.0.clone(), row)).collect();
        let row = |fit: Fit| {
            let row = rows.remove(&fit.key.contact)?;
            let has_recording = row.recording.is_some();
            let Stored { value: contact, modified, .. } = row.contact;
            let agent_name = contact.agent_id.as_ref().and_then(|id| names.get(id.as_str()).cloned());
            let talk_ratio = ratios.get(contact.id.as_str()).copied();
            Some(FoundCall {
                contact,
                modified,
                has_recording,
                talk_ratio,
                agent_name,
                snippets: fit.snippets,
            })
        };
        Ok(fits.into_iter().filter_map(row).collect())
    }
}

/// A person's name, or the e-mail address without one.
pub(crate) fn name(user: &User) -> String {
    let name = format!("{} {}", user.first_name, user.last_name);
    match name.trim() {
        "" => user.email.clone(),
        name => name.to_owned(),
    }
}

/// Groups and all that stand below them.
pub(crate) fn with_those_below(wanted: &[GroupId], groups: &[Group]) -> BTreeSet<String> {
    let mut below: HashMap<&str, Vec<&str>> = HashMap::new();
    for group in groups {
        if let Some(parent) = &group.parent_id {
            below.entry(parent.as_str()).or_default().push(group.id.as_str());
        }
    }
    let mut all = BTreeSet::new();
    let mut left: Vec<&str> = wanted.iter().map(GroupId::as_str).collect();
    while let Some(id) = left.pop() {
        // Groups that stand above themselves are followed once.
        if all.insert(id.to_owned()) {
            left.extend(below.get(id).into_iter().flatten());
        }
    }
    all
}

fn cursor(key: &CallKey) -> String {
    URL_SAFE_NO_PAD.encode(format!("calls\n{}\n{}", key.started_at.micros(), key.contact))
}

fn opened(cursor: &str) -> Option<CallKey> {
    let text = String::from_utf8(URL_SAFE_NO_PAD.decode(cursor).ok()?).ok()?;
    let (micros, contact) = text.strip_prefix("calls\n")?.split_once('\n')?;
    let started_at = Timestamp::from_micros(micros.parse().ok()?);
    (!contact.contains('\0')).then(|| CallKey { started_at, contact: contact.to_owned() })
}
