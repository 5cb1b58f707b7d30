//! The timesync extension (S9.2).

use crate::world::*;
use serde_json::{Value, json};
use touchline_bayeux::*;

fn ask(world: &mut World, client: &Client, timesync: Value) -> Value {
    let extra = json!({"advice": {"timeout": 0}, "ext": {"timesync": timesync}});
    client.connect_with(world, extra).only()
}

// covers(bayeux): S9.2, T-CometDTimeSyncExtensionTest
#[test]
fn the_server_says_when_it_heard_and_by_how_much_the_client_is_off() {
    let mut world = World::new();
    let client = world.connected(&anna());
    let tc = EPOCH_MS - 500;
    let reply = ask(&mut world, &client, json!({"tc": tc, "l": 0, "o": 0}));
    assert_eq!(reply["ext"], json!({"timesync": {"tc": tc, "ts": EPOCH_MS, "p": 0, "a": -500}}));
    let reply = ask(&mut world, &client, json!({"tc": tc, "l": 12, "o": 463}));
    assert_eq!(reply["ext"]["timesync"]["a"], -25, "tc + o + l - ts");
}

// covers(bayeux): S9.2
#[test]
fn a_client_that_knows_well_enough_is_not_told_again() {
    let mut world = World::new();
    let client = world.connected(&anna());
    let tc = EPOCH_MS - 500;
    assert_eq!(ask(&mut world, &client, json!({"tc": tc, "l": 12, "o": 464})).get("ext"), None, "24 ms off");
    let reply = ask(&mut world, &client, json!({"tc": tc, "l": 0, "o": 500}));
    assert_eq!(reply["ext"]["timesync"]["a"], 0, "with no lag known it is told always");
}

// covers(bayeux): S9.2
#[test]
fn an_old_client_without_lag_is_answered_without_a() {
    let mut world = World::new();
    let client = world.connected(&anna());
    let reply = ask(&mut world, &client, json!({"tc": EPOCH_MS}));
    assert_eq!(reply["ext"], json!({"timesync": {"tc": EPOCH_MS, "ts": EPOCH_MS, "p": 0}}));
}

// covers(bayeux): S9.2
#[test]
fn the_time_that_a_connect_was_held_is_in_p() {
    let mut world = World::new();
    let client = world.connected(&anna());
    world.wait(700);
    let extra = json!({"ext": {"timesync": {"tc": EPOCH_MS, "l": 0, "o": 0}}});
    let ticket = client.connect_with(&mut world, extra).held();
    world.wait(30_000);
    let reply = world.answer(ticket).remove(0);
    assert_eq!(
        reply["ext"]["timesync"],
        json!({"tc": EPOCH_MS, "ts": EPOCH_MS + 700, "p": 30_000, "a": -700})
    );
}

// covers(bayeux): S9.2
#[test]
fn all_meta_messages_can_ask_and_numbers_without_sense_do_no_harm() {
    let mut world = World::new();
    let ext = json!({"ext": {"ack": true, "timesync": {"tc": 1.5, "l": 0, "o": 1e300}}});
    let mut hello = hello();
    merge(&mut hello, ext.clone());
    let reply = world.post(&Peer::new(anna()), json!([hello])).only();
    assert_eq!(reply["ext"]["ack"], true);
    assert_eq!(
        (&reply["ext"]["timesync"]["tc"], &reply["ext"]["timesync"]["a"]),
        (&json!(1.5), &json!(i64::MAX))
    );
    let client = world.connected(&anna());
    for (channel, more) in [
        ("/meta/subscribe", json!({"subscription": "/v2/a"})),
        ("/meta/unsubscribe", json!({"subscription": "/v2/a"})),
        ("/meta/disconnect", json!({})),
    ] {
        let mut extra = ext.clone();
        merge(&mut extra, more);
        let reply = client.send(&mut world, channel, extra).only();
        assert_eq!(reply["ext"]["timesync"]["ts"], EPOCH_MS, "{channel}");
    }
}
