//! Calls: every field, every optional part, what counts as a change.

use crate::world::{EVER, World, both, both_with, keys, said, two_sides, word};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use touchline_api_c360::C360Config;
use touchline_app::contacts::TranscriptUpload;
use touchline_model::{Evaluation, Feedback, Scorecard, Share, Topic, User};

const BASE: [&str; 12] = [
    "callSummary",
    "callTime",
    "callerEmail",
    "callerId",
    "direction",
    "duration",
    "id",
    "metadata",
    "modified",
    "originalPath",
    "state",
    "stats",
];

/// A call with everything: 120 s, 0 speaks 4 s, 1 speaks 3 s, 0 speaks 3 s.
async fn put_full_call(world: &World) {
    world.put::<User>(json!({ "id": "u1", "email": "ana@example.com", "first_name": "Ana" })).await;
    let mut words = said(10.0, 0, "How are you, Kim?");
    words.extend(said(20.5, 1, "Fine, thank you."));
    words.extend(said(30.0, 0, "I call back."));
    let entity = |id: &str, name: &str| json!({ "crm_id": id, "name": name, "email": "k@example.org" });
    world
        .put_call(json!({
            "id": "a987a7b3-74e9-421e-8c96-2fdcfbda1c8b",
            "agent_id": "u1",
            "started_at": "2018-01-01T06:11:11-05:00",
            "duration": 120,
            "direction": "INBOUND",
            "original_path": "foo.txt",
            "metadata": { "deleted": false, "opportunity_price_point": 50000, "uploader": "124",
                          "tags": ["a", 1, null], "rate": 0.1 },
            "crm_matches": [{
                "crm_name": "Salesforce", "activity_crm_id": "00T6Q00008kHwVrUAK",
                "account": entity("0017000000kjYm7AAE", "memoryBlue"),
                "contacts": [entity("0035w00002zo034AAA", "Kellie Courville")],
            }],
            "transcript": { "speakers": two_sides(), "words": words },
        }))
        .await;
    world.settle().await;
}

// covers(c360): OP-5, OP-8, S4.3, S4.4, X-23, X-24, X-29, B-2
#[tokio::test]
async fn a_call_shows_every_field_of_the_contract() {
    both(async |world| {
        put_full_call(&world).await;
        let call = world.json("/call/a987a7b3-74e9-421e-8c96-2fdcfbda1c8b").await;
        let summary = call["callSummary"].clone();
        assert_eq!(keys(&summary), ["nextSteps", "questionsAndAnswers", "summary"]);
        assert!(summary["nextSteps"].is_array() && summary["questionsAndAnswers"].is_array(), "{summary}");
        let word = |start: &str, end: &str, word: &str, v: u16| json!({ "start": start, "end": end, "word": word, "v": v });
        let marked = |mut it: Value, p: &str| {
            it["p"] = p.into();
            it
        };
        assert_eq!(
            call,
            json!({
                "id": "a987a7b3-74e9-421e-8c96-2fdcfbda1c8b",
                "callerEmail": "ana@example.com",
                "callerId": "u1",
                "callTime": "2018-01-01T11:11:11Z",
                "duration": 120,
                "direction": "INBOUND",
                "state": "COMPLETE",
                "transcript": [
                    word("10", "11", "How", 0),
                    word("11", "12", "are", 0),
                    marked(word("12", "13", "you", 0), ","),
                    marked(word("13", "14", "Kim", 0), "?"),
                    marked(word("20.5", "21.5", "Fine", 1), ","),
                    word("21.5", "22.5", "thank", 1),
                    marked(word("22.5", "23.5", "you", 1), "."),
                    word("30", "31", "I", 0),
                    word("31", "32", "call", 0),
                    marked(word("32", "33", "back", 0), "."),
                ],
                "crmMatches": [{
                    "crmName": "Salesforce",
                    "activityCrmId": "00T6Q00008kHwVrUAK",
                    "account": { "crmId": "0017000000kjYm7AAE", "name": "memoryBlue" },
                    "contacts": [{ "crmId": "0035w00002zo034AAA", "name": "Kellie Courville" }],
                    "engagement": null,
                }],
                "stats": {
                    "internalTalkTime": 7.0,
                    "externalTalkTime": 3.0,
                    "talkRatio": 0.7,
                    "interchangesPerMinute": 1.0,
                    "longestSegmentDurations": { "0": 4.0, "1": 3.0 },
                    "talkSpeeds": [{
                        "start": 10.0,
                        "end": 33.0,
                        "wordsPerMinute": { "0": 7.0 / (23.0 / 60.0), "1": 3.0 / (23.0 / 60.0) },
                    }],
                },
                "originalPath": "foo.txt",
                "callSummary": summary,
                "metadata": {
                    "deleted": false, "opportunity_price_point": 50000, "uploader": "124",
                    "tags": ["a", 1, null], "rate": 0.1, "callCardTemplates": {},
                },
                "modified": "2026-03-02T17:00:00Z",
            })
        );
        let same = world.json("/call/a987a7b3-74e9-421e-8c96-2fdcfbda1c8b?include_transcripts=no&limit=x").await;
        assert_eq!(same, call, "flags and other parameters have no effect");
    })
    .await;
}

// covers(c360): S4.3
#[tokio::test]
async fn a_summary_has_next_steps_and_questions_with_answers() {
    both(async |world| {
        let mut words =
            said(0.0, 1, "My router drops the connection every evening and I cannot work from home at all.");
        words.extend(said(20.0, 0, "How many devices are connected to the router in the evening?"));
        words.extend(said(
            40.0,
            1,
            "About twelve devices are connected to the router, mostly phones of the children.",
        ));
        words.extend(said(60.0, 0, "I will send you a new router tomorrow and call you back on Friday."));
        world.put_call(json!({ "id": "c", "transcript": { "speakers": two_sides(), "words": words } })).await;
        assert_eq!(world.json("/call/c").await["callSummary"], Value::Null, "not before the analysis");
        world.settle().await;
        let summary = world.json("/call/c").await["callSummary"].clone();
        assert!(summary["summary"].as_str().unwrap().contains("router"), "{summary}");
        assert!(summary["nextSteps"][0].as_str().unwrap().contains("call you back on Friday"), "{summary}");
        let pair = &summary["questionsAndAnswers"][0];
        assert_eq!(keys(pair), ["answer", "question"]);
        assert!(pair["question"].as_str().unwrap().contains("How many devices"), "{summary}");
        assert!(pair["answer"].as_str().unwrap().contains("About twelve"), "{summary}");
    })
    .await;
}

// covers(c360): X-7, OP-5, S3, S4.3
#[tokio::test]
async fn optional_parts_come_only_when_asked_for() {
    both(async |world| {
        put_full_call(&world).await;
        world.now("2026-03-02T17:05:00Z");
        world.put_call(json!({ "id": "bare" })).await;
        let ask = async |flags: &str| world.list(&format!("/calls?since={EVER}{flags}")).await;
        let with = |extra: &[&'static str]| {
            let mut names = BASE.to_vec();
            names.extend(extra);
            names.sort_unstable();
            names
        };
        let calls = ask("").await;
        assert_eq!(calls.len(), 2);
        for flags in ["", "&include_transcripts=false&include_crm_matches=0&render_templates=FALSE"] {
            for call in ask(flags).await {
                assert_eq!(keys(&call), with(&[]), "{flags}");
                assert!(call["metadata"].get("callCardTemplates").is_none());
            }
        }
        let calls = ask("&include_transcripts=true").await;
        assert_eq!(keys(&calls[0]), with(&["transcript"]));
        assert_eq!(calls[0]["transcript"].as_array().unwrap().len(), 10);
        assert_eq!(calls[1]["transcript"], Value::Null, "asked for, but there is none");
        let calls = ask("&include_crm_matches=1").await;
        assert_eq!(keys(&calls[0]), with(&["crmMatches"]));
        assert_eq!(
            (&calls[0]["crmMatches"][0]["crmName"], &calls[1]["crmMatches"]),
            (&json!("Salesforce"), &json!([]))
        );
        let calls = ask("&render_templates=True").await;
        assert_eq!(calls[1]["metadata"], json!({ "callCardTemplates": {} }));

        let one = world.json("/call/bare").await;
        assert_eq!((&one["transcript"], &one["crmMatches"]), (&Value::Null, &json!([])));
    })
    .await;
}

// covers(c360): X-28, S4.3, B-1
#[tokio::test]
async fn what_is_not_known_is_null_and_the_key_stays() {
    both(async |world| {
        world
            .put_call(json!({ "id": "bare", "started_at": "2026-03-01T08:00:00.5Z", "agent_id": "ghost" }))
            .await;
        let expected = json!({
            "id": "bare", "callerEmail": null, "callerId": "ghost", "callTime": "2026-03-01T08:00:00.5Z",
            "duration": 0, "direction": "INBOUND", "state": "UPLOADED", "stats": null, "originalPath": null,
            "callSummary": null, "metadata": {}, "modified": "2026-03-02T17:00:00Z",
        });
        assert_eq!(world.json(&format!("/calls?since={EVER}")).await, json!([expected]));
        world.put_call(json!({ "id": "bare", "duration": 12.25 })).await;
        let call = world.json("/call/bare").await;
        assert_eq!((&call["callerId"], &call["duration"]), (&json!(""), &json!(12.25)));
    })
    .await;
}

// covers(c360): X-6, B-1
#[tokio::test]
async fn calls_of_every_state_are_listed_even_of_states_we_do_not_know() {
    both(async |world| {
        let states = [
            "UPLOADED",
            "CONVERTING",
            "CONVERTER_REJECTED",
            "TRANSCRIBING",
            "TRANSCRIPTION_FAILED",
            "ANALYZING",
            "COMPLETE",
            "ON_THE_MOON_2",
        ];
        let call = |(n, state): (usize, &&str)| json!({ "id": format!("c{n}"), "state": state });
        world.put_calls(states.iter().enumerate().map(call).collect()).await;
        assert_eq!(world.column(&format!("/calls?since={EVER}"), "state").await, states);
        let complete = world.column(&format!("/call_topics?since={EVER}"), "callId").await;
        assert_eq!(complete, ["c6"]);
    })
    .await;
}

// covers(c360): X-18, B-1
#[tokio::test]
async fn the_pipeline_and_what_belongs_to_a_call_move_its_modification_time() {
    both(async |world| {
        world
            .put::<Scorecard>(json!({ "id": "s", "name": "S", "scheme": "YesNo",
                                      "questions": [{ "id": "q", "text": "Q?" }] }))
            .await;
        world.put_call(json!({ "id": "c" })).await;
        let modified = async || world.json("/call/c").await["modified"].as_str().unwrap().to_owned();
        let mut minute = 0;
        let mut later = async || {
            minute += 1;
            let now = format!("2026-03-02T18:{minute:02}:00Z");
            world.now(&now);
            now
        };

        let now = later().await;
        world.put_call(json!({ "id": "c", "metadata": { "a": 1 } })).await;
        assert_eq!(modified().await, now, "metadata");

        let now = later().await;
        let found = json!([{ "crm_name": "S", "activity_crm_id": "1" }]);
        world.put_call(json!({ "id": "c", "metadata": { "a": 1 }, "crm_matches": found })).await;
        assert_eq!(modified().await, now, "CRM match");

        let now = later().await;
        let transcript: TranscriptUpload =
            serde_json::from_value(json!({ "words": said(0.0, 0, "What a price.") })).unwrap();
        world.app.put_transcript(&world.system, "c", transcript).await.unwrap();
        assert_eq!(modified().await, now, "transcript");

        let now = later().await;
        world.settle().await;
        assert_eq!(modified().await, now, "analysis");
        assert_eq!(world.json("/call/c").await["state"], "COMPLETE");

        let now = later().await;
        world.put::<Topic>(json!({ "id": 5, "name": "Prices", "phrases": ["price"] })).await;
        world.settle().await;
        assert_eq!(modified().await, now, "topic result");

        later().await;
        let at = "2026-03-02T18:00:00Z";
        world
            .put::<Feedback>(json!({ "id": "f", "contact_id": "c", "author_id": "u", "given_at": at,
                                     "kind": "comment" }))
            .await;
        world.put::<Share>(json!({ "id": "s", "contact_id": "c", "author_id": "u", "shared_at": at })).await;
        world
            .put::<Evaluation>(json!({ "id": "e", "contact_id": "c", "scorecard_id": "s", "reviewer_id": "u",
                                       "scored_at": at, "answers": [{ "question_id": "q", "answer": 1 }] }))
            .await;
        world.settle().await;
        assert_eq!(modified().await, now, "feedback, shares and scores are no change of the call");
    })
    .await;
}

/// Words of two speakers, evenly spread over a section; the first `zero` of speaker 0.
fn section(start: f64, end: f64, zero: usize, one: usize) -> Vec<Value> {
    let count = zero + one;
    let length = (end - start) / count as f64;
    (0..count)
        .map(|n| {
            let begin = start + length * n as f64;
            let finish = if n + 1 == count { end } else { begin + length };
            word((begin * 1e6).round() / 1e6, (finish * 1e6).round() / 1e6, "word", u16::from(n >= zero))
        })
        .collect()
}

// covers(c360): V-16, S4.4, X-25, R-9
#[tokio::test]
async fn the_talk_speed_sample_of_the_documentation_is_reproduced() {
    both(async |world| {
        let mut words = section(76.24, 375.23, 512, 282);
        let mut second = section(375.74, 675.63, 601, 273);
        // Its first word ends after 376.24, so it cannot belong to the first section any more.
        second[0]["end"] = json!(376.3);
        let mut third = section(675.64, 727.1, 62, 76);
        third[0]["end"] = json!(675.8);
        words.extend(second);
        words.extend(third);
        words.reverse();
        world.put_call(json!({ "id": "c", "duration": 730, "transcript": { "words": words } })).await;
        world.settle().await;
        let call = world.json("/call/c").await;
        let speeds = call["stats"]["talkSpeeds"].as_array().unwrap();
        let expected = [
            (76.24, 375.23, 102.74591123448945, 56.59052142212114),
            (375.74, 675.63, 120.24408949948315, 54.62002734335924),
            (675.64, 727.1, 72.28915662650597, 88.61251457442668),
        ];
        assert_eq!(speeds.len(), 3);
        for (speed, (start, end, zero, one)) in speeds.iter().zip(expected) {
            assert_eq!((&speed["start"], &speed["end"]), (&json!(start), &json!(end)));
            for (speaker, wanted) in [("0", zero), ("1", one)] {
                let found = speed["wordsPerMinute"][speaker].as_f64().unwrap();
                assert!((found - wanted).abs() < 1e-9, "{found} is not {wanted}");
            }
        }
    })
    .await;
}

// covers(c360)
#[tokio::test]
async fn call_cards_are_rendered_from_metadata() {
    let templates = BTreeMap::from([
        ("card".to_owned(), "{{company}} pays {{price}} ({{open}}){{missing}}".to_owned()),
        ("plain".to_owned(), "<b>no field</b>".to_owned()),
    ]);
    let config = C360Config { call_card_templates: templates, ..C360Config::default() };
    both_with(&config, async |world| {
        world
            .put_call(
                json!({ "id": "c", "metadata": { "company": "A & \"B\"", "price": 1.50, "open": true } }),
            )
            .await;
        let cards = json!({ "card": "A & \"B\" pays 1.5 (true)", "plain": "<b>no field</b>" });
        let call = world.json("/call/c").await;
        assert_eq!(call["metadata"]["callCardTemplates"], cards);
        assert_eq!(call["metadata"]["company"], "A & \"B\"");
        let calls = world.list(&format!("/calls?since={EVER}&render_templates=true&limit=100")).await;
        assert_eq!(calls[0]["metadata"]["callCardTemplates"], cards);
    })
    .await;
}

// covers(c360)
#[tokio::test]
async fn without_extensions_calls_have_no_modified() {
    let config = C360Config { extensions: false, ..C360Config::default() };
    both_with(&config, async |world| {
        world.put_call(json!({ "id": "c" })).await;
        let calls = world.list(&format!("/calls?since={EVER}")).await;
        assert!(!keys(&calls[0]).contains(&"modified"));
        assert!(!keys(&world.json("/call/c").await).contains(&"modified"));
    })
    .await;
}
