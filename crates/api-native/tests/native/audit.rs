//! The audit trail of what happened over HTTP.

use crate::world::{Answer, World, contact, wav, words};
use reqwest::Method;
use serde_json::{Value, json};

on_both_engines!(reads_and_writes_leave_entries, jobs_are_shown_and_tried_again);

async fn reads_and_writes_leave_entries(world: World) {
    let last = async || world.get("/audit?limit=1000").await.json()["last_n"].as_i64().unwrap();
    let begin = last().await;
    let actor = world.get("/me").await.json()["actor"].as_str().unwrap().to_owned();
    let mut call = contact("c1");
    call["transcript"] = json!({ "words": words(0, 0, "hello") });
    world.put("/contacts/c1", &call).await.is(201);
    let audio = world.request(Method::POST, "/contacts/c1/audio").header("content-type", "audio/wav");
    Answer::of(audio.body(wav(0.5))).await.is(201);
    world.get("/contacts/c1/transcript").await.is(200);
    Answer::of(world.request(Method::GET, "/contacts/c1/audio").header("range", "bytes=10-19")).await.is(206);
    world.put("/users/u1", &json!({ "email": "a@example.com" })).await.is(201);
    world.get("/users/u1").await.is(200);
    world.delete("/users/u1").await.is(204);
    let made = world.post("/credentials", &json!({ "dialect": "native", "name": "n" })).await.is(201).json();
    world.delete(&format!("/credentials/{}", made["id"].as_str().unwrap())).await.is(204);
    world.delete("/contacts/c1").await.is(204);

    let mut entries: Vec<Value> = vec![];
    let mut after = begin;
    loop {
        let page = world.get(&format!("/audit?after={after}&limit=4")).await.json();
        let items = page["items"].as_array().unwrap().clone();
        after = page["last_n"].as_i64().unwrap();
        if items.is_empty() {
            break;
        }
        entries.extend(items);
    }
    let deeds: Vec<(&str, &str)> =
        entries.iter().map(|it| (it["action"].as_str().unwrap(), it["object"].as_str().unwrap())).collect();
    let id = made["id"].as_str().unwrap();
    assert_eq!(
        deeds,
        [
            ("contact.put", "c1"),
            ("recording.put", "c1"),
            ("transcript.read", "c1"),
            ("recording.read", "c1"),
            ("user.put", "u1"),
            ("record.delete", "u1"),
            ("credential.create", id),
            ("credential.revoke", id),
            ("contact.delete", "c1"),
        ]
    );
    assert_eq!(entries[3]["detail"], format!("bytes 10-20 of {}", wav(0.5).len()));
    for entry in &entries {
        assert_eq!((&entry["actor"], &entry["source"]), (&json!(actor), &json!("127.0.0.1")));
        assert_eq!(entry["at"], "2026-03-01T09:30:00Z");
    }
    assert!(!world.get("/audit").await.text().contains(made["secret"].as_str().unwrap()));
    assert_eq!(world.get("/audit/verify").await.is(200).json(), json!({ "intact": true }));
    // Looking is no deed when nothing was heard.
    assert_eq!(last().await, begin + 9);
}

async fn jobs_are_shown_and_tried_again(world: World) {
    let mut call = contact("c1");
    call["transcript"] = json!({ "words": words(0, 0, "hello") });
    world.put("/contacts/c1", &call).await.is(201);
    let jobs = world.get("/jobs").await.is(200).json();
    let job = &jobs["items"][0];
    assert_eq!(
        (&job["kind"], &job["state"], &job["attempts"]),
        (&json!("analyse"), &json!("open"), &json!(0))
    );
    let id = job["id"].as_str().unwrap();
    Answer::of(world.request(Method::POST, &format!("/jobs/{id}/retry"))).await.problem(404);
    Answer::of(world.request(Method::POST, "/jobs/none/retry")).await.problem(404);
    // Put aside, as after too many failures.
    let leased = world.app.store().lease_jobs(1, 60).await.unwrap();
    world.app.store().fail_job(&leased[0], "it was a bad day", true).await.unwrap();
    let dead = world.get("/jobs").await.json()["items"][0].clone();
    assert_eq!((&dead["state"], &dead["error"]), (&json!("dead"), &json!("it was a bad day")));
    world.work().await;
    assert_eq!(world.get("/contacts/c1").await.json()["state"], "ANALYZING");
    Answer::of(world.request(Method::POST, &format!("/jobs/{id}/retry"))).await.is(204);
    world.work().await;
    assert_eq!(world.get("/contacts/c1").await.json()["state"], "COMPLETE");
    assert!(world.ids("/jobs", 10).await.is_empty());
}
