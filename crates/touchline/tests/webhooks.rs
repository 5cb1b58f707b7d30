//! Webhooks through the front door: a real server sends to a real receiver, whose events the verifier libraries of npm
//! and PyPI check.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may end here")]

mod common;
#[path = "common/receiver.rs"]
mod receiver;

use common::{Engine, Server, Site, answer};
use receiver::{Event, Receiver, until};
use reqwest::StatusCode;
use serde_json::{Value, json};
use std::{
    collections::BTreeSet,
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

/// What a delivery says of an address that may not be called any more.
const HTTPS_ONLY: &str =
    "the URL must begin with `https://`: plain HTTP is called only with the setting `webhooks.allow_private`";

/// Short pauses, so that a delivery is dead after three attempts and some three seconds.
const SETTINGS: &str = "[webhooks]\nallow_private = true\ntimeout_seconds = 2\nretry_seconds = [1, 1]\n";

/// Serves with short pauses and private addresses.
fn serve(site: &Site) -> Server {
    let file = site.data().with_file_name("touchline.toml");
    std::fs::write(&file, SETTINGS).unwrap();
    site.serve_with(&["--config", file.to_str().unwrap()])
}

/// Makes a webhook; its id and key.
async fn add(server: &Server, url: &str, events: &[&str]) -> (String, String) {
    let new = json!({ "url": url, "name": "our CRM", "events": events });
    let made = answer(server.native("POST", "/webhooks").json(&new), StatusCode::CREATED).await;
    (made["id"].as_str().unwrap().to_owned(), made["secret"].as_str().unwrap().to_owned())
}

async fn put_contact(server: &Server, id: &str) {
    let words =
        json!({ "utterances": [{ "start": 0, "end": 3, "speaker": 0, "text": "confidential words" }] });
    let contact = json!({ "started_at": "2026-03-01T09:00:00Z", "transcript": words });
    server.put(&format!("/contacts/{id}"), &contact).await;
}

async fn deliveries(server: &Server, webhook: &str, query: &str) -> Vec<Value> {
    let page = server.get(&format!("/webhooks/{webhook}/deliveries?{query}")).await;
    page["items"].as_array().unwrap().clone()
}

/// What the verifier libraries of PyPI and of npm say to an event and a key.
fn verdicts(event: &Event, secret: &str) -> [String; 2] {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let python =
        std::env::var("TOUCHLINE_PYTHON").map_or_else(|_| root.join(".venv/bin/python"), PathBuf::from);
    let scripts = root.join("clients/tests");
    let line = json!({ "secret": secret, "headers": event.headers, "body": event.body });
    [(python, "verify_webhooks.py"), (PathBuf::from("node"), "verify_webhooks.mjs")].map(
        |(program, script)| {
            let mut command = Command::new(&program);
            command.arg(scripts.join(script)).stdin(Stdio::piped()).stdout(Stdio::piped());
            let mut child = command
                .spawn()
                .unwrap_or_else(|e| panic!("{}: {e}: run `cargo xtask test` once", program.display()));
            writeln!(child.stdin.take().unwrap(), "{line}").unwrap();
            let output = child.wait_with_output().unwrap();
            assert!(output.status.success(), "{script} is not installed: run `cargo xtask test` once");
            serde_json::from_slice(&output.stdout).unwrap()
        },
    )
}

fn both_accept(event: &Event, secret: &str) {
    assert_eq!(verdicts(event, secret), ["ok", "ok"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_goes_in_comes_out_signed() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let (site, receiver) = (Site::fresh(engine).await, Receiver::open().await);
        let server = serve(&site);
        put_contact(&server, "before").await;
        server.settled().await;
        let wanted = ["contact.put", "contact.completed", "contact.delete"];
        let (id, secret) = add(&server, &receiver.url, &wanted).await;
        put_contact(&server, "c 1").await;
        let event = receiver.hears("contact.completed", "c 1").await;
        receiver.hears("contact.put", "c 1").await;

        // Thin: what changed, and where to read it.
        let data = &event.json["data"];
        assert_eq!((&data["kind"], &data["id"]), (&json!("contact"), &json!("c 1")));
        assert_eq!(event.json["timestamp"], data["modified"]);
        assert!(!event.body.contains("confidential"), "{}", event.body);
        let link = data["link"].as_str().unwrap();
        assert_eq!(link, "/api/touchline/v1/contacts/c%201");
        let contact = server.get(link.strip_prefix("/api/touchline/v1").unwrap()).await;
        assert_eq!((&contact["id"], &contact["state"]), (&json!("c 1"), &json!("COMPLETE")));
        assert_eq!((&contact["seq"], &contact["modified"]), (&data["seq"], &data["modified"]));

        // Signed, as receivers check it; and they would notice if it were not.
        both_accept(&event, &secret);
        let other = "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
        for verdict in verdicts(&event, other) {
            assert_ne!(verdict, "ok");
        }
        let forged = Event { body: event.body.replace("c 1", "c 2"), ..event.clone() };
        for verdict in verdicts(&forged, &secret) {
            assert_ne!(verdict, "ok");
        }

        // While the key is being replaced, receivers with either key accept.
        let rotated = server.native("POST", &format!("/webhooks/{id}/rotate")).json(&json!({}));
        let rotated = answer(rotated, StatusCode::OK).await;
        let new = rotated["secret"].as_str().unwrap();
        assert_ne!(new, secret);
        assert_eq!(rotated["old_keys_until"].as_array().unwrap().len(), 1);
        put_contact(&server, "c2").await;
        let event = receiver.hears("contact.completed", "c2").await;
        both_accept(&event, new);
        both_accept(&event, &secret);
        // And a key that leaked is given up at once.
        let rotated =
            server.native("POST", &format!("/webhooks/{id}/rotate")).json(&json!({ "old_key_hours": 0 }));
        let last = answer(rotated, StatusCode::OK).await["secret"].as_str().unwrap().to_owned();
        answer(server.native("DELETE", "/contacts/c2"), StatusCode::NO_CONTENT).await;
        let event = receiver.hears("contact.delete", "c2").await;
        assert_eq!(event.json["data"].get("link"), None, "it is nowhere any more");
        both_accept(&event, &last);
        for verdict in verdicts(&event, new) {
            assert_ne!(verdict, "ok");
        }

        // Nothing from before, nothing that was not wanted, nothing that shows a key.
        let heard: BTreeSet<String> =
            receiver.events().iter().map(|it| it.json["type"].as_str().unwrap().to_owned()).collect();
        assert!(heard.iter().all(|it| wanted.contains(&it.as_str())), "{heard:?}");
        assert!(!receiver.events().iter().any(|it| it.json["data"]["id"] == "before"));
        let shown = [
            server.get("/webhooks").await,
            server.get(&format!("/webhooks/{id}")).await,
            server.get("/audit").await,
        ];
        assert!(!format!("{shown:?}").contains("whsec_"), "{shown:?}");
        assert!(shown[0]["items"][0]["last_delivery"].is_string());
        server_is_sound(&site, server).await;
    }
}

async fn server_is_sound(site: &Site, mut server: Server) {
    server.settled().await;
    server.kill();
    site.assert_healthy();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_that_fails_is_tried_again_and_then_waits_for_a_person() {
    let (site, receiver) = (Site::fresh(Engine::Sqlite).await, Receiver::open().await);
    let server = serve(&site);
    receiver.answers(500, Duration::ZERO);
    let (id, _) = add(&server, &receiver.url, &["user.put"]).await;
    server.put("/users/u1", &json!({ "email": "u1@example.com" })).await;
    let dead = until("a dead delivery", async || deliveries(&server, &id, "state=dead").await.pop()).await;
    let tries = receiver.events();
    assert_eq!(tries.len(), 3, "once, and again after each of two pauses");
    assert!(tries.iter().all(|it| it.id() == dead["id"] && it.body == dead["body"]), "the same event");
    assert_eq!(
        (&dead["attempts"], &dead["status"], &dead["event"]),
        (&json!(3), &json!(500), &json!("user.put"))
    );
    assert_eq!((&dead["response"], &dead["error"]), (&json!("said the receiver"), &json!("it answered 500")));
    assert!(server.get(&format!("/webhooks/{id}")).await["failing_since"].is_string());

    // It is well again: everything since the trouble began is sent again.
    receiver.answers(204, Duration::ZERO);
    let since = json!({ "since": dead["created_at"] });
    let replayed =
        answer(server.native("POST", &format!("/webhooks/{id}/replay")).json(&since), StatusCode::OK).await;
    assert_eq!(replayed["count"], 1);
    let done = until("a delivery", async || deliveries(&server, &id, "state=delivered").await.pop()).await;
    assert_eq!((&done["id"], &done["status"], &done["error"]), (&dead["id"], &json!(204), &Value::Null));
    assert_eq!(server.get(&format!("/webhooks/{id}")).await["failing_since"], Value::Null);
    // One alone can be sent again too, well as it went.
    let path = format!("/webhooks/{id}/deliveries/{}/replay", dead["id"].as_str().unwrap());
    answer(server.native("POST", &path), StatusCode::OK).await;
    until("a fifth request", async || (receiver.events().len() == 5).then_some(())).await;

    // A test tells at once how it went, and is not repeated.
    receiver.answers(404, Duration::ZERO);
    let test = answer(server.native("POST", &format!("/webhooks/{id}/test")), StatusCode::OK).await;
    assert_eq!(
        (&test["state"], &test["status"], &test["event"]),
        (&json!("dead"), &json!(404), &json!("webhook.test"))
    );
    receiver.answers(200, Duration::from_secs(5));
    let test = answer(server.native("POST", &format!("/webhooks/{id}/test")), StatusCode::OK).await;
    assert_eq!((&test["state"], &test["error"]), (&json!("dead"), &json!("no answer within 2 seconds")));

    // Whoever wants no more gets no more, until somebody switches it on; then nothing is missing.
    receiver.answers(410, Duration::ZERO);
    server.put("/users/u2", &json!({ "email": "u2@example.com" })).await;
    let paused = until("a pause", async || {
        let it = server.get(&format!("/webhooks/{id}")).await;
        it["paused"].is_object().then_some(it)
    })
    .await;
    assert_eq!(paused["active"], false);
    assert_eq!(paused["paused"]["reason"], "it answered 410: it wants no more events");
    receiver.forget();
    receiver.answers(200, Duration::ZERO);
    server.put("/users/u3", &json!({ "email": "u3@example.com" })).await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(receiver.events().len(), 0, "it is paused");
    let on = server.native("PATCH", &format!("/webhooks/{id}")).json(&json!({ "active": true }));
    let on = answer(on, StatusCode::OK).await;
    assert_eq!((&on["active"], on.get("paused")), (&json!(true), None));
    receiver.hears("user.put", "u3").await;
    server_is_sound(&site, server).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_killed_loses_no_event() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let (site, receiver) = (Site::fresh(engine).await, Receiver::open().await);
        let mut server = serve(&site);
        receiver.answers(200, Duration::from_secs(1));
        let (id, _) = add(&server, &receiver.url, &["user.put"]).await;
        let lines = (0..40)
            .map(|n| format!("{}\n", json!({ "id": format!("u{n}"), "email": format!("u{n}@example.com") })));
        server.bulk("/users", lines.collect()).await;
        until("the first events", async || (!receiver.events().is_empty()).then_some(())).await;
        server.kill();
        let before = receiver.events().len();
        assert!(before < 40, "some are still to be sent");
        receiver.answers(200, Duration::ZERO);
        let server = serve(&site);
        let heard = async || {
            let ids: BTreeSet<String> = receiver
                .events()
                .iter()
                .map(|it| it.json["data"]["id"].as_str().unwrap().to_owned())
                .collect();
            (ids.len() == 40).then_some(())
        };
        until("all forty", heard).await;
        // Those that were on their way when the server died come again, as the same events.
        let page = format!("/webhooks/{id}/deliveries?limit=1000&state=waiting");
        until("an end of waiting", async || {
            server.get(&page).await["items"].as_array().unwrap().is_empty().then_some(())
        })
        .await;
        let events = receiver.events();
        let ids: BTreeSet<&str> = events.iter().map(Event::id).collect();
        assert_eq!(ids.len(), 40);
        println!("{} requests for 40 events", events.len());
        assert!(events.len() > 40, "nobody knew whether these had arrived");
        server_is_sound(&site, server).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_address_keeps_no_other_waiting() {
    let (site, slow, quick) =
        (Site::fresh(Engine::Sqlite).await, Receiver::open().await, Receiver::open().await);
    let server = serve(&site);
    slow.answers(200, Duration::from_secs(60));
    add(&server, &slow.url, &["user.put"]).await;
    add(&server, &quick.url, &["user.put"]).await;
    let lines = (0..100)
        .map(|n| format!("{}\n", json!({ "id": format!("u{n}"), "email": format!("u{n}@example.com") })));
    let began = Instant::now();
    server.bulk("/users", lines.collect()).await;
    until("all hundred", async || (quick.events().len() >= 100).then_some(())).await;
    let took = began.elapsed();
    let tried = slow.events().len();
    println!("quick: 100 events in {took:?}; slow: {tried} requests meanwhile");
    // The slow one answers nothing within two seconds, and gets four requests at once.
    assert!(tried <= 4 + 2 * took.as_secs() as usize, "{tried} requests to the slow one in {took:?}");
    assert!(took < Duration::from_secs(20), "{took:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn private_addresses_are_called_only_where_the_operator_allows_it() {
    let (site, receiver) = (Site::fresh(Engine::Sqlite).await, Receiver::open().await);
    let mut open = serve(&site);
    let (id, _) = add(&open, &receiver.url, &["*"]).await;
    open.kill();
    // The same data with the settings as they are shipped.
    let careful = site.serve();
    for url in [
        receiver.url.as_str(),
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://169.254.169.254/",
        "https://10.1.2.3/",
    ] {
        let new = json!({ "url": url, "name": "n", "events": ["*"] });
        let refused =
            answer(careful.native("POST", "/webhooks").json(&new), StatusCode::UNPROCESSABLE_ENTITY).await;
        assert_eq!(refused["field"], "url", "{refused}");
    }
    let test = answer(careful.native("POST", &format!("/webhooks/{id}/test")), StatusCode::OK).await;
    assert_eq!((&test["state"], &test["error"]), (&json!("dead"), &json!(HTTPS_ONLY)));
    careful.put("/users/u1", &json!({ "email": "u1@example.com" })).await;
    let waits = until("a failed attempt", async || {
        deliveries(&careful, &id, "state=waiting")
            .await
            .into_iter()
            .find(|it| it["attempts"] == 1 && it["error"].is_string())
    })
    .await;
    assert_eq!(waits["error"], HTTPS_ONLY);
    assert_eq!(receiver.events().len(), 0, "nobody called");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_tenant_hears_and_sees_nothing() {
    let (site, receiver) = (Site::fresh(Engine::Sqlite).await, Receiver::open().await);
    let other = site.new_tenant("other");
    let mut server = serve(&site);
    let (id, _) = add(&server, &receiver.url, &["*"]).await;
    server.put("/users/u1", &json!({ "email": "u1@example.com" })).await;
    let ours = receiver.hears("user.put", "u1").await;
    server.token = other;
    assert_eq!(server.get("/webhooks").await["items"], json!([]));
    let delivery = format!("/webhooks/{id}/deliveries/{}/replay", ours.id());
    for (method, path) in [
        ("GET", format!("/webhooks/{id}")),
        ("PATCH", format!("/webhooks/{id}")),
        ("DELETE", format!("/webhooks/{id}")),
        ("GET", format!("/webhooks/{id}/deliveries")),
        ("POST", format!("/webhooks/{id}/test")),
        ("POST", format!("/webhooks/{id}/rotate")),
        ("POST", delivery),
    ] {
        let request = server.native(method, &path);
        let request = if matches!(method, "PATCH" | "POST") { request.json(&json!({})) } else { request };
        answer(request, StatusCode::NOT_FOUND).await;
    }
    server.put("/users/u2", &json!({ "email": "u2@example.com" })).await;
    server.token = site.token.clone();
    server.put("/users/u3", &json!({ "email": "u3@example.com" })).await;
    receiver.hears("user.put", "u3").await;
    assert!(!receiver.events().iter().any(|it| it.json["data"]["id"] == "u2"), "that was the other tenant's");
}
