//! Files are staged within bounds, and nobody's but the sender's.

mod folders;

use super::*;
use crate::desk::receive::Coming;
use futures::stream;
use std::{convert::Infallible, os::unix::fs::PermissionsExt, sync::Arc};
use touchline_app::{Limits, SystemEntropy, store::Blobs, store::Store};
use touchline_model::{Ability, FakeClock, Tenant, Timestamp};

struct World {
    app: App,
    clock: Arc<FakeClock>,
    desk: Arc<Desk>,
    caller: Caller,
    folder: tempfile::TempDir,
}

async fn world() -> World {
    let folder = tempfile::tempdir().unwrap();
    let clock = Arc::new(FakeClock::at("2026-03-01T09:30:00Z".parse().unwrap()));
    let store = Store::open_sqlite(&folder.path().join("touchline.db"), clock.clone()).await.unwrap();
    let blobs = Blobs::open(&folder.path().join("recordings")).unwrap();
    let limits = Limits { recording_bytes: 1_000, ..Limits::default() };
    let desk = Arc::new(Desk::new(folder.path().join("imports")));
    let app = App::new(store, blobs, clock.clone(), Arc::new(SystemEntropy), limits)
        .with_worker(touchline_app::imports::JOB, desk.clone());
    let caller = tenant(&app, "acme").await;
    World { app, clock, desk, caller, folder }
}

async fn tenant(app: &App, id: &str) -> Caller {
    let created_at = app.clock().now();
    let tenant = Tenant { id: id.into(), name: id.to_owned(), created_at };
    assert!(app.store().create_tenant(&tenant).await.unwrap());
    Caller::system(tenant.id, "user:ana")
}

impl World {
    async fn stage(&self) -> String {
        self.app.stage_import(&self.caller).await.unwrap().id
    }
    async fn send(&self, id: &str, name: &str, content: &str) -> Result<u64, AppError> {
        let coming = Coming { name, changed: None, top: "" };
        self.send_as(&self.caller, id, coming, content).await
    }
    async fn send_as(
        &self,
        who: &Caller,
        id: &str,
        coming: Coming<'_>,
        content: &str,
    ) -> Result<u64, AppError> {
        let chunks = content.as_bytes().chunks(7).map(|it| Ok::<_, Infallible>(it.to_vec()));
        self.desk.receive(&self.app, who, id, coming, &mut stream::iter(chunks)).await
    }
    async fn view(&self, id: &str) -> touchline_app::imports::ImportView {
        self.app.import(&self.caller, id).await.unwrap()
    }
    async fn work(&self) {
        self.app.work_until_idle().await.unwrap();
    }
    async fn contacts(&self) -> Vec<String> {
        let all = self.app.contacts(&self.caller, None, 99).await.unwrap();
        all.into_iter().map(|it| it.contact.id.0).collect()
    }
}

const LINES: &str = "{\"id\":\"c1\",\"started_at\":\"2026-02-01T10:00:00Z\"}\n{\"id\":\"c2\"}\n";

#[tokio::test(flavor = "multi_thread")]
async fn files_are_staged_looked_at_and_brought_in() {
    let world = world().await;
    let id = world.stage().await;
    assert!(matches!(world.desk.preview(&world.app, &world.caller, &id).await, Err(IntakeError::Input(_))));
    assert!(matches!(world.desk.order(&world.app, &world.caller, &id).await, Err(AppError::Conflict(_))));
    let changed: Timestamp = "2026-01-31T08:00:00Z".parse().unwrap();
    let coming = Coming { name: "a/contacts.ndjson", changed: Some(changed), top: "march" };
    let length = world.send_as(&world.caller, &id, coming, LINES).await.unwrap();
    assert_eq!(length, LINES.len() as u64);
    let private = fs::metadata(world.folder.path().join("imports")).unwrap().permissions().mode();
    assert_eq!(private & 0o777, 0o700, "customers' words are nobody else's");
    let preview = world.desk.preview(&world.app, &world.caller, &id).await.unwrap();
    assert_eq!((preview.records["contacts"], preview.problem_count, preview.complete), (1, 1, true));
    assert_eq!(preview.problems[0].place.line, Some(2));
    assert!(world.contacts().await.is_empty(), "looking changes nothing");
    world.desk.order(&world.app, &world.caller, &id).await.unwrap();
    let row = world.view(&id).await.row;
    assert_eq!((row.state, row.files, row.name.as_str()), (ImportState::Running, 1, "march"));
    assert!(matches!(world.desk.order(&world.app, &world.caller, &id).await, Err(AppError::Conflict(_))));
    assert!(matches!(world.send(&id, "late.csv", "x").await, Err(AppError::Conflict(_))));
    assert!(
        world.desk.refused(&world.app, &world.caller, &id).await.unwrap().is_none(),
        "not before the end"
    );
    world.work().await;
    let row = world.view(&id).await.row;
    let report: crate::Report = serde_json::from_value(row.report.unwrap()).unwrap();
    assert_eq!((row.state, row.runs), (ImportState::Done, 1));
    assert_eq!((report.total().created, report.total().refused), (1, 1));
    assert_eq!(world.contacts().await, ["c1"]);
    let refused = world.desk.refused(&world.app, &world.caller, &id).await.unwrap().unwrap();
    let line: crate::Refusal = serde_json::from_str(fs::read_to_string(refused).unwrap().trim()).unwrap();
    assert_eq!(line.place.line, Some(2));
    assert!(!world.desk.files(&id).exists(), "the files have done their duty");
}

impl World {
    /// Names of what lies in the folder of an import.
    fn lying(&self, id: &str) -> Vec<String> {
        let entries = fs::read_dir(self.desk.folder(id)).unwrap();
        let mut names: Vec<String> =
            entries.map(|it| it.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_an_import_that_is_through_only_the_list_of_refusals_stays() {
    let world = world().await;
    let id = world.stage().await;
    let coming = Coming { name: "contacts.ndjson", changed: None, top: "march" };
    world.send_as(&world.caller, &id, coming, LINES).await.unwrap();
    // A program that was killed while a file came leaves its beginning.
    fs::write(world.desk.folder(&id).join("part-1"), "what a customer said").unwrap();
    world.desk.order(&world.app, &world.caller, &id).await.unwrap();
    world.work().await;
    assert_eq!(world.lying(&id), ["refused.ndjson"]);
    // One that was killed before it could clear up leaves everything.
    fs::create_dir_all(world.desk.files(&id).join("a")).unwrap();
    fs::write(world.desk.files(&id).join("a/1.wav"), "what a customer said").unwrap();
    let staged = world.stage().await;
    world.send(&staged, "b.csv", "id\n").await.unwrap();
    world.desk.sweep(&world.app).await.unwrap();
    assert_eq!(world.lying(&id), ["refused.ndjson"]);
    assert_eq!(world.lying(&staged), ["files"], "what is still to be brought in stays");
    assert!(world.desk.refused(&world.app, &world.caller, &id).await.unwrap().is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_still_coming_when_the_import_is_ordered_is_not_said_to_be_there() {
    let world = world().await;
    let id = world.stage().await;
    world.send(&id, "contacts.ndjson", LINES).await.unwrap();
    let slow = stream::once(async {
        world.desk.order(&world.app, &world.caller, &id).await.unwrap();
        Ok::<_, Infallible>(b"late".to_vec())
    });
    let coming = Coming { name: "late.wav", changed: None, top: "" };
    let late = world.desk.receive(&world.app, &world.caller, &id, coming, Box::pin(slow)).await;
    assert!(matches!(late, Err(AppError::Conflict(_))), "{late:?}");
    assert_eq!(world.desk.staged(&id).await.unwrap().files, 1);
    let size = world.desk.sizes.lock().unwrap()[&id];
    assert_eq!((size.files, size.bytes), (1, LINES.len() as u64));
    let gone = world.stage().await;
    let slow = stream::once(async {
        world.desk.discard(&world.app, &world.caller, &gone).await.unwrap();
        Ok::<_, Infallible>(b"late".to_vec())
    });
    let late = world.desk.receive(&world.app, &world.caller, &gone, coming, Box::pin(slow)).await;
    assert!(matches!(late, Err(AppError::Missing { .. })), "{late:?}");
    assert!(!world.desk.folder(&gone).exists() && !world.desk.sizes.lock().unwrap().contains_key(&gone));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_preview_of_many_transcripts_looks_for_the_contacts_of_some() {
    let world = world().await;
    let id = world.stage().await;
    for name in ["a.vtt", "b.vtt", "c.vtt"] {
        world.send(&id, name, "WEBVTT\n\n00:01.000 --> 00:02.000\nHi\n").await.unwrap();
    }
    let files = world.desk.files(&id);
    let looked_at = async |transcripts| {
        let (options, bounds) = (Options::default(), Bounds { transcripts, ..Bounds::default() });
        let found = preview(&world.app, &world.caller, &files, &options, &bounds).await.unwrap();
        (found.problem_count, found.complete)
    };
    assert_eq!(looked_at(1).await, (2, false), "two files may be the sides of one call");
    assert_eq!(looked_at(2).await, (3, true));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_is_that_of_the_person_who_ordered_it() {
    let world = world().await;
    let id = world.stage().await;
    world.send(&id, "contacts.ndjson", LINES).await.unwrap();
    let boss = Caller {
        actor: "user:boss".to_owned(),
        user: Some("boss".into()),
        source: "192.0.2.7".to_owned(),
        ..world.caller.clone()
    };
    world.desk.order(&world.app, &boss, &id).await.unwrap();
    let job = world.app.store().lease_jobs(1, 20).await.unwrap().remove(0);
    let (_, runs_as) = world.app.begin_import(&job).await.unwrap().unwrap();
    assert_eq!(
        (runs_as.actor, runs_as.user, runs_as.source),
        (boss.actor, boss.user, boss.source),
        "what it writes is written in the name of whoever ordered it"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_whose_job_was_put_aside_can_be_discarded() {
    let world = world().await;
    let id = world.stage().await;
    world.send(&id, "contacts.ndjson", LINES).await.unwrap();
    world.desk.order(&world.app, &world.caller, &id).await.unwrap();
    assert!(matches!(world.desk.discard(&world.app, &world.caller, &id).await, Err(AppError::Conflict(_))));
    let job = world.app.store().lease_jobs(1, 20).await.unwrap().remove(0);
    world.app.store().fail_job(&job, "no luck", true).await.unwrap();
    assert_eq!(world.view(&id).await.stuck.as_deref(), Some("no luck"));
    world.desk.discard(&world.app, &world.caller, &id).await.unwrap();
    assert!(world.app.imports(&world.caller, 9).await.unwrap().is_empty());
    assert!(!world.desk.folder(&id).exists());
    assert_eq!(world.app.store().job(&world.caller.tenant, &job.id).await.unwrap(), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn outages_in_a_row_are_counted_however_far_each_run_came() {
    let world = world().await;
    let id = world.stage().await;
    world.send(&id, "contacts.ndjson", LINES).await.unwrap();
    world.desk.order(&world.app, &world.caller, &id).await.unwrap();
    for outages in 0..3 {
        let job = world.app.store().lease_jobs(1, 20).await.unwrap().remove(0);
        assert_eq!(job.failures, outages);
        assert!(world.app.begin_import(&job).await.unwrap().is_some());
        assert!(world.app.note_import(&job, &id, &serde_json::json!({})).await.unwrap());
        world.app.store().fail_job(&job, "the disk is full", false).await.unwrap();
        world.clock.advance_secs(600);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_has_the_abilities_of_the_one_who_ordered_it() {
    let world = world().await;
    let manager =
        Caller { abilities: [Ability::ReadContacts, Ability::WriteContacts].into(), ..world.caller.clone() };
    let id = world.app.stage_import(&manager).await.unwrap().id;
    let coming = |name| Coming { name, changed: None, top: "" };
    world.send_as(&manager, &id, coming("users.ndjson"), "{\"id\":\"u\",\"email\":\"u@x\"}\n").await.unwrap();
    world.desk.order(&world.app, &manager, &id).await.unwrap();
    world.work().await;
    let users = world.app.all::<touchline_model::User>(&world.caller).await.unwrap();
    assert!(users.is_empty(), "a manager's import makes no users");
    let row = world.view(&id).await.row;
    assert_eq!(row.state, ImportState::Failed, "{row:?}");
    assert!(row.error.unwrap().contains("write_directory"));
    let reader = Caller { abilities: [Ability::ReadContacts].into(), ..world.caller.clone() };
    assert!(matches!(world.app.stage_import(&reader).await, Err(AppError::NotAllowed(_))));
    assert!(matches!(world.app.imports(&reader, 9).await, Err(AppError::NotAllowed(_))));
}

#[tokio::test(flavor = "multi_thread")]
async fn another_tenant_sees_nothing_of_an_import() {
    let world = world().await;
    let id = world.stage().await;
    world.send(&id, "a.csv", "id\n1\n").await.unwrap();
    let other = tenant(&world.app, "other").await;
    let missing = |it: Result<(), AppError>| assert!(matches!(it, Err(AppError::Missing { .. })), "{it:?}");
    let coming = Coming { name: "b.csv", changed: None, top: "" };
    missing(world.send_as(&other, &id, coming, "x").await.map(|_| ()));
    missing(world.desk.order(&world.app, &other, &id).await);
    missing(world.desk.discard(&world.app, &other, &id).await);
    missing(world.desk.refused(&world.app, &other, &id).await.map(|_| ()));
    assert!(world.desk.preview(&world.app, &other, &id).await.is_err());
    assert!(world.app.imports(&other, 9).await.unwrap().is_empty());
    assert_eq!(world.desk.staged(&id).await.unwrap().files, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_too_large_broken_off_or_badly_named_leaves_nothing() {
    let world = world().await;
    let id = world.stage().await;
    let large = "x".repeat(1_001);
    assert!(matches!(world.send(&id, "a.wav", &large).await, Err(AppError::TooLarge(1_000))));
    for name in ["../a.csv", "/etc/passwd", "", ".hidden"] {
        let refused = world.send(&id, name, "x").await;
        assert!(
            matches!(refused, Err(AppError::Invalid(ref it)) if it.field == "name"),
            "{name}: {refused:?}"
        );
    }
    let broken = [Ok(b"abc".to_vec()), Err("the line went dead")];
    let coming = Coming { name: "b.csv", changed: None, top: "" };
    let broken = world.desk.receive(&world.app, &world.caller, &id, coming, stream::iter(broken)).await;
    assert!(matches!(broken, Err(AppError::Interrupted(_))));
    assert_eq!(world.desk.staged(&id).await.unwrap(), StagedFiles::default());
    world.send(&id, "b.csv", "abc").await.unwrap();
    world.send(&id, "b.csv", "abcdef").await.unwrap();
    let staged = StagedFiles { files: 1, bytes: 6, name: "b.csv".to_owned() };
    assert_eq!(world.desk.staged(&id).await.unwrap(), staged, "the same name replaces");
    let size = world.desk.sizes.lock().unwrap()[&id];
    assert_eq!((size.files, size.bytes), (1, 6), "what is counted is what lies there");
}

#[tokio::test(flavor = "multi_thread")]
async fn staged_imports_are_few_and_go_after_a_day() {
    let world = world().await;
    let first = world.stage().await;
    world.send(&first, "a.csv", "id\n").await.unwrap();
    for _ in 1..touchline_app::imports::MOST_STAGED {
        world.stage().await;
    }
    assert!(matches!(world.app.stage_import(&world.caller).await, Err(AppError::Conflict(_))));
    let orphan = world.folder.path().join("imports/orphan");
    fs::create_dir_all(&orphan).unwrap();
    world.desk.sweep(&world.app).await.unwrap();
    assert!(!orphan.exists(), "what belongs to no import goes");
    assert!(world.desk.folder(&first).exists());
    world.clock.advance_secs(STAGED_SECS + 1);
    world.desk.sweep(&world.app).await.unwrap();
    assert!(!world.desk.folder(&first).exists());
    assert!(world.app.imports(&world.caller, 99).await.unwrap().is_empty());
    world.stage().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_without_the_worker_leaves_the_job_to_another() {
    let world = world().await;
    let id = world.stage().await;
    world.send(&id, "contacts.ndjson", LINES).await.unwrap();
    world.desk.order(&world.app, &world.caller, &id).await.unwrap();
    let store = world.app.store().clone();
    let blobs = world.app.blobs().clone();
    let bare = App::new(store, blobs, world.clock.clone(), Arc::new(SystemEntropy), Limits::default());
    bare.work_until_idle().await.unwrap();
    assert_eq!(world.view(&id).await.row.state, ImportState::Running);
    assert_eq!(world.view(&id).await.stuck, None, "it waits, it is not put aside");
    world.work().await;
    assert!(world.contacts().await.is_empty(), "not yet");
    world.clock.advance_secs(31);
    world.work().await;
    assert_eq!(world.contacts().await, ["c1"]);
}

#[test]
fn options_name_the_field_that_is_wrong() {
    let read = |zone: &str, started_at: &str| {
        StagedOptions { zone: zone.to_owned(), started_at: started_at.to_owned() }.read()
    };
    assert!(read("", "").unwrap().leave_analysis);
    assert_eq!(read("Europe/Berlin", "file").unwrap().started_at, Some(StartedAt::FileTime));
    assert_eq!(read("Mars/North", "").unwrap_err().field, "zone");
    assert_eq!(read("", "yesterday").unwrap_err().field, "started_at");
    assert!(read("", "2026-03-01 09:00").is_err(), "a time without a zone");
    assert!(read("Europe/Berlin", "2026-03-01 09:00").is_ok());
}
