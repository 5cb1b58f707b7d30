//! Long-polling, from the handshake to the end.

use crate::world::World;
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use touchline_bayeux::Millis;
use touchline_http::push::Settings;

fn short(timeout: u64) -> Settings {
    Settings {
        timeout: Millis(timeout),
        max_interval: Millis(1_000),
        sweep_period: Millis(50),
        ..Settings::default()
    }
}

// covers(bayeux): S6.1, S11, S2.1
#[tokio::test]
async fn an_event_releases_the_held_connect_of_its_user_and_of_nobody_else() {
    let world = World::new().await;
    let (mut anna, mut bob) = (world.client("anna"), world.client("bob"));
    anna.bring_up("/v2/me/*").await;
    bob.bring_up("/v2/me/*").await;
    let held = anna.hold();
    let _other = bob.hold();
    world.held(2).await;
    let began = Instant::now();
    assert_eq!(world.tell("anna", "/v2/me/devices", &json!({ "n": 1 })), 1);
    let replies = held.await.unwrap();
    assert!(began.elapsed() < Duration::from_secs(1));
    assert_eq!(replies[0], json!({ "channel": "/v2/me/devices", "data": { "n": 1 } }));
    assert_eq!((&replies[1]["channel"], &replies[1]["successful"]), (&json!("/meta/connect"), &json!(true)));
    world.held(1).await;
    assert_eq!(world.tell("carl", "/v2/me/devices", &json!({})), 0);
}

// covers(bayeux): S6.1, S4, T-BrowserMappingTest
#[tokio::test]
async fn the_first_connect_returns_at_once_and_the_next_is_held_for_the_timeout() {
    let world = World::with(short(400)).await;
    let mut anna = world.client("anna");
    let reply = anna.handshake().await;
    assert_eq!(reply["advice"], json!({ "reconnect": "retry", "interval": 0, "timeout": 400 }));
    let cookie = anna.cookie.clone().unwrap();
    assert!(cookie.starts_with("BAYEUX_BROWSER=") && cookie.len() > 30, "{cookie}");
    let began = Instant::now();
    anna.connect().await;
    assert!(began.elapsed() < Duration::from_millis(200));
    let began = Instant::now();
    let replies = anna.connect().await;
    let took = began.elapsed();
    assert!((Duration::from_millis(360)..Duration::from_millis(800)).contains(&took), "{took:?}");
    assert_eq!((replies.len(), &replies[0]["successful"]), (1, &json!(true)));
}

/// The numbers that were told with an answer.
fn told(replies: &[Value]) -> Vec<i64> {
    replies.iter().filter_map(|it| it["data"]["n"].as_i64()).collect()
}

// covers(bayeux): S6.1, S8, S11
#[tokio::test]
async fn nothing_is_lost_from_the_moment_at_which_the_subscription_has_arrived() {
    let world = World::new().await;
    let tell = |n: i64| world.tell("anna", "/v2/me/devices", &json!({ "n": n }));
    let mut anna = world.client("anna");
    anna.handshake().await;
    // Some clients begin their work at the first connect and do not wait for the answer to the subscription. If that is
    // overtaken on its way, what happens before it arrives is for nobody, nor is it kept for whoever may still come.
    assert_eq!(anna.connect().await.len(), 1);
    assert_eq!(tell(0), 0);
    anna.subscribe("/v2/me/*").await;
    assert_eq!(tell(1), 1);
    assert_eq!(told(&anna.connect().await), [1]);

    // Between the subscription and the first connect, and between connects, it waits.
    let mut anna = world.client("anna2");
    let tell = |n: i64| world.tell("anna2", "/v2/me/devices", &json!({ "n": n }));
    anna.handshake().await;
    anna.subscribe("/v2/me/*").await;
    assert_eq!((tell(1), tell(2)), (1, 1));
    assert_eq!(told(&anna.connect().await), [1, 2]);
    assert_eq!((tell(3), tell(4)), (1, 1));
    assert_eq!(told(&anna.connect().await), [3, 4]);

    // The subscription in one request with the first connect, and one whose answer nobody reads.
    for (user, together) in [("anna3", true), ("anna4", false)] {
        let mut anna = world.client(user);
        let tell = |n: i64| world.tell(user, "/v2/me/devices", &json!({ "n": n }));
        anna.handshake().await;
        let subscribe = anna.meta("subscribe", json!({ "subscription": "/v2/me/*" }));
        if together {
            let connect = anna.meta("connect", json!({ "connectionType": "long-polling" }));
            let replies = anna.ask(&json!([subscribe, connect])).await;
            assert!(replies.len() == 2 && replies.iter().all(|it| it["successful"] == true), "{replies:?}");
        } else {
            drop(anna.send(&json!([subscribe])).await);
            assert_eq!(anna.connect().await.len(), 1);
        }
        assert_eq!(tell(1), 1, "{user}");
        assert_eq!(told(&anna.connect().await), [1], "{user}");
    }

    // A request beside a held connect: the answer that is written first has it, and no other.
    let mut anna = world.client("anna5");
    anna.bring_up("/v2/me/*").await;
    let held = anna.hold();
    world.held(1).await;
    anna.subscribe("/v2/me/calls").await;
    assert_eq!(world.tell("anna5", "/v2/me/devices", &json!({ "n": 1 })), 1);
    assert_eq!(told(&held.await.unwrap()), [1]);
}

// covers(bayeux): S5.1
#[tokio::test]
async fn the_browser_cookie_is_for_the_whole_host_and_for_no_script() {
    let world = World::new().await;
    let mut anna = world.client("anna");
    let response = anna.send(&json!([crate::world::handshake("long-polling")])).await;
    let given = response.headers()["set-cookie"].to_str().unwrap();
    let (_, attributes) = given.split_once("; ").unwrap();
    assert_eq!(attributes, "Path=/; HttpOnly");
    // What the door has to say goes out with every answer.
    assert_eq!(response.headers()["x-csrf-header"], "X-CSRF-TOKEN");
}

// covers(bayeux): S6.1, T-DuplicateMetaConnectTest, T-CometDDuplicateMetaConnectTest
#[tokio::test]
async fn a_newer_connect_ends_the_older_with_a_status_and_no_body() {
    let world = World::new().await;
    let mut anna = world.client("anna");
    anna.bring_up("/v2/me/*").await;
    let mut other = anna.clone();
    let message = json!([anna.meta("connect", json!({ "connectionType": "long-polling" }))]);
    let older = tokio::spawn(async move { other.send(&message).await });
    world.held(1).await;
    let newer = anna.hold();
    let older = older.await.unwrap();
    assert_eq!(older.status(), 500);
    assert_eq!(older.text().await.unwrap(), "");
    world.tell("anna", "/v2/me/calls", &json!(1));
    assert_eq!(newer.await.unwrap().len(), 2);
}

// covers(bayeux): B16, S5, T-MetaConnectFailureTest, T-SimulatedNetworkFailureTest, T-CometDConnectTemporaryFailureTest
#[tokio::test]
async fn when_the_connection_breaks_what_comes_waits_for_the_next_connect() {
    let world = World::with(short(30_000)).await;
    let mut anna = world.client("anna");
    anna.bring_up("/v2/me/*").await;
    let held = anna.hold();
    world.held(1).await;
    held.abort();
    world.held(0).await;
    for n in 0..3 {
        assert_eq!(world.tell("anna", "/v2/me/calls", &json!(n)), 1);
    }
    let replies = anna.connect().await;
    let data: Vec<&Value> = replies.iter().filter_map(|it| it.get("data")).collect();
    assert_eq!(data, [&json!(0), &json!(1), &json!(2)]);
}

// covers(bayeux): S5, R-1, T-ServerSessionExpirationTest
#[tokio::test]
async fn who_is_silent_for_too_long_is_forgotten() {
    let world = World::with(Settings { max_interval: Millis(3_000), ..short(30_000) }).await;
    let mut anna = world.client("anna");
    anna.bring_up("/v2/me/*").await;
    // Longer than a busy machine takes from one request to the next. A held connect keeps the session, however long it takes.
    let held = anna.hold();
    world.held(1).await;
    tokio::time::sleep(Duration::from_millis(3_500)).await;
    assert_eq!(world.hub.stats().sessions, 1);
    held.abort();
    let until = Instant::now() + Duration::from_secs(30);
    while world.hub.stats().sessions > 0 {
        assert!(Instant::now() < until);
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(anna.connect().await[0]["error"], "402::session_unknown");
}

// covers(bayeux): B30, R-9, B31
#[tokio::test]
async fn who_logs_out_is_told_with_the_held_connect_and_who_expires_shakes_hands_again() {
    let world = World::new().await;
    let (mut leaves, mut expires) = (world.client("anna"), world.client("anna"));
    (leaves.session, expires.session) = (Some("one"), Some("two"));
    leaves.bring_up("/v2/me/*").await;
    expires.bring_up("/v2/me/*").await;
    let (out, over) = (leaves.hold(), expires.hold());
    world.held(2).await;
    assert!(world.hub.is_connected("one") && world.hub.is_connected("two"));
    world.hub.logout("one");
    let replies = out.await.unwrap();
    assert_eq!(replies.last().unwrap()["advice"]["reconnect"], "none", "{replies:?}");
    assert_eq!(world.hub.stats().held, 1);
    world.hub.expire_http_session("two");
    let replies = over.await.unwrap();
    assert_eq!(replies[0]["error"], "402::session_unknown");
    assert_eq!(replies[0]["advice"]["reconnect"], "handshake");
    assert!(!world.hub.is_connected("one") && !world.hub.is_connected("two"));
}

#[tokio::test]
async fn a_server_that_stops_answers_those_who_wait() {
    let world = World::new().await;
    let mut anna = world.client("anna");
    anna.bring_up("/v2/me/*").await;
    let held = anna.hold();
    let mut socket = world.socket("bob", &[]).await.unwrap();
    socket.bring_up("/v2/me/*").await;
    world.held(1).await;
    world.hub.shutdown();
    assert_eq!(held.await.unwrap()[0]["successful"], true);
    assert_eq!(socket.closed().await, 1000);
    assert_eq!(world.hub.stats(), touchline_http::push::Stats::default());
}

#[tokio::test]
async fn what_a_request_causes_is_told_after_its_answer_or_a_tenth_of_a_second_later() {
    let world = World::new().await;
    let mut anna = world.client("anna");
    anna.bring_up("/v2/me/*").await;
    let held = anna.hold();
    world.held(1).await;
    // Two requests at once: the news goes out when the second has been answered.
    let (one, two) =
        (world.hub.hush(&"acme".into(), &"anna".into()), world.hub.hush(&"acme".into(), &"anna".into()));
    world.tell("anna", "/v2/me/calls", &json!(1));
    world.tell("anna", "/v2/me/devices", &json!(2));
    drop(one);
    assert_eq!(world.hub.stats().held, 1, "it waits");
    drop(two);
    assert_eq!(held.await.unwrap()[0]["data"], 1, "in their order");
    assert_eq!(anna.connect().await[0]["data"], 2);

    let held = anna.hold();
    world.held(1).await;
    let began = Instant::now();
    let _never_answered = world.hub.hush(&"acme".into(), &"anna".into());
    world.tell("anna", "/v2/me/calls", &json!(3));
    assert_eq!(held.await.unwrap()[0]["data"], 3);
    let took = began.elapsed();
    assert!((Duration::from_millis(90)..Duration::from_millis(600)).contains(&took), "{took:?}");
}

// covers(bayeux): S7, T-IdleLongPollTest
#[tokio::test]
async fn the_second_tab_of_a_browser_polls_until_the_first_is_gone() {
    let world = World::new().await;
    let mut one = world.client("anna");
    one.bring_up("/v2/me/*").await;
    let mut two = world.client("anna");
    two.cookie = one.cookie.clone();
    two.bring_up("/v2/me/*").await;
    let held = one.hold();
    world.held(1).await;
    let replies = two.connect().await;
    assert_eq!(replies[0]["advice"]["multiple-clients"], true, "{replies:?}");
    held.abort();
    world.held(0).await;
    let held = two.hold();
    world.held(1).await;
    world.tell("anna", "/v2/me/calls", &json!(1));
    assert_eq!(held.await.unwrap().len(), 2);
}
