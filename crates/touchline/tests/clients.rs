//! Clients that nobody here wrote: dlt's generic REST source, and schemathesis against the served documents. They are
//! installed by `cargo xtask test`, which tells where by `TOUCHLINE_PYTHON`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may end here")]

mod common;

use common::{Engine, Server, Site, answer};
use reqwest::StatusCode;
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

fn python() -> PathBuf {
    let given = std::env::var("TOUCHLINE_PYTHON").map(PathBuf::from);
    let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.venv/bin/python");
    let python = given.unwrap_or(here);
    assert!(python.exists(), "the Python clients are not installed: run `cargo xtask test` once");
    python
}

/// Everything of a list, by a fresh client that pages from the start.
async fn everything(server: &Server, who: &(String, String), path: &str, time: &str, id: &str) -> Vec<Value> {
    let mut rows: Vec<Value> = Vec::new();
    let mut query = "since=2000-01-01T00:00Z".to_owned();
    loop {
        let page: Vec<Value> =
            server.c360(who, &format!("{path}?limit=100&{query}")).await.json().await.unwrap();
        let full = page.len() >= 100;
        rows.extend(page);
        if !full {
            return rows;
        }
        let last = &rows[rows.len() - 1];
        query = format!("since={}&last_id={}", last[time].as_str().unwrap(), last[id].as_str().unwrap());
    }
}

async fn write_and_delete(server: &Server, n: u64) {
    let id = format!("call-{}", n % 170);
    let text =
        if n.is_multiple_of(3) { "I want to cancel, it is too expensive" } else { "thanks, that was quick" };
    let body = json!({
        "id": id, "started_at": format!("2026-03-{:02}T09:00:00Z", n % 28 + 1), "duration": n % 60 + 5,
        "metadata": { "round": n, "company": format!("Company {}", n % 7) },
        "transcript": { "utterances": [{ "start": 0, "end": 4, "speaker": 0, "text": text }] },
    });
    let put = server.native("PUT", &format!("/contacts/{id}")).json(&body).send().await.unwrap();
    // A call that was deleted stays deleted.
    assert!(put.status().is_success() || put.status() == StatusCode::GONE, "{}", put.status());
    if n % 11 == 10 {
        let victim = format!("/contacts/call-{}", (n * 7) % 170);
        let gone = server.native("DELETE", &victim).send().await.unwrap().status();
        assert!(gone == StatusCode::NO_CONTENT || gone == StatusCode::NOT_FOUND, "{gone}");
    }
    if n.is_multiple_of(4) {
        let evaluation = json!({
            "contact_id": id, "scorecard_id": "s", "reviewer_id": "coach", "scored_at": "2026-03-01T09:00:00Z",
            "answers": [{ "question_id": "q1", "answer": n % 4, "comment": format!("round {n}") },
                        { "question_id": "q2", "answer": (n + 1) % 4 }],
        });
        server.put(&format!("/evaluations/result-{}", n % 60), &evaluation).await;
    }
}

async fn dlt_story(engine: Engine) {
    let site = Site::fresh(engine).await;
    let server = site.serve();
    for (id, phrase) in [(1, "cancel"), (2, "quick")] {
        server.put(&format!("/topics/{id}"), &json!({ "name": phrase, "phrases": [phrase] })).await;
    }
    server.put("/users/coach", &json!({ "email": "coach@example.com" })).await;
    let questions =
        json!([{ "id": "q1", "text": "Polite?", "skills": ["tone"] }, { "id": "q2", "text": "Solved?" }]);
    server
        .put("/scorecards/s", &json!({ "name": "S", "scheme": "OneToThree", "questions": questions }))
        .await;
    for n in 0..120 {
        write_and_delete(&server, n).await;
    }
    let who = server.c360_credential(false).await;
    let folder = tempfile::tempdir().unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../clients/tests/pull_with_dlt.py");
    let mut pipeline = Command::new(python());
    pipeline.arg(script).arg(format!("{}/api/ev/2/", server.base)).args([&who.0, &who.1]).arg(folder.path());
    pipeline.env("RUNTIME__DLTHUB_TELEMETRY", "false");
    let mut pipeline = pipeline.spawn().unwrap();
    // Writers go on while the pipeline pulls.
    for n in 120..900 {
        write_and_delete(&server, n).await;
        tokio::time::sleep(Duration::from_millis(15)).await;
    }
    server.settled().await;
    std::fs::write(folder.path().join("stop"), "").unwrap();
    let done = tokio::task::spawn_blocking(move || pipeline.wait()).await.unwrap().unwrap();
    assert!(done.success());
    let pulled: Value =
        serde_json::from_slice(&std::fs::read(folder.path().join("pulled.json")).unwrap()).unwrap();

    let text = |row: &Value, key: &str| row[key].as_str().unwrap().to_owned();
    let calls: BTreeMap<String, Value> = everything(&server, &who, "/calls", "modified", "id")
        .await
        .iter()
        .map(|row| (text(row, "id"), json!([row["state"], row["duration"].as_f64(), row["metadata"]])))
        .collect();
    let mut deleted: Vec<String> = everything(&server, &who, "/calls/deleted", "deletedAt", "id")
        .await
        .iter()
        .map(|row| text(row, "id"))
        .collect();
    deleted.sort();
    let topics: BTreeMap<String, Value> = everything(&server, &who, "/call_topics", "modified", "callId")
        .await
        .iter()
        .map(|row| (text(row, "callId"), json!([row["topicMatches"], row["questionCounts"]])))
        .collect();
    let scores: Vec<Value> =
        server.c360(&who, "/scores?since=2000-01-01T00:00Z&limit=1000").await.json().await.unwrap();
    let scores: BTreeMap<String, Value> = scores
        .iter()
        .map(|row| {
            let key = format!("{}/{}", text(row, "resultId"), text(row, "questionId"));
            (key, json!([row["answer"].as_f64(), row["percentage"].as_f64(), row["comment"]]))
        })
        .collect();
    assert!(
        calls.len() > 50 && deleted.len() > 20 && scores.len() == 30,
        "{} {} {}",
        calls.len(),
        deleted.len(),
        scores.len()
    );
    assert!(pulled["runs"].as_u64().unwrap() >= 4, "{}", pulled["runs"]);
    assert_eq!(pulled["calls"], json!(calls));
    assert_eq!(pulled["deleted"], json!(deleted));
    assert_eq!(pulled["call_topics"], json!(topics));
    assert_eq!(pulled["scores"], json!(scores));
    println!(
        "{engine:?}: {} runs of the pipeline, {} calls, {} deleted",
        pulled["runs"],
        calls.len(),
        deleted.len()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dlt_pipeline_holds_the_same_rows_after_pulling_while_others_write_on_sqlite() {
    dlt_story(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dlt_pipeline_holds_the_same_rows_after_pulling_while_others_write_on_postgres() {
    dlt_story(Engine::Postgres).await;
}

/// Runs schemathesis against one served document: no 5xx, nothing that the document does not say.
async fn schemathesis(server: &Server, document: &str, authorization: String) {
    let examples = std::env::var("TOUCHLINE_TEST_SCHEMATHESIS_EXAMPLES").unwrap_or_else(|_| "5".to_owned());
    let mut command = Command::new(python().with_file_name("schemathesis"));
    let folder = tempfile::tempdir().unwrap();
    // A long poll waits as long as it is asked to: the document is held to, the clock is not waited for.
    let config = "[[operations]]\ninclude-operation-id = \"list_changes\"\nparameters = { wait = 0 }\n";
    std::fs::write(folder.path().join("schemathesis.toml"), config).unwrap();
    command
        .current_dir(folder.path())
        .arg("run")
        .arg(format!("{}{document}", server.base))
        .args(["--url", &server.base, "--header", &format!("Authorization: {authorization}")])
        .args(["--phases", "examples,coverage,fuzzing", "--max-examples", &examples, "--seed", "1"])
        .args(["--checks", "not_a_server_error,status_code_conformance,content_type_conformance"])
        .args(["--checks", "response_schema_conformance,response_headers_conformance"])
        .args(["--request-timeout", "20", "--generation-database", "none", "--no-color"])
        .args(["--workers", "2"]);
    let done = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
    let text = String::from_utf8_lossy(&done.stdout).into_owned();
    assert!(done.status.success(), "{text}\n{}", String::from_utf8_lossy(&done.stderr));
    let tail: Vec<&str> = text.lines().rev().take(12).collect();
    println!("{}", tail.into_iter().rev().collect::<Vec<_>>().join("\n"));
}

/// A little of everything, so that reads have something to answer with.
async fn furnish(server: &Server) {
    server.put("/users/1", &json!({ "email": "one@example.com" })).await;
    server.put("/topics/1", &json!({ "name": "cancel", "phrases": ["cancel"] })).await;
    let questions = json!([{ "id": "q1", "text": "Polite?" }, { "id": "q2", "text": "Solved?" }]);
    server
        .put("/scorecards/s", &json!({ "name": "S", "scheme": "OneToThree", "questions": questions }))
        .await;
    for n in 0..9 {
        write_and_delete(server, n).await;
    }
    server.settled().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_native_api_answers_only_what_its_document_says() {
    let site = Site::fresh(Engine::Sqlite).await;
    let server = site.serve();
    furnish(&server).await;
    let token = format!("Bearer {}", server.token);
    schemathesis(&server, "/api/touchline/v1/openapi.json", token).await;
    drop(server);
    site.assert_healthy();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_coach360_dialect_answers_only_what_its_document_says() {
    let site = Site::fresh(Engine::Sqlite).await;
    let server = site.serve();
    furnish(&server).await;
    let body = json!({ "dialect": "c360", "name": "fuzz", "login": "fuzz", "secret": "correct horse battery", "can_delete": true });
    answer(server.native("POST", "/credentials").json(&body), StatusCode::CREATED).await;
    // Base64 of `fuzz:correct horse battery`.
    let basic = "Basic ZnV6ejpjb3JyZWN0IGhvcnNlIGJhdHRlcnk=".to_owned();
    schemathesis(&server, "/api/docs/c360/openapi.json", basic).await;
    drop(server);
    site.assert_healthy();
}
