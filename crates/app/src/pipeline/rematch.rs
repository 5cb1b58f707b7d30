//! Topics have changed: the whole store is matched again, in three jobs. *Begin* makes a new set of results that is
//! built beside the visible one, *walk* fills it and makes it visible at once, *tell* gives every contact whose
//! results differ a new place in the commit order, then drops the old results.

use super::{Failure, Outcome, jobs, payload};
use crate::{App, AppError, require};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use touchline_model::{Ability, Caller, Topic};
use touchline_store::{Batch, Job, StoreError, TopicResult, TopicSet, TopicSetState};

/// Contacts that are matched and written together.
const STEP: usize = 100;
/// How often topics are read again when they change meanwhile.
const ATTEMPTS: usize = 20;

#[derive(Deserialize)]
struct Walk {
    generation: i64,
}

#[derive(Serialize, Deserialize)]
struct Tell {
    generation: i64,
    before: Option<i64>,
    after: String,
}

/// How far the matching of changed topics has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct TopicProgress {
    /// Whether results of the current topics are still being worked out; older results are visible until then.
    pub building: bool,
    /// Contacts done.
    pub done: i64,
    /// Contacts in all when it began.
    pub total: i64,
}

impl App {
    /// How far the matching of changed topics has come.
    pub async fn topic_progress(&self, caller: &Caller) -> Result<TopicProgress, AppError> {
        require(caller, Ability::ReadQuality)?;
        let (_, sets) = self.store.topic_sets(&caller.tenant).await?;
        let waiting = self.store.jobs_page(&caller.tenant, Some("rematch-n"), 1).await?;
        let waiting = waiting.iter().any(|job| job.kind == jobs::REMATCH);
        Ok(match sets.iter().find(|set| set.state == TopicSetState::Building) {
            Some(set) => TopicProgress { building: true, done: set.done, total: set.total },
            None => TopicProgress { building: waiting, done: 0, total: 0 },
        })
    }

    pub(super) async fn begin_rematch(&self, caller: &Caller, job: &Job) -> Result<Outcome, Failure> {
        for _ in 0..ATTEMPTS {
            if let Outcome::Done = self.try_begin_rematch(caller, job).await? {
                return Ok(Outcome::Done);
            }
        }
        Ok(Outcome::Lost)
    }

    async fn try_begin_rematch(&self, caller: &Caller, job: &Job) -> Result<Outcome, Failure> {
        // The epoch is read first: a topic that changes after it makes this batch a conflict.
        let (epoch, sets) = self.store.topic_sets(&caller.tenant).await?;
        let topics: Vec<Topic> = self.everything::<Topic>(&caller.tenant).await?;
        let topics = topics.into_iter().filter(|topic| topic.active).collect();
        let mut batch = Batch::new(&caller.tenant);
        for set in sets.iter().filter(|set| set.state == TopicSetState::Building) {
            batch.delete_topic_set(set.generation);
        }
        // Never a number that a dropped set had: its results may still be there.
        let last = sets.iter().map(|set| set.generation).max().unwrap_or_default();
        let generation = self.store.next_numbers(&caller.tenant, 1).await?.max(last + 1);
        let set = TopicSet {
            generation,
            state: TopicSetState::Building,
            topics,
            walked: String::new(),
            done: 0,
            total: self.store.contact_count(&caller.tenant).await?,
        };
        batch
            .put_topic_set(&set)
            .move_topic_epoch(epoch)
            .enqueue(&jobs::rematch_walk(generation, self.clock.now()))
            .finish(job);
        self.end(batch).await
    }

    pub(super) async fn walk_rematch(&self, caller: &Caller, job: &Job) -> Result<Outcome, Failure> {
        let Walk { generation } = payload(job)?;
        let tenant = &caller.tenant;
        loop {
            let (epoch, sets) = self.store.topic_sets(tenant).await?;
            let Some(mut set) = sets.iter().find(|set| set.generation == generation).cloned() else {
                // Topics changed again: a newer set has taken over.
                let mut batch = Batch::new(tenant);
                batch.finish(job);
                return self.end(batch).await;
            };
            let ids = self.store.contact_ids(tenant, &set.walked, STEP).await?;
            let mut batch = Batch::new(tenant);
            batch.hold_topic_epoch(epoch);
            let Some(last) = ids.last() else {
                let visible =
                    sets.iter().find(|set| set.state == TopicSetState::Visible).map(|set| set.generation);
                if let Some(old) = visible {
                    batch.delete_topic_set(old);
                }
                set.state = TopicSetState::Visible;
                batch
                    .put_topic_set(&set)
                    .move_topic_epoch(epoch)
                    .enqueue(&jobs::rematch_tell(generation, visible, self.clock.now()))
                    .finish(job);
                return self.end(batch).await;
            };
            for (id, result) in self.matched(caller, &set, &ids).await? {
                batch.put_topic_result(generation, &id, &result);
            }
            set.walked.clone_from(last);
            set.done += ids.len() as i64;
            batch.put_topic_set(&set).keep(job, self.lease_end(), &job.payload);
            match self.store.apply(batch).await {
                // Sets or topics changed: look again. A job that somebody else has taken over shows by its lease.
                Err(StoreError::Conflict) => {
                    let still_ours = self.store.topic_sets(tenant).await?.0 != epoch;
                    if !still_ours {
                        return Ok(Outcome::Lost);
                    }
                }
                Err(error) => return Err(error.into()),
                Ok(_) => {}
            }
        }
    }

    async fn matched(
        &self,
        caller: &Caller,
        set: &TopicSet,
        ids: &[String],
    ) -> Result<Vec<(String, TopicResult)>, Failure> {
        let mut transcripts = self.store.transcripts(&caller.tenant, ids).await?;
        let speakers = self.store.analyses(&caller.tenant, ids).await?;
        let matcher = self.matchers.of(&caller.tenant, set);
        let work = move || {
            // A contact without results of the analysis waits for it; the analysis knows this set.
            speakers
                .into_iter()
                .filter_map(|(id, analysis)| {
                    let mut transcript = transcripts.remove(&id)?;
                    transcript.speakers = analysis.speakers;
                    let found = matcher.find(&transcript);
                    Some((id, TopicResult { hits: found.hits, questions: found.questions }))
                })
                .collect()
        };
        tokio::task::spawn_blocking(work)
            .await
            .map_err(|e| Failure { reason: format!("matching broke off: {e}"), for_good: false })
    }

    pub(super) async fn tell_rematch(&self, caller: &Caller, job: &Job) -> Result<Outcome, Failure> {
        let mut tell: Tell = payload(job)?;
        let tenant = &caller.tenant;
        loop {
            let ids = self.store.contact_ids(tenant, &tell.after, STEP).await?;
            let mut batch = Batch::new(tenant);
            let Some(last) = ids.last() else { break };
            let new = self.store.topic_results(tenant, tell.generation, &ids).await?;
            let old = match tell.before {
                Some(before) => self.store.topic_results(tenant, before, &ids).await?,
                None => std::collections::HashMap::new(),
            };
            let none = TopicResult::default();
            for id in &ids {
                if old.get(id).unwrap_or(&none) != new.get(id).unwrap_or(&none) {
                    batch.touch(id);
                }
            }
            tell.after.clone_from(last);
            batch.keep(job, self.lease_end(), &serde_json::json!(tell));
            match self.store.apply(batch).await {
                Err(StoreError::Conflict) => return Ok(Outcome::Lost),
                Err(error) => return Err(error.into()),
                Ok(_) => {}
            }
        }
        while self.store.drop_topic_results(tenant, tell.generation).await? {}
        let mut batch = Batch::new(tenant);
        batch.finish(job);
        self.end(batch).await
    }

    async fn end(&self, batch: Batch) -> Result<Outcome, Failure> {
        match self.store.apply(batch).await {
            Err(StoreError::Conflict) => Ok(Outcome::Lost),
            Err(error) => Err(error.into()),
            Ok(_) => Ok(Outcome::Done),
        }
    }
}
