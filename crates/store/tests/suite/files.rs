//! Data that another release wrote, that is damaged, or that is no database at all.

use crate::{
    samples::Sample,
    world::{START, World, time},
};
use std::{path::Path, sync::Arc};
use touchline_model::{Contact, FakeClock, Kpi, Tenant, User};
use touchline_store::{Batch, SCHEMA_VERSION, Store, StoreError};

on_both_engines!(a_damaged_row_is_named_and_harms_no_other);

async fn a_damaged_row_is_named_and_harms_no_other(world: World) {
    let World { store, tenant, .. } = &world;
    world
        .write(|batch| _ = batch.put(&Contact::full()).put(&Contact::sparse()).put(&User::full()))
        .await
        .unwrap();
    for damage in ["metadata = '{'", "channel = 'smoke'", "crm_matches = '[7]'"] {
        world.behind_its_back(&format!("UPDATE contacts SET {damage} WHERE id = 'c-1'")).await;
        let found = store.get::<Contact>(tenant, "c-1").await;
        assert!(matches!(&found, Err(StoreError::Damaged(text)) if text.contains("column")), "{found:?}");
        assert!(store.get::<Contact>(tenant, "c-2").await.unwrap().is_some());
        world.write(|batch| _ = batch.put(&Contact::full())).await.unwrap();
        assert_eq!(store.get::<Contact>(tenant, "c-1").await.unwrap().unwrap().value, Contact::full());
    }
    world.write(|batch| _ = batch.put_transcript("c-1", &crate::samples::transcript(&["x"]))).await.unwrap();
    world.behind_its_back("UPDATE transcripts SET body = substr(body, 1, 3)").await;
    let found = store.transcripts(tenant, &["c-1".to_owned()]).await;
    assert!(matches!(found, Err(StoreError::Damaged(_))));
}

fn clock() -> Arc<FakeClock> {
    Arc::new(FakeClock::at(time(START)))
}

async fn open(path: &Path) -> Result<Store, StoreError> {
    Store::open_sqlite(path, clock()).await
}

#[tokio::test]
async fn sqlite_data_of_a_newer_release_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("t.db");
    open(&file).await.unwrap().close().await;
    let raw = rusqlite::Connection::open(&file).unwrap();
    raw.pragma_update(None, "user_version", SCHEMA_VERSION + 1).unwrap();
    let refused = open(&file).await;
    assert!(
        matches!(refused, Err(StoreError::TooNew { found, known }) if found == known + 1 && known == SCHEMA_VERSION)
    );
    let version: i64 = raw.query_row("PRAGMA user_version", [], |row| row.get(0)).unwrap();
    assert_eq!(version, SCHEMA_VERSION + 1);
    raw.pragma_update(None, "user_version", SCHEMA_VERSION).unwrap();
    open(&file).await.unwrap().ping().await.unwrap();
}

#[tokio::test]
async fn postgres_data_of_a_newer_release_is_refused() {
    let world = World::postgres().await;
    world.behind_its_back("INSERT INTO schema_version (version) VALUES (99)").await;
    assert!(matches!(world.open_again().await, Err(StoreError::TooNew { found: 99, .. })));
    world.behind_its_back("DELETE FROM schema_version WHERE version = 99").await;
    world.open_again().await.unwrap().ping().await.unwrap();
}

#[tokio::test]
async fn several_nodes_may_start_on_an_empty_database_at_once() {
    let url = crate::postgres::fresh_database().await;
    let nodes = futures::future::join_all((0..4).map(|_| Store::open_postgres(&url, clock()))).await;
    for node in nodes {
        node.unwrap().ping().await.unwrap();
    }
}

#[tokio::test]
async fn a_postgres_that_is_not_there_is_unavailable() {
    let nobody = Store::open_postgres("postgres://touchline@127.0.0.1:1/x", clock()).await;
    assert!(matches!(nobody, Err(StoreError::Unavailable(_))), "{nobody:?}");
    let nonsense = Store::open_postgres("not a url", clock()).await;
    assert!(matches!(nonsense, Err(StoreError::Unavailable(_))), "{nonsense:?}");
}

#[tokio::test]
async fn a_postgres_that_crashes_loses_nothing_and_is_found_again() {
    let cluster = tokio::task::spawn_blocking(|| crate::postgres::Cluster::start(true)).await.unwrap();
    let store = Store::open_postgres(&cluster.database("crash").await, clock()).await.unwrap();
    let tenant = Tenant { id: "acme".into(), name: String::new(), created_at: time(START) };
    store.create_tenant(&tenant).await.unwrap();
    let put = async |n: usize| {
        let mut batch = Batch::new(&tenant.id);
        batch.put(&User::full().with_id(&n.to_string()));
        store.apply(batch).await
    };
    for n in 0..5 {
        put(n).await.unwrap();
    }
    cluster.kill_hard();
    for _ in 0..3 {
        let failed = put(9).await;
        assert!(matches!(failed, Err(StoreError::Unavailable(_))), "{failed:?}");
    }
    cluster.start_again();
    let kept = store.list::<User>(&tenant.id, None, 99).await;
    assert_eq!(kept.unwrap().len(), 5);
    assert_eq!(put(5).await.unwrap().seq, 6);
    drop(store);
}

#[tokio::test]
async fn what_is_no_database_is_called_damaged() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("t.db");
    std::fs::write(&file, "This is a letter to my grandmother. ".repeat(500)).unwrap();
    let refused = open(&file).await;
    assert!(matches!(refused, Err(StoreError::Damaged(_))), "{refused:?}");
    assert!(std::fs::read_to_string(&file).unwrap().starts_with("This is a letter"), "and left alone");
}

/// Overwrites pages of a file with noise.
fn spoil(file: &Path, from: usize) {
    let mut bytes = std::fs::read(file).unwrap();
    for (at, byte) in bytes.iter_mut().enumerate().skip(from) {
        *byte = (at * 31 + 7) as u8;
    }
    std::fs::write(file, bytes).unwrap();
}

#[tokio::test]
async fn a_file_with_spoiled_pages_is_damaged_not_a_panic() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("t.db");
    let store = open(&file).await.unwrap();
    let tenant = Tenant { id: "acme".into(), name: String::new(), created_at: time(START) };
    store.create_tenant(&tenant).await.unwrap();
    let everybody = || {
        let mut batch = Batch::new(&tenant.id);
        for n in 0..3_000 {
            batch.put(&User::full().with_id(&n.to_string())).put(&Kpi::full().with_id(&n.to_string()));
        }
        batch
    };
    store.apply(everybody()).await.unwrap();
    store.close().await;
    assert!(!file.with_extension("db-wal").exists(), "closing leaves one file");

    // Behind the tables that are read when opening: those were made first.
    spoil(&file, std::fs::metadata(&file).unwrap().len() as usize / 2);
    let store = open(&file).await.unwrap();
    let read = store.list::<User>(&tenant.id, None, 9_999).await;
    assert!(matches!(read, Err(StoreError::Damaged(_))), "{:?}", read.map(|it| it.len()));
    let written = store.apply(everybody()).await;
    assert!(matches!(written, Err(StoreError::Damaged(_))), "{written:?}");
    let found = store.engine_check().await;
    assert!(found.as_ref().is_ok_and(|faults| !faults.is_empty()) || found.is_err(), "{found:?}");
    store.close().await;

    spoil(&file, 100);
    let refused = open(&file).await;
    assert!(matches!(refused, Err(StoreError::Damaged(_))), "{refused:?}");
}

#[tokio::test]
async fn nothing_of_an_erased_contact_is_left_in_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("t.db");
    let store = open(&file).await.unwrap();
    let tenant = Tenant { id: "acme".into(), name: "Acme".to_owned(), created_at: time(START) };
    store.create_tenant(&tenant).await.unwrap();
    let words = vec!["Rumpelstilzchen"; 5_000];
    let contact = Contact { original_path: Some("Rumpelstilzchen.wav".to_owned()), ..Contact::full() };
    let mut batch = Batch::new(&tenant.id);
    batch.put(&contact).put_transcript("c-1", &crate::samples::transcript(&words));
    store.apply(batch).await.unwrap();
    let row = store.contact_row(&tenant.id, "c-1").await.unwrap().unwrap();
    let mut batch = Batch::new(&tenant.id);
    batch.erase(&row);
    store.apply(batch).await.unwrap();
    store.close().await;
    let bytes = std::fs::read(&file).unwrap();
    assert!(bytes.len() > 60_000, "the pages are still there");
    assert!(!bytes.windows(15).any(|part| part == b"Rumpelstilzchen"));
}
