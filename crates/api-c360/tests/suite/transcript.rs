//! The simplified transcript.

use crate::world::{both, said};
use serde_json::json;
use touchline_model::User;

// covers(c360): OP-21, S4.17, X-26, R-14
#[tokio::test]
async fn a_transcript_has_one_entry_per_segment_and_the_speakers_who_speak() {
    both(async |world| {
        world
            .put::<User>(json!({ "id": "u1", "email": "ana@example.com", "first_name": "Ana", "last_name": "Ruiz",
                                 "system_ids": ["ext-12"] }))
            .await;
        let mut words = said(1.0, 1, "Good morning.");
        words.extend(said(3.5, 0, "Hello, Kim!"));
        words.extend(said(6.0, 2, "Hm."));
        words.extend(said(8.0, 1, "Bye."));
        world
            .put_call(json!({
                "id": "c1",
                "crm_matches": [{ "crm_name": "S", "activity_crm_id": "1", "contacts": [
                    { "crm_id": "p", "name": "Kim Dam", "email": "kim@example.org" }] }],
                "transcript": {
                    "speakers": [
                        { "number": 0, "system_id": "ext-12" },
                        { "number": 1, "email": "kim@example.org" },
                        { "number": 9, "email": "silent@example.org" },
                    ],
                    "words": words,
                },
            }))
            .await;
        world.settle().await;
        let speaker = |number: u16, kind: &str, email: Option<&str>, first: Option<&str>, last: Option<&str>| {
            json!({ "speakerNumber": number, "speakerType": kind, "email": email, "firstName": first, "lastName": last })
        };
        let entry = |start: f64, end: f64, number: u16, text: &str| {
            json!({ "startTime": crate::transcript::short(start), "endTime": crate::transcript::short(end),
                    "speakerNumber": number, "text": text })
        };
        assert_eq!(
            world.json("/transcript/c1").await,
            json!({
                "speakers": [
                    speaker(0, "INTERNAL", Some("ana@example.com"), Some("Ana"), Some("Ruiz")),
                    speaker(1, "EXTERNAL", Some("kim@example.org"), Some("Kim"), Some("Dam")),
                    speaker(2, "UNKNOWN", None, None, None),
                ],
                "transcript": [
                    entry(1.0, 3.0, 1, "Good morning."),
                    entry(3.5, 5.5, 0, "Hello, Kim!"),
                    entry(6.0, 7.0, 2, "Hm."),
                    entry(8.0, 9.0, 1, "Bye."),
                ],
            })
        );
    })
    .await;
}

/// Whole seconds as the server writes them.
fn short(seconds: f64) -> serde_json::Value {
    if seconds.fract() == 0.0 { json!(seconds as i64) } else { json!(seconds) }
}

// covers(c360): X-26, OP-21
#[tokio::test]
async fn a_call_that_is_not_transcribed_has_no_transcript() {
    both(async |world| {
        world.put_call(json!({ "id": "c1" })).await;
        assert_eq!(world.refusal("/transcript/c1").await, (404, "not_found".into()));
        assert_eq!(world.refusal("/transcript/none").await, (404, "not_found".into()));
        // It is readable as soon as the words are there, before any analysis.
        world.put_call(json!({ "id": "c1", "transcript": { "words": said(0.0, 3, "Hello.") } })).await;
        let transcript = world.json("/transcript/c1").await;
        assert_eq!(transcript["speakers"][0]["speakerType"], "UNKNOWN");
        assert_eq!(transcript["transcript"][0]["text"], "Hello.");
    })
    .await;
}
