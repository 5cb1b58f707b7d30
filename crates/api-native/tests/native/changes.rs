//! Following the change feed.

use crate::world::{Answer, World, contact};
use futures::StreamExt;
use reqwest::Method;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

on_both_engines!(
    pages_follow_the_commits,
    waiting_ends_with_the_next_change,
    a_stream_goes_on_until_the_token_is_revoked,
);

async fn pages_follow_the_commits(world: World) {
    let begin = world.get("/changes").await.is(200).json()["last_seq"].as_i64().unwrap();
    for n in 0..5 {
        world.put(&format!("/users/u{n}"), &json!({ "email": "a@example.com" })).await.is(201);
    }
    world.put("/users/u0", &json!({ "email": "a@example.com" })).await.is(200);
    world.delete("/users/u3").await.is(204);
    world.put("/contacts/c", &contact("c")).await.is(201);
    let mut seen: Vec<Value> = vec![];
    let mut after = begin;
    loop {
        let page = world.get(&format!("/changes?after={after}&limit=3")).await.is(200).json();
        let items = page["items"].as_array().unwrap();
        after = page["last_seq"].as_i64().unwrap();
        seen.extend(items.iter().cloned());
        if items.is_empty() {
            break;
        }
    }
    let brief: Vec<String> = seen
        .iter()
        .map(|it| {
            format!(
                "{} {} {}",
                it["kind"].as_str().unwrap(),
                it["id"].as_str().unwrap(),
                it["op"].as_str().unwrap()
            )
        })
        .collect();
    assert_eq!(
        brief,
        [
            "user u0 put",
            "user u1 put",
            "user u2 put",
            "user u3 put",
            "user u4 put",
            "user u3 delete",
            "contact c put"
        ],
        "what changes nothing is no change"
    );
    assert_eq!(seen[0]["at"], "2026-03-01T09:30:00Z");
    let numbers: Vec<i64> = seen.iter().map(|it| it["seq"].as_i64().unwrap()).collect();
    assert_eq!(numbers, (begin + 1..=begin + 7).collect::<Vec<_>>());
}

async fn waiting_ends_with_the_next_change(world: World) {
    let last = world.get("/changes").await.json()["last_seq"].as_i64().unwrap();
    let started = Instant::now();
    let none = world.get(&format!("/changes?after={last}&wait=1")).await.is(200).json();
    assert_eq!(none, json!({ "items": [], "last_seq": last }));
    assert!(started.elapsed() >= Duration::from_secs(1));

    let started = Instant::now();
    let path = format!("/changes?after={last}&wait=60");
    let wait = world.get(&path);
    let write = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        world.put("/users/u1", &json!({ "email": "a@example.com" })).await.is(201);
    };
    let (page, ()) = tokio::join!(wait, write);
    let page = page.is(200).json();
    assert_eq!((&page["items"][0]["id"], &page["last_seq"]), (&json!("u1"), &json!(last + 1)));
    let took = started.elapsed();
    assert!(took >= Duration::from_millis(300) && took < Duration::from_secs(10), "{took:?}");
}

async fn a_stream_goes_on_until_the_token_is_revoked(world: World) {
    let made =
        world.post("/credentials", &json!({ "dialect": "native", "name": "reader" })).await.is(201).json();
    let token = made["secret"].as_str().unwrap();
    let request = world.request_as(token, Method::GET, "/changes?after=0");
    let response = request.header("accept", "application/x-ndjson").send().await.unwrap();
    assert_eq!(response.headers()["content-type"], "application/x-ndjson; charset=utf-8");
    let mut stream = response.bytes_stream();
    let mut next = async || -> Option<Vec<Value>> {
        let chunk = tokio::time::timeout(Duration::from_secs(10), stream.next()).await.unwrap()?.unwrap();
        let text = String::from_utf8(chunk.to_vec()).unwrap();
        Some(
            text.lines()
                .filter(|line| !line.is_empty())
                .map(|line| serde_json::from_str(line).unwrap())
                .collect(),
        )
    };
    let first = next().await.unwrap();
    assert_eq!(first.last().unwrap()["kind"], "credential");
    for n in 0..3 {
        world.put(&format!("/users/u{n}"), &json!({ "email": "a@example.com" })).await.is(201);
        let change = &next().await.unwrap()[0];
        assert_eq!((&change["kind"], &change["id"]), (&json!("user"), &json!(format!("u{n}"))));
    }
    world.delete(&format!("/credentials/{}", made["id"].as_str().unwrap())).await.is(204);
    assert_eq!(next().await, None, "nothing more for a revoked token");
    Answer::of(world.request_as(token, Method::GET, "/changes")).await.problem(401);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_without_news_shows_that_it_lives() {
    let world = World::sqlite().await;
    let last = world.get("/changes").await.json()["last_seq"].as_i64().unwrap();
    let request = world.request(Method::GET, &format!("/changes?after={last}"));
    let mut stream = request.header("accept", "application/x-ndjson").send().await.unwrap().bytes_stream();
    let started = Instant::now();
    let beat = tokio::time::timeout(Duration::from_secs(25), stream.next()).await.unwrap().unwrap().unwrap();
    assert_eq!(&beat[..], b"\n");
    assert!(started.elapsed() >= Duration::from_secs(14), "{:?}", started.elapsed());
}
