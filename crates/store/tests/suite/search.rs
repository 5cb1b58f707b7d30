//! Contacts newest first by words, agent, topic or field.

use crate::{
    samples::{Sample, contact},
    world::{World, strings, time},
};
use std::collections::BTreeSet;
use touchline_model::{Contact, Feedback, MediaTime, TenantId, Timestamp, Topic, TopicHit, TopicId};
use touchline_store::{Batch, CallKey, CallStream, TopicResult, TopicSet, TopicSetState, WordsOf};

on_both_engines!(
    words_propose_the_contacts_that_have_them_all,
    what_is_taken_out_is_proposed_no_more,
    a_word_of_any_script_or_length_is_a_term,
    a_contact_with_too_many_words_is_always_proposed,
    tenants_are_kept_apart,
    each_stream_goes_on_after_a_place,
    topics_follow_their_results,
    facts_come_for_those_that_exist,
);

const ALL_TIME: Timestamp = Timestamp::from_micros(i64::MIN);

fn set(words: &str) -> BTreeSet<String> {
    words.split(' ').map(str::to_owned).collect()
}

fn words_of(of: &Contact, words: &str) -> WordsOf {
    WordsOf {
        contact: of.id.0.clone(),
        started_at: of.started_at,
        agent: of.agent_id.as_ref().map(|agent| agent.0.clone()),
        words: set(words),
    }
}

/// Every contact of a stream, a few at a time.
async fn read(world: &World, tenant: &TenantId, stream: &CallStream, since: Timestamp) -> Vec<String> {
    let (mut after, mut ids, mut calm) = (CallKey::newest(), vec![], 0);
    loop {
        let found = world.store.newest(tenant, stream, &after, since, 3).await.unwrap();
        if let Some(last) = found.keys.last() {
            assert!(found.keys.iter().is_sorted() && found.keys[0] > after);
            after.clone_from(last);
        }
        calm += usize::from(found.keys.is_empty());
        assert!(calm < 3, "it goes round in circles");
        ids.extend(found.keys.into_iter().map(|key| key.contact));
        if found.ended {
            return ids;
        }
    }
}

async fn proposed(world: &World, words: &str) -> String {
    let stream = CallStream::words(&world.tenant, &set(words), &[]);
    read(world, &world.tenant, &stream, ALL_TIME).await.join(" ")
}

/// Puts contacts a minute apart, each with its words.
async fn say(world: &World, said: &[(&str, &str)]) {
    let contacts: Vec<Contact> = said.iter().zip(0..).map(|((id, _), at)| contact(id, at)).collect();
    let index = contacts.iter().zip(said).map(|(contact, (_, words))| words_of(contact, words)).collect();
    world
        .write(|batch| {
            for contact in &contacts {
                batch.put(contact);
            }
            batch.index_words(index);
        })
        .await
        .unwrap();
}

async fn words_propose_the_contacts_that_have_them_all(world: World) {
    say(&world, &[("a", "red car"), ("b", "red bus"), ("c", "blue car red"), ("d", "and or not")]).await;
    assert_eq!(proposed(&world, "red").await, "c b a");
    assert_eq!(proposed(&world, "car red").await, "c a");
    assert_eq!(proposed(&world, "blue bus").await, "");
    assert_eq!(proposed(&world, "re").await, "");
    assert_eq!(proposed(&world, "not or and").await, "d", "no word means anything to the engines");
    let stream = CallStream::words(&world.tenant, &set("red"), &[]);
    let second = contact("b", 1).started_at;
    assert_eq!(read(&world, &world.tenant, &stream, second).await, ["c", "b"]);
    assert_eq!(
        read(&world, &world.tenant, &stream, Timestamp::from_micros(second.micros() + 1)).await,
        ["c"]
    );
    // The same words once more, now by an agent.
    let by = Contact { agent_id: Some("u-1".into()), ..contact("a", 0) };
    world.write(|batch| _ = batch.index_words(vec![words_of(&by, "red car")])).await.unwrap();
    assert_eq!(proposed(&world, "red car").await, "c a");
    for (agents, expected) in [(&["u-1"][..], "a"), (&["u-2", "u-1"], "a"), (&["u-2"], "")] {
        let stream = CallStream::words(&world.tenant, &set("red"), &strings(agents));
        assert_eq!(read(&world, &world.tenant, &stream, ALL_TIME).await.join(" "), expected);
    }
}

async fn what_is_taken_out_is_proposed_no_more(world: World) {
    say(&world, &[("a", "red car"), ("b", "red bus"), ("c", "red")]).await;
    world.write(|batch| _ = batch.unindex_words("b", &set("red bus"))).await.unwrap();
    world.write(|batch| _ = batch.unindex_words("nobody", &set("red"))).await.unwrap();
    assert_eq!(proposed(&world, "red").await, "c a");
    assert_eq!(proposed(&world, "bus").await, "");
    let row = world.store.contact_row(&world.tenant, "c").await.unwrap().unwrap();
    world.write(|batch| _ = batch.unindex_words("c", &set("red")).erase(&row)).await.unwrap();
    assert_eq!(proposed(&world, "red").await, "a");
    world.write(|batch| _ = batch.index_words(vec![words_of(&contact("b", 9), "new bus")])).await.unwrap();
    assert_eq!(
        (proposed(&world, "bus").await, proposed(&world, "red").await),
        ("b".to_owned(), "a".to_owned())
    );
    assert_eq!(world.store.engine_check().await.unwrap(), [""; 0]);
}

async fn a_word_of_any_script_or_length_is_a_term(world: World) {
    let long = "x".repeat(3_000);
    let words = ["zürück", "日本🎧", "it's", "5.50", "a&b|c(d)", "\"q\"", "\\", "null", "'", &long, "Z"];
    for (at, word) in words.iter().enumerate() {
        let one = contact(&format!("c{at:02}"), at as i64);
        world.write(|batch| _ = batch.put(&one).index_words(vec![words_of(&one, word)])).await.unwrap();
    }
    for (at, word) in words.iter().enumerate() {
        assert_eq!(proposed(&world, word).await, format!("c{at:02}"), "{word}");
    }
}

async fn a_contact_with_too_many_words_is_always_proposed(world: World) {
    let words = (0..80_000).map(|n| format!("word{n}")).collect::<Vec<_>>().join(" ");
    say(&world, &[("small", "some"), ("huge", &words)]).await;
    assert_eq!(proposed(&world, "some").await, "huge small");
    assert_eq!(proposed(&world, "word79999").await, "huge");
    world.write(|batch| _ = batch.unindex_words("huge", &set(&words))).await.unwrap();
    assert_eq!(proposed(&world, "some").await, "small");
}

async fn tenants_are_kept_apart(world: World) {
    let other = world.add_tenant("other").await;
    say(&world, &[("a", "secret"), ("b", "secret")]).await;
    let mut batch = Batch::new(&other);
    batch.put(&contact("a", 5)).index_words(vec![words_of(&contact("a", 5), "secret")]);
    world.store.apply(batch).await.unwrap();
    assert_eq!(proposed(&world, "secret").await, "b a");
    let theirs = CallStream::words(&other, &set("secret"), &[]);
    assert_eq!(read(&world, &other, &theirs, ALL_TIME).await, ["a"]);
    // Even with the other's terms.
    assert_eq!(read(&world, &world.tenant, &theirs, ALL_TIME).await, [""; 0]);
    let mut batch = Batch::new(&other);
    batch.unindex_words("b", &set("secret"));
    world.store.apply(batch).await.unwrap();
    assert_eq!(proposed(&world, "secret").await, "b a");
}

async fn each_stream_goes_on_after_a_place(world: World) {
    let key = touchline_store::search_key("metadata.queue", "sales");
    // Five of each second, at three different instants of it.
    let contacts: Vec<Contact> = (0..40_i64)
        .map(|n| {
            let mut it = contact(&format!("c{:02}", (n * 7) % 40), 0);
            it.started_at =
                Timestamp::from_micros(time("1969-12-31T23:59:57Z").micros() + n / 5 * 1_000_000 + n % 3);
            it.agent_id = Some("u-1".into());
            it
        })
        .collect();
    let hit = TopicHit {
        topic: TopicId(4),
        phrases: ["x".to_owned()].into(),
        segment: 0,
        first_token: 0,
        last_token: 0,
        first_word: 0,
        last_word: 0,
    };
    let result = TopicResult { hits: vec![hit], ..TopicResult::default() };
    world
        .write(|batch| {
            for it in &contacts {
                batch.put(it).put_field(key, it.started_at, it.id.as_str());
                batch.put_topic_result(1, it.id.as_str(), &result);
            }
            batch.index_words(contacts.iter().map(|it| words_of(it, "word")).collect());
        })
        .await
        .unwrap();
    let mut expected: Vec<CallKey> =
        contacts.iter().map(|it| CallKey { started_at: it.started_at, contact: it.id.0.clone() }).collect();
    expected.sort();
    let expected: Vec<String> = expected.into_iter().map(|key| key.contact).collect();
    let streams = [
        CallStream::All,
        CallStream::Agent("u-1".to_owned()),
        CallStream::Field(key),
        CallStream::Topic { generation: 1, topic: TopicId(4) },
        CallStream::words(&world.tenant, &set("word"), &[]),
    ];
    for stream in streams {
        assert_eq!(read(&world, &world.tenant, &stream, ALL_TIME).await, expected, "{stream:?}");
        let late = read(&world, &world.tenant, &stream, time("1970-01-01T00:00:00Z")).await;
        assert_eq!(late, expected[..25], "{stream:?}");
        let before = CallKey::before(time("1969-12-31T23:59:58Z"));
        let oldest = world.store.newest(&world.tenant, &stream, &before, ALL_TIME, 99).await.unwrap();
        assert_eq!(
            oldest.keys.iter().map(|key| &key.contact).collect::<Vec<_>>(),
            expected[35..].iter().collect::<Vec<_>>()
        );
        assert!(oldest.ended);
    }
    for stream in [CallStream::Agent("u-2".to_owned()), CallStream::Field(key + 1)] {
        assert_eq!(read(&world, &world.tenant, &stream, ALL_TIME).await, [""; 0]);
    }
}

async fn topics_follow_their_results(world: World) {
    let World { store, tenant, .. } = &world;
    let result = |topics: &[i64]| {
        let hit = |topic: &i64| TopicHit {
            topic: TopicId(*topic),
            phrases: ["x".to_owned()].into(),
            segment: 0,
            first_token: 0,
            last_token: 0,
            first_word: 0,
            last_word: 0,
        };
        TopicResult { hits: topics.iter().map(hit).collect(), ..TopicResult::default() }
    };
    let sets = |state| TopicSet {
        generation: 1,
        state,
        topics: vec![Topic::full()],
        walked: String::new(),
        done: 0,
        total: 0,
    };
    let found = async |generation, topic| {
        let stream = CallStream::Topic { generation, topic: TopicId(topic) };
        read(&world, tenant, &stream, ALL_TIME).await.join(" ")
    };
    world
        .write(|batch| {
            batch.put(&contact("a", 0)).put(&contact("b", 1)).put_topic_set(&sets(TopicSetState::Visible));
            batch.put_topic_result(1, "a", &result(&[1, 1, 2])).put_topic_result(1, "b", &result(&[2]));
            batch.put_topic_result(2, "b", &result(&[1])).put_topic_result(2, "nobody", &result(&[1]));
        })
        .await
        .unwrap();
    assert_eq!(store.visible_topics(tenant).await.unwrap(), Some(1));
    assert_eq!(
        (found(1, 1).await, found(1, 2).await, found(2, 1).await),
        ("a".into(), "b a".into(), "b".into())
    );
    let ids = strings(&["a", "b"]);
    assert_eq!(store.with_topics(tenant, 1, &[TopicId(1), TopicId(9)], &ids).await.unwrap(), ["a"]);
    world.write(|batch| _ = batch.put_topic_result(1, "a", &result(&[3]))).await.unwrap();
    assert_eq!(
        (found(1, 1).await, found(1, 2).await, found(1, 3).await),
        (String::new(), "b".into(), "a".into())
    );
    let moved = time("2026-02-09T00:00:00Z");
    let later = Contact { started_at: moved, ..contact("a", 0) };
    world.write(|batch| _ = batch.put(&later).move_topics("a", moved)).await.unwrap();
    world.write(|batch| _ = batch.put_topic_result(1, "a", &result(&[2]))).await.unwrap();
    assert_eq!(found(1, 2).await, "a b");
    world.write(|batch| _ = batch.drop_results("a")).await.unwrap();
    assert_eq!(found(1, 2).await, "b");
    while store.drop_topic_results(tenant, 2).await.unwrap() {}
    assert_eq!((found(1, 2).await, found(2, 1).await), (String::new(), "b".into()));
}

async fn facts_come_for_those_that_exist(world: World) {
    let World { store, tenant, .. } = &world;
    let full = Contact::full();
    let comment = Feedback { contact_id: full.id.clone(), ..Feedback::full() };
    world.write(|batch| _ = batch.put(&full).put(&Contact::sparse()).put(&comment)).await.unwrap();
    let ids = strings(&["c-1", "c-2", "c-3"]);
    let mut facts = store.call_facts(tenant, &ids).await.unwrap();
    facts.sort_by(|a, b| a.key.contact.cmp(&b.key.contact));
    assert_eq!(facts.len(), 2);
    let first = &facts[0];
    assert_eq!((first.key.contact.as_str(), first.key.started_at), ("c-1", full.started_at));
    assert_eq!(
        (first.agent.as_deref(), first.channel.as_str(), first.direction.as_str()),
        (Some("u-1"), "mail", "SCREENSHARE")
    );
    assert_eq!((first.state.as_str(), first.duration), ("ON_HOLD_7", MediaTime::from_secs(604_800.0)));
    assert_eq!(facts[1].agent, None);
    assert_eq!(store.commented(tenant, &ids).await.unwrap(), ["c-1"]);
    assert_eq!(store.evaluated(tenant, &ids).await.unwrap(), [""; 0]);
    let said = crate::samples::transcript(&["hi"]);
    world.write(|batch| _ = batch.put_transcript("c-1", &said)).await.unwrap();
    assert_eq!(store.spoken(tenant, &ids).await.unwrap(), [("c-1".to_owned(), said)]);
}
