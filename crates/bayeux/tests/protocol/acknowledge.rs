//! The acknowledge extension (S9.1).

use crate::world::*;
use serde_json::{Value, json};
use touchline_bayeux::*;

fn listening(world: &mut World) -> Client {
    let client = world.acknowledging(&anna());
    client.subscribe(world, "/v2/**");
    assert_eq!(client.ack(world, 0).only()["ext"], json!({"ack": 1}));
    client
}

fn batch(messages: &[Value]) -> u64 {
    messages.last().unwrap()["ext"]["ack"].as_u64().unwrap()
}

// covers(bayeux): S9.1, T-AckExtensionTest
#[test]
fn the_extension_is_offered_to_those_who_ask() {
    let mut world = World::new();
    let mut hello = hello();
    let plain = world.post(&Peer::new(anna()), json!([hello])).only();
    assert_eq!(plain.get("ext"), None);
    hello["ext"] = json!({"ack": true});
    let reply = world.post(&Peer::new(anna()), json!([hello])).only();
    assert_eq!(reply["ext"], json!({"ack": true}));
    let mut without = World::with(Settings { ack_extension: false, ..Settings::default() });
    let reply = without.post(&Peer::new(anna()), json!([hello])).only();
    assert_eq!(reply.get("ext"), None);
}

// covers(bayeux): S9.1
#[test]
fn every_connect_reply_has_the_next_number() {
    let mut world = World::new();
    let client = listening(&mut world);
    let ticket = client.ack(&mut world, 1).held();
    world.wait(30_000);
    assert_eq!(world.answer(ticket)[0]["ext"], json!({"ack": 2}));
    let ticket = client.ack(&mut world, 2).held();
    world.tell(&anna(), "/v2/a", json!("x"));
    let messages = world.answer(ticket);
    assert_eq!((data(&messages), batch(&messages)), (vec![json!("x")], 3));
    let ticket = client.ack(&mut world, 3).held();
    assert!(world.is_held(ticket), "what is acknowledged is not sent again");
    assert_eq!(world.server.waiting_for(&client.client_id()), Some((0, 0)));
}

// covers(bayeux): S9.1, T-AcknowledgeExtensionTest, T-MetaConnectFailureWithAckExtensionTest, T-CometDAckExtensionTest
#[test]
fn what_was_lost_on_the_way_is_sent_again_before_what_is_new() {
    let mut world = World::new();
    let client = listening(&mut world);
    let lost = client.ack(&mut world, 1).held();
    world.tell(&anna(), "/v2/a", json!(1));
    world.answer(lost);
    world.tell(&anna(), "/v2/a", json!(2));
    let messages = client.ack(&mut world, 1).answered();
    assert_eq!((data(&messages), batch(&messages)), (vec![json!(1), json!(2)], 3));
    let messages = client.ack(&mut world, 1).answered();
    assert_eq!((data(&messages), batch(&messages)), (vec![json!(1), json!(2)], 4), "again, at once");
    client.ack(&mut world, 4).held();
}

// covers(bayeux): S9.1
#[test]
fn events_come_with_connect_replies_only() {
    let mut world = World::new();
    let client = listening(&mut world);
    world.tell(&anna(), "/v2/a", json!(1));
    client.send(&mut world, "/service/x", json!({"data": 1})).only();
    assert_eq!(data(&client.ack(&mut world, 1).answered()), [1]);
}

// covers(bayeux): S9.1, T-AcknowledgeExtensionTest
#[test]
fn lazy_events_that_are_not_acknowledged_do_not_hurry() {
    let mut world = World::new();
    let client = listening(&mut world);
    world.tell_lazily(&anna(), "/v2/a", json!("lazy"));
    let messages =
        client.connect_with(&mut world, json!({"ext": {"ack": 1}, "advice": {"timeout": 0}})).answered();
    assert_eq!(data(&messages), ["lazy"]);
    let ticket = client.ack(&mut world, 1).held();
    assert!(world.is_held(ticket), "not resent at once");
    world.wait(30_000);
    assert_eq!(data(&world.answer(ticket)), ["lazy"], "but with the next reply");
}

// covers(bayeux): S9.1, T-MetaConnectOvertakenWithAckExtensionTest
#[test]
fn an_overtaken_connect_loses_and_doubles_nothing() {
    let mut world = World::new();
    let client = listening(&mut world);
    let old = client.ack(&mut world, 1).held();
    let new = client.ack(&mut world, 1).held();
    assert_eq!(world.answers.remove(&old), Some(Answer::Superseded { status: 500 }));
    world.tell(&anna(), "/v2/a", json!(1));
    let messages = world.answer(new);
    assert_eq!((data(&messages), batch(&messages)), (vec![json!(1)], 2));
    client.ack(&mut world, 2).held();
}

// covers(bayeux): S9.1, S9.3, T-CometDAckAndReloadExtensionsTest
#[test]
fn a_page_that_reloads_gets_what_it_has_not_seen() {
    let mut world = World::new();
    let client = listening(&mut world);
    let ticket = client.ack(&mut world, 1).held();
    world.tell(&anna(), "/v2/a", json!(1));
    world.answer(ticket);
    let messages =
        client.connect_with(&mut world, json!({"ext": {"ack": 1}, "advice": {"timeout": 0}})).answered();
    assert_eq!(data(&messages), [1]);
}

// covers(bayeux): S9.1
#[test]
fn the_guarantee_ends_with_the_session() {
    let mut world = World::new();
    let client = listening(&mut world);
    world.tell(&anna(), "/v2/a", json!(1));
    world.wait(10_000);
    let reply = client.ack(&mut world, 1).only();
    assert_eq!((&reply["error"], reply.get("ext")), (&json!("402::session_unknown"), None));
}

// covers(bayeux): S9.1, S6.2
#[test]
fn over_a_socket_events_and_their_connect_reply_share_a_frame() {
    let mut world = World::new();
    let socket = world.socket(&anna());
    let id = world.bring_up(socket, json!({"ext": {"ack": true}}));
    let ask = |batch: u64| {
        let mut message = connect(&id);
        message["ext"] = json!({"ack": batch});
        json!([message])
    };
    world.frame(
        socket,
        json!([{"id": "1", "channel": "/meta/subscribe", "clientId": id, "subscription": "/v2/**"}]),
    );
    assert_eq!(world.frame(socket, ask(1)).len(), 0);
    world.tell(&anna(), "/v2/a", json!(1));
    let frames = world.received(socket);
    assert_eq!(frames.len(), 1);
    assert_eq!((&frames[0][0]["data"], &frames[0][1]["ext"]), (&json!(1), &json!({"ack": 2})));
    // The socket breaks before the client acknowledges.
    world.server.socket_closed(world.at(), socket);
    world.tell(&anna(), "/v2/a", json!(2));
    let socket = world.socket(&anna());
    let frames = world.frame(socket, ask(1));
    assert_eq!(data(frames[0].as_array().unwrap()), [1, 2]);
    assert_eq!(frames[0][2]["ext"], json!({"ack": 3}));
    assert_eq!(world.frame(socket, ask(3)).len(), 0, "held");
}
