//! Who gets which answer, and in which order it is decided.
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests are tests")]

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::body::Body;
use axum::extract::{Multipart, Path, State};
use common::{TestGate, bytes, info, request};
use http::{Request, StatusCode, header};
use touchline_http::{CallerOf, JSON, Operation, RequestId, RouteOptions, Routes, Shape};
use touchline_model::Ability;
use tower::ServiceExt;

const READ: &[Ability] = &[Ability::ReadContacts];

#[derive(Clone, Default)]
struct App {
    called: Arc<AtomicUsize>,
}

fn dialect(gate: TestGate, app: App, options: RouteOptions) -> Router {
    let mut routes = Routes::new(gate, "/api/t", info());
    routes
        .options(options)
        .add(Operation::get("check", "/check").public(), async || "fine")
        .add(
            Operation::get("one_call", "/call/{id}").needs(READ),
            async |State(app): State<App>, Path(id): Path<String>, CallerOf(caller): CallerOf| {
                app.called.fetch_add(1, Ordering::SeqCst);
                format!("{id} for {} at {}", caller.actor, caller.source)
            },
        )
        .add(Operation::delete("drop_call", "/call/{id}").needs(&[Ability::DeleteContacts]), async || "gone")
        .add(Operation::get("me", "/me").anyone(), async |id: axum::Extension<RequestId>| {
            id.as_str().to_owned()
        })
        .add(Operation::get("files", "/files/{*path}"), async |Path(path): Path<String>| path)
        .add(Operation::get("fall", "/fall"), async || -> &'static str { panic!("fell") })
        .add(Operation::get("long", "/long"), async || ([(header::CONTENT_TYPE, JSON)], "[1] ".repeat(1000)))
        .add(Operation::get("audio", "/audio"), async || {
            ([(header::CONTENT_TYPE, "audio/wav")], "RIFF".repeat(1000))
        })
        .add(Operation::get("events", "/events"), async || {
            ([(header::CONTENT_TYPE, "application/x-ndjson")], "{}\n".repeat(1000))
        })
        .add(Operation::put("put_text", "/text").body_json::<String>().max_body(8), async |text: String| text)
        .add(
            Operation::post("upload", "/upload").body_multipart("A file.").part("f", Shape::Binary, true, ""),
            async |mut parts: Multipart| {
                let mut length = 0;
                while let Some(part) = parts.next_field().await.unwrap() {
                    length += part.bytes().await.unwrap().len();
                }
                length.to_string()
            },
        );
    routes.into_router_with(app)
}

fn plain() -> Router {
    dialect(TestGate::default(), App::default(), RouteOptions::default())
}

async fn status(router: &Router, method: &str, path: &str, token: Option<&str>) -> u16 {
    let response = router.clone().oneshot(request(method, path, token)).await.unwrap();
    response.status().as_u16()
}

#[tokio::test]
async fn strangers_learn_nothing() {
    let (gate, app) = (TestGate::default(), App::default());
    let router = dialect(gate.clone(), app.clone(), RouteOptions::default());
    for (method, path) in [
        ("GET", "/api/t/call/1"),
        ("GET", "/api/t/nowhere"),
        ("GET", "/api/t/call/1/2"),
        ("GET", "/api/t"),
        ("GET", "/api/t/"),
        ("PATCH", "/api/t/call/1"),
        ("OPTIONS", "/api/t/call/1"),
        ("POST", "/api/t/check"),
        ("HEAD", "/api/t/call/1"),
    ] {
        let response = router.clone().oneshot(request(method, path, None)).await.unwrap();
        assert_eq!(response.status(), 401, "{method} {path}");
        assert!(!response.headers().contains_key(header::ALLOW), "{method} {path} tells what exists");
        assert_eq!(status(&router, method, path, Some("wrong")).await, 401, "{method} {path}");
    }
    assert_eq!(app.called.load(Ordering::SeqCst), 0);
    assert_eq!(gate.admitted.load(Ordering::SeqCst), 0, "a 401 consumes no rate");
    assert_eq!(status(&router, "GET", "/api/t/check", None).await, 200);
    assert_eq!(status(&router, "GET", "/elsewhere", None).await, 404, "other prefixes are not ours");
}

#[tokio::test]
async fn each_refusal_in_its_turn() {
    let (gate, app) = (TestGate::default(), App::default());
    let router = dialect(gate.clone(), app.clone(), RouteOptions::default());
    assert_eq!(status(&router, "GET", "/api/t/call/1", Some("late")).await, 504, "admit before policy");
    assert_eq!(status(&router, "GET", "/api/t/call/1", Some("nobody")).await, 403);
    assert_eq!(status(&router, "DELETE", "/api/t/call/1", Some("reader")).await, 403);
    assert_eq!(status(&router, "GET", "/api/t/nowhere", Some("nobody")).await, 404);
    assert_eq!(status(&router, "GET", "/api/t/call/1/2", Some("nobody")).await, 404);
    assert_eq!(status(&router, "GET", "/api/t/call//", Some("nobody")).await, 404);
    assert_eq!(status(&router, "GET", "/api/t", Some("nobody")).await, 404);
    assert_eq!(status(&router, "PUT", "/api/t/call//", Some("nobody")).await, 404);
    assert_eq!(status(&router, "PUT", "/api/t/call/1", Some("nobody")).await, 405);
    assert_eq!(app.called.load(Ordering::SeqCst), 0);
    assert_eq!(status(&router, "GET", "/api/t/call/1", Some("reader")).await, 200);
    assert_eq!(app.called.load(Ordering::SeqCst), 1);
    assert_eq!(gate.admitted.load(Ordering::SeqCst), 10, "every known caller waits its turn once");
}

#[tokio::test]
async fn wrong_methods_are_told_the_right_ones() {
    let response = plain().oneshot(request("PUT", "/api/t/call/1", Some("reader"))).await.unwrap();
    assert_eq!(response.status(), 405);
    assert_eq!(response.headers()[header::ALLOW], "DELETE, GET, HEAD");
    assert_eq!(bytes(response).await, r#"{"error":"this address does not support this method"}"#);
    let response = plain().oneshot(request("GET", "/api/t/nowhere", Some("reader"))).await.unwrap();
    assert!(!response.headers().contains_key(header::ALLOW), "nothing is there, so nothing is allowed");
}

#[tokio::test]
async fn the_handler_knows_caller_path_and_peer() {
    let router = plain();
    let response = router.clone().oneshot(request("GET", "/api/t/call/a%2Fb", Some("reader"))).await.unwrap();
    assert_eq!(bytes(response).await, "a/b for reader at 0.0.0.0:0");
    let response = router.oneshot(request("GET", "/api/t/files/x/y/", Some("reader"))).await.unwrap();
    assert_eq!(bytes(response).await, "x/y/");
}

#[tokio::test]
async fn head_is_get_without_body_or_refused() {
    let response = plain().oneshot(request("HEAD", "/api/t/call/1", Some("reader"))).await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()[header::CONTENT_LENGTH], "25");
    assert!(bytes(response).await.is_empty());

    let strict = RouteOptions { head: false, trailing_slash: false };
    let (gate, app) = (TestGate::default(), App::default());
    let router = dialect(gate, app.clone(), strict);
    let response = router.clone().oneshot(request("HEAD", "/api/t/call/1", Some("reader"))).await.unwrap();
    assert_eq!(response.status(), 405);
    assert_eq!(response.headers()[header::ALLOW], "DELETE, GET");
    assert_eq!(status(&router, "HEAD", "/api/t/check", None).await, 401);
    assert_eq!(app.called.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_trailing_slash_is_accepted_or_not() {
    let router = plain();
    assert_eq!(status(&router, "GET", "/api/t/call/1/", Some("reader")).await, 200);
    assert_eq!(status(&router, "GET", "/api/t/check/", None).await, 200);
    let strict = RouteOptions { trailing_slash: false, ..RouteOptions::default() };
    let router = dialect(TestGate::default(), App::default(), strict);
    assert_eq!(status(&router, "GET", "/api/t/call/1/", Some("reader")).await, 404);
    assert_eq!(status(&router, "GET", "/api/t/call/1", Some("reader")).await, 200);
}

#[tokio::test]
async fn panics_look_like_any_internal_error() {
    for (path, token) in [("/api/t/fall", "reader"), ("/api/t/me", "broken"), ("/api/t/nowhere", "broken")] {
        let response = plain().oneshot(request("GET", path, Some(token))).await.unwrap();
        assert_eq!(response.status(), 500);
        assert!(response.headers().contains_key("x-request-id"));
        assert!(bytes(response).await.starts_with(b"{\"error\":"), "{path}");
    }
}

#[tokio::test]
async fn a_path_that_is_not_utf8_is_nowhere() {
    let router = plain();
    assert_eq!(status(&router, "GET", "/api/t/call/%FF", Some("reader")).await, 404);
    assert_eq!(status(&router, "GET", "/api/t/call/%FF", Some("nobody")).await, 403, "policy first");
}

#[tokio::test]
async fn request_ids_are_echoed_or_made() {
    let router = plain();
    let ask = async |id: Option<&str>| {
        let mut request = request("GET", "/api/t/me", Some("nobody"));
        if let Some(id) = id {
            request.headers_mut().insert("x-request-id", id.parse().unwrap());
        }
        let response = router.clone().oneshot(request).await.unwrap();
        let header = response.headers()["x-request-id"].to_str().unwrap().to_owned();
        assert_eq!(bytes(response).await, header, "the handler sees the same id");
        header
    };
    assert_eq!(ask(Some("abc-1")).await, "abc-1");
    let (first, second) = (ask(None).await, ask(None).await);
    assert_eq!(first.len(), 16);
    assert_ne!(first, second);
    assert_eq!(ask(Some("a b")).await.len(), 16, "odd ids are replaced");
    assert_eq!(ask(Some(&"x".repeat(129))).await.len(), 16);
}

#[tokio::test]
async fn answers_are_neither_sniffed_nor_cached() {
    let response = plain().oneshot(request("GET", "/api/t/nowhere", None)).await.unwrap();
    assert_eq!(response.headers()[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
    assert_eq!(response.headers()[header::CACHE_CONTROL], "no-store");
}

#[tokio::test]
async fn gzip_for_text_if_asked() {
    let router = plain();
    let ask = async |path: &str, encoding: Option<&str>| {
        let mut request = request("GET", path, Some("nobody"));
        if let Some(encoding) = encoding {
            request.headers_mut().insert(header::ACCEPT_ENCODING, encoding.parse().unwrap());
        }
        let response = router.clone().oneshot(request).await.unwrap();
        let zipped = response.headers().get(header::CONTENT_ENCODING).is_some_and(|value| value == "gzip");
        (zipped, bytes(response).await)
    };
    let (zipped, body) = ask("/api/t/long", Some("gzip")).await;
    assert!(zipped && body.len() < 400, "{} bytes", body.len());
    assert_eq!(body[..2], [0x1f, 0x8b]);
    assert_eq!(body[body.len() - 4..], 4000_u32.to_le_bytes(), "the trailer holds the length of the text");
    assert!(!ask("/api/t/long", None).await.0);
    assert!(!ask("/api/t/long", Some("gzip;q=0")).await.0);
    assert!(!ask("/api/t/audio", Some("gzip")).await.0);
    assert!(!ask("/api/t/events", Some("gzip")).await.0);
}

#[tokio::test]
async fn bodies_have_limits() {
    let router = plain();
    let put = async |text: &'static str, declare: bool| {
        let mut builder = Request::put("/api/t/text").header(header::AUTHORIZATION, "Bearer nobody");
        if declare {
            builder = builder.header(header::CONTENT_LENGTH, text.len());
        }
        router.clone().oneshot(builder.body(Body::from(text)).unwrap()).await.unwrap()
    };
    assert_eq!(put("12345678", true).await.status(), 200);
    let refused = put("123456789", true).await;
    assert_eq!(refused.status(), 413);
    assert_eq!(bytes(refused).await, r#"{"error":"the request body is larger than 8 bytes"}"#);
    assert_eq!(put("123456789", false).await.status(), StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn uploads_may_be_large() {
    let file = "x".repeat(5_000_000);
    let body = format!("--B\r\nContent-Disposition: form-data; name=\"f\"\r\n\r\n{file}\r\n--B--\r\n");
    let request = Request::post("/api/t/upload")
        .header(header::AUTHORIZATION, "Bearer nobody")
        .header(header::CONTENT_TYPE, "multipart/form-data; boundary=B")
        .body(Body::from(body))
        .unwrap();
    let response = plain().oneshot(request).await.unwrap();
    assert_eq!(bytes(response).await, "5000000");
}
