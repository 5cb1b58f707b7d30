//! What the first page shows: counts that follow every batch, and what waits for somebody.

use crate::{
    contacts::analysis,
    samples::{Sample, contact},
    world::{World, time},
};
use touchline_model::{
    CallStats, Contact, Evaluation, Feedback, MediaTime, Share, TopicHit, TopicId, UserId,
};
use touchline_store::{Analysis, Batch, DayCount, MOST_WAITING, NewJob, TopicResult, TopicWeek};

on_both_engines!(
    days_follow_contacts_and_what_was_found_in_them,
    weeks_follow_what_topics_find,
    counts_are_exact_after_any_batches,
    what_waits_is_counted_up_to_a_bound,
    people_hear_of_what_concerns_them,
);

const ALWAYS: (i64, i64) = (i64::MIN, i64::MAX);
/// 2026-02-01, a Sunday, on which the samples begin.
const DAY: i64 = 20_485;
const WEEK: i64 = 2_926;

fn talk(internal: f64, external: f64) -> Analysis {
    let stats =
        CallStats { internal_talk_time: internal, external_talk_time: external, ..CallStats::default() };
    Analysis { stats, ..analysis(1) }
}

fn of(agent: &str, contact: Contact) -> Contact {
    Contact { agent_id: Some(agent.into()), ..contact }
}

fn found(topics: &[i64]) -> TopicResult {
    let hit = |topic: &i64| TopicHit {
        topic: TopicId(*topic),
        phrases: vec![String::new()].into(),
        segment: 0,
        first_token: 0,
        last_token: 0,
        first_word: 0,
        last_word: 0,
    };
    // Found twice in a contact counts once.
    TopicResult { hits: topics.iter().chain(topics).map(hit).collect(), ..TopicResult::default() }
}

async fn erase(world: &World, id: &str) {
    let row = world.store.contact_row(&world.tenant, id).await.unwrap().unwrap();
    world.write(|batch| _ = batch.erase(&row)).await.unwrap();
}

async fn days_follow_contacts_and_what_was_found_in_them(world: World) {
    let World { store, tenant, .. } = &world;
    let other = world.add_tenant("other").await;
    let days = async |agents: Option<&[String]>| store.day_counts(tenant, agents, ALWAYS).await.unwrap();
    let day = |day, contacts, analysed, internal: f64, external: f64| DayCount {
        day,
        contacts,
        analysed,
        internal: MediaTime::from_secs(internal),
        external: MediaTime::from_secs(external),
    };
    world
        .write(|batch| {
            batch.insert(&of("ana", contact("c-1", 0))).put(&of("ana", contact("c-2", 1_439)));
            batch.put(&of("bo", contact("c-3", 5))).put(&contact("c-4", 1_440));
            batch.put_analysis("c-1", &talk(40.5, 60.0)).put_analysis("c-3", &talk(1.0, 2.0));
        })
        .await
        .unwrap();
    let first = [day(DAY, 3, 2, 41.5, 62.0), day(DAY + 1, 1, 0, 0.0, 0.0)];
    assert_eq!(days(None).await, first);
    assert_eq!(days(Some(&["ana".into()])).await, [day(DAY, 2, 1, 40.5, 60.0)]);
    assert_eq!(days(Some(&[])).await, [], "nobody has nothing");
    assert_eq!(store.day_counts(tenant, None, (DAY + 1, DAY + 1)).await.unwrap(), first[1..]);
    assert_eq!(store.day_counts(&other, None, ALWAYS).await.unwrap(), []);

    // Analysed again, moved to another day and another agent, in one batch and twice over.
    world
        .write(|batch| {
            batch.put_analysis("c-1", &talk(10.0, 10.0)).put(&of("bo", contact("c-1", 3_000)));
            batch.put(&of("bo", contact("c-1", 2_000))).put(&of("bo", contact("c-3", 5)));
        })
        .await
        .unwrap();
    assert_eq!(days(None).await, [day(DAY, 2, 1, 1.0, 2.0), day(DAY + 1, 2, 1, 10.0, 10.0)]);
    assert_eq!(days(Some(&["ana".into()])).await, [day(DAY, 1, 0, 0.0, 0.0)]);

    // A refused batch counts nothing.
    let refused = world.write(|batch| _ = batch.put(&contact("c-9", 0)).hold_contact("c-1", 1)).await;
    assert!(crate::world::is_conflict(&refused));
    world.write(|batch| _ = batch.drop_results("c-1").delete_analysis("c-3")).await.unwrap();
    assert_eq!(days(None).await, [day(DAY, 2, 0, 0.0, 0.0), day(DAY + 1, 2, 0, 0.0, 0.0)]);
    for id in ["c-2", "c-3"] {
        erase(&world, id).await;
    }
    assert_eq!(days(None).await, [day(DAY + 1, 2, 0, 0.0, 0.0)], "a day of nothing is left out");
}

async fn weeks_follow_what_topics_find(world: World) {
    let World { store, tenant, .. } = &world;
    let other = world.add_tenant("other").await;
    let weeks = async |generation| store.topic_weeks(tenant, generation, ALWAYS).await.unwrap();
    let week = |week, topic, contacts| TopicWeek { week, topic: TopicId(topic), contacts };
    world
        .write(|batch| {
            // The second begins on the Monday after.
            batch.put(&contact("c-1", 1_439)).put(&contact("c-2", 1_440)).put(&contact("c-3", 1_440));
            batch.put_topic_result(1, "c-1", &found(&[7, 8])).put_topic_result(1, "c-2", &found(&[8]));
            batch.put_topic_result(2, "c-2", &found(&[9]));
        })
        .await
        .unwrap();
    assert_eq!(weeks(1).await, [week(WEEK, 7, 1), week(WEEK, 8, 1), week(WEEK + 1, 8, 1)]);
    assert_eq!(weeks(2).await, [week(WEEK + 1, 9, 1)]);
    assert_eq!(store.topic_weeks(&other, 1, ALWAYS).await.unwrap(), []);
    assert_eq!(store.topic_weeks(tenant, 1, (WEEK + 1, WEEK + 9)).await.unwrap(), [week(WEEK + 1, 8, 1)]);

    world
        .write(|batch| {
            batch.put_topic_result(1, "c-1", &found(&[8])).put_topic_result(1, "c-3", &found(&[8]));
            batch.put(&contact("c-1", 1_441)).move_topics("c-1", contact("c-1", 1_441).started_at);
        })
        .await
        .unwrap();
    assert_eq!(weeks(1).await, [week(WEEK + 1, 8, 3)]);
    erase(&world, "c-2").await;
    assert_eq!(weeks(1).await, [week(WEEK + 1, 8, 2)]);
    assert_eq!(weeks(2).await, []);
    world.write(|batch| _ = batch.put_topic_result(3, "c-3", &found(&[7]))).await.unwrap();
    while store.drop_topic_results(tenant, 3).await.unwrap() {}
    world.write(|batch| _ = batch.forget_topic_sets(3)).await.unwrap();
    assert_eq!(weeks(1).await, []);
    assert_eq!(weeks(3).await, [week(WEEK + 1, 7, 1)]);
}

/// Numbers that look random and are the same in every run.
struct Dice(u64);
impl Dice {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % n
    }
}

fn anything(dice: &mut Dice, batch: &mut Batch) {
    let id = format!("c-{}", dice.below(6));
    let agent = ["ana", "bo"][dice.below(2) as usize];
    let it = contact(&id, 700 * dice.below(40) as i64);
    match dice.below(8) {
        0 => _ = batch.put(&it).move_topics(&id, it.started_at),
        1 | 2 => _ = batch.put(&of(agent, it.clone())).move_topics(&id, it.started_at),
        3 | 4 => _ = batch.put_analysis(&id, &talk(dice.below(90) as f64, 1.5)),
        5 => _ = batch.delete_analysis(&id),
        6 => _ = batch.drop_results(&id),
        _ => {
            let topics: Vec<i64> = (0..dice.below(4)).map(|n| n as i64).collect();
            batch.put_topic_result(1 + dice.below(2) as i64, &id, &found(&topics));
        }
    }
}

async fn counts_are_exact_after_any_batches(world: World) {
    let World { store, tenant, .. } = &world;
    let mut dice = Dice(4);
    let mut most = 0;
    for round in 0..60 {
        let mut batch = Batch::new(tenant);
        for _ in 0..=dice.below(8) {
            anything(&mut dice, &mut batch);
        }
        store.apply(batch).await.unwrap();
        if dice.below(5) == 0
            && let Some(row) = store.contact_row(tenant, &format!("c-{}", dice.below(6))).await.unwrap()
        {
            world.write(|batch| _ = batch.erase(&row)).await.unwrap();
        }
        let counted = store.day_counts(tenant, None, ALWAYS).await.unwrap();
        let days = "SELECT c.started_at / 86400000000, COUNT(*), COUNT(a.contact), \
             CAST(COALESCE(SUM(a.internal), 0) AS BIGINT), CAST(COALESCE(SUM(a.external), 0) AS BIGINT) \
             FROM contacts c LEFT JOIN analyses a ON a.tenant = c.tenant AND a.contact = c.id \
             GROUP BY c.started_at / 86400000000 ORDER BY 1";
        let truth = store.query(days, vec![], |row| {
            Ok(DayCount {
                day: row.int(0)?,
                contacts: row.int(1)?,
                analysed: row.int(2)?,
                internal: MediaTime::from_micros(row.int(3)?),
                external: MediaTime::from_micros(row.int(4)?),
            })
        });
        assert_eq!(counted, truth.await.unwrap(), "days after round {round}");
        most = most.max(counted.len());
        for generation in [1_i64, 2] {
            let weeks = "SELECT (started_at / 86400000000 + 3) / 7, topic, COUNT(*) FROM topic_contacts \
                 WHERE generation = ? GROUP BY (started_at / 86400000000 + 3) / 7, topic ORDER BY 1, 2";
            let truth = store.query(weeks, vec![generation.into()], |row| {
                Ok(TopicWeek { week: row.int(0)?, topic: TopicId(row.int(1)?), contacts: row.int(2)? })
            });
            let counted = store.topic_weeks(tenant, generation, ALWAYS).await.unwrap();
            assert_eq!(counted, truth.await.unwrap(), "weeks after round {round}");
        }
    }
    assert!(most > 2, "there was something to count: {most}");
}

async fn what_waits_is_counted_up_to_a_bound(world: World) {
    let World { store, tenant, .. } = &world;
    world
        .write(|batch| {
            for n in 0..MOST_WAITING + 5 {
                batch.put(&of("ana", contact(&format!("c-{n}"), n)));
            }
            batch.put(&of("bo", contact("b-1", 10_000)));
            batch.enqueue(&NewJob {
                id: "j-1".to_owned(),
                kind: "convert",
                payload: serde_json::json!({}),
                due_at: touchline_model::Clock::now(&*world.clock),
                created_at: touchline_model::Clock::now(&*world.clock),
            });
        })
        .await
        .unwrap();
    let midnight = time("2026-02-01T00:00:00Z");
    let (ana, bo) = (["ana".to_owned()], ["bo".to_owned(), "nobody".to_owned()]);
    assert_eq!(store.count_new(tenant, None, midnight).await.unwrap(), MOST_WAITING + 1);
    assert_eq!(store.count_new(tenant, Some(&ana), midnight).await.unwrap(), MOST_WAITING + 1);
    assert_eq!(store.count_new(tenant, Some(&ana), midnight.plus_secs(60 * MOST_WAITING)).await.unwrap(), 5);
    assert_eq!(store.count_new(tenant, Some(&bo), midnight).await.unwrap(), 1);

    assert_eq!((store.count_failed(tenant).await.unwrap(), store.count_dead(tenant).await.unwrap()), (0, 0));
    let row = store.contact_row(tenant, "c-1").await.unwrap().unwrap();
    let other = store.contact_row(tenant, "c-2").await.unwrap().unwrap();
    world
        .write(|batch| {
            batch.set_state("c-1", row.contact.seq, "CONVERTER_REJECTED", Some("no audio"));
            batch.set_state("c-2", other.contact.seq, "TRANSCRIPTION_FAILED", None);
        })
        .await
        .unwrap();
    assert_eq!(store.count_failed(tenant).await.unwrap(), 2);
    let job = store.lease_jobs(1, 60).await.unwrap().remove(0);
    store.fail_job(&job, "no", true).await.unwrap();
    assert_eq!(store.count_dead(tenant).await.unwrap(), 1);
}

async fn people_hear_of_what_concerns_them(world: World) {
    let World { store, tenant, .. } = &world;
    let at = |minute: i64| time("2026-02-02T00:00:00Z").plus_secs(60 * minute);
    let ana: UserId = "ana".into();
    let share = |id: &str, minute, to: &[&str]| Share {
        contact_id: "c-1".into(),
        author_id: "bo".into(),
        shared_at: at(minute),
        recipient_ids: to.iter().map(|&it| it.into()).collect(),
        ..Share::sparse().with_id(id)
    };
    let remark = |id: &str, minute, contact: &str, author: &str| Feedback {
        contact_id: contact.into(),
        author_id: author.into(),
        given_at: at(minute),
        text: Some(format!("says {id}")),
        start: MediaTime::from_secs(7.5),
        ..Feedback::sparse().with_id(id)
    };
    let judged = |id: &str, minute, agent: &str| Evaluation {
        contact_id: "c-1".into(),
        scorecard_id: "s-1".into(),
        reviewer_id: "bo".into(),
        agent_id: Some(agent.into()),
        scored_at: at(minute),
        ..Evaluation::sparse().with_id(id)
    };
    world
        .write(|batch| {
            batch.put(&of("ana", contact("c-1", 0))).put(&of("bo", contact("c-2", 0)));
            batch.put(&share("old", -1, &["ana"])).put(&share("one", 1, &["ana", "cy"]));
            batch.put(&share("ana2", 2, &["ana2", "an"])).put(&share("two", 3, &["ana"]));
            batch.put(&remark("f-1", 1, "c-1", "bo")).put(&remark("f-2", 2, "c-2", "cy"));
            batch.put(&remark("f-3", 3, "c-1", "ana")).put(&remark("f-4", 4, "c-1", "cy"));
            batch.put(&judged("e-1", 1, "ana")).put(&judged("e-2", 2, "bo")).put(&judged("e-3", 3, "ana"));
        })
        .await
        .unwrap();
    let received = store.received(tenant, &ana, at(0)).await.unwrap();
    assert_eq!(received.iter().map(|it| it.id.as_str()).collect::<Vec<_>>(), ["two", "one"]);
    assert_eq!((received[1].at, received[1].author.as_str()), (at(1), "bo"));
    let remarks = store.remarks_on(tenant, &ana, at(0), 9).await.unwrap();
    let said: Vec<_> = remarks.iter().map(|it| (it.author.as_str(), it.text.as_deref().unwrap())).collect();
    assert_eq!(said, [("cy", "says f-4"), ("bo", "says f-1")], "neither the own ones nor others' contacts");
    assert_eq!(remarks[0].start, MediaTime::from_secs(7.5));
    assert_eq!(store.remarks_on(tenant, &ana, at(0), 1).await.unwrap().len(), 1);
    let judged = store.judged(tenant, &ana, at(2), 9).await.unwrap();
    assert_eq!(judged.iter().map(|it| (it.id.as_str(), it.at)).collect::<Vec<_>>(), [("e-3", at(3))]);
    let of_call = store.evaluations_of(tenant, "c-1", 2).await.unwrap();
    assert_eq!(of_call.iter().map(|it| it.value.id.as_str()).collect::<Vec<_>>(), ["e-3", "e-2"]);
    assert_eq!(store.evaluations_of(tenant, "c-2", 9).await.unwrap(), []);
    let other = world.add_tenant("other").await;
    assert_eq!(store.received(&other, &ana, at(0)).await.unwrap(), []);
    assert_eq!(store.remarks_on(&other, &ana, at(0), 9).await.unwrap(), []);
    assert_eq!(store.judged(&other, &ana, at(0), 9).await.unwrap(), []);
    assert_eq!(store.evaluations_of(&other, "c-1", 9).await.unwrap(), []);
}
