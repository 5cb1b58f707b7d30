//! Beginning and ending work, agent states, and HTTP sessions that go away (contract §3.1, §7.13, §7.14).

use crate::world::{World, device_of, short};
use serde_json::json;
use std::time::Duration;

// covers(genesys): S2, T-3, T-6, T-7, S3.1, OC-41, OC-17
#[tokio::test]
async fn clients_bring_themselves_up_in_the_order_in_which_they_do() {
    let world = World::new().await;
    let mut a = world.stranger("A");
    let user = a.found("/me?subresources=features,devices,channels,settings", "user").await;
    assert_eq!(user["devices"][0]["id"], device_of("A"));
    assert_eq!(user["devices"][0]["userState"]["displayName"], "Offline");
    assert_eq!((&user["settings"], user.get("calls")), (&json!({}), None));
    a.basic = None;
    a.listen("/v2/me/*").await;
    a.start().await;
    let messages = a.messages().await;
    assert_eq!(
        messages.iter().map(short).collect::<Vec<_>>(),
        ["device Active Not Ready", "channel Not Ready"]
    );
    let state = &messages[0]["data"]["devices"][0]["userState"];
    assert_eq!(
        state,
        &json!({ "id": "900D55CC-2BB0-431F-8BF9-D3525B383BE6", "displayName": "Not Ready", "state": "NotReady" })
    );
    // Once more is no error, and tells the state once more.
    a.start().await;
    assert_eq!(a.told().await, ["device Active Not Ready"]);
}

// covers(genesys): S7.14, S5.2, OC-16, OC-56, R-12, OC-14
#[tokio::test]
async fn an_agents_state_is_told_with_the_device_and_then_with_the_channel() {
    let world = World::new().await;
    let mut a = world.at_work("A").await;
    for (path, operation, name) in [
        ("/me/channels/voice", "Ready", "Ready"),
        ("/me", "AfterCallWork", "AfterCallWork"),
        ("/me/channels/voice", "AuxWork", "AuxWork"),
        ("/me", "NotReady", "Not Ready"),
    ] {
        a.does(path, json!({ "operationName": operation })).await;
        assert_eq!(a.told().await, [format!("device Active {name}"), format!("channel {name}")]);
    }
    a.does("/me", json!({ "operationName": "NotReady", "reason": "1101" })).await;
    let messages = a.messages().await;
    assert_eq!(messages[0]["data"]["devices"][0]["userState"]["reason"], "1101");
    assert_eq!(
        messages[1]["data"],
        json!({ "messageType": "ChannelStateChangeMessageV2", "channels": [{
        "channel": "voice",
        "userState": { "id": "900D55CC-2BB0-431F-8BF9-D3525B383BE6", "displayName": "Not Ready", "state": "NotReady", "reason": "1101" },
        "capabilities": []
    }] })
    );
    a.does("/me/channels/voice", json!({ "operationName": "Offline" })).await;
    let messages = a.messages().await;
    let device = &messages[0]["data"]["devices"][0];
    assert_eq!((&device["deviceState"], &device["capabilities"]), (&json!("Inactive"), &json!([])));
    assert_eq!(device["userState"]["id"], "0F7F5003-EF26-4D13-A6EF-D0C7EC819BEB");
    let channel = a.found("/me/channels/voice", "channel").await;
    assert_eq!((&channel["channel"], &channel["userState"]["state"]), (&json!("voice"), &json!("LoggedOut")));
    assert_eq!(a.get("/me/channels/chat").await.1["statusCode"], 6);
}

// covers(genesys): OC-15
#[tokio::test]
async fn the_states_that_there_are_can_be_read() {
    let world = World::new().await;
    let mut a = world.logged_in("A").await;
    let states = a.found("/settings/agent-states", "settings").await;
    let names: Vec<_> =
        states.as_array().unwrap().iter().map(|it| it["operationName"].as_str().unwrap()).collect();
    assert_eq!(names, ["Ready", "NotReady", "AfterCallWork", "AuxWork", "Offline"]);
    assert_eq!(
        states[2],
        json!({ "id": "D3663509-3D82-4DD3-A82E-2EA8EFA02AEF", "displayName": "AfterCallWork", "operationName": "AfterCallWork", "state": "NotReady", "workMode": "AfterCallWork" })
    );
}

// covers(genesys): OC-18, R-9, S1.3
#[tokio::test]
async fn of_several_channels_each_reports_itself_unless_all_fail() {
    let world = World::new().await;
    let mut a = world.logged_in("A").await;
    let start = |channels: serde_json::Value| json!({ "operationName": "StartContactCenterSession", "channels": channels });
    let (status, body) = a.send("/me", &start(json!(["voice", "chat"])).to_string()).await;
    assert_eq!((status, &body["statusCode"]), (200, &json!(7)));
    assert_eq!(body["channels"][0], json!({ "channel": "voice", "statusCode": 0 }));
    assert_eq!(
        (&body["channels"][1]["channel"], &body["channels"][1]["statusCode"]),
        (&json!("chat"), &json!(3))
    );
    assert!(body["channels"][1]["statusMessage"].is_string());
    assert_eq!(a.refused("/me", start(json!(["chat", "email"]))).await, 3);
    assert_eq!(a.refused("/me", json!({ "operationName": "StartContactCenterSession" })).await, 1);
    assert_eq!(a.refused("/me", start(json!("voice"))).await, 10);
    let mut with_device = start(json!(["voice"]));
    with_device["devicePath"] = json!(format!("/devices/{}", device_of("B")));
    assert_eq!(a.refused("/me", with_device.clone()).await, 6, "somebody else's");
    with_device["devicePath"] = json!(format!("/devices/{}", device_of("A")));
    a.does("/me", with_device).await;
}

// covers(genesys): S7.13, OC-72, S3.1
#[tokio::test]
async fn a_goodbye_ends_the_work_the_watching_and_the_session() {
    let world = World::new().await;
    let (mut s, mut a) = (world.at_work("S").await, world.at_work("A").await);
    s.watches("Coach", "A", json!({})).await;
    world.customer_calls("A", true);
    world.answers("S");
    s.told().await;
    a.told().await;
    // Somebody waits for news in this session.
    let mut other = s.clone();
    let connect = json!([{ "id": "9", "channel": "/meta/connect", "clientId": s.id, "connectionType": "long-polling" }]);
    let (replies, ()) = tokio::join!(other.bayeux(connect), async {
        while world.hub.stats().held == 0 {
            tokio::task::yield_now().await;
        }
        s.does("/me", json!({ "operationName": "EndContactCenterSession" })).await;
    });
    assert_eq!(replies.last().unwrap()["advice"]["reconnect"], "none", "{replies:?}");
    assert_eq!(a.told().await, ["call ParticipantsUpdated Established [C]"]);
    // Nothing is left: neither the cookie nor the watch.
    assert_eq!(s.get("/me").await.0, 401);
    let mut again = world.at_work("S").await;
    let device = again.found(&again.device(), "device").await;
    assert_eq!(device.get("supervisorMonitoringState"), None);
}

// covers(genesys): S7.13, OC-72
// covers(bayeux): B31, B32
#[tokio::test]
async fn a_session_that_is_silent_for_half_an_hour_is_over_and_so_is_its_work() {
    let world = World::new().await;
    let mut s = world.at_work("S").await;
    s.watches("Coach", "A", json!({})).await;
    s.told().await;
    // Who waits for news is there, however long nothing comes.
    let mut other = s.clone();
    let connect = json!([{ "id": "9", "channel": "/meta/connect", "clientId": s.id, "connectionType": "long-polling" }]);
    let (replies, ()) = tokio::join!(other.bayeux(connect), async {
        while world.hub.stats().held == 0 {
            tokio::task::yield_now().await;
        }
        for _ in 0..4 {
            world.passes(1_200);
            world.dialect.sweep().await;
        }
        world.hub.publish(&crate::world::tenant(), &"s".into(), "/v2/me/calls", &json!({ "still": "there" }));
    });
    assert_eq!(replies[0]["data"]["still"], "there");
    assert!(s.found(&s.device(), "device").await.get("supervisorMonitoringState").is_some());
    world.passes(1_801);
    world.dialect.sweep().await;
    assert_eq!(s.get("/me").await.0, 401);
    let mut again = world.logged_in("S").await;
    let device = again.found(&again.device(), "device").await;
    assert_eq!((&device["deviceState"], device.get("supervisorMonitoringState")), (&json!("Inactive"), None));
}

// covers(genesys): OC-73
// covers(bayeux): R-2
#[tokio::test]
async fn a_restart_keeps_cookie_and_token_and_forgets_who_is_watched() {
    let world = World::new().await;
    let mut s = world.at_work("S").await;
    s.watches("Coach", "A", json!({})).await;
    // Another process over the same store knows the session.
    let hub = world.hub.clone();
    let dialect =
        touchline_api_genesys::Dialect::new(world.app.clone(), hub, Default::default(), crate::world::OWN);
    let restarted = World { router: dialect.router(), dialect, ..World::new().await };
    let mut after = crate::world::Client { world: &restarted, ..s.clone() };
    let csrf = after.csrf.clone();
    assert_eq!(after.get("/me").await.0, 200);
    assert_eq!(after.csrf, csrf, "the token is the same");
    after.does("/me", json!({ "operationName": "Ready" })).await;
}

// covers(genesys): S1.2, OC-03
#[tokio::test]
async fn what_a_request_causes_is_told_after_its_answer() {
    let world = World::new().await;
    let mut a = world.at_work("A").await;
    let request = a.request("POST", "/api/v2/me").header("content-type", "application/json");
    let request =
        request.body(axum::body::Body::from(json!({ "operationName": "Ready" }).to_string())).unwrap();
    let response = tower::ServiceExt::oneshot(world.router.clone(), request).await.unwrap();
    assert_eq!(a.told().await, [""; 0], "the answer has not been written yet");
    drop(response);
    assert_eq!(a.told().await, ["device Active Ready", "channel Ready"]);
    // Nobody waits for longer than a tenth of a second.
    let request = a.request("POST", "/api/v2/me").header("content-type", "application/json");
    let request =
        request.body(axum::body::Body::from(json!({ "operationName": "AuxWork" }).to_string())).unwrap();
    let _unread = tower::ServiceExt::oneshot(world.router.clone(), request).await.unwrap();
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(a.told().await, ["device Active AuxWork", "channel AuxWork"]);
}
