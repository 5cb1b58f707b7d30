//! Calls without supervision: every operation of contract §3.3 with what it tells.

use crate::world::{World, short};
use serde_json::{Value, json};
use touchline_api_genesys::{Compat, GenesysConfig};
use touchline_app::live::{
    LiveSettings, Order,
    board::{Cause, Signal},
};

fn to(name: &str, number: &str) -> Value {
    json!({ "operationName": name, "destination": { "phoneNumber": number } })
}

fn named(name: &str) -> Value {
    json!({ "operationName": name })
}

fn capabilities(message: &Value) -> Vec<String> {
    serde_json::from_value(message["data"]["call"]["capabilities"].clone()).unwrap()
}

// covers(genesys): S3.3, S5.4, S5.5, OC-24, OC-44, OC-46, OC-49, OC-52, S6.2, R-13
#[tokio::test]
async fn a_call_is_answered_held_retrieved_muted_and_ended() {
    let world = World::new().await;
    let mut a = world.at_work("A").await;
    world.customer_calls("A", false);
    let rings = a.messages().await;
    let call = &rings[0]["data"]["call"];
    let id = call["id"].as_str().unwrap();
    assert!(id.len() == 32 && id.bytes().all(|it| it.is_ascii_digit() || it.is_ascii_uppercase()), "{id}");
    assert_eq!(call["callUuid"], id);
    let connection = call["connId"].as_str().unwrap();
    assert!(connection.len() == 16 && connection.bytes().all(|it| matches!(it, b'0'..=b'9' | b'a'..=b'f')));
    assert_eq!((&call["state"], &call["callType"]), (&json!("Ringing"), &json!("Inbound")));
    assert_eq!(
        (&call["ani"], &call["dnis"], &call["duration"]),
        (&json!("5000"), &json!("5001"), &json!("0"))
    );
    assert_eq!(
        call["participants"],
        json!([{ "e164Number": "", "formattedPhoneNumber": "5000", "phoneNumber": "5000", "digits": "5000" }])
    );
    assert_eq!((&call["recordingState"], call.get("userData")), (&json!("Recording"), None));
    assert_eq!(call["path"], format!("/calls/{id}"));
    assert_eq!(call["uri"], format!("{}/me/calls/{id}", crate::world::OWN));
    assert_eq!(rings[0]["data"]["phoneNumber"], "5001");
    assert_eq!(
        capabilities(&rings[0]),
        ["Answer", "Hangup", "AttachUserData", "UpdateUserData", "DeleteUserData", "DeleteUserDataPair"]
    );
    world.asked();
    a.on_call("Ringing", named("Answer")).await;
    assert_eq!(world.asked(), [Order::PickUp(world.line("A"))]);
    world.answers("A");
    let answered = a.messages().await;
    assert_eq!(answered.iter().map(short).collect::<Vec<_>>(), ["call StatusChange Established [C]"]);
    assert_eq!(
        capabilities(&answered[0]),
        [
            "SingleStepTransfer",
            "InitiateConference",
            "Hold",
            "SingleStepConference",
            "InitiateTransfer",
            "SendDtmf",
            "DeleteUserData",
            "AttachUserData",
            "DeleteUserDataPair",
            "Hangup",
            "UpdateUserData",
            "MuteCall",
            "PauseCallRecording",
            "StopCallRecording"
        ]
    );
    world.passes(75);
    a.on_call("Established", named("Hold")).await;
    let held = a.messages().await;
    assert_eq!(held[0]["data"]["call"]["duration"], "75");
    let may = capabilities(&held[0]);
    assert!(
        may.contains(&"Retrieve".to_owned())
            && !may.contains(&"SendDtmf".to_owned())
            && !may.contains(&"Hold".to_owned())
    );
    let path = a.call("Held").await;
    assert_eq!(a.refused(&path, named("Hold")).await, 2, "not among the capabilities");
    a.on_call("Held", named("Retrieve")).await;
    a.on_call("Established", named("MuteCall")).await;
    a.on_call("Established", named("UnmuteCall")).await;
    a.on_call("Established", named("Hangup")).await;
    assert_eq!(
        a.told().await,
        [
            "call StatusChange Established [C]",
            "call StatusChange Established [C] muted",
            "call StatusChange Established [C]",
            "call StatusChange Released"
        ]
    );
    // OC-24: a call that is over is not found.
    assert_eq!(a.get(&path).await.1["statusCode"], 6);
    assert_eq!(a.refused(&path, named("Hangup")).await, 6);
}

// covers(genesys): R-13, S7.5
#[tokio::test]
async fn a_telephone_that_does_not_do_as_asked_is_a_late_error() {
    let world = World::new().await;
    let mut a = world.at_work("A").await;
    world.customer_calls("A", false);
    a.on_call("Ringing", named("Answer")).await;
    a.told().await;
    world.passes(3);
    assert_eq!(a.told().await, ["failed Answer 2"]);
}

// covers(genesys): S3.3, OC-23, S6.2
#[tokio::test]
async fn data_of_a_call_is_attached_changed_and_deleted() {
    let world = World::new().await;
    let mut a = world.at_work("A").await;
    world.customer_calls("A", true);
    a.told().await;
    let mut step = async |body: Value| -> Option<Value> {
        a.on_call("Established", body).await;
        let messages = a.messages().await;
        assert_eq!(messages.len(), 1);
        assert_eq!(messages[0]["data"]["notificationType"], "AttachedDataChanged");
        messages[0]["data"]["call"].get("userData").cloned()
    };
    let data = |name: &str, data: Value| json!({ "operationName": name, "userData": data });
    assert_eq!(
        step(data("AttachUserData", json!({ "k": "1", "n": { "x": [1] } }))).await,
        Some(json!({ "k": "1", "n": { "x": [1] } }))
    );
    assert_eq!(step(data("AttachUserData", json!({ "k": "2" }))).await.unwrap()["k"], "2");
    assert_eq!(step(data("UpdateUserData", json!({ "k": "3" }))).await.unwrap()["k"], "3");
    assert_eq!(
        step(json!({ "operationName": "DeleteUserDataPair", "key": "n" })).await,
        Some(json!({ "k": "3" }))
    );
    assert_eq!(step(named("DeleteUserData")).await, None);
    let call = a.call("Established").await;
    assert_eq!(a.refused(&call, named("AttachUserData")).await, 1);
    assert_eq!(a.refused(&call, named("DeleteUserDataPair")).await, 1);
    assert_eq!(a.refused(&call, data("UpdateUserData", json!([]))).await, 10);
}

// covers(genesys): S3.3, OC-21, R-10, OC-46, S6.2
#[tokio::test]
async fn digits_and_recording_have_messages_of_their_own() {
    let world = World::new().await;
    let mut a = world.at_work("A").await;
    world.customer_calls("A", true);
    a.told().await;
    world.asked();
    a.on_call("Established", json!({ "operationName": "SendDtmf", "digits": "12*#Ad" })).await;
    assert_eq!(a.messages().await[0]["data"]["notificationType"], "DtmfSent");
    assert_eq!(world.asked(), [Order::Dtmf { line: world.line("C"), digits: "12*#AD".into() }]);
    let call = a.call("Established").await;
    assert_eq!(a.refused(&call, json!({ "operationName": "SendDtmf", "digits": "12x" })).await, 10);
    assert_eq!(a.refused(&call, named("SendDtmf")).await, 1);
    for (operation, state) in [
        ("PauseCallRecording", "Paused"),
        ("ResumeCallRecording", "Recording"),
        ("StopCallRecording", "Stopped"),
        ("StartCallRecording", "Recording"),
    ] {
        a.on_call("Established", named(operation)).await;
        let messages = a.messages().await;
        assert_eq!(messages[0]["data"]["notificationType"], "CallRecordingStateChange", "{operation}");
        assert_eq!(messages[0]["data"]["call"]["recordingState"], state);
    }
}

// covers(genesys): S3.3, S7.5, S10
#[tokio::test]
async fn somebody_calls_a_colleague_or_in_vain() {
    let world = World::new().await;
    let (mut a, mut b) = (world.at_work("A").await, world.at_work("B").await);
    let calls = format!("{}/calls", a.device());
    let mut dial = to("Dial", "5002");
    dial["userData"] = json!({ "case": 7 });
    a.does(&calls, dial).await;
    world.answers("A");
    assert_eq!(b.told().await, ["call StatusChange Ringing [A]"]);
    world.answers("B");
    let all = a.messages().await;
    assert_eq!(short(&all[0]), "call StatusChange Dialing [B]");
    assert_eq!(all[0]["data"]["call"]["callType"], "Internal");
    assert_eq!(all[0]["data"]["call"]["userData"], json!({ "case": 7 }));
    assert_eq!(short(all.last().unwrap()), "call StatusChange Established [B]");
    assert_eq!(b.told().await, ["call StatusChange Established [A]"]);
    world.hangs_up("B");
    assert_eq!(a.told().await, ["call StatusChange Released"]);
    b.told().await;

    a.does(&calls, to("Dial", "5002")).await;
    world.answers("A");
    a.told().await;
    world.signal(Signal::Failed(world.line("B"), Cause::Busy));
    assert_eq!(a.told().await, ["failed Dial 2", "call StatusChange Released"]);
    assert_eq!(a.refused(&calls, to("Dial", "")).await, 1);
    assert_eq!(a.refused(&calls, named("Dial")).await, 1);
    assert_eq!(a.refused(&calls, named("Hangup")).await, 2);
    assert_eq!(a.refused(&format!("{}/calls", b.device()), to("Dial", "5002")).await, 6);
}

// covers(genesys): S3.2, S5.3, OC-42
#[tokio::test]
async fn forwarding_and_do_not_disturb_swap_their_capabilities() {
    let world = World::new().await;
    let mut a = world.at_work("A").await;
    a.at_device(json!({ "operationName": "ForwardCallsOn", "destination": "5002" })).await;
    let device = a.messages().await[0]["data"]["devices"][0].clone();
    assert_eq!(
        (&device["forwardTo"], &device["capabilities"]),
        (&json!("5002"), &json!(["ForwardCallsOff", "DoNotDisturbOn"]))
    );
    a.at_device(named("DoNotDisturbOn")).await;
    let device = a.messages().await[0]["data"]["devices"][0].clone();
    assert_eq!(
        (&device["doNotDisturb"], &device["capabilities"]),
        (&json!("On"), &json!(["ForwardCallsOff", "DoNotDisturbOff"]))
    );
    a.at_device(named("ForwardCallsOff")).await;
    a.at_device(named("DoNotDisturbOff")).await;
    let device = a.messages().await.pop().unwrap()["data"]["devices"][0].clone();
    assert_eq!(device.get("forwardTo"), None);
    let path = a.device();
    assert_eq!(a.refused(&path, named("ForwardCallsOn")).await, 1);
    assert_eq!(a.refused(&path, named("ForwardCallsOff")).await, 2);
    assert_eq!(a.refused(&path, named("Dance")).await, 2);
}

// covers(genesys): OC-45, OC-50, T-1
#[tokio::test]
async fn old_clients_get_participants_as_they_want_them() {
    let compat = Compat { legacy_participants: true, participant_roles: true };
    let world =
        World::with(GenesysConfig { compat, ..GenesysConfig::default() }, LiveSettings::default()).await;
    let mut a = world.at_work("A").await;
    world.customer_calls("A", true);
    let path = a.call("Established").await;
    let call = a.found(&path, "call").await;
    assert_eq!(call["participants"], json!(["5000"]));
    assert_eq!(call["participantsInfo"][0]["role"], "RoleOrigination");
    assert_eq!(call["participantsInfo"][0]["digits"], "5000");
}
