//! Persistence: reads, batches of changes, the change feed, jobs, the audit trail and blobs, on SQLite or PostgreSQL.
//!
//! A use case reads, decides, and hands over a [`Batch`]; [`Store::apply`] writes it in one transaction and answers
//! once it is on disk. Every change takes the next `seq` of its tenant under a lock held to the commit, so a reader
//! with a cursor never misses a row that was committed late (design, decision 3).

mod audit;
mod batch;
mod blobs;
mod contacts;
mod datasets;
mod destination;
mod doctor;
mod engine;
mod events;
mod exports;
mod facts;
mod feeds;
mod imports;
mod jobs;
mod migrate;
mod overview;
mod people;
mod records;
mod schedules;
mod search;
mod size;
mod sql;
mod system;
mod telephony;
mod topics;
mod transcripts;
mod webhooks;

pub use audit::{
    AuditCheck, AuditEntry, AuditFault, AuditNote,
    find::{AuditBy, AuditSpan},
    verify_chain,
};
pub use batch::{Batch, Committed};
pub use blobs::{BlobError, BlobRange, Blobs, Incoming, Lying, StoredBlob};
pub use contacts::{Analysis, CallRow, ContactRow, DeletedContact, SearchKey, search_key};
pub use datasets::{Dataset, DatasetSize};
pub use destination::{
    Destination, DestinationError, FileVersion, ListedFile, MadeFile, NewFile, S3Settings,
};
pub use events::{Arrival, Known, NewEvent, NodeSort, StoredEvent, span_of};
pub use exports::ArrivedEvent;
pub use facts::{Asked, FactsPage, FactsRef, FactsRow, StaleFamily, WorkPage, WorkRow, WorkedOut};
pub use feeds::{ChangeRow, ListenDay, Position, ServedPosition};
pub use imports::{ImportRow, ImportState};
pub use jobs::{Job, JobState, NewJob};
pub use migrate::SCHEMA_VERSION;
pub use overview::{DayCount, Judged, MOST_WAITING, Received, Remark, TopicWeek};
pub use people::{Login, OpenSession, WebSession};
pub use records::Table;
pub use schedules::ExportScheduleRow;
pub use search::{CallFacts, CallKey, CallKeys, CallStream, LONGEST_INDEXED, WordsOf};
pub use sql::{BadRow, Row, Value};
pub use system::{Credential, TenantState};
pub use telephony::{DeviceRow, OpenCallRow};
pub use topics::{TopicResult, TopicSet, TopicSetState};
pub use webhooks::{AttemptEnd, Delivery, DeliveryState, Webhook, WebhookPause, WebhookSecret};

use engine::Engine;
use futures::future::BoxFuture;
use std::{path::Path, sync::Arc};
use touchline_model::Clock;

/// Why the store could not do it.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A row did not have the version that the batch expected, or a unique name is taken. Read again, decide again.
    #[error("somebody else changed this at the same moment, or the name is taken")]
    Conflict,
    /// The tenant does not exist.
    #[error("there is no tenant `{0}`")]
    NoTenant(String),
    /// The disk is full.
    #[error("the disk is full")]
    DiskFull,
    /// A stored row cannot be read.
    #[error("{0}")]
    Damaged(String),
    /// The data was written by a newer release.
    #[error("the data has schema {found}, this release knows {known}: use a newer release")]
    TooNew {
        /// Version found.
        found: i64,
        /// Version known.
        known: i64,
    },
    /// The engine failed.
    #[error("the database failed: {0}")]
    Engine(String),
    /// The engine is not there, or the store is closing.
    #[error("the database is not available: {0}")]
    Unavailable(String),
}

/// The store: one database for all tenants, and the clock that dates its commits.
#[derive(Clone)]
pub struct Store {
    engine: Arc<Engine>,
    clock: Arc<dyn Clock>,
    changed: tokio::sync::watch::Sender<u64>,
    /// The tenant that this process leased a job of last: the next one is next.
    turn: Arc<std::sync::Mutex<String>>,
}

/// A batch that was handed over.
#[derive(Debug)]
pub struct Submitted(tokio::task::JoinHandle<Result<Committed, StoreError>>);

impl Submitted {
    /// Waits until the batch is on disk, or refused. It is written just as well when nobody waits.
    pub async fn done(self) -> Result<Committed, StoreError> {
        self.0.await.unwrap_or_else(|_| Err(closing()))
    }
}

fn closing() -> StoreError {
    StoreError::Unavailable("the store is closing".to_owned())
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match &*self.engine {
            Engine::Sqlite(_) => "Store(SQLite)",
            Engine::Postgres(_) => "Store(PostgreSQL)",
        })
    }
}

impl Store {
    /// Opens (and creates or migrates) an embedded SQLite database file.
    pub async fn open_sqlite(path: &Path, clock: Arc<dyn Clock>) -> Result<Self, StoreError> {
        let path = path.to_owned();
        let engine = engine::blocking(move || engine::sqlite::Sqlite::open(&path)).await?;
        Ok(Self::over(Engine::Sqlite(engine), clock))
    }

    /// Connects to PostgreSQL by URL and migrates it.
    pub async fn open_postgres(url: &str, clock: Arc<dyn Clock>) -> Result<Self, StoreError> {
        let engine = engine::postgres::Postgres::open(url).await?;
        Ok(Self::over(Engine::Postgres(Arc::new(engine)), clock))
    }

    fn over(engine: Engine, clock: Arc<dyn Clock>) -> Self {
        Self {
            engine: Arc::new(engine),
            clock,
            changed: tokio::sync::watch::Sender::new(0),
            turn: Arc::default(),
        }
    }

    /// Runs a reading statement and maps its rows.
    pub async fn query<T, F>(
        &self,
        sql: &'static str,
        params: Vec<Value>,
        map: F,
    ) -> Result<Vec<T>, StoreError>
    where
        T: Send + 'static,
        F: Fn(&Row<'_>) -> Result<T, BadRow> + Send + 'static,
    {
        match &*self.engine {
            Engine::Sqlite(sqlite) => sqlite.query(sql, params, map).await,
            Engine::Postgres(postgres) => postgres.query(sql, &params, map).await,
        }
    }

    /// Runs a reading statement and adds each of its rows to `all`: for long lists, whose rows need no memory of
    /// their own.
    pub(crate) async fn gather<A, F>(
        &self,
        sql: &'static str,
        params: Vec<Value>,
        all: A,
        add: F,
    ) -> Result<A, StoreError>
    where
        A: Send + 'static,
        F: Fn(&mut A, &Row<'_>) -> Result<(), BadRow> + Send + 'static,
    {
        match &*self.engine {
            Engine::Sqlite(sqlite) => sqlite.gather(sql, params, all, add).await,
            Engine::Postgres(postgres) => postgres.gather(sql, &params, all, add).await,
        }
    }

    /// The first row of a reading statement, if any.
    pub async fn first<T, F>(
        &self,
        sql: &'static str,
        params: Vec<Value>,
        map: F,
    ) -> Result<Option<T>, StoreError>
    where
        T: Send + 'static,
        F: Fn(&Row<'_>) -> Result<T, BadRow> + Send + 'static,
    {
        Ok(self.query(sql, params, map).await?.into_iter().next())
    }

    /// Runs several reading statements on one moment's state and maps their rows; `map` is told which statement a row
    /// is of.
    pub(crate) async fn query_together<T, F>(
        &self,
        reads: Vec<(&'static str, Vec<Value>)>,
        map: F,
    ) -> Result<Vec<Vec<T>>, StoreError>
    where
        T: Send + 'static,
        F: Fn(usize, &Row<'_>) -> Result<T, BadRow> + Send + 'static,
    {
        match &*self.engine {
            Engine::Sqlite(sqlite) => sqlite.query_together(reads, map).await,
            Engine::Postgres(postgres) => postgres.query_together(reads, map).await,
        }
    }

    /// Runs one writing statement in a transaction of its own and maps the rows it returns.
    pub(crate) async fn write_returning<T, F>(
        &self,
        sql: &'static str,
        params: Vec<Value>,
        map: F,
    ) -> Result<Vec<T>, StoreError>
    where
        T: Send + 'static,
        F: Fn(&Row<'_>) -> Result<T, BadRow> + Send + 'static,
    {
        match &*self.engine {
            Engine::Sqlite(sqlite) => sqlite.write_returning(sql, params, map).await,
            Engine::Postgres(postgres) => postgres.query(sql, &params, map).await,
        }
    }

    /// Writes a batch in one transaction. When this answers, the batch is on disk.
    pub async fn apply(&self, batch: Batch) -> Result<Committed, StoreError> {
        let store = self.clone();
        // In a task of its own: a caller who goes away half-way must not keep the others from hearing of the commit.
        let applied = tokio::spawn(async move { store.submit(batch).await?.done().await });
        applied.await.unwrap_or_else(|_| Err(closing()))
    }

    /// Hands a batch over to be written, and does not wait for the disk. SQLite writes batches in the order in which they were handed over, PostgreSQL
    /// in any.
    pub async fn submit(&self, mut batch: Batch) -> Result<Submitted, StoreError> {
        let now = self.clock.now();
        if batch.is_empty() {
            return Ok(Submitted(tokio::spawn(async move { Ok(Committed::nothing(now)) })));
        }
        batch.follow_with_counts();
        let written: BoxFuture<'static, _> = match &*self.engine {
            Engine::Sqlite(sqlite) => Box::pin(sqlite.submit(batch, now).await?),
            Engine::Postgres(postgres) => {
                let postgres = postgres.clone();
                Box::pin(async move { postgres.apply(batch, now).await })
            }
        };
        let changed = self.changed.clone();
        Ok(Submitted(tokio::spawn(async move {
            let committed = written.await?;
            changed.send_modify(|n| *n += 1);
            Ok(committed)
        })))
    }

    /// Wakes whenever this process commits something. Other nodes' commits are not seen here: poll as well.
    pub fn watch(&self) -> tokio::sync::watch::Receiver<u64> {
        self.changed.subscribe()
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<(), StoreError> {
        self.query("SELECT COUNT(*) FROM tenants", vec![], |row| row.int(0)).await.map(|_| ())
    }

    /// Prepares a statement without running it: the test that holds every statement against both engines.
    pub async fn prepare(&self, sql: &'static str) -> Result<(), StoreError> {
        match &*self.engine {
            Engine::Sqlite(sqlite) => sqlite.prepare(sql).await,
            Engine::Postgres(postgres) => postgres.prepare(sql).await,
        }
    }

    /// What the engine itself finds wrong with its files; empty when nothing (used by `doctor`).
    pub async fn engine_check(&self) -> Result<Vec<String>, StoreError> {
        match &*self.engine {
            Engine::Sqlite(_) => {
                let found = self.query("PRAGMA integrity_check", vec![], |row| row.string(0)).await?;
                Ok(found.into_iter().filter(|line| line != "ok").collect())
            }
            Engine::Postgres(_) => Ok(vec![]),
        }
    }

    /// Finishes what is under way and closes the files.
    pub async fn close(&self) {
        if let Engine::Sqlite(sqlite) = &*self.engine {
            sqlite.close().await;
        }
    }
}
