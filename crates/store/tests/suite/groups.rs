//! Batches that are committed at the same moment: a bad one among them takes nobody with it.

use crate::{
    samples::Sample,
    world::{World, is_conflict},
};
use touchline_model::{Seq, User};
use touchline_store::{AuditNote, Batch, Store, StoreError};

on_both_engines!(
    a_bad_batch_among_many_loses_only_itself,
    a_large_batch_takes_effect_in_its_order,
    a_fault_late_in_a_large_batch_undoes_all_of_it,
);

/// Batch `n` of the crowd. One in five is bad, in one of three ways.
fn one_of_the_crowd(world: &World, n: usize) -> Batch {
    let mut batch = world.batch();
    batch.put(&User::full().with_id(&format!("u-{n}")));
    batch.put(&User { first_name: format!("{n}"), ..User::full().with_id("shared") });
    let caller = touchline_model::Caller::system(world.tenant.clone(), "test");
    batch.audit(AuditNote::new(&caller, "user.put", format!("u-{n}"), ""));
    match n % 15 {
        4 => _ = batch.delete::<User>("none"),
        9 => _ = batch.put_idempotency("taken", "x"),
        14 => {
            let mut lost = Batch::new(&"nobody".into());
            lost.put(&User::full());
            return lost;
        }
        _ => {}
    }
    batch
}

async fn a_bad_batch_among_many_loses_only_itself(world: World) {
    let World { store, tenant, .. } = &world;
    world.write(|batch| _ = batch.put_idempotency("taken", "y")).await.unwrap();
    let crowd = (0..300).map(|n| store.apply(one_of_the_crowd(&world, n)));
    let outcomes = futures::future::join_all(crowd).await;

    let mut seqs = Vec::new();
    for (n, outcome) in outcomes.iter().enumerate() {
        let there = store.get::<User>(tenant, &format!("u-{n}")).await.unwrap();
        match (n % 15, outcome) {
            (4 | 9, Err(StoreError::Conflict)) | (14, Err(StoreError::NoTenant(_))) => {
                assert_eq!(there, None)
            }
            (0..14, Ok(done)) => {
                assert_eq!(there.unwrap().seq, done.seq - 1);
                seqs.push(done.seq);
            }
            (_, other) => panic!("batch {n}: {other:?}"),
        }
    }
    // Two numbers each, none used twice, none left out.
    seqs.sort_unstable();
    assert_eq!(seqs, (1..=240).map(|n| 2 * n).collect::<Vec<Seq>>());
    let told: Vec<_> = store.changes(tenant, 0, 999).await.unwrap().iter().map(|it| it.seq).collect();
    assert_eq!(told, (1..=480).collect::<Vec<Seq>>());
    // The shared row is the last batch's, and the trail has one entry a batch.
    let shared = store.get::<User>(tenant, "shared").await.unwrap().unwrap();
    let last = outcomes.iter().position(|it| it.as_ref().is_ok_and(|done| done.seq == 480)).unwrap();
    assert_eq!((shared.seq, shared.value.first_name), (480, last.to_string()));
    assert_eq!(store.audit_page(tenant, 0, 999).await.unwrap().len(), 240);
    assert_eq!(store.audit_verify(tenant).await.unwrap(), None);
}

fn counted(name: usize) -> User {
    User { first_name: name.to_string(), ..User::full().with_id("same") }
}

async fn a_large_batch_takes_effect_in_its_order(world: World) {
    let World { store, tenant, .. } = &world;
    // Long enough that answers come back while statements are still being sent.
    let mut batch = world.batch();
    for n in 0..2_000 {
        batch.put(&counted(n));
        if n % 7 == 3 {
            batch.delete::<User>("same");
        }
    }
    let wanted = batch.changes();
    store.apply(batch).await.unwrap();
    let same = store.get::<User>(tenant, "same").await.unwrap().unwrap();
    assert_eq!((same.value, same.seq), (counted(1_999), wanted as Seq));
    let told: Vec<_> = store.changes(tenant, 0, 9_999).await.unwrap().iter().map(|it| it.seq).collect();
    assert_eq!(told, (1..=wanted as Seq).collect::<Vec<_>>());
}

async fn a_fault_late_in_a_large_batch_undoes_all_of_it(world: World) {
    let World { store, tenant, .. } = &world;
    let fill = |batch: &mut Batch, last: &str| {
        for n in 0..500 {
            batch.put(&counted(n));
        }
        batch.delete::<User>(last);
        for n in 500..600 {
            batch.put(&counted(n));
        }
    };
    assert!(is_conflict(&world.write(|batch| fill(batch, "none")).await));
    assert_eq!(store.list::<User>(tenant, None, 9).await.unwrap(), []);
    assert_eq!(store.changes(tenant, 0, 9).await.unwrap(), []);
    // The store works on as before, on the same connections.
    for _ in 0..20 {
        world.write(|batch| fill(batch, "same")).await.unwrap();
        assert!(is_conflict(&world.write(|batch| fill(batch, "none")).await));
    }
    let state: Option<_> = Store::tenant_state(store, tenant).await.unwrap();
    assert_eq!(state.unwrap().seq, 20 * 601);
}
