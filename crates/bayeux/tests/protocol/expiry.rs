//! How long a session lives.

use crate::world::*;
use serde_json::json;
use touchline_bayeux::*;

#[track_caller]
fn is_gone(world: &mut World, client: &Client) {
    let reply = client.connect(world).only();
    assert_eq!(reply["error"], "402::session_unknown");
    assert_eq!(reply["advice"], json!({"reconnect": "handshake", "interval": 0}));
}

// covers(bayeux): S5, S11, T-ServerSessionExpirationTest, T-HandshakeWithExpiredSessionTest
#[test]
fn a_session_without_a_connect_is_dropped_after_max_interval() {
    let mut world = World::new();
    let client = world.client(&anna());
    world.wait(9_999);
    assert_eq!(world.server.stats().sessions, 1);
    world.wait(1);
    is_gone(&mut world, &client);
    world.wait(1_000);
    assert_eq!(world.ended, [(client.client_id(), EndReason::Expired)]);
    assert_eq!(world.server.stats(), Stats::default());
    assert_eq!(world.server.next_deadline(), None);
}

// covers(bayeux): S5, T-ServerSessionExpirationTest
#[test]
fn sessions_are_swept_together_within_a_second_of_their_deadline() {
    let mut world = World::new();
    for _ in 0..50 {
        world.client(&anna());
        world.wait(10);
    }
    assert_eq!(world.server.next_deadline(), Some(Instant::from_millis(10_000)));
    world.wait(9_500);
    assert_eq!(world.ended.len(), 1, "only the first has reached its deadline");
    assert_eq!(world.server.next_deadline(), Some(Instant::from_millis(11_000)));
    world.wait(1_000);
    assert_eq!(world.ended.len(), 50);
}

// covers(bayeux): S5
#[test]
fn the_clock_stands_still_while_a_connect_is_held() {
    let mut world = World::with(Settings { timeout: Millis(100_000), ..Settings::default() });
    let client = world.connected(&anna());
    let ticket = client.connect(&mut world).held();
    world.wait(99_999);
    assert!(world.is_held(ticket) && world.ended.is_empty());
    world.wait(1);
    assert!(!world.is_held(ticket));
    world.wait(9_999);
    client.connect(&mut world).held();
}

// covers(bayeux): S5, T-ServerSessionExpirationTest
#[test]
fn the_clock_starts_when_the_reply_has_been_written() {
    let mut world = World::new();
    let client = world.connected(&anna());
    world.writes = false;
    client.connect_with(&mut world, json!({"advice": {"timeout": 0}})).only();
    world.wait(20_000);
    assert!(world.ended.is_empty(), "still writing");
    world.write_all();
    world.wait(9_999);
    client.connect(&mut world).held();
}

// covers(bayeux): S5
#[test]
fn a_client_that_does_not_read_its_reply_is_dropped_in_the_end() {
    let mut world = World::new();
    let client = world.connected(&anna());
    world.writes = false;
    client.connect_with(&mut world, json!({"advice": {"timeout": 0}})).only();
    world.wait(41_000);
    assert_eq!(world.ended, [(client.client_id(), EndReason::Expired)]);
    world.write_all();
    assert_eq!(world.server.stats().sessions, 0, "late news of a dead session is ignored");
}

// covers(bayeux): S5
#[test]
fn late_news_of_an_older_reply_does_not_start_the_clock() {
    let mut world = World::with(Settings { timeout: Millis(60_000), ..Settings::default() });
    let client = world.connected(&anna());
    world.writes = false;
    client.connect_with(&mut world, json!({"advice": {"timeout": 0}})).only();
    let ticket = client.connect(&mut world).held();
    world.write_all();
    world.wait(59_999);
    assert!(world.is_held(ticket) && world.ended.is_empty());
}

// covers(bayeux): R-1, S5
#[test]
fn every_message_moves_the_deadline_and_silence_does_not() {
    let mut world = World::new();
    let client = world.connected(&anna());
    for _ in 0..5 {
        world.wait(8_000);
        client.send(&mut world, "/service/a", json!({"data": 1})).only();
    }
    world.wait(9_999);
    client.send(&mut world, "/service/a", json!({"data": 1})).only();
    world.wait(10_000);
    is_gone(&mut world, &client);
}

// covers(bayeux): R-1
#[test]
fn a_message_never_moves_the_deadline_back() {
    let mut world = World::with(Settings { interval: Millis(5_000), ..Settings::default() });
    let client = world.connected(&anna());
    world.wait(1_000);
    client.send(&mut world, "/service/a", json!({"data": 1})).only();
    world.wait(13_999);
    assert_eq!(client.connect_with(&mut world, json!({"advice": {"timeout": 0}})).only()["successful"], true);
}

// covers(bayeux): S5, S5.1
#[test]
fn somebody_elses_message_does_not_keep_a_session_alive() {
    let mut world = World::new();
    let client = world.connected(&anna());
    let thief = Client { peer: Peer::new(Identity::new("acme", "eve")), id: client.id.clone() };
    for _ in 0..4 {
        world.wait(3_000);
        thief.connect(&mut world).only();
    }
    is_gone(&mut world, &client);
}

// covers(bayeux): B16
#[test]
fn the_clock_starts_at_once_when_the_connection_of_a_held_connect_breaks() {
    let mut world = World::new();
    let (a, b) = (world.connected(&anna()), world.connected(&anna()));
    let (of_a, of_b) = (a.connect(&mut world).held(), b.connect(&mut world).held());
    world.wait(5_000);
    world.cut(of_a);
    world.wait(2_000);
    world.cut(of_b);
    world.wait(8_000);
    is_gone(&mut world, &a);
    b.connect(&mut world).held();
}

// covers(bayeux): S4, T-CustomAdviceTest
#[test]
fn an_interval_that_the_client_asked_for_lengthens_this_life_and_is_advised() {
    let mut world = World::new();
    let client = world.connected(&anna());
    let reply = client.connect_with(&mut world, json!({"advice": {"timeout": 0, "interval": 7_000}})).only();
    assert_eq!(reply["advice"], json!({"reconnect": "retry", "interval": 7_000, "timeout": 30_000}));
    world.wait(16_999);
    let reply = client.connect_with(&mut world, json!({"advice": {"timeout": 0}})).only();
    assert_eq!(reply["advice"]["interval"], 0, "for that cycle only");
    world.wait(10_000);
    is_gone(&mut world, &client);
}

// covers(bayeux): S5
#[test]
fn removal_means_that_nothing_is_left() {
    let mut world = World::new();
    let client = world.listening(&anna());
    world.tell(&anna(), "/v2/a", json!("waits"));
    assert!(
        world
            .server
            .waiting_for(&client.client_id())
            .is_some_and(|(events, bytes)| events == 1 && bytes > 20)
    );
    world.wait(11_000);
    assert_eq!(world.server.stats(), Stats::default());
    assert_eq!(world.server.waiting_for(&client.client_id()), None);
    assert_eq!(world.tell(&anna(), "/v2/a", json!("nobody")), 0);
}

// covers(bayeux): R-2, T-CometDRedeployTest, T-HandshakeReconnectTest
#[test]
fn after_a_restart_clients_shake_hands_again() {
    let mut before = World::new();
    let client = before.listening(&anna());
    let ticket = client.connect(&mut before).held();
    before.server.shutdown(before.at());
    before.settle();
    let last = before.answer(ticket);
    assert_eq!((&last[0]["successful"], &last[0]["advice"]["reconnect"]), (&json!(true), &json!("retry")));
    let mut after = World::new();
    is_gone(&mut after, &client);
    let again = after.client_of(client.peer.clone(), json!({}));
    assert_eq!(again.peer.browser, client.peer.browser, "the browser keeps its cookie");
}

// covers(bayeux): S5
#[test]
fn news_of_the_first_of_two_replies_does_not_start_the_clock_while_the_second_is_written() {
    let mut world = World::new();
    let client = world.connected(&anna());
    world.writes = false;
    client.connect_with(&mut world, json!({"advice": {"timeout": 0}})).only();
    client.connect_with(&mut world, json!({"advice": {"timeout": 0}})).only();
    let second = world.receipts.pop().unwrap();
    world.write_all();
    world.wait(20_000);
    assert!(world.ended.is_empty());
    world.receipts.push(second);
    world.write_all();
    world.wait(9_999);
    client.connect(&mut world).held();
}
