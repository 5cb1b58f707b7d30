//! How much there is of each kind, counted up to a bound.

use crate::{
    samples::{Sample, contact},
    world::{START, World, time},
};
use touchline_model::{Evaluation, Topic};
use touchline_store::{Dataset, DatasetSize};

on_both_engines!(each_kind_is_counted_up_to_a_bound_and_dated_by_its_last_change);

async fn each_kind_is_counted_up_to_a_bound_and_dated_by_its_last_change(world: World) {
    let other = world.add_tenant("other").await;
    let size =
        async |of: Dataset, most: i64| world.store.dataset_size(&world.tenant, of, most).await.unwrap();
    for kind in Dataset::ALL {
        let rows = (kind != Dataset::AgentSummary).then_some(0);
        assert_eq!(size(kind, 10).await, DatasetSize { rows, complete: true, changed_at: None }, "{kind:?}");
    }
    world
        .write(|batch| {
            for n in 0..4 {
                batch.put(&contact(&format!("c-{n}"), n));
            }
            batch.put(&Evaluation::full().with_id("e-1"));
        })
        .await
        .unwrap();
    let later = time(START).plus_secs(60);
    world.clock.set(later);
    world.write(|batch| _ = batch.put(&contact("c-0", 9)).put(&Topic::full().with_id("7"))).await.unwrap();
    let found = |rows, complete, at| DatasetSize { rows: Some(rows), complete, changed_at: Some(at) };
    assert_eq!(size(Dataset::Contacts, 10).await, found(4, true, later), "one of them changed later");
    assert_eq!(size(Dataset::Contacts, 4).await, found(4, true, later));
    assert_eq!(size(Dataset::Contacts, 3).await, found(3, false, later), "there are more than are counted");
    assert_eq!(size(Dataset::Evaluations, 10).await, found(1, true, time(START)));
    assert_eq!(size(Dataset::Topics, 10).await, found(1, true, later));
    let changes = size(Dataset::Changes, 10).await;
    assert_eq!((changes.rows, changes.changed_at), (Some(7), Some(later)));
    let row = world.store.contact_row(&world.tenant, "c-3").await.unwrap().unwrap();
    let even_later = later.plus_secs(60);
    world.clock.set(even_later);
    world.write(|batch| _ = batch.erase(&row)).await.unwrap();
    assert_eq!(size(Dataset::Deletions, 10).await, found(1, true, even_later));
    world.clock.set(even_later.plus_secs(60));
    world.write(|batch| _ = batch.put(&contact("c-0", 10))).await.unwrap();
    assert_eq!(
        size(Dataset::Deletions, 10).await,
        found(1, true, even_later),
        "the newest change is another"
    );
    assert_eq!(size(Dataset::Deletions, 1).await, found(1, false, even_later), "among the newest two");
    let none = DatasetSize { rows: Some(0), complete: false, changed_at: None };
    assert_eq!(size(Dataset::Deletions, 0).await, none, "there may be some before the newest");
    let theirs = world.store.dataset_size(&other, Dataset::Contacts, 10).await.unwrap();
    assert_eq!((theirs.rows, theirs.changed_at), (Some(0), None));
}
