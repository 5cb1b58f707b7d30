//! What each dialect tells of the call.

use crate::{
    ABSENT, AGENT, CUSTOMER, SUPERVISOR,
    common::Server,
    people::{Pages, Voice},
};
use reqwest::StatusCode;
use serde_json::{Value, json};
use touchline_media::{RATE, level::tone};

/// The samples of a two-channel WAV file, by channel.
fn channels(wav: &[u8]) -> [Vec<i16>; 2] {
    let data = wav.windows(4).position(|it| it == b"data").unwrap() + 8;
    let samples: Vec<i16> =
        wav[data..].chunks_exact(2).map(|it| i16::from_le_bytes([it[0], it[1]])).collect();
    [0, 1].map(|channel| samples.iter().skip(channel).step_by(2).copied().collect())
}

/// How loud each of the three is: the loudest moment, and the level that is there all the time. A gap between packets, of
/// a machine that is busy, sounds of everything for a moment; what belongs there is there all the time.
fn levels(track: &[i16]) -> [(f32, f32); 3] {
    [CUSTOMER, AGENT, SUPERVISOR].map(|hertz| {
        let mut all: Vec<f32> = track.chunks_exact(1_600).map(|part| tone(part, hertz, RATE)).collect();
        all.sort_by(f32::total_cmp);
        (*all.last().unwrap(), all[all.len() / 4])
    })
}

/// Whether one of the three is heard in a track, and nobody else.
fn is_alone(levels: [(f32, f32); 3], who: usize) -> bool {
    let others = levels.iter().enumerate().filter(|(at, _)| *at != who);
    levels[who].0 > -30.0 && others.into_iter().all(|(_, (_, always))| *always < ABSENT)
}

pub(crate) async fn native(server: &Server, id: &str) {
    let contact = server.get(&format!("/contacts/{id}")).await;
    let of = |name: &str| contact[name].clone();
    assert_eq!(
        (of("channel"), of("direction"), of("agent_id")),
        (json!("call"), json!("INBOUND"), json!("ana"))
    );
    let metadata = of("metadata");
    let known = |name: &str| metadata[name].clone();
    assert_eq!(
        (known("customer_number"), known("dialled_number"), known("order")),
        (json!("5000"), json!("5100"), json!("4711")),
        "what was attached to the call belongs to the contact"
    );
    let wav = server.native("GET", &format!("/contacts/{id}/audio")).send().await.unwrap();
    assert_eq!(wav.status(), StatusCode::OK);
    let [customer, ours] = channels(&wav.bytes().await.unwrap());
    let (left, right) = (levels(&customer), levels(&ours));
    assert!(is_alone(left, 0), "left is the customer alone: {left:?}");
    assert!(is_alone(right, 1), "right is the agent alone: {right:?}");
    // What the supervisor whispered is a track of its own.
    let whisper = server.native("GET", &format!("/contacts/{id}/whisper")).send().await.unwrap();
    assert_eq!(
        (whisper.status(), &whisper.headers()["content-type"]),
        (StatusCode::OK, &"audio/wav".parse().unwrap())
    );
    let bytes = whisper.bytes().await.unwrap();
    assert_eq!(of("whisper")["bytes"], bytes.len());
    let data = bytes.windows(4).position(|it| it == b"data").unwrap() + 8;
    let track: Vec<i16> =
        bytes[data..].chunks_exact(2).map(|it| i16::from_le_bytes([it[0], it[1]])).collect();
    let whispered = levels(&track);
    assert!(is_alone(whispered, 2), "the supervisor: {whispered:?}");
    let events = server.get("/events?limit=200").await;
    let of_call = |it: &&Value| it["content"]["contactId"] == id;
    let types: Vec<&str> = events["items"]
        .as_array()
        .unwrap()
        .iter()
        .filter(of_call)
        .map(|it| it["type"].as_str().unwrap())
        .collect();
    let wanted = [
        "CONTACT/STARTED",
        "CONTACT/OFFERED",
        "CONTACT/OFFER_ACCEPTED",
        "CONTACT/FULFILLED",
        "CONTACT/HOLD_STARTED",
        "CONTACT/HOLD_ENDED",
        "CONTACT/ENDED",
    ];
    assert_eq!(types, wanted);
}

pub(crate) async fn coach360(server: &Server, id: &str) {
    let who = server.c360_credential(false).await;
    let read = async |path: &str| {
        let answer = server.c360(&who, path).await;
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
        answer.json::<Value>().await.unwrap()
    };
    let call = read(&format!("/call/{id}")).await;
    assert_eq!((&call["id"], &call["state"]), (&json!(id), &json!("COMPLETE")), "{call}");
    assert!(call.to_string().contains("ana"), "{call}");
    let topics = read("/call_topics?since=2020-01-01T00:00Z&limit=100").await;
    let found = topics.as_array().unwrap().iter().find(|it| it["callId"] == id).unwrap();
    assert!(found["topicMatches"].to_string().contains('1'), "the refund is found: {found}");
    let scores = read("/scores?since=2020-01-01T00:00Z&limit=100").await;
    assert_eq!((&scores[0]["callId"], &scores[0]["comment"]), (&json!(id), &json!("friendly")), "{scores}");
    let meetings = read("/meetings?since=2020-01-01T00:00Z&limit=100").await;
    assert!(meetings.to_string().contains("about the refund"), "{meetings}");
    let transcript = read(&format!("/transcript/{id}")).await;
    assert!(transcript.to_string().contains("money"), "{transcript}");
}

pub(crate) async fn gladly(server: &Server, id: &str, started: &str) {
    let who = server.gladly_credential(None).await;
    let day = started.split('T').next().unwrap();
    let report = async |set: &str| {
        let body = json!({ "metricSet": set, "startAt": day, "endAt": day, "timezone": "UTC" });
        let request = server.client.post(format!("{}/api/v1/reports", server.base));
        let answer = request.basic_auth(&who.0, Some(&who.1)).body(body.to_string()).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK, "{set}");
        let text = answer.text().await.unwrap();
        let rows: Vec<String> = text.lines().filter(|line| line.contains(id)).map(str::to_owned).collect();
        assert_eq!(rows.len(), 1, "{set}: {text}");
        rows.into_iter().next().unwrap()
    };
    let contact = report("ContactExportReportV3").await;
    for part in ["PHONE_CALL", "INBOUND", "ANSWERED", "RESPONDED", "queue-5100,Refunds", "ana,Ana"] {
        assert!(contact.contains(part), "{part}: {contact}");
    }
    let work = report("WorkSessionsReport").await;
    for part in ["PHONE_CALL", "ana", "queue-5100"] {
        assert!(work.contains(part), "{part}: {work}");
    }
}

pub(crate) async fn pages(server: &Server, pages: &Pages, id: &str) {
    let page = pages.get(server, &format!("/calls/{id}")).await;
    for part in ["money back", "Ana", "Refund", "4711"] {
        assert!(page.contains(part), "{part} on the page of the call");
    }
    let wall = pages.get(server, "/live/wall").await;
    assert!(!wall.contains(">5000<") && wall.contains("Ana"), "the agent is free again: {wall}");
}

pub(crate) async fn genesys(_: &Server, ana: &Voice, sue: &Voice) {
    for who in [ana, sue] {
        assert_eq!(who.sees("/me/calls").await["uris"], json!([]), "the call is over for everybody");
    }
    let device = sue.sees("/me/devices/S").await["device"].clone();
    assert_eq!(
        device["supervisorMonitoringState"]["state"], "Coach",
        "the next call is coached as well: {device}"
    );
}
