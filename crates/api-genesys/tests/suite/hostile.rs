//! Bodies and addresses that nobody should send (contract §10).

use crate::world::{OWN, World, device_of};
use axum::body::Body;
use serde_json::{Value, json};

// covers(genesys): S10, OC-85, R-10
#[tokio::test]
async fn whatever_is_sent_is_answered_with_a_code_and_changes_nothing() {
    let world = World::new().await;
    let mut a = world.at_work("A").await;
    let device = a.device();
    let deep = format!("{{\"operationName\":\"Ready\",\"x\":{}1{}}}", "[".repeat(5_000), "]".repeat(5_000));
    let bodies = [
        ("", 1),
        ("[]", 1),
        ("{", 1),
        ("\u{0}", 1),
        ("null", 1),
        ("{\"operationName\":[]}", 2),
        ("{\"operationName\":\"\"}", 1),
        ("{\"operationName\":\"ready\"}", 2),
        ("{\"operationName\":\"Ready\\u0000\"}", 2),
        (deep.as_str(), 1),
    ];
    for path in ["/me", "/me/channels/voice", device.as_str(), "/me/calls/7"] {
        for (body, code) in &bodies {
            let (status, answer) = a.send(path, body).await;
            assert!(status >= 400, "{path} {body:.40}");
            assert_eq!(answer["statusCode"], *code, "{path} {body:.40}: {answer}");
        }
    }
    let long = format!("{{\"operationName\":\"Ready\",\"x\":\"{}\"}}", "x".repeat(70_000));
    let (status, answer) = a.send("/me", &long).await;
    assert_eq!((status, &answer["statusCode"]), (413, &json!(10)));
    let form = a.request("POST", "/api/v2/me").header("content-type", "text/plain");
    let answer = a.ask(form.body(Body::from(r#"{"operationName":"Ready"}"#)).unwrap()).await;
    assert_eq!(answer.status, 415);
    assert_eq!(a.told().await, [""; 0]);
}

// covers(genesys): S10, S1.4
#[tokio::test]
async fn odd_addresses_and_methods_are_answered_in_the_same_envelope() {
    let world = World::new().await;
    let mut s = world.at_work("S").await;
    for (method, path, status, code) in [
        ("GET", "/api/v2/nonsense", 404, 6),
        ("GET", "/api/v2/me/devices/%ff", 404, 6),
        ("GET", "/api/v2/me/devices/..%2f..%2fme", 404, 6),
        ("GET", "/api/v2//me", 404, 6),
        ("GET", "/api/v2/me/calls/0000000000000000000000000000000G", 404, 6),
        ("DELETE", "/api/v2/me", 405, 2),
        ("PUT", "/api/v2/me/calls", 405, 2),
        ("GET", "/api/v2/me/calls?state=%ff", 400, 10),
    ] {
        let answer = s.ask(s.request(method, path).body(Body::empty()).unwrap()).await;
        let body: Value = serde_json::from_str(&answer.text).unwrap();
        assert_eq!((answer.status.as_u16(), &body["statusCode"]), (status, &json!(code)), "{method} {path}");
    }
    for target in
        ["", "http://", "javascript:alert(1)", "/devices/", &format!("{OWN}/devices/{}/x", device_of("A"))]
    {
        let body = json!({ "operationName": "Coach", "targetDeviceUri": target });
        let code = s.refused(&s.device(), body).await;
        assert_eq!(code, if target.is_empty() { 1 } else { 6 }, "{target}");
    }
    assert_eq!(s.told().await, [""; 0]);
}
