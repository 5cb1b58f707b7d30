//! What is written so that contacts are found: their words as terms, and the topics that were found in them.

use super::statements::*;
use crate::{Batch, Store, StoreError, Value, sql::json};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use touchline_model::{TenantId, Timestamp, TopicId};

/// A word longer than this is indexed by its beginning, in bytes.
pub const LONGEST_INDEXED: usize = 32;
/// PostgreSQL keeps at most 1 MiB of terms for a document. One with more is proposed for every search.
const MOST_BYTES: usize = 600_000;
/// The term of such a document.
pub(super) const WIDE: &str = "0wide";
/// Seconds that a document's number can tell, to both sides of 1970: 17,000 years.
const LAST_SECOND: i64 = (1 << 39) - 1;
const DOCS_PER_SECOND: i64 = 1 << 24;

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

/// Keeps tenants apart in one index: five digits, which two tenants may share; the document says whose it is.
pub(super) fn prefix(tenant: &TenantId) -> String {
    let digest = Sha256::digest(tenant.0.as_bytes());
    format!("{:05x}", u32::from_be_bytes([0, digest[0], digest[1], digest[2]]) >> 4)
}

/// A word as a term of letters and digits, which no tokenizer takes apart.
pub(super) fn term(prefix: &str, word: &str) -> String {
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

pub(super) fn agent_term(prefix: &str, agent: &str) -> String {
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

pub(super) fn second(instant: Timestamp) -> i64 {
    instant.micros().div_euclid(1_000_000).clamp(-LAST_SECOND, LAST_SECOND)
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
