//! Credentials, sessions, the CSRF token, pages of other origins, and who may do what (contract §2).

use crate::world::{World, email};
use axum::body::Body;
use serde_json::{Value, json};
use touchline_api_genesys::{Cors, GenesysConfig, NOTIFICATIONS, routes};
use touchline_app::live::LiveSettings;
use touchline_testkit::dialect::basic;

// covers(genesys): S2, OC-07, S1.4
// covers(bayeux): B03
#[tokio::test]
async fn a_stranger_hears_twenty_and_on_the_notification_endpoint_nothing_that_is_json() {
    let world = World::new().await;
    let mut nobody = world.stranger("A");
    for credentials in [None, Some(basic(&email("A"), "wrong")), Some("Bearer abc".to_owned())] {
        nobody.basic = credentials;
        for path in ["/api/v2/me", "/api/v2/nonsense", "/api/v2"] {
            let answer = nobody.ask(nobody.request("GET", path).body(Body::empty()).unwrap()).await;
            assert_eq!(answer.status, 401);
            assert_eq!(answer.headers["www-authenticate"], "Basic realm=\"api\"");
            let body: Value = serde_json::from_str(&answer.text).unwrap();
            assert_eq!(body["statusCode"], 20);
            assert_eq!((answer.headers.get("x-csrf-token"), answer.headers.get("set-cookie")), (None, None));
        }
        let answer =
            nobody.ask(nobody.request("POST", NOTIFICATIONS).body(Body::from("[{}]")).unwrap()).await;
        assert_eq!((answer.status.as_u16(), answer.text.as_str()), (401, ""));
    }
}

// covers(genesys): S2, OC-08, OC-11, T-5
#[tokio::test]
async fn changes_need_the_cookie_and_the_token_that_any_get_gives() {
    let world = World::new().await;
    let ready = json!({ "operationName": "Offline" });
    let mut a = world.logged_in("A").await;
    assert_eq!(a.cookies.keys().collect::<Vec<_>>(), ["JSESSIONID"]);
    a.does("/me", ready.clone()).await;
    let good = a.csrf.clone();
    for token in [None, Some("0".repeat(36)), Some(String::new())] {
        a.csrf = token;
        assert_eq!(a.refused("/me", ready.clone()).await, 3);
        let answer = a.ask(a.request("POST", NOTIFICATIONS).body(Body::from("[{}]")).unwrap()).await;
        assert_eq!((answer.status.as_u16(), answer.text.as_str()), (403, "Missing or invalid Csrf token"));
        assert!(answer.headers["content-type"].to_str().unwrap().starts_with("text/plain"));
    }
    // The token of one session is of no use in another, nor is it without the cookie.
    let mut b = world.logged_in("B").await;
    b.csrf = good.clone();
    assert_eq!(b.refused("/me", ready.clone()).await, 3);
    let mut no_cookie = world.stranger("A");
    no_cookie.csrf = good;
    assert_eq!(no_cookie.refused("/me", ready.clone()).await, 3);
    // Switched off, a password is enough.
    let config = GenesysConfig { enable_csrf_protection: false, ..GenesysConfig::default() };
    let world = World::with(config, LiveSettings::default()).await;
    world.stranger("A").does("/me", ready).await;
}

// covers(genesys): S2
#[tokio::test]
async fn a_password_begins_one_session_and_a_cookie_goes_on_with_it() {
    let world = World::new().await;
    let mut a = world.stranger("A");
    a.get("/me").await;
    let first = a.cookies["JSESSIONID"].clone();
    let answer = a.ask(a.request("GET", "/api/v2/me").body(Body::empty()).unwrap()).await;
    assert_eq!(answer.headers.get("set-cookie"), None, "the cookie is known");
    // A program that keeps no cookies does not fill the server with sessions.
    for _ in 0..3 {
        let mut forgetful = world.stranger("A");
        forgetful.get("/me").await;
        assert_eq!(forgetful.cookies["JSESSIONID"], first);
    }
    // Another name beside the cookie is somebody else.
    let mut other = a.clone();
    other.basic = Some(basic(&email("B"), crate::world::PASSWORD));
    assert_eq!(other.found("/me", "user").await["userName"], "b@acme.example");
    assert_ne!(other.cookies["JSESSIONID"], first);
    // A cookie that opens nothing is none.
    let mut stale = world.stranger("A");
    stale.cookies.insert("JSESSIONID".into(), "nonsense".into());
    assert_eq!(stale.get("/me").await.0, 200);
    stale.basic = None;
    stale.cookies.insert("JSESSIONID".into(), "nonsense".into());
    assert_eq!(stale.get("/me").await.0, 401);
}

// covers(genesys): S2, OC-09
#[tokio::test]
async fn pages_of_other_origins_are_let_in_where_that_is_configured() {
    let desk = "https://desk.example";
    let cors = Cors { allowed_origins: vec![desk.to_owned()], ..Cors::default() };
    let world =
        World::with(GenesysConfig { cors, ..GenesysConfig::default() }, LiveSettings::default()).await;
    let mut a = world.stranger("A");
    for path in ["/api/v2/me", NOTIFICATIONS, "/api/v2/notifications/connect"] {
        let preflight = axum::http::Request::builder().method("OPTIONS").uri(path).header("origin", desk);
        let answer = a
            .ask(preflight.header("access-control-request-method", "POST").body(Body::empty()).unwrap())
            .await;
        assert_eq!(answer.status, 200, "{path}");
        assert_eq!(answer.headers["access-control-allow-origin"], desk);
        assert_eq!(answer.headers["access-control-allow-credentials"], "true");
        assert_eq!(answer.headers["access-control-allow-methods"], "GET, POST, PUT, DELETE, OPTIONS");
        assert!(answer.headers["access-control-allow-headers"].to_str().unwrap().contains("X-CSRF-TOKEN"));
        assert_eq!(answer.headers["access-control-max-age"], "120");
    }
    let answer =
        a.ask(a.request("GET", "/api/v2/me").header("origin", desk).body(Body::empty()).unwrap()).await;
    assert_eq!(answer.headers["access-control-expose-headers"], "X-CSRF-HEADER, X-CSRF-TOKEN");
    assert_eq!(answer.headers["vary"], "Origin");
    let foreign =
        a.request("GET", "/api/v2/me").header("origin", "https://evil.example").body(Body::empty()).unwrap();
    assert_eq!(a.ask(foreign).await.headers.get("access-control-allow-origin"), None);
}

/// What an agent gets for each operation: 0 for what is his, 5 for a supervisor's, and what else is wrong with it.
// covers(genesys): S2.1, OC-12, OC-19
#[tokio::test]
async fn every_operation_asks_for_its_role() {
    let world = World::new().await;
    let (mut s, mut a) = (world.logged_in("S").await, world.logged_in("A").await);
    let supervisors = [
        "listDevices",
        "getDevice",
        "listDevicesOfUser",
        "listAgentGroups",
        "getAgentGroup",
        "listUsersOfAgentGroup",
    ];
    let routes = routes(&GenesysConfig::default());
    assert_eq!(routes.operations().len(), 23);
    for operation in routes.operations() {
        let path = operation.path.replace("{channel}", "voice").replace("{id}", "7");
        let code = async |client: &mut crate::world::Client<'_>| match operation.method.as_str() {
            "GET" => client.get(&path).await.1["statusCode"].as_u64().unwrap(),
            _ => {
                client.send(&path, r#"{"operationName":"Nonsense"}"#).await.1["statusCode"].as_u64().unwrap()
            }
        };
        let (of_agent, of_supervisor) = (code(&mut a).await, code(&mut s).await);
        let expected = match operation.method.as_str() {
            "POST" => 2,
            _ if operation.path.contains("{id}") => 6,
            _ => 0,
        };
        assert_eq!(of_supervisor, expected, "{}", operation.id);
        let for_agent = if supervisors.contains(&operation.id) { 5 } else { expected };
        assert_eq!(of_agent, for_agent, "{}", operation.id);
        // A stranger never learns whether there is anything.
        let mut nobody = world.stranger("A");
        nobody.basic = None;
        let full = format!("/api/v2{path}");
        let answer =
            nobody.ask(nobody.request(operation.method.as_str(), &full).body(Body::empty()).unwrap()).await;
        assert_eq!(answer.status, 401, "{}", operation.id);
    }
}

#[tokio::test]
async fn the_document_describes_every_operation() {
    let document = touchline_api_genesys::document(&GenesysConfig::default());
    assert_eq!(document["openapi"], "3.1.0");
    assert_eq!(document["paths"].as_object().unwrap().len(), 19);
}
