//! A supervisor in a call: other modes, muting the agent, and what is not for those who are not heard (contract §4.6, §7.4).

use crate::world::{Client, World};
use serde_json::{Value, json};
use touchline_api_genesys::GenesysConfig;
use touchline_app::live::{LiveSettings, Monitoring};

async fn in_call<'a>(world: &'a World, operation: &str) -> (Client<'a>, Client<'a>) {
    let (mut s, mut a) = (world.at_work("S").await, world.at_work("A").await);
    s.watches(operation, "A", json!({})).await;
    world.customer_calls("A", true);
    world.answers("S");
    s.told().await;
    a.told().await;
    (s, a)
}

async fn may(client: &mut Client<'_>) -> Vec<String> {
    let calls = client.found("/me/calls?fields=capabilities", "calls").await;
    let all: Vec<String> = serde_json::from_value(calls[0]["capabilities"].clone()).unwrap();
    all.into_iter().filter(|it| it.starts_with("Switch") || it.contains("Monitored")).collect()
}

fn named(name: &str) -> Value {
    json!({ "operationName": name })
}

// covers(genesys): S7.4, S4.6, OC-37, OC-53, R-3
#[tokio::test]
async fn from_coaching_to_joining_to_listening_and_not_back_to_coaching() {
    let world = World::new().await;
    let (mut s, mut a) = in_call(&world, "Coach").await;
    assert_eq!(may(&mut s).await, ["SwitchToListenIn", "SwitchToBargeIn"]);
    s.on_call("Established", named("SwitchToBargeIn")).await;
    assert_eq!(s.told().await, ["call StatusChange Established [C,A] monitoring"]);
    assert_eq!(a.told().await, ["call StatusChange Established [C,S]"]);
    assert_eq!(may(&mut s).await, ["SwitchToListenIn", "MuteMonitoredUser"]);
    s.on_call("Established", named("SwitchToListenIn")).await;
    assert_eq!(s.told().await, ["call StatusChange Established [C,A] muted monitoring"]);
    assert_eq!(a.told().await.len(), 1);
    assert_eq!(may(&mut s).await, ["SwitchToBargeIn"]);
    let call = s.call("Established").await;
    assert_eq!(s.refused(&call, named("SwitchToCoach")).await, 2);
    assert_eq!(s.refused(&call, named("SwitchToListenIn")).await, 2);
    // What is configured stays: the next call begins with coaching.
    let device = s.found(&s.device(), "device").await;
    assert_eq!(device["supervisorMonitoringState"]["state"], "Coach");
}

// covers(genesys): OC-22
#[tokio::test]
async fn back_to_coaching_is_a_setting() {
    let monitoring = Monitoring { allow_switch_to_coach: Some(true), ..Monitoring::default() };
    let live = LiveSettings { monitoring, ..LiveSettings::default() };
    let world = World::with(GenesysConfig::default(), live).await;
    let (mut s, _a) = in_call(&world, "ListenIn").await;
    assert_eq!(may(&mut s).await, ["SwitchToBargeIn", "SwitchToCoach"]);
    s.on_call("Established", named("SwitchToCoach")).await;
    assert_eq!(s.told().await, ["call StatusChange Established [C,A] monitoring"]);
}

// covers(genesys): S7.4, OC-67
#[tokio::test]
async fn muting_the_agent_is_told_to_both() {
    let world = World::new().await;
    let (mut s, mut a) = in_call(&world, "BargeIn").await;
    s.on_call("Established", named("MuteMonitoredUser")).await;
    let muted = "call MonitoredUserMutedStateChange Established";
    assert_eq!(s.told().await, [format!("{muted} [C,A] silenced monitoring")]);
    assert_eq!(a.told().await, [format!("{muted} [C,S] silenced")]);
    assert_eq!(may(&mut s).await, ["SwitchToListenIn", "UnmuteMonitoredUser"]);
    s.on_call("Established", named("UnmuteMonitoredUser")).await;
    assert_eq!(s.told().await, [format!("{muted} [C,A] monitoring")]);
    assert_eq!(a.told().await, [format!("{muted} [C,S]")]);
}

// covers(genesys): OC-54, S5.5
#[tokio::test]
async fn what_only_those_can_do_who_are_heard_is_shown_to_the_others_and_forbidden() {
    let world = World::new().await;
    let (mut s, mut a) = in_call(&world, "Coach").await;
    let call = s.call("Established").await;
    let to = json!({ "phoneNumber": "5002" });
    for name in ["SingleStepTransfer", "InitiateTransfer", "SingleStepConference", "InitiateConference"] {
        assert_eq!(s.refused(&call, json!({ "operationName": name, "destination": to })).await, 3, "{name}");
    }
    assert_eq!(s.refused(&call, json!({ "operationName": "SendDtmf", "digits": "1" })).await, 3);
    assert_eq!((s.told().await, a.told().await), (vec![], vec![]));
    let whole = s.found(&call, "call").await;
    assert!(whole["capabilities"].as_array().unwrap().contains(&json!("SingleStepTransfer")));
    // An agent has nothing of a supervisor's.
    for name in ["SwitchToBargeIn", "MuteMonitoredUser"] {
        let call = a.call("Established").await;
        assert_eq!(a.refused(&call, named(name)).await, 2, "{name}");
    }
}
