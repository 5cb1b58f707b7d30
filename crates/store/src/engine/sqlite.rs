//! SQLite: one writer thread that commits waiting batches together, and a few reading connections.

use super::{blocking, sqlite_log::fold_beside};
use crate::{
    BadRow, Batch, Committed, Row, StoreError, Value, audit,
    batch::{self, INSERT_CHANGE, TAKE_NUMBERS},
    migrate,
};
use rusqlite::{Connection, ErrorCode, OpenFlags, hooks::Wal, params_from_iter};
use std::{
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{Receiver, SyncSender, TrySendError, sync_channel},
    },
    time::Duration,
};
use tokio::sync::{Semaphore, oneshot};
use touchline_model::Timestamp;

/// Reading connections, and so reads at once.
const READERS: usize = 4;
/// Batches that are committed together at most.
const GROUP: usize = 128;
/// Statements that a connection keeps prepared.
const STATEMENTS: usize = 256;
/// What the writer keeps of the file, in KiB, if it needs it: with less it would write the pages of a large batch to the
/// log before the batch is complete, and again after.
const WRITER_KIB: u32 = 32_768;

/// The log keeps so much room when it begins anew.
const LOG_BYTES: u32 = 1 << 28;

type Answer<T> = oneshot::Sender<Result<T, StoreError>>;
type WriteTask = Box<dyn FnOnce(&Connection) + Send>;

enum Command {
    Apply(Batch, Timestamp, Answer<Committed>),
    Run(WriteTask),
    Close(oneshot::Sender<()>),
}

pub(crate) struct Sqlite {
    path: PathBuf,
    writer: SyncSender<Command>,
    idle: Arc<Mutex<Vec<Connection>>>,
    permits: Arc<Semaphore>,
}

impl Sqlite {
    pub(crate) fn open(path: &Path) -> Result<Self, StoreError> {
        let mut connection = Connection::open(path)?;
        set_up(&connection)?;
        // FULL: the answer comes after fsync of the log (design, decision 1). secure_delete: what is erased is
        // overwritten, not just marked as free.
        connection.execute_batch(&format!(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON; PRAGMA cache_size = -{WRITER_KIB}; \
             PRAGMA journal_size_limit = {LOG_BYTES};",
        ))?;
        migrate::sqlite(&connection)?;
        let folding = fold_beside(&mut connection, path)?;
        let (writer, inbox) = sync_channel(4 * GROUP);
        std::thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || {
                let closed = write_loop(&connection, &inbox);
                if let Some(done) = closed {
                    // Leaves one tidy file behind; a crash would leave the log, which is as good.
                    let _ = connection.wal_hook(None::<fn(&mut Wal, i32) -> rusqlite::Result<()>>);
                    let _ = folding.join();
                    let _ = connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE);");
                    drop(connection);
                    let _ = done.send(());
                }
            })
            .map_err(|e| StoreError::Unavailable(e.to_string()))?;
        Ok(Self {
            path: path.to_owned(),
            writer,
            idle: Arc::default(),
            permits: Arc::new(Semaphore::new(READERS)),
        })
    }

    async fn send(&self, command: Command) -> Result<(), StoreError> {
        let closed = || StoreError::Unavailable("the store is closed".to_owned());
        match self.writer.try_send(command) {
            Ok(()) => Ok(()),
            Err(TrySendError::Disconnected(_)) => Err(closed()),
            // The writer is busy: wait without holding an async thread.
            Err(TrySendError::Full(command)) => {
                let writer = self.writer.clone();
                blocking(move || writer.send(command).map_err(|_| closed())).await
            }
        }
    }

    /// Puts a batch into the queue of the writer, which applies them in this order; the answer comes later.
    pub(crate) async fn submit(
        &self,
        batch: Batch,
        now: Timestamp,
    ) -> Result<impl Future<Output = Result<Committed, StoreError>> + use<>, StoreError> {
        let (answer, answered) = oneshot::channel();
        self.send(Command::Apply(batch, now, answer)).await?;
        Ok(async { answered.await.map_err(|_| StoreError::Unavailable("the store is closed".to_owned()))? })
    }

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
        let (answer, answered) = oneshot::channel();
        let task = move |connection: &Connection| {
            let _ = answer.send(rows(connection, sql, &params, map));
        };
        self.send(Command::Run(Box::new(task))).await?;
        answered.await.map_err(|_| StoreError::Unavailable("the store is closed".to_owned()))?
    }

    pub(crate) async fn query<T, F>(
        &self,
        sql: &'static str,
        params: Vec<Value>,
        map: F,
    ) -> Result<Vec<T>, StoreError>
    where
        T: Send + 'static,
        F: Fn(&Row<'_>) -> Result<T, BadRow> + Send + 'static,
    {
        self.reading(move |connection| rows(connection, sql, &params, map)).await
    }

    /// Adds every row to what is being gathered.
    pub(crate) async fn gather<A, F>(
        &self,
        sql: &'static str,
        params: Vec<Value>,
        mut all: A,
        add: F,
    ) -> Result<A, StoreError>
    where
        A: Send + 'static,
        F: Fn(&mut A, &Row<'_>) -> Result<(), BadRow> + Send + 'static,
    {
        self.reading(move |connection| {
            let mut statement = connection.prepare_cached(sql)?;
            let mut found = statement.query(params_from_iter(&params))?;
            while let Some(row) = found.next()? {
                add(&mut all, &Row::Sqlite(row))?;
            }
            Ok(all)
        })
        .await
    }

    /// Several reads of one moment.
    pub(crate) async fn query_together<T, F>(
        &self,
        reads: Vec<(&'static str, Vec<Value>)>,
        map: F,
    ) -> Result<Vec<Vec<T>>, StoreError>
    where
        T: Send + 'static,
        F: Fn(usize, &Row<'_>) -> Result<T, BadRow> + Send + 'static,
    {
        self.reading(move |connection| {
            // Ended by being dropped, also after an error.
            let _moment = connection.unchecked_transaction()?;
            let reads = reads.iter().enumerate();
            reads.map(|(n, (sql, params))| rows(connection, sql, params, |row| map(n, row))).collect()
        })
        .await
    }

    pub(crate) async fn prepare(&self, sql: &'static str) -> Result<(), StoreError> {
        self.reading(move |connection| Ok(connection.prepare(sql).map(|_| ())?)).await
    }

    async fn reading<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let permit = self.permits.clone().acquire_owned().await;
        let permit = permit.map_err(|_| StoreError::Unavailable("the store is closed".to_owned()))?;
        let (idle, path) = (self.idle.clone(), self.path.clone());
        blocking(move || {
            let _permit = permit;
            let waiting = idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
            let connection = match waiting {
                Some(connection) => connection,
                None => open_reader(&path)?,
            };
            let result = work(&connection);
            idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
            result
        })
        .await
    }

    pub(crate) async fn close(&self) {
        // Readers finish first, so that the log can be folded into the file and nothing is open afterwards.
        let readers = self.permits.acquire_many(READERS as u32).await;
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).clear();
        self.permits.close();
        drop(readers);
        let (done, closed) = oneshot::channel();
        if self.send(Command::Close(done)).await.is_ok() {
            let _ = closed.await;
        }
    }
}

fn set_up(connection: &Connection) -> Result<(), StoreError> {
    connection.busy_timeout(Duration::from_secs(10))?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    connection.execute_batch(
        "PRAGMA cache_size = -8000; PRAGMA mmap_size = 268435456; PRAGMA temp_store = MEMORY;",
    )?;
    Ok(())
}

fn open_reader(path: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    set_up(&connection)?;
    Ok(connection)
}

fn rows<T>(
    connection: &Connection,
    sql: &str,
    params: &[Value],
    map: impl Fn(&Row<'_>) -> Result<T, BadRow>,
) -> Result<Vec<T>, StoreError> {
    let mut statement = connection.prepare_cached(sql)?;
    let mut found = statement.query(params_from_iter(params))?;
    let mut out = Vec::new();
    while let Some(row) = found.next()? {
        out.push(map(&Row::Sqlite(row))?);
    }
    Ok(out)
}

/// Returns whom to tell that it has ended, if somebody asked it to.
fn write_loop(connection: &Connection, inbox: &Receiver<Command>) -> Option<oneshot::Sender<()>> {
    while let Ok(first) = inbox.recv() {
        let mut group = Vec::new();
        let mut next = Some(first);
        let mut after = None;
        while let Some(command) = next.take() {
            match command {
                Command::Apply(batch, now, answer) => group.push((batch, now, answer)),
                other => {
                    after = Some(other);
                    break;
                }
            }
            if group.len() < GROUP {
                next = inbox.try_recv().ok();
            }
        }
        commit_group(connection, group);
        match after {
            Some(Command::Run(task)) => task(connection),
            Some(Command::Close(done)) => return Some(done),
            Some(Command::Apply(..)) | None => {}
        }
    }
    None
}

/// Group commit: each batch in a savepoint of its own, one fsync for all, answers after it.
fn commit_group(connection: &Connection, mut group: Vec<(Batch, Timestamp, Answer<Committed>)>) {
    if group.len() <= 1 {
        if let Some((batch, now, answer)) = group.pop() {
            let _ = answer.send(commit_alone(connection, batch, now));
        }
        return;
    }
    if let Err(error) = connection.execute_batch("BEGIN IMMEDIATE") {
        return refuse(group.into_iter().map(|(_, _, answer)| answer), &error.into());
    }
    let mut waiting = Vec::with_capacity(group.len());
    let mut group = group.into_iter();
    while let Some((batch, now, answer)) = group.next() {
        match in_savepoint(connection, batch, now) {
            Ok(committed) => waiting.push((committed, answer)),
            Err(error) if connection.is_autocommit() => {
                // The engine has rolled everything back by itself (disk full, I/O error).
                let others = waiting.into_iter().map(|(_, answer)| answer);
                return refuse(others.chain([answer]).chain(group.map(|(_, _, answer)| answer)), &error);
            }
            Err(error) => {
                let _ = answer.send(Err(error));
            }
        }
    }
    match connection.execute_batch("COMMIT") {
        Ok(()) => waiting.into_iter().for_each(|(committed, answer)| {
            let _ = answer.send(Ok(committed));
        }),
        Err(error) => {
            let _ = connection.execute_batch("ROLLBACK");
            refuse(waiting.into_iter().map(|(_, answer)| answer), &error.into());
        }
    }
}

/// A batch alone needs no savepoint, for which each page that it changes would be copied.
fn commit_alone(connection: &Connection, batch: Batch, now: Timestamp) -> Result<Committed, StoreError> {
    connection.execute_batch("BEGIN IMMEDIATE")?;
    let outcome = apply_one(connection, batch, now)
        .and_then(|committed| Ok(connection.execute_batch("COMMIT").map(|()| committed)?));
    if outcome.is_err() && !connection.is_autocommit() {
        let _ = connection.execute_batch("ROLLBACK");
    }
    outcome
}

fn in_savepoint(connection: &Connection, batch: Batch, now: Timestamp) -> Result<Committed, StoreError> {
    connection.execute_batch("SAVEPOINT batch")?;
    let outcome = apply_one(connection, batch, now);
    // What cannot be undone must not be committed with the others: then all of it goes.
    let ended = match outcome {
        Ok(_) => connection.execute_batch("RELEASE batch"),
        Err(_) => connection.execute_batch("ROLLBACK TO batch; RELEASE batch"),
    };
    if ended.is_err() && !connection.is_autocommit() {
        let _ = connection.execute_batch("ROLLBACK");
    }
    let committed = outcome?;
    ended?;
    Ok(committed)
}

fn refuse(answers: impl Iterator<Item = Answer<Committed>>, error: &StoreError) {
    for answer in answers {
        let _ = answer.send(Err(match error {
            StoreError::DiskFull => StoreError::DiskFull,
            StoreError::Damaged(text) => StoreError::Damaged(text.clone()),
            StoreError::Unavailable(text) => StoreError::Unavailable(text.clone()),
            other => StoreError::Engine(other.to_string()),
        }));
    }
}

fn apply_one(connection: &Connection, mut batch: Batch, now: Timestamp) -> Result<Committed, StoreError> {
    let take: [Value; 4] =
        [(batch.changes as i64).into(), now.into(), now.into(), Value::Text(batch.tenant.0.clone())];
    let taken = rows(connection, TAKE_NUMBERS, &take, |row| {
        Ok((row.int(0)?, row.time(1)?, row.int(2)?, row.string(3)?))
    })?;
    let Some((seq, at, audit_n, audit_hash)) = taken.into_iter().next() else {
        return Err(StoreError::NoTenant(batch.tenant.0));
    };
    batch::resolve(&mut batch.ops, seq, batch.changes, at);
    let mut number = seq - batch.changes as i64;
    let mut insert_change = connection.prepare_cached(INSERT_CHANGE)?;
    let mut statement = None;
    for op in &batch.ops {
        // Most batches say the same many times.
        let prepared = match statement.take() {
            Some((sql, prepared)) if std::ptr::eq::<str>(sql, op.sql) => prepared,
            _ => connection.prepare_cached(op.sql)?,
        };
        let (_, prepared) = statement.insert((op.sql, prepared));
        let touched = prepared.execute(params_from_iter(&op.params))?;
        if op.expect.is_some_and(|rows| rows != touched as u64) {
            return Err(StoreError::Conflict);
        }
        if let Some((kind, id, verb)) = &op.change {
            number += 1;
            insert_change.execute((&batch.tenant.0, number, kind.name(), id, verb, at.micros()))?;
        }
    }
    for (sql, params) in audit::ops(&batch.tenant, &batch.audit, audit_n, &audit_hash, at) {
        connection.prepare_cached(sql)?.execute(params_from_iter(&params))?;
    }
    Ok(Committed { seq, at })
}

fn code(error: &rusqlite::Error) -> Option<i32> {
    error.sqlite_error().map(|e| e.extended_code)
}

fn is_taken(error: &rusqlite::Error) -> bool {
    use rusqlite::ffi::{SQLITE_CONSTRAINT_PRIMARYKEY, SQLITE_CONSTRAINT_UNIQUE};
    matches!(code(error), Some(SQLITE_CONSTRAINT_PRIMARYKEY | SQLITE_CONSTRAINT_UNIQUE))
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::DiskFull,
            // Only a name that is taken is the caller's; a NULL or a wrong type would be a bug of ours.
            Some(ErrorCode::ConstraintViolation) if is_taken(&error) => Self::Conflict,
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Unavailable(error.to_string()),
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Self::Damaged(error.to_string()),
            // The index of the log beside the database has no room to grow.
            _ if code(&error) == Some(rusqlite::ffi::SQLITE_IOERR_SHMSIZE) => Self::DiskFull,
            _ => Self::Engine(error.to_string()),
        }
    }
}
