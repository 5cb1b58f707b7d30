//! Several calls and several people: asking, handing over, joining, swapping (contract §3.3, §7.9, §7.11).

use crate::world::World;
use serde_json::{Value, json};

fn to(name: &str, number: &str) -> Value {
    json!({ "operationName": name, "destination": { "phoneNumber": number } })
}

fn named(name: &str) -> Value {
    json!({ "operationName": name })
}

// covers(genesys): S3.3, S7.9, OC-60
#[tokio::test]
async fn a_colleague_is_asked_and_takes_over() {
    let world = World::new().await;
    let (mut a, mut b) = (world.at_work("A").await, world.at_work("B").await);
    world.customer_calls("A", true);
    a.told().await;
    let original = a.call("Established").await;
    a.on_call("Established", to("InitiateTransfer", "5002")).await;
    let told = a.told().await;
    assert_eq!(told[0], "call StatusChange Held [C]");
    assert_eq!(told[1], "call StatusChange Dialing [B] consult");
    world.answers("B");
    let consult = a.call("Established").await;
    let whole = a.found(&consult, "call").await;
    assert_eq!(whole["callType"], "Consult");
    assert_eq!(whole["parentCallPath"], original.replace("/me", ""));
    a.told().await;
    b.told().await;
    a.does(&consult, named("CompleteTransfer")).await;
    assert_eq!(a.told().await, ["call StatusChange Released", "call StatusChange Released"]);
    assert_eq!(b.call("Established").await, original, "the call keeps its id");
    // He is on the original call now, and no longer on the one in which he was asked.
    assert_eq!(b.told().await, ["call StatusChange Established [C]", "call StatusChange Released"]);
}

// covers(genesys): S3.3, S7.11, OC-87, S5.5
#[tokio::test]
async fn a_colleague_is_asked_and_joins_and_a_supervisor_sees_it() {
    let world = World::new().await;
    let (mut s, mut a, mut b) =
        (world.at_work("S").await, world.at_work("A").await, world.at_work("B").await);
    s.watches("ListenIn", "A", json!({})).await;
    world.customer_calls("A", true);
    world.answers("S");
    a.on_call("Established", to("InitiateConference", "5002")).await;
    world.answers("B");
    let consult = a.call("Established").await;
    a.told().await;
    b.told().await;
    s.told().await;
    let uri = format!("{}{consult}", crate::world::OWN);
    let original = a.call("Held").await;
    a.does(&original, json!({ "operationName": "CompleteConference", "consultCallUri": uri })).await;
    assert_eq!(
        a.told().await,
        ["call StatusChange Released", "call StatusChange Established [C,B] supervised"]
    );
    assert_eq!(s.told().await, ["call ParticipantsUpdated Established [C,A,B] muted monitoring"]);
    assert_eq!(b.told().await.last().unwrap(), "call StatusChange Established [C,A]");
    // Who made the conference may have somebody leave; the others are told.
    assert_eq!(
        a.refused(
            &original,
            json!({ "operationName": "RemoveParticipantFromConference", "participant": "999" })
        )
        .await,
        6
    );
    let in_b = b.call("Established").await;
    assert_eq!(
        b.refused(
            &in_b,
            json!({ "operationName": "RemoveParticipantFromConference", "participant": "5000" })
        )
        .await,
        2
    );
    a.does(&original, json!({ "operationName": "RemoveParticipantFromConference", "participant": "5002" }))
        .await;
    assert_eq!(b.told().await, ["call StatusChange Released"]);
    assert_eq!(s.told().await, ["call ParticipantsUpdated Established [C,A] muted monitoring"]);
}

// covers(genesys): S3.3, S7.11, OC-87
#[tokio::test]
async fn a_colleague_joins_without_being_asked() {
    let world = World::new().await;
    let (mut a, mut b) = (world.at_work("A").await, world.at_work("B").await);
    world.customer_calls("A", true);
    a.told().await;
    a.on_call("Established", to("SingleStepConference", "5002")).await;
    world.answers("B");
    let told = a.told().await;
    assert!(told.last().unwrap().ends_with("Established [C,B]"), "{told:?}");
    assert_eq!(b.told().await.last().unwrap(), "call StatusChange Established [C,A]");
}

// covers(genesys): S3.3, S5.5
#[tokio::test]
async fn of_two_calls_one_is_taken_up_and_told_first() {
    let world = World::new().await;
    let (mut a, _b) = (world.at_work("A").await, world.at_work("B").await);
    world.customer_calls("A", true);
    a.on_call("Established", to("InitiateTransfer", "5002")).await;
    world.answers("B");
    let (held, speaking) = (a.call("Held").await, a.call("Established").await);
    a.told().await;
    let swap =
        |other: &str| json!({ "operationName": "SwapCalls", "otherCallUri": other.replace("/me", "") });
    a.does(&held, swap(&speaking)).await;
    assert_eq!(a.told().await, ["call StatusChange Established [C]", "call StatusChange Held [B] consult"]);
    assert_eq!(a.refused(&held, named("SwapCalls")).await, 1);
    assert_eq!(a.refused(&held, swap("/me/calls/nonsense")).await, 6);
}
