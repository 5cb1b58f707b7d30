//! Events, inboxes and the organisation's zone, over HTTP.

use crate::world::{World, contact};
use reqwest::Method;
use serde_json::{Value, json};
use touchline_model::Ability;

on_both_engines!(
    events_come_in_bulk_and_are_read_in_the_order_of_arrival,
    one_event_at_a_time,
    what_arrived_together_is_one_change,
    events_of_an_erased_contact_are_refused,
    inboxes_have_names_of_their_own,
    the_zone_of_the_organisation,
);

fn started(id: &str, contact: &str) -> Value {
    json!({
        "id": id, "type": "CONTACT/STARTED", "timestamp": "2026-03-01T08:00:00Z",
        "initiator": { "type": "CUSTOMER", "id": "p1" },
        "content": {
            "contactId": contact, "conversationId": "v1", "customerId": "p1", "channel": "CHAT",
            "context": { "assignee": { "inboxId": "i1" } },
        },
    })
}

// covers(gladly), OP-11, S8
async fn events_come_in_bulk_and_are_read_in_the_order_of_arrival(world: World) {
    let mut lines: Vec<String> =
        (0..1_200).map(|n| started(&format!("e{n}"), &format!("c{n}")).to_string()).collect();
    lines[7] = json!({ "id": "e7", "type": "CONTACT/ENDED", "timestamp": "2026-03-01T08:00:00Z",
        "initiator": { "type": "SYSTEM" }, "content": {} })
    .to_string();
    let report = world.bulk("/events", lines.join("\n")).await;
    assert_eq!(report[0], json!({ "line": 1, "id": "e0", "status": "created" }));
    assert_eq!(report[7]["status"], "refused");
    let why = report[7]["error"]["detail"].as_str().unwrap();
    assert!(why.contains("content.contactId") && why.contains("is missing"), "{why}");
    let all = json!({ "lines": 1_200, "created": 1_199, "updated": 0, "unchanged": 0, "refused": 1 });
    assert_eq!(report[1_200], json!({ "summary": all }));

    // Again, and one of them says something else now.
    let again = [started("e0", "c0"), started("e1", "other"), started("late", "c0")];
    let again: Vec<String> = again.iter().map(Value::to_string).collect();
    let report = world.bulk("/events", again.join("\n")).await;
    let fates: Vec<&str> = report[..3].iter().map(|line| line["status"].as_str().unwrap()).collect();
    assert_eq!(fates, ["unchanged", "refused", "created"]);
    assert!(report[1]["error"]["detail"].as_str().unwrap().contains("there already is another event `e1`"));

    let (mut ids, mut cursor, mut pages) = (Vec::<String>::new(), String::new(), 0);
    let last = loop {
        let page = world.get(&format!("/events?limit=500{cursor}")).await.is(200).json();
        ids.extend(page["items"].as_array().unwrap().iter().map(|it| it["id"].as_str().unwrap().to_owned()));
        pages += 1;
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break page["last_cursor"].as_str().unwrap().to_owned(),
        }
    };
    assert_eq!((ids.len(), pages), (1_200, 3));
    assert_eq!((ids[0].as_str(), ids[7].as_str(), ids[1_199].as_str()), ("e0", "e8", "late"));
    // Whoever has read everything goes on where it was.
    let page = world.get(&format!("/events?cursor={last}")).await.is(200).json();
    assert_eq!(page, json!({ "items": [], "last_cursor": last }));
    world.bulk("/events", started("later", "c0").to_string()).await;
    let page = world.get(&format!("/events?cursor={last}")).await.is(200).json();
    assert_eq!(page["items"], json!([started("later", "c0")]), "as it was sent");
    world.get("/events?cursor=x").await.problem(400);
    let elsewhere = world.get("/users?limit=1").await.is(200).json();
    assert!(elsewhere["last_cursor"].is_null());
}

async fn one_event_at_a_time(world: World) {
    let answer = world.post("/events", &started("e 1", "c1")).await.is(201);
    assert_eq!(answer.header("location"), "/api/touchline/v1/events/e%201");
    assert_eq!(answer.json(), json!({ "id": "e 1", "status": "created" }));
    assert_eq!(world.post("/events", &started("e 1", "c1")).await.is(200).json()["status"], "unchanged");
    world.post("/events", &started("e 1", "c2")).await.problem(409);
    let mut bad = started("e2", "c1");
    bad["content"]["colour"] = json!("red");
    assert_eq!(world.post("/events", &bad).await.problem(400)["field"], "content.colour");
    bad["content"] = json!({});
    assert!(world.post("/events", &bad).await.status >= 400);
    assert_eq!(world.get("/events/e%201").await.is(200).json(), started("e 1", "c1"));
    world.get("/events/nothing").await.problem(404);
    let reader = world.token_of("acme", [Ability::ReadReports]).await;
    let ask = async |method: Method| {
        let request = world.request_as(&reader, method, "/events").json(&started("e3", "c1"));
        crate::world::Answer::of(request).await.status
    };
    assert_eq!((ask(Method::GET).await, ask(Method::POST).await), (200, 403));
}

async fn what_arrived_together_is_one_change(world: World) {
    let before = world.get("/changes?limit=1000").await.json()["last_seq"].as_i64().unwrap();
    let lines: Vec<String> = (0..3).map(|n| started(&format!("e{n}"), "c1").to_string()).collect();
    world.bulk("/events", lines.join("\n")).await;
    let changes = world.get(&format!("/changes?after={before}")).await.json();
    let items = changes["items"].as_array().unwrap();
    assert_eq!(items.len(), 1);
    assert_eq!(
        (&items[0]["kind"], &items[0]["id"], &items[0]["op"]),
        (&json!("event"), &json!("e2"), &json!("put"))
    );
}

async fn events_of_an_erased_contact_are_refused(world: World) {
    world.post("/contacts", &contact("c1")).await.is(201);
    let own = world.get("/events").await.json();
    assert!(!own["items"].as_array().unwrap().is_empty(), "a contact tells of itself");
    world.delete("/contacts/c1").await.is(204);
    assert_eq!(world.get("/events").await.json()["items"], json!([]));
    world.post("/events", &started("e1", "c1")).await.problem(410);
}

async fn inboxes_have_names_of_their_own(world: World) {
    let inbox = |id: &str, name: &str| json!({ "id": id, "name": name, "agent_ids": ["u1"] });
    world.post("/inboxes", &inbox("i1", "Billing")).await.is(201);
    let taken = world.post("/inboxes", &inbox("i2", "Billing")).await;
    assert_eq!(taken.problem(422)["field"], "name");
    world.post("/inboxes", &inbox("i2", " ")).await.problem(422);
    let report = world.bulk("/inboxes", format!("{}\n{}", inbox("i2", "Sales"), inbox("i3", "Sales"))).await;
    assert_eq!((&report[0]["status"], &report[1]["status"]), (&json!("created"), &json!("refused")));
    let it = world.get("/inboxes/i1").await.is(200).json();
    assert_eq!(
        (&it["name"], &it["disabled"], &it["agent_ids"]),
        (&json!("Billing"), &json!(false), &json!(["u1"]))
    );
    assert_eq!(world.ids("/inboxes", 10).await, ["i1", "i2"]);
}

// covers(gladly)
async fn the_zone_of_the_organisation(world: World) {
    assert_eq!(world.get("/settings").await.is(200).json(), json!({ "time_zone": "UTC" }));
    let put = async |zone: &str| {
        let request = world.request_as(&world.token, Method::PUT, "/settings");
        crate::world::Answer::of(request.json(&json!({ "time_zone": zone }))).await
    };
    assert_eq!(put("Nowhere/Else").await.problem(422)["field"], "time_zone");
    put("Europe/Berlin").await.is(200);
    assert_eq!(world.get("/settings").await.is(200).json(), json!({ "time_zone": "Europe/Berlin" }));
}
