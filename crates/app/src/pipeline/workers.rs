//! Kinds of jobs that are worked on above this crate: it keeps them, leases them and counts their failures all the
//! same.

use crate::App;
use futures::future::BoxFuture;
use std::{collections::HashMap, sync::Arc};
use touchline_model::Timestamp;
use touchline_store::Job;

/// Kinds that a program may leave to another: a job of such a kind waits until a worker for it is there.
pub(super) const ABOVE: &[&str] = &[crate::imports::JOB];
/// How long it waits until somebody looks again, in seconds.
pub(super) const WAIT_SECS: i64 = 30;

/// How work on a job ended without an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JobEnd {
    /// Its effects and its end are committed.
    Done,
    /// Somebody else has taken it over.
    Lost,
    /// It cannot be worked on yet; not before this instant.
    Later(Timestamp),
}

/// Why work on a job failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobFailure {
    /// For people.
    pub reason: String,
    /// Whether trying again is pointless.
    pub for_good: bool,
}

/// Works on jobs of one kind. The lease is renewed meanwhile; a program that stops drops the future.
pub trait JobWorker: Send + Sync {
    /// Works on a job. Whatever is done may be done again: nobody knows when the power fails.
    fn work<'a>(&'a self, app: &'a App, job: &'a Job) -> BoxFuture<'a, Result<JobEnd, JobFailure>>;
}

/// Workers by the kind of their jobs.
pub(crate) type Workers = HashMap<&'static str, Arc<dyn JobWorker>>;

impl App {
    /// The same app, which has jobs of a kind worked on by somebody above it.
    #[must_use]
    pub fn with_worker(self, kind: &'static str, worker: Arc<dyn JobWorker>) -> Self {
        let mut workers = Workers::clone(&self.workers);
        workers.insert(kind, worker);
        Self { workers: Arc::new(workers), ..self }
    }
}
