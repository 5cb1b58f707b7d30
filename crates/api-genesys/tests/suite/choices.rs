//! Choices of the contract that are about the wire alone.

use crate::world::{OWN, World, device_of};
use axum::body::Body;
use serde_json::{Value, json};
use touchline_app::live::{ChangeTelephony, NewDevice, board::numbers::QueueConfig};

// covers(genesys): OC-10
#[tokio::test]
async fn a_bearer_token_is_refused_where_nobody_is_configured_who_could_verify_it() {
    let world = World::new().await;
    let mut nobody = world.stranger("A");
    for token in ["Bearer tl_whatever", "Bearer eyJhbGciOiJub25lIn0.e30.", "bearer x"] {
        nobody.basic = Some(token.to_owned());
        assert_eq!(nobody.get("/me").await.1["statusCode"], 20, "{token}");
        let start = json!({ "operationName": "StartContactCenterSession", "channels": ["voice"] });
        assert_eq!(
            nobody.refused("/me", start).await,
            20,
            "no way around the token against forgery: {token}"
        );
    }
    assert!(nobody.cookies.is_empty(), "and it begins no session");
}

// covers(genesys): OC-05
#[tokio::test]
async fn every_refusal_has_a_sentence_and_no_two_kinds_the_same() {
    let world = World::new().await;
    let mut s = world.at_work("S").await;
    let mut sentences = std::collections::BTreeSet::new();
    for (path, body) in [
        (s.device(), json!({})),
        (s.device(), json!({ "operationName": "Fly" })),
        (s.device(), json!({ "operationName": "CancelSupervisorMonitoring" })),
        (s.device(), json!({ "operationName": "Coach" })),
        ("/me/devices/none".to_owned(), json!({ "operationName": "DoNotDisturbOn" })),
        ("/me".to_owned(), json!({ "operationName": "StartContactCenterSession", "channels": ["fax"] })),
    ] {
        let (_, answer) = s.send(&path, &body.to_string()).await;
        let sentence = answer["statusMessage"].as_str().unwrap().to_owned();
        assert!(sentence.len() > 8 && sentence.contains(' ') && !sentence.contains('\n'), "{sentence}");
        sentences.insert(sentence);
    }
    assert_eq!(sentences.len(), 6, "{sentences:?}");
}

// covers(genesys): OC-30
#[tokio::test]
async fn a_queue_cannot_be_watched() {
    let world = World::new().await;
    let known = world.app.telephony(&world.system).await.unwrap();
    let mut plan = known.settings.plan;
    let queue: QueueConfig =
        serde_json::from_value(json!({ "number": "500", "name": "Billing", "members": ["a"] })).unwrap();
    plan.queues.push(queue);
    let change = ChangeTelephony { version: known.version, plan, ..ChangeTelephony::default() };
    world.app.change_telephony(&world.system, change).await.unwrap();
    let mut s = world.at_work("S").await;
    for name in ["ListenIn", "Coach", "BargeIn"] {
        assert_eq!(
            s.refused(&s.device(), json!({ "operationName": name, "phoneNumber": "500" })).await,
            3,
            "{name}"
        );
        assert_eq!(
            s.refused(&s.device(), json!({ "operationName": name, "phoneNumber": "599" })).await,
            6,
            "{name}"
        );
    }
    assert_eq!(s.told().await, Vec::<String>::new(), "nothing has changed");
}

// covers(genesys): OC-59, OC-76
#[tokio::test]
async fn messages_have_no_metrics_and_supervision_asks_nothing_of_the_telephones_of_others() {
    let world = World::new().await;
    let mut a = world.at_work("A").await;
    let mut s = world.at_work("S").await;
    world.customer_calls("A", true);
    let (customer, agent) = (world.line("C"), world.line("A"));
    world.asked();
    s.watches("Coach", "A", json!({})).await;
    world.answers("S");
    s.on_call("Established", json!({ "operationName": "SwitchToBargeIn" })).await;
    s.on_call("Established", json!({ "operationName": "MuteMonitoredUser" })).await;
    s.on_call("Established", json!({ "operationName": "SwitchToListenIn" })).await;
    s.on_call("Established", json!({ "operationName": "Hangup" })).await;
    let touched = |order: &touchline_app::live::Order| {
        use touchline_app::live::Order::{Answer, Dtmf, HangUp, Invite, PickUp, Ringing};
        match order {
            Invite { line, .. }
            | Ringing(line)
            | Answer(line)
            | PickUp(line)
            | HangUp { line, .. }
            | Dtmf { line, .. } => *line == customer || *line == agent,
            _ => false,
        }
    };
    let asked = world.asked();
    assert!(!asked.iter().any(touched), "only who hears whom has changed: {asked:?}");
    let all: Vec<Value> = a.messages().await.into_iter().chain(s.messages().await).collect();
    assert!(all.len() > 6, "{all:?}");
    for message in &all {
        assert!(!message.to_string().contains("\"metrics\""), "{message}");
    }
}

// covers(genesys): S3.1
#[tokio::test]
async fn who_has_two_telephones_begins_at_the_one_that_is_named() {
    let world = World::new().await;
    let second = NewDevice {
        id: Some("second".into()),
        user: Some("a".into()),
        number: "5011".into(),
        ..NewDevice::default()
    };
    world.app.create_device(&world.system, second).await.unwrap();
    let mut a = world.logged_in("A").await;
    let start = |path: &str| json!({ "operationName": "StartContactCenterSession", "channels": ["voice"], "devicePath": path });
    let devices = |found: Value| -> Vec<(String, String)> {
        let text = |it: &Value| it.as_str().unwrap().to_owned();
        found
            .as_array()
            .unwrap()
            .iter()
            .map(|it| (text(&it["phoneNumber"]), text(&it["deviceState"])))
            .collect()
    };
    for not_theirs in [format!("/devices/{}", device_of("B")), "/devices/none".to_owned()] {
        assert_eq!(a.refused("/me", start(&not_theirs)).await, 6, "{not_theirs}");
    }
    a.does("/me", start(&format!("{OWN}/devices/second"))).await;
    let mut found = devices(a.found("/me/devices?fields=*", "devices").await);
    found.sort();
    let of = |number: &str, state: &str| (number.to_owned(), state.to_owned());
    assert_eq!(found, [of("5001", "Inactive"), of("5011", "Active")]);
    assert_eq!(
        a.refused("/me", start(&format!("/devices/{}", device_of("A")))).await,
        2,
        "one place at a time"
    );
    a.does("/me/channels/voice", json!({ "operationName": "Offline" })).await;
    a.does("/me", start(&format!("/devices/{}", device_of("A")))).await;
    let mut found = devices(a.found("/me/devices?fields=*", "devices").await);
    found.sort();
    assert_eq!(found, [of("5001", "Active"), of("5011", "Inactive")]);
    let request = a.request("GET", "/api/v2/me").body(Body::empty()).unwrap();
    assert_eq!(a.ask(request).await.status, 200);
}

// covers(genesys): OC-57
#[tokio::test]
async fn when_the_lines_go_and_come_back_everybody_who_wants_to_know_is_told() {
    let world = World::new().await;
    world.dialect.tell_services();
    let mut a = world.logged_in("A").await;
    a.listen("/notifications/services").await;
    let mut b = world.at_work("B").await;
    world.dialect.tell_services();
    assert_eq!(a.messages().await, Vec::<Value>::new(), "nothing has changed");
    world.app.live().detach_lines();
    world.dialect.tell_services();
    world.dialect.tell_services();
    let told = |state: &str| {
        json!({ "channel": "/notifications/services", "data": {
            "messageType": "ServiceStateChangeMessage", "services": [{ "name": "voice", "state": state }] } })
    };
    assert_eq!(a.messages().await, [told("Inactive")], "once");
    world.app.live().attach_lines(world.phones.clone());
    world.dialect.tell_services();
    assert_eq!(a.messages().await, [told("Active")]);
    assert_eq!(b.messages().await, Vec::<Value>::new(), "who listens to other topics hears nothing of it");
}
