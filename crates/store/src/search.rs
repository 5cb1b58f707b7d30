//! Finding calls: contacts newest first by words, agent, topic or field. `index` writes what they are found by, `facts`
//! says whether one fits.
//!
//! The index of words knows which words a contact has, not where: it proposes, the transcript decides. So both engines
//! answer alike by construction. A document is what SQLite calls a contact in this index.

use crate::{BadRow, Row, SearchKey, Store, StoreError};
use std::{cmp::Ordering, collections::BTreeSet};
use touchline_model::{TenantId, Timestamp, TopicId};

mod facts;
mod index;
mod statements;
pub use facts::CallFacts;
pub use index::{LONGEST_INDEXED, WordsOf};
use index::{WIDE, agent_term, prefix, second, term};
use statements::*;
pub(crate) use statements::{STATEMENTS, in_postgres};

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

fn key(row: &Row<'_>) -> Result<CallKey, BadRow> {
    Ok(CallKey { started_at: row.time(0)?, contact: row.string(1)? })
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
}
