//! The server is killed with SIGKILL at random moments while it takes writes: what it has acknowledged is there
//! afterwards, no job is lost or done half, and `doctor` finds nothing wrong.
//!
//! `TOUCHLINE_TEST_CRASH_ROUNDS` sets the number of rounds on each engine (50 by default; thousands by hand).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may end here")]

mod common;

use common::{Engine, Server, Site, tone_wav};
use futures::StreamExt;
use reqwest::StatusCode;
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

/// What the server has acknowledged about a contact.
#[derive(Clone, Debug, PartialEq)]
struct Acknowledged {
    version: u64,
    words: bool,
    audio: bool,
    erased: bool,
}

type Ledger = Arc<Mutex<BTreeMap<String, Acknowledged>>>;

/// A small generator: a crash test needs variety, not secrecy.
struct Dice(u64);
impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

fn contact(id: &str, version: u64, words: bool) -> Value {
    let mut contact = json!({
        "id": id,
        "started_at": "2026-03-01T09:00:00Z",
        "duration": 20,
        "metadata": { "version": version, "note": "é\u{2028}\"'" },
    });
    if words {
        let said = format!("I want to cancel contract number {version} please. Why is it so expensive?");
        contact["transcript"] = json!({
            "speakers": [{ "number": 0, "type": "INTERNAL" }],
            "utterances": [
                { "start": 0, "end": 4.5, "speaker": 0, "text": "Hello, how can I help you?" },
                { "start": 5, "end": 12, "speaker": 1, "text": said },
            ],
        });
    }
    contact
}

/// Writes until the connection breaks; notes only what was acknowledged.
async fn write_until_cut(base: String, token: String, writer: String, ledger: Ledger, seed: u64) {
    let client = reqwest::Client::new();
    let url = |path: &str| format!("{base}/api/touchline/v1{path}");
    let mut dice = Dice(seed);
    for version in 0.. {
        let id = format!("{writer}-{}", dice.roll(40));
        let known = ledger.lock().unwrap().get(&id).cloned();
        if known.as_ref().is_some_and(|it| it.erased) {
            continue;
        }
        let with_words;
        let sent = match dice.roll(10) {
            0 if known.is_some() => {
                let done = client.delete(url(&format!("/contacts/{id}"))).bearer_auth(&token).send().await;
                let Ok(done) = done else { return unsure(&ledger, &[id]) };
                assert_eq!(done.status(), StatusCode::NO_CONTENT);
                if let Some(it) = ledger.lock().unwrap().get_mut(&id) {
                    it.erased = true;
                }
                continue;
            }
            1 if known.is_some() => {
                let part = reqwest::multipart::Part::bytes(tone_wav(0.5)).file_name("tone.wav");
                let form = reqwest::multipart::Form::new().part("file", part);
                let request = client.post(url(&format!("/contacts/{id}/audio"))).bearer_auth(&token);
                let Ok(done) = request.multipart(form).send().await else { return };
                assert!(done.status().is_success(), "{}", done.status());
                if let Some(it) = ledger.lock().unwrap().get_mut(&id) {
                    it.audio = true;
                }
                continue;
            }
            2 | 3 => {
                // Many at once; the report tells line by line what is on disk.
                let ids: Vec<String> =
                    (0..15).map(|k| format!("{writer}-b{}", dice.roll(500) * 20 + k)).collect();
                let lines: String =
                    ids.iter().map(|id| format!("{}\n", contact(id, version, true))).collect();
                let request = client.post(url("/contacts")).bearer_auth(&token);
                let sent = request.header("content-type", "application/x-ndjson").body(lines).send().await;
                let text = match sent {
                    Ok(done) => done.text().await.unwrap_or_default(),
                    Err(_) => String::new(),
                };
                let mut told = Vec::new();
                for line in text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok()) {
                    if let Some(id) = line["id"].as_str() {
                        told.push(id.to_owned());
                        note(&ledger, id, version, true);
                    }
                }
                if told.len() < ids.len() {
                    let open: Vec<String> = ids.into_iter().filter(|id| !told.contains(id)).collect();
                    return unsure(&ledger, &open);
                }
                continue;
            }
            kind => {
                with_words = kind % 2 == 0;
                let body = contact(&id, version, with_words);
                client.put(url(&format!("/contacts/{id}"))).bearer_auth(&token).json(&body).send().await
            }
        };
        let Ok(done) = sent else { return unsure(&ledger, &[id]) };
        let status = done.status();
        assert!(status.is_success(), "{status}: {}", done.text().await.unwrap_or_default());
        note(&ledger, &id, version, with_words);
    }
}

fn note(ledger: &Ledger, id: &str, version: u64, words: bool) {
    let mut ledger = ledger.lock().unwrap();
    let fresh = Acknowledged { version, words: false, audio: false, erased: false };
    let it = ledger.entry(id.to_owned()).or_insert(fresh);
    it.version = version;
    it.words |= words;
}

/// A write that was sent but not answered may or may not have happened: nothing is promised about it.
fn unsure(ledger: &Ledger, ids: &[String]) {
    let mut ledger = ledger.lock().unwrap();
    for id in ids {
        ledger.remove(id);
    }
}

async fn check(server: &Server, ledger: &Ledger) {
    let known = ledger.lock().unwrap().clone();
    futures::stream::iter(&known).for_each_concurrent(32, |(id, it)| check_one(server, id, it)).await;
}

async fn check_one(server: &Server, id: &str, it: &Acknowledged) {
    let response = server.native("GET", &format!("/contacts/{id}")).send().await.unwrap();
    if it.erased {
        assert_eq!(response.status(), StatusCode::NOT_FOUND, "`{id}` was deleted and is back");
        return;
    }
    assert_eq!(response.status(), StatusCode::OK, "`{id}` was acknowledged and is gone");
    let found: Value = response.json().await.unwrap();
    assert_eq!(found["metadata"]["version"], it.version, "`{id}` is not what was acknowledged");
    assert_eq!(found["metadata"]["note"], "é\u{2028}\"'");
    if it.audio {
        let audio = server.native("GET", &format!("/contacts/{id}/audio")).send().await.unwrap();
        assert_eq!(audio.status(), StatusCode::OK);
        assert_eq!(audio.bytes().await.unwrap(), tone_wav(0.5), "the recording of `{id}`");
    }
}

async fn crash_story(engine: Engine) {
    let rounds: u64 =
        std::env::var("TOUCHLINE_TEST_CRASH_ROUNDS").ok().and_then(|n| n.parse().ok()).unwrap_or(50);
    let site = Site::fresh(engine).await;
    let all: Ledger = Ledger::default();
    let mut dice = Dice(2_026);
    let mut acknowledged = 0;
    for round in 0..rounds {
        let began = std::time::Instant::now();
        let mut server = site.serve();
        if round == 0 {
            for (id, phrase) in [(1, "cancel"), (2, "expensive")] {
                let topic = json!({ "id": id, "name": phrase, "phrases": [phrase] });
                server.put(&format!("/topics/{id}"), &topic).await;
            }
        }
        let ledger = Ledger::default();
        let writers: Vec<_> = (0..4)
            .map(|n| {
                let writer = format!("r{round}w{n}");
                let seed = round * 10 + n;
                let (base, token) = (server.base.clone(), server.token.clone());
                tokio::spawn(write_until_cut(base, token, writer, ledger.clone(), seed))
            })
            .collect();
        tokio::time::sleep(Duration::from_millis(40 + dice.roll(250))).await;
        server.kill();
        for writer in writers {
            writer.await.unwrap();
        }
        drop(server);
        let server = site.serve();
        check(&server, &ledger).await;
        acknowledged += ledger.lock().unwrap().len();
        all.lock().unwrap().append(&mut ledger.lock().unwrap());
        drop(server);
        if std::env::var("TOUCHLINE_TEST_TIMES").is_ok() {
            println!("{engine:?} round {round}: {:?}", began.elapsed());
        }
        if round % 10 == 9 {
            site.assert_healthy();
        }
    }
    assert!(
        acknowledged as u64 > rounds * 10,
        "only {acknowledged} writes were acknowledged: the test says little"
    );
    let server = site.serve();
    server.settled().await;
    check(&server, &all).await;
    let promised = all.lock().unwrap().clone();
    for (id, it) in promised {
        if it.words && !it.erased {
            let found = server.get(&format!("/contacts/{id}")).await;
            assert_eq!(found["state"], "COMPLETE", "{found}");
            assert!(found["stats"]["external_talk_time"].is_number(), "{found}");
        }
    }
    let jobs = server.get("/jobs").await;
    assert_eq!(jobs["items"], json!([]), "no job is left over or put aside");
    drop(server);
    site.assert_healthy();
    println!("{engine:?}: {rounds} kills, {acknowledged} contacts acknowledged, none lost");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_survives_sigkill_on_sqlite() {
    crash_story(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_survives_sigkill_on_postgres() {
    crash_story(Engine::Postgres).await;
}
