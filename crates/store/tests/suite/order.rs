//! Commit order: a reader with a cursor misses nothing while many write at once, whatever the clock does.

use crate::{
    samples::{Sample, contact},
    world::World,
};
use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use touchline_model::{Clock, Contact, FakeClock, Kpi, Record, Seq, TenantId, Timestamp};
use touchline_store::{Batch, Store};

on_both_engines!(readers_miss_nothing_while_many_write, modified_never_goes_back_when_the_clock_does,);

const WRITERS: usize = 8;
const BATCHES: usize = 25;

/// One writer: contacts that it owns and one that all fight over, some batches refused on purpose.
async fn write(store: Store, tenant: TenantId, clock: Arc<FakeClock>, writer: usize) -> (usize, usize) {
    let (mut changes, mut refused) = (0, 0);
    for n in 0..BATCHES {
        // Every writer pulls the clock its own way, back as well as forth.
        clock.advance_secs([3, -2, 0, 1][(n + writer) % 4]);
        let mut batch = Batch::new(&tenant);
        batch.put(&contact(&format!("w{writer}-{n}"), n as i64)).put(&contact("shared", writer as i64));
        if n % 3 == 1 {
            batch.set_state("shared", -1, "NEVER", None); // no such version
        }
        if n % 5 == 2 {
            batch.touch(&format!("w{writer}-0"));
        }
        let wanted = batch.changes();
        match store.apply(batch).await {
            Ok(_) => changes += wanted,
            Err(error) => {
                assert!(n % 3 == 1 && matches!(error, touchline_store::StoreError::Conflict), "{error}");
                refused += 1;
            }
        }
    }
    (changes, refused)
}

async fn readers_miss_nothing_while_many_write(world: World) {
    let World { store, tenant, clock, .. } = &world;
    let over = Arc::new(AtomicBool::new(false));
    let follow_changes = tokio::spawn(follow_changes(store.clone(), tenant.clone(), over.clone()));
    let follow_calls = tokio::spawn(follow_calls(store.clone(), tenant.clone(), over.clone()));
    let writers: Vec<_> =
        (0..WRITERS).map(|n| tokio::spawn(write(store.clone(), tenant.clone(), clock.clone(), n))).collect();
    let (mut changes, mut refused) = (0, 0);
    for writer in writers {
        let (its_changes, its_refused) = writer.await.unwrap();
        (changes, refused) = (changes + its_changes, refused + its_refused);
    }
    over.store(true, Ordering::SeqCst);
    assert_eq!(refused, WRITERS * (0..BATCHES).filter(|n| n % 3 == 1).count());

    // The reader of changes saw every number once, in order, without a gap.
    let told = follow_changes.await.unwrap();
    assert_eq!(
        told.iter().map(|(seq, _, _)| *seq).collect::<Vec<_>>(),
        (1..=changes as Seq).collect::<Vec<_>>()
    );
    assert!(told.is_sorted_by_key(|(_, at, _)| *at), "times never go back");
    // The reader of calls saw the last change of each contact, whatever it saw before.
    let mut last = BTreeMap::new();
    for (seq, at, id) in told {
        last.insert(id, (at, seq));
    }
    assert_eq!(last.len(), WRITERS * (BATCHES - refused / WRITERS) + 1);
    assert_eq!(follow_calls.await.unwrap(), last);
    assert_eq!(store.tenant_state(tenant).await.unwrap().unwrap().seq, changes as Seq);
}

type Told = Vec<(Seq, Timestamp, String)>;

async fn follow_changes(store: Store, tenant: TenantId, over: Arc<AtomicBool>) -> Told {
    let mut told = Told::new();
    loop {
        let last_look = over.load(Ordering::SeqCst);
        let after = told.last().map_or(0, |(seq, _, _)| *seq);
        let page = store.changes(&tenant, after, 7).await.unwrap();
        if page.is_empty() && last_look {
            return told;
        }
        told.extend(page.into_iter().map(|it| (it.seq, it.at, it.id)));
        tokio::task::yield_now().await;
    }
}

async fn follow_calls(
    store: Store,
    tenant: TenantId,
    over: Arc<AtomicBool>,
) -> BTreeMap<String, (Timestamp, Seq)> {
    let (mut seen, mut after) = (BTreeMap::new(), (Timestamp::default(), 0));
    loop {
        let last_look = over.load(Ordering::SeqCst);
        let page = store.calls(&tenant, after, 5, false).await.unwrap();
        if page.is_empty() && last_look {
            return seen;
        }
        for row in page {
            assert!((row.modified, row.seq) > after, "out of order");
            after = (row.modified, row.seq);
            seen.insert(row.id, after);
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

async fn modified_never_goes_back_when_the_clock_does(world: World) {
    let World { store, tenant, clock, .. } = &world;
    let start = clock.now();
    let mut times = Vec::new();
    for secs in [0, 10, -3600, 5, 3599, 1] {
        clock.advance_secs(secs);
        times.push(world.write(|batch| _ = batch.put(&Kpi::full())).await.unwrap().at);
    }
    // Held at its latest until the clock has caught up.
    let expected = [0, 10, 10, 10, 14, 15].map(|secs| start.plus_secs(secs));
    assert_eq!(times, expected);
    let told = store.changes(tenant, 0, 99).await.unwrap();
    assert_eq!(told.iter().map(|it| it.at).collect::<Vec<_>>(), expected);
    let kpi = store.get::<Kpi>(tenant, &Kpi::full().id()).await.unwrap().unwrap();
    assert_eq!((kpi.modified, kpi.seq), (start.plus_secs(15), 6));
    // Each tenant has a time of its own.
    let other = world.add_tenant("other").await;
    clock.set(start);
    let mut batch = Batch::new(&other);
    batch.put(&Contact::full());
    assert_eq!(store.apply(batch).await.unwrap().at, start);
}
