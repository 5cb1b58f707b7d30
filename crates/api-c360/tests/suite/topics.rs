//! Topics and what they found.

use crate::world::{EVER, World, both, column, said, two_sides};
use serde_json::{Value, json};
use touchline_model::Topic;

async fn put_topic(world: &World, id: i64, name: &str, phrases: &[&str]) {
    world.put::<Topic>(json!({ "id": id, "name": name, "phrases": phrases })).await;
}

async fn put_call(world: &World, id: &str, words: Vec<Value>) {
    world.put_call(json!({ "id": id, "transcript": { "speakers": two_sides(), "words": words } })).await;
}

// covers(c360): OP-14, S4.11, B-9
#[tokio::test]
async fn topics_are_active_ones_with_numbers_and_lists_of_words() {
    both(async |world| {
        put_topic(&world, 1, "Common objections", &["please don't", "stop calling", "off your list"]).await;
        world.put::<Topic>(json!({ "id": 2, "name": "Old", "phrases": ["x"], "active": false })).await;
        put_topic(&world, 10, "Empty", &[]).await;
        assert_eq!(
            world.json("/topics").await,
            json!([
                { "id": 1, "name": "Common objections", "words": ["please don't", "stop calling", "off your list"] },
                { "id": 10, "name": "Empty", "words": [] },
            ])
        );
    })
    .await;
}

// covers(c360): OP-10, S4.6, X-27, R-10, V-11, X-29
#[tokio::test]
async fn matches_are_shown_by_block_with_words_and_times() {
    both(async |world| {
        put_topic(&world, 7, "Pricing", &["pricing", "Pricing Sheet"]).await;
        put_topic(&world, 3, "Sheets", &["sheet"]).await;
        let mut words = said(10.0, 0, "we need a pricing sheet");
        words.extend(said(20.5, 1, "Nothing here."));
        words.extend(said(30.0, 1, "More."));
        words.extend(said(40.0, 0, "PRICING, - pricing-sheet \"sheet\"!"));
        words.extend(said(50.0, 2, "A sheet?"));
        put_call(&world, "c1", words).await;
        world.settle().await;
        let hit = |search: &[&str], text: &str, times: (i64, i64), at: (u32, u32)| {
            json!({ "searchText": search, "matchingText": text, "matchStartTime": times.0, "matchEndTime": times.1,
                    "matchStartIndex": at.0, "matchEndIndex": at.1 })
        };
        let topic = |id: &str, name: &str, matches: Vec<Value>| {
            json!({ "topicId": id, "topicName": name, "matches": matches })
        };
        assert_eq!(
            world.json(&format!("/call_topics?since={EVER}")).await,
            json!([{
                "callId": "c1",
                "modified": "2026-03-02T17:00:00Z",
                "questionCounts": {
                    "internalSpeakerQuestionCount": 0, "externalSpeakerQuestionCount": 0,
                    "unknownSpeakerQuestionCount": 0,
                },
                "topicMatches": [
                    {
                        "startTime": 10, "endTime": 15, "text": "we need a pricing sheet", "speakerType": "INTERNAL",
                        "topicsWithMatches": [
                            topic("3", "Sheets", vec![hit(&["sheet"], "sheet", (14, 15), (4, 4))]),
                            topic("7", "Pricing", vec![
                                hit(&["Pricing Sheet"], "pricing sheet", (13, 15), (3, 4)),
                                hit(&["pricing"], "pricing", (13, 14), (3, 3)),
                            ]),
                        ],
                    },
                    {
                        "startTime": 40, "endTime": 44, "text": "PRICING, - pricing-sheet \"sheet\"!",
                        "speakerType": "INTERNAL",
                        "topicsWithMatches": [
                            topic("3", "Sheets", vec![hit(&["sheet"], "sheet", (43, 44), (3, 3))]),
                            topic("7", "Pricing", vec![hit(&["pricing"], "PRICING", (40, 41), (0, 0))]),
                        ],
                    },
                    {
                        "startTime": 50, "endTime": 52, "text": "A sheet?", "speakerType": "UNKNOWN",
                        "topicsWithMatches": [
                            topic("3", "Sheets", vec![hit(&["sheet"], "sheet", (51, 52), (1, 1))]),
                        ],
                    },
                ],
            }])
        );
    })
    .await;
}

// covers(c360): V-11, S4.6
#[tokio::test]
async fn the_index_of_a_match_counts_words_of_the_text() {
    both(async |world| {
        put_topic(&world, 1, "Pricing", &["pricing"]).await;
        put_call(&world, "c1", said(0.0, 0, "we need a pricing sheet")).await;
        world.settle().await;
        let found = world.json(&format!("/call_topics?since={EVER}")).await;
        let block = &found[0]["topicMatches"][0];
        let hit = &block["topicsWithMatches"][0]["matches"][0];
        assert_eq!((&hit["matchStartIndex"], &hit["matchEndIndex"]), (&json!(3), &json!(3)));
        let words: Vec<&str> = block["text"].as_str().unwrap().split_whitespace().collect();
        assert_eq!(words[3], "pricing");
    })
    .await;
}

/// Topics that are left of one call, with their number of matches.
async fn left(world: &World, query: &str) -> Vec<(String, usize)> {
    let calls = world.list(&format!("/call_topics?since={EVER}{query}")).await;
    assert_eq!(column(&calls, "callId"), ["c1"], "the call itself is always listed");
    let mut counts = std::collections::BTreeMap::new();
    for block in calls[0]["topicMatches"].as_array().unwrap() {
        let topics = block["topicsWithMatches"].as_array().unwrap();
        assert!(!topics.is_empty(), "a block without topics");
        for topic in topics {
            *counts.entry(topic["topicName"].as_str().unwrap().to_owned()).or_default() +=
                topic["matches"].as_array().unwrap().len();
        }
    }
    counts.into_iter().collect()
}

// covers(c360): V-9, V-10, X-8, B-6, R-12, OP-10
#[tokio::test]
async fn the_sliding_window_keeps_topics_with_matches_close_together() {
    both(async |world| {
        put_topic(&world, 1, "price", &["price"]).await;
        put_topic(&world, 2, "once", &["rare"]).await;
        world
            .put::<Topic>(
                json!({ "id": 9, "name": "questions", "phrases": ["what"], "canonical_questions": true }),
            )
            .await;
        let mut words = said(10.0, 0, "price what?");
        words.extend(said(50.0, 1, "price rare"));
        words.extend(said(100.0, 0, "price"));
        put_call(&world, "c1", words).await;
        world.settle().await;
        let all = [("once", 1), ("price", 3), ("questions", 1)].map(|(name, n)| (name.to_owned(), n));
        assert_eq!(left(&world, "").await, all);
        let kept = vec![("price".to_owned(), 3)];
        assert_eq!(left(&world, "&window_length=40&minimum_matches=2").await, kept);
        assert_eq!(left(&world, "&window_length=39&minimum_matches=2").await, []);
        assert_eq!(left(&world, "&window_length=39.999999&minimum_matches=2").await, []);
        assert_eq!(left(&world, "&window_length=89.5&minimum_matches=3").await, []);
        assert_eq!(left(&world, "&window_length=90&minimum_matches=3").await, kept);
        assert_eq!(left(&world, "&window_length=1000&minimum_matches=4").await, []);
        assert_eq!(left(&world, "&window_length=1000&minimum_matches=99999999999").await, []);
        for few in ["0", "1"] {
            assert_eq!(left(&world, &format!("&window_length=0.1&minimum_matches={few}")).await, all);
        }
        let gone = world.json(&format!("/call_topics?since={EVER}&window_length=39&minimum_matches=2")).await;
        assert_eq!(gone[0]["topicMatches"], json!([]));
        assert_eq!(gone[0]["questionCounts"]["internalSpeakerQuestionCount"], 1, "counts are not filtered");
        for query in [
            "window_length=40",
            "minimum_matches=2",
            "window_length=0&minimum_matches=2",
            "window_length=-3&minimum_matches=2",
            "window_length=NaN&minimum_matches=2",
            "window_length=40&minimum_matches=-1",
            "window_length=40&minimum_matches=1.5",
        ] {
            let refusal = world.refusal(&format!("/call_topics?since={EVER}&{query}")).await;
            assert_eq!(refusal, (400, "bad_request".into()), "{query}");
        }
    })
    .await;
}

// covers(c360), S4.6
#[tokio::test]
async fn canonical_questions_are_counted_by_sentence_and_side() {
    both(async |world| {
        world
            .put::<Topic>(json!({ "id": 9, "name": "Questions", "canonical_questions": true,
                                  "phrases": ["what", "how much"] }))
            .await;
        let mut words = said(0.0, 0, "What and what? How much is 3.5 and what. Nothing!");
        words.extend(said(20.0, 1, "How much?"));
        words.extend(said(30.0, 2, "What what what."));
        put_call(&world, "c1", words).await;
        world.settle().await;
        let calls = world.json(&format!("/call_topics?since={EVER}")).await;
        assert_eq!(
            calls[0]["questionCounts"],
            json!({ "internalSpeakerQuestionCount": 2, "externalSpeakerQuestionCount": 1,
                    "unknownSpeakerQuestionCount": 1 })
        );
        assert_eq!(left(&world, "").await, [("Questions".to_owned(), 8)], "an active one is listed too");

        world.now("2026-03-02T17:30:00Z");
        world
            .put::<Topic>(json!({ "id": 9, "name": "Questions", "canonical_questions": true, "active": false,
                                  "phrases": ["what", "how much"] }))
            .await;
        world.settle().await;
        let calls = world.json(&format!("/call_topics?since={EVER}")).await;
        assert_eq!(calls[0]["topicMatches"], json!([]));
        assert_eq!(
            calls[0]["questionCounts"]["internalSpeakerQuestionCount"], 0,
            "inactive topics match nothing"
        );
        assert_eq!(calls[0]["modified"], "2026-03-02T17:30:00Z");
    })
    .await;
}

// covers(c360): B-5, OP-10, S5, V-4, R-2
#[tokio::test]
async fn the_limit_counts_complete_calls_and_paging_sees_each_once() {
    both(async |world| {
        put_topic(&world, 1, "price", &["price"]).await;
        let call = |n: usize| {
            let words = said(0.0, 0, "price price, price. price");
            json!({ "id": format!("c{n:03}"), "transcript": { "words": words } })
        };
        world.put_calls((0..45).map(call).collect()).await;
        world.settle().await;
        world.put_calls((45..48).map(call).collect()).await;
        let incomplete = world.json("/call/c046").await;
        assert_eq!(incomplete["state"], "ANALYZING");
        let mut seen = Vec::new();
        let mut query = format!("since={EVER}");
        loop {
            let page = world.list(&format!("/call_topics?{query}&limit=20")).await;
            seen.extend(column(&page, "callId"));
            assert!(seen.len() <= 45, "{seen:?}");
            let Some(last) = page.last().filter(|_| page.len() == 20) else { break };
            let matches =
                last["topicMatches"][0]["topicsWithMatches"][0]["matches"].as_array().unwrap().len();
            assert_eq!(matches, 4);
            query = format!(
                "since={}&last_id={}",
                last["modified"].as_str().unwrap(),
                last["callId"].as_str().unwrap()
            );
        }
        seen.sort_unstable();
        assert_eq!(seen, (0..45).map(|n| format!("c{n:03}")).collect::<Vec<_>>());
        assert_eq!(world.list(&format!("/call_topics?since={EVER}&limit=100")).await.len(), 45);
    })
    .await;
}
