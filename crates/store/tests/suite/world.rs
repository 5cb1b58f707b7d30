//! An empty store of a test's own, with the clock in the test's hand.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};
use touchline_model::{FakeClock, Tenant, TenantId, Timestamp};
use touchline_store::{Batch, Committed, Store, StoreError};

pub(crate) const START: &str = "2026-03-01T09:30:00Z";

pub(crate) fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

enum Place {
    Sqlite { file: PathBuf, _folder: tempfile::TempDir },
    Postgres { url: String },
}

pub(crate) struct World {
    pub(crate) store: Store,
    pub(crate) clock: Arc<FakeClock>,
    /// A tenant that exists.
    pub(crate) tenant: TenantId,
    place: Place,
}

impl World {
    pub(crate) async fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self::at(Place::Sqlite { file: folder.path().join("touchline.db"), _folder: folder }).await
    }

    pub(crate) async fn postgres() -> Self {
        Self::at(Place::Postgres { url: crate::postgres::fresh_database().await }).await
    }

    async fn at(place: Place) -> Self {
        let clock = Arc::new(FakeClock::at(time(START)));
        let store = open(&place, &clock).await.unwrap();
        let world = Self { store, clock, tenant: "acme".into(), place };
        world.add_tenant("acme").await;
        world
    }

    pub(crate) async fn add_tenant(&self, id: &str) -> TenantId {
        let tenant = Tenant { id: id.into(), name: format!("{id} Ltd"), created_at: time(START) };
        assert!(self.store.create_tenant(&tenant).await.unwrap());
        tenant.id
    }

    /// The same data opened once more, as by another process.
    pub(crate) async fn open_again(&self) -> Result<Store, StoreError> {
        open(&self.place, &self.clock).await
    }

    pub(crate) fn batch(&self) -> Batch {
        Batch::new(&self.tenant)
    }

    /// Applies what `fill` puts into a batch.
    pub(crate) async fn write(&self, fill: impl FnOnce(&mut Batch)) -> Result<Committed, StoreError> {
        let mut batch = self.batch();
        fill(&mut batch);
        self.store.apply(batch).await
    }

    /// The file of a store in SQLite, past the store.
    pub(crate) fn file(&self) -> rusqlite::Connection {
        match &self.place {
            Place::Sqlite { file, .. } => connect(file),
            Place::Postgres { .. } => panic!("PostgreSQL has no such file"),
        }
    }

    /// Runs a statement past the store, as an intruder with the password would.
    pub(crate) async fn behind_its_back(&self, sql: &str) {
        match &self.place {
            Place::Sqlite { file, .. } => connect(file).execute_batch(sql).unwrap(),
            Place::Postgres { url } => {
                let (client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls).await.unwrap();
                let connection = tokio::spawn(connection);
                client.batch_execute(sql).await.unwrap();
                drop(client);
                connection.await.unwrap().unwrap();
            }
        }
    }
}

fn connect(file: &Path) -> rusqlite::Connection {
    let connection = rusqlite::Connection::open(file).unwrap();
    connection.busy_timeout(std::time::Duration::from_secs(10)).unwrap();
    connection
}

async fn open(place: &Place, clock: &Arc<FakeClock>) -> Result<Store, StoreError> {
    match place {
        Place::Sqlite { file, .. } => Store::open_sqlite(file, clock.clone()).await,
        Place::Postgres { url } => Store::open_postgres(url, clock.clone()).await,
    }
}

/// Ids whose order by bytes is not the order of any language, and that quoting could break.
pub(crate) const HARD_IDS: [&str; 12] = [
    " x",
    "\"quoted\"",
    "'; DROP TABLE users; --",
    "10",
    "9",
    "B",
    "Z1",
    "\\u0041\\",
    "a",
    "a?b$1",
    "é",
    "日本🎧",
];

pub(crate) fn strings(of: &[&str]) -> Vec<String> {
    of.iter().map(|&it| it.to_owned()).collect()
}

/// Whether a result is the refusal that readers must answer by reading again.
pub(crate) fn is_conflict<T>(result: &Result<T, StoreError>) -> bool {
    matches!(result, Err(StoreError::Conflict))
}
