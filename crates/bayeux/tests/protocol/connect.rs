//! Long-polling.

use crate::world::*;
use serde_json::json;
use touchline_bayeux::*;

// covers(bayeux): S6.1, S11, R-4
#[test]
fn the_first_connect_returns_at_once_and_the_next_is_held_for_the_timeout() {
    let mut world = World::new();
    let client = world.client(&anna());
    assert_eq!(
        client.connect(&mut world).only(),
        json!({"id": "5", "channel": "/meta/connect", "successful": true,
               "advice": {"reconnect": "retry", "interval": 0, "timeout": 30_000}})
    );
    let ticket = client.connect(&mut world).held();
    world.wait(29_999);
    assert!(world.is_held(ticket));
    world.wait(1);
    let messages = world.answer(ticket);
    assert_eq!(messages.len(), 1);
    assert_eq!((&messages[0]["id"], &messages[0]["successful"]), (&json!("5"), &json!(true)));
}

// covers(bayeux): S6.1, B18, S11
#[test]
fn an_event_releases_the_held_connect_at_once() {
    let mut world = World::new();
    let client = world.listening(&anna());
    let ticket = client.connect(&mut world).held();
    world.wait(500);
    world.tell(&anna(), "/v2/me/devices", json!({"devices": []}));
    assert_eq!(
        world.answer(ticket),
        [
            json!({"channel": "/v2/me/devices", "data": {"devices": []}}),
            json!({"id": "5", "channel": "/meta/connect", "successful": true,
                   "advice": {"reconnect": "retry", "interval": 0, "timeout": 30_000}}),
        ]
    );
}

// covers(bayeux): S6.1, S8, B25
#[test]
fn events_between_two_connects_wait_and_leave_together_in_order() {
    let mut world = World::new();
    let client = world.listening(&anna());
    for n in 1..=5 {
        world.tell(&anna(), "/v2/me/calls", json!(n));
    }
    let messages = client.connect(&mut world).answered();
    assert_eq!(data(&messages), [1, 2, 3, 4, 5]);
    assert_eq!(messages.last().unwrap()["channel"], "/meta/connect");
    client.connect(&mut world).held();
}

// covers(bayeux): S4, T-CustomAdviceTest
#[test]
fn a_client_may_ask_for_another_timeout_for_one_connect() {
    let mut world = World::new();
    let client = world.connected(&anna());
    let reply = client.connect_with(&mut world, json!({"advice": {"timeout": 0}})).only();
    assert_eq!(reply["advice"], json!({"reconnect": "retry", "interval": 0, "timeout": 30_000}));
    let ticket = client.connect_with(&mut world, json!({"advice": {"timeout": 5_000}})).held();
    world.wait(4_999);
    assert!(world.is_held(ticket));
    world.wait(1);
    assert!(!world.is_held(ticket));
    let ticket = client.connect(&mut world).held();
    world.wait(29_999);
    assert!(world.is_held(ticket), "the next is held as usual");
}

// covers(bayeux): S4
#[test]
fn a_client_cannot_ask_for_a_connect_that_is_held_for_ever() {
    let mut world = World::new();
    let client = world.connected(&anna());
    let ticket = client.connect_with(&mut world, json!({"advice": {"timeout": 1e18}})).held();
    world.wait(120_000);
    assert!(!world.is_held(ticket));
    let reply = client.connect_with(&mut world, json!({"advice": {"timeout": -5, "interval": "x"}})).only();
    assert_eq!(reply["advice"]["interval"], 0);
}

// covers(bayeux): S3.1, T-MetaConnectWithOtherMessagesTest
#[test]
fn a_connect_with_other_messages_is_never_held_and_replies_keep_the_order() {
    let mut world = World::new();
    let client = world.connected(&anna());
    let subscribe = client.message("/meta/subscribe", json!({"subscription": "/v2/a"}));
    let replies = world.post(&client.peer, json!([connect(&client.id), subscribe])).answered();
    let channels: Vec<_> = replies.iter().map(|reply| reply["channel"].as_str().unwrap()).collect();
    assert_eq!(channels, ["/meta/connect", "/meta/subscribe"]);
    let replies = world.post(&client.peer, json!([subscribe, connect(&client.id)])).answered();
    assert_eq!(replies[1]["channel"], "/meta/connect");
    assert_eq!(world.server.stats().held, 0);
}

// covers(bayeux): S6.1, T-DuplicateMetaConnectTest, T-CometDDuplicateMetaConnectTest
#[test]
fn a_newer_connect_ends_the_older_with_a_status_and_is_held_itself() {
    let mut world = World::new();
    let client = world.listening(&anna());
    let old = client.connect(&mut world).held();
    let new = client.connect(&mut world).held();
    assert_eq!(world.answers.remove(&old), Some(Answer::Superseded { status: 500 }));
    assert_eq!(world.server.stats().held, 1);
    world.tell(&anna(), "/v2/a", json!(1));
    assert_eq!(data(&world.answer(new)), [1]);
}

// covers(bayeux): S6.1
#[test]
fn the_status_for_an_overtaken_connect_can_be_chosen() {
    let mut world = World::with(Settings { duplicate_meta_connect_status: 408, ..Settings::default() });
    let client = world.connected(&anna());
    let old = client.connect(&mut world).held();
    client.connect(&mut world).held();
    assert_eq!(world.answers.remove(&old), Some(Answer::Superseded { status: 408 }));
}

// covers(bayeux): B16, S11, T-MetaConnectFailureTest, T-SimulatedNetworkFailureTest, T-CometDConnectTemporaryFailureTest
#[test]
fn what_happens_while_the_connection_is_broken_waits_for_the_next_connect() {
    let mut world = World::new();
    let client = world.listening(&anna());
    let ticket = client.connect(&mut world).held();
    world.wait(1_000);
    world.cut(ticket);
    world.tell(&anna(), "/v2/a", json!("missed"));
    assert!(world.is_held(ticket), "nobody is there to answer");
    world.wait(9_000);
    let messages = client.connect_with(&mut world, json!({"advice": {"timeout": 0}})).answered();
    assert_eq!(data(&messages), ["missed"]);
}

// covers(bayeux): S9.3
#[test]
fn a_page_that_reloads_goes_on_with_its_session() {
    let mut world = World::new();
    let client = world.listening(&anna());
    let orphan = client.connect(&mut world).held();
    let reply = client.connect_with(&mut world, json!({"advice": {"timeout": 0}})).only();
    assert_eq!(reply["advice"], json!({"reconnect": "retry", "interval": 0, "timeout": 30_000}));
    assert_eq!(world.answers.remove(&orphan), Some(Answer::Superseded { status: 500 }));
}

// covers(bayeux): R-5
#[test]
fn an_unknown_connection_type_means_the_transport_in_use() {
    let mut world = World::new();
    let client = world.connected(&anna());
    let ticket = client.connect_with(&mut world, json!({"connectionType": "carrier-pigeon"})).held();
    assert!(world.is_held(ticket));
    let ticket = client.connect_with(&mut world, json!({"connectionType": null})).held();
    assert!(world.is_held(ticket));
}

// covers(bayeux): S6.1
#[test]
fn news_of_a_connection_that_was_answered_already_changes_nothing() {
    let mut world = World::new();
    let client = world.listening(&anna());
    let first = client.connect(&mut world).held();
    let second = client.connect(&mut world).held();
    world.cut(first);
    assert_eq!(world.server.stats().held, 1);
    world.tell(&anna(), "/v2/a", json!(1));
    assert_eq!(data(&world.answer(second)), [1]);
    world.cut(second);
    client.connect(&mut world).held();
}
