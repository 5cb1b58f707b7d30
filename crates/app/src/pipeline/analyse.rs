//! Words become statistics, a summary and topic hits.

use super::{ATTEMPTS, Failure, Outcome, jobs, payload, recognise};
use crate::{App, contacts::find::indexed};
use serde::Deserialize;
use std::{collections::HashMap, sync::Arc};
use touchline_analysis::{TopicHits, TopicMatcher, VERSION, on_cores, summarise, talk_stats};
use touchline_model::{Caller, ContactState, Transcript, User};
use touchline_store::{Analysis, Batch, ContactRow, Job, TopicResult, WordsOf};

/// Contacts that are analysed and written together.
const STEP: usize = 50;

#[derive(Deserialize)]
struct Contacts {
    contacts: Vec<String>,
}

/// What is worked out for one contact.
struct Result1 {
    row: ContactRow,
    words: WordsOf,
    analysis: Analysis,
    topics: Vec<(i64, TopicResult)>,
}

impl App {
    pub(super) async fn analyse(&self, caller: &Caller, job: &Job) -> Result<Outcome, Failure> {
        let Contacts { contacts } = payload(job)?;
        let users = self.everything::<User>(&caller.tenant).await?;
        let users: Arc<[User]> = users.into();
        let mut left = &contacts[..];
        loop {
            let (step, rest) = left.split_at(left.len().min(STEP));
            let mut written = false;
            for _ in 0..ATTEMPTS {
                let mut batch = self.analysed(caller, step, &users).await?;
                if rest.is_empty() {
                    batch.finish(job);
                } else {
                    batch.keep(job, self.lease_end(), &serde_json::json!({ "contacts": rest }));
                }
                // Otherwise a contact, the topics or the job changed meanwhile: read again.
                if self.written(batch).await? {
                    written = true;
                    break;
                }
            }
            if !written {
                return Ok(Outcome::Lost);
            }
            if rest.is_empty() {
                return Ok(Outcome::Done);
            }
            left = rest;
        }
    }

    /// The batch that writes the results of some contacts. Contacts that are gone, or have no words, are left out.
    async fn analysed(&self, caller: &Caller, ids: &[String], users: &Arc<[User]>) -> Result<Batch, Failure> {
        let tenant = &caller.tenant;
        let (epoch, sets) = self.store.topic_sets(tenant).await?;
        let matchers = self.matchers.of(tenant, &sets);
        let rows = self.store.contact_rows(tenant, ids).await?;
        let mut transcripts = self.store.transcripts(tenant, ids).await?;
        let users = users.clone();
        let work = move || {
            let with_words = rows.into_iter().filter_map(|row| {
                let transcript = transcripts.remove(row.contact.value.id.as_str())?;
                Some((row, transcript))
            });
            analyse_all(with_words.collect(), &users, &matchers)
        };
        let results = tokio::task::spawn_blocking(work).await;
        let results = results
            .map_err(|e| Failure { reason: format!("the analysis broke off: {e}"), for_good: false })?;

        let mut batch = Batch::new(tenant);
        batch.hold_topic_epoch(epoch);
        let mut words = Vec::with_capacity(results.len());
        for Result1 { row, words: words_of, analysis, topics } in results {
            let id = row.contact.value.id.as_str();
            for (generation, result) in &topics {
                batch.put_topic_result(*generation, id, result);
            }
            batch.put_analysis(id, &analysis);
            // A state that another system gave is kept.
            let state = match row.state() {
                ContactState::ANALYZING => ContactState::COMPLETE,
                other => other,
            };
            batch.set_state(id, row.contact.seq, state, row.failure.as_deref());
            words.push(words_of);
        }
        // All together: the index collects them and is written once.
        batch.index_words(words);
        Ok(batch)
    }

    /// Analyses again what older algorithms have analysed: hands it over in steps.
    pub(super) async fn reanalyse(&self, caller: &Caller, job: &Job) -> Result<Outcome, Failure> {
        let users: Arc<[User]> = self.everything::<User>(&caller.tenant).await?.into();
        let mut overtaken = 0;
        while overtaken < ATTEMPTS {
            let ids = self.store.outdated(&caller.tenant, VERSION, STEP).await?;
            let mut batch = match ids.is_empty() {
                true => Batch::new(&caller.tenant),
                false => self.analysed(caller, &ids, &users).await?,
            };
            // Results without words cannot be worked out again, and would come up for ever.
            let have = self.store.transcribed(&caller.tenant, &ids).await?;
            for id in ids.iter().filter(|id| !have.contains(id)) {
                batch.delete_analysis(id);
            }
            match ids.is_empty() {
                true => batch.finish(job),
                false => batch.keep(job, self.lease_end(), &job.payload),
            };
            match self.written(batch).await? {
                true if ids.is_empty() => return Ok(Outcome::Done),
                true => overtaken = 0,
                false => overtaken += 1,
            }
        }
        Ok(Outcome::Lost)
    }

    /// A job that analyses one contact.
    pub(super) fn analyse_later(&self, batch: &mut Batch, id: &str) {
        let now = self.clock.now();
        batch.enqueue(&jobs::analyse(crate::entropy::new_id(&*self.entropy, now), &[id.to_owned()], now));
    }
}

/// Works out contacts with their words, on all cores that are free.
fn analyse_all(
    contacts: Vec<(ContactRow, Transcript)>,
    users: &[User],
    matchers: &HashMap<i64, Arc<TopicMatcher>>,
) -> Vec<Result1> {
    let alone = |(row, mut transcript): (ContactRow, Transcript)| {
        transcript.speakers = recognise(&transcript, &row.contact.value, users);
        let analysis = Analysis {
            version: VERSION,
            stats: talk_stats(&transcript, row.contact.value.duration),
            summary: summarise(&transcript),
            speakers: transcript.speakers.clone(),
        };
        let words = indexed(&row.contact.value, &transcript);
        (Result1 { row, words, analysis, topics: Vec::new() }, transcript)
    };
    let others = contacts.len().saturating_sub(1);
    let (mut results, transcripts): (Vec<Result1>, Vec<Transcript>) =
        on_cores(others, contacts, alone).into_iter().unzip();
    for (generation, matcher) in matchers {
        for (result, found) in results.iter_mut().zip(matcher.find_many(&transcripts)) {
            result.topics.push((*generation, topic_result(found)));
        }
    }
    results
}

/// What topics found in a contact, as it is stored.
pub(super) fn topic_result(found: TopicHits) -> TopicResult {
    TopicResult { hits: found.hits, questions: found.questions }
}
