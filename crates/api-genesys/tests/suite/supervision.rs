//! The stories of contract §7 in which a supervisor watches an agent.

use crate::world::{World, short};
use serde_json::json;

// covers(genesys): S7.1, S4.2, OC-62, C-5
#[tokio::test]
async fn watching_somebody_who_is_idle_tells_the_supervisor_alone() {
    let world = World::new().await;
    let (mut s, mut a) = (world.at_work("S").await, world.at_work("A").await);
    s.watches("Coach", "A", json!({})).await;
    assert_eq!(s.told().await, ["device Active Not Ready Coach AllCalls Call"]);
    assert_eq!(a.told().await, [""; 0]);
    assert!(world.asked().is_empty(), "nobody is called");
}

// covers(genesys): S7.2, S5.4, OC-47, OC-48, OC-51, OC-63, OC-86, R-3, S6.3, OC-61
#[tokio::test]
async fn a_call_arrives_at_an_agent_who_is_coached() {
    let world = World::new().await;
    let (mut s, mut a) = (world.at_work("S").await, world.at_work("A").await);
    s.watches("Coach", "A", json!({})).await;
    s.told().await;
    world.customer_calls("A", false);
    assert_eq!(a.told().await, ["call StatusChange Ringing [C]"]);
    assert_eq!(s.told().await, [""; 0], "the invitation comes with the answer");
    world.answers("A");
    assert_eq!(a.told().await, ["call StatusChange Established [C]"]);
    let rings = s.messages().await;
    assert_eq!(rings.iter().map(short).collect::<Vec<_>>(), ["call StatusChange Ringing [C,A] monitoring"]);
    world.answers("S");
    let joined = s.messages().await;
    assert_eq!(
        joined.iter().map(short).collect::<Vec<_>>(),
        ["call StatusChange Established [C,A] monitoring"]
    );
    assert_eq!(joined[0]["data"]["call"]["id"], rings[0]["data"]["call"]["id"], "one id for all");
    assert_eq!(joined[0]["data"]["call"]["mute"], "Off");
    assert_eq!(joined[0]["data"]["phoneNumber"], "5005");
    assert_eq!(
        joined[0]["data"]["call"]["deviceUri"],
        json!(format!("{}/devices/{}", crate::world::OWN, crate::world::device_of("S")))
    );
    // One event, one message: the state carries the list along.
    assert_eq!(a.told().await, ["call ParticipantsUpdated Established [C,S] supervised"]);
    // State recovery shows the same as the notification.
    let recovered = s.found("/me?subresources=*", "user").await;
    assert_eq!(recovered["calls"][0], joined[0]["data"]["call"]);
}

// covers(genesys): S7.2, OC-51, OC-64
#[tokio::test]
async fn who_is_listened_to_sees_so_but_not_by_whom_and_who_is_joined_sees_it() {
    for (operation, supervisor, agent) in [
        ("ListenIn", "Established [C,A] muted monitoring", "call StatusChange Established [C] supervised"),
        ("BargeIn", "Established [C,A] monitoring", "call ParticipantsUpdated Established [C,S]"),
    ] {
        let world = World::new().await;
        let (mut s, mut a) = (world.at_work("S").await, world.at_work("A").await);
        s.watches(operation, "A", json!({})).await;
        world.customer_calls("A", true);
        a.told().await;
        world.answers("S");
        assert_eq!(s.told().await.last().unwrap(), &format!("call StatusChange {supervisor}"));
        assert_eq!(a.told().await, [agent]);
    }
}

// covers(genesys): S7.3, OC-31
#[tokio::test]
async fn watching_somebody_on_a_call_brings_the_supervisor_in_at_once() {
    let world = World::new().await;
    let (mut s, mut a) = (world.at_work("S").await, world.at_work("A").await);
    world.customer_calls("A", true);
    a.told().await;
    s.watches("ListenIn", "A", json!({})).await;
    assert_eq!(
        s.told().await,
        [
            "device Active Not Ready ListenIn AllCalls Call",
            "call StatusChange Ringing [C,A] muted monitoring"
        ]
    );
    world.answers("S");
    assert_eq!(a.told().await, ["call StatusChange Established [C] supervised"]);
}

// covers(genesys): S7.6, OC-69
#[tokio::test]
async fn a_supervisor_who_hangs_up_is_gone_from_this_call_but_not_from_the_next() {
    let world = World::new().await;
    let (mut s, mut a) = (world.at_work("S").await, world.at_work("A").await);
    s.watches("Coach", "A", json!({})).await;
    world.customer_calls("A", true);
    world.answers("S");
    s.told().await;
    a.told().await;
    s.on_call("Established", json!({ "operationName": "Hangup" })).await;
    assert_eq!(s.told().await, ["call StatusChange Released"]);
    assert_eq!(a.told().await, ["call ParticipantsUpdated Established [C]"]);
    world.hangs_up("C");
    assert_eq!((a.told().await, s.told().await), (vec!["call StatusChange Released".to_owned()], vec![]));
    world.customer_calls("A", true);
    assert_eq!(s.told().await, ["call StatusChange Ringing [C,A] monitoring"]);
}

// covers(genesys): S7.7, S4.4, OC-32, OC-33, T-2
#[tokio::test]
async fn when_the_call_ends_one_who_watched_the_next_call_watches_no_more() {
    let world = World::new().await;
    let (mut s, mut a) = (world.at_work("S").await, world.at_work("A").await);
    s.watches("Coach", "A", json!({ "supervisorMonitoringMode": "NextCall" })).await;
    assert_eq!(s.told().await, ["device Active Not Ready Coach NextCall Call"]);
    world.customer_calls("A", true);
    world.answers("S");
    s.told().await;
    a.told().await;
    world.hangs_up("C");
    assert_eq!(a.told().await, ["call StatusChange Released"]);
    assert_eq!(s.told().await, ["call StatusChange Released", "device Active Not Ready"]);
}

// covers(genesys): S7.8, S4.7, OC-38
#[tokio::test]
async fn cancelling_ends_the_watching_but_not_the_part_in_a_call() {
    let world = World::new().await;
    let (mut s, mut a) = (world.at_work("S").await, world.at_work("A").await);
    let cancel = json!({ "operationName": "CancelSupervisorMonitoring" });
    s.watches("BargeIn", "A", json!({})).await;
    s.told().await;
    s.at_device(cancel.clone()).await;
    let messages = s.messages().await;
    assert_eq!(messages.iter().map(short).collect::<Vec<_>>(), ["device Active Not Ready"]);
    let device = &messages[0]["data"]["devices"][0];
    assert_eq!(
        device["capabilities"],
        json!(["ForwardCallsOn", "DoNotDisturbOn", "ListenIn", "Coach", "BargeIn"])
    );
    assert_eq!(s.refused(&s.device(), cancel.clone()).await, 2);

    s.watches("BargeIn", "A", json!({})).await;
    world.customer_calls("A", true);
    world.answers("S");
    s.told().await;
    a.told().await;
    s.at_device(cancel).await;
    assert_eq!(s.told().await, ["device Active Not Ready"]);
    assert_eq!(a.told().await, [""; 0]);
    assert_eq!(s.found("/me/calls?fields=state", "calls").await[0]["state"], "Established");
}

// covers(genesys): S7.12, OC-33, S9
#[tokio::test]
async fn a_supervisor_who_does_not_answer_is_not_called_again_for_this_call() {
    let world = World::new().await;
    let (mut s, _a) = (world.at_work("S").await, world.at_work("A").await);
    s.watches("Coach", "A", json!({ "supervisorMonitoringMode": "NextCall" })).await;
    world.customer_calls("A", true);
    s.told().await;
    world.passes(29);
    assert_eq!(s.told().await, [""; 0]);
    world.passes(1);
    assert_eq!(s.told().await, ["call StatusChange Released", "device Active Not Ready"]);
    world.asked();
    world.passes(60);
    assert!(world.asked().is_empty());
}

// covers(genesys): S7.9, S4.3, R-4, C-6
#[tokio::test]
async fn when_the_agent_hands_the_call_over_who_watches_the_call_stays() {
    let world = World::new().await;
    let (mut s, mut a, mut b) =
        (world.at_work("S").await, world.at_work("A").await, world.at_work("B").await);
    s.watches("Coach", "A", json!({})).await;
    world.customer_calls("A", true);
    world.answers("S");
    s.told().await;
    a.told().await;
    a.on_call(
        "Established",
        json!({ "operationName": "SingleStepTransfer", "destination": { "phoneNumber": "5002" } }),
    )
    .await;
    assert_eq!(a.told().await, ["call StatusChange Released"]);
    assert_eq!(b.told().await, ["call StatusChange Ringing [C]"]);
    s.told().await;
    world.answers("B");
    assert_eq!(s.told().await.last().unwrap(), "call ParticipantsUpdated Established [C,B] monitoring");
    assert_eq!(b.told().await, ["call StatusChange Established [C,S] supervised"]);
}

// covers(genesys): S7.9, S4.3, R-4, C-6
#[tokio::test]
async fn when_the_agent_hands_the_call_over_who_watches_the_agent_is_released() {
    let world = World::new().await;
    let (mut s, mut a, mut b) =
        (world.at_work("S").await, world.at_work("A").await, world.at_work("B").await);
    s.watches("Coach", "A", json!({ "supervisorMonitoringScope": "Agent" })).await;
    world.customer_calls("A", true);
    world.answers("S");
    s.told().await;
    a.told().await;
    a.on_call(
        "Established",
        json!({ "operationName": "SingleStepTransfer", "destination": { "phoneNumber": "5002" } }),
    )
    .await;
    assert_eq!(a.told().await, ["call StatusChange Released"]);
    assert_eq!(s.told().await, ["call StatusChange Released"]);
    assert_eq!(b.told().await, ["call StatusChange Ringing [C]"]);
}

// covers(genesys): S7.10, OC-71
#[tokio::test]
async fn when_the_agent_holds_the_supervisor_is_told_nothing() {
    let world = World::new().await;
    let (mut s, mut a) = (world.at_work("S").await, world.at_work("A").await);
    s.watches("ListenIn", "A", json!({})).await;
    world.customer_calls("A", true);
    world.answers("S");
    s.told().await;
    a.told().await;
    a.on_call("Established", json!({ "operationName": "Hold" })).await;
    a.on_call("Held", json!({ "operationName": "Retrieve" })).await;
    assert_eq!(
        a.told().await,
        ["call StatusChange Held [C] supervised", "call StatusChange Established [C] supervised"]
    );
    assert_eq!(s.told().await, [""; 0]);
}
