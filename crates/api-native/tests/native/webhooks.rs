//! Webhooks: what may be asked for, and, with the clock in hand, how long is tried before giving up.

use crate::world::{Answer, START, World};
use futures::future::BoxFuture;
use reqwest::Method;
use serde_json::{Value, json};
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};
use touchline_app::{
    App,
    webhooks::{self, Outgoing, Sender, WebhookSettings, Webhooks},
};
use touchline_model::{Clock, Timestamp};

on_both_engines!(
    an_address_that_breaks_a_rule_is_refused_with_its_field,
    an_address_is_changed_listed_and_deleted,
    an_event_is_tried_for_three_days_and_then_dead,
    an_address_that_asks_to_be_left_alone_is,
    an_address_that_fails_for_five_days_is_paused,
    events_of_one_change_are_those_that_are_wanted,
    many_changes_become_one_event_each,
);

/// Answers as it is told, 200 in the end; remembers what was sent and when.
#[derive(Clone, Default)]
struct Fake {
    answers: Arc<Mutex<VecDeque<Result<webhooks::Answer, String>>>>,
    sent: Arc<Mutex<Vec<Outgoing>>>,
}

impl Sender for Fake {
    fn send<'a>(&'a self, it: &'a Outgoing) -> BoxFuture<'a, Result<webhooks::Answer, String>> {
        self.sent.lock().unwrap().push(it.clone());
        let next = self.answers.lock().unwrap().pop_front();
        Box::pin(async { next.unwrap_or_else(|| Ok(webhooks::Answer { status: 200, ..Default::default() })) })
    }
}

impl Fake {
    fn will_answer(&self, status: u16, times: usize) {
        let answer = Ok(webhooks::Answer { status, ..Default::default() });
        self.answers.lock().unwrap().extend(std::iter::repeat_n(answer, times));
    }
    fn sent(&self) -> Vec<Outgoing> {
        self.sent.lock().unwrap().clone()
    }
    fn types(&self) -> Vec<String> {
        let of = |it: &Outgoing| {
            serde_json::from_str::<Value>(&it.body).unwrap()["type"].as_str().unwrap().to_owned()
        };
        self.sent().iter().map(of).collect()
    }
    /// The app of a world, sending through this.
    fn app(&self, world: &World) -> App {
        let links = Arc::new(touchline_api_native::address_of);
        world.app.clone().with_webhooks(Webhooks::new(
            WebhookSettings::default(),
            Arc::new(self.clone()),
            links,
        ))
    }
}

async fn add(world: &World, events: &[&str]) -> String {
    let new = json!({ "url": "https://example.com/hook", "name": "CRM", "events": events });
    world.post("/webhooks", &new).await.is(201).json()["id"].as_str().unwrap().to_owned()
}

async fn user(world: &World, id: &str) {
    world.put(&format!("/users/{id}"), &json!({ "email": format!("{id}@example.com") })).await.is(201);
}

async fn deliveries(world: &World, id: &str, query: &str) -> Vec<Value> {
    world.get(&format!("/webhooks/{id}/deliveries?{query}")).await.is(200).json()["items"]
        .as_array()
        .unwrap()
        .clone()
}

/// Lets time pass until the one delivery that waits is due; how long that was.
async fn next(world: &World, id: &str) -> Option<i64> {
    let waiting = deliveries(world, id, "state=waiting").await;
    let due: Timestamp = waiting.first()?["next_at"].as_str().unwrap().parse().unwrap();
    let pause = due.micros() - world.clock.now().micros();
    world.clock.set(due);
    Some(pause / 1_000_000)
}

async fn an_address_that_breaks_a_rule_is_refused_with_its_field(world: World) {
    let good = json!({ "url": "https://example.com/", "name": "n", "events": ["contact.put"] });
    let with = |field: &str, value: Value| {
        let mut new = good.clone();
        new[field] = value;
        new
    };
    for (body, field) in [
        (with("url", json!("http://example.com/")), "url"),
        (with("url", json!("https://192.168.0.1/")), "url"),
        (with("url", json!("https://me:pw@example.com/")), "url"),
        (with("name", json!(" ")), "name"),
        (with("name", json!("a\u{0}b")), "name"),
        (with("events", json!([])), "events"),
        (with("events", json!(["contact.put", "contact.sung"])), "events[1]"),
        (with("events", json!(["contact.put", "contact.put"])), "events[1]"),
    ] {
        assert_eq!(world.post("/webhooks", &body).await.problem(422)["field"], field, "{body}");
    }
    assert_eq!(world.post("/webhooks", &with("secret", json!("x"))).await.problem(400)["field"], "secret");
    let id = add(&world, &["contact.put"]).await;
    let path = format!("/webhooks/{id}");
    assert_eq!(world.patch(&path, &json!({ "url": "ftp://a" })).await.problem(422)["field"], "url");
    let hours = json!({ "old_key_hours": 169 });
    assert_eq!(world.post(&format!("{path}/rotate"), &hours).await.problem(422)["field"], "old_key_hours");
    assert_eq!(world.get(&format!("{path}/deliveries?state=late")).await.problem(400)["field"], "state");
    world.post(&format!("{path}/test"), &json!({})).await.problem(409); // this process sends nothing
    for missing in ["/webhooks/none", "/webhooks/none/deliveries", "/webhooks/%00"] {
        world.get(missing).await.problem(404);
    }
    world.post(&format!("{path}/deliveries/msg_none/replay"), &json!({})).await.problem(404);
}

async fn an_address_is_changed_listed_and_deleted(world: World) {
    let types = world.get("/webhooks/event-types").await.is(200).json();
    assert!(types.as_array().unwrap().iter().any(|it| it["name"] == "contact.completed"), "{types}");
    let id = add(&world, &["*"]).await;
    let shown = world.get(&format!("/webhooks/{id}")).await.is(200).json();
    let expected = json!({ "id": id, "url": "https://example.com/hook", "name": "CRM", "events": ["*"], "active": true,
        "old_keys_until": [], "created_at": START, "last_delivery": null, "failing_since": null });
    assert_eq!(shown, expected);
    let change = json!({ "name": "ERP", "active": false });
    let changed = world.patch(&format!("/webhooks/{id}"), &change).await.is(200).json();
    assert_eq!(
        (&changed["name"], &changed["active"], &changed["url"]),
        (&json!("ERP"), &json!(false), &shown["url"])
    );
    for _ in 0..4 {
        add(&world, &["user.put"]).await;
    }
    assert_eq!(world.ids("/webhooks", 2).await.len(), 5);
    let rotated =
        world.post(&format!("/webhooks/{id}/rotate"), &json!({ "old_key_hours": 1 })).await.is(200).json();
    let until: Timestamp = START.parse::<Timestamp>().unwrap().plus_secs(3_600);
    assert_eq!(rotated["old_keys_until"], json!([until.to_string()]));
    world.clock.set(until);
    assert_eq!(world.get(&format!("/webhooks/{id}")).await.json()["old_keys_until"], json!([]));
    world.delete(&format!("/webhooks/{id}")).await.is(204);
    world.delete(&format!("/webhooks/{id}")).await.problem(404);
    for _ in 0..46 {
        add(&world, &["user.put"]).await;
    }
    let one_more = json!({ "url": "https://example.com/", "name": "n", "events": ["*"] });
    world.post("/webhooks", &one_more).await.problem(409);
    let audit = world.get("/audit?limit=1000").await.json();
    let actions: Vec<&str> =
        audit["items"].as_array().unwrap().iter().map(|it| it["action"].as_str().unwrap()).collect();
    for action in ["webhook.create", "webhook.change", "webhook.rotate", "webhook.delete"] {
        assert!(actions.contains(&action), "{action}: {actions:?}");
    }
}

async fn an_event_is_tried_for_three_days_and_then_dead(world: World) {
    let fake = Fake::default();
    let app = fake.app(&world);
    let id = add(&world, &["user.put"]).await;
    user(&world, "u1").await;
    fake.will_answer(503, 10);
    let mut pauses = Vec::new();
    loop {
        app.send_webhooks_until_idle().await.unwrap();
        match next(&world, &id).await {
            Some(pause) => pauses.push(pause),
            None => break,
        }
    }
    // The example schedule of Standard Webhooks, each up to a tenth longer.
    let schedule = [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400];
    assert_eq!(pauses.len(), schedule.len());
    for (pause, planned) in pauses.iter().zip(schedule) {
        assert!((planned..=planned + planned / 10).contains(pause), "{pauses:?}");
    }
    assert!(
        pauses.iter().zip(schedule).any(|(pause, planned)| *pause > planned),
        "nothing is spread: {pauses:?}"
    );
    let sent = fake.sent();
    assert_eq!(sent.len(), 10);
    assert!(sent.iter().all(|it| it.id == sent[0].id && it.body == sent[0].body), "one event");
    assert!(
        sent.windows(2)
            .all(|two| two[0].timestamp < two[1].timestamp && two[0].signature != two[1].signature)
    );
    let dead = &deliveries(&world, &id, "").await[0];
    assert_eq!(
        (&dead["state"], &dead["attempts"], &dead["error"]),
        (&json!("dead"), &json!(10), &json!("it answered 503"))
    );
    let path = format!("/webhooks/{id}/deliveries/{}/replay", dead["id"].as_str().unwrap());
    assert_eq!(world.post(&path, &json!({})).await.is(200).json()["state"], "waiting");
    world.post(&path, &json!({})).await.problem(409);
    app.send_webhooks_until_idle().await.unwrap();
    assert_eq!(deliveries(&world, &id, "").await[0]["state"], "delivered");
}

async fn an_address_that_asks_to_be_left_alone_is(world: World) {
    let fake = Fake::default();
    let app = fake.app(&world);
    let id = add(&world, &["user.put"]).await;
    user(&world, "u1").await;
    for wish in [3_600, 1 << 40] {
        let answer = webhooks::Answer { status: 429, body: "later".to_owned(), retry_after: Some(wish) };
        fake.answers.lock().unwrap().push_back(Ok(answer));
    }
    app.send_webhooks_until_idle().await.unwrap();
    let pause = next(&world, &id).await.unwrap();
    assert!((3_600..=3_960).contains(&pause), "{pause}");
    app.send_webhooks_until_idle().await.unwrap();
    let pause = next(&world, &id).await.unwrap();
    assert!((86_400..=95_040).contains(&pause), "nobody is followed for ever: {pause}");
}

async fn an_address_that_fails_for_five_days_is_paused(world: World) {
    let fake = Fake::default();
    let app = fake.app(&world);
    let id = add(&world, &["user.put"]).await;
    fake.answers.lock().unwrap().extend(std::iter::repeat_n(Err("no connection: refused".to_owned()), 4));
    for day in 0..4 {
        user(&world, &format!("u{day}")).await;
        app.send_webhooks_until_idle().await.unwrap();
        // What waits is set aside, so that each day has one attempt.
        let shown = world.get(&format!("/webhooks/{id}")).await.json();
        assert_eq!((&shown["active"], &shown["failing_since"]), (&json!(true), &json!(START)), "day {day}");
        world.clock.advance_secs(86_400);
        fake.will_answer(500, deliveries(&world, &id, "state=waiting").await.len());
    }
    world.clock.advance_secs(86_400);
    fake.will_answer(500, 9);
    app.send_webhooks_until_idle().await.unwrap();
    let shown = world.get(&format!("/webhooks/{id}")).await.json();
    assert_eq!(shown["active"], false);
    assert_eq!(shown["paused"]["reason"], format!("it has failed since {START}, for five days"));
    let sent = fake.sent().len();
    world.clock.advance_secs(9 * 86_400);
    user(&world, "late").await;
    app.send_webhooks_until_idle().await.unwrap();
    assert_eq!(fake.sent().len(), sent, "nothing is sent any more");
    let audit = world.get("/audit?limit=1000").await.json();
    let pause = audit["items"].as_array().unwrap().iter().find(|it| it["action"] == "webhook.pause").unwrap();
    assert_eq!((&pause["object"], &pause["actor"]), (&json!(id), &json!("webhooks")));
    // Switched on, it hears what it has missed.
    fake.answers.lock().unwrap().clear();
    world.patch(&format!("/webhooks/{id}"), &json!({ "active": true })).await.is(200);
    app.send_webhooks_until_idle().await.unwrap();
    assert!(fake.sent().iter().any(|it| it.body.contains("\"late\"")));
    assert_eq!(deliveries(&world, &id, "state=waiting").await.len(), 0);
}

async fn events_of_one_change_are_those_that_are_wanted(world: World) {
    let fake = Fake::default();
    let app = fake.app(&world);
    add(&world, &["contact.completed", "contact.delete", "evaluation.put"]).await;
    world.put("/contacts/c1", &json!({ "started_at": START, "transcript": { "words": [] } })).await.is(201);
    user(&world, "u1").await;
    app.send_webhooks_until_idle().await.unwrap();
    let before = fake.types();
    world.work().await;
    app.send_webhooks_until_idle().await.unwrap();
    assert_eq!((before, fake.types()), (vec![], vec!["contact.completed".to_owned()]));
    Answer::of(world.request(Method::DELETE, "/contacts/c1")).await.is(204);
    app.send_webhooks_until_idle().await.unwrap();
    assert_eq!(fake.types(), ["contact.completed", "contact.delete"]);
}

async fn many_changes_become_one_event_each(world: World) {
    let fake = Fake::default();
    let app = fake.app(&world);
    let id = add(&world, &["user.put"]).await;
    let line =
        |n: usize| format!("{}\n", json!({ "id": format!("u{n}"), "email": format!("u{n}@example.com") }));
    world.bulk("/users", (0..1_200).map(line).collect::<String>()).await;
    // Two nodes at once.
    let second = fake.app(&world);
    let (one, other) = tokio::join!(app.send_webhooks_until_idle(), second.send_webhooks_until_idle());
    one.and(other).unwrap();
    app.send_webhooks_until_idle().await.unwrap();
    let mut ids: Vec<String> = fake.sent().into_iter().map(|it| it.id).collect();
    let sent = ids.len();
    ids.sort();
    ids.dedup();
    assert_eq!((sent, ids.len()), (1_200, 1_200));
    assert_eq!(world.ids(&format!("/webhooks/{id}/deliveries"), 500).await.len(), 1_200, "page by page");
}
