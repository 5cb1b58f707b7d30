//! PostgreSQL: a pool of connections; a batch is one transaction whose statements are pipelined.

use crate::{
    BadRow, Batch, Committed, Row, StoreError, Value, audit,
    batch::{self, INSERT_CHANGE, TAKE_NUMBERS},
    migrate, search,
    sql::for_postgres,
};
use deadpool_postgres::{GenericClient, Manager, ManagerConfig, Pool, PoolError, RecyclingMethod};
use std::{
    collections::HashMap,
    sync::{PoisonError, RwLock},
    task::Poll,
};
use tokio_postgres::{IsolationLevel, NoTls, error::SqlState, types::ToSql};
use touchline_model::Timestamp;

/// Connections of this node.
const CONNECTIONS: usize = 16;

pub(crate) struct Postgres {
    pool: Pool,
    /// Our statements in PostgreSQL's words.
    translated: RwLock<HashMap<&'static str, &'static str>>,
}

impl Postgres {
    pub(crate) async fn open(url: &str) -> Result<Self, StoreError> {
        let config: tokio_postgres::Config =
            url.parse().map_err(|e| StoreError::Unavailable(format!("bad URL: {e}")))?;
        let manager =
            Manager::from_config(config, NoTls, ManagerConfig { recycling_method: RecyclingMethod::Fast });
        let pool = Pool::builder(manager).max_size(CONNECTIONS).build();
        let pool = pool.map_err(|e| StoreError::Unavailable(e.to_string()))?;
        let mut client = pool.get().await?;
        migrate::postgres(&mut client).await?;
        Ok(Self { pool, translated: RwLock::default() })
    }

    /// A statement is translated once; there are only as many as stand in this crate, so keeping them is bounded.
    fn translate(&self, sql: &'static str) -> &'static str {
        if let Some(known) = self.translated.read().unwrap_or_else(PoisonError::into_inner).get(sql) {
            return known;
        }
        let mut known = self.translated.write().unwrap_or_else(PoisonError::into_inner);
        known
            .entry(sql)
            .or_insert_with(|| search::in_postgres(sql).unwrap_or_else(|| String::leak(for_postgres(sql))))
    }

    pub(crate) async fn query<T>(
        &self,
        sql: &'static str,
        params: &[Value],
        map: impl Fn(&Row<'_>) -> Result<T, BadRow>,
    ) -> Result<Vec<T>, StoreError> {
        let client = self.pool.get().await?;
        let statement = client.prepare_cached(self.translate(sql)).await?;
        let found = client.query(&statement, &dynamic(params)).await?;
        found.iter().map(|row| map(&Row::Postgres(row)).map_err(StoreError::from)).collect()
    }

    /// Adds every row to what is being gathered.
    pub(crate) async fn gather<A>(
        &self,
        sql: &'static str,
        params: &[Value],
        mut all: A,
        add: impl Fn(&mut A, &Row<'_>) -> Result<(), BadRow>,
    ) -> Result<A, StoreError> {
        let client = self.pool.get().await?;
        let statement = client.prepare_cached(self.translate(sql)).await?;
        let found = client.query(&statement, &dynamic(params)).await?;
        for row in &found {
            add(&mut all, &Row::Postgres(row))?;
        }
        Ok(all)
    }

    /// Several reads of one moment.
    pub(crate) async fn query_together<T>(
        &self,
        reads: Vec<(&'static str, Vec<Value>)>,
        map: impl Fn(usize, &Row<'_>) -> Result<T, BadRow>,
    ) -> Result<Vec<Vec<T>>, StoreError> {
        let mut client = self.pool.get().await?;
        let moment =
            client.build_transaction().isolation_level(IsolationLevel::RepeatableRead).read_only(true);
        let moment = moment.start().await?;
        let mut all = Vec::with_capacity(reads.len());
        for (n, (sql, params)) in reads.into_iter().enumerate() {
            let statement = moment.prepare_cached(self.translate(sql)).await?;
            let found = moment.query(&statement, &dynamic(&params)).await?;
            let rows: Result<Vec<T>, BadRow> = found.iter().map(|row| map(n, &Row::Postgres(row))).collect();
            all.push(rows?);
        }
        moment.commit().await?;
        Ok(all)
    }

    pub(crate) async fn prepare(&self, sql: &'static str) -> Result<(), StoreError> {
        self.pool.get().await?.prepare(self.translate(sql)).await?;
        Ok(())
    }

    pub(crate) async fn apply(&self, mut batch: Batch, now: Timestamp) -> Result<Committed, StoreError> {
        let mut client = self.pool.get().await?;
        let transaction = client.transaction().await?;
        let take = transaction.prepare_cached(self.translate(TAKE_NUMBERS)).await?;
        let wanted = batch.changes as i64;
        let taken = transaction
            .query_opt(&take, &[&wanted, &now.micros(), &now.micros(), &batch.tenant.0])
            .await?
            .ok_or_else(|| StoreError::NoTenant(batch.tenant.0.clone()))?;
        let (seq, at): (i64, i64) = (taken.get(0), taken.get(1));
        let (audit_n, audit_hash): (i64, String) = (taken.get(2), taken.get(3));
        let at = Timestamp::from_micros(at);
        batch::resolve(&mut batch.ops, seq, batch.changes, at);

        let mut work: Vec<(&'static str, Vec<Value>, Option<u64>)> =
            Vec::with_capacity(batch.ops.len() + batch.changes);
        let mut number = seq - wanted;
        for op in batch.ops {
            if let Some((kind, id, verb)) = op.change {
                number += 1;
                let tenant = Value::Text(batch.tenant.0.clone());
                let change = vec![
                    tenant,
                    number.into(),
                    kind.name().into(),
                    id.into(),
                    verb.into(),
                    Value::Int(at.micros()),
                ];
                work.push((INSERT_CHANGE, change, None));
            }
            // What only SQLite's text search needs.
            if !self.translate(op.sql).is_empty() {
                work.push((op.sql, op.params, op.expect));
            }
        }
        let trail = audit::ops(&batch.tenant, &batch.audit, audit_n, &audit_hash, at);
        work.extend(trail.into_iter().map(|(sql, params)| (sql, params, None)));

        // Prepared one after the other (usually from the cache), then sent without waiting for each answer.
        let mut prepared = HashMap::new();
        for (sql, _, _) in &work {
            if !prepared.contains_key(sql) {
                prepared.insert(*sql, transaction.prepare_cached(self.translate(sql)).await?);
            }
        }
        let mut answers = Vec::with_capacity(work.len());
        for (sql, params, expect) in &work {
            let (transaction, statement) = (&transaction, &prepared[sql]);
            let mut answer = Box::pin(async move {
                let touched = transaction.execute(statement, &dynamic(params)).await?;
                match expect {
                    Some(rows) if *rows != touched => Err(StoreError::Conflict),
                    _ => Ok(()),
                }
            });
            // The first poll sends the statement. Polled here, they take effect in the order of the batch.
            match futures::poll!(&mut answer) {
                Poll::Ready(done) => done?,
                Poll::Pending => answers.push(answer),
            }
        }
        for answer in answers {
            answer.await?;
        }
        transaction.commit().await?;
        Ok(Committed { seq, at })
    }
}

fn dynamic(params: &[Value]) -> Vec<&(dyn ToSql + Sync)> {
    params.iter().map(|value| value as &(dyn ToSql + Sync)).collect()
}

fn in_words(error: &tokio_postgres::Error) -> String {
    match error.as_db_error() {
        Some(db) => format!("{}: {}", db.code().code(), db.message()),
        None => std::error::Error::source(error)
            .map_or_else(|| error.to_string(), |cause| format!("{error}: {cause}")),
    }
}

/// Whether the connection broke, rather than what was asked over it.
fn is_broken(error: &tokio_postgres::Error) -> bool {
    let cause = std::error::Error::source(error);
    error.is_closed() || cause.is_some_and(|cause| cause.is::<std::io::Error>())
}

impl From<tokio_postgres::Error> for StoreError {
    fn from(error: tokio_postgres::Error) -> Self {
        match error.code() {
            Some(
                &SqlState::UNIQUE_VIOLATION
                | &SqlState::T_R_SERIALIZATION_FAILURE
                | &SqlState::T_R_DEADLOCK_DETECTED,
            ) => Self::Conflict,
            Some(&SqlState::DISK_FULL) => Self::DiskFull,
            // Stopped by its operator, too many connections, connection lost.
            Some(code) if ["57P", "533", "08"].iter().any(|class| code.code().starts_with(class)) => {
                Self::Unavailable(in_words(&error))
            }
            None if is_broken(&error) => Self::Unavailable(in_words(&error)),
            _ => Self::Engine(in_words(&error)),
        }
    }
}
impl From<PoolError> for StoreError {
    fn from(error: PoolError) -> Self {
        match error {
            PoolError::Backend(error) => Self::Unavailable(in_words(&error)),
            other => Self::Unavailable(other.to_string()),
        }
    }
}
