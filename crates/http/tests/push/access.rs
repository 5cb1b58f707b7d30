//! Who comes in, and how those who do not are told.

use crate::world::{World, basic, handshake};
use http::StatusCode;
use reqwest::Method;
use serde_json::json;
use touchline_http::push::{PushLimits, Settings, Transport};

// covers(bayeux): B03, S1, T-HandshakeWithAuthenticationTest
#[tokio::test]
async fn a_handshake_needs_credentials_and_a_refusal_is_never_json() {
    let world = World::new().await;
    let body = json!([handshake("long-polling")]).to_string();
    for password in [None, Some("wrong")] {
        let mut request = reqwest::Client::new().post(world.url()).body(body.clone());
        if let Some(password) = password {
            request = request.basic_auth("anna", Some(password));
        }
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 401);
        assert_eq!(response.headers()["www-authenticate"], "Basic realm=\"api\"");
        assert_eq!(response.headers().get("content-type"), None);
        assert_eq!(response.text().await.unwrap(), "");
    }
    assert_eq!(world.hub.stats().sessions, 0);
    let reply = world.client("anna").handshake().await;
    assert_eq!(reply["successful"], true);
    assert_eq!(world.hub.stats().sessions, 1);
}

// covers(bayeux): B17, S5.1, T-SessionHijackingTest
#[tokio::test]
async fn a_session_is_of_no_use_to_another_user_or_browser() {
    let world = World::new().await;
    let mut anna = world.client("anna");
    anna.bring_up("/v2/me/*").await;
    let mut thief = anna.clone();
    thief.user = "eve".to_owned();
    let mut elsewhere = anna.clone();
    elsewhere.cookie = None;
    for stranger in [&mut thief, &mut elsewhere] {
        let replies = stranger.connect().await;
        assert_eq!(replies[0]["error"], "402::session_unknown", "{replies:?}");
        assert_eq!(replies[0]["advice"]["reconnect"], "handshake");
    }
}

// covers(bayeux): B05
#[tokio::test]
async fn no_answer_is_ever_cached() {
    let world = World::new().await;
    let http = reqwest::Client::new();
    let ask = |method: Method, body: &'static str| {
        http.request(method, world.url()).header("authorization", basic("anna")).body(body)
    };
    for (request, status) in [
        (ask(Method::POST, r#"[{"channel":"/meta/handshake"}]"#), 200),
        (ask(Method::POST, "[]"), 400),
        (ask(Method::GET, ""), 400),
        (ask(Method::OPTIONS, ""), 200),
        (ask(Method::PUT, ""), 405),
        (ask(Method::POST, "[]").header("x-forged", "1"), 403),
        (http.post(world.url()), 401),
    ] {
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), status);
        assert_eq!(response.headers()["cache-control"], "no-cache, no-store", "{status}");
    }
}

// covers(bayeux): S1, B01
#[tokio::test]
async fn a_get_is_refused_at_once_and_so_is_what_lacks_its_token() {
    let world = World::new().await;
    let anna = world.client("anna");
    let jsonp = format!("{}?jsonp=f&message=%5B%5D", world.url());
    let response =
        reqwest::Client::new().get(jsonp).header("authorization", basic("anna")).send().await.unwrap();
    assert_eq!((response.status(), response.text().await.unwrap()), (StatusCode::BAD_REQUEST, String::new()));
    let forged = anna.request("").header("x-forged", "1").body("[]").send().await.unwrap();
    assert_eq!(forged.status(), 403);
    assert!(forged.headers()["content-type"].to_str().unwrap().starts_with("text/plain"));
    assert_eq!(forged.text().await.unwrap(), "Missing or invalid Csrf token");
}

// covers(bayeux): R-7, B20, B21
#[tokio::test]
async fn an_upgrade_needs_an_origin_that_is_known_then_credentials_and_the_transport() {
    let world = World::new().await;
    let own = format!("http://{}", world.address);
    let refused = async |user: &str, headers: &[(&'static str, &str)]| {
        world.socket(user, headers).await.err().map_or(101, |status| status.as_u16())
    };
    assert_eq!(refused("", &[]).await, 401);
    assert_eq!(refused("", &[("origin", "https://evil.example")]).await, 403);
    assert_eq!(refused("anna", &[("origin", "https://evil.example")]).await, 403);
    assert_eq!(refused("anna", &[("origin", "null")]).await, 403);
    assert_eq!(refused("anna", &[("origin", "https://desk.example")]).await, 101);
    assert_eq!(refused("anna", &[("origin", &own)]).await, 101);
    // Where a token is asked for, the origin stands for it.
    assert_eq!(refused("anna", &[("origin", &own), ("x-forged", "1")]).await, 101);
    let world =
        World::with(Settings { transports: vec![Transport::LongPolling], ..Settings::default() }).await;
    assert_eq!(world.socket("anna", &[]).await.err(), Some(StatusCode::BAD_REQUEST));
}

#[tokio::test]
async fn nobody_opens_more_sockets_than_there_is_room_for() {
    let world = World::with_limits(Settings::default(), PushLimits { sockets: 3, sockets_per_user: 2 }).await;
    let one = world.socket("anna", &[]).await.unwrap();
    let _two = world.socket("anna", &[]).await.unwrap();
    assert_eq!(world.socket("anna", &[]).await.err(), Some(StatusCode::SERVICE_UNAVAILABLE));
    let _three = world.socket("bob", &[]).await.unwrap();
    assert_eq!(world.socket("carl", &[]).await.err(), Some(StatusCode::SERVICE_UNAVAILABLE));
    drop(one);
    let until = tokio::time::Instant::now() + std::time::Duration::from_secs(5);
    while world.socket("anna", &[]).await.is_err() {
        assert!(tokio::time::Instant::now() < until, "the place of a closed socket is free again");
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn the_door_hears_whether_somebody_is_there_or_only_a_heart_beats() {
    let world =
        World::with(Settings { max_inactivity: Some(touchline_bayeux::Millis(1)), ..Settings::default() })
            .await;
    let mut anna = world.client("anna");
    anna.bring_up("/v2/me/*").await;
    assert_eq!(*world.door.heard.lock().unwrap(), [false, false, true]);
    let mut socket = world.socket("anna", &[]).await.unwrap();
    socket.bring_up("/v2/me/*").await;
    assert_eq!(world.door.heard.lock().unwrap()[3..], [false, false, true]);
}
