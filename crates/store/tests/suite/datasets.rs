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
        assert_eq!(
            size(kind, 10).await,
            DatasetSize { rows: 0, complete: true, changed_at: None },
            "{kind:?}"
        );
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
    let found = |rows, complete, at| DatasetSize { rows, complete, changed_at: Some(at) };
    assert_eq!(size(Dataset::Contacts, 10).await, found(4, true, later), "one of them changed later");
    assert_eq!(size(Dataset::Contacts, 4).await, found(4, true, later));
    assert_eq!(size(Dataset::Contacts, 3).await, found(3, false, later), "there are more than are counted");
    assert_eq!(size(Dataset::Evaluations, 10).await, found(1, true, time(START)));
    assert_eq!(size(Dataset::Topics, 10).await, found(1, true, later));
    let changes = size(Dataset::Changes, 10).await;
    assert_eq!((changes.rows, changes.changed_at), (7, Some(later)));
    let theirs = world.store.dataset_size(&other, Dataset::Contacts, 10).await.unwrap();
    assert_eq!((theirs.rows, theirs.changed_at), (0, None));
}
