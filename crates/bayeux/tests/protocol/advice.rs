//! What clients are told to do next.

use crate::world::*;
use serde_json::json;
use touchline_bayeux::*;

// covers(bayeux): R-4, S4
#[test]
fn every_successful_connect_carries_the_whole_advice() {
    let mut world = World::new();
    let client = world.connected(&anna());
    let ticket = client.connect(&mut world).held();
    world.wait(30_000);
    let advice = json!({"reconnect": "retry", "interval": 0, "timeout": 30_000});
    assert_eq!(world.answer(ticket)[0]["advice"], advice);
    assert_eq!(client.connect_with(&mut world, json!({"advice": {"timeout": 0}})).only()["advice"], advice);
}

// covers(bayeux): S4
#[test]
fn the_advice_says_what_the_settings_say() {
    let settings = Settings { timeout: Millis(20_000), interval: Millis(250), ..Settings::default() };
    let mut world = World::with(settings);
    let client = world.client(&anna());
    let reply = client.connect(&mut world).only();
    assert_eq!(reply["advice"], json!({"reconnect": "retry", "interval": 250, "timeout": 20_000}));
    let ticket = client.connect(&mut world).held();
    world.wait(20_000);
    assert!(!world.is_held(ticket), "the advised timeout is the truth");
}

// covers(bayeux): B14, S4, T-HandshakeReconnectTest, T-CometDHandshakeReconnectTest
#[test]
fn clients_learn_max_interval_only_when_they_shall_decide_by_themselves() {
    let mut world = World::with(Settings { handshake_reconnect: true, ..Settings::default() });
    let reply = world.post(&Peer::new(anna()), json!([hello()])).only();
    assert_eq!(
        reply["advice"],
        json!({"reconnect": "retry", "interval": 0, "timeout": 30_000, "maxInterval": 10_000})
    );
    let reply = World::new().post(&Peer::new(anna()), json!([hello()])).only();
    assert_eq!(reply["advice"].get("maxInterval"), None);
}

// covers(bayeux): S4, T-CometDAdviceTest
#[test]
fn handshake_is_advised_with_failures_only() {
    let mut world = World::new();
    let client = world.connected(&anna());
    let mut replies = vec![client.connect_with(&mut world, json!({"advice": {"timeout": 0}})).only()];
    let held = client.connect(&mut world).held();
    client.send(&mut world, "/meta/disconnect", json!({})).only();
    replies.extend(world.answer(held));
    replies.push(client.connect(&mut world).only());
    for reply in &replies {
        let wants_handshake = reply["advice"]["reconnect"] == "handshake";
        assert!(!wants_handshake || reply["successful"] == false, "{reply}");
    }
    assert_eq!(replies[2]["advice"]["reconnect"], "handshake");
}
