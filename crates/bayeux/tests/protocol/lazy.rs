//! Events that may wait for others (S8).

use crate::world::*;
use serde_json::json;
use touchline_bayeux::*;

// covers(bayeux): S8, T-LazyChannelAndMessageTest
#[test]
fn a_lazy_event_leaves_with_the_next_that_is_not() {
    let mut world = World::new();
    let client = world.listening(&anna());
    let ticket = client.connect(&mut world).held();
    world.tell_lazily(&anna(), "/v2/a", json!("lazy"));
    assert!(world.is_held(ticket));
    world.tell(&anna(), "/v2/a", json!("busy"));
    assert_eq!(data(&world.answer(ticket)), ["lazy", "busy"]);
}

// covers(bayeux): S8, S5, T-LazyChannelAndMessageTest
#[test]
fn a_lazy_event_waits_for_the_lazy_timer_at_most() {
    let mut world = World::new();
    let client = world.listening(&anna());
    let ticket = client.connect(&mut world).held();
    world.wait(1_000);
    world.tell_lazily(&anna(), "/v2/a", json!(1));
    world.wait(3_000);
    world.tell_lazily(&anna(), "/v2/a", json!(2));
    world.wait(1_999);
    assert!(world.is_held(ticket));
    world.wait(1);
    assert_eq!(data(&world.answer(ticket)), [1, 2], "the first decides");
}

// covers(bayeux): S8
#[test]
fn a_lazy_event_leaves_when_the_connect_times_out_or_with_any_other_response() {
    let mut world = World::new();
    let client = world.listening(&anna());
    let ticket = client.connect_with(&mut world, json!({"advice": {"timeout": 2_000}})).held();
    world.tell_lazily(&anna(), "/v2/a", json!(1));
    world.wait(2_000);
    assert_eq!(data(&world.answer(ticket)), [1]);
    world.tell_lazily(&anna(), "/v2/a", json!(2));
    assert_eq!(data(&client.send(&mut world, "/service/x", json!({"data": 1})).answered()), [2]);
}

// covers(bayeux): S6.1, S8
#[test]
fn a_connect_is_held_although_lazy_events_wait() {
    let mut world = World::new();
    let client = world.listening(&anna());
    world.tell_lazily(&anna(), "/v2/a", json!(1));
    world.wait(2_000);
    let ticket = client.connect(&mut world).held();
    world.wait(2_999);
    assert!(world.is_held(ticket));
    world.wait(1);
    assert_eq!(data(&world.answer(ticket)), [1]);
}

// covers(bayeux): S8, B26
#[test]
fn laziness_of_a_pattern_is_that_of_all_its_channels_and_of_a_channel_its_own() {
    let lazy_channels = vec!["/v2/wild/*".to_owned(), "/v2/plain".to_owned()];
    let mut world = World::with(Settings { lazy_channels, ..Settings::default() });
    let client = world.listening(&anna());
    let ticket = client.connect(&mut world).held();
    world.tell(&anna(), "/v2/wild/a", json!(1));
    world.tell(&anna(), "/v2/plain", json!(2));
    assert!(world.is_held(ticket));
    world.tell(&anna(), "/v2/plain/child", json!(3));
    assert_eq!(data(&world.answer(ticket)), [1, 2, 3]);
    // By default nothing is lazy.
    let mut world = World::new();
    let client = world.listening(&anna());
    let ticket = client.connect(&mut world).held();
    world.tell(&anna(), "/v2/plain", json!(1));
    assert!(!world.is_held(ticket));
}

// covers(bayeux): S8, S6.2
#[test]
fn on_a_socket_a_lazy_event_waits_for_its_timer_or_for_others() {
    let mut world = World::new();
    let socket = world.socket(&anna());
    let id = world.bring_up(socket, json!({}));
    world.frame(
        socket,
        json!([{"id": "1", "channel": "/meta/subscribe", "clientId": id, "subscription": "/v2/**"}]),
    );
    world.frame(socket, json!([connect(&id)]));
    world.tell_lazily(&anna(), "/v2/a", json!(1));
    assert_eq!(world.received(socket).len(), 0);
    world.wait(5_000);
    assert_eq!(world.received(socket), [json!([{"channel": "/v2/a", "data": 1}])]);
    world.tell_lazily(&anna(), "/v2/a", json!(2));
    world.tell(&anna(), "/v2/a", json!(3));
    assert_eq!(world.received(socket).len(), 2);
    world.wait(6_000);
    assert_eq!(world.received(socket).len(), 0);
}

// covers(bayeux): S8
#[test]
fn a_lazy_event_that_has_waited_long_enough_leaves_with_the_next_connect() {
    let mut world = World::new();
    let client = world.listening(&anna());
    world.tell_lazily(&anna(), "/v2/a", json!(2));
    world.wait(7_000);
    let ticket = client.connect(&mut world).held();
    world.wait(1);
    assert_eq!(data(&world.answer(ticket)), [2]);
}

// covers(bayeux): S8, S9.1
#[test]
fn a_lazy_event_that_nobody_could_take_has_not_lost_its_turn() {
    let mut world = World::new();
    let client = world.acknowledging(&anna());
    client.subscribe(&mut world, "/v2/**");
    client.ack(&mut world, 0).only();
    world.tell_lazily(&anna(), "/v2/a", json!(1));
    world.wait(8_000);
    client.send(&mut world, "/service/x", json!({"data": 1})).only();
    world.wait(4_000);
    let ticket = client.ack(&mut world, 1).held();
    world.wait(1);
    assert_eq!(data(&world.answer(ticket)), [1], "it has waited for 12 seconds already");
}
