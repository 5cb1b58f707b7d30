//! Contacts: versions, recordings, what hangs on them, search, and erasure.

use crate::{
    samples::{Sample, contact, transcript},
    world::{World, is_conflict, strings, time},
};
use touchline_model::*;
use touchline_store::{
    Analysis, Batch, DeletedContact, SearchKey, TopicResult, TopicSet, TopicSetState, search_key,
};

on_both_engines!(
    a_state_moves_only_from_the_version_that_was_read,
    contacts_are_held_at_what_was_seen,
    a_recording_stays_when_the_contact_is_put_again,
    a_touched_contact_moves_in_the_feed_and_a_missing_one_is_no_conflict,
    the_list_of_calls_joins_agent_and_analysis,
    erasing_leaves_a_tombstone_and_nothing_that_was_said,
    a_contact_that_came_back_can_be_erased_again,
    transcripts_come_back_as_they_were,
    outdated_analyses_are_found,
    contacts_are_found_by_field_state_direction_and_agent,
);

pub(crate) fn analysis(version: u32) -> Analysis {
    let line = |text: &str| SummaryLine { text: text.to_owned(), first_word: 0, last_word: 3 };
    Analysis {
        version,
        stats: CallStats {
            talk_ratio: 0.1 + 0.2,
            longest_segments: [(0, 1.0 / 3.0)].into(),
            talk_speeds: vec![TalkSpeed { start: 0.4, end: 301.7, words_per_minute: [(1, 123.456)].into() }],
            ..CallStats::default()
        },
        summary: Summary {
            lines: vec![line("They said \"hé\"")],
            next_steps: vec![],
            questions: vec![QuestionAndAnswer { question: line("Why?"), answer: line("So.") }],
        },
        speakers: transcript(&[]).speakers,
    }
}

fn recording() -> Recording {
    Recording { sha256: "ab".repeat(32), bytes: 5_000_000_000, media_type: "audio/wav".to_owned() }
}

async fn seq_of(world: &World, id: &str) -> Seq {
    world.store.contact_row(&world.tenant, id).await.unwrap().unwrap().contact.seq
}

async fn contacts_are_held_at_what_was_seen(world: World) {
    let both = strings(&["a", "b"]);
    world.write(|batch| _ = batch.insert(&contact("a", 0)).insert(&contact("b", 0))).await.unwrap();
    let seen = world.store.tenant_state(&world.tenant).await.unwrap().unwrap().seq;
    world.write(|batch| _ = batch.hold_contacts(&both, seen).touch("a")).await.unwrap();
    let late = world.write(|batch| _ = batch.hold_contacts(&both, seen).touch("b")).await;
    assert!(is_conflict(&late), "a has moved on");
    let gone = world.write(|batch| _ = batch.hold_contacts(&strings(&["b", "never"]), seen)).await;
    assert!(is_conflict(&gone), "one is not there");
    world.write(|batch| _ = batch.hold_contacts(&[], seen)).await.unwrap();
    assert!(is_conflict(&world.write(|batch| _ = batch.insert(&contact("b", 5))).await), "it is there");
}

async fn a_state_moves_only_from_the_version_that_was_read(world: World) {
    let World { store, tenant, .. } = &world;
    world.write(|batch| _ = batch.put(&Contact::full())).await.unwrap();
    let moved =
        world.write(|batch| _ = batch.set_state("c-1", 1, "CONVERTER_REJECTED", Some("no\0 sound"))).await;
    assert_eq!(moved.unwrap().seq, 2);
    let row = store.contact_row(tenant, "c-1").await.unwrap().unwrap();
    assert_eq!((row.state(), row.failure.as_deref()), ("CONVERTER_REJECTED", Some("no  sound")));
    assert_eq!(row.contact.seq, 2);

    // Somebody who still has version 1 is refused, with everything else in the batch.
    let late = world.write(|batch| {
        batch.put(&User::full()).put_transcript("c-1", &transcript(&["late"]));
        batch.set_state("c-1", 1, ContactState::COMPLETE, None).put(&Group::full());
    });
    assert!(is_conflict(&late.await));
    for kept in [row.state(), store.call(tenant, "c-1").await.unwrap().unwrap().state.as_str()] {
        assert_eq!(kept, "CONVERTER_REJECTED");
    }
    assert_eq!(store.get::<User>(tenant, "u-1").await.unwrap(), None);
    assert_eq!(store.get::<Group>(tenant, "d-1").await.unwrap(), None);
    assert!(store.transcribed(tenant, &strings(&["c-1"])).await.unwrap().is_empty());
    assert_eq!(store.changes(tenant, 2, 9).await.unwrap(), []);
    assert_eq!(store.tenant_state(tenant).await.unwrap().unwrap().seq, 2);

    // The numbers of a refused batch are given to the next one; a new state clears the failure.
    let moved = world.write(|batch| _ = batch.set_state("c-1", 2, ContactState::COMPLETE, None)).await;
    assert_eq!(moved.unwrap().seq, 3);
    let row = store.contact_row(tenant, "c-1").await.unwrap().unwrap();
    assert_eq!((row.state(), row.failure.as_deref()), (ContactState::COMPLETE, None));
    assert_eq!(row.contact.value, Contact { state: Some(ContactState::new("COMPLETE")), ..Contact::full() });

    assert!(is_conflict(&world.write(|batch| _ = batch.set_state("c-9", 1, "X", None)).await));
    assert!(is_conflict(&world.write(|batch| _ = batch.hold_contact("c-1", 2).put(&User::full())).await));
    world.write(|batch| _ = batch.hold_contact("c-1", 3).put(&User::full())).await.unwrap();
    assert_eq!(seq_of(&world, "c-1").await, 3);
}

async fn a_recording_stays_when_the_contact_is_put_again(world: World) {
    let World { store, tenant, .. } = &world;
    world.write(|batch| _ = batch.put(&contact("c-1", 0)).put(&contact("c-2", 1))).await.unwrap();
    assert_eq!(store.contact_row(tenant, "c-1").await.unwrap().unwrap().recording, None);
    let set = |seq| {
        world.write(move |batch| {
            batch.set_recording("c-1", seq, &recording(), Some("x.wav"), ContactState::CONVERTING);
            batch.set_duration("c-1", MediaTime::from_secs(12.5));
        })
    };
    assert_eq!(set(1).await.unwrap().seq, 3);
    assert!(is_conflict(&set(1).await));
    let row = store.contact_row(tenant, "c-1").await.unwrap().unwrap();
    assert_eq!((row.recording.as_ref(), row.state()), (Some(&recording()), "CONVERTING"));
    assert_eq!(row.contact.value.original_path.as_deref(), Some("x.wav"));
    assert_eq!(row.contact.value.duration, MediaTime::from_secs(12.5));

    world.write(|batch| _ = batch.put(&contact("c-1", 7))).await.unwrap();
    let row = store.contact_row(tenant, "c-1").await.unwrap().unwrap();
    assert_eq!((row.recording, row.contact.value), (Some(recording()), contact("c-1", 7)));
    assert_eq!(store.recording_users(tenant, &recording().sha256).await.unwrap(), 1);
    world.write(|batch| _ = batch.set_recording("c-2", 2, &recording(), None, "X")).await.unwrap();
    assert_eq!(store.recording_users(tenant, &recording().sha256).await.unwrap(), 2);
    assert_eq!(store.recording_users(tenant, "other").await.unwrap(), 0);
}

async fn a_touched_contact_moves_in_the_feed_and_a_missing_one_is_no_conflict(world: World) {
    let World { store, tenant, clock, .. } = &world;
    world.write(|batch| _ = batch.put(&contact("a", 0)).put(&contact("b", 0))).await.unwrap();
    clock.advance_secs(5);
    world.write(|batch| _ = batch.touch("a").touch("gone")).await.unwrap();
    let calls = store.calls(tenant, (Timestamp::default(), 0), 9, false).await.unwrap();
    let places: Vec<_> = calls.iter().map(|it| (it.id.as_str(), it.modified, it.seq)).collect();
    let start = time(crate::world::START);
    assert_eq!(places, [("b", start, 2), ("a", start.plus_secs(5), 3)]);
}

async fn the_list_of_calls_joins_agent_and_analysis(world: World) {
    let World { store, tenant, .. } = &world;
    let complete = Contact { state: Some(ContactState::new("COMPLETE")), ..Contact::full() };
    world
        .write(|batch| {
            batch.put(&contact("c-2", 0)).put(&complete).put(&User::full());
            batch.put_analysis("c-1", &analysis(1));
        })
        .await
        .unwrap();
    let calls = store.calls(tenant, (Timestamp::default(), 0), 9, false).await.unwrap();
    let (bare, full) = (&calls[0], &calls[1]);
    assert_eq!((bare.id.as_str(), &bare.agent, &bare.agent_email, &bare.stats), ("c-2", &None, &None, &None));
    assert_eq!((bare.metadata.as_str(), bare.crm_matches.as_str(), &bare.summary), ("{}", "[]", &None));
    assert_eq!(
        (full.agent.as_deref(), full.agent_email.as_deref()),
        (Some("u-1"), Some("o'brien@example.org"))
    );
    assert_eq!((full.started_at, full.duration.secs()), (Timestamp::from_micros(-999_999), 604_800.0));
    assert_eq!((full.direction.as_str(), full.state.as_str()), ("SCREENSHARE", "COMPLETE"));
    assert_eq!(serde_json::from_str::<CallStats>(full.stats.as_deref().unwrap()).unwrap(), analysis(1).stats);
    assert_eq!(
        serde_json::from_str::<Summary>(full.summary.as_deref().unwrap()).unwrap(),
        analysis(1).summary
    );
    let metadata: serde_json::Map<String, serde_json::Value> = serde_json::from_str(&full.metadata).unwrap();
    assert_eq!(metadata, complete.metadata);
    let done = store.calls(tenant, (Timestamp::default(), 0), 9, true).await.unwrap();
    assert_eq!(done.iter().map(|it| it.id.as_str()).collect::<Vec<_>>(), ["c-1"]);
    assert!(store.call(tenant, "c-9").await.unwrap().is_none());
}

async fn erasing_leaves_a_tombstone_and_nothing_that_was_said(world: World) {
    let World { store, tenant, clock, .. } = &world;
    let set = TopicSet {
        generation: 1,
        state: TopicSetState::Visible,
        topics: vec![],
        walked: String::new(),
        done: 0,
        total: 0,
    };
    let ids = strings(&["c-1", "c-2"]);
    world
        .write(|batch| {
            batch.put_topic_set(&set).put(&Contact::full()).put(&contact("c-2", 0)).put(&Feedback::full());
            for id in &ids {
                batch.put_transcript(id, &transcript(&["secret"])).put_analysis(id, &analysis(1));
                batch.put_topic_result(1, id, &TopicResult::default());
            }
        })
        .await
        .unwrap();
    clock.advance_secs(60);
    let row = store.contact_row(tenant, "c-1").await.unwrap().unwrap();
    let erase = |batch: &mut Batch| _ = batch.erase(&row);
    assert_eq!(world.write(erase).await.unwrap().seq, 4);

    assert!(store.contact_row(tenant, "c-1").await.unwrap().is_none());
    assert!(store.call(tenant, "c-1").await.unwrap().is_none());
    assert_eq!(store.transcribed(tenant, &ids).await.unwrap(), ["c-2"]);
    assert_eq!(store.analyses(tenant, &ids).await.unwrap().into_keys().collect::<Vec<_>>(), ["c-2"]);
    assert_eq!(store.topic_results(tenant, 1, &ids).await.unwrap().into_keys().collect::<Vec<_>>(), ["c-2"]);
    assert_eq!(store.contact_count(tenant).await.unwrap(), 1);
    assert!(store.get::<Feedback>(tenant, "f-1").await.unwrap().is_some(), "it only carries the id (X-17)");
    let left = DeletedContact {
        id: "c-1".to_owned(),
        agent: Some("u-1".to_owned()),
        started_at: Contact::full().started_at,
        deleted_at: clock.now(),
        seq: 4,
    };
    assert_eq!(store.tombstones(tenant, &ids).await.unwrap(), std::slice::from_ref(&left));
    assert_eq!(store.deleted_contacts(tenant, (clock.now(), 3), 9).await.unwrap(), [left]);
    assert_eq!(store.deleted_contacts(tenant, (clock.now(), 4), 9).await.unwrap(), []);
    let told = store.changes(tenant, 3, 9).await.unwrap();
    assert_eq!((told[0].kind, told[0].op.as_str(), told.len()), (Kind::Contact, "delete", 1));

    // Twice, or from a version that is no longer true: refused, and the tombstone stays as it was.
    clock.advance_secs(60);
    assert!(is_conflict(&world.write(erase).await));
    let stale = store.contact_row(tenant, "c-2").await.unwrap().unwrap();
    world.write(|batch| _ = batch.touch("c-2")).await.unwrap();
    assert!(is_conflict(&world.write(|batch| _ = batch.erase(&stale)).await));
    assert_eq!(store.tombstones(tenant, &ids).await.unwrap().len(), 1);
    assert_eq!(store.transcribed(tenant, &ids).await.unwrap(), ["c-2"]);
}

async fn a_contact_that_came_back_can_be_erased_again(world: World) {
    let World { store, tenant, clock, .. } = &world;
    for minutes in [1, 2] {
        clock.advance_secs(60);
        world.write(|batch| _ = batch.put(&contact("c-1", minutes))).await.unwrap();
        let row = store.contact_row(tenant, "c-1").await.unwrap().unwrap();
        world.write(|batch| _ = batch.erase(&row)).await.unwrap();
        let left = store.tombstones(tenant, &strings(&["c-1"])).await.unwrap();
        assert_eq!((left.len(), left[0].deleted_at, left[0].seq), (1, clock.now(), 2 * minutes));
        assert_eq!(left[0].started_at, contact("c-1", minutes).started_at);
    }
}

async fn transcripts_come_back_as_they_were(world: World) {
    let World { store, tenant, .. } = &world;
    let words: Vec<String> = (0..20_000).map(|n| format!("wörd-{n}")).collect();
    let long = transcript(&words.iter().map(String::as_str).collect::<Vec<_>>());
    world
        .write(|batch| {
            _ = batch.put_transcript("long", &long).put_transcript("empty", &Transcript::default())
        })
        .await
        .unwrap();
    let ids = strings(&["long", "empty", "none"]);
    let found = store.transcripts(tenant, &ids).await.unwrap();
    assert!(found["long"] == long && found["empty"] == Transcript::default() && found.len() == 2);
    let mut have = store.transcribed(tenant, &ids).await.unwrap();
    have.sort();
    assert_eq!(have, ["empty", "long"]);
    world.write(|batch| _ = batch.put_transcript("long", &transcript(&["short"]))).await.unwrap();
    assert_eq!(store.transcripts(tenant, &ids).await.unwrap()["long"], transcript(&["short"]));
}

async fn outdated_analyses_are_found(world: World) {
    let World { store, tenant, .. } = &world;
    world
        .write(|batch| {
            for (id, version) in [("a", 1), ("b", 2), ("B", 1), ("c", 3)] {
                batch.put_analysis(id, &analysis(version));
            }
        })
        .await
        .unwrap();
    assert_eq!(store.outdated(tenant, 2, 9).await.unwrap(), ["B", "a"]);
    assert_eq!(store.outdated(tenant, 9, 3).await.unwrap(), ["B", "a", "b"]);
    world.write(|batch| _ = batch.put_analysis("a", &analysis(2)).delete_analysis("B")).await.unwrap();
    assert!(store.outdated(tenant, 2, 9).await.unwrap().is_empty());
    let found = store.analyses(tenant, &strings(&["a", "B", "c"])).await.unwrap();
    assert_eq!((found.len(), &found["a"], &found["c"]), (2, &analysis(2), &analysis(3)));
}

async fn contacts_are_found_by_field_state_direction_and_agent(world: World) {
    let World { store, tenant, .. } = &world;
    let key: SearchKey = search_key("metadata.city", "köln");
    assert!(
        key >= 0 && key != search_key("metadata.cit", "yköln") && key != search_key("metadata.city", "koln")
    );
    let at = |minutes| contact("x", minutes).started_at;
    world
        .write(|batch| {
            for (id, minutes, agent) in [("a", 1, "é"), ("b", 3, "u'2"), ("c", 3, "é"), ("d", 2, "u-3")] {
                batch.put(&Contact { agent_id: Some(agent.into()), ..contact(id, minutes) });
                batch.put_field(key, at(minutes), id).put_field(key, at(minutes), id);
            }
            batch.put(&Contact { direction: Direction::Outbound, ..contact("e", 9) });
        })
        .await
        .unwrap();
    // Newest first, then by id.
    assert_eq!(store.by_field(tenant, key, 9).await.unwrap(), ["b", "c", "d", "a"]);
    assert_eq!(store.by_field(tenant, key, 2).await.unwrap(), ["b", "c"]);
    assert_eq!(store.by_state(tenant, "UPLOADED", 9).await.unwrap(), ["e", "b", "c", "d", "a"]);
    assert!(store.by_state(tenant, "uploaded", 9).await.unwrap().is_empty());
    assert_eq!(store.by_direction(tenant, "OUTBOUND", 9).await.unwrap(), ["e"]);
    assert_eq!(store.by_agents(tenant, &strings(&["é", "u'2"]), 9).await.unwrap(), ["b", "c", "a"]);
    world.write(|batch| _ = batch.delete_field(key, at(3), "b")).await.unwrap();
    assert_eq!(store.by_field(tenant, key, 9).await.unwrap(), ["c", "d", "a"]);
}
