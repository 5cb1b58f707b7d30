//! What `doctor` holds against a store: everything that does not fit together, and never what is merely under way.

use crate::{
    contacts::analysis,
    samples::{contact, transcript},
    world::World,
};
use serde_json::json;
use std::sync::atomic::{AtomicBool, Ordering};
use touchline_model::{Contact, ContactState};
use touchline_store::{NewJob, TopicResult, TopicSet, TopicSetState};

on_both_engines!(what_does_not_fit_together_is_told, a_store_at_work_is_never_accused);

fn in_state(id: &str, state: &str) -> Contact {
    Contact { state: Some(ContactState(state.to_owned())), ..contact(id, 0) }
}

fn job(world: &World, id: &str, payload: serde_json::Value) -> NewJob {
    use touchline_model::Clock;
    let now = world.clock.now();
    NewJob { id: id.to_owned(), kind: "analyse", payload, due_at: now, created_at: now }
}

async fn what_does_not_fit_together_is_told(world: World) {
    let found = async || world.store.inconsistencies(&world.tenant).await.unwrap();
    world.write(|batch| _ = batch.insert(&in_state("good", "COMPLETE"))).await.unwrap();
    assert_eq!(found().await, [""; 0]);
    let set = TopicSet {
        generation: 1,
        state: TopicSetState::Visible,
        topics: vec![],
        walked: String::new(),
        done: 0,
        total: 0,
    };
    world
        .write(|batch| {
            batch.insert(&in_state("waits", "CONVERTING")).insert(&in_state("said", "COMPLETE"));
            batch.put_transcript("said", &transcript(&[])).insert(&in_state("plain", "COMPLETE"));
            batch.put_transcript("plain", &transcript(&[])).put_analysis("plain", &analysis(1));
            batch.put_topic_set(&set);
        })
        .await
        .unwrap();
    let waits = "contact `waits` waits in the pipeline, but there is no job for it".to_owned();
    let said = "contact `said` is not analysed, but there is no job for it".to_owned();
    let plain = "contact `plain` was not matched against the visible topics".to_owned();
    assert_eq!(found().await, [waits.clone(), said, plain.clone()]);
    let named = job(&world, "j", json!({ "contacts": ["said", "x"] }));
    world.write(|batch| _ = batch.enqueue(&named)).await.unwrap();
    assert_eq!(found().await, [waits, plain]);
    let result = TopicResult { hits: vec![], questions: touchline_model::QuestionCounts::default() };
    let named = job(&world, "k", json!({ "contact": "waits" }));
    world.write(|batch| _ = batch.enqueue(&named).put_topic_result(1, "plain", &result)).await.unwrap();
    assert_eq!(found().await, [""; 0]);
    world
        .behind_its_back(
            "DELETE FROM contacts WHERE id = 'said'; DELETE FROM transcripts WHERE contact = 'plain'; \
             DELETE FROM changes WHERE id = 'good'",
        )
        .await;
    let faults = found().await;
    assert_eq!(faults.len(), 4, "{faults:?}");
    for (fault, part) in faults.iter().zip([
        "changes were numbered, but",
        "`good` has no change with its number",
        "`said` has a transcript but is not there",
        "`plain` has results but no transcript",
    ]) {
        assert!(fault.contains(part), "{faults:?}");
    }
    let other = world.add_tenant("other").await;
    assert_eq!(world.store.inconsistencies(&other).await.unwrap(), [""; 0]);
}

async fn a_store_at_work_is_never_accused(world: World) {
    let done = AtomicBool::new(false);
    let work = async {
        for n in 0..150 {
            let id = format!("c-{n}");
            let due = job(&world, &id, json!({ "contact": id }));
            let made = world
                .write(|batch| {
                    batch
                        .insert(&in_state(&id, "ANALYZING"))
                        .put_transcript(&id, &transcript(&[]))
                        .enqueue(&due);
                })
                .await
                .unwrap();
            let leased = world.store.lease_jobs(1, 60).await.unwrap().remove(0);
            world
                .write(|batch| {
                    batch
                        .set_state(&id, made.seq, "COMPLETE", None)
                        .put_analysis(&id, &analysis(1))
                        .finish(&leased);
                })
                .await
                .unwrap();
        }
        done.store(true, Ordering::SeqCst);
    };
    let doctor = async {
        let mut looked = 0;
        while !done.load(Ordering::SeqCst) {
            assert_eq!(world.store.inconsistencies(&world.tenant).await.unwrap(), [""; 0]);
            looked += 1;
        }
        assert!(looked > 20, "{looked} looks say nothing");
    };
    futures::join!(work, doctor);
}
