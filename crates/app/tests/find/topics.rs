//! What a draft of a topic would find, and how often topics were found.

use crate::world::{World, call, contact};
use touchline_app::{AppError, contacts::ContactUpload, contacts::find::Piece, topics::TopicPreview};
use touchline_model::*;

on_both_engines!(
    a_draft_is_matched_against_the_newest_calls_with_words,
    a_preview_needs_the_right_and_leaves_a_note,
    topics_are_counted_by_the_week,
);

fn draft(phrases: &[&str], scope: TopicScope) -> Topic {
    let phrases = phrases.iter().map(|it| (*it).to_owned()).collect();
    Topic { id: TopicId(0), name: String::new(), phrases, scope, canonical_questions: false, active: false }
}

async fn a_draft_is_matched_against_the_newest_calls_with_words(world: World) {
    let user: User = serde_json::from_value(
        serde_json::json!({ "id": "u", "email": "ana@example.com", "first_name": "Ana" }),
    )
    .unwrap();
    world.app.put_one(&world.caller, user).await.unwrap();
    let with_agent = Contact { agent_id: Some("u".to_owned().into()), ..contact("a", 0) };
    let words = crate::world::said(&[(0, "hello"), (1, "I want to cancel, today. Cancel it now")]);
    let mut calls = vec![
        ContactUpload::new(with_agent, Some(words)),
        call("b", 1, &[(0, "shall I cancel"), (1, "no")]),
        call("c", 2, &[(1, "nothing of that")]),
        ContactUpload::new(contact("d", 3), None),
    ];
    calls.extend((0..30).map(|n| ContactUpload::new(contact(&format!("e{n}"), 4 + n), None)));
    world.put(calls).await;
    let preview = async |draft: Topic| world.app.preview_topic(&world.caller, &draft).await.unwrap();
    let found = preview(draft(&["CANCEL!"], TopicScope::Any)).await;
    assert_eq!((found.calls, found.found_in, found.hits), (3, 2, 3), "contacts without words do not count");
    let ids: Vec<&str> = found.examples.iter().map(|it| it.contact.as_str()).collect();
    assert_eq!(ids, ["b", "a"], "the newest first, one line a call");
    let (of_b, of_a) = (&found.examples[0], &found.examples[1]);
    assert_eq!((of_a.agent.as_deref(), of_b.agent.as_deref()), (Some("Ana"), None));
    assert_eq!((of_a.snippet.start.secs(), of_a.snippet.speaker), (4.0, SpeakerType::External));
    let piece = |text: &str, hit| Piece { text: text.to_owned(), hit };
    assert_eq!(
        of_a.snippet.pieces,
        [
            piece("I want to ", false),
            piece("cancel", true),
            piece(", today. ", false),
            piece("Cancel", true),
            piece(" it now", false)
        ]
    );
    let found = preview(draft(&["cancel", "to cancel today"], TopicScope::External)).await;
    assert_eq!(
        (found.calls, found.found_in, found.hits),
        (3, 1, 3),
        "only the customer's words, every phrase"
    );
    assert_eq!(
        preview(draft(&["contract"], TopicScope::Any)).await,
        TopicPreview { calls: 3, ..TopicPreview::default() }
    );
    assert_eq!(preview(draft(&[], TopicScope::Any)).await, TopicPreview::default());
    let refused = world.app.preview_topic(&world.caller, &draft(&["x\0"], TopicScope::Any)).await;
    assert!(matches!(refused, Err(AppError::Invalid(ref it)) if it.field == "phrases"), "{refused:?}");
}

async fn a_preview_needs_the_right_and_leaves_a_note(world: World) {
    world.put(vec![call("a", 0, &[(0, "hello")])]).await;
    let mut blind = world.caller.clone();
    blind.abilities.remove(&Ability::ReadRecordings);
    let topic = draft(&["hello", "good bye"], TopicScope::Any);
    assert!(matches!(world.app.preview_topic(&blind, &topic).await, Err(AppError::NotAllowed(_))));
    let agent = Caller { own_only: true, ..world.caller.clone() };
    assert!(matches!(world.app.preview_topic(&agent, &topic).await, Err(AppError::NotAllowed(_))));
    let notes = async || {
        let all = world.app.audit_page(&world.caller, 0, 999).await.unwrap();
        all.into_iter().filter(|it| it.action == "topic.preview").collect::<Vec<_>>()
    };
    assert!(notes().await.is_empty(), "who was refused has seen nothing");
    world.app.preview_topic(&world.caller, &topic).await.unwrap();
    let notes = notes().await;
    assert_eq!((notes.len(), notes[0].detail.as_str()), (1, "hello, good bye"));
}

async fn topics_are_counted_by_the_week(world: World) {
    let topic = Topic {
        id: TopicId(5),
        name: "Cancel".to_owned(),
        active: true,
        ..draft(&["cancel"], TopicScope::Any)
    };
    world.app.put_one(&world.caller, topic).await.unwrap();
    const WEEK: i64 = 7 * 24 * 60;
    world
        .put(vec![
            // Sunday 2026-02-01 and the Monday after it are two weeks.
            call("a", 0, &[(1, "cancel cancel")]),
            call("b", 24 * 60, &[(1, "cancel")]),
            call("c", 24 * 60, &[(1, "hello")]),
            call("old", -9 * WEEK, &[(1, "cancel")]),
        ])
        .await;
    let trends = world.app.topics_by_week(&world.caller).await.unwrap();
    assert_eq!(trends.calls, [0, 0, 0, 0, 0, 0, 1, 2]);
    assert_eq!(trends.topics[&TopicId(5)].calls, [0, 0, 0, 0, 0, 0, 1, 1]);
    assert_eq!((trends.all_calls(), trends.calls_of(TopicId(5)), trends.calls_of(TopicId(6))), (3, 2, 0));
    assert_eq!(trends.share_of(TopicId(5)), Some(2.0 / 3.0));
    let mondays: Vec<String> = trends.weeks.iter().map(ToString::to_string).collect();
    assert_eq!((mondays.len(), mondays[7].as_str()), (8, "2026-02-02T00:00:00Z"));
    let none = crate::world::tenant(&world.app, "other").await;
    let nothing = world.app.topics_by_week(&none).await.unwrap();
    assert_eq!((nothing.all_calls(), nothing.share_of(TopicId(5)), nothing.topics.len()), (0, None, 0));
}
