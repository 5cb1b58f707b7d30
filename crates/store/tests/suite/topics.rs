//! Sets of topics, their results, and the epoch that keeps the two together.

use crate::{
    samples::{Sample, contact},
    world::{World, is_conflict, strings},
};
use touchline_model::{QuestionCounts, Topic, TopicHit, TopicId};
use touchline_store::{TopicResult, TopicSet, TopicSetState};

on_both_engines!(
    sets_come_back_oldest_first,
    erasing_finds_the_results_of_dropped_sets_too,
    results_belong_to_a_set,
    a_moved_epoch_refuses_results_of_before,
    old_results_are_dropped_in_steps,
);

fn set(generation: i64, state: TopicSetState) -> TopicSet {
    TopicSet {
        generation,
        state,
        topics: vec![Topic::full(), Topic::sparse()],
        walked: String::new(),
        done: 0,
        total: 9,
    }
}

fn result(internal: u32) -> TopicResult {
    let hit = TopicHit {
        topic: TopicId(41),
        phrases: strings(&["how much", "é"]).into(),
        segment: 1,
        first_token: 2,
        last_token: 3,
        first_word: u32::MAX,
        last_word: 5,
    };
    TopicResult {
        hits: vec![hit; internal as usize],
        questions: QuestionCounts { internal, external: 0, unknown: u32::MAX },
    }
}

/// Results of earlier releases lie in stores in this form.
#[test]
fn a_hit_is_stored_as_it_always_was() {
    let bytes = postcard::to_stdvec(&result(1).hits).unwrap();
    let stored = b"\x01\x52\x02\x08how much\x02\xc3\xa9\x01\x02\x03\xff\xff\xff\xff\x0f\x05";
    assert_eq!(bytes, stored);
    assert_eq!(postcard::from_bytes::<Vec<TopicHit>>(stored).unwrap(), result(1).hits);
    let json = serde_json::to_value(&result(1).hits[0]).unwrap();
    assert_eq!(json["phrases"], serde_json::json!(["how much", "é"]));
}

async fn sets_come_back_oldest_first(world: World) {
    let World { store, tenant, .. } = &world;
    assert_eq!(store.topic_sets(tenant).await.unwrap(), (0, vec![]));
    let (old, mut new) = (set(9, TopicSetState::Visible), set(10, TopicSetState::Building));
    world.write(|batch| _ = batch.put_topic_set(&new).put_topic_set(&old)).await.unwrap();
    assert_eq!(store.topic_sets(tenant).await.unwrap(), (0, vec![old.clone(), new.clone()]));
    (new.state, new.walked, new.done, new.total) = (TopicSetState::Visible, "c-é".to_owned(), 7, 8);
    world.write(|batch| _ = batch.put_topic_set(&new).drop_topic_set(9).move_topic_epoch(0)).await.unwrap();
    assert_eq!(store.topic_sets(tenant).await.unwrap(), (1, vec![new]));
}

async fn erasing_finds_the_results_of_dropped_sets_too(world: World) {
    let World { store, tenant, .. } = &world;
    world
        .write(|batch| {
            batch.put(&contact("c-1", 0)).put_topic_set(&set(1, TopicSetState::Visible));
            batch.put_topic_set(&set(2, TopicSetState::Building));
            batch.put_topic_result(1, "c-1", &result(1)).put_topic_result(2, "c-1", &result(2));
        })
        .await
        .unwrap();
    world.write(|batch| _ = batch.drop_topic_set(1)).await.unwrap();
    assert_eq!(store.topic_sets(tenant).await.unwrap().1, [set(2, TopicSetState::Building)]);
    let ids = strings(&["c-1"]);
    assert_eq!(store.topic_results(tenant, 1, &ids).await.unwrap().len(), 1, "not removed yet");
    let row = store.contact_row(tenant, "c-1").await.unwrap().unwrap();
    world.write(|batch| _ = batch.erase(&row)).await.unwrap();
    for generation in [1, 2] {
        assert!(store.topic_results(tenant, generation, &ids).await.unwrap().is_empty(), "{generation}");
    }
    world.write(|batch| _ = batch.forget_topic_sets(2)).await.unwrap();
    assert_eq!(store.topic_sets(tenant).await.unwrap().1.len(), 1, "only dropped ones are forgotten");
}

async fn results_belong_to_a_set(world: World) {
    let World { store, tenant, .. } = &world;
    world
        .write(|batch| {
            batch.put_topic_result(1, "c-1", &result(1)).put_topic_result(2, "c-1", &result(2));
            batch.put_topic_result(1, "c-2", &TopicResult::default());
        })
        .await
        .unwrap();
    let ids = strings(&["c-1", "c-2", "c-3"]);
    let found = store.topic_results(tenant, 1, &ids).await.unwrap();
    assert_eq!((found.len(), &found["c-1"], &found["c-2"]), (2, &result(1), &TopicResult::default()));
    world.write(|batch| _ = batch.put_topic_result(2, "c-1", &result(3))).await.unwrap();
    assert_eq!(store.topic_results(tenant, 2, &ids).await.unwrap(), [("c-1".to_owned(), result(3))].into());
    assert_eq!(store.topic_results(tenant, 1, &ids).await.unwrap()["c-1"], result(1));
    assert!(store.topic_results(tenant, 3, &ids).await.unwrap().is_empty());
}

async fn a_moved_epoch_refuses_results_of_before(world: World) {
    let World { store, tenant, .. } = &world;
    let (epoch, _) = store.topic_sets(tenant).await.unwrap();
    world
        .write(|batch| _ = batch.hold_topic_epoch(epoch).put_topic_result(1, "a", &result(1)))
        .await
        .unwrap();
    world
        .write(|batch| _ = batch.put_topic_set(&set(2, TopicSetState::Building)).move_topic_epoch(epoch))
        .await
        .unwrap();
    let late = world.write(|batch| {
        batch.put(&contact("b", 0)).put_topic_result(1, "b", &result(1)).hold_topic_epoch(epoch);
    });
    assert!(is_conflict(&late.await));
    assert!(is_conflict(&world.write(|batch| _ = batch.move_topic_epoch(epoch)).await));
    assert!(store.topic_results(tenant, 1, &strings(&["b"])).await.unwrap().is_empty());
    assert_eq!(store.contact_count(tenant).await.unwrap(), 0);
    let (epoch, sets) = store.topic_sets(tenant).await.unwrap();
    assert_eq!((epoch, sets.len()), (1, 1));
    world
        .write(|batch| _ = batch.hold_topic_epoch(epoch).put_topic_result(2, "b", &result(1)))
        .await
        .unwrap();
    assert_eq!(store.topic_results(tenant, 2, &strings(&["b"])).await.unwrap()["b"], result(1));
}

async fn old_results_are_dropped_in_steps(world: World) {
    let World { store, tenant, .. } = &world;
    let ids: Vec<String> = (0..6_000).map(|n| format!("c-{n:05}")).collect();
    let mut batch = world.batch();
    for id in &ids {
        batch.put_topic_result(1, id, &TopicResult::default());
    }
    batch.put_topic_result(2, "c-00000", &result(1));
    store.apply(batch).await.unwrap();
    let mut steps = 0;
    while store.drop_topic_results(tenant, 2).await.unwrap() {
        steps += 1;
    }
    assert_eq!(steps, 2);
    assert!(store.topic_results(tenant, 1, &ids).await.unwrap().is_empty());
    assert_eq!(store.topic_results(tenant, 2, &ids).await.unwrap().len(), 1);
}
