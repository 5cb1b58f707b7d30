//! Disconnects, logouts, and the end of HTTP sessions.

use crate::world::*;
use serde_json::json;
use touchline_bayeux::*;

// covers(bayeux): S5, S11, S3, T-DisconnectTest
#[test]
fn a_disconnect_is_answered_and_releases_the_held_connect() {
    let mut world = World::new();
    let client = world.listening(&anna());
    let ticket = client.connect(&mut world).held();
    let reply = client.send(&mut world, "/meta/disconnect", json!({})).only();
    assert_eq!(reply, json!({"id": "7", "channel": "/meta/disconnect", "successful": true}));
    let released = world.answer(ticket);
    assert_eq!(
        released,
        [json!({"id": "5", "channel": "/meta/connect", "successful": true,
                "advice": {"reconnect": "none", "interval": 0, "timeout": 30_000}})]
    );
    assert_eq!(world.ended, [(client.client_id(), EndReason::Disconnected)]);
    assert_eq!(client.connect(&mut world).only()["error"], "402::session_unknown");
    assert_eq!(world.server.stats(), Stats::default());
}

// covers(bayeux): S5, S4, T-CometDDisconnectServerSideTest
#[test]
fn a_session_that_the_server_ends_hears_so_with_its_held_connect() {
    let mut world = World::new();
    let client = world.listening(&anna());
    let ticket = client.connect(&mut world).held();
    assert!(world.server.disconnect(world.at(), &client.client_id()));
    world.settle();
    assert_eq!(
        world.answer(ticket),
        [
            json!({"channel": "/meta/disconnect", "successful": true}),
            json!({"id": "5", "channel": "/meta/connect", "successful": true,
                   "advice": {"reconnect": "none", "interval": 0, "timeout": 30_000}}),
        ]
    );
    assert_eq!(client.connect(&mut world).only()["error"], "402::session_unknown");
    assert!(!world.server.disconnect(world.at(), &client.client_id()), "it is no more");
}

// covers(bayeux): S5
#[test]
fn a_session_that_the_server_ends_between_two_connects_hears_so_with_the_next() {
    let mut world = World::new();
    let client = world.listening(&anna());
    world.tell(&anna(), "/v2/a", json!("last"));
    assert_eq!(world.server.disconnect_user(world.at(), &anna()), 1);
    assert_eq!(world.tell(&anna(), "/v2/a", json!("too late")), 0, "its subscriptions are gone at once");
    let reply = client.send(&mut world, "/meta/subscribe", json!({"subscription": "/v2/a"})).only();
    assert_eq!(reply["error"], "402::session_unknown");
    let messages = client.connect(&mut world).answered();
    assert_eq!(messages[0], json!({"channel": "/v2/a", "data": "last"}));
    assert_eq!(messages[1], json!({"channel": "/meta/disconnect", "successful": true}));
    assert_eq!(
        (&messages[2]["successful"], &messages[2]["advice"]["reconnect"]),
        (&json!(true), &json!("none"))
    );
    assert_eq!(world.ended, [(client.client_id(), EndReason::Dismissed)]);
}

// covers(bayeux): S5
#[test]
fn a_session_that_the_server_has_ended_and_that_never_asks_is_dropped() {
    let mut world = World::new();
    world.listening(&anna());
    world.server.disconnect_user(world.at(), &anna());
    world.wait(10_000);
    assert_eq!(world.server.stats().sessions, 0);
}

// covers(bayeux): B30, R-9
#[test]
fn a_logout_ends_every_session_of_that_http_session_and_no_other() {
    let mut world = World::new();
    let one = world.client_of(named(&anna(), "H1"), json!({}));
    one.connect(&mut world).only();
    let held = one.connect(&mut world).held();
    let other = world.client_of(named(&anna(), "H2"), json!({}));
    other.connect(&mut world).only();
    let others = other.connect(&mut world).held();
    let socket = world.server.open_socket(world.at(), named(&anna(), "H1")).unwrap();
    let on_socket = world.bring_up(socket, json!({}));
    world.frame(socket, json!([connect(&on_socket)]));

    world.server.logout(world.at(), "H1");
    world.settle();
    let messages = world.answer(held);
    assert_eq!(messages[0]["channel"], "/meta/disconnect");
    assert_eq!(
        (&messages[1]["successful"], &messages[1]["advice"]["reconnect"]),
        (&json!(true), &json!("none"))
    );
    let frames = world.received(socket);
    assert_eq!((frames.len(), &frames[0][0]["channel"]), (1, &json!("/meta/disconnect")));
    assert_eq!(frames[0][1]["advice"]["reconnect"], "none");
    assert!(world.is_held(others));
    assert_eq!(world.frame(socket, json!([hello()])).len(), 0, "nobody is logged in there any more");
    world.wait(1_000);
    assert_eq!(world.closed, [(socket, 1000)]);
    assert_eq!(world.server.stats().sessions, 1);
}

// covers(bayeux): B31
#[test]
fn when_the_http_session_expires_held_connects_are_told_to_shake_hands() {
    let mut world = World::new();
    let client = world.client_of(named(&anna(), "H1"), json!({}));
    client.connect(&mut world).only();
    let ticket = client.connect(&mut world).held();
    let socket = world.server.open_socket(world.at(), named(&anna(), "H1")).unwrap();
    let id = world.bring_up(socket, json!({}));
    world.frame(socket, json!([connect(&id)]));
    world.server.expire_http_session(world.at(), "H1");
    world.settle();
    let expected = json!([{"id": "5", "channel": "/meta/connect", "successful": false,
        "error": "402::session_unknown", "advice": {"reconnect": "handshake", "interval": 0}}]);
    assert_eq!(json!(world.answer(ticket)), expected);
    assert_eq!(world.received(socket), [expected]);
    assert_eq!(world.closed, [(socket, 1000)]);
    assert!(world.ended.iter().all(|(_, why)| *why == EndReason::HttpSessionExpired));
    assert_eq!(world.server.stats(), Stats::default());
}

// covers(bayeux): B32
#[test]
fn an_http_session_is_in_use_while_a_connect_is_held_or_a_socket_is_open() {
    let mut world = World::new();
    assert!(!world.server.is_connected("H1"));
    let client = world.client_of(named(&anna(), "H1"), json!({}));
    client.connect(&mut world).only();
    assert!(!world.server.is_connected("H1"));
    let ticket = client.connect(&mut world).held();
    assert!(world.server.is_connected("H1"));
    world.cut(ticket);
    assert!(!world.server.is_connected("H1"));
    let socket = world.server.open_socket(world.at(), named(&anna(), "H1")).unwrap();
    assert!(world.server.is_connected("H1"));
    world.server.socket_closed(world.at(), socket);
    assert!(!world.server.is_connected("H1"));
}

// covers(bayeux): B30
#[test]
fn a_session_belongs_to_the_http_session_in_which_it_was_used_last() {
    let mut world = World::new();
    let mut client = world.client_of(named(&anna(), "H1"), json!({}));
    client.peer.http_session = Some("H2".into());
    client.connect(&mut world).only();
    let ticket = client.connect(&mut world).held();
    world.server.logout(world.at(), "H1");
    world.settle();
    assert!(world.is_held(ticket));
    world.server.logout(world.at(), "H2");
    world.settle();
    assert!(!world.is_held(ticket));
}

// covers(bayeux): S5, S9.1
#[test]
fn the_end_of_a_session_tells_also_those_who_acknowledge() {
    let mut world = World::new();
    let client = world.acknowledging(&anna());
    client.subscribe(&mut world, "/v2/**");
    client.ack(&mut world, 0).only();
    let ticket = client.ack(&mut world, 1).held();
    world.tell_lazily(&anna(), "/v2/a", json!(1));
    world.server.disconnect_user(world.at(), &anna());
    world.settle();
    let messages = world.answer(ticket);
    assert_eq!((&messages[0]["data"], &messages[1]["channel"]), (&json!(1), &json!("/meta/disconnect")));
    assert_eq!(messages[2]["ext"], json!({"ack": 2}));
}

// covers(bayeux): S6.2
#[test]
fn a_server_that_stops_answers_everybody_and_closes_all_sockets() {
    let mut world = World::new();
    let clients: Vec<_> = (0..5).map(|_| world.connected(&anna())).collect();
    let tickets: Vec<_> = clients.iter().map(|client| client.connect(&mut world).held()).collect();
    let busy = world.socket(&anna());
    world.bring_up(busy, json!({}));
    let idle = world.socket(&anna());
    world.server.shutdown(world.at());
    world.settle();
    for ticket in tickets {
        assert_eq!(world.answer(ticket)[0]["successful"], true);
    }
    assert_eq!(world.closed, [(busy, 1000), (idle, 1000)]);
    assert_eq!((world.server.stats(), world.server.next_deadline()), (Stats::default(), None));
}
