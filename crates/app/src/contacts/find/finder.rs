//! Goes through the contacts that may fit and keeps those that do, within a bounded amount of work.

use super::{
    Snippet,
    candidates::{Candidates, fewest},
    snippets::snippets,
    words::{Scope, Terms},
};
use crate::{App, contacts::fields};
use std::collections::{BTreeSet, HashMap, HashSet};
use touchline_model::{Channel, Direction, MediaTime, TenantId, Timestamp, TopicId};
use touchline_store::{CallFacts, CallKey, CallStream, StoreError, search_key};

/// Contacts that one search looks at.
const MOST_ROWS: usize = 3_000;
/// Transcripts that one search reads for a page, and to count.
const MOST_TRANSCRIPTS: (usize, usize) = (300, 100);
/// Words that one search reads; transcripts of usual length do not come near.
const MOST_WORDS: usize = 600_000;
/// Contacts looked at together, at first and later.
const CHUNKS: (usize, usize) = (100, 500);
/// Contacts whose words or fields are read together.
const STEP: usize = 32;
/// Bytes of words that are read together: in memory they are ten times as many.
const MOST_BYTES: i64 = 4 << 20;
/// Agents whose contacts are read one by one; of more, the contacts of all are looked through.
const MOST_STREAMS: usize = 16;

/// A query in the words of the store.
pub(super) struct Wanted {
    pub(super) terms: Option<Terms>,
    pub(super) scope: Scope,
    /// `None`: anybody.
    pub(super) agents: Option<BTreeSet<String>>,
    pub(super) since: Timestamp,
    pub(super) after: CallKey,
    pub(super) channel: Option<Channel>,
    pub(super) direction: Option<Direction>,
    pub(super) states: Vec<String>,
    /// The set whose results count, and the topics.
    pub(super) topics: Option<(i64, Vec<TopicId>)>,
    pub(super) min_duration: Option<MediaTime>,
    pub(super) max_duration: Option<MediaTime>,
    pub(super) has_comments: Option<bool>,
    pub(super) has_evaluation: Option<bool>,
    /// Fields and values in lower case.
    pub(super) metadata: Vec<(String, String)>,
}

/// What a search is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// Rows that are shown with the words around.
    Page,
    /// A number: where words alone are looked for, the index of words is believed.
    Count,
}

/// What fits.
pub(super) struct Fit {
    pub(super) key: CallKey,
    pub(super) snippets: Vec<Snippet>,
}

/// How a search ended.
pub(super) enum End {
    /// So many were found.
    Full,
    /// There are no more.
    All,
    /// It was work enough; all up to here were looked at.
    Tired(CallKey),
}

struct Budget {
    rows: usize,
    transcripts: usize,
    words: usize,
}

impl Budget {
    /// Whether no more transcripts are to be read.
    fn is_read_out(&self) -> bool {
        self.transcripts == 0 || self.words == 0
    }
}

impl Wanted {
    /// Up to `most` contacts that fit, in order.
    pub(super) async fn find(
        &self,
        app: &App,
        tenant: &TenantId,
        most: usize,
        purpose: Purpose,
    ) -> Result<(Vec<Fit>, End), StoreError> {
        let transcripts = match purpose {
            Purpose::Page => MOST_TRANSCRIPTS.0,
            Purpose::Count => MOST_TRANSCRIPTS.1,
        };
        let terms = self.terms.as_ref();
        let by_index = purpose == Purpose::Count
            && self.scope.is_everything()
            && terms.is_some_and(Terms::are_in_the_index);
        let terms = terms.filter(|_| !by_index);
        let mut ways = self.ways(tenant);
        if by_index {
            // The way by the words.
            ways.truncate(1);
        }
        let mut candidates = fewest(app, tenant, ways).await?;
        let mut budget = Budget { rows: MOST_ROWS, transcripts, words: MOST_WORDS };
        let (mut fits, mut chunk) = (Vec::new(), CHUNKS.0);
        loop {
            let keys = candidates.next(app, tenant, chunk.min(budget.rows)).await?;
            let ended = keys.len() < chunk.min(budget.rows);
            budget.rows -= keys.len();
            chunk = CHUNKS.1;
            if by_index && self.is_in_the_index() {
                fits.extend(keys.into_iter().map(|key| Fit { key, snippets: vec![] }));
                match fits.len() >= most {
                    true => return Ok((fits, End::Full)),
                    false if ended => return Ok((fits, End::All)),
                    false => continue,
                }
            }
            let likely = self.likely(app, tenant, &keys).await?;
            for step in likely.chunks(STEP) {
                let (found, last) = self.certain(app, tenant, step, terms, &mut budget).await?;
                fits.extend(found);
                if fits.len() >= most {
                    fits.truncate(most);
                    return Ok((fits, End::Full));
                }
                if let Some(last) = last {
                    return Ok((fits, End::Tired(last)));
                }
            }
            match keys.into_iter().next_back() {
                _ if ended => return Ok((fits, End::All)),
                Some(last) if budget.rows == 0 => return Ok((fits, End::Tired(last))),
                _ => {}
            }
        }
    }

    /// Whether nothing is asked for besides words. Whose contacts these are is never left to the index alone.
    fn is_in_the_index(&self) -> bool {
        self.agents.is_none()
            && self.channel.is_none()
            && self.direction.is_none()
            && self.states.is_empty()
            && self.topics.is_none()
            && self.min_duration.is_none()
            && self.max_duration.is_none()
            && self.has_comments.is_none()
            && self.has_evaluation.is_none()
            && self.metadata.is_empty()
    }

    /// The indexes by which the contacts could be read; that of the words, if any, first.
    fn ways(&self, tenant: &TenantId) -> Vec<Candidates> {
        let way = |streams| Candidates::new(streams, &self.after, self.since);
        let agents = self.agents.as_ref().filter(|agents| agents.len() <= MOST_STREAMS);
        let agents: Option<Vec<String>> = agents.map(|agents| agents.iter().cloned().collect());
        let mut ways = Vec::new();
        if let Some(terms) = &self.terms {
            let agents = agents.as_deref().unwrap_or_default();
            ways.push(way(vec![CallStream::words(tenant, &terms.words(), agents)]));
        }
        for (field, value) in &self.metadata {
            ways.push(way(vec![CallStream::Field(search_key(&format!("metadata.{field}"), value))]));
        }
        if let Some((generation, topics)) = &self.topics {
            let stream = |topic: &TopicId| CallStream::Topic { generation: *generation, topic: *topic };
            ways.push(way(topics.iter().map(stream).collect()));
        }
        if let Some(agents) = agents {
            ways.push(way(agents.into_iter().map(CallStream::Agent).collect()));
        }
        if ways.is_empty() {
            ways.push(way(vec![CallStream::All]));
        }
        ways
    }

    /// Those of the contacts that fit by what needs no texts, in order.
    async fn likely(
        &self,
        app: &App,
        tenant: &TenantId,
        keys: &[CallKey],
    ) -> Result<Vec<CallFacts>, StoreError> {
        let ids: Vec<String> = keys.iter().map(|key| key.contact.clone()).collect();
        let facts = app.store.call_facts(tenant, &ids).await?;
        let mut by_id: HashMap<String, CallFacts> =
            facts.into_iter().map(|facts| (facts.key.contact.clone(), facts)).collect();
        let known = keys.iter().filter_map(|key| {
            // An index may know a contact by where it stood a moment ago.
            by_id.remove(&key.contact).filter(|facts| facts.key == *key && self.fits(facts))
        });
        let mut likely: Vec<CallFacts> = known.collect();
        if let Some((generation, topics)) = &self.topics {
            let found = app.store.with_topics(tenant, *generation, topics, &ids_of(&likely)).await?;
            keep(&mut likely, found, true);
        }
        if let Some(wanted) = self.has_comments {
            let found = app.store.commented(tenant, &ids_of(&likely)).await?;
            keep(&mut likely, found, wanted);
        }
        if let Some(wanted) = self.has_evaluation {
            let found = app.store.evaluated(tenant, &ids_of(&likely)).await?;
            keep(&mut likely, found, wanted);
        }
        Ok(likely)
    }

    fn fits(&self, facts: &CallFacts) -> bool {
        let agent = |agents: &BTreeSet<String>| facts.agent.as_ref().is_some_and(|it| agents.contains(it));
        self.agents.as_ref().is_none_or(agent)
            && self.channel.is_none_or(|it| facts.channel == it.name())
            && self.direction.is_none_or(|it| facts.direction == it.name())
            && (self.states.is_empty() || self.states.contains(&facts.state))
            && self.min_duration.is_none_or(|it| facts.duration >= it)
            && self.max_duration.is_none_or(|it| facts.duration <= it)
    }

    /// Those of the contacts that fit by their fields and words; where it stopped, when that was work enough.
    async fn certain(
        &self,
        app: &App,
        tenant: &TenantId,
        step: &[CallFacts],
        terms: Option<&Terms>,
        budget: &mut Budget,
    ) -> Result<(Vec<Fit>, Option<CallKey>), StoreError> {
        let (mut ids, mut looked_at) = (ids_of(step), step);
        if !self.metadata.is_empty() {
            let rows = app.store.contact_rows(tenant, &ids).await?;
            let has = |(field, value): &(String, String), row: &touchline_store::ContactRow| {
                let stored = row.contact.value.metadata.get(field);
                stored.is_some_and(|stored| fields::texts(stored).contains(value))
            };
            let fitting = rows.into_iter().filter(|row| self.metadata.iter().all(|pair| has(pair, row)));
            let fitting: HashSet<String> = fitting.map(|row| row.contact.value.id.0).collect();
            ids.retain(|id| fitting.contains(id));
        }
        let mut snippets_of: HashMap<String, Vec<Snippet>> = HashMap::new();
        match terms {
            None => snippets_of.extend(ids.into_iter().map(|id| (id, vec![]))),
            Some(terms) => {
                let bytes = app.store.spoken_bytes(tenant, &ids).await?.into_iter().collect();
                for together in parted(&ids, &bytes) {
                    let spoken = app.store.spoken(tenant, together).await?;
                    budget.transcripts = budget.transcripts.saturating_sub(spoken.len());
                    let words: usize = spoken.iter().map(|(_, said)| said.words.len()).sum();
                    budget.words = budget.words.saturating_sub(words);
                    for (id, said) in spoken {
                        if let Some(passages) = terms.find(&said, self.scope) {
                            snippets_of.insert(id, snippets(&said, &passages));
                        }
                    }
                    if budget.is_read_out() {
                        let last = step.iter().position(|facts| together.last() == Some(&facts.key.contact));
                        looked_at = last.map_or(step, |last| &step[..=last]);
                        break;
                    }
                }
            }
        }
        let fit = |facts: &CallFacts| {
            let snippets = snippets_of.remove(&facts.key.contact)?;
            Some(Fit { key: facts.key.clone(), snippets })
        };
        let fits = looked_at.iter().filter_map(fit).collect();
        let last = looked_at.last().filter(|_| budget.is_read_out()).map(|facts| facts.key.clone());
        Ok((fits, last))
    }
}

fn ids_of(facts: &[CallFacts]) -> Vec<String> {
    facts.iter().map(|facts| facts.key.contact.clone()).collect()
}

/// Contacts in their order, parted so that the words of each part fit into memory; one with more is a part of its own.
pub(crate) fn parted<'i>(ids: &'i [String], bytes: &HashMap<String, i64>) -> Vec<&'i [String]> {
    let (mut parts, mut first, mut sum) = (Vec::new(), 0, 0);
    for (at, id) in ids.iter().enumerate() {
        let more = bytes.get(id).copied().unwrap_or_default();
        if at > first && sum + more > MOST_BYTES {
            parts.push(&ids[first..at]);
            (first, sum) = (at, 0);
        }
        sum += more;
    }
    parts.extend(Some(&ids[first..]).filter(|rest| !rest.is_empty()));
    parts
}

fn keep(facts: &mut Vec<CallFacts>, found: Vec<String>, wanted: bool) {
    let found: HashSet<String> = found.into_iter().collect();
    facts.retain(|facts| found.contains(&facts.key.contact) == wanted);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_transcripts_are_not_read_together() {
        let ids = ["a", "b", "none", "c", "d", "e"].map(str::to_owned);
        let bytes = [("a", 1), ("b", MOST_BYTES - 1), ("c", 1), ("d", MOST_BYTES + 1), ("e", 7)];
        let bytes = bytes.into_iter().map(|(id, bytes)| (id.to_owned(), bytes)).collect();
        let parts = parted(&ids, &bytes);
        assert_eq!(parts, [&ids[..3], &ids[3..4], &ids[4..5], &ids[5..]]);
        assert!(parted(&[], &bytes).is_empty());
    }
}
