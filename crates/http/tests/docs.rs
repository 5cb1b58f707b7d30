//! The reference page loads nothing from elsewhere and runs nothing inline.
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests are tests")]

mod common;

use axum::Router;
use common::{bytes, request};
use http::header;
use touchline_http::{docs_page, docs_routes, document_route};
use tower::ServiceExt;

fn router() -> Router {
    let document = serde_json::json!({ "openapi": "3.1.0" });
    docs_routes(vec![("Native & more", "/api/docs/native.json")])
        .merge(document_route("/api/docs/native.json", &document))
}

async fn get(path: &str) -> (http::HeaderMap, String) {
    let response = router().oneshot(request("GET", path, None)).await.unwrap();
    assert_eq!(response.status(), 200, "{path}");
    let headers = response.headers().clone();
    (headers, String::from_utf8(bytes(response).await.to_vec()).unwrap())
}

#[tokio::test]
async fn everything_that_the_page_asks_for_is_there() {
    let (headers, page) = get("/api/docs").await;
    assert!(headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap().starts_with("default-src 'none'"));
    assert!(page.contains(r#"<a href="/api/docs/native.json">Native &amp; more</a>"#));
    let mut found = 0;
    for part in page.split(['"', ' ']).filter(|part| part.starts_with("/api/")) {
        get(part).await;
        found += 1;
    }
    assert_eq!(found, 3, "style, script, document");
    assert_eq!(page.matches("<script").count(), 1);
    assert!(page.contains("<script src=") && !page.contains("<style") && !page.contains(" style="));
    assert!(!page.contains("://"), "nothing from elsewhere");
}

#[tokio::test]
async fn types_are_exact_because_sniffing_is_off() {
    for (path, content_type) in [
        ("/api/docs", "text/html; charset=utf-8"),
        ("/api/docs/docs.js", "text/javascript; charset=utf-8"),
        ("/api/docs/docs.css", "text/css; charset=utf-8"),
        ("/api/docs/native.json", "application/json"),
    ] {
        let (headers, body) = get(path).await;
        assert_eq!(headers[header::CONTENT_TYPE], content_type);
        assert_eq!(headers[header::CACHE_CONTROL], "no-cache");
        assert!(!body.is_empty() && !body.contains("innerHTML"), "{path}");
    }
}

#[test]
fn names_are_text() {
    let page = docs_page("<script>", &[("\"><b>", "/x?a=1&b=2")]).0;
    assert!(page.contains("<h1>&lt;script&gt;</h1>") && page.contains("&quot;&gt;&lt;b&gt;"), "{page}");
    assert!(page.contains("href=\"/x?a=1&amp;b=2\""));
}
