//! Numbers and telephones, as an administrator sets them over the API.

use crate::world::World;
use serde_json::json;

on_both_engines!(
    numbers_are_read_and_changed_as_a_whole,
    a_telephone_is_made_with_a_password_that_is_shown_once,
    what_is_not_known_is_refused_and_not_left_out,
);

async fn numbers_are_read_and_changed_as_a_whole(world: World) {
    let empty = world.get("/telephony").await.is(200).json();
    assert_eq!((&empty["version"], &empty["plan"]["users"]), (&json!(0), &json!([])));
    world.put("/users/ana", &json!({ "email": "ana@example.com" })).await;
    let plan = json!({ "users": [{ "number": "200", "user": "ana" }],
                       "queues": [{ "number": "500", "name": "Billing", "members": ["ana"] }] });
    let change = json!({ "version": 0, "plan": plan, "monitoring": { "default_scope": "Agent", "ring_timeout": 20 },
                         "recording": { "enabled": false } });
    let made = world.put("/telephony", &change).await.is(200).json();
    assert_eq!((&made["version"], &made["monitoring"]["ring_timeout"]), (&json!(1), &json!(20)));
    assert_eq!(made["plan"]["queues"][0]["ring_secs"], json!(15), "what was left out has its default");
    assert_eq!(world.get("/inboxes/queue-500").await.is(200).json()["name"], json!("Billing"));
    world.put("/telephony", &change).await.problem(409);
    let bad = json!({ "version": 1, "plan": { "users": [{ "number": "200", "user": "ana" }, { "number": "200", "user": "ana" }],
                      "emergency": ["112"] } });
    let problem = world.put("/telephony", &bad).await.problem(422).to_string();
    assert!(
        problem.contains("number 200 is given twice") && problem.contains("emergency numbers need a trunk"),
        "{problem}"
    );
}

async fn a_telephone_is_made_with_a_password_that_is_shown_once(world: World) {
    world.put("/users/ana", &json!({ "email": "ana@example.com" })).await;
    let new = json!({ "id": "d1", "user": "ana", "number": "200" });
    let made = world.post("/telephony/devices", &new).await.is(201).json();
    assert_eq!((made["sip_user"].as_str(), made["reachable"].as_bool()), (Some("200"), Some(false)));
    let password = made["password"].as_str().unwrap();
    let listed = world.get("/telephony/devices").await.is(200);
    assert!(!listed.text().contains(password) && !listed.text().contains("ha1"), "{}", listed.text());
    let numbers = world.get("/telephony").await.is(200).json();
    assert_eq!(numbers["plan"]["users"][0]["number"], json!("200"), "it brought its number along");
    world.post("/telephony/devices", &new).await.problem(409);
    let renewed = world.post("/telephony/devices/d1/password", &json!({})).await.is(200).json();
    assert_ne!(renewed["password"].as_str(), Some(password));
    world.delete("/telephony/devices/d1").await.is(204);
    world.delete("/telephony/devices/d1").await.problem(404);
}

async fn what_is_not_known_is_refused_and_not_left_out(world: World) {
    for wrong in [
        json!({ "version": 0, "plan": { "user": [] } }),
        json!({ "version": 0, "monitoring": { "intrusion": true } }),
        json!({ "version": 0, "recordings": {} }),
        json!({ "plan": {} }),
    ] {
        let status = world.put("/telephony", &wrong).await.status;
        assert!([400, 422].contains(&status), "{wrong}: {status}");
    }
}
