//! Administrators find entries of the audit trail, see when credentials were used, and never lock themselves out.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may end here")]

use std::{collections::BTreeSet, sync::Arc};
use touchline_app::{
    App, AppError, Limits, SystemEntropy,
    audit::AuditSearch,
    credentials::NewCredential,
    people::{FirstAdministrator, NewLogin},
    store::{AuditNote, Batch, Blobs, Store},
};
use touchline_model::{Ability, Caller, Clock, FakeClock, Role, User};

struct World {
    app: App,
    clock: Arc<FakeClock>,
    admin: Caller,
    _folder: tempfile::TempDir,
}

async fn world() -> World {
    let folder = tempfile::tempdir().unwrap();
    let clock = Arc::new(FakeClock::at("2026-03-01T09:30:00Z".parse().unwrap()));
    let store = Store::open_sqlite(&folder.path().join("touchline.db"), clock.clone()).await.unwrap();
    let blobs = Blobs::open(&folder.path().join("recordings")).unwrap();
    let app = App::new(store, blobs, clock.clone(), Arc::new(SystemEntropy), Limits::default());
    let first = FirstAdministrator {
        organisation: "Acme".to_owned(),
        first_name: "Ada".to_owned(),
        last_name: "Berg".to_owned(),
        email: "ada@example.com".to_owned(),
        password: "tall ships at noon".to_owned(),
    };
    app.set_up("192.0.2.1", first).await.unwrap();
    let session = app.sign_in("ada@example.com", "tall ships at noon", "192.0.2.1", "Browser").await.unwrap();
    let (admin, _) = app.session(&session.token, "192.0.2.1").await.unwrap().unwrap();
    World { app, clock, admin, _folder: folder }
}

fn manager(of: &World) -> Caller {
    Caller { abilities: Role::Manager.abilities(), ..of.admin.clone() }
}

fn new(dialect: &str) -> NewCredential {
    NewCredential {
        dialect: dialect.to_owned(),
        name: "Reports".to_owned(),
        login: None,
        secret: None,
        abilities: (dialect == "native").then(|| BTreeSet::from([Ability::ReadContacts])),
        can_delete: false,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_use_of_a_credential_is_known_at_once_and_written_every_five_minutes() {
    let world = world().await;
    let made = world.app.create_credential(&world.admin, new("native")).await.unwrap();
    let login = &made.credential.login;
    let shown = async || world.app.credentials(&world.admin, None, 9).await.unwrap()[0].last_used_at;
    let written = async || world.app.store().credential("native", login).await.unwrap().unwrap().last_used_at;
    assert_eq!((shown().await, written().await), (None, None));
    assert!(world.app.prove_token("tl_x_wrong", "192.0.2.8").await.unwrap().is_none());
    let wrong = format!("tl_{login}_wrong");
    assert!(world.app.prove_token(&wrong, "192.0.2.8").await.unwrap().is_none());
    assert_eq!((shown().await, written().await), (None, None), "a wrong secret is no use");
    let first = world.clock.now();
    assert!(world.app.prove_token(&made.secret, "192.0.2.8").await.unwrap().is_some());
    assert_eq!((shown().await, written().await), (Some(first), Some(first)));
    world.clock.advance_secs(299);
    assert!(world.app.prove_token(&made.secret, "192.0.2.8").await.unwrap().is_some());
    assert_eq!((shown().await, written().await), (Some(first.plus_secs(299)), Some(first)));
    world.clock.advance_secs(1);
    assert!(world.app.prove_token(&made.secret, "192.0.2.8").await.unwrap().is_some());
    assert_eq!(written().await, Some(first.plus_secs(300)));
    world.app.revoke_credential(&world.admin, made.credential.id.as_str()).await.unwrap();
    world.clock.advance_secs(900);
    assert!(world.app.prove_token(&made.secret, "192.0.2.8").await.unwrap().is_none());
    assert_eq!(written().await, Some(first.plus_secs(300)), "a revoked one is not used any more");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_audit_trail_is_searched_by_several_conditions_in_bounded_steps() {
    let world = world().await;
    let begin = world.app.audit_page(&world.admin, 0, 1_000).await.unwrap().len() as i64;
    let (rare, often) = ("user:rare", "user:often");
    for round in 0..61 {
        let mut batch = Batch::new(&world.admin.tenant);
        for n in 0..1_000 {
            let actor = if (round, n) == (2, 7) { rare } else { often };
            let caller = Caller { actor: actor.to_owned(), ..world.admin.clone() };
            batch.audit(AuditNote::new(&caller, "contact.read", "c-1", ""));
        }
        world.app.store().apply(batch).await.unwrap();
        world.clock.advance_secs(60);
    }
    let find = async |search: &AuditSearch, limit| {
        let found = world.app.audit_find(&world.admin, search, limit).await.unwrap();
        (found.entries.iter().map(|it| it.n).collect::<Vec<_>>(), found.next)
    };
    let last = begin + 61_000;
    let everything = AuditSearch::default();
    assert_eq!(find(&everything, 2).await, (vec![last, last - 1], Some(last - 1)));
    let next = AuditSearch { beyond: Some(2), ..everything.clone() };
    assert_eq!(find(&next, 2).await, (vec![1], None));
    let upwards = AuditSearch { oldest_first: true, beyond: Some(last - 2), ..everything.clone() };
    assert_eq!(find(&upwards, 2).await, (vec![last - 1, last], None));
    // One condition is looked up; two of which each fits nearly everything are held against a part of the trail.
    let by_actor = AuditSearch { actors: vec![rare.to_owned()], ..everything.clone() };
    let there = begin + 2_008;
    assert_eq!(find(&by_actor, 9).await, (vec![there], None));
    let both = AuditSearch { object: Some("c-1".to_owned()), ..by_actor };
    assert_eq!(find(&both, 9).await, (vec![], Some(last - 49_999)), "nothing yet, and where to go on");
    let further = AuditSearch { beyond: Some(last - 49_999), ..both.clone() };
    assert_eq!(find(&further, 9).await, (vec![there], None));
    let start: touchline_model::Timestamp = "2026-03-01T09:30:00Z".parse().unwrap();
    let minute = AuditSearch { from: Some(start.plus_secs(120)), to: Some(start.plus_secs(180)), ..both };
    assert_eq!(find(&minute, 9).await, (vec![there], None));
    let refused = world.app.audit_find(&manager(&world), &everything, 1).await;
    assert!(matches!(refused, Err(AppError::NotAllowed(Ability::Administer))));
    let check = world.app.audit_check(&world.admin, 0, 50_000).await.unwrap();
    assert_eq!((check.to, check.last, check.fault), (50_000, last, None));
    assert!(world.app.audit_actions(&world.admin).await.unwrap().contains(&"contact.read".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_administrator_who_works_here_neither_leaves_nor_is_deleted_nor_demoted() {
    let World { app, admin, .. } = &world().await;
    let ada = app.all::<User>(admin).await.unwrap().remove(0);
    let id = ada.id.0.clone();
    let gone = User { active: false, ..ada.clone() };
    let refused = app.put_one(admin, gone.clone()).await;
    assert!(matches!(refused, Err(AppError::Invalid(it)) if it.field == "active"));
    assert!(matches!(app.delete::<User>(admin, &id).await, Err(AppError::Conflict(_))));
    let login = |role| NewLogin { user: "bo".to_owned(), role, password: None, reset: false };
    let bo = User { id: "bo".into(), email: "bo@example.com".to_owned(), active: false, ..User::default() };
    app.put_one(admin, bo.clone()).await.unwrap();
    app.put_login(admin, login(Role::Administrator)).await.unwrap();
    let demote = NewLogin { user: id.clone(), role: Role::Coach, password: None, reset: false };
    let refused = app.put_login(admin, demote.clone()).await;
    assert!(matches!(refused, Err(AppError::Conflict(_))), "somebody who has left lets nobody in");
    assert!(matches!(app.delete_login(admin, &id).await, Err(AppError::Conflict(_))));
    let both_leave = app.put_many(admin, vec![gone.clone(), bo.clone()]).await.unwrap();
    assert!(both_leave[0].is_err());
    app.put_one(admin, User { active: true, ..bo.clone() }).await.unwrap();
    let both_leave = app.put_many(admin, vec![gone.clone(), bo]).await.unwrap();
    assert!(both_leave.iter().all(Result::is_err), "not both at once either");
    app.put_one(admin, gone).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn only_administrators_learn_of_the_server() {
    let world = world().await;
    let facts = world.app.server_facts(&world.admin).await.unwrap();
    assert_eq!((facts.engine, facts.database_answers, facts.jobs_open.is_some()), ("SQLite", true, true));
    assert!(facts.database_bytes.unwrap() >= 4_096);
    let size = world.app.recordings_size(&world.admin).await.unwrap();
    assert_eq!((size.files, size.bytes, size.complete), (0, 0, true));
    for refused in [
        world.app.server_facts(&manager(&world)).await.map(|_| ()),
        world.app.recordings_size(&manager(&world)).await.map(|_| ()),
        world.app.audit_check(&manager(&world), 0, 1).await.map(|_| ()),
    ] {
        assert!(matches!(refused, Err(AppError::NotAllowed(Ability::Administer))));
    }
}
