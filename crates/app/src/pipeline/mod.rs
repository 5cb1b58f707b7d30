//! The slow follow-up of what was written: durable jobs, run by workers of every node (design, "An upload").

mod analyse;
mod convert;
mod forget;
pub(crate) mod jobs;
mod listens;
mod recognise;
mod rematch;
mod workers;

pub use forget::Litter;
pub(crate) use jobs::{listens_tonight, rematch_soon};
pub use recognise::recognise;
pub use rematch::TopicProgress;
pub(crate) use workers::Workers;
pub use workers::{JobEnd, JobFailure, JobWorker};

use crate::{App, AppError};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::sync::watch;
use touchline_analysis::TopicMatcher;
use touchline_model::{Caller, TenantId, Timestamp};
use touchline_store::{Batch, Job, StoreError, TopicSet};

/// How long after a worker has died another takes its job over, in seconds. A living worker renews its lease.
const LEASE_SECS: i64 = 20;
/// How often it does.
const RENEW: Duration = Duration::from_secs(5);
/// How long a worker sleeps at most when there is nothing to do: other nodes may have made jobs.
const IDLE: Duration = Duration::from_secs(1);
/// How long a worker lets commits gather before it looks again.
const SWARM: Duration = Duration::from_millis(10);
/// Jobs of one node at once.
const WORKERS: usize = 2;
/// How often a step of a job is worked out again, one time after the other, when what it rests on changes meanwhile.
const ATTEMPTS: usize = 20;

/// Matchers of the topic sets in use, which are costly to build.
#[derive(Default)]
pub struct Matchers(Mutex<HashMap<(TenantId, i64), Arc<TopicMatcher>>>);

impl Matchers {
    /// A matcher for each of a tenant's sets, by generation. Those of sets that are no more are forgotten.
    fn of(&self, tenant: &TenantId, sets: &[TopicSet]) -> HashMap<i64, Arc<TopicMatcher>> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|(owner, generation), _| {
            owner != tenant || sets.iter().any(|set| set.generation == *generation)
        });
        let mut matcher = |set: &TopicSet| {
            let key = (tenant.clone(), set.generation);
            let made = known.entry(key).or_insert_with(|| Arc::new(TopicMatcher::new(&set.topics)));
            (set.generation, made.clone())
        };
        sets.iter().map(&mut matcher).collect()
    }
}

/// How a job ended without an error.
enum Outcome {
    /// Its effects and its end are committed.
    Done,
    /// Somebody else has taken it over, or changed what it worked on: it will be looked at again.
    Lost,
    /// It cannot be worked on yet.
    Later(Timestamp),
}

impl From<JobEnd> for Outcome {
    fn from(end: JobEnd) -> Self {
        match end {
            JobEnd::Done => Self::Done,
            JobEnd::Lost => Self::Lost,
            JobEnd::Later(until) => Self::Later(until),
        }
    }
}

/// Why a job failed.
struct Failure {
    reason: String,
    /// Whether trying again is pointless.
    for_good: bool,
}

impl From<JobFailure> for Failure {
    fn from(JobFailure { reason, for_good }: JobFailure) -> Self {
        Self { reason, for_good }
    }
}
impl From<AppError> for Failure {
    fn from(error: AppError) -> Self {
        let mut reason = error.to_string();
        let mut cause = std::error::Error::source(&error);
        while let Some(it) = cause {
            reason = format!("{reason}: {it}");
            cause = it.source();
        }
        Self { reason, for_good: false }
    }
}
impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        AppError::from(error).into()
    }
}

impl App {
    /// Runs jobs until `stop` resolves. Those under way are broken off and given back: the next start, or another
    /// node, takes them at once.
    pub async fn work(self, stop: impl Future<Output = ()>) {
        if let Err(error) = self.plan_upgrades().await {
            tracing::error!(%error, "could not plan the re-computation of old results");
        }
        let (tell, told) = watch::channel(false);
        tokio::join!(
            async {
                stop.await;
                tell.send_replace(true);
            },
            self.clone().jobs_loop(told.clone()),
            self.clone().jobs_loop(told.clone()),
            async {
                tokio::select! {
                    () = stopped(told.clone()) => {}
                    () = self.clone().upkeep() => {}
                    () = self.clone().webhooks_loop() => {}
                }
            },
        );
        if let Err(error) = self.save_served().await {
            tracing::warn!(%error, "could not save served positions");
        }
    }

    /// Runs every job that is due, and returns when none is left. For imports, the demo and tests.
    pub async fn work_until_idle(&self) -> Result<(), AppError> {
        let (_never, told) = watch::channel(false);
        loop {
            if self.work_once(WORKERS, &told).await? == 0 {
                return Ok(());
            }
        }
    }

    async fn jobs_loop(self, told: watch::Receiver<bool>) {
        let mut commits = self.store.watch();
        while !*told.borrow() {
            commits.borrow_and_update();
            // Taking jobs is never broken off: what was taken must be known, to be given back.
            let something_new = match self.work_once(1, &told).await {
                Ok(0) => futures::future::Either::Left(commits.changed()),
                Ok(_) => continue,
                Err(error) => {
                    tracing::error!(%error, "could not take a job");
                    futures::future::Either::Right(std::future::pending())
                }
            };
            tokio::select! {
                () = stopped(told.clone()) => return,
                _ = tokio::time::timeout(IDLE, something_new) => {}
            }
            // Commits come in swarms: look once for many.
            tokio::time::sleep(SWARM).await;
        }
    }

    async fn upkeep(self) {
        let mut round: u64 = 0;
        loop {
            tokio::time::sleep(Duration::from_secs(2)).await;
            round += 1;
            let mut done = self.save_served().await;
            if round % 5 == 1 {
                done = done.and(self.update_all_reports().await);
            }
            if round % 30 == 7 {
                done = done.and(self.plan_given_up_exports().await.map(|_| ()));
            }
            if round % 1_800 == 1 {
                done = done.and(self.forget_old().await);
            }
            // Every file is looked at: once a day, and not while everybody is waiting for the start.
            if round % 43_200 == 150 {
                done = done.and(self.forget_litter().await.map(|_| ()));
            }
            if let Err(error) = done {
                tracing::warn!(%error, "upkeep failed");
            }
        }
    }

    /// Takes and runs up to `count` due jobs; how many there were.
    async fn work_once(&self, count: usize, told: &watch::Receiver<bool>) -> Result<usize, AppError> {
        match self.store.next_job_at().await? {
            Some(due) if due <= self.clock.now() => {}
            _ => return Ok(0),
        }
        let jobs = self.store.lease_jobs(count, LEASE_SECS).await?;
        futures::future::join_all(jobs.iter().map(|job| async {
            tokio::select! {
                () = self.run_job(job) => {}
                () = self.renew_for_ever(job) => {}
                () = stopped(told.clone()) => self.give_back(job).await,
            }
        }))
        .await;
        Ok(jobs.len())
    }

    async fn renew_for_ever(&self, job: &Job) {
        loop {
            tokio::time::sleep(RENEW).await;
            if let Err(error) = self.store.renew_lease(job, LEASE_SECS).await {
                tracing::warn!(%error, job.id = %job.id, "could not renew a lease");
            }
        }
    }

    async fn give_back(&self, job: &Job) {
        if let Err(error) = self.store.release_job(job).await {
            tracing::warn!(%error, job.id = %job.id, "could not give a job back; its lease will end");
        }
    }

    async fn put_off(&self, job: &Job, until: Timestamp) {
        if let Err(error) = self.store.put_job_off(job, until).await {
            tracing::warn!(%error, job.id = %job.id, "could not put a job off; its lease will end");
        }
    }

    async fn run_job(&self, job: &Job) {
        let caller = Caller::system(job.tenant.clone(), &format!("job:{}", job.kind));
        let outcome = match job.kind.as_str() {
            jobs::ANALYSE => self.analyse(&caller, job).await,
            jobs::CONVERT => self.convert(&caller, job).await,
            jobs::REMATCH => self.begin_rematch(&caller, job).await,
            jobs::REMATCH_WALK => self.walk_rematch(&caller, job).await,
            jobs::REMATCH_TELL => self.tell_rematch(&caller, job).await,
            jobs::LISTENS => self.count_listens(&caller, job).await,
            jobs::REANALYSE => self.reanalyse(&caller, job).await,
            crate::exports::JOB => {
                self.run_scheduled_export(job).await.map(Outcome::from).map_err(Failure::from)
            }
            jobs::FORGET_RECORDING => self.forget_recording(&caller, job).await,
            other => match self.workers.get(other) {
                Some(worker) => worker.work(self, job).await.map(Outcome::from).map_err(Failure::from),
                None if workers::ABOVE.contains(&other) => {
                    Ok(Outcome::Later(self.clock.now().plus_secs(workers::WAIT_SECS)))
                }
                None => Err(Failure { reason: format!("this release has no job `{other}`"), for_good: true }),
            },
        };
        let failure = match outcome {
            Ok(Outcome::Done) => return,
            Ok(Outcome::Later(until)) => return self.put_off(job, until).await,
            Ok(Outcome::Lost) => {
                Failure { reason: "overtaken by another change".to_owned(), for_good: false }
            }
            Err(failure) => failure,
        };
        tracing::warn!(job.id = %job.id, job.kind = %job.kind, attempt = job.attempts, "Job failed: {}", failure.reason);
        if let Err(error) = self.store.fail_job(job, &failure.reason, failure.for_good).await {
            tracing::error!(%error, job.id = %job.id, "could not note that a job failed; its lease will end");
        }
    }

    /// Results of older algorithms are computed again after an upgrade.
    async fn plan_upgrades(&self) -> Result<(), AppError> {
        let version = touchline_analysis::VERSION;
        for tenant in self.store.tenants().await? {
            if !self.store.outdated(&tenant.id, version, 1).await?.is_empty() {
                let mut batch = Batch::new(&tenant.id);
                batch.enqueue(&jobs::reanalyse(version, self.clock.now()));
                self.store.apply(batch).await?;
            }
        }
        Ok(())
    }

    /// Writes the batch of a job. False: what it rests on has changed, or somebody else has taken the job over.
    async fn written(&self, batch: Batch) -> Result<bool, Failure> {
        match self.store.apply(batch).await {
            Err(StoreError::Conflict) => Ok(false),
            Err(error) => Err(error.into()),
            Ok(_) => Ok(true),
        }
    }

    /// Writes the last batch of a job.
    async fn end(&self, batch: Batch) -> Result<Outcome, Failure> {
        Ok(if self.written(batch).await? { Outcome::Done } else { Outcome::Lost })
    }

    pub(crate) fn lease_end(&self) -> Timestamp {
        self.clock.now().plus_secs(LEASE_SECS)
    }
}

/// Resolves once the workers are told to stop.
async fn stopped(mut told: watch::Receiver<bool>) {
    // Nobody left who could tell: nobody will ask for an answer either.
    let _ = told.wait_for(|stop| *stop).await;
}

/// The payload of a job, read.
fn payload<T: serde::de::DeserializeOwned>(job: &Job) -> Result<T, Failure> {
    serde_json::from_value(job.payload.clone())
        .map_err(|e| Failure { reason: format!("its payload is damaged: {e}"), for_good: true })
}
