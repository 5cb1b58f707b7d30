//! Subscribing and publishing.

use crate::world::*;
use serde_json::{Value, json};
use touchline_bayeux::*;

fn subscribe(world: &mut World, client: &Client, subscription: Value) -> Value {
    client.send(world, "/meta/subscribe", json!({"subscription": subscription})).only()
}

// covers(bayeux): S3, S2, T-SubscriptionsWithMultipleChannelsTest
#[test]
fn a_subscription_is_echoed_in_the_shape_in_which_it_came() {
    let mut world = World::new();
    let client = world.client(&anna());
    for shape in [json!("/v2/me/*"), json!(["/v2/me/*"]), json!(["/v2/a", "/notifications/services"])] {
        assert_eq!(
            subscribe(&mut world, &client, shape.clone()),
            json!({"id": "7", "channel": "/meta/subscribe", "successful": true, "subscription": shape})
        );
    }
    assert_eq!(world.server.stats().subscriptions, 3, "twice is once");
}

// covers(bayeux): R-3, B11, S2.1, S10
#[test]
fn what_may_not_be_subscribed_to_is_named() {
    let mut world = World::new();
    let client = world.client(&anna());
    for channel in ["/**", "/*", "/other", "/v2", "/test/a", "/meta/connect", "/meta/**"] {
        assert_eq!(
            subscribe(&mut world, &client, json!(channel)),
            json!({"id": "7", "channel": "/meta/subscribe", "successful": false, "subscription": channel,
                   "error": format!("403:{channel}:subscribe_denied")})
        );
    }
}

struct NothingNew;
impl Policy for NothingNew {
    fn may_subscribe(&self, _: &Identity, _: &Pattern) -> Verdict {
        Verdict::NotCreated
    }
    fn may_publish(&self, _: &Identity, _: &Channel) -> bool {
        false
    }
}

// covers(bayeux): R-3, S10
#[test]
fn a_channel_that_may_not_be_created_is_named() {
    let mut world = World::new();
    world.server = Server::new(Settings::default(), NothingNew, entropy());
    let client = world.client(&anna());
    assert_eq!(subscribe(&mut world, &client, json!("/v2/a"))["error"], "403:/v2/a:create_denied");
}

// covers(bayeux): B12
#[test]
fn of_several_subscriptions_all_are_made_or_none() {
    let mut world = World::new();
    let client = world.client(&anna());
    let reply = subscribe(&mut world, &client, json!(["/v2/a", "/nowhere", "/v2/b"]));
    assert_eq!(reply["error"], "403:/nowhere:subscribe_denied");
    assert_eq!(world.server.stats().subscriptions, 0);
}

// covers(bayeux): R-5, S10
#[test]
fn a_subscription_that_is_none_is_refused_by_name() {
    let mut world = World::new();
    let client = world.client(&anna());
    for channel in ["/meta/subscribe", "/meta/unsubscribe"] {
        for bad in [json!(null), json!(""), json!([]), json!(5), json!(["/v2/a", 5]), json!({}), json!([""])]
        {
            let reply = client.send(&mut world, channel, json!({"subscription": bad})).only();
            assert_eq!(reply["error"], "400:subscription:subscription_invalid", "{bad}");
        }
        let reply = client.send(&mut world, channel, json!({})).only();
        assert_eq!(reply["error"], "403::subscription_missing");
        for bad in ["v2", "/v2/*/a", "/v2/<", "/"] {
            let reply = client.send(&mut world, channel, json!({"subscription": bad})).only();
            assert_eq!(reply["error"], "403::subscription_invalid", "{bad}");
        }
    }
}

// covers(bayeux): R-6, B09
#[test]
fn unsubscribing_succeeds_whoever_was_subscribed() {
    let mut world = World::new();
    let client = world.listening(&anna());
    for pattern in ["/v2/**", "/v2/**", "/never/heard/of", "/service/a"] {
        let reply = client.send(&mut world, "/meta/unsubscribe", json!({"subscription": pattern})).only();
        assert_eq!(
            reply,
            json!({"id": "7", "channel": "/meta/unsubscribe", "successful": true, "subscription": pattern})
        );
    }
    assert_eq!(world.tell(&anna(), "/v2/me/calls", json!(1)), 0);
}

// covers(bayeux): B09, S2.1
#[test]
fn service_channels_accept_everything_and_do_nothing() {
    let mut world = World::new();
    let client = world.connected(&anna());
    assert_eq!(subscribe(&mut world, &client, json!("/service/echo"))["successful"], true);
    assert_eq!(world.server.stats().subscriptions, 0);
    let reply = client.send(&mut world, "/service/echo", json!({"data": {"a": 1}})).only();
    assert_eq!(reply, json!({"id": "7", "channel": "/service/echo", "successful": true}));
    let reply = client.send(&mut world, "/service/echo", json!({})).only();
    assert_eq!(reply["successful"], false, "data is a must");
}

// covers(bayeux): B11, S10
#[test]
fn clients_may_not_publish() {
    let mut world = World::new();
    let client = world.listening(&anna());
    for channel in ["/v2/me/calls", "/meta/other", "/test/a", "/anything"] {
        let reply = client.send(&mut world, channel, json!({"data": 1})).only();
        assert_eq!(
            reply,
            json!({"id": "7", "channel": channel, "successful": false,
                   "error": "403:denied_by_security_policy:publish_denied"})
        );
    }
}

// covers(bayeux): B11, S3, T-PublishDoesNotLeakClientIdTest
#[test]
fn in_the_test_area_clients_hear_each_other_without_learning_ids() {
    let mut world = World::open();
    let (a, b) = (world.connected(&anna()), world.connected(&Identity::new("acme", "berta")));
    b.subscribe(&mut world, "/test/**");
    let ticket = b.connect(&mut world).held();
    let data = json!({"text": "grüß \"Gott\"", "nested": [1.50, null]});
    let reply = a.send(&mut world, "/test/room", json!({"data": data, "ext": {"a": 1}})).only();
    assert_eq!(reply, json!({"id": "7", "channel": "/test/room", "successful": true}));
    let heard = world.answer(ticket);
    assert_eq!(heard[0], json!({"channel": "/test/room", "data": data}));
    assert_eq!(heard[1]["channel"], "/meta/connect");
}

#[test]
fn customers_hear_nothing_of_each_other() {
    let mut world = World::open();
    let (a, b) = (world.connected(&anna()), world.connected(&Identity::new("other", "anna")));
    b.subscribe(&mut world, "/test/**");
    let ticket = b.connect(&mut world).held();
    a.send(&mut world, "/test/room", json!({"data": 1})).only();
    assert!(world.is_held(ticket));
}

// covers(bayeux): S2.1
#[test]
fn several_matching_patterns_bring_an_event_once() {
    let mut world = World::new();
    let client = world.connected(&anna());
    for pattern in ["/v2/me/calls", "/v2/me/*", "/v2/**"] {
        client.subscribe(&mut world, pattern);
    }
    let ticket = client.connect(&mut world).held();
    assert_eq!(world.tell(&anna(), "/v2/me/calls", json!(1)), 1);
    assert_eq!(data(&world.answer(ticket)), [1]);
    let ticket = client.connect(&mut world).held();
    let event = Event::new(Channel::parse("/v2/me/calls").unwrap(), &2).unwrap();
    assert_eq!(world.server.publish(world.at(), &Audience::Realm("acme"), &event), 1);
    world.settle();
    assert_eq!(data(&world.answer(ticket)), [2]);
}

#[test]
fn an_event_for_a_user_reaches_all_devices_of_that_user_and_nobody_else() {
    let mut world = World::new();
    let clients: Vec<_> = (0..3).map(|_| world.listening(&anna())).collect();
    let other = world.listening(&Identity::new("acme", "berta"));
    let tickets: Vec<_> = clients.iter().map(|client| client.connect(&mut world).held()).collect();
    let others = other.connect(&mut world).held();
    assert_eq!(world.tell(&anna(), "/v2/me/calls", json!("x")), 3);
    for ticket in tickets {
        let messages = world.answer(ticket);
        assert_eq!(messages[0], json!({"channel": "/v2/me/calls", "data": "x"}), "the concrete channel");
    }
    assert!(world.is_held(others));
}
