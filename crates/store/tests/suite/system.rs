//! Tenants, credentials, numbers, idempotency keys, and opening the same data again.

use crate::{
    samples::Sample,
    world::{World, is_conflict, time},
};
use touchline_model::*;
use touchline_store::{Batch, Credential, Store, TenantState};

on_both_engines!(
    tenants_are_made_once_and_listed_without_the_servers_own,
    a_login_belongs_to_one_credential_of_all_tenants,
    the_last_use_of_a_credential_only_goes_forward,
    numbers_never_collide_with_ids_that_callers_chose,
    one_absurd_number_does_not_use_up_the_counter,
    numbers_taken_at_once_are_all_different,
    an_idempotency_key_is_used_once,
    what_was_written_is_there_after_reopening,
    an_empty_batch_writes_nothing,
    a_caller_who_goes_away_does_not_undo_the_commit,
);

async fn tenants_are_made_once_and_listed_without_the_servers_own(world: World) {
    let store = &world.store;
    world.add_tenant("B").await;
    let again =
        Tenant { id: "acme".into(), name: "Other".to_owned(), created_at: time("2020-01-01T00:00:00Z") };
    assert!(!store.create_tenant(&again).await.unwrap());
    let names: Vec<_> = store.tenants().await.unwrap().into_iter().map(|it| (it.id.0, it.name)).collect();
    assert_eq!(names, [("B".to_owned(), "B Ltd".to_owned()), ("acme".to_owned(), "acme Ltd".to_owned())]);
    let fresh = TenantState { seq: 0, modified: Timestamp::from_micros(0) };
    assert_eq!(store.tenant_state(&world.tenant).await.unwrap(), Some(fresh));
    // Operators' credentials have a tenant of their own.
    let mut batch = Batch::new(&"_server".into());
    batch.put_credential(&credential("_server", "op", "root"));
    store.apply(batch).await.unwrap();
    assert_eq!(store.credential("native", "root").await.unwrap().unwrap().tenant.0, "_server");
    store.ping().await.unwrap();
    assert_eq!(store.engine_check().await.unwrap(), Vec::<String>::new());
}

fn credential(tenant: &str, id: &str, login: &str) -> Credential {
    Credential {
        id: id.into(),
        tenant: tenant.into(),
        dialect: "native".to_owned(),
        login: login.to_owned(),
        name: "Ünal's \"key\"".to_owned(),
        secret: "sha256:00ff".to_owned(),
        abilities: [Ability::Operate, Ability::ReadContacts].into(),
        created_at: time(crate::world::START),
        revoked_at: None,
        last_used_at: None,
    }
}

async fn a_login_belongs_to_one_credential_of_all_tenants(world: World) {
    let World { store, tenant, .. } = &world;
    let other = world.add_tenant("other").await;
    let ours = credential("acme", "k-1", "login");
    assert_eq!(world.write(|batch| _ = batch.put_credential(&ours)).await.unwrap().seq, 1);
    assert_eq!(store.credential("native", "login").await.unwrap(), Some(ours.clone()));
    assert_eq!(store.credential("c360", "login").await.unwrap(), None);

    for (whose, id) in [(tenant, "k-2"), (&other, "k-1")] {
        let mut batch = Batch::new(whose);
        batch.put(&User::full()).put_credential(&credential(&whose.0, id, "login"));
        assert!(is_conflict(&store.apply(batch).await));
        assert!(store.get::<User>(whose, "u-1").await.unwrap().is_none());
    }
    let elsewhere = Credential { dialect: "c360".to_owned(), ..credential("other", "k-1", "login") };
    let mut batch = Batch::new(&other);
    batch.put_credential(&elsewhere);
    store.apply(batch).await.unwrap();

    let revoked = Credential {
        revoked_at: Some(time("2026-04-01T00:00:00.25Z")),
        abilities: [].into(),
        secret: "argon2id$x".to_owned(),
        ..ours.clone()
    };
    let second = credential("acme", "K-2", "login 2");
    world.write(|batch| _ = batch.put_credential(&revoked).put_credential(&second)).await.unwrap();
    assert_eq!(store.credentials(tenant, "", 9).await.unwrap(), [second.clone(), revoked.clone()]);
    assert_eq!(store.credentials(tenant, "K-2", 9).await.unwrap(), std::slice::from_ref(&revoked));
    assert_eq!(store.credentials(tenant, "", 1).await.unwrap(), [second]);
    assert_eq!(store.credentials(&other, "", 9).await.unwrap(), [elsewhere]);
    assert_eq!(store.credential("native", "login").await.unwrap(), Some(revoked));
    let told = store.changes(tenant, 0, 9).await.unwrap();
    assert!(told.iter().all(|it| it.kind == Kind::Credential) && told.len() == 3);
}

async fn the_last_use_of_a_credential_only_goes_forward(world: World) {
    let World { store, tenant, .. } = &world;
    let other = world.add_tenant("other").await;
    let ours = credential("acme", "k-1", "login");
    world.write(|batch| _ = batch.put_credential(&ours)).await.unwrap();
    let (early, late) = (time("2026-03-02T00:00:00Z"), time("2026-03-02T00:05:00Z"));
    let used = async || store.credential("native", "login").await.unwrap().unwrap().last_used_at;
    assert_eq!(used().await, None);
    for (whose, at, then) in [(&other, late, None), (tenant, late, Some(late)), (tenant, early, Some(late))] {
        store.credential_used(whose, &"k-1".into(), at).await.unwrap();
        assert_eq!(used().await, then);
    }
    let revoked = Credential { revoked_at: Some(late), ..ours };
    world.write(|batch| _ = batch.put_credential(&revoked)).await.unwrap();
    assert_eq!(used().await, Some(late), "revoking forgets nothing");
    assert_eq!(store.credentials(tenant, "", 9).await.unwrap()[0].last_used_at, Some(late));
}

async fn numbers_never_collide_with_ids_that_callers_chose(world: World) {
    let World { store, tenant, .. } = &world;
    assert_eq!(store.next_numbers(tenant, 1).await.unwrap(), 1);
    assert_eq!(store.next_numbers(tenant, 3).await.unwrap(), 2);
    assert_eq!(store.next_numbers(tenant, 1).await.unwrap(), 5);
    world.write(|batch| _ = batch.put(&Kpi::full()).put(&Plan::full())).await.unwrap(); // 71 and 51
    assert_eq!(store.next_numbers(tenant, 2).await.unwrap(), 72);
    world.write(|batch| _ = batch.put(&Topic::full())).await.unwrap(); // 41
    assert_eq!(store.next_numbers(tenant, 1).await.unwrap(), 74);
    let other = world.add_tenant("other").await;
    assert_eq!(store.next_numbers(&other, 1).await.unwrap(), 1);
    // What a refused batch reserved is not reserved.
    let refused =
        world.write(|batch| _ = batch.put(&Kpi::full().with_id("900")).delete::<User>("none")).await;
    assert!(is_conflict(&refused));
    assert_eq!(store.next_numbers(tenant, 1).await.unwrap(), 75);
}

async fn one_absurd_number_does_not_use_up_the_counter(world: World) {
    let World { store, tenant, .. } = &world;
    world.write(|batch| _ = batch.put(&Kpi::full().with_id(&i64::MAX.to_string()))).await.unwrap();
    assert_eq!(store.next_numbers(tenant, 1).await.unwrap(), 1);
    assert!(store.get::<Kpi>(tenant, &i64::MAX.to_string()).await.unwrap().is_some());
}

async fn numbers_taken_at_once_are_all_different(world: World) {
    let takers = (0..40).map(|n| world.store.next_numbers(&world.tenant, 1 + n % 3));
    let mut taken = Vec::new();
    for (n, first) in futures::future::join_all(takers).await.into_iter().enumerate() {
        let first = first.unwrap();
        taken.extend(first..=first + n as i64 % 3);
    }
    taken.sort_unstable();
    assert_eq!(taken, (1..=taken.len() as i64).collect::<Vec<_>>());
}

async fn an_idempotency_key_is_used_once(world: World) {
    let World { store, tenant, clock, .. } = &world;
    let key = "contact \"é'\\";
    assert_eq!(store.idempotency(tenant, key).await.unwrap(), None);
    world.write(|batch| _ = batch.put(&User::full()).put_idempotency(key, "u-1")).await.unwrap();
    let second = world.write(|batch| _ = batch.put(&User::sparse()).put_idempotency(key, "u-2"));
    assert!(is_conflict(&second.await));
    assert_eq!(store.idempotency(tenant, key).await.unwrap().as_deref(), Some("u-1"));
    assert_eq!(store.get::<User>(tenant, "u-2").await.unwrap(), None);
    let other = world.add_tenant("other").await;
    assert_eq!(store.idempotency(&other, key).await.unwrap(), None);

    clock.advance_secs(10);
    world.write(|batch| _ = batch.put_idempotency("new", "u-3")).await.unwrap();
    world.write(|batch| _ = batch.forget_idempotency(clock.now())).await.unwrap();
    assert_eq!(store.idempotency(tenant, key).await.unwrap(), None);
    assert_eq!(store.idempotency(tenant, "new").await.unwrap().as_deref(), Some("u-3"));
}

async fn what_was_written_is_there_after_reopening(world: World) {
    world.write(|batch| _ = batch.put(&Contact::full()).put(&Kpi::full())).await.unwrap();
    let read = async |store: &Store| {
        let contact = store.get::<Contact>(&world.tenant, "c-1").await.unwrap().unwrap();
        (contact, store.changes(&world.tenant, 0, 9).await.unwrap(), store.tenants().await.unwrap())
    };
    let before = read(&world.store).await;
    // Beside the first, as a second process would, and after it has closed.
    let beside = world.open_again().await.unwrap();
    assert_eq!(read(&beside).await, before);
    beside.close().await;
    world.store.close().await;
    world.store.close().await; // harmless
    let after = world.open_again().await.unwrap();
    assert_eq!(read(&after).await, before);
    assert_eq!(after.next_numbers(&world.tenant, 1).await.unwrap(), 72);
}

async fn an_empty_batch_writes_nothing(world: World) {
    let mut watch = world.store.watch();
    assert_eq!(world.store.apply(world.batch()).await.unwrap().at, world.clock.now());
    assert!(!watch.has_changed().unwrap());
    world.write(|batch| _ = batch.put(&User::full())).await.unwrap();
    assert!(watch.has_changed().unwrap());
    watch.mark_unchanged();
    assert!(is_conflict(&world.write(|batch| _ = batch.delete::<User>("none")).await));
    assert!(!watch.has_changed().unwrap());
    assert_eq!(world.store.tenant_state(&world.tenant).await.unwrap().unwrap().seq, 1);
}

async fn a_caller_who_goes_away_does_not_undo_the_commit(world: World) {
    let World { store, tenant, .. } = &world;
    let mut watch = store.watch();
    for n in 0..20 {
        let mut batch = world.batch();
        batch.put(&User::full().with_id(&n.to_string()));
        // Polled once, then dropped, as when a client hangs up.
        let mut applying = Box::pin(store.apply(batch));
        let _ = futures::poll!(&mut applying);
    }
    while store.tenant_state(tenant).await.unwrap().unwrap().seq < 20 {
        tokio::time::timeout(std::time::Duration::from_secs(20), watch.changed()).await.unwrap().unwrap();
    }
    assert_eq!(store.list::<User>(tenant, None, 99).await.unwrap().len(), 20);
}
