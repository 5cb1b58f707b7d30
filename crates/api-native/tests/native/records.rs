//! Every kind of record: put, read, listed, deleted, by value.

use crate::world::{Answer, World, contact};
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::HashSet;

on_both_engines!(
    every_kind_is_kept_as_it_was_sent,
    creating_makes_ids_and_never_replaces,
    references_are_checked,
    pages_miss_nothing_while_writers_write,
    topic_progress_is_no_topic,
    a_clock_set_back_never_turns_the_order,
);

/// Each kind with a full record and another version of it.
fn kinds() -> Vec<(&'static str, Value, (&'static str, Value))> {
    vec![
        (
            "users",
            json!({ "id": "u 1/ä", "email": "ana@example.com", "first_name": "Ana", "last_name": "Ruiz", "team_id": "t1",
                "department_id": "d1", "system_ids": ["s1"], "phone_numbers": ["+442079460018"], "active": true }),
            ("active", json!(false)),
        ),
        (
            "groups",
            json!({ "id": "t1", "name": "Team", "kind": "team", "parent_id": "d1", "manager_id": "u1", "active": true }),
            ("name", json!("Other team")),
        ),
        (
            "topics",
            json!({ "id": 7, "name": "Refund", "phrases": ["money back", "refund"], "scope": "external",
                "canonical_questions": false, "active": true }),
            ("phrases", json!(["refund"])),
        ),
        (
            "scorecards",
            json!({ "id": "card", "name": "Card", "scheme": "OneToFive", "active": true,
                "questions": [{ "id": "q1", "text": "Greeting?", "skills": ["Opening"] }] }),
            ("name", json!("New card")),
        ),
        (
            "evaluations",
            json!({ "id": "e1", "contact_id": "c1", "scorecard_id": "card", "reviewer_id": "u2", "agent_id": "u1",
                "scored_at": "2026-02-28T11:00:00.25Z",
                "answers": [{ "question_id": "q1", "answer": 4, "reason": null, "comment": "good" }] }),
            ("reviewer_id", json!("u3")),
        ),
        (
            "feedback",
            json!({ "id": "f1", "contact_id": "c1", "author_id": "u1", "given_at": "2026-02-28T11:00:00Z",
                "kind": "highlight", "text": "<b>well</b>", "start": 1.5, "end": 2 }),
            ("text", json!("better")),
        ),
        (
            "shares",
            json!({ "id": "s1", "contact_id": "c1", "author_id": "u1", "shared_at": "2026-02-28T11:00:00Z",
                "recipient_ids": ["u2"], "recipient_emails": ["x@example.com"] }),
            ("recipient_ids", json!([])),
        ),
        (
            "listens",
            json!({ "id": "l1", "contact_id": "c1", "listener_id": "u1", "started_at": "2026-02-28T11:00:00Z",
                "duration": 12.5 }),
            ("duration", json!(13)),
        ),
        (
            "plans",
            json!({ "id": 3, "name": "Plan", "objective": "More", "coach_id": "u1", "recipient_id": "u2",
                "starts_at": "2026-02-01T00:00:00Z", "ends_at": "2026-03-01T00:00:00Z", "completed_at": null,
                "planned_sessions": 4, "skills": ["Opening"] }),
            ("planned_sessions", json!(5)),
        ),
        (
            "sessions",
            json!({ "id": 4, "plan_id": 3, "coach_id": "u1", "recipient_id": "u2",
                "scheduled_at": "2026-02-10T09:00:00Z", "started_at": null, "ended_at": null,
                "scores": { "Opening": 80.5 },
                "call_reviews": [{ "contact_id": "c1", "evaluation_id": "e1", "questions": [] }],
                "questions": [{ "question": "How?", "possible_score": null, "actual_score": null, "weight": 0.0 }],
                "comments": "fine" }),
            ("comments", json!(null)),
        ),
        (
            "kpis",
            json!({ "id": 5, "description": "AHT", "frequency": "WEEKLY", "target": 300.5 }),
            ("target", json!(299.0)),
        ),
        (
            "observations",
            json!({ "id": "o1", "kpi_id": 5, "observer_id": "u1", "observed_id": "u2",
                "observed_at": "2026-02-28T11:00:00Z", "value": 310.25 }),
            ("value", json!(300.0)),
        ),
    ]
}

fn address(kind: &str, record: &Value) -> String {
    match &record["id"] {
        Value::String(id) if id == "u 1/ä" => format!("/{kind}/u%201%2F%C3%A4"),
        Value::String(id) => format!("/{kind}/{id}"),
        id => format!("/{kind}/{id}"),
    }
}

/// The record as answered, without its place in the commit order.
fn plain(answer: &Answer) -> Value {
    let mut record = answer.json();
    assert!(record["seq"].as_i64().is_some_and(|seq| seq > 0));
    assert!(record["modified"].as_str().is_some_and(|at| at.starts_with("2026-03-01T09:30")));
    for own in ["seq", "modified"] {
        record.as_object_mut().unwrap().remove(own);
    }
    record
}

async fn every_kind_is_kept_as_it_was_sent(world: World) {
    for (kind, record, (field, other)) in kinds() {
        let path = address(kind, &record);
        let created = world.put(&path, &record).await.is(201);
        let id = record["id"].as_str().map_or_else(|| record["id"].to_string(), str::to_owned);
        assert_eq!(created.json(), json!({ "id": id, "status": "created" }));
        assert_eq!(created.header("location"), format!("/api/touchline/v1{path}"));
        assert_eq!(plain(&world.get(&path).await.is(200)), record, "{kind}");
        assert_eq!(world.put(&path, &record).await.is(200).json()["status"], "unchanged");

        let mut changed = record.clone();
        changed[field] = other;
        // The path says which one: the body need not.
        let mut nameless = changed.clone();
        nameless.as_object_mut().unwrap().remove("id");
        assert_eq!(world.put(&path, &nameless).await.is(200).json()["status"], "updated");
        assert_eq!(plain(&world.get(&path).await.is(200)), changed, "{kind}");
        assert_eq!(world.get(&format!("/{kind}")).await.json()["items"].as_array().unwrap().len(), 1);
        assert_eq!(world.ids(&format!("/{kind}"), 10).await, [id]);

        let head = Answer::of(world.request(Method::HEAD, &path)).await.is(200);
        assert!(head.bytes.is_empty());
    }
    // What others use goes last.
    for (kind, record, _) in kinds().into_iter().rev() {
        let path = address(kind, &record);
        if kind == "listens" {
            // Listening is counted by day: it is never taken back as a whole.
            world.delete(&path).await.problem(409);
            continue;
        }
        world.delete(&path).await.is(204);
        world.get(&path).await.problem(404);
        world.delete(&path).await.problem(404);
        assert!(world.ids(&format!("/{kind}"), 10).await.is_empty());
    }
}

async fn creating_makes_ids_and_never_replaces(world: World) {
    let made = world.post("/users", &json!({ "email": "a@example.com" })).await.is(201);
    let id = made.json()["id"].as_str().unwrap().to_owned();
    assert_eq!(made.header("location"), format!("/api/touchline/v1/users/{id}"));
    assert_eq!(world.get(&format!("/users/{id}")).await.json()["email"], "a@example.com");

    let first = world.post("/topics", &json!({ "name": "One", "phrases": ["one"] })).await.is(201).json();
    assert_eq!(first["id"], "1", "numbers come from the tenant's counter");
    world.put("/topics/40", &json!({ "name": "Forty", "phrases": [] })).await.is(201);
    let next = world.post("/topics", &json!({ "name": "Next", "phrases": [] })).await.is(201).json();
    assert_eq!(next["id"], "41");
    assert_eq!(world.ids("/topics", 1).await, ["1", "40", "41"], "numbers are listed as numbers");

    let user = json!({ "id": "u1", "email": "u1@example.com" });
    world.post("/users", &user).await.is(201);
    assert_eq!(world.post("/users", &user).await.is(200).json()["status"], "unchanged");
    let other = json!({ "id": "u1", "email": "somebody@else.example" });
    let problem = world.post("/users", &other).await.problem(409);
    assert!(problem["detail"].as_str().unwrap().contains("`u1`"), "{problem}");
    assert_eq!(world.get("/users/u1").await.json()["email"], "u1@example.com");
    world.post("/contacts", &contact("c1")).await.is(201);
    let mut other = contact("c1");
    other["duration"] = json!(5);
    world.post("/contacts", &other).await.problem(409);
    assert_eq!(world.get("/contacts/c1").await.json()["duration"], 0);

    for path in ["/topics/007", "/topics/x", "/topics/-1", "/topics/0"] {
        world.get(path).await.problem(404);
        world.delete(path).await.problem(404);
        let problem = world.put(path, &json!({ "name": "n", "phrases": [] })).await.problem(422);
        assert_eq!(problem["field"], "id");
    }
}

async fn references_are_checked(world: World) {
    let observation = json!({ "kpi_id": 9, "observer_id": "a", "observed_id": "b",
        "observed_at": "2026-02-28T11:00:00Z", "value": 1 });
    let problem = world.post("/observations", &observation).await.problem(422);
    assert_eq!(
        (problem["field"].as_str(), problem["detail"].as_str()),
        (Some("kpi_id"), Some("there is no KPI 9"))
    );
    world.put("/scorecards/card", &kinds()[3].1).await.is(201);
    world.put("/evaluations/e1", &kinds()[4].1).await.is(201);
    let problem = world.delete("/scorecards/card").await.problem(409);
    assert!(problem["detail"].as_str().unwrap().contains("evaluations use this scorecard"));
    let mut bad = kinds()[4].1.clone();
    bad["answers"][0]["answer"] = json!(6);
    let problem = world.put("/evaluations/e1", &bad).await.problem(422);
    assert_eq!(problem["field"], "answers[0].answer");
}

async fn pages_miss_nothing_while_writers_write(world: World) {
    let lines: String = (0..300)
        .map(|n| format!("{}\n", json!({ "id": format!("old-{n:03}"), "email": "x@example.com" })))
        .collect();
    world.bulk("/users", lines).await;
    let write = async {
        for n in 0..60 {
            // Before, between and after what is there.
            let id = ["a", "old-1", "z"][n % 3];
            world.put(&format!("/users/{id}5-{n:03}"), &json!({ "email": "y@example.com" })).await.is(201);
        }
    };
    let read = async {
        for _ in 0..3 {
            let ids = world.ids("/users", 17).await;
            assert!(ids.is_sorted(), "in the order of ids");
            let seen: HashSet<&String> = ids.iter().collect();
            assert_eq!(seen.len(), ids.len(), "nothing twice");
            assert!((0..300).all(|n| seen.contains(&format!("old-{n:03}"))), "nothing missed");
        }
    };
    tokio::join!(write, read);
    assert_eq!(world.ids("/users", 1_000).await.len(), 360);
}

async fn topic_progress_is_no_topic(world: World) {
    let progress = world.get("/topics/progress").await.is(200).json();
    assert_eq!(progress, json!({ "building": false, "done": 0, "total": 0 }));
    world.put("/topics/progress", &json!({})).await.problem(405);
}

async fn a_clock_set_back_never_turns_the_order(world: World) {
    world.put("/users/before", &json!({ "email": "a@example.com" })).await.is(201);
    world.clock.advance_secs(-3_600);
    world.put("/users/after", &json!({ "email": "b@example.com" })).await.is(201);
    world.put("/contacts/c", &contact("c")).await.is(201);
    let of = async |path: &str| {
        let it = world.get(path).await.is(200).json();
        (it["modified"].as_str().unwrap().to_owned(), it["seq"].as_i64().unwrap())
    };
    let (before, after, contact) =
        (of("/users/before").await, of("/users/after").await, of("/contacts/c").await);
    assert_eq!(before.0, "2026-03-01T09:30:00Z");
    assert!(before <= after && after <= contact, "{before:?} {after:?} {contact:?}");
    assert!(before.1 < after.1 && after.1 < contact.1);
    let changes = world.get("/changes").await.json();
    let at: Vec<&str> =
        changes["items"].as_array().unwrap().iter().map(|it| it["at"].as_str().unwrap()).collect();
    assert!(at.is_sorted(), "{at:?}");
    assert_eq!(world.get("/audit/verify").await.json(), json!({ "intact": true }));
}
