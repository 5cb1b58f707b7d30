//! Every statement prepares; every kind of record can be put, found, listed, followed and deleted.

use crate::{
    samples::Sample,
    world::{HARD_IDS, World, is_conflict, strings},
};
use touchline_model::*;
use touchline_store::{Batch, Store, StoreError};

on_both_engines!(
    every_statement_prepares,
    users,
    groups,
    inboxes,
    contacts,
    topics,
    scorecards,
    evaluations,
    feedback,
    shares,
    listens,
    plans,
    sessions,
    kpis,
    observations,
    ids_are_kept_and_ordered_by_their_bytes,
    numbers_are_ordered_as_numbers,
    ids_that_cannot_exist_find_nothing,
    an_unknown_tenant_is_refused,
    tenants_never_see_each_other,
);

async fn every_statement_prepares(world: World) {
    let statements = Store::statements();
    assert!(statements.len() > 100);
    for sql in statements {
        if let Err(error) = world.store.prepare(sql).await {
            panic!("{sql}\n{error}");
        }
    }
}

async fn users(world: World) {
    life_of::<User>(world).await;
}
async fn groups(world: World) {
    life_of::<Group>(world).await;
}
/// Unlike the others they may not be equal but for the id: a name is taken once.
async fn inboxes(world: World) {
    let (store, tenant) = (&world.store, &world.tenant);
    let (full, sparse) = (Inbox::full(), Inbox::sparse());
    world.write(|batch| _ = batch.put(&full).put(&sparse)).await.unwrap();
    assert_eq!(store.get::<Inbox>(tenant, "i-1").await.unwrap().unwrap().value, full);
    let listed = store.list::<Inbox>(tenant, Some("i-1"), 9).await.unwrap();
    assert_eq!(listed.into_iter().map(|it| it.value).collect::<Vec<_>>(), std::slice::from_ref(&sparse));
    let taken = Inbox { name: full.name.clone(), ..sparse.clone() };
    assert!(is_conflict(&world.write(|batch| _ = batch.put(&taken)).await));
    let renamed = Inbox { name: "free".to_owned(), ..full.clone() };
    world.write(|batch| _ = batch.put(&renamed).put(&taken)).await.unwrap();
    let feed = store.feed::<Inbox>(tenant, (Timestamp::default(), 0), 9).await.unwrap();
    assert_eq!(feed.into_iter().map(|it| it.value).collect::<Vec<_>>(), [renamed, taken]);
    world.write(|batch| _ = batch.delete::<Inbox>("i-1")).await.unwrap();
    assert_eq!(store.get::<Inbox>(tenant, "i-1").await.unwrap(), None);
}
async fn contacts(world: World) {
    life_of::<Contact>(world).await;
}
async fn topics(world: World) {
    life_of::<Topic>(world).await;
}
async fn scorecards(world: World) {
    life_of::<Scorecard>(world).await;
}
async fn evaluations(world: World) {
    life_of::<Evaluation>(world).await;
}
async fn feedback(world: World) {
    life_of::<Feedback>(world).await;
}
async fn shares(world: World) {
    life_of::<Share>(world).await;
}
async fn listens(world: World) {
    life_of::<Listen>(world).await;
}
async fn plans(world: World) {
    life_of::<Plan>(world).await;
}
async fn sessions(world: World) {
    life_of::<CoachingSession>(world).await;
}
async fn kpis(world: World) {
    life_of::<Kpi>(world).await;
}
async fn observations(world: World) {
    life_of::<Observation>(world).await;
}

async fn life_of<T: Sample>(world: World) {
    let World { store, tenant, clock, .. } = &world;
    let (full, sparse) = (T::full(), T::sparse());
    let start = clock.now();

    // Both in one batch: two numbers, one time.
    let mut batch = Batch::new(tenant);
    batch.put(&full).put(&sparse);
    assert_eq!(batch.changes(), 2);
    let done = store.apply(batch).await.unwrap();
    assert_eq!((done.seq, done.at), (2, start));
    let stored_full = Stored { value: full.clone(), modified: start, seq: 1 };
    let stored_sparse = Stored { value: sparse.clone(), modified: start, seq: 2 };
    assert_eq!(store.get::<T>(tenant, &full.id()).await.unwrap().unwrap(), stored_full);
    assert_eq!(store.get::<T>(tenant, &sparse.id()).await.unwrap().unwrap(), stored_sparse);
    let mut many =
        store.get_many::<T>(tenant, &[sparse.id(), "77777".to_owned(), full.id(), full.id()]).await.unwrap();
    many.sort_by_key(|it| it.seq);
    assert_eq!(many, [stored_full.clone(), stored_sparse.clone()]);
    assert_eq!(store.get_many::<T>(tenant, &[]).await.unwrap(), []);

    // Pages in id order and in commit order.
    assert_eq!(store.list::<T>(tenant, None, 9).await.unwrap().len(), 2);
    let first = store.list::<T>(tenant, None, 1).await.unwrap();
    let rest = store.list::<T>(tenant, Some(&first[0].value.id()), 9).await.unwrap();
    let ids = [first[0].value.id(), rest[0].value.id()];
    assert!(rest.len() == 1 && ids.is_sorted() && ids.contains(&full.id()) && ids.contains(&sparse.id()));
    assert_eq!(store.feed::<T>(tenant, (start, 0), 1).await.unwrap(), [stored_full]);
    assert_eq!(store.feed::<T>(tenant, (start, 1), 9).await.unwrap(), std::slice::from_ref(&stored_sparse));
    assert_eq!(store.feed::<T>(tenant, (start, 2), 9).await.unwrap(), []);

    // Replaced as a whole: the empty fields become empty.
    clock.advance_secs(1);
    let replaced = sparse.clone().with_id(&full.id());
    world.write(|batch| _ = batch.put(&replaced)).await.unwrap();
    let expected = Stored { value: replaced, modified: start.plus_secs(1), seq: 3 };
    assert_eq!(store.get::<T>(tenant, &full.id()).await.unwrap(), Some(expected.clone()));
    assert_eq!(store.feed::<T>(tenant, (start, 0), 9).await.unwrap(), [stored_sparse, expected]);
    world.write(|batch| _ = batch.put(&full)).await.unwrap();
    assert_eq!(store.get::<T>(tenant, &full.id()).await.unwrap().unwrap().value, full);

    // Deleted once; a second time there is nothing to delete.
    world.write(|batch| _ = batch.delete::<T>(&full.id())).await.unwrap();
    assert_eq!(store.get::<T>(tenant, &full.id()).await.unwrap(), None);
    assert!(is_conflict(&world.write(|batch| _ = batch.delete::<T>(&full.id())).await));
    assert!(is_conflict(&world.write(|batch| _ = batch.delete::<T>("no such")).await));
    let told: Vec<_> = store.changes(tenant, 0, 99).await.unwrap();
    let told: Vec<_> = told.iter().map(|it| (it.seq, it.kind, it.id.as_str(), it.op.as_str())).collect();
    let (a, b) = (full.id(), sparse.id());
    assert_eq!(
        told,
        [
            (1, T::KIND, a.as_str(), "put"),
            (2, T::KIND, b.as_str(), "put"),
            (3, T::KIND, a.as_str(), "put"),
            (4, T::KIND, a.as_str(), "put"),
            (5, T::KIND, a.as_str(), "delete")
        ]
    );
}

async fn ids_are_kept_and_ordered_by_their_bytes(world: World) {
    let World { store, tenant, .. } = &world;
    let mut batch = world.batch();
    for id in HARD_IDS.iter().rev() {
        batch.put(&User { first_name: (*id).to_owned(), ..User::sparse().with_id(id) });
        batch.put(&crate::samples::contact(id, 0));
    }
    store.apply(batch).await.unwrap();
    let ids = |users: Vec<Stored<User>>| users.into_iter().map(|it| it.value.id.0).collect::<Vec<_>>();
    assert!(HARD_IDS.is_sorted());
    assert_eq!(ids(store.list(tenant, None, 99).await.unwrap()), HARD_IDS);
    assert_eq!(store.contact_ids(tenant, "", 99).await.unwrap(), HARD_IDS);
    for (at, id) in HARD_IDS.iter().enumerate() {
        assert_eq!(ids(store.list(tenant, Some(id), 99).await.unwrap()), HARD_IDS[at + 1..]);
        assert_eq!(store.get::<User>(tenant, id).await.unwrap().unwrap().value.first_name, *id);
        assert_eq!(store.call(tenant, id).await.unwrap().unwrap().id, *id);
    }
    let mut many = ids(store.get_many(tenant, &strings(&HARD_IDS)).await.unwrap());
    many.sort();
    assert_eq!(many, HARD_IDS);
}

async fn numbers_are_ordered_as_numbers(world: World) {
    let World { store, tenant, .. } = &world;
    let numbers = [0, 2, 9, 10, 100, i64::MAX];
    world
        .write(|batch| numbers.iter().for_each(|n| _ = batch.put(&Kpi::full().with_id(&n.to_string()))))
        .await
        .unwrap();
    let ids = |kpis: Vec<Stored<Kpi>>| kpis.into_iter().map(|it| it.value.id.0).collect::<Vec<_>>();
    assert_eq!(ids(store.list(tenant, None, 99).await.unwrap()), numbers);
    assert_eq!(ids(store.list(tenant, Some("9"), 2).await.unwrap()), [10, 100]);
    assert_eq!(ids(store.list(tenant, Some("nine"), 9).await.unwrap()), [0; 0]);
    let mut many = ids(store.get_many(tenant, &strings(&["10", "x", "9", "010"])).await.unwrap());
    many.sort_unstable();
    assert_eq!(many, [9, 10]);
}

async fn ids_that_cannot_exist_find_nothing(world: World) {
    let World { store, tenant, .. } = &world;
    world.write(|batch| _ = batch.put(&User::sparse().with_id("a"))).await.unwrap();
    for id in ["", "a\0", "\0", "\u{fffd}", "a\0b"] {
        assert_eq!(store.get::<User>(tenant, id).await.unwrap(), None, "{id:?}");
        assert!(store.call(tenant, id).await.unwrap().is_none());
        assert!(store.contact_row(tenant, id).await.unwrap().is_none());
        assert!(store.transcripts(tenant, &strings(&[id])).await.unwrap().is_empty());
        assert_eq!(store.credential("native", id).await.unwrap(), None);
        assert_eq!(store.idempotency(tenant, id).await.unwrap(), None);
        assert!(store.by_agents(tenant, &strings(&[id]), 9).await.unwrap().is_empty());
    }
    let found = store.get_many::<User>(tenant, &strings(&["a\0", "a"])).await.unwrap();
    assert_eq!(found.len(), 1);
}

async fn an_unknown_tenant_is_refused(world: World) {
    let nobody = TenantId::from("nobody");
    let mut batch = Batch::new(&nobody);
    batch.put(&User::full());
    assert!(matches!(world.store.apply(batch).await, Err(StoreError::NoTenant(who)) if who == "nobody"));
    assert!(matches!(world.store.next_numbers(&nobody, 1).await, Err(StoreError::NoTenant(_))));
    assert!(matches!(world.store.topic_sets(&nobody).await, Err(StoreError::NoTenant(_))));
    assert!(matches!(world.store.audit_verify(&nobody).await, Err(StoreError::NoTenant(_))));
    assert_eq!(world.store.tenant_state(&nobody).await.unwrap(), None);
    assert_eq!(world.store.get::<User>(&nobody, "u-1").await.unwrap(), None);
    // And nothing of the batch was kept.
    let nobody = world.add_tenant("nobody").await;
    assert_eq!(world.store.list::<User>(&nobody, None, 9).await.unwrap(), []);
}

async fn tenants_never_see_each_other(world: World) {
    let store = &world.store;
    let (ours, theirs) = (world.tenant.clone(), world.add_tenant("other").await);
    for (tenant, name) in [(&ours, "Ours"), (&theirs, "Theirs")] {
        let mut batch = Batch::new(tenant);
        batch.put(&User { first_name: name.to_owned(), ..User::full() });
        batch.put(&Contact { original_path: Some(name.to_owned()), ..Contact::full() });
        batch.put(&Kpi { description: name.to_owned(), ..Kpi::full() });
        batch.put_transcript("c-1", &crate::samples::transcript(&[name]));
        store.apply(batch).await.unwrap();
    }
    world.write(|batch| _ = batch.delete::<Kpi>("71")).await.unwrap();
    for (tenant, name, kpis) in [(&ours, "Ours", 0), (&theirs, "Theirs", 1)] {
        assert_eq!(store.get::<User>(tenant, "u-1").await.unwrap().unwrap().value.first_name, name);
        assert_eq!(store.list::<User>(tenant, None, 9).await.unwrap().len(), 1);
        assert_eq!(store.feed::<User>(tenant, (Timestamp::default(), 0), 9).await.unwrap().len(), 1);
        let calls = store.calls(tenant, (Timestamp::default(), 0), 9, false).await.unwrap();
        assert_eq!(calls.iter().map(|it| it.original_path.as_deref()).collect::<Vec<_>>(), [Some(name)]);
        assert_eq!(store.list::<Kpi>(tenant, None, 9).await.unwrap().len(), kpis);
        assert_eq!(store.transcripts(tenant, &strings(&["c-1"])).await.unwrap()["c-1"].words[0].text, name);
        assert_eq!(store.contact_count(tenant).await.unwrap(), 1);
        // Each counts its own changes: three put, and ours one deleted.
        assert_eq!(store.tenant_state(tenant).await.unwrap().unwrap().seq, 4 - kpis as i64);
    }
}
