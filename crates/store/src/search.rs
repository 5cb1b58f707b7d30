//! Finding calls: contacts newest first by words, agent, topic or field, and the facts that decide whether one fits.
//!
//! The index of words knows which words a contact has, not where: it proposes, the transcript decides. So both engines
//! answer alike by construction. A document is what SQLite calls a contact in this index.

use crate::{
    BadRow, Batch, Row, SearchKey, Store, StoreError, Value,
    sql::{id_list, json},
};
use sha2::{Digest, Sha256};
use std::{cmp::Ordering, collections::BTreeSet};
use touchline_model::{MediaTime, Seq, Speaker, TenantId, Timestamp, TopicId, Transcript};

mod statements;
use statements::*;
pub(crate) use statements::{STATEMENTS, in_postgres};

/// A word longer than this is indexed by its beginning, in bytes.
pub const LONGEST_INDEXED: usize = 32;
/// PostgreSQL keeps at most 1 MiB of terms for a document. One with more is proposed for every search.
const MOST_BYTES: usize = 600_000;
/// The term of such a document.
const WIDE: &str = "0wide";
/// Seconds that a document's number can tell, to both sides of 1970: 17,000 years.
const LAST_SECOND: i64 = (1 << 39) - 1;
const DOCS_PER_SECOND: i64 = 1 << 24;

/// A contact's place among the others: newest first, then by id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallKey {
    /// When it began.
    pub started_at: Timestamp,
    /// Its id.
    pub contact: String,
}

impl CallKey {
    /// Before every contact that began before `instant`.
    pub fn before(instant: Timestamp) -> Self {
        Self {
            started_at: Timestamp::from_micros(instant.micros().saturating_sub(1)),
            contact: String::new(),
        }
    }
    /// Before every contact.
    pub fn newest() -> Self {
        Self { started_at: Timestamp::from_micros(i64::MAX), contact: String::new() }
    }
}

impl Ord for CallKey {
    fn cmp(&self, other: &Self) -> Ordering {
        other.started_at.cmp(&self.started_at).then_with(|| self.contact.cmp(&other.contact))
    }
}
impl PartialOrd for CallKey {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Contacts that can be read newest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CallStream {
    /// All of them.
    All,
    /// Those of an agent.
    Agent(String),
    /// Those with a field value, by [`crate::search_key`]. May, very rarely, propose others.
    Field(SearchKey),
    /// Those in which a set found a topic.
    Topic {
        /// The set.
        generation: i64,
        /// The topic.
        topic: TopicId,
    },
    /// Those that may have some words; made by [`CallStream::words`].
    Words(String),
}

impl CallStream {
    /// Contacts that have all these words, and one of these agents unless there are none. Words in normal form, at
    /// least one. Proposes all that fit, and others: the transcript and the contact decide.
    pub fn words(tenant: &TenantId, words: &BTreeSet<String>, agents: &[String]) -> Self {
        let prefix = prefix(tenant);
        let mut all: Vec<String> = words.iter().map(|word| term(&prefix, word)).collect();
        all.sort_unstable();
        all.dedup();
        if !agents.is_empty() {
            let one_of: Vec<String> = agents.iter().map(|agent| agent_term(&prefix, agent)).collect();
            all.push(format!("({})", one_of.join("|")));
        }
        Self::Words(format!("({})|{prefix}{WIDE}", all.join("&")))
    }
}

/// Some contacts of a stream.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CallKeys {
    /// In order.
    pub keys: Vec<CallKey>,
    /// Whether the stream has no more.
    pub ended: bool,
}

/// The words of a contact, to be found by.
#[derive(Clone, Debug)]
pub struct WordsOf {
    /// The contact.
    pub contact: String,
    /// When it began.
    pub started_at: Timestamp,
    /// Its agent.
    pub agent: Option<String>,
    /// Its words in normal form.
    pub words: BTreeSet<String>,
}

/// What decides whether a contact fits, without its texts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallFacts {
    /// Its place.
    pub key: CallKey,
    /// The agent.
    pub agent: Option<String>,
    /// Channel, as on the wire.
    pub channel: String,
    /// Direction, as on the wire.
    pub direction: String,
    /// State.
    pub state: String,
    /// How long it lasted.
    pub duration: MediaTime,
    /// Number of its last change.
    pub seq: Seq,
}

/// Keeps tenants apart in one index: five digits, which two tenants may share; the document says whose it is.
fn prefix(tenant: &TenantId) -> String {
    let digest = Sha256::digest(tenant.0.as_bytes());
    format!("{:05x}", u32::from_be_bytes([0, digest[0], digest[1], digest[2]]) >> 4)
}

/// A word as a term of letters and digits, which no tokenizer takes apart.
fn term(prefix: &str, word: &str) -> String {
    let bytes = &word.as_bytes()[..word.len().min(LONGEST_INDEXED)];
    let mut term = String::with_capacity(prefix.len() + bytes.len());
    term.push_str(prefix);
    if bytes.iter().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()) {
        term.extend(bytes.iter().map(|byte| char::from(*byte)));
        return term;
    }
    term.push('x');
    for byte in bytes {
        term.extend([byte >> 4, byte & 15].map(|half| char::from_digit(half.into(), 16).unwrap_or('0')));
    }
    term
}

fn agent_term(prefix: &str, agent: &str) -> String {
    let digest = Sha256::digest(agent.as_bytes());
    digest.iter().take(6).fold(format!("{prefix}0a"), |term, byte| format!("{term}{byte:02x}"))
}

/// The terms of words, as one text.
fn terms(prefix: &str, words: &BTreeSet<String>) -> String {
    let mut all: Vec<String> = words.iter().map(|word| term(prefix, word)).collect();
    all.sort_unstable();
    all.dedup();
    let text = all.join(" ");
    if text.len() > MOST_BYTES { format!("{prefix}{WIDE}") } else { text }
}

fn second(instant: Timestamp) -> i64 {
    instant.micros().div_euclid(1_000_000).clamp(-LAST_SECOND, LAST_SECOND)
}

fn key(row: &Row<'_>) -> Result<CallKey, BadRow> {
    Ok(CallKey { started_at: row.time(0)?, contact: row.string(1)? })
}

fn facts(row: &Row<'_>) -> Result<CallFacts, BadRow> {
    Ok(CallFacts {
        key: key(row)?,
        agent: row.maybe_string(2)?,
        channel: row.string(3)?,
        direction: row.string(4)?,
        state: row.string(5)?,
        duration: MediaTime::from_micros(row.int(6)?),
        seq: row.int(7)?,
    })
}

impl Batch {
    fn owner(&self) -> Value {
        Value::Text(self.tenant.0.clone())
    }

    /// Makes contacts findable by their words. Those that are already must have had the same words.
    pub fn index_words(&mut self, mut contacts: Vec<WordsOf>) -> &mut Self {
        // In this order the engine collects them and writes once.
        contacts.sort_by_key(|it| it.started_at);
        let prefix = prefix(&self.tenant);
        let texts: Vec<String> = contacts.iter().map(|it| terms(&prefix, &it.words)).collect();
        for (it, text) in contacts.iter().zip(&texts) {
            self.unindex(&it.contact, text.clone());
        }
        for it in &contacts {
            let first = second(it.started_at) * DOCS_PER_SECOND;
            let extra = it.agent.as_ref().map(|agent| agent_term(&prefix, agent)).unwrap_or_default();
            let params = vec![
                first.into(),
                first.into(),
                (first + DOCS_PER_SECOND - 1).into(),
                self.owner(),
                (&it.contact).into(),
                it.started_at.into(),
                extra.into(),
            ];
            self.run(PUT_DOC, params);
        }
        for (it, mut text) in contacts.iter().zip(texts) {
            if let Some(agent) = &it.agent {
                text = format!("{text} {}", agent_term(&prefix, agent));
            }
            let params = vec![self.owner(), (&it.contact).into(), it.started_at.into(), Value::Text(text)];
            self.run(PUT_TERMS, params);
        }
        self
    }

    /// Takes a contact out of the index of words, in which it may or may not be. `words` are those it has.
    pub fn unindex_words(&mut self, contact: &str, words: &BTreeSet<String>) -> &mut Self {
        let text = terms(&prefix(&self.tenant), words);
        self.unindex(contact, text)
    }

    fn unindex(&mut self, contact: &str, text: String) -> &mut Self {
        self.run(DELETE_TERMS, vec![Value::Text(text), self.owner(), contact.into()]);
        self.run(DELETE_DOC, vec![self.owner(), contact.into()])
    }

    /// Says that a contact began at another time. Its words are to be indexed again.
    pub fn move_topics(&mut self, contact: &str, started_at: Timestamp) -> &mut Self {
        self.count_topics(contact);
        self.run(MOVE_TOPICS, vec![started_at.into(), self.owner(), contact.into()])
    }

    /// Makes a contact findable by the topics that a set found in it, and by no others of that set.
    pub(crate) fn put_topics(&mut self, generation: i64, contact: &str, topics: &BTreeSet<TopicId>) {
        self.count_topics(contact);
        self.run(DELETE_TOPICS, vec![self.owner(), contact.into(), generation.into()]);
        if !topics.is_empty() {
            let topics = json(&topics.iter().collect::<Vec<_>>());
            self.run(PUT_TOPICS, vec![generation.into(), topics, self.owner(), contact.into()]);
        }
    }

    /// Takes a contact out of what can be found by topics, and out of what is proposed for words.
    pub(crate) fn forget_found(&mut self, contact: &str) {
        self.run(DELETE_DOC, vec![self.owner(), contact.into()]);
        self.count_topics(contact);
        self.run(DELETE_ALL_TOPICS, vec![self.owner(), contact.into()]);
    }
}

impl Store {
    /// The next contacts of a stream after a place, none of which began before `since`; about `limit`, more or fewer.
    pub async fn newest(
        &self,
        tenant: &TenantId,
        stream: &CallStream,
        after: &CallKey,
        since: Timestamp,
        limit: usize,
    ) -> Result<CallKeys, StoreError> {
        let (sql, mut params) = match stream {
            CallStream::Words(terms) => return self.newest_words(tenant, terms, after, since, limit).await,
            CallStream::All => (NEWEST, vec![]),
            CallStream::Agent(agent) => (NEWEST_OF_AGENT, vec![agent.into()]),
            CallStream::Field(key) => (NEWEST_BY_FIELD, vec![(*key).into()]),
            CallStream::Topic { generation, topic } => {
                (NEWEST_BY_TOPIC, vec![(*generation).into(), topic.0.into()])
            }
        };
        params.insert(0, tenant.as_str().into());
        params.extend([
            since.into(),
            after.started_at.into(),
            after.started_at.into(),
            (&after.contact).into(),
            (limit as i64).into(),
        ]);
        let keys = self.query(sql, params, key).await?;
        Ok(CallKeys { ended: keys.len() < limit, keys })
    }

    /// Documents come by the second; within one second the order is made here.
    async fn newest_words(
        &self,
        tenant: &TenantId,
        terms: &str,
        after: &CallKey,
        since: Timestamp,
        limit: usize,
    ) -> Result<CallKeys, StoreError> {
        let mut keys = Vec::new();
        let mut until = second(after.started_at);
        if after.started_at.micros() != i64::MAX {
            keys = self.words_in_second(tenant, terms, after, limit).await?;
            until -= 1;
        }
        let mut ended = false;
        if keys.len() < limit {
            let fetch = limit + 1;
            let params = vec![
                terms.into(),
                second(since).into(),
                until.into(),
                tenant.as_str().into(),
                (fetch as i64).into(),
            ];
            let mut older = self.query(WORDS_BEFORE, params, key).await?;
            ended = older.len() < fetch;
            if !ended && let Some(last) = older.last().map(|last| second(last.started_at)) {
                // There may be more of this second, which belong between those that were read.
                older.retain(|key| second(key.started_at) != last);
                if older.is_empty() {
                    let first = CallKey::before(Timestamp::from_micros((last + 1) * 1_000_000));
                    older = self.words_in_second(tenant, terms, &first, limit).await?;
                }
            }
            older.sort_unstable();
            keys.append(&mut older);
        }
        if keys.last().is_some_and(|last| last.started_at < since) {
            keys.retain(|key| key.started_at >= since);
            ended = true;
        }
        Ok(CallKeys { keys, ended })
    }

    async fn words_in_second(
        &self,
        tenant: &TenantId,
        terms: &str,
        after: &CallKey,
        limit: usize,
    ) -> Result<Vec<CallKey>, StoreError> {
        let second = second(after.started_at);
        let params = vec![
            terms.into(),
            second.into(),
            second.into(),
            tenant.as_str().into(),
            after.started_at.into(),
            after.started_at.into(),
            (&after.contact).into(),
            (limit as i64).into(),
        ];
        self.query(WORDS_IN_SECOND, params, key).await
    }

    /// The facts of these contacts, in no order; contacts that do not exist are left out.
    pub async fn call_facts(
        &self,
        tenant: &TenantId,
        contacts: &[String],
    ) -> Result<Vec<CallFacts>, StoreError> {
        self.query(FACTS, vec![tenant.as_str().into(), id_list(contacts)], facts).await
    }

    /// What was said in these contacts, with the speakers recognised once they were analysed, in no order; contacts
    /// without words are left out.
    pub async fn spoken(
        &self,
        tenant: &TenantId,
        contacts: &[String],
    ) -> Result<Vec<(String, Transcript)>, StoreError> {
        self.query(SPOKEN, vec![tenant.as_str().into(), id_list(contacts)], |row| {
            let mut transcript = crate::transcripts::decode(&row.blob(1)?).map_err(|e| BadRow::new(1, e))?;
            if row.maybe_text(2)?.is_some() {
                transcript.speakers = row.json::<Vec<Speaker>>(2)?;
            }
            Ok((row.string(0)?, transcript))
        })
        .await
    }

    /// How many bytes the words of these contacts take in the store, in no order; contacts without words are left out.
    pub async fn spoken_bytes(
        &self,
        tenant: &TenantId,
        contacts: &[String],
    ) -> Result<Vec<(String, i64)>, StoreError> {
        let params = vec![tenant.as_str().into(), id_list(contacts)];
        self.query(SPOKEN_BYTES, params, |row| Ok((row.string(0)?, row.int(1)?))).await
    }

    /// The internal share of talk time in these contacts; contacts without an analysis are left out.
    pub async fn talk_ratios(
        &self,
        tenant: &TenantId,
        contacts: &[String],
    ) -> Result<Vec<(String, f64)>, StoreError> {
        /// The one number of [`touchline_model::CallStats`] that is shown in lists.
        #[derive(serde::Deserialize)]
        struct Ratio {
            talk_ratio: f64,
        }
        self.query(STATS, vec![tenant.as_str().into(), id_list(contacts)], |row| {
            Ok((row.string(0)?, row.json::<Ratio>(1)?.talk_ratio))
        })
        .await
    }

    /// Which of these contacts somebody has commented on.
    pub async fn commented(&self, tenant: &TenantId, contacts: &[String]) -> Result<Vec<String>, StoreError> {
        self.query(COMMENTED, vec![tenant.as_str().into(), id_list(contacts)], |row| row.string(0)).await
    }

    /// Which of these contacts somebody has evaluated.
    pub async fn evaluated(&self, tenant: &TenantId, contacts: &[String]) -> Result<Vec<String>, StoreError> {
        self.query(EVALUATED, vec![tenant.as_str().into(), id_list(contacts)], |row| row.string(0)).await
    }

    /// In which of these contacts a set found one of some topics.
    pub async fn with_topics(
        &self,
        tenant: &TenantId,
        generation: i64,
        topics: &[TopicId],
        contacts: &[String],
    ) -> Result<Vec<String>, StoreError> {
        let params = vec![tenant.as_str().into(), generation.into(), json(topics), id_list(contacts)];
        self.query(WITH_TOPICS, params, |row| row.string(0)).await
    }

    /// The set whose results readers see.
    pub async fn visible_topics(&self, tenant: &TenantId) -> Result<Option<i64>, StoreError> {
        self.first(VISIBLE, vec![tenant.as_str().into()], |row| row.int(0)).await
    }

    /// Who is in one of these teams or departments.
    pub async fn users_in(&self, tenant: &TenantId, groups: &[String]) -> Result<Vec<String>, StoreError> {
        let params = vec![tenant.as_str().into(), id_list(groups), id_list(groups)];
        self.query(USERS_IN, params, |row| row.string(0)).await
    }

    /// Drops some of what could be found by topics of sets older than `generation`. Whether any was left to drop.
    pub(crate) async fn drop_found_topics(
        &self,
        tenant: &TenantId,
        generation: i64,
    ) -> Result<bool, StoreError> {
        let t = || Value::from(tenant.as_str());
        let params = vec![t(), generation.into(), t(), generation.into()];
        Ok(!self.write_returning(DROP_TOPICS, params, |_| Ok(())).await?.is_empty())
    }
}
