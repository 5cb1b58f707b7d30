//! Topics have changed: the whole store is matched again, in three jobs. *Begin* makes a new set of results that is
//! built beside the visible one, *walk* fills it and makes it visible at once, *tell* gives every contact whose
//! results differ a new place in the commit order, then drops the old results.

use super::{ATTEMPTS, Failure, Outcome, analyse::topic_result, jobs, payload};
use crate::{App, AppError, require};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use touchline_model::{Ability, Caller, Seq, Topic, Transcript};
use touchline_store::{Batch, Job, StoreError, TopicResult, TopicSet, TopicSetState};

/// Contacts that are matched and written together.
const STEP: usize = 100;

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
            batch.drop_topic_set(set.generation);
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
        let mut overtaken = 0;
        while overtaken < ATTEMPTS {
            let seen = self.last_change(caller).await?;
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
                    batch.drop_topic_set(old);
                }
                set.state = TopicSetState::Visible;
                batch
                    .put_topic_set(&set)
                    .move_topic_epoch(epoch)
                    .enqueue(&jobs::rematch_tell(generation, visible, self.clock.now()))
                    .finish(job);
                return self.end(batch).await;
            };
            let matched = self.matched(caller, &sets, generation, &ids).await?;
            // Neither words that were replaced meanwhile nor a contact that was erased may leave a result behind.
            let matched_ids: Vec<String> = matched.iter().map(|(id, _)| id.clone()).collect();
            batch.hold_contacts(&matched_ids, seen);
            for (id, result) in matched {
                batch.put_topic_result(generation, &id, &result);
            }
            set.walked.clone_from(last);
            set.done += ids.len() as i64;
            batch.put_topic_set(&set).keep(job, self.lease_end(), &job.payload);
            // Otherwise a contact, the topics or the job changed meanwhile: look again.
            overtaken = if self.written(batch).await? { 0 } else { overtaken + 1 };
        }
        Ok(Outcome::Lost)
    }

    /// Number of the tenant's last change.
    async fn last_change(&self, caller: &Caller) -> Result<Seq, Failure> {
        let state = self.store.tenant_state(&caller.tenant).await?;
        Ok(state.ok_or_else(|| StoreError::NoTenant(caller.tenant.0.clone()))?.seq)
    }

    async fn matched(
        &self,
        caller: &Caller,
        sets: &[TopicSet],
        generation: i64,
        ids: &[String],
    ) -> Result<Vec<(String, TopicResult)>, Failure> {
        let mut transcripts = self.store.transcripts(&caller.tenant, ids).await?;
        let speakers = self.store.analyses(&caller.tenant, ids).await?;
        let Some(matcher) = self.matchers.of(&caller.tenant, sets).remove(&generation) else {
            return Ok(vec![]);
        };
        let work = move || {
            // A contact without results of the analysis waits for it; the analysis knows this set.
            let known = speakers.into_iter().filter_map(|(id, analysis)| {
                let mut transcript = transcripts.remove(&id)?;
                transcript.speakers = analysis.speakers;
                Some((id, transcript))
            });
            let (ids, transcripts): (Vec<String>, Vec<Transcript>) = known.unzip();
            ids.into_iter().zip(matcher.find_many(&transcripts).into_iter().map(topic_result)).collect()
        };
        tokio::task::spawn_blocking(work)
            .await
            .map_err(|e| Failure { reason: format!("matching broke off: {e}"), for_good: false })
    }

    pub(super) async fn tell_rematch(&self, caller: &Caller, job: &Job) -> Result<Outcome, Failure> {
        let mut tell: Tell = payload(job)?;
        let tenant = &caller.tenant;
        let mut overtaken = 0;
        while overtaken < ATTEMPTS {
            let seen = self.last_change(caller).await?;
            let ids = self.store.contact_ids(tenant, &tell.after, STEP).await?;
            let Some(last) = ids.last() else {
                return self.forget_dropped(caller, job, tell.generation).await;
            };
            let mut batch = Batch::new(tenant);
            let new = self.store.topic_results(tenant, tell.generation, &ids).await?;
            let old = match tell.before {
                Some(before) => self.store.topic_results(tenant, before, &ids).await?,
                None => std::collections::HashMap::new(),
            };
            let none = TopicResult::default();
            let differs = |id: &&String| old.get(*id).unwrap_or(&none) != new.get(*id).unwrap_or(&none);
            let different: Vec<String> = ids.iter().filter(differs).cloned().collect();
            // A contact that was erased meanwhile must not come up in the feed again.
            batch.hold_contacts(&different, seen);
            for id in &different {
                batch.touch(id);
            }
            let told = Tell { after: last.clone(), ..tell };
            batch.keep(job, self.lease_end(), &serde_json::json!(told));
            if self.written(batch).await? {
                (tell, overtaken) = (told, 0);
            } else {
                overtaken += 1;
            }
        }
        Ok(Outcome::Lost)
    }

    /// Ends the job that told of a set: removes what dropped sets before it had found.
    async fn forget_dropped(&self, caller: &Caller, job: &Job, generation: i64) -> Result<Outcome, Failure> {
        while self.store.drop_topic_results(&caller.tenant, generation).await? {}
        let mut batch = Batch::new(&caller.tenant);
        batch.forget_topic_sets(generation).finish(job);
        self.end(batch).await
    }
}
