//! Durable jobs: saved with the change that causes them, leased by tenants in turn, retried with a growing pause, and
//! put aside after too many failures in a row. A finished job is deleted in the batch of its effects, fenced by the
//! number of its attempt, so that its effects happen once even when it ran twice.

use crate::{BadRow, Batch, Row, Store, StoreError};
use serde::Serialize;
use std::sync::PoisonError;
use touchline_model::{TenantId, Timestamp};

/// A job to be saved.
#[derive(Clone, Debug)]
pub struct NewJob {
    /// Its id.
    pub id: String,
    /// What is to be done.
    pub kind: &'static str,
    /// With what.
    pub payload: serde_json::Value,
    /// Not before.
    pub due_at: Timestamp,
    /// Now.
    pub created_at: Timestamp,
}

/// Where a job stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum JobState {
    /// Waits, or runs.
    Open,
    /// Failed too often; waits for a person.
    Dead,
}

/// A job as it lies in the store.
#[derive(Clone, Debug, PartialEq, Serialize, schemars::JsonSchema)]
pub struct Job {
    /// Whose.
    pub tenant: TenantId,
    /// Its id.
    pub id: String,
    /// What is to be done.
    pub kind: String,
    /// With what.
    pub payload: serde_json::Value,
    /// When it may run; while it runs, when its lease ends.
    pub due_at: Timestamp,
    /// How often it was tried. It only ever grows: whoever works on the job is known by it.
    pub attempts: i64,
    /// How often it failed since it last got on: it said so, or its worker ended without a word.
    pub failures: i64,
    /// Open or dead.
    pub state: JobState,
    /// Why the last attempt failed.
    pub error: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// Whether somebody works on it, as far as is known: whoever does may have ended without a word.
    #[serde(skip)]
    pub running: bool,
}

/// Failures in a row after which a job is put aside.
const MAX_FAILURES: i64 = 8;
/// The pause after the first failure, in microseconds; each further one doubles it.
const PAUSE: i64 = 10_000_000;
/// How often a lap through the tenants is tried again when other workers were faster everywhere.
const LAPS: usize = 3;

// A job that waits already is enough. One that was put aside is taken up again: there is a new reason for it.
pub(crate) const INSERT: &str = "INSERT INTO jobs (tenant, id, kind, payload, due_at, created_at, attempts, dead) \
     VALUES (?, ?, ?, ?, ?, ?, 0, 0) ON CONFLICT (tenant, id) DO UPDATE SET payload = excluded.payload, \
     due_at = excluded.due_at, created_at = excluded.created_at, failures = 0, running = 0, dead = 0, error = NULL \
     WHERE jobs.dead = 1";
// The subquery with a LIMIT looks at one row of an index; an EXISTS might be planned as a join over all jobs.
const DUE_TENANTS: &str = "SELECT t.tenant FROM tenants t WHERE t.tenant > ? AND (SELECT j.due_at FROM jobs j \
     WHERE j.tenant = t.tenant AND j.dead = 0 AND j.due_at <= ? ORDER BY j.due_at LIMIT 1) IS NOT NULL \
     ORDER BY t.tenant LIMIT ?";
// Who still runs when its lease has ended has died, and that is a failure.
const LEASE: &str = "UPDATE jobs SET due_at = ?, attempts = attempts + 1, failures = failures + running, running = 1 \
     WHERE tenant = ? AND id IN \
     (SELECT id FROM jobs WHERE tenant = ? AND dead = 0 AND due_at <= ? ORDER BY due_at LIMIT ?) \
     RETURNING tenant, id, kind, payload, due_at, attempts, dead, error, created_at, failures, running";
// Several nodes may ask at once: each takes rows that no other is taking. MATERIALIZED, because a subquery may be
// planned to run once a row, and would then take more than its limit.
const LEASE_POSTGRES: &str = "WITH due AS MATERIALIZED (SELECT tenant, id FROM jobs WHERE tenant = ? AND dead = 0 \
     AND due_at <= ? ORDER BY due_at LIMIT ? FOR UPDATE SKIP LOCKED) UPDATE jobs SET due_at = ?, \
     attempts = attempts + 1, failures = failures + running, running = 1 FROM due \
     WHERE jobs.tenant = due.tenant AND jobs.id = due.id RETURNING jobs.tenant, jobs.id, kind, payload, due_at, \
     attempts, dead, error, created_at, failures, running";
const FINISH: &str = "DELETE FROM jobs WHERE tenant = ? AND id = ? AND attempts = ?";
const EXTEND: &str = "UPDATE jobs SET due_at = ?, payload = ?, failures = 0 \
     WHERE tenant = ? AND id = ? AND attempts = ? AND running = 1";
const RENEW: &str =
    "UPDATE jobs SET due_at = ? WHERE tenant = ? AND id = ? AND attempts = ? AND dead = 0 AND running = 1";
const RELEASE: &str =
    "UPDATE jobs SET due_at = ?, running = 0 WHERE tenant = ? AND id = ? AND attempts = ? AND running = 1";
// The row counts, not the worker's copy of it: the job may have got on since it was leased.
const FAIL: &str = "UPDATE jobs SET \
     due_at = ? + (CAST(? AS BIGINT) << CAST(CASE WHEN failures < 7 THEN failures ELSE 7 END AS INTEGER)), \
     dead = CASE WHEN CAST(? AS BIGINT) = 1 OR failures + 1 >= ? THEN 1 ELSE 0 END, failures = failures + 1, \
     running = 0, error = ? WHERE tenant = ? AND id = ? AND attempts = ?";
const RETRY: &str = "UPDATE jobs SET due_at = ?, dead = 0, failures = 0, running = 0 \
     WHERE tenant = ? AND id = ? AND dead = 1 RETURNING id";
const LIST: &str = "SELECT tenant, id, kind, payload, due_at, attempts, dead, error, created_at, failures, running \
     FROM jobs WHERE tenant = ? AND id > ? ORDER BY id LIMIT ?";
const GET: &str = "SELECT tenant, id, kind, payload, due_at, attempts, dead, error, created_at, failures, running \
     FROM jobs WHERE tenant = ? AND id = ?";
const COUNT: &str =
    "SELECT COUNT(*) FROM jobs WHERE dead = 0 AND (running = 1 OR failures > 0 OR due_at <= ?)";
const NEXT: &str = "SELECT MIN(due_at) FROM jobs WHERE dead = 0";

pub(crate) fn job(row: &Row<'_>) -> Result<Job, BadRow> {
    Ok(Job {
        tenant: row.string(0)?.into(),
        id: row.string(1)?,
        kind: row.string(2)?,
        payload: row.json(3)?,
        due_at: row.time(4)?,
        attempts: row.int(5)?,
        state: if row.flag(6)? { JobState::Dead } else { JobState::Open },
        error: row.maybe_string(7)?,
        created_at: row.time(8)?,
        failures: row.int(9)?,
        running: row.flag(10)?,
    })
}

impl Batch {
    /// Ends a job with the effects of this batch. A conflict means that somebody else has taken it over.
    pub fn finish(&mut self, job: &Job) -> &mut Self {
        let params = vec![job.tenant.as_str().into(), job.id.as_str().into(), job.attempts.into()];
        self.run(FINISH, params).expect(1)
    }

    /// Keeps a long job that has got on: its lease lasts until `until`, it would begin again from `payload`, and what
    /// failed before counts no more.
    pub fn keep(&mut self, job: &Job, until: Timestamp, payload: &serde_json::Value) -> &mut Self {
        let params = vec![
            until.into(),
            crate::sql::json(payload),
            job.tenant.as_str().into(),
            job.id.as_str().into(),
            job.attempts.into(),
        ];
        self.run(EXTEND, params).expect(1)
    }

    /// Keeps a job that would begin again from its start: its lease lasts until `until`, and what failed before counts
    /// on. A conflict means that somebody else has taken it over.
    pub fn renew(&mut self, job: &Job, until: Timestamp) -> &mut Self {
        let params =
            vec![until.into(), job.tenant.as_str().into(), job.id.as_str().into(), job.attempts.into()];
        self.run(RENEW, params).expect(1)
    }
}

impl Store {
    /// Takes up to `limit` due jobs for `lease_secs`, of every tenant in turn, so that nobody waits behind all of
    /// another's; of each tenant what is due longest. A job whose worker died comes back when its lease ends, and is
    /// put aside when that has happened too often: it may be what kills them.
    pub async fn lease_jobs(&self, limit: usize, lease_secs: i64) -> Result<Vec<Job>, StoreError> {
        let now = self.clock.now();
        let until = now.plus_secs(lease_secs);
        let mut leased = Vec::new();
        let mut laps = 0;
        while leased.len() < limit && laps < LAPS {
            let before = leased.len();
            let tenants = self.tenants_in_turn(now, limit - before).await?;
            if tenants.is_empty() {
                break;
            }
            for (n, tenant) in tenants.iter().enumerate() {
                let share = (limit - leased.len()).div_ceil(tenants.len() - n);
                leased.extend(self.lease_of(tenant, now, until, share).await?);
                self.turn.lock().unwrap_or_else(PoisonError::into_inner).clone_from(tenant);
            }
            laps += usize::from(leased.len() == before);
        }
        leased.sort_by(|one, next| {
            (one.created_at, &one.id, &one.tenant.0).cmp(&(next.created_at, &next.id, &next.tenant.0))
        });
        let (hopeless, good): (Vec<_>, Vec<_>) =
            leased.into_iter().partition(|job| job.failures >= MAX_FAILURES);
        for job in hopeless {
            self.fail_job(&job, "its worker ended without a word, too often", true).await?;
        }
        Ok(good)
    }

    /// Up to `limit` tenants with due jobs, beginning behind the one whose turn it was last.
    async fn tenants_in_turn(&self, now: Timestamp, limit: usize) -> Result<Vec<String>, StoreError> {
        let last = self.turn.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let after = async |tenant: &str, limit: usize| {
            let params = vec![tenant.into(), now.into(), i64::try_from(limit).unwrap_or(i64::MAX).into()];
            self.query(DUE_TENANTS, params, |row| row.string(0)).await
        };
        let mut tenants = after(&last, limit).await?;
        if tenants.len() < limit {
            let first = after("", limit - tenants.len()).await?;
            tenants.extend(first.into_iter().take_while(|tenant| *tenant <= last));
        }
        Ok(tenants)
    }

    async fn lease_of(
        &self,
        tenant: &str,
        now: Timestamp,
        until: Timestamp,
        limit: usize,
    ) -> Result<Vec<Job>, StoreError> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let (sql, params) = match &*self.engine {
            crate::engine::Engine::Sqlite(_) => {
                (LEASE, vec![until.into(), tenant.into(), tenant.into(), now.into(), limit.into()])
            }
            crate::engine::Engine::Postgres(_) => {
                (LEASE_POSTGRES, vec![tenant.into(), now.into(), limit.into(), until.into()])
            }
        };
        self.write_returning(sql, params, job).await
    }

    /// Keeps a job that is being worked on for another `lease_secs`.
    pub async fn renew_lease(&self, job: &Job, lease_secs: i64) -> Result<(), StoreError> {
        let params = vec![
            self.clock.now().plus_secs(lease_secs).into(),
            job.tenant.as_str().into(),
            job.id.as_str().into(),
            job.attempts.into(),
        ];
        self.write_returning(RENEW, params, |_| Ok(())).await.map(|_| ())
    }

    /// Gives a job back that is not worked on any more, through no fault of its own: it may run at once.
    pub async fn release_job(&self, job: &Job) -> Result<(), StoreError> {
        self.put_job_off(job, self.clock.now()).await
    }

    /// Gives a job back that cannot be worked on yet: not before `until`.
    pub async fn put_job_off(&self, job: &Job, until: Timestamp) -> Result<(), StoreError> {
        let params =
            vec![until.into(), job.tenant.as_str().into(), job.id.as_str().into(), job.attempts.into()];
        self.write_returning(RELEASE, params, |_| Ok(())).await.map(|_| ())
    }

    /// Notes that a job failed: it runs again after a growing pause (10 s to about 20 min), or is put aside.
    pub async fn fail_job(&self, job: &Job, error: &str, for_good: bool) -> Result<(), StoreError> {
        let params = vec![
            self.clock.now().into(),
            PAUSE.into(),
            for_good.into(),
            MAX_FAILURES.into(),
            error.replace('\0', " ").into(),
            job.tenant.as_str().into(),
            job.id.as_str().into(),
            job.attempts.into(),
        ];
        self.write_returning(FAIL, params, |_| Ok(())).await.map(|_| ())
    }

    /// Takes a job out of the dead-letter box. Whether there was such a job.
    pub async fn retry_job(&self, tenant: &TenantId, id: &str) -> Result<bool, StoreError> {
        let params = vec![self.clock.now().into(), tenant.as_str().into(), id.into()];
        let retried = !self.write_returning(RETRY, params, |_| Ok(())).await?.is_empty();
        if retried {
            self.changed.send_modify(|n| *n += 1);
        }
        Ok(retried)
    }

    /// Jobs of a tenant in the order of their ids.
    pub async fn jobs_page(
        &self,
        tenant: &TenantId,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Job>, StoreError> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.query(LIST, vec![tenant.as_str().into(), after.unwrap_or_default().into(), limit.into()], job)
            .await
    }

    /// A job, unless it is done.
    pub async fn job(&self, tenant: &TenantId, id: &str) -> Result<Option<Job>, StoreError> {
        self.first(GET, vec![tenant.as_str().into(), id.into()], job).await
    }

    /// Jobs of all tenants that are due, run, or wait to be tried again. Those planned for later do not count.
    pub async fn open_jobs(&self) -> Result<i64, StoreError> {
        let params = vec![self.clock.now().into()];
        Ok(self.first(COUNT, params, |row| row.int(0)).await?.unwrap_or_default())
    }

    /// When the next job is due.
    pub async fn next_job_at(&self) -> Result<Option<Timestamp>, StoreError> {
        Ok(self.first(NEXT, vec![], |row| row.maybe_time(0)).await?.flatten())
    }
}

/// `LEASE_POSTGRES` is left out: SQLite does not know it, and the job tests run it on PostgreSQL.
pub(crate) const STATEMENTS: &[&str] =
    &[INSERT, DUE_TENANTS, LEASE, FINISH, EXTEND, RENEW, RELEASE, FAIL, RETRY, LIST, GET, COUNT, NEXT];
