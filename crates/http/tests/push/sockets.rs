//! Web sockets.

use crate::world::{World, message};
use serde_json::{Value, json};
use std::time::Duration;
use tokio_tungstenite::tungstenite::Message;
use touchline_bayeux::Millis;
use touchline_http::push::Settings;

// covers(bayeux): S6.2, B23, T-BayeuxClientWebSocketTest
#[tokio::test]
async fn events_come_at_once_and_an_empty_frame_is_a_sign_of_life() {
    let world = World::new().await;
    let mut socket = world.socket("anna", &[]).await.unwrap();
    socket.bring_up("/v2/me/*").await;
    let connect = socket.connect();
    socket.send(&json!([connect])).await;
    socket.say(Message::text("[]")).await;
    socket.say(Message::Ping("x".into())).await;
    assert_eq!(socket.next().await, Message::Pong("x".into()));
    for n in 0..3 {
        assert_eq!(world.tell("anna", "/v2/me/calls", &json!(n)), 1);
    }
    for n in 0..3 {
        assert_eq!(socket.frame().await, [json!({ "channel": "/v2/me/calls", "data": n })]);
    }
    assert_eq!(world.hub.stats().held, 1, "the heartbeat goes on");
}

// covers(bayeux): B22, S6.2, R-7, T-WebSocketTransportTest
#[tokio::test]
async fn what_cannot_be_read_closes_the_socket_with_its_code() {
    let world = World::with(Settings { max_message_size: 500, ..Settings::default() }).await;
    let long = |length: usize| Message::text(json!([{ "channel": "x".repeat(length) }]).to_string());
    for (frame, code) in [
        (Message::binary(vec![1, 2]), 1003),
        (Message::text("[{"), 1011),
        (Message::text("true"), 1011),
        (long(600), 1009),
        (long(200_000), 1009),
    ] {
        let mut socket = world.socket("anna", &[]).await.unwrap();
        socket.say(frame).await;
        assert_eq!(socket.closed().await, code);
    }
    let until = tokio::time::Instant::now() + Duration::from_secs(5);
    while world.hub.stats().sockets > 0 {
        assert!(tokio::time::Instant::now() < until, "{:?}", world.hub.stats());
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

// covers(bayeux): B20, T-ExtensionNegotiationTest
#[tokio::test]
async fn an_offer_of_protocols_and_extensions_is_taken_up_by_none() {
    let world = World::new().await;
    let offer = [
        ("sec-websocket-protocol", "cometd, bayeux"),
        ("sec-websocket-extensions", "permessage-deflate; client_max_window_bits, x-unknown; a=b"),
    ];
    // The client library would refuse a protocol that it was not told of, so it is asked without one.
    let mut socket = world.socket("anna", &offer[1..]).await.unwrap();
    assert_eq!(socket.response.headers().get("sec-websocket-extensions"), None);
    socket.bring_up("/v2/me/*").await;
    world.tell("anna", "/v2/me/calls", &json!(1));
    assert_eq!(socket.frame().await[0]["data"], 1);
    let mut request =
        reqwest::Client::new().get(world.url()).header("authorization", crate::world::basic("anna"));
    for (name, value) in [
        offer[0],
        ("connection", "Upgrade"),
        ("upgrade", "websocket"),
        ("sec-websocket-version", "13"),
        ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ] {
        request = request.header(name, value);
    }
    let response = request.send().await.unwrap();
    assert_eq!(response.status(), 101);
    assert_eq!(response.headers()["sec-websocket-accept"], "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    assert_eq!(response.headers().get("sec-websocket-protocol"), None);
}

// covers(bayeux): S6.2, S5.1, T-CometDConnectTemporaryFailureTest
#[tokio::test]
async fn a_session_goes_on_with_another_socket_and_misses_nothing() {
    let world = World::new().await;
    let mut socket = world.socket("anna", &[]).await.unwrap();
    socket.bring_up("/v2/me/*").await;
    let id = socket.id.clone();
    drop(socket);
    let until = tokio::time::Instant::now() + Duration::from_secs(5);
    while world.hub.stats().sockets > 0 {
        assert!(tokio::time::Instant::now() < until);
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    world.tell("anna", "/v2/me/calls", &json!("while away"));
    let mut socket = world.socket("anna", &[]).await.unwrap();
    socket.send(&json!([message(&id, "connect", json!({ "connectionType": "websocket" }))])).await;
    assert_eq!(socket.frame().await[0]["data"], "while away");
    // Over HTTP it is unknown.
    let mut polling = world.client("anna");
    polling.id = id;
    assert_eq!(polling.connect().await[0]["error"], "402::session_unknown");
}

// covers(bayeux): B30, B24
#[tokio::test]
async fn a_logout_closes_the_sockets_of_its_http_session_a_moment_later() {
    let world = World::new().await;
    let mut socket = world.socket("anna", &[("cookie", "S=one")]).await.unwrap();
    socket.bring_up("/v2/me/*").await;
    let mut other = world.socket("anna", &[("cookie", "S=two")]).await.unwrap();
    other.bring_up("/v2/me/*").await;
    world.hub.logout("one");
    assert_eq!(socket.frame().await[0]["channel"], "/meta/disconnect");
    assert_eq!(socket.closed().await, 1000);
    world.tell("anna", "/v2/me/calls", &json!(1));
    assert_eq!(other.frame().await[0]["data"], 1);
}

/// Somebody who asks for events and reads none must cost a bounded amount of memory, and nobody else any time.
#[tokio::test]
async fn who_does_not_read_loses_the_session_and_nobody_else_notices() {
    let settings = Settings {
        max_queue: 50,
        send_window: 64 << 10,
        max_interval: Millis(60_000),
        ..Settings::default()
    };
    let world = World::with(settings).await;
    let mut deaf = world.socket("anna", &[]).await.unwrap();
    deaf.bring_up("/v2/me/*").await;
    let mut bob = world.socket("bob", &[]).await.unwrap();
    bob.bring_up("/v2/me/*").await;
    let big = json!("x".repeat(60_000));
    let mut reached = 0;
    for n in 0..400 {
        reached += world.tell("anna", "/v2/me/calls", &big);
        tokio::task::yield_now().await;
        if n % 40 == 0 {
            world.tell("bob", "/v2/me/calls", &json!(n));
            assert_eq!(bob.frame().await[0]["data"], n);
        }
    }
    assert!((50..350).contains(&reached), "given up after {reached} events of 60 kB");
    assert_eq!(world.tell("anna", "/v2/me/calls", &Value::Null), 0);
}
