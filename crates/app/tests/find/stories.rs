//! What somebody who looks for a call can rely on.

use crate::world::{World, call, contact, ids, query, tenant};
use touchline_app::{
    AppError,
    contacts::{
        ContactUpload, TranscriptUpload,
        find::{CallCount, CallQuery, Piece},
    },
};
use touchline_model::*;

on_both_engines!(
    words_are_found_with_their_places,
    speaker_and_time_narrow_the_words,
    facts_narrow_the_calls,
    other_tenants_and_other_agents_stay_unseen,
    an_erased_call_is_gone_at_once_from_everywhere,
    edited_words_are_found_and_the_old_ones_are_not,
    a_call_that_moves_is_found_where_it_is,
    pages_miss_and_repeat_nothing_while_calls_are_added,
    many_calls_of_one_second_are_paged_in_order,
    a_changed_topic_switches_the_filter_at_once,
    reading_what_was_said_needs_the_right_and_leaves_a_note,
    a_search_that_finds_little_ends_and_says_how_far_it_looked,
    very_long_calls_end_a_page_early_and_none_is_left_out,
);

async fn words_are_found_with_their_places(world: World) {
    world
        .put(vec![
            call("a", 0, &[(0, "how can I help"), (1, "I want my money, back.")]),
            call("b", 1, &[(1, "Back then money was no question")]),
            call("c", 2, &[(0, "Geld zurück, Straße 5 - it's $5.50")]),
            ContactUpload::new(contact("d", 3), None),
        ])
        .await;
    assert_eq!(world.ids("").await, ["d", "c", "b", "a"]);
    assert_eq!(world.ids("text=money BACK").await, ["b", "a"]);
    assert_eq!(world.ids("text=\"Money back\"").await, ["a"], "side by side, across punctuation");
    assert_eq!(world.ids("text=\"help I\"").await, [""; 0], "not across speakers");
    for text in ["zurück", "ZURÜCK!", "strasse", "\"strasse 5 it's\"", "5.50", "it's geld"] {
        assert_eq!(world.ids(&format!("text={text}")).await, ["c"], "{text}");
    }
    assert_eq!(world.ids("text=mone").await, [""; 0], "whole words only");
    let page = world.page("text=\"money back\" want").await;
    let snippet = &page.rows[0].snippets[0];
    assert_eq!((snippet.start.secs(), snippet.word, snippet.speaker), (5.0, 5, SpeakerType::External));
    let piece = |text: &str, hit| Piece { text: text.to_owned(), hit };
    assert_eq!(
        snippet.pieces,
        [
            piece("I ", false),
            piece("want", true),
            piece(" my ", false),
            piece("money, back", true),
            piece(".", false)
        ]
    );
    assert_eq!((page.rows[0].snippets.len(), page.next, page.looked_back_to), (1, None, None));
    assert!(page.rows[0].talk_ratio.is_some_and(|ratio| ratio > 0.4 && ratio < 0.5), "{:?}", page.rows[0]);
    let plain = world.page("").await;
    assert!(plain.rows.iter().all(|row| row.snippets.is_empty()));
    assert_eq!(plain.rows[0].talk_ratio, None);
}

async fn speaker_and_time_narrow_the_words(world: World) {
    world
        .put(vec![
            call("a", 0, &[(0, "cancel it"), (1, "yes please")]),
            call("b", 1, &[(1, "cancel it"), (0, "one moment please")]),
            call("c", 2, &[(2, "cancel"), (1, "what")]),
        ])
        .await;
    assert_eq!(world.ids("text=cancel&speaker=external").await, ["b"]);
    assert_eq!(world.ids("text=cancel&speaker=internal").await, ["a"]);
    assert_eq!(world.ids("text=cancel").await, ["c", "b", "a"]);
    assert_eq!(world.ids("text=cancel please&speaker=external").await, [""; 0]);
    assert_eq!(world.ids("text=please&within_from=4").await, ["b"]);
    assert_eq!(world.ids("text=please&within_to=4").await, ["a"]);
    assert_eq!(world.ids("text=please&within_from=3&within_to=4").await, ["a"]);
    let refused = CallQuery { speaker: TopicScope::Internal, ..CallQuery::default() };
    let refused = world.app.find_calls(&world.caller, &refused).await;
    assert!(matches!(refused, Err(AppError::Invalid(Invalid { field, .. })) if field == "text"));
}

async fn facts_narrow_the_calls(world: World) {
    let World { app, caller, .. } = &world;
    let group = |id: &str, parent: Option<&str>| Group {
        id: id.into(),
        name: id.to_owned(),
        kind: if parent.is_some() { GroupKind::Team } else { GroupKind::Department },
        parent_id: parent.map(Into::into),
        active: true,
        ..Group::default()
    };
    let groups = vec![group("sales", None), group("north", Some("sales")), group("care", None)];
    for (at, id) in ["ana", "bo", "cy"].into_iter().enumerate() {
        let team = ["north", "sales", "care"][at];
        let user = User {
            id: id.into(),
            email: format!("{id}@example.com"),
            first_name: if id == "bo" { "Bo".to_owned() } else { String::new() },
            team_id: Some(team.into()),
            ..User::default()
        };
        app.put_one(caller, user).await.unwrap();
    }
    for group in groups {
        app.put_one(caller, group).await.unwrap();
    }
    let with = |id: &str, minutes, agent: &str, change: &dyn Fn(&mut Contact)| {
        let mut contact = contact(id, minutes);
        contact.agent_id = Some(agent.into());
        change(&mut contact);
        ContactUpload::new(contact, None)
    };
    world
        .put(vec![
            with("a", 0, "ana", &|it| it.duration = MediaTime::from_secs(60.0)),
            with("b", 1, "bo", &|it| it.direction = Direction::Outbound),
            with("c", 2, "cy", &|it| it.channel = Channel::Chat),
            with("d", 3, "gone", &|it| it.state = Some(ContactState::new("ON_HOLD"))),
            with("e", 4, "ana", &|it| {
                it.metadata.insert("Queue".to_owned(), "Billing".into());
                it.metadata.insert("tags".to_owned(), serde_json::json!(["vip", 7]));
            }),
        ])
        .await;
    for (query, expected) in [
        ("agent=ana", "ea"),
        ("agent=ana&agent=cy", "eca"),
        ("team=north", "ea"),
        ("team=sales", "eba"),
        ("team=care&team=north", "eca"),
        ("team=sales&agent=bo&agent=cy", "b"),
        ("team=none", ""),
        ("channel=chat", "c"),
        ("direction=OUTBOUND", "b"),
        ("state=ON_HOLD", "d"),
        ("state=ON_HOLD&state=UPLOADED", "edcba"),
        ("min_duration=60", "a"),
        ("max_duration=59.9", "edcb"),
        ("from=2026-02-01T10:02:00Z", "edc"),
        ("to=2026-02-01T10:02:00Z", "ba"),
        ("from=2026-02-01T10:01:00Z&to=2026-02-01T10:03:00Z", "cb"),
        ("metadata=Queue=BILLING", "e"),
        ("metadata=Queue=billing&metadata=tags=7", "e"),
        ("metadata=Queue=billing&metadata=tags=8", ""),
        ("metadata=queue=billing", ""),
        ("agent=ana&metadata=tags=vip&from=2026-02-01", "e"),
        ("topic=1", ""),
    ] {
        assert_eq!(world.ids(query).await.concat(), expected, "{query}");
        let all = CallCount { calls: expected.len(), all: true };
        assert_eq!(app.count_calls(caller, &self::query(query)).await.unwrap(), all, "{query}");
        let small = CallQuery { limit: 1, ..self::query(query) };
        let (page, count) = app.find_and_count_calls(caller, &small).await.unwrap();
        assert_eq!((page.rows.len(), count), (expected.len().min(1), all), "{query}, one a page");
    }
    let names: Vec<_> = world.page("").await.rows.into_iter().map(|row| row.agent_name).collect();
    let name = |name: &str| Some(name.to_owned());
    let ana = || name("ana@example.com");
    assert_eq!(names, [ana(), None, name("cy@example.com"), name("Bo"), ana()]);

    let comment = serde_json::json!({ "id": "f", "contact_id": "b", "author_id": "ana",
        "given_at": "2026-02-02T10:00:00Z", "kind": "comment", "text": "good" });
    app.put_one(caller, serde_json::from_value::<Feedback>(comment).unwrap()).await.unwrap();
    assert_eq!(world.ids("comments=true").await, ["b"]);
    assert_eq!(world.ids("comments=false&evaluation=false").await.concat(), "edca");
    assert_eq!(world.ids("evaluation=true").await, [""; 0]);
}

async fn other_tenants_and_other_agents_stay_unseen(world: World) {
    let World { app, caller, .. } = &world;
    let other = tenant(app, "other").await;
    let mine = |id: &str, agent: &str| {
        let mut upload = call(id, 0, &[(0, "secret word")]);
        upload.agent_id = Some(agent.into());
        upload
    };
    for caller in [caller, &other] {
        app.put_contacts(caller, vec![mine("x", "ana"), mine(&format!("only-{}", caller.tenant), "bo")])
            .await
            .unwrap();
    }
    world.work().await;
    assert_eq!(world.ids("text=secret").await, ["only-acme", "x"]);
    let theirs = app.find_calls(&other, &query("text=secret")).await.unwrap();
    assert_eq!(ids(&theirs), ["only-other", "x"]);
    let agent = |user: Option<&str>| Caller { own_only: true, user: user.map(Into::into), ..caller.clone() };
    for text in ["", "text=secret", "agent=ana&agent=bo", "metadata=a=b"] {
        let found = app.find_calls(&agent(Some("ana")), &query(text)).await.unwrap();
        let own: &[&str] = if text.starts_with("meta") { &[] } else { &["x"] };
        assert_eq!(ids(&found), own, "{text}");
    }
    assert_eq!(app.find_calls(&agent(None), &query("")).await.unwrap().rows.len(), 0);
    assert_eq!(app.count_calls(&agent(Some("bo")), &query("agent=ana")).await.unwrap().calls, 0);
}

async fn an_erased_call_is_gone_at_once_from_everywhere(world: World) {
    let World { app, caller, .. } = &world;
    let mut first = call("a", 0, &[(0, "Rumpelstilzchen said Wolpertinger, zzz")]);
    first.agent_id = Some("ana".into());
    let mut calls: Vec<ContactUpload> =
        (0..250).map(|n| call(&format!("n{n}"), n, &[(1, &format!("w{n} said what"))])).collect();
    calls.push(first);
    world.put(calls).await;
    // Not by the words looked for below: the audit trail keeps what was searched.
    assert_eq!(world.ids("text=zzz").await, ["a"]);
    app.erase_contact(caller, "a", None).await.unwrap();
    assert_eq!(world.ids("text=zzz").await, [""; 0]);
    assert_eq!(world.ids("agent=ana").await, [""; 0]);
    assert_eq!(world.ids("text=said w7").await, ["n7"]);
    assert_eq!(
        app.count_calls(caller, &query("text=said")).await.unwrap(),
        CallCount { calls: 250, all: true }
    );
    app.store().close().await;
    if let Ok(file) = std::fs::read(world.folder.path().join("touchline.db")) {
        for word in [&b"rumpelst"[..], b"umpelstilz", b"wolpertin", b"olperting"] {
            assert!(!file.windows(word.len()).any(|part| part == word), "nothing of it is left in the file");
        }
    }
}

async fn edited_words_are_found_and_the_old_ones_are_not(world: World) {
    let World { app, caller, .. } = &world;
    world.put(vec![call("a", 0, &[(0, "cats and dogs")]), call("b", 1, &[(0, "cats")])]).await;
    let words = crate::world::said(&[(0, "birds and dogs")]);
    let upload = TranscriptUpload { speakers: vec![], words: Some(words.words), utterances: None };
    app.put_transcript(caller, "a", upload).await.unwrap();
    assert_eq!(world.ids("text=cats").await, ["b"], "the old words are gone with the new ones");
    world.work().await;
    assert_eq!(world.ids("text=cats").await, ["b"]);
    assert_eq!(world.ids("text=birds").await, ["a"]);
    assert_eq!(world.ids("text=dogs and").await, ["a"]);
}

async fn a_call_that_moves_is_found_where_it_is(world: World) {
    let World { app, caller, .. } = &world;
    let mut agent = call("a", 0, &[(0, "hello there")]);
    agent.agent_id = Some("ana".into());
    let topic = Topic { id: TopicId(1), phrases: vec!["hello".to_owned()], ..a_topic() };
    app.put_one(caller, topic).await.unwrap();
    world.put(vec![agent, call("b", 1, &[(0, "hello")])]).await;
    assert_eq!(world.ids("text=hello&agent=ana").await, ["a"]);
    assert_eq!(world.ids("topic=1").await, ["b", "a"]);
    let mut moved = contact("a", 2);
    moved.agent_id = Some("bo".into());
    app.put_contact(caller, ContactUpload::new(moved, None)).await.unwrap();
    // Nothing has run since.
    assert_eq!(world.ids("text=hello").await, ["a", "b"]);
    assert_eq!(world.ids("topic=1").await, ["a", "b"]);
    assert_eq!(world.ids("text=hello&agent=ana").await, [""; 0]);
    assert_eq!(world.ids("text=hello&agent=bo").await, ["a"]);
    assert_eq!(world.ids("agent=bo").await, ["a"]);
}

fn a_topic() -> Topic {
    Topic {
        id: TopicId::default(),
        name: "topic".to_owned(),
        phrases: vec![],
        scope: TopicScope::Any,
        canonical_questions: false,
        active: true,
    }
}

async fn pages_miss_and_repeat_nothing_while_calls_are_added(world: World) {
    let World { app, caller, .. } = &world;
    for search in ["", "text=word"] {
        let prefix = if search.is_empty() { "p" } else { "w" };
        let id = |n: i64| format!("{prefix}{n:03}");
        // Three of each minute.
        let old = (0..90).map(|n| call(&id(n), n / 3, &[(0, "a word")])).collect();
        world.put(old).await;
        let mut query = CallQuery { limit: 7, ..query(search) };
        let (mut seen, mut added) = (vec![], 90);
        loop {
            let page = app.find_calls(caller, &query).await.unwrap();
            assert!(page.rows.len() == 7 || page.next.is_none());
            seen.extend(ids(&page));
            let Some(next) = page.next else { break };
            query.cursor = Some(next);
            // Newer ones, which come before all that is left.
            world.put((0..2).map(|n| call(&id(added + n), 100 + n, &[(0, "word")])).collect()).await;
            added += 2;
        }
        let mut expected: Vec<i64> = (0..90).collect();
        expected.sort_by_key(|n| (-(n / 3), *n));
        let seen: Vec<String> =
            seen.into_iter().filter(|it| it.starts_with(prefix) && *it < id(90)).collect();
        assert_eq!(seen, expected.into_iter().map(id).collect::<Vec<_>>(), "{search}");
    }
    let strange = CallQuery { cursor: Some("bm90aGluZw".to_owned()), ..CallQuery::default() };
    let refused = app.find_calls(caller, &strange).await;
    assert!(matches!(refused, Err(AppError::Invalid(Invalid { field, .. })) if field == "cursor"));
}

async fn many_calls_of_one_second_are_paged_in_order(world: World) {
    let midnight = |n: i64| {
        let mut upload = call(&format!("m{:04}", (n * 7_919) % 700), 0, &[(0, "same second")]);
        upload.started_at = Timestamp::from_micros(upload.started_at.micros() + n % 3);
        upload
    };
    world.put((0..700).map(midnight).collect()).await;
    world.put(vec![call("before", -1, &[(0, "second")]), call("after", 1, &[(0, "second")])]).await;
    let all = world.all(&CallQuery { limit: 100, ..CallQuery::default() }).await;
    let found = world.all(&CallQuery { limit: 100, ..query("text=second") }).await;
    let key = |row: &touchline_app::contacts::find::FoundCall| {
        (std::cmp::Reverse(row.contact.started_at), row.contact.id.clone())
    };
    let (all, found): (Vec<_>, Vec<_>) = (all.iter().map(key).collect(), found.iter().map(key).collect());
    assert_eq!((all.len(), all.is_sorted()), (702, true));
    assert_eq!(found, all);
}

async fn a_changed_topic_switches_the_filter_at_once(world: World) {
    let World { app, caller, .. } = &world;
    let topic = |phrase: &str| Topic { id: TopicId(5), phrases: vec![phrase.to_owned()], ..a_topic() };
    app.put_one(caller, topic("cats")).await.unwrap();
    world
        .put(
            (0..150)
                .map(|n| call(&format!("c{n:03}"), n, &[(0, if n % 2 == 0 { "cats" } else { "dogs" })]))
                .collect(),
        )
        .await;
    let count = async |text: &str| app.count_calls(caller, &query(text)).await.unwrap();
    let half = CallCount { calls: 75, all: true };
    assert_eq!(count("topic=5").await, half);
    assert_eq!(world.ids("topic=5&limit=1").await, ["c148"]);
    assert_eq!(count("topic=5&text=dogs").await.calls, 0);
    app.put_one(caller, topic("dogs")).await.unwrap();
    assert_eq!(world.ids("topic=5&limit=1").await, ["c148"], "until the new results are complete");
    world.work().await;
    assert_eq!(count("topic=5").await, half);
    assert_eq!(world.ids("topic=5&limit=1").await, ["c149"]);
    assert_eq!(count("topic=5&topic=6&text=dogs").await, half);
    app.delete::<Topic>(caller, "5").await.unwrap();
    world.work().await;
    assert_eq!(count("topic=5").await.calls, 0);
}

async fn reading_what_was_said_needs_the_right_and_leaves_a_note(world: World) {
    let World { app, caller, .. } = &world;
    world.put(vec![call("a", 0, &[(0, "hello")]), call("b", 1, &[(0, "hello")])]).await;
    let searches = async || {
        let trail = app.audit_page(caller, 0, 1_000).await.unwrap();
        trail
            .into_iter()
            .filter(|it| it.action == "transcript.search")
            .map(|it| it.detail)
            .collect::<Vec<_>>()
    };
    let reader = Caller { abilities: [Ability::ReadContacts].into(), ..caller.clone() };
    assert_eq!(app.find_calls(&reader, &query("")).await.unwrap().rows.len(), 2);
    for refused in [
        app.find_calls(&reader, &query("text=hello")).await.map(|_| ()),
        app.count_calls(&reader, &query("text=hello")).await.map(|_| ()),
    ] {
        assert!(matches!(refused, Err(AppError::NotAllowed(Ability::ReadRecordings))));
    }
    let nobody = Caller { abilities: [].into(), ..caller.clone() };
    assert!(matches!(
        app.find_calls(&nobody, &query("")).await,
        Err(AppError::NotAllowed(Ability::ReadContacts))
    ));
    assert_eq!(searches().await, [""; 0]);
    world.page("text=hello \"there\"").await;
    world.page("agent=ana").await;
    assert_eq!(searches().await, ["hello \"there\""], "one for a search, none without words");
}

async fn a_search_that_finds_little_ends_and_says_how_far_it_looked(world: World) {
    // Both words occur in every call, side by side only in the oldest.
    let one = |n: i64| call(&format!("c{n:04}"), n, &[(0, if n == 0 { "red car" } else { "car red" })]);
    world.put((0..1_200).map(one).collect()).await;
    let mut query = query("text=\"red car\"");
    let mut pages = vec![];
    loop {
        let page = world.app.find_calls(&world.caller, &query).await.unwrap();
        query.cursor.clone_from(&page.next);
        pages.push(page);
        if query.cursor.is_none() {
            break;
        }
    }
    assert!(pages.len() > 1, "the work of a page is bounded");
    let last = pages.pop().unwrap();
    assert_eq!((ids(&last), last.looked_back_to), (vec!["c0000".to_owned()], None));
    let back: Vec<Timestamp> = pages.iter().map(|page| page.looked_back_to.unwrap()).collect();
    assert!(back.is_sorted_by(|one, next| one > next), "{back:?}");
    assert!(pages.iter().all(|page| page.rows.is_empty()));
    let count = world.app.count_calls(&world.caller, &query).await.unwrap();
    assert_eq!(count, CallCount { calls: 0, all: false });
    assert_eq!(
        world.app.count_calls(&world.caller, &CallQuery::default()).await.unwrap(),
        CallCount { calls: 1_000, all: false }
    );
}

async fn very_long_calls_end_a_page_early_and_none_is_left_out(world: World) {
    let long = "blah ".repeat(301_000) + "refund";
    let calls = ["a", "b", "c"].into_iter().zip(0..);
    world.put(calls.map(|(id, minute)| call(id, minute, &[(0, &long)])).collect()).await;
    let first = world.page("text=refund").await;
    assert_eq!(ids(&first), ["c", "b"], "two of these are work enough for a page");
    assert_eq!(first.looked_back_to, Some(first.rows[1].contact.started_at));
    let next = CallQuery { cursor: first.next, ..query("text=refund") };
    let second = world.app.find_calls(&world.caller, &next).await.unwrap();
    assert_eq!((ids(&second), second.next), (vec!["a".to_owned()], None));
}
