//! The two engines. Everything above speaks to them through [`crate::Store`].

pub(crate) mod postgres;
pub(crate) mod sqlite;
mod sqlite_log;

use crate::StoreError;

pub(crate) enum Engine {
    Sqlite(sqlite::Sqlite),
    Postgres(std::sync::Arc<postgres::Postgres>),
}

/// Runs blocking work off the async threads.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    tokio::task::spawn_blocking(work)
        .await
        .unwrap_or_else(|_| Err(StoreError::Unavailable("a database task was stopped".to_owned())))
}
