//! What is refused, how precisely, and that nothing else suffers.

use crate::world::{Answer, World, contact, words};
use reqwest::Method;
use serde_json::{Value, json};
use touchline_app::Limits;

on_both_engines!(
    bad_lines_never_lose_good_ones,
    single_records_are_refused_alike,
    a_text_of_ten_mebibytes,
    unknown_parameters_and_odd_pages,
    bodies_that_are_not_json,
);

/// Each bad line with the status, the field, and a part of the explanation.
fn bad_lines() -> Vec<(String, u16, Option<&'static str>, &'static str)> {
    let with = |field: &str, value: Value| {
        let mut it = contact("bad");
        it[field] = value;
        it.to_string()
    };
    let said = |words: Value| with("transcript", json!({ "words": words }));
    let word = |start: Value, end: Value| json!([{ "start": start, "end": end, "text": "hello" }]);
    let date = |text: &str| json!({ "id": "bad", "started_at": text }).to_string();
    vec![
        (r#"{"id":"bad","started_at":"2026-02-28T10:00:00Z""#.into(), 400, None, "column 47: EOF"),
        ("not json at all".into(), 400, None, "column 2: expected ident"),
        ("[1,2]".into(), 400, None, "must be a JSON object, not an array"),
        ("null".into(), 400, None, "invalid type: null"),
        (with("colour", json!("red")), 400, Some("colour"), "unknown field `colour`"),
        (
            with("transcript", json!({ "words": [{ "start": 0, "end": 1, "text": "a", "volume": 11 }] })),
            400,
            Some("transcript.words[0].volume"),
            "unknown field `volume`",
        ),
        (with("duration", json!("long")), 400, Some("duration"), "invalid type: string \"long\""),
        (with("direction", json!("SIDEWAYS")), 400, Some("direction"), "unknown variant `SIDEWAYS`"),
        (with("metadata", json!([1])), 400, Some("metadata"), "expected a map"),
        (r#"{"id":"bad"}"#.into(), 400, None, "missing field `started_at`"),
        (date("2026-02-28T10:00:00"), 400, Some("started_at"), "has no time zone"),
        (date("yesterday"), 400, Some("started_at"), "is not an RFC 3339 date"),
        (date("1601-01-01T00:00:00Z"), 400, Some("started_at"), "outside the years"),
        (date("2026-02-30T00:00:00Z"), 400, Some("started_at"), "is not an RFC 3339 date"),
        (with("duration", json!(-1)), 400, Some("duration"), "-1 is not a time in seconds"),
        (with("duration", json!(1e9)), 400, Some("duration"), "1000000000 is not a time in seconds"),
        (
            r#"{"started_at":"2026-02-28T10:00:00Z","duration":1e999}"#.into(),
            400,
            None,
            "number out of range",
        ),
        (said(word(json!(-0.5), json!(1))), 400, Some("transcript.words[0].start"), "is not a time"),
        (said(word(json!(2), json!(1))), 422, Some("transcript.words[0].end"), "lies before its start"),
        (said(word(json!(1), json!(700_000))), 400, Some("transcript.words[0].end"), "is not a time"),
        (
            with("transcript", json!({ "utterances": [{ "start": 5, "end": 4, "text": "late" }] })),
            422,
            Some("transcript.utterances[0].end"),
            "lies before its start",
        ),
        (with("transcript", json!({})), 422, Some("transcript.words"), "give either"),
        (r#"{"id":"b\u0000d","started_at":"2026-02-28T10:00:00Z"}"#.into(), 422, Some("id"), "NUL"),
        (with("original_path", json!("a\0b")), 422, Some("original_path"), "NUL"),
        (with("metadata", json!({ "note": ["x\0"] })), 422, Some("metadata.note"), "NUL"),
        (with("metadata", json!({ "deep": { "a": 1 } })), 422, Some("metadata.deep"), "JSON scalar"),
        (r#"{"id":"\ud800","started_at":"2026-02-28T10:00:00Z"}"#.into(), 400, None, "lone surrogate"),
        (
            r#"{"id":"\udc00x","started_at":"2026-02-28T10:00:00Z"}"#.into(),
            400,
            None,
            "lone leading surrogate",
        ),
        (with("id", json!("x".repeat(201))), 422, Some("id"), "201 bytes"),
        (with("id", json!("a\tb")), 422, Some("id"), "control characters"),
        (with("state", json!("half done")), 422, Some("state"), "upper-case token"),
    ]
}

async fn bad_lines_never_lose_good_ones(world: World) {
    let bad = bad_lines();
    let mut body = Vec::new();
    for (n, (line, ..)) in bad.iter().enumerate() {
        body.extend(format!("{}\n{line}\n", contact(&format!("good-{n:02}"))).into_bytes());
    }
    // Bytes that are no UTF-8, and a last line without an end.
    body.extend(b"{\"id\":\"\xff\",\"started_at\":\"2026-02-28T10:00:00Z\"}\n\n");
    body.extend(contact("last").to_string().into_bytes());
    let report = world.bulk("/contacts", body).await;

    for (n, (line, status, field, detail)) in bad.iter().enumerate() {
        let good = json!({ "line": 2 * n + 1, "id": format!("good-{n:02}"), "status": "created" });
        assert_eq!(report[2 * n], good);
        let refused = &report[2 * n + 1];
        assert_eq!(refused["line"], 2 * n + 2);
        assert_eq!(refused["status"], "refused", "{line}");
        let error = &refused["error"];
        assert_eq!(error["status"], *status, "{line} {error}");
        assert_eq!(error["field"].as_str(), *field, "{line} {error}");
        assert!(error["detail"].as_str().unwrap().contains(detail), "{line} {error}");
        assert!(error["title"].is_string());
    }
    let at = 2 * bad.len();
    assert_eq!(report[at]["status"], "refused", "no UTF-8");
    let last = json!({ "line": at + 3, "id": "last", "status": "created" });
    assert_eq!(report[at + 1], last, "the blank line counts, but is no record");
    let summary = json!({ "lines": at + 2, "created": bad.len() + 1, "updated": 0, "unchanged": 0,
        "refused": bad.len() + 1 });
    assert_eq!(report[at + 2], json!({ "summary": summary }));
    assert_eq!(report.len(), at + 3);
    assert_eq!(world.ids("/contacts", 100).await.len(), bad.len() + 1);
}

async fn single_records_are_refused_alike(world: World) {
    world.put("/contacts/bad", &contact("bad")).await.is(201);
    for (line, status, field, detail) in bad_lines() {
        if detail.contains("column") {
            continue;
        }
        for (method, path) in [(Method::POST, "/contacts"), (Method::PUT, "/contacts/bad")] {
            if method == Method::PUT && field == Some("id") {
                continue;
            }
            let request = world.request(method, path).header("content-type", "application/json");
            let problem = Answer::of(request.body(line.clone())).await.problem(status);
            assert_eq!(problem["field"].as_str(), field, "{line} {problem}");
            assert!(problem["detail"].as_str().unwrap().contains(detail), "{line} {problem}");
        }
    }
    assert_eq!(world.ids("/contacts", 10).await, ["bad"], "as it was before");

    let problem = world.put("/contacts/bad", &contact("other")).await.problem(422);
    assert_eq!(problem["field"], "id");
    assert_eq!(problem["detail"], "`other` is not the id in the path, `bad`");
    // The place of a mistake in a body of several lines.
    let request = world.request(Method::POST, "/users").header("content-type", "application/json");
    let body = "{\n  \"email\": \"a@example.com\",\n  \"shoe_size\": 44\n}";
    let problem = Answer::of(request.body(body)).await.problem(400);
    assert_eq!(problem["field"], "shoe_size");
    assert!(problem["detail"].as_str().unwrap().starts_with("line 3, column 13: unknown field"), "{problem}");

    // Words out of order and overlapping are no mistake: people interrupt each other. They are put in order.
    let mut mixed = words(0, 10, "later words");
    mixed.extend(words(1, 0, "first"));
    mixed.extend(words(1, 10, "interrupting"));
    world.put("/contacts/bad/transcript", &json!({ "words": mixed })).await.is(200);
    let transcript = world.get("/contacts/bad/transcript").await.is(200).json();
    let texts: Vec<&str> =
        transcript["words"].as_array().unwrap().iter().map(|word| word["text"].as_str().unwrap()).collect();
    assert_eq!(texts, ["first", "later", "interrupting", "words"]);
    // Twice the same speaker is one.
    let twice = json!({ "speakers": [{ "number": 1 }, { "number": 1 }], "words": [] });
    let problem = world.put("/contacts/bad/transcript", &twice).await.problem(422);
    assert_eq!(problem["field"], "speakers[1].number");
}

async fn a_text_of_ten_mebibytes(world: World) {
    let long = "x".repeat(10 << 20);
    let mut line = contact("long");
    line["metadata"] = json!({ "note": long });
    let body = format!("{}\n{line}\n{}\n", contact("a"), contact("b"));
    let report = world.bulk("/contacts", body).await;
    assert_eq!(report[1]["error"]["status"], 422);
    assert_eq!(report[1]["error"]["field"], "metadata.note");
    assert_eq!(report[1]["error"]["detail"], "is 10485760 bytes long, at most 65536 are kept");
    assert_eq!(report[3]["summary"]["created"], 2);
    let problem = world.put("/contacts/long", &line).await.problem(422);
    assert_eq!(problem["field"], "metadata.note");
    let user = json!({ "email": "a@example.com", "first_name": "x".repeat(10 << 20) });
    assert_eq!(world.post("/users", &user).await.problem(422)["field"], "first_name");
    assert_eq!(world.ids("/contacts", 10).await, ["a", "b"]);
    assert!(world.ids("/users", 10).await.is_empty());
}

async fn unknown_parameters_and_odd_pages(world: World) {
    for (path, field) in [
        ("/users?colour=red", "colour"),
        ("/users/u1?limit=1", "limit"),
        ("/me?x=", "x"),
        ("/users?limit=0", "limit"),
        ("/users?limit=1001", "limit"),
        ("/users?limit=ten", "limit"),
        ("/users?limit=1&limit=1", "limit"),
        ("/users?cursor=abc", "cursor"),
        ("/changes?after=-1", "after"),
        ("/changes?wait=61", "wait"),
        ("/audit?after=x", "after"),
    ] {
        let problem = world.get(path).await.problem(400);
        assert_eq!(problem["field"], field, "{path}");
    }
    world.get("/users?x=%ff").await.problem(400);
    let problem = world.post("/users?dry_run=1", &json!({ "email": "a@example.com" })).await.problem(400);
    assert!(problem["detail"].as_str().unwrap().contains("no query parameter `dry_run`"), "{problem}");
    for n in 0..3 {
        world.put(&format!("/users/{n}"), &json!({ "email": "a@example.com" })).await.is(201);
        world.put(&format!("/groups/{n}"), &json!({ "name": "g" })).await.is(201);
    }
    let cursor = world.get("/users?limit=2").await.json()["next_cursor"].as_str().unwrap().to_owned();
    world.get(&format!("/users?cursor={cursor}")).await.is(200);
    world.get(&format!("/groups?cursor={cursor}")).await.problem(400);
}

async fn bodies_that_are_not_json(world: World) {
    let send = |content_type: &str, body: &'static str| {
        let request = world.request(Method::POST, "/users").header("content-type", content_type);
        Answer::of(request.body(body))
    };
    send("text/plain", "{}").await.problem(415);
    send("application/xml", "<user/>").await.problem(415);
    Answer::of(world.request(Method::POST, "/users")).await.problem(415);
    let problem = send("application/json", "{\"email\":\"a\",}").await.problem(400);
    assert_eq!(problem["detail"], "line 1, column 14: key must be a string");
    send("application/json", "").await.problem(400);
    send("application/json", "{\"email\":\"a@example.com\"} {}").await.problem(400);
    let deep: &'static str = Box::leak(format!("{}{}", "[".repeat(100_000), "]".repeat(100_000)).into());
    send("application/json", deep).await.problem(400);
    world.get("/nothing").await.problem(404);
    let refused = world.delete("/users").await;
    refused.problem(405);
    assert_eq!(refused.header("allow"), "GET, HEAD, POST");
    assert!(world.ids("/users", 10).await.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bodies_and_lines_beyond_the_operators_limit() {
    let limits = Limits { json_bytes: 10_000, ..Limits::default() };
    let world = World::sqlite_in(tempfile::tempdir().unwrap(), limits).await;
    let user = |size: usize| json!({ "id": "u", "email": "a@example.com", "first_name": "x".repeat(size) });
    let problem = world.post("/users", &user(10_000)).await.problem(413);
    assert_eq!(problem["detail"], "the request body is larger than 10000 bytes");
    assert_eq!(world.post("/users", &user(9_000)).await.problem(422)["field"], "first_name");
    let report = world.bulk("/users", format!("{}\n{}\n", user(10_000), user(10))).await;
    assert_eq!(report[0]["error"]["status"], 413);
    assert_eq!(report[1]["status"], "created");
}
