//! What stands where in a response, and what leaves with which.

use crate::world::*;
use serde_json::json;
use touchline_bayeux::*;

// covers(bayeux): S3.1, S6.1, T-MessageProcessingOrderTest
#[test]
fn events_stand_before_replies_and_replies_in_the_order_of_the_request() {
    let mut world = World::open();
    let client = world.connected(&anna());
    let subscribe = client.message("/meta/subscribe", json!({"id": "a", "subscription": "/test/**"}));
    let publish = |n: u32| client.message("/test/x", json!({"id": format!("p{n}"), "data": n}));
    let messages =
        world.post(&client.peer, json!([publish(0), subscribe, publish(1), publish(2)])).answered();
    assert_eq!(data(&messages), [1, 2], "published before the subscription, 0 is not for this client");
    let ids: Vec<_> = messages.iter().skip(2).map(|reply| reply["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["p0", "a", "p1", "p2"]);
}

// covers(bayeux): S6.1
#[test]
fn events_of_a_sessions_own_request_leave_with_its_response_and_do_not_wake_the_held_connect() {
    let mut world = World::open();
    let client = world.connected(&anna());
    client.subscribe(&mut world, "/test/**");
    let ticket = client.connect(&mut world).held();
    let messages = client.send(&mut world, "/test/echo", json!({"data": "mine"})).answered();
    assert_eq!(data(&messages), ["mine"]);
    assert!(world.is_held(ticket));
    world.wait(30_000);
    assert_eq!(data(&world.answer(ticket)).len(), 0, "and they are not delivered twice");
}

// covers(bayeux): S6.1, S8, B25
#[test]
fn replies_to_other_messages_carry_what_waits() {
    let mut world = World::new();
    let client = world.listening(&anna());
    world.tell(&anna(), "/v2/a", json!(1));
    world.tell(&anna(), "/v2/a", json!(2));
    let messages = client.send(&mut world, "/meta/subscribe", json!({"subscription": "/v2/b"})).answered();
    assert_eq!(data(&messages), [1, 2]);
    client.connect(&mut world).held();
}

// covers(bayeux): S6.1, S9.1, T-JSONTransportMetaConnectDeliveryTest, T-MetaConnectDeliverOnlyTest
#[test]
fn with_strict_delivery_events_come_with_connect_replies_only() {
    let settings = Settings { meta_connect_delivery_only: true, test_channels: true, ..Settings::default() };
    let mut world = World::with(settings);
    let client = world.connected(&anna());
    client.subscribe(&mut world, "/test/**");
    let ticket = client.connect(&mut world).held();
    let messages = client.send(&mut world, "/test/echo", json!({"data": "mine"})).answered();
    assert_eq!((messages.len(), &messages[0]["channel"]), (1, &json!("/test/echo")));
    assert_eq!(data(&world.answer(ticket)), ["mine"], "the held connect brings it");
    let publish = client.message("/test/echo", json!({"data": "again"}));
    let messages = world.post(&client.peer, json!([publish, connect(&client.id)])).answered();
    assert_eq!(data(&messages), ["again"], "unless a connect is in the same request");
}

// covers(bayeux): S3.1
#[test]
fn one_bad_message_does_not_spoil_the_others() {
    let mut world = World::new();
    let client = world.connected(&anna());
    let good = client.message("/meta/subscribe", json!({"subscription": "/v2/a"}));
    let replies = world
        .post(&client.peer, json!([{"channel": 1}, good, {"channel": "/meta/connect"}, good]))
        .answered();
    let outcomes: Vec<_> = replies.iter().map(|reply| reply["successful"].as_bool().unwrap()).collect();
    assert_eq!(outcomes, [false, true, false, true]);
}

// covers(bayeux): S3, T-PublishDoesNotLeakClientIdTest
#[test]
fn an_event_is_put_into_json_once_for_all() {
    let event = Event::new(Channel::parse("/v2/me/calls").unwrap(), &json!({"call": {"id": "1"}})).unwrap();
    assert_eq!(&**event.frame(), br#"[{"channel":"/v2/me/calls","data":{"call":{"id":"1"}}}]"#);
    assert_eq!(event.channel().as_str(), "/v2/me/calls");
}
