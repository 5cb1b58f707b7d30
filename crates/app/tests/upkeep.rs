//! What the workers do when they are told to stop, and what they tidy up.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may end here")]

use bytes::Bytes;
use futures::stream;
use std::{convert::Infallible, path::Path, sync::Arc, time::Duration};
use touchline_app::{App, Limits, SystemEntropy, pipeline::Litter};
use touchline_model::{Clock, Contact, FakeClock, Recording, SystemClock, Tenant, TenantId};
use touchline_store::{Batch, Blobs, NewJob, Store};

struct World {
    app: App,
    clock: Arc<FakeClock>,
    tenant: TenantId,
    folder: tempfile::TempDir,
}

async fn world() -> World {
    let folder = tempfile::tempdir().unwrap();
    // Files have the computer's time, so the story begins now.
    let clock = Arc::new(FakeClock::at(SystemClock.now()));
    let store = Store::open_sqlite(&folder.path().join("touchline.db"), clock.clone()).await.unwrap();
    let blobs = Blobs::open(&folder.path().join("recordings")).unwrap();
    let tenant = Tenant { id: "acme".into(), name: "Acme".to_owned(), created_at: clock.now() };
    assert!(store.create_tenant(&tenant).await.unwrap());
    let app = App::new(store, blobs, clock.clone(), Arc::new(SystemEntropy), Limits::default());
    World { app, clock, tenant: tenant.id, folder }
}

fn contact(id: &str) -> Contact {
    let json = serde_json::json!({ "id": id, "started_at": "2026-02-01T10:00:00Z", "state": "COMPLETE" });
    serde_json::from_value(json).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_gives_the_jobs_under_way_back() {
    let World { app, clock, tenant, folder: _folder } = world().await;
    let mut batch = Batch::new(&tenant);
    for n in 0..10_000 {
        batch.insert(&contact(&format!("c-{n}")));
    }
    let now = clock.now();
    let payload = serde_json::json!({});
    batch.enqueue(&NewJob { id: "go".to_owned(), kind: "rematch", payload, due_at: now, created_at: now });
    app.store().apply(batch).await.unwrap();
    let walk = async || {
        let jobs = app.store().jobs_page(&tenant, None, 9).await.unwrap();
        jobs.into_iter().find(|job| job.kind == "rematch-walk")
    };
    let under_way = async {
        while walk().await.is_none_or(|job| job.attempts == 0) {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    let stopped = tokio::time::timeout(Duration::from_secs(60), app.clone().work(under_way)).await;
    stopped.expect("the workers do not stop");
    let left = walk().await.expect("it was broken off");
    assert_eq!((left.attempts, left.failures, left.due_at), (1, 0, now));
    // The clock stands still: no lease has to end first.
    let again = app.store().lease_jobs(9, 60).await.unwrap();
    assert_eq!((again.len(), again[0].kind.as_str(), again[0].failures), (1, "rematch-walk", 0));
    app.store().release_job(&again[0]).await.unwrap();
    app.work_until_idle().await.unwrap();
    assert_eq!(walk().await, None, "it went on to its end");
}

async fn keep(app: &App, tenant: &TenantId, bytes: &'static [u8]) -> Recording {
    let whole = stream::iter([Ok::<_, Infallible>(Bytes::from_static(bytes))]);
    let incoming = app.blobs().receive("one", 1_000, whole).await.unwrap();
    app.blobs().keep(tenant, &incoming).await.unwrap();
    let (sha256, bytes) = (incoming.blob.sha256.clone(), incoming.blob.bytes);
    Recording { sha256, bytes, media_type: "audio/wav".to_owned() }
}

fn files(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => found.extend(files(&path)),
            false => found.push(path.file_name().unwrap().to_string_lossy().into_owned()),
        }
    }
    found.sort();
    found
}

#[tokio::test]
async fn bytes_that_no_contact_names_go_after_a_day() {
    let World { app, clock, tenant, folder } = world().await;
    let named = keep(&app, &tenant, b"somebody said this").await;
    let mut batch = Batch::new(&tenant);
    batch.insert(&contact("c"));
    let seq = app.store().apply(batch).await.unwrap().seq;
    let mut batch = Batch::new(&tenant);
    batch.set_recording("c", seq, &named, None, "COMPLETE");
    app.store().apply(batch).await.unwrap();
    // The power failed: once before the contact was written, once while bytes were copied.
    let lost = keep(&app, &tenant, b"kept, then dark").await;
    let shelf = folder.path().join("recordings/blobs/acme").join(&lost.sha256[..2]);
    let part = format!("{}#7", lost.sha256);
    std::fs::write(shelf.join(&part), b"half").unwrap();

    assert_eq!(app.litter(&tenant).await.unwrap(), Litter::default(), "they may be on their way");
    clock.advance_secs(120);
    let both = Litter { files: 2, bytes: 15 + 4 };
    assert_eq!(app.litter(&tenant).await.unwrap(), both);
    clock.advance_secs(86_400 - 180);
    assert_eq!(app.forget_litter().await.unwrap(), Litter::default(), "not a day old");
    let mut all = [named.sha256.clone(), lost.sha256, part];
    all.sort();
    assert_eq!(files(&folder.path().join("recordings")), all);
    clock.advance_secs(120);
    assert_eq!(app.forget_litter().await.unwrap(), both);
    assert_eq!(files(&folder.path().join("recordings")), std::slice::from_ref(&named.sha256));
    assert!(app.blobs().exists(&tenant, &named.sha256, named.bytes).await);
    assert_eq!(app.litter(&tenant).await.unwrap(), Litter::default());
}

/// A server that exports at fixed times: the same world with a destination, at a round hour of years ahead.
async fn with_exports() -> (App, Arc<FakeClock>, touchline_model::Caller, tempfile::TempDir) {
    let World { app, clock, tenant, folder } = world().await;
    clock.set("2031-03-01T12:00:00Z".parse().unwrap());
    let to = touchline_store::Destination::folder(&folder.path().join("warehouse"));
    let caller = touchline_model::Caller::system(tenant, "test");
    (app.with_exports(Some(to)), clock, caller, folder)
}

fn nightly(dataset: &str) -> touchline_app::exports::NewExportSchedule {
    let json = serde_json::json!({ "name": dataset, "dataset": dataset, "format": "csv", "every": "day",
        "at": "03:00", "zone": "UTC", "since": "2031-01-01" });
    serde_json::from_value(json).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_export_whose_worker_died_too_often_is_planned_for_its_next_time() {
    let (app, clock, caller, _folder) = with_exports().await;
    let made = app.create_export_schedule(&caller, nightly("users")).await.unwrap();
    clock.set("2031-03-02T03:00:00Z".parse().unwrap());
    // Whoever takes it ends without a word.
    for _ in 0..8 {
        assert_eq!(app.store().lease_jobs(9, 20).await.unwrap().len(), 1);
        clock.set(clock.now().plus_secs(21));
    }
    assert!(app.store().lease_jobs(9, 20).await.unwrap().is_empty(), "it was put aside");
    assert_eq!(app.plan_given_up_exports().await.unwrap(), 1);
    assert_eq!(app.plan_given_up_exports().await.unwrap(), 0, "once");
    let seen = app.export_schedule(&caller, &made.id).await.unwrap();
    let run = seen.last_run.unwrap();
    assert_eq!(run.state, touchline_app::exports::ExportRunState::Failed);
    assert!(run.error.as_deref().unwrap().contains("ended without a word"), "{run:?}");
    assert_eq!((run.started_at, run.ended_at), ("2031-03-02T03:00:00Z".parse().unwrap(), clock.now()));
    assert_eq!(seen.next_at, Some("2031-03-03T03:00:00Z".parse().unwrap()));
    assert_eq!((seen.running, seen.tried_again_at), (false, None));
    clock.set("2031-03-03T03:00:00Z".parse().unwrap());
    app.work_until_idle().await.unwrap();
    let after = app.export_schedule(&caller, &made.id).await.unwrap();
    assert_eq!(after.last_run.unwrap().state, touchline_app::exports::ExportRunState::Done);
    assert_eq!(after.next_at, Some("2031-03-04T03:00:00Z".parse().unwrap()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_makes_one_scheduled_export_at_a_time() {
    let (app, clock, caller, _folder) = with_exports().await;
    for dataset in ["users", "groups", "inboxes"] {
        app.create_export_schedule(&caller, nightly(dataset)).await.unwrap();
    }
    clock.set("2031-03-02T03:00:00Z".parse().unwrap());
    let done = async || {
        let all = app.export_schedules(&caller).await.unwrap();
        let is_done = |it: &&touchline_app::exports::ExportScheduleView| it.last_run.is_some();
        let waiting = all.iter().filter(|it| it.running).count();
        (all.iter().filter(is_done).count(), waiting)
    };
    // Two workers take two; while one is at work on sixty days, the other gives its own back. Then the third has its turn.
    app.work_until_idle().await.unwrap();
    assert_eq!(done().await, (2, 1), "the one that was put off waits");
    clock.set(clock.now().plus_secs(5));
    app.work_until_idle().await.unwrap();
    assert_eq!(done().await, (3, 0));
}
