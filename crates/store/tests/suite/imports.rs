//! Imports: made, ordered once, followed, forgotten when they are old.

use crate::world::{World, is_conflict};
use serde_json::json;
use touchline_model::{Ability, Clock};
use touchline_store::{ImportRow, ImportState};

on_both_engines!(
    an_import_is_kept_as_it_was_written,
    an_import_is_ordered_once,
    progress_is_noted_only_while_it_runs,
    old_imports_are_found_and_forgotten,
);

fn row(world: &World, id: &str) -> ImportRow {
    ImportRow {
        id: id.to_owned(),
        state: ImportState::Staged,
        actor: "user:u\"1'".to_owned(),
        user: Some("u\"1'".to_owned().into()),
        source: "192.0.2.1".to_owned(),
        abilities: [Ability::WriteContacts, Ability::ReadContacts].into(),
        files: 3,
        bytes: 5_000_000_000,
        name: "März".to_owned(),
        options: json!({ "zone": "Europe/Berlin" }),
        progress: None,
        report: None,
        error: None,
        runs: 0,
        created_at: world.clock.now(),
        changed_at: world.clock.now(),
    }
}

async fn an_import_is_kept_as_it_was_written(world: World) {
    let first = row(&world, "1");
    let second = ImportRow {
        state: ImportState::Done,
        user: None,
        progress: Some(json!({ "records": 7 })),
        report: Some(json!({ "counts": {} })),
        error: Some("broke off".to_owned()),
        runs: 2,
        ..row(&world, "2")
    };
    world.write(|batch| _ = batch.put_import(&first).put_import(&second)).await.unwrap();
    assert_eq!(world.store.import(&world.tenant, "1").await.unwrap(), Some(first.clone()));
    assert_eq!(world.store.imports(&world.tenant, 9).await.unwrap(), [second.clone(), first]);
    assert_eq!(world.store.imports(&world.tenant, 1).await.unwrap(), [second]);
    assert_eq!(world.store.staged_imports(&world.tenant).await.unwrap(), 1);
    let other = world.add_tenant("other").await;
    assert_eq!(world.store.import(&other, "1").await.unwrap(), None);
    assert!(world.store.imports(&other, 9).await.unwrap().is_empty());
    let known = world.store.known_imports(&["0".to_owned(), "1".to_owned()]).await.unwrap();
    assert_eq!(known, ["1"]);
    assert_eq!(world.store.staged_imports(&other).await.unwrap(), 0);
    world.write(|batch| _ = batch.delete_import("1")).await.unwrap();
    assert_eq!(world.store.import(&world.tenant, "1").await.unwrap(), None);
}

async fn an_import_is_ordered_once(world: World) {
    let staged = row(&world, "1");
    world.write(|batch| _ = batch.put_import(&staged)).await.unwrap();
    let ordered = ImportRow {
        state: ImportState::Running,
        actor: "user:boss".to_owned(),
        user: Some("boss".to_owned().into()),
        source: "192.0.2.2".to_owned(),
        ..staged
    };
    let order = async || {
        world.write(|batch| _ = batch.hold_import("1", ImportState::Staged).put_import(&ordered)).await
    };
    order().await.unwrap();
    let kept = world.store.import(&world.tenant, "1").await.unwrap();
    assert_eq!(kept, Some(ordered.clone()), "it is the import of whoever ordered it");
    assert!(is_conflict(&order().await));
    let gone = world.write(|batch| _ = batch.hold_import("2", ImportState::Staged)).await;
    assert!(is_conflict(&gone), "what is not there stands nowhere");
}

async fn progress_is_noted_only_while_it_runs(world: World) {
    let running = ImportRow { state: ImportState::Running, ..row(&world, "1") };
    world.write(|batch| _ = batch.put_import(&running).put_import(&row(&world, "2"))).await.unwrap();
    world.clock.advance_secs(5);
    let at = world.clock.now();
    let note = |id: &'static str| world.write(move |batch| _ = batch.set_import_progress(id, &json!(7), at));
    note("1").await.unwrap();
    note("2").await.unwrap();
    let read = async |id: &str| world.store.import(&world.tenant, id).await.unwrap().unwrap();
    assert_eq!((read("1").await.progress, read("1").await.changed_at), (Some(json!(7)), at));
    assert_eq!(read("2").await, row_before(&world, "2"), "it does not run");
}

fn row_before(world: &World, id: &str) -> ImportRow {
    let began = world.clock.now().plus_secs(-5);
    ImportRow { created_at: began, changed_at: began, ..row(world, id) }
}

async fn old_imports_are_found_and_forgotten(world: World) {
    let in_state = |id: &str, state| ImportRow { state, ..row(&world, id) };
    let all = [ImportState::Staged, ImportState::Running, ImportState::Done, ImportState::Failed];
    world
        .write(|batch| {
            for (n, state) in all.into_iter().enumerate() {
                batch.put_import(&in_state(&n.to_string(), state));
            }
        })
        .await
        .unwrap();
    let now = world.clock.now();
    let old = async |staged, done, limit| {
        let found = world.store.old_imports(staged, done, limit).await.unwrap();
        assert!(found.iter().all(|(tenant, _)| *tenant == world.tenant));
        found.into_iter().map(|(_, id)| id).collect::<Vec<_>>()
    };
    let later = now.plus_secs(1);
    assert_eq!(old(now, now, 9).await, [""; 0]);
    assert_eq!(old(later, now, 9).await, ["0", "3"]);
    assert_eq!(old(later, later, 9).await, ["0", "2", "3"], "what runs is never old");
    assert_eq!(old(later, later, 2).await, ["0", "2"]);
    let ids: Vec<String> = ["0", "1", "2", "3", "x"].map(str::to_owned).into();
    assert_eq!(world.store.done_imports(&ids).await.unwrap(), ["2"]);
    let forget = |id: &'static str| world.write(move |batch| _ = batch.forget_import(id));
    forget("0").await.unwrap();
    assert!(is_conflict(&forget("0").await), "it is gone already");
    assert!(is_conflict(&forget("1").await), "it was ordered since it was found");
    assert!(world.store.import(&world.tenant, "1").await.unwrap().is_some());
}
