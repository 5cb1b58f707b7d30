//! Web sockets (S6.2).

use crate::world::*;
use serde_json::{Value, json};
use touchline_bayeux::*;

fn subscribe(client: &str) -> Value {
    json!({"id": "3", "channel": "/meta/subscribe", "clientId": client, "subscription": "/v2/**"})
}

/// A socket whose session listens to `/v2/**` and has a connect held.
fn listening(world: &mut World) -> (SocketId, String) {
    let socket = world.socket(&anna());
    let id = world.bring_up(socket, json!({}));
    assert_eq!(world.frame(socket, json!([subscribe(&id)]))[0][0]["successful"], true);
    assert_eq!(world.frame(socket, json!([connect(&id)])).len(), 0, "held");
    (socket, id)
}

// covers(bayeux): S6.2, T-BayeuxClientWebSocketTest
#[test]
fn events_are_sent_at_once_one_a_frame_and_the_held_connect_stays() {
    let mut world = World::new();
    let (socket, _) = listening(&mut world);
    for n in 1..=3 {
        world.tell(&anna(), "/v2/me/calls", json!(n));
    }
    let expected: Vec<_> = (1..=3).map(|n| json!([{"channel": "/v2/me/calls", "data": n}])).collect();
    assert_eq!(world.received(socket), expected);
    assert_eq!(world.server.stats().held, 1);
    world.wait(30_000);
    let frames = world.received(socket);
    assert_eq!((frames.len(), &frames[0][0]["channel"]), (1, &json!("/meta/connect")), "the heartbeat");
}

// covers(bayeux): S6.2
#[test]
fn events_are_sent_also_between_two_connects() {
    let mut world = World::new();
    let socket = world.socket(&anna());
    let id = world.bring_up(socket, json!({}));
    world.frame(socket, json!([subscribe(&id)]));
    world.tell(&anna(), "/v2/a", json!(1));
    assert_eq!(world.received(socket).len(), 1);
}

// covers(bayeux): S6.2, T-BatchedRepliesWebSocketTest
#[test]
fn replies_to_one_frame_come_in_one_frame_after_the_events() {
    let mut world = World::open();
    let socket = world.socket(&anna());
    let id = world.bring_up(socket, json!({}));
    let on = |channel: &str, more: Value| {
        let mut message = json!({"id": "1", "channel": channel, "clientId": id});
        merge(&mut message, more);
        message
    };
    let frames = world.frame(
        socket,
        json!([
            on("/meta/subscribe", json!({"subscription": "/test/**"})),
            on("/test/a", json!({"data": 1})),
            on("/test/a", json!({"data": 2})),
        ]),
    );
    assert_eq!(frames.len(), 3);
    assert_eq!(frames[0], json!([{"channel": "/test/a", "data": 1}]));
    assert_eq!(frames[2].as_array().unwrap().len(), 3);
    assert!(frames[2].as_array().unwrap().iter().all(|reply| reply["successful"] == true));
}

// covers(bayeux): S6.2
#[test]
fn more_events_may_go_into_a_frame() {
    let mut world = World::with(Settings { messages_per_frame: 3, send_window: 1, ..Settings::default() });
    let (socket, _) = listening(&mut world);
    world.writes = false;
    for n in 0..5 {
        world.tell(&anna(), "/v2/a", json!(n));
    }
    assert_eq!(world.received(socket).len(), 1, "the window is full");
    world.server.socket_sent(socket, 1_000);
    world.settle();
    let frames = world.received(socket);
    assert_eq!((frames.len(), frames[0].as_array().unwrap().len()), (1, 3));
}

// covers(bayeux): B23
#[test]
fn an_empty_array_is_a_keep_alive() {
    let mut world = World::new();
    let socket = world.socket(&anna());
    for _ in 0..5 {
        world.wait(59_000);
        assert_eq!(world.frame(socket, json!([])).len(), 0);
    }
    assert!(world.closed.is_empty());
}

// covers(bayeux): B24
#[test]
fn a_socket_on_which_nothing_comes_for_twice_the_timeout_is_closed() {
    let mut world = World::new();
    let socket = world.socket(&anna());
    world.wait(59_999);
    assert!(world.closed.is_empty());
    world.server.socket_alive(world.at(), socket);
    world.wait(59_999);
    assert!(world.closed.is_empty(), "a pong is a sign of life");
    world.wait(1);
    assert_eq!(world.closed, [(socket, 1001)]);
    assert_eq!(world.server.stats().sockets, 0);
}

// covers(bayeux): S6.2, B22, R-7, T-WebSocketTransportTest
#[test]
fn frames_that_are_no_bayeux_close_the_socket() {
    for (text, code) in [("{", 1011), ("[1]", 1011), ("no", 1011), (&*"x".repeat((1 << 20) + 1), 1009)] {
        let mut world = World::new();
        let (socket, id) = listening(&mut world);
        world.server.socket_text(world.now(), socket, text.as_bytes());
        world.settle();
        assert_eq!(world.closed, [(socket, code)]);
        assert_eq!(world.server.stats().sessions, 1, "the session lives on");
        let next = world.socket(&anna());
        assert_eq!(world.frame(next, json!([connect(&id)])).len(), 0, "and goes on elsewhere");
    }
    let mut world = World::new();
    let socket = world.socket(&anna());
    world.server.socket_binary(world.at(), socket);
    world.settle();
    assert_eq!(world.closed, [(socket, 1003)]);
}

// covers(bayeux): S6.2, T-DuplicateMetaConnectTest
#[test]
fn a_newer_connect_drops_the_older_without_a_word() {
    let mut world = World::new();
    let (socket, id) = listening(&mut world);
    let mut newer = connect(&id);
    newer["id"] = json!("6");
    assert_eq!(world.frame(socket, json!([newer])).len(), 0);
    world.wait(30_000);
    let frames = world.received(socket);
    assert_eq!((frames.len(), &frames[0][0]["id"]), (1, &json!("6")));
}

// covers(bayeux): S6.2, B16, T-CometDConnectTemporaryFailureTest
#[test]
fn a_session_survives_its_socket_and_goes_on_with_another() {
    let mut world = World::new();
    let (socket, id) = listening(&mut world);
    world.wait(3_000);
    world.server.socket_closed(world.at(), socket);
    assert_eq!(world.server.stats().held, 0);
    world.tell(&anna(), "/v2/a", json!(1));
    world.tell(&anna(), "/v2/a", json!(2));
    world.wait(9_999);
    let next = world.socket(&anna());
    let mut again = connect(&id);
    again["advice"] = json!({"timeout": 0});
    let frames = world.frame(next, json!([again]));
    assert_eq!(frames.len(), 3);
    assert_eq!((&frames[0][0]["data"], &frames[1][0]["data"]), (&json!(1), &json!(2)));
    assert_eq!(frames[2][0]["advice"], json!({"reconnect": "retry", "interval": 0, "timeout": 30_000}));
}

// covers(bayeux): S6.2, S5
#[test]
fn without_a_connect_the_session_expires_and_its_socket_is_closed() {
    let mut world = World::new();
    let (socket, id) = listening(&mut world);
    world.server.socket_closed(world.at(), socket);
    world.wait(11_000);
    assert_eq!(world.ended, [(ClientId::parse(&id).unwrap(), EndReason::Expired)]);
    let socket = world.socket(&anna());
    world.bring_up(socket, json!({}));
    world.wait(11_000);
    assert_eq!(world.closed, [(socket, 1000)]);
}

// covers(bayeux): S5.1, S6.2
#[test]
fn a_session_moves_from_http_to_a_socket_and_not_back() {
    let mut world = World::new();
    let client = world.listening(&anna());
    let held = client.connect(&mut world).held();
    let socket = world.socket(&anna());
    assert_eq!(world.frame(socket, json!([connect(&client.id)])).len(), 0);
    assert_eq!(world.answers.remove(&held), Some(Answer::Superseded { status: 500 }));
    world.tell(&anna(), "/v2/a", json!(1));
    assert_eq!(world.received(socket), [json!([{"channel": "/v2/a", "data": 1}])]);
    assert_eq!(client.connect(&mut world).only()["error"], "402::session_unknown");
}

// covers(bayeux): S6.2
#[test]
fn a_session_of_a_socket_is_not_found_by_http() {
    let mut world = World::new();
    let (_, id) = listening(&mut world);
    let client = Client { peer: Peer::new(anna()), id };
    let reply = client.connect(&mut world).only();
    assert_eq!(
        (&reply["error"], &reply["advice"]["reconnect"]),
        (&json!("402::session_unknown"), &json!("handshake"))
    );
}

// covers(bayeux): S5.1, B17
#[test]
fn somebody_elses_socket_does_not_get_the_session() {
    let mut world = World::new();
    let (_, id) = listening(&mut world);
    let eve = world.socket(&Identity::new("acme", "eve"));
    let frames = world.frame(eve, json!([connect(&id)]));
    assert_eq!(frames[0][0]["error"], "402::session_unknown");
    world.tell(&anna(), "/v2/a", json!(1));
    assert_eq!(world.received(eve).len(), 0);
}

// covers(bayeux): B24, S6.2
#[test]
fn after_a_disconnect_the_client_has_a_second_to_close() {
    let mut world = World::new();
    let (socket, id) = listening(&mut world);
    let frames = world.frame(socket, json!([{"id": "9", "channel": "/meta/disconnect", "clientId": id}]));
    assert_eq!(
        (&frames[0][0]["channel"], &frames[0][0]["advice"]["reconnect"]),
        (&json!("/meta/connect"), &json!("none"))
    );
    assert_eq!(frames[1], json!([{"id": "9", "channel": "/meta/disconnect", "successful": true}]));
    world.wait(999);
    assert!(world.closed.is_empty());
    world.wait(1);
    assert_eq!(world.closed, [(socket, 1000)]);
}

// covers(bayeux): B24
#[test]
fn a_client_that_shakes_hands_again_within_that_second_keeps_its_socket() {
    let mut world = World::new();
    let (socket, id) = listening(&mut world);
    world.frame(socket, json!([{"id": "9", "channel": "/meta/disconnect", "clientId": id}]));
    let id = world.bring_up(socket, json!({}));
    assert_eq!(world.frame(socket, json!([connect(&id)])).len(), 0);
    world.wait(20_000);
    assert!(world.closed.is_empty());
}

// covers(bayeux): S5
#[test]
fn another_handshake_on_a_socket_leaves_the_older_session_without_one() {
    let mut world = World::new();
    let (socket, old) = listening(&mut world);
    let new = world.bring_up(socket, json!({}));
    world.frame(socket, json!([subscribe(&new)]));
    world.frame(socket, json!([connect(&new)]));
    world.tell(&anna(), "/v2/a", json!(1));
    assert_eq!(world.received(socket).len(), 1, "no event comes twice");
    world.wait(11_000);
    assert_eq!(world.ended, [(ClientId::parse(&old).unwrap(), EndReason::Expired)]);
    assert!(world.closed.is_empty(), "the socket is somebody else's now");
}

// covers(bayeux): S6.2
#[test]
fn the_limit_for_browsers_is_not_for_sockets() {
    let mut world = World::with(Settings { max_sessions_per_browser: 0, ..Settings::default() });
    listening(&mut world);
    listening(&mut world);
    assert_eq!(world.server.stats().held, 2);
}

// covers(bayeux): S5, S6.2
#[test]
fn the_clock_of_a_socket_session_starts_when_the_frame_was_written() {
    let mut world = World::new();
    let (_, id) = listening(&mut world);
    world.writes = false;
    world.wait(45_000);
    assert!(world.ended.is_empty(), "the reply at 30 s is still being written");
    world.write_all();
    world.wait(10_000);
    assert_eq!(world.ended, [(ClientId::parse(&id).unwrap(), EndReason::Expired)]);
}
