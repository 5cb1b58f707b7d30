//! The check-list of contract §12: the operation that everything began with, letter by letter.

use crate::world::{OWN, World, device_of, short};
use axum::body::Body;
use serde_json::{Value, json};
use touchline_api_genesys::{Feature, GenesysConfig};
use touchline_app::live::LiveSettings;

/// The keys of an object in the order in which they stand in a text.
fn keys_in_order(text: &str, keys: &[&str]) -> Vec<usize> {
    keys.iter()
        .map(|key| text.find(&format!("\"{key}\":")).unwrap_or_else(|| panic!("{key} in {text}")))
        .collect()
}

// covers(genesys): C-1, C-2, C-3, C-4, C-5, S5.1, S5.2, S5.3, S6.1, OC-40, OC-43, OC-58, S1.1
#[tokio::test]
async fn the_sample_of_the_operation_coach_comes_out_as_it_is_published() {
    let world = World::new().await;
    let mut s = world.at_work("S").await;
    s.at_device(json!({ "operationName": "DoNotDisturbOn" })).await;
    s.told().await;
    // The sample's request names another host than its notification: only the path counts.
    let target = format!("http://localhost:8080/api/v2/devices/{}", device_of("A"));
    let body = json!({ "operationName": "Coach", "targetDeviceUri": target }).to_string();
    let request =
        s.request("POST", &format!("/api/v2{}", s.device())).header("content-type", "application/json");
    let answer = s.ask(request.body(Body::from(body)).unwrap()).await;
    assert_eq!((answer.status.as_u16(), answer.text.as_str()), (200, "{\"statusCode\":0}"));
    let messages = s.messages().await;
    let sample = json!({
        "data": {
            "messageType": "DeviceStateChangeMessage",
            "devices": [{
                "id": "efe1ab32-53f9-43ce-b65e-5768c61f7d4a",
                "deviceState": "Active",
                "userState": { "id": "900D55CC-2BB0-431F-8BF9-D3525B383BE6", "displayName": "Not Ready", "state": "NotReady" },
                "phoneNumber": "5005",
                "e164Number": "5005",
                "telephonyNetwork": "Private",
                "doNotDisturb": "On",
                "voiceEnvironmentUri": "http://127.0.0.1:8080/api/v2/voice-environments/370ef5e6-9e3c-4d91-9588-7f4dfe67e011",
                "capabilities": ["ForwardCallsOn", "DoNotDisturbOff", "ListenIn", "Coach", "BargeIn", "CancelSupervisorMonitoring"],
                "supervisorMonitoringState": {
                    "state": "Coach", "mode": "AllCalls", "scope": "Call",
                    "targetDeviceUri": "http://127.0.0.1:8080/api/v2/devices/9c14cad7-17c4-48d0-8492-7cf0ff92c224"
                }
            }]
        },
        "channel": "/v2/me/devices"
    });
    assert_eq!(messages, [sample]);
    // An answer has the address beside it.
    let device = s.found(&s.device(), "device").await;
    let mut bare = device.clone();
    assert_eq!(
        bare.as_object_mut().unwrap().remove("uri"),
        Some(json!(format!("{OWN}/devices/{}", device_of("S"))))
    );
    assert_eq!(
        bare.as_object_mut().unwrap().remove("path"),
        Some(json!(format!("/devices/{}", device_of("S"))))
    );
    assert_eq!(bare, messages[0]["data"]["devices"][0]);
}

// covers(genesys): C-2, S5.1
#[tokio::test]
async fn fields_stand_in_the_order_of_the_sample() {
    let world = World::new().await;
    let mut s = world.at_work("S").await;
    s.watches("Coach", "A", json!({})).await;
    let request = s.request("GET", &format!("/api/v2{}", s.device())).body(Body::empty()).unwrap();
    let text = s.ask(request).await.text;
    let places = keys_in_order(
        &text,
        &[
            "statusCode",
            "device",
            "id",
            "deviceState",
            "userState",
            "displayName",
            "phoneNumber",
            "e164Number",
            "telephonyNetwork",
            "doNotDisturb",
            "voiceEnvironmentUri",
            "capabilities",
            "supervisorMonitoringState",
            "mode",
            "scope",
            "targetDeviceUri",
            "uri",
            "path",
        ],
    );
    assert!(places.is_sorted(), "{text}");
}

// covers(genesys): C-7, S4.4
#[tokio::test]
async fn who_watches_the_next_call_is_not_offered_the_one_after_it() {
    let world = World::new().await;
    let (mut s, _a) = (world.at_work("S").await, world.at_work("A").await);
    s.watches("Coach", "A", json!({ "supervisorMonitoringMode": "NextCall" })).await;
    world.customer_calls("A", true);
    world.answers("S");
    world.hangs_up("C");
    s.told().await;
    world.customer_calls("A", true);
    assert_eq!(s.told().await, [""; 0]);
}

// covers(genesys): C-9, OC-28, OC-39, S4.1
#[tokio::test]
async fn a_number_may_stand_for_the_address_and_is_echoed() {
    let world = World::new().await;
    let mut s = world.at_work("S").await;
    for operation in ["ListenIn", "Coach", "BargeIn"] {
        s.at_device(json!({ "operationName": operation, "phoneNumber": "5001" })).await;
        let device = s.found(&s.device(), "device").await;
        let watch = &device["supervisorMonitoringState"];
        assert_eq!((&watch["state"], &watch["phoneNumber"]), (&json!(operation), &json!("5001")));
        assert_eq!(watch["targetDeviceUri"], json!(format!("{OWN}/devices/{}", device_of("A"))));
    }
    let both = |number: &str| json!({ "operationName": "Coach", "phoneNumber": number, "targetDeviceUri": format!("/devices/{}", device_of("A")) });
    s.at_device(both("5001")).await;
    assert_eq!(s.refused(&s.device(), both("5002")).await, 2);
}

// covers(genesys): C-10, S2.1, OC-13, OC-55
#[tokio::test]
async fn without_the_feature_there_is_no_monitoring_and_nothing_of_it_is_offered() {
    let config = GenesysConfig { features: vec![Feature::Voice], ..GenesysConfig::default() };
    let world = World::with(config, LiveSettings::default()).await;
    let (mut s, mut a) = (world.at_work("S").await, world.at_work("A").await);
    let coach =
        json!({ "operationName": "Coach", "targetDeviceUri": format!("/devices/{}", device_of("A")) });
    assert_eq!(s.refused(&s.device(), coach.clone()).await, 3);
    assert_eq!(a.refused(&a.device(), coach).await, 3, "the feature before the role");
    let device = s.found(&s.device(), "device").await;
    assert_eq!(device["capabilities"], json!(["ForwardCallsOn", "DoNotDisturbOn"]));
    world.customer_calls("A", true);
    let call = a.call("Established").await;
    assert_eq!(a.refused(&call, json!({ "operationName": "StopCallRecording" })).await, 3);
    let whole = a.found(&call, "call").await;
    assert!(!whole["capabilities"].to_string().contains("Recording"), "{whole}");
    assert_eq!(
        s.found("/me?subresources=features", "user").await["features"],
        json!([{ "id": "api-voice" }])
    );

    let config = GenesysConfig { features: vec![], ..GenesysConfig::default() };
    let world = World::with(config, LiveSettings::default()).await;
    let mut a = world.logged_in("A").await;
    assert_eq!(a.refused("/me", json!({ "operationName": "Ready" })).await, 3);
    assert_eq!(a.get("/me/devices").await.1["statusCode"], 3);
}

// covers(genesys): S4.5, OC-34, OC-35, OC-36, R-5, S10, OC-29, OC-85
#[tokio::test]
async fn what_is_wrong_with_a_wish_to_watch_is_told_in_the_order_of_the_ruling() {
    let world = World::new().await;
    let (mut s, mut t, mut a) =
        (world.at_work("S").await, world.at_work("T").await, world.at_work("A").await);
    let own = s.device();
    let coach = |target: Value| json!({ "operationName": "Coach", "targetDeviceUri": target });
    let of = |name: &str| json!(format!("/devices/{}", device_of(name)));
    assert_eq!(a.refused(&a.device(), coach(of("B"))).await, 5, "an agent");
    assert_eq!(a.refused(&a.device(), json!({ "operationName": "CancelSupervisorMonitoring" })).await, 5);
    assert_eq!(s.refused("/me/devices/nonsense", coach(of("A"))).await, 6, "no such device");
    assert_eq!(s.refused(&t.device(), coach(of("A"))).await, 6, "somebody else's device");
    assert_eq!(s.refused(&own, json!({ "operationName": "Coach" })).await, 1, "nobody is named");
    assert_eq!(s.refused(&own, coach(json!("/devices/nonsense"))).await, 6);
    assert_eq!(s.refused(&own, coach(json!(7))).await, 6);
    assert_eq!(s.refused(&own, coach(of("S"))).await, 2, "oneself");
    let mut odd = coach(of("A"));
    for (field, value) in
        [("supervisorMonitoringScope", json!("World")), ("supervisorMonitoringMode", json!(7))]
    {
        odd[field] = value;
        assert_eq!(s.refused(&own, odd.clone()).await, 10, "{field}");
        odd.as_object_mut().unwrap().remove(field);
    }
    assert_eq!(s.told().await, [""; 0], "after an error nothing has changed");
    t.watches("ListenIn", "A", json!({})).await;
    assert_eq!(s.refused(&own, coach(of("A"))).await, 19);
    // Another target takes the place of the first, unless a leg is live.
    s.watches("Coach", "B", json!({})).await;
    t.watches("Coach", "A", json!({ "supervisorMonitoringScope": "Agent" })).await;
    assert_eq!(t.told().await.last().unwrap(), "device Active Not Ready Coach AllCalls Agent");
    world.customer_calls("A", true);
    world.answers("T");
    t.told().await;
    assert_eq!(t.refused(&t.device(), coach(of("S"))).await, 2);
    // Not at work, nothing can be done.
    let mut b = world.logged_in("B").await;
    assert_eq!(b.refused(&b.device(), json!({ "operationName": "DoNotDisturbOn" })).await, 2);
    assert_eq!(b.found(&b.device(), "device").await["capabilities"], json!([]));
}

// covers(genesys): OC-27, S3.4
#[tokio::test]
async fn who_manages_a_group_may_watch_its_people_and_nobody_else() {
    let world = World::new().await;
    let group = json!({ "id": "g", "name": "North", "manager_id": "s" });
    world
        .app
        .put_one::<touchline_model::Group>(&world.system, serde_json::from_value(group).unwrap())
        .await
        .unwrap();
    let a = json!({ "id": "a", "email": "a@acme.example", "team_id": "g" });
    world
        .app
        .put_one::<touchline_model::User>(&world.system, serde_json::from_value(a).unwrap())
        .await
        .unwrap();
    world.app.live().start().await.unwrap();
    let mut s = world.at_work("S").await;
    let coach = |name: &str| json!({ "operationName": "Coach", "targetDeviceUri": format!("/devices/{}", device_of(name)) });
    assert_eq!(s.refused(&s.device(), coach("B")).await, 5);
    s.at_device(coach("A")).await;
    assert_eq!(
        s.messages().await.iter().map(short).collect::<Vec<_>>(),
        ["device Active Not Ready Coach AllCalls Call"]
    );
}
