//! Several clients in one browser (S7).

use crate::world::*;
use serde_json::{Value, json};
use touchline_bayeux::*;

/// Two tabs of one browser, each connected once.
fn tabs(settings: Settings) -> (World, Client, Client) {
    let mut world = World::with(settings);
    let one = world.connected(&anna());
    let two = world.client_of(one.peer.clone(), json!({}));
    two.connect(&mut world).only();
    (world, one, two)
}

fn multiple(interval: u64) -> Value {
    json!({"reconnect": "retry", "interval": interval, "timeout": 30_000, "multiple-clients": true})
}

// covers(bayeux): S7, T-MultipleClientSessionsTest
#[test]
fn the_second_tab_polls_while_the_first_is_held() {
    let (mut world, one, two) = tabs(Settings::default());
    let ticket = one.connect(&mut world).held();
    let reply = two.connect(&mut world).only();
    assert_eq!((&reply["successful"], &reply["advice"]), (&json!(true), &multiple(2_000)));
    assert!(world.is_held(ticket));
    world.wait(11_999);
    two.connect(&mut world).only();
    assert_eq!(world.server.stats().sessions, 2, "the advised pause is part of its life");
}

// covers(bayeux): S7
#[test]
fn another_browser_has_a_count_of_its_own() {
    let (mut world, one, _) = tabs(Settings::default());
    let elsewhere = world.connected(&anna());
    one.connect(&mut world).held();
    elsewhere.connect(&mut world).held();
}

// covers(bayeux): S7, T-MultipleClientSessionsTest
#[test]
fn without_an_interval_the_second_tab_is_refused() {
    let (mut world, one, two) = tabs(Settings { multi_session_interval: Millis(0), ..Settings::default() });
    one.connect(&mut world).held();
    let reply = two.connect(&mut world).only();
    assert_eq!((&reply["successful"], &reply["advice"]["reconnect"]), (&json!(false), &json!("none")));
    assert_eq!(reply["advice"]["multiple-clients"], true);
}

// covers(bayeux): S7, T-MultipleClientSessionsTest
#[test]
fn a_negative_limit_disables_the_rule_and_zero_forbids_holding() {
    let (mut world, one, two) = tabs(Settings { max_sessions_per_browser: -1, ..Settings::default() });
    one.connect(&mut world).held();
    two.connect(&mut world).held();
    let (mut world, one, _) = tabs(Settings { max_sessions_per_browser: 0, ..Settings::default() });
    assert_eq!(one.connect(&mut world).only()["advice"], multiple(2_000));
    let (mut world, one, two) = tabs(Settings { max_sessions_per_browser: 2, ..Settings::default() });
    one.connect(&mut world).held();
    two.connect(&mut world).held();
    let three = world.client_of(one.peer.clone(), json!({}));
    three.connect(&mut world).only();
    assert_eq!(three.connect(&mut world).only()["advice"]["multiple-clients"], true);
}

// covers(bayeux): S7
#[test]
fn the_rule_is_for_http_1_only() {
    let (mut world, mut one, mut two) = tabs(Settings::default());
    one.peer.multiplexed = true;
    two.peer.multiplexed = true;
    one.connect(&mut world).held();
    two.connect(&mut world).held();
}

// covers(bayeux): S7, T-IdleLongPollTest
#[test]
fn however_a_held_connect_ends_the_other_tab_may_hold_again() {
    type End = fn(&mut World, &Client, Ticket);
    let ends: [(&str, End); 8] = [
        ("event", |world, _, _| {
            assert_eq!(world.tell(&anna(), "/v2/only/one", json!(1)), 1);
        }),
        ("timeout", |world, _, _| world.wait(30_000)),
        ("broken connection", |world, _, ticket| world.cut(ticket)),
        ("overtaken, then broken", |world, one, _| {
            let newer = one.connect(world).held();
            world.cut(newer);
        }),
        ("overtaken by one that is not held", |world, one, _| {
            one.connect_with(world, json!({"advice": {"timeout": 0}})).only();
        }),
        ("disconnect", |world, one, _| {
            one.send(world, "/meta/disconnect", json!({})).only();
        }),
        ("dismissal", |world, one, _| {
            assert!(world.server.disconnect(world.at(), &one.client_id()));
        }),
        ("end of the HTTP session", |world, _, _| world.server.expire_http_session(world.at(), "H1")),
    ];
    for (name, end) in ends {
        let mut world = World::new();
        let one = world.client_of(named(&anna(), "H1"), json!({}));
        one.connect(&mut world).only();
        one.subscribe(&mut world, "/v2/only/one");
        let two = world.client_of(Peer { http_session: None, ..one.peer.clone() }, json!({}));
        two.connect(&mut world).only();
        let ticket = one.connect(&mut world).held();
        assert_eq!(two.connect(&mut world).only()["advice"]["multiple-clients"], true, "{name}");
        // Keeps the second tab alive while time passes.
        for _ in 0..3 {
            if name == "timeout" {
                world.wait(9_000);
                two.connect(&mut world).only();
            }
        }
        end(&mut world, &one, ticket);
        world.settle();
        assert_eq!(world.server.stats().held, 0, "{name}");
        if name == "timeout" {
            continue;
        }
        two.connect(&mut world).held();
    }
}

// covers(bayeux): S7
#[test]
fn a_first_connect_is_not_slowed_down() {
    let (mut world, one, _) = tabs(Settings::default());
    one.connect(&mut world).held();
    let three = world.client_of(one.peer.clone(), json!({}));
    assert_eq!(three.connect(&mut world).only()["advice"].get("multiple-clients"), None);
}
