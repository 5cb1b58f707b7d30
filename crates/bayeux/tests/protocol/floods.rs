//! Clients that want too much.

use crate::world::*;
use serde_json::json;
use touchline_bayeux::*;

// covers(bayeux): B15, T-MaxQueuedTest
#[test]
fn a_session_for_which_too_much_waits_is_given_up() {
    let mut world = World::with(Settings { max_queue: 10, ..Settings::default() });
    let client = world.listening(&anna());
    let well = world.listening(&anna());
    let ticket = well.connect(&mut world).held();
    for n in 0..10 {
        world.tell(&anna(), "/v2/a", json!(n));
    }
    assert_eq!(world.server.waiting_for(&client.client_id()).unwrap().0, 10);
    world.tell(&anna(), "/v2/a", json!(10));
    assert_eq!(world.ended.first(), Some(&(client.client_id(), EndReason::Overflow)));
    assert_eq!(client.connect(&mut world).only()["error"], "402::session_unknown");
    assert_eq!(data(&world.answer(ticket)), [0], "others are not concerned");
}

// covers(bayeux): B15
#[test]
fn bytes_are_counted_as_well_as_events() {
    let mut world = World::with(Settings { max_queue_bytes: 1_000, ..Settings::default() });
    let client = world.listening(&anna());
    for _ in 0..3 {
        world.tell(&anna(), "/v2/a", json!("x".repeat(300)));
    }
    assert_eq!(
        world.server.waiting_for(&client.client_id()).unwrap().0,
        2 + 1 - usize::from(!world.ended.is_empty())
    );
    world.tell(&anna(), "/v2/a", json!("x".repeat(300)));
    assert_eq!(world.ended, [(client.client_id(), EndReason::Overflow)]);
}

// covers(bayeux): B15
#[test]
fn a_held_connect_of_a_session_that_overflows_is_answered() {
    let mut world = World::with(Settings { max_queue: 2, ..Settings::default() });
    let client = world.listening(&anna());
    let ticket = client.connect(&mut world).held();
    for n in 0..3 {
        world.tell_lazily(&anna(), "/v2/a", json!(n));
    }
    let reply = world.answer(ticket).remove(0);
    assert_eq!(
        (&reply["error"], &reply["advice"]["reconnect"]),
        (&json!("402::session_unknown"), &json!("handshake"))
    );
}

#[test]
fn sessions_are_limited_by_user_by_browser_and_in_all() {
    let denied = |world: &mut World, peer: &Peer| {
        let reply = world.post(peer, json!([hello()])).only();
        (reply["error"] == "403::handshake_denied") && reply["advice"]["reconnect"] == "none"
    };
    let mut world = World::with(Settings { max_sessions_per_user: 2, ..Settings::default() });
    let first = world.client(&anna());
    world.client(&anna());
    assert!(denied(&mut world, &Peer::new(anna())));
    world.client(&Identity::new("acme", "berta"));
    first.send(&mut world, "/meta/disconnect", json!({})).only();
    world.client(&anna());

    let mut world = World::with(Settings { max_sessions_per_client: 2, ..Settings::default() });
    let first = world.client(&anna());
    world.client_of(first.peer.clone(), json!({}));
    assert!(denied(&mut world, &first.peer));
    world.client(&anna());

    let mut world = World::with(Settings { max_sessions: 1, ..Settings::default() });
    world.client(&anna());
    assert!(denied(&mut world, &Peer::new(Identity::new("other", "berta"))));
    world.wait(10_000);
    world.client(&anna());
}

#[test]
fn subscriptions_of_a_session_are_limited() {
    let mut world = World::with(Settings { max_subscriptions: 2, ..Settings::default() });
    let client = world.client(&anna());
    client.subscribe(&mut world, "/v2/a");
    let ask = |world: &mut World, names| {
        client.send(world, "/meta/subscribe", json!({"subscription": names})).only()["error"].clone()
    };
    assert_eq!(ask(&mut world, json!(["/v2/b", "/v2/c"])), "403::subscribe_failed");
    assert_eq!(ask(&mut world, json!(["/v2/a", "/v2/b", "/v2/b"])), json!(null), "known ones count once");
    assert_eq!(world.server.stats().subscriptions, 2);
}

#[test]
fn a_session_with_many_subscriptions_hears_what_it_wants_and_nothing_else() {
    let mut world = World::new();
    let client = world.connected(&anna());
    let names: Vec<_> = (0..999).map(|n| format!("/v2/{n}/*")).chain(["/v2/deep/**".to_owned()]).collect();
    let reply = client.send(&mut world, "/meta/subscribe", json!({"subscription": names})).only();
    assert_eq!(reply["successful"], true);
    for (channel, hears) in
        [("/v2/5/a", 1), ("/v2/5", 0), ("/v2/5/a/b", 0), ("/v2/1000/a", 0), ("/v2/deep/a/b", 1)]
    {
        assert_eq!(world.tell(&anna(), channel, json!(1)), hears, "{channel}");
    }
    client.send(&mut world, "/meta/unsubscribe", json!({"subscription": ["/v2/5/*"]})).answered();
    assert_eq!(world.tell(&anna(), "/v2/5/a", json!(1)), 0);
    assert_eq!(world.server.stats().subscriptions, 999);
}

// covers(bayeux): S6.2
#[test]
fn a_socket_that_reads_slowly_gets_no_more_than_its_window_and_loses_nothing() {
    let mut world = World::with(Settings { send_window: 500, ..Settings::default() });
    let socket = world.socket(&anna());
    let id = world.bring_up(socket, json!({}));
    world.frame(
        socket,
        json!([{"id": "1", "channel": "/meta/subscribe", "clientId": id, "subscription": "/v2/**"}]),
    );
    world.writes = false;
    for n in 0..100 {
        world.tell(&anna(), "/v2/a", json!(n));
    }
    let mut frames = world.received(socket);
    assert!((10..20).contains(&frames.len()), "{}", frames.len());
    let mut received = Vec::new();
    while !frames.is_empty() {
        for frame in std::mem::take(&mut frames) {
            world.server.socket_sent(socket, frame.to_string().len());
            received.extend(data(frame.as_array().unwrap()));
        }
        world.settle();
        frames = world.received(socket);
    }
    assert_eq!(received, (0..100).map(|n| json!(n)).collect::<Vec<_>>());
}

// covers(bayeux): B15, S6.2
#[test]
fn a_socket_that_never_reads_is_closed_when_its_queue_is_full() {
    let mut world = World::with(Settings { send_window: 500, max_queue: 50, ..Settings::default() });
    let socket = world.socket(&anna());
    let id = world.bring_up(socket, json!({}));
    world.frame(
        socket,
        json!([{"id": "1", "channel": "/meta/subscribe", "clientId": id, "subscription": "/v2/**"}]),
    );
    world.frame(socket, json!([connect(&id)]));
    world.writes = false;
    for n in 0..100 {
        world.tell(&anna(), "/v2/a", json!(n));
    }
    assert_eq!(world.closed, [(socket, 1000)]);
    assert_eq!(world.ended, [(ClientId::parse(&id).unwrap(), EndReason::Overflow)]);
    let last = world.received(socket).pop().unwrap();
    assert_eq!(last[0]["error"], "402::session_unknown");
    assert_eq!(world.server.stats(), Stats::default());
}

// covers(bayeux): S6.2
#[test]
fn a_socket_that_asks_without_reading_the_answers_is_closed() {
    let settings = Settings { send_window: 500, max_queue_bytes: 2_000, ..Settings::default() };
    let mut world = World::with(settings);
    let socket = world.socket(&anna());
    world.writes = false;
    for _ in 0..100 {
        world.frame(socket, json!([connect("nobody")]));
    }
    assert_eq!(world.closed, [(socket, 1008)]);
}
