//! One call from the ring to the report: a customer calls by SIP, an agent answers while a supervisor coaches, the call is
//! recorded, transcribed, analysed, scored and spoken about; and every dialect tells the same of it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may end here")]

#[path = "../common/mod.rs"]
mod common;
#[path = "../../../telephony/tests/phone/earpiece.rs"]
#[allow(dead_code, unreachable_pub, reason = "other tests use the rest of it")]
mod earpiece;
#[path = "../../../telephony/tests/phone/sip.rs"]
#[allow(dead_code, unreachable_pub, reason = "other tests use the rest of it")]
mod sip;

mod people;
mod read_back;

use common::{Engine, Server, Site, on_both_engines};
use people::{Voice, new_login, sign_in};
use serde_json::{Value, json};
use sip::Phone;
use std::time::{Duration, Instant};

on_both_engines!(a_coached_call_is_told_the_same_by_every_dialect);

/// Tones of ruling R-1, at -12 dBFS.
const CUSTOMER: f64 = 433.0;
const AGENT: f64 = 787.0;
const SUPERVISOR: f64 = 1153.0;
/// What is absent, in dBFS.
const ABSENT: f32 = -60.0;
/// How long anything may take on a busy machine.
const LIMIT: Duration = Duration::from_secs(120);

/// Listens until one tone is heard and the other is not. On a busy machine packets come late, and gaps sound of everything
/// for a moment; what really is heard is heard all the time.
fn hears(phone: &Phone, wanted: f64, other: f64) {
    let begin = Instant::now();
    loop {
        let levels = phone.sound.listen(Duration::from_millis(200), &[wanted, other]);
        if levels[0] > -20.0 && levels[1] < ABSENT {
            return;
        }
        let late = begin.elapsed() > LIMIT;
        assert!(!late, "{} never hears {wanted} Hz without {other} Hz: {levels:?}", phone.user);
    }
}

/// Asks again until there is what is waited for.
async fn until<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let begin = Instant::now();
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(begin.elapsed() < LIMIT, "never: {what}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// People, and what is looked for and asked about their calls.
async fn furnish(server: &Server) {
    server
        .put("/users/ana", &json!({ "email": "ana@acme.example", "first_name": "Ana", "team_id": "care" }))
        .await;
    server.put("/users/sue", &json!({ "email": "sue@acme.example", "first_name": "Sue" })).await;
    server.put("/groups/care", &json!({ "name": "Care", "manager_id": "sue" })).await;
    server.put("/topics/1", &json!({ "name": "Refund", "phrases": ["money back"] })).await;
    let questions = json!([{ "id": "q1", "text": "Polite?", "skills": ["Tone"] }]);
    server
        .put("/scorecards/card", &json!({ "name": "Card", "scheme": "YesNo", "questions": questions }))
        .await;
}

/// Numbers and telephones; the passwords of the telephones. After the log-ins: what somebody may do is looked at now.
async fn telephones(server: &Server) -> [String; 3] {
    let queue = json!({ "number": "5100", "name": "Refunds", "members": ["ana"] });
    server.put("/telephony", &json!({ "version": 0, "plan": { "queues": [queue] } })).await;
    let device = async |body: Value| {
        let request = server.native("POST", "/telephony/devices").json(&body);
        let made = common::answer(request, reqwest::StatusCode::CREATED).await;
        made["password"].as_str().unwrap().to_owned()
    };
    [
        device(json!({ "id": "C", "number": "5000" })).await,
        device(json!({ "id": "A", "number": "5001", "user": "ana" })).await,
        device(json!({ "id": "S", "number": "5005", "user": "sue" })).await,
    ]
}

/// A configuration under which reports are not an hour late, and whispers are kept.
fn settings(site: &Site) -> String {
    let file = site.data().join("../touchline.toml");
    let text = "[reports]\nlatency_seconds = 0\n[telephony.recording]\nkeep_whisper = true\n";
    std::fs::write(&file, text).unwrap();
    file.display().to_string()
}

// covers(genesys): S8.1, S8.2, S8.6, OC-75, OC-76, OC-77, OC-82, R-1, R-2, R-14, C-8
async fn a_coached_call_is_told_the_same_by_every_dialect(engine: Engine) {
    let site = Site::fresh(engine).await;
    let file = settings(&site);
    let server = site.serve_with(&["--config", &file, "--sip", "127.0.0.1:0"]);
    furnish(&server).await;
    let (ana, sue) =
        (new_login(&site, "ana@acme.example", "agent"), new_login(&site, "sue@acme.example", "coach"));
    let [c, a, s] = telephones(&server).await;
    let at = server.telephones.unwrap();
    let mut customer = Phone::new(at, "5000", CUSTOMER).with_password(&c);
    let mut agent = Phone::new(at, "5001", AGENT).with_password(&a);
    let mut supervisor = Phone::new(at, "5005", SUPERVISOR).with_password(&s);
    for phone in [&mut customer, &mut agent, &mut supervisor] {
        assert_eq!(phone.register(600).status(), 200, "{}", phone.user);
    }
    let ana = Voice::log_in(&server, "ana@acme.example", &ana).await;
    ana.wants("/me", json!({ "operationName": "StartContactCenterSession", "channels": ["voice"] })).await;
    ana.wants("/me/channels/voice", json!({ "operationName": "Ready" })).await;
    let pages = sign_in(&server, "sue@acme.example", &sue).await;
    let sue = Voice::log_in(&server, "sue@acme.example", &sue).await;
    sue.wants("/me", json!({ "operationName": "StartContactCenterSession", "channels": ["voice"] })).await;
    let coach = json!({ "operationName": "Coach", "targetDeviceUri": "/api/v2/devices/A" });
    sue.wants("/me/devices/S", coach).await;

    // The customer calls the queue, the agent answers, and the supervisor is brought in.
    let mut calls = customer.call("5100");
    customer.answered(&mut calls);
    let mut rings = agent.ringing();
    agent.answer(&mut rings);
    let mut coaches = supervisor.ringing();
    supervisor.answer(&mut coaches);
    let at_work = ana.sees("/me/calls?fields=*").await["calls"][0].clone();
    let id = at_work["id"].as_str().unwrap().to_owned();
    assert_eq!(
        at_work["uri"],
        format!("{}/api/v2/me/calls/{id}", server.base),
        "under the address that is served"
    );
    ana.wants(
        &format!("/me/calls/{id}"),
        json!({ "operationName": "AttachUserData", "userData": { "order": "4711" } }),
    )
    .await;
    // The customer never hears the supervisor, and nobody hears themselves.
    hears(&customer, AGENT, SUPERVISOR);
    hears(&agent, CUSTOMER, AGENT);
    hears(&agent, SUPERVISOR, AGENT);
    hears(&supervisor, CUSTOMER, SUPERVISOR);
    hears(&supervisor, AGENT, SUPERVISOR);
    let watched = sue.sees("/me/calls?fields=*").await["calls"][0].clone();
    assert_eq!((&watched["id"], &watched["monitoring"]), (&json!(id), &json!(true)));
    let coached = until("the agent's call says that somebody coaches", async || {
        let call = ana.sees(&format!("/me/calls/{id}")).await["call"].clone();
        (call["supervisorListeningIn"] == true).then_some(call)
    });
    assert_eq!(coached.await["userData"], json!({ "order": "4711" }));
    let wall = pages.get(&server, "/live/wall").await;
    assert!(wall.contains("5000") && wall.contains("Refunds"), "the wall shows who is on the line: {wall}");

    // What the supervisor presses is for nobody.
    supervisor.sound.press("5");
    hears(&customer, AGENT, SUPERVISOR);
    // The agent looks something up, comes back, and the customer has no more to say.
    for (on, state) in [(true, "Held"), (false, "Established")] {
        agent.hold(&mut rings, on);
        until("the agent's call is put aside, and taken up again", async || {
            let call = ana.sees(&format!("/me/calls/{id}")).await["call"].clone();
            (call["state"] == state).then_some(())
        })
        .await;
    }
    hears(&customer, AGENT, SUPERVISOR);
    assert_eq!(customer.sound.pressed(), "");
    let asked_again = |it: &sip::Message| {
        (it.start.starts_with("INVITE ") || it.start.starts_with("UPDATE ")) && it.get("To").contains(";tag=")
    };
    customer.never(Duration::from_millis(100), asked_again);
    agent.never(Duration::from_millis(100), asked_again);
    customer.hang_up(&mut calls);
    agent.hung_up(&rings);
    supervisor.hung_up(&coaches);
    let contact = until("the call is a contact with a recording", async || {
        let answer = server.native("GET", &format!("/contacts/{id}")).send().await.unwrap();
        let contact: Value = answer.json().await.unwrap_or_default();
        (!contact["recording"].is_null()).then_some(contact)
    });
    let contact = contact.await;

    // What comes after: words, a score, a session about it.
    let said = json!([
        { "start": 0, "end": 1.2, "speaker": 0, "text": "I want my money back" },
        { "start": 1.2, "end": 2, "speaker": 1, "text": "of course" },
    ]);
    server.put(&format!("/contacts/{id}/transcript"), &json!({ "utterances": said })).await;
    let score = json!({ "contact_id": id, "scorecard_id": "card", "reviewer_id": "sue", "agent_id": "ana",
        "scored_at": contact["started_at"], "answers": [{ "question_id": "q1", "answer": 1, "comment": "friendly" }] });
    server.put("/evaluations/first", &score).await;
    let plan = json!({ "name": "Tone", "coach_id": "sue", "recipient_id": "ana", "starts_at": contact["started_at"],
        "ends_at": contact["started_at"] });
    server.put("/plans/1", &plan).await;
    let session = json!({ "plan_id": 1, "coach_id": "sue", "recipient_id": "ana", "started_at": contact["started_at"],
        "ended_at": contact["started_at"], "comments": "about the refund",
        "call_reviews": [{ "contact_id": id, "evaluation_id": "first" }] });
    server.put("/sessions/1", &session).await;
    server.settled().await;

    read_back::native(&server, &id).await;
    read_back::coach360(&server, &id).await;
    read_back::gladly(&server, &id, contact["started_at"].as_str().unwrap()).await;
    read_back::pages(&server, &pages, &id).await;
    read_back::genesys(&server, &ana, &sue).await;
    drop(server);
    site.assert_healthy();
}
