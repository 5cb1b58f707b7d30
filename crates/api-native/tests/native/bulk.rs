//! Many records at once.

use crate::world::{World, contact, words};
use futures::StreamExt;
use reqwest::Method;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

on_both_engines!(
    thousands_in_order_and_again_without_change,
    the_same_id_twice,
    reports_come_while_the_sender_goes_on,
    a_sender_who_reads_nothing_until_the_end,
    records_of_every_kind_come_in_bulk,
);

async fn thousands_in_order_and_again_without_change(world: World) {
    let one = |n: usize| {
        let mut it = contact(&format!("c{n:05}"));
        it["transcript"] = json!({ "words": words(0, 0, "thank you for calling") });
        it
    };
    let lines: String = (0..2_300).map(|n| format!("{}\n", one(n))).collect();
    let report = world.bulk("/contacts", lines.clone()).await;
    for (n, line) in report[..2_300].iter().enumerate() {
        assert_eq!(*line, json!({ "line": n + 1, "id": format!("c{n:05}"), "status": "created" }));
    }
    let all = json!({ "lines": 2_300, "created": 2_300, "updated": 0, "unchanged": 0, "refused": 0 });
    assert_eq!(report[2_300], json!({ "summary": all }));
    let seq = |changes: Value| changes["last_seq"].as_i64().unwrap();
    let before = seq(world.get("/changes?after=2200&limit=1000").await.json());

    let mut again: Vec<String> = lines.lines().map(str::to_owned).collect();
    again[1_000] = contact("c01000").to_string().replace("10:00:00", "11:00:00");
    let report = world.bulk("/contacts", again.join("\n")).await;
    assert_eq!(report[1_000]["status"], "updated");
    assert_eq!(report[2_300]["summary"]["unchanged"], 2_299);
    assert_eq!(seq(world.get("/changes?after=2200&limit=1000").await.json()), before + 1);
    assert_eq!(world.get("/contacts/c01000/transcript").await.is(200).json()["words"][0]["text"], "thank");
    assert_eq!(world.ids("/contacts", 1_000).await.len(), 2_300);
}

async fn the_same_id_twice(world: World) {
    let mut other = contact("a");
    other["duration"] = json!(9);
    let lines = format!("{}\n{other}\n{other}\n{}\n{}\n", contact("a"), contact("b"), contact("a"));
    let report = world.bulk("/contacts", lines).await;
    let status: Vec<&str> = report[..5].iter().map(|line| line["status"].as_str().unwrap()).collect();
    // The last one says nothing of the length, so that stays.
    assert_eq!(status, ["created", "updated", "unchanged", "created", "unchanged"]);
    assert_eq!(world.get("/contacts/a").await.json()["duration"], 9);

    let user = |email: &str| json!({ "id": "u", "email": email });
    let report = world.bulk("/users", format!("{}\n{}\n", user("a@x.example"), user("b@x.example"))).await;
    assert_eq!((&report[0]["status"], &report[1]["status"]), (&json!("created"), &json!("updated")));
    assert_eq!(world.get("/users/u").await.json()["email"], "b@x.example");
}

async fn reports_come_while_the_sender_goes_on(world: World) {
    let (lines, body) = tokio::sync::mpsc::channel::<String>(1);
    let body = futures::stream::unfold(body, async |mut body| {
        let line = body.recv().await?;
        Some((Ok::<_, std::io::Error>(line), body))
    });
    let request = world.request(Method::POST, "/users").header("content-type", "application/x-ndjson");
    let mut report = request.body(reqwest::Body::wrap_stream(body)).send().await.unwrap().bytes_stream();
    for n in 1..=3 {
        lines
            .send(format!("{}\n", json!({ "id": format!("u{n}"), "email": "x@example.com" })))
            .await
            .unwrap();
        let line = tokio::time::timeout(Duration::from_secs(10), report.next()).await.unwrap();
        let line: Value = serde_json::from_slice(&line.unwrap().unwrap()).unwrap();
        assert_eq!(line, json!({ "line": n, "id": format!("u{n}"), "status": "created" }));
        // What is reported is there, while the request is still being sent.
        world.get(&format!("/users/u{n}")).await.is(200);
    }
    drop(lines);
    let end: Value = serde_json::from_slice(&report.next().await.unwrap().unwrap()).unwrap();
    assert_eq!(end["summary"]["created"], 3);
    assert!(report.next().await.is_none());
}

async fn a_sender_who_reads_nothing_until_the_end(world: World) {
    // So many lines that their reports fill the buffers of both sides.
    let count = 60_000;
    let pad = "p".repeat(190);
    let body: String = (0..count).map(|n| format!("{{\"x\":\"{pad}{n}\"}}\n")).collect();
    let head = format!(
        "Content-Type: application/x-ndjson\r\nContent-Length: {}\r\nConnection: close\r\n",
        body.len()
    );
    let mut stream = world.begin("POST", "/users", &head).await;
    let sent = tokio::time::timeout(Duration::from_secs(60), stream.write_all(body.as_bytes())).await;
    sent.unwrap_or_else(|_| panic!("the server waits for a reader")).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    let answer = String::from_utf8(answer).unwrap();
    assert!(
        answer.contains(&format!("\"lines\":{count},\"created\":0")),
        "{}",
        &answer[answer.len() - 300..]
    );
    assert!(answer.len() > 12 << 20, "more than buffers hold: {}", answer.len());
}

async fn records_of_every_kind_come_in_bulk(world: World) {
    let topics =
        "{\"name\":\"A\",\"phrases\":[\"a\"]}\n{\"name\":7}\n{\"id\":-4,\"name\":\"B\",\"phrases\":[]}\n";
    let report = world.bulk("/topics", topics).await;
    assert_eq!(report[0], json!({ "line": 1, "id": "1", "status": "created" }));
    assert_eq!(report[1]["error"]["field"], "name");
    assert_eq!(report[2]["error"]["field"], "id");
    assert_eq!(report[2]["id"], "-4", "a refused line says which record it was");
    let kpis = "{\"id\":1,\"description\":\"d\",\"frequency\":\"DAILY\",\"target\":1}\n";
    world.bulk("/kpis", kpis).await;
    let seen = |kpi: i64| {
        json!({ "kpi_id": kpi, "observer_id": "a", "observed_id": "b", "observed_at": "2026-02-28T10:00:00Z",
            "value": 1 })
    };
    let report = world.bulk("/observations", format!("{}\n{}\n", seen(1), seen(2))).await;
    assert_eq!((&report[0]["status"], &report[1]["status"]), (&json!("created"), &json!("refused")));
    assert_eq!(report[1]["error"]["field"], "kpi_id");
    let empty = world.bulk("/users", "").await;
    assert_eq!(
        empty,
        [json!({ "summary": { "lines": 0, "created": 0, "updated": 0, "unchanged": 0, "refused": 0 } })]
    );
}
