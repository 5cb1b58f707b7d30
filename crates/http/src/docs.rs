//! An offline API reference: one page, one script, one style sheet, all from here.

use axum::Router;
use axum::response::{Html, IntoResponse};
use axum::routing::get;
use bytes::Bytes;
use http::{HeaderName, header};
use serde_json::Value;

use crate::envelope::envelope;

/// Nothing from elsewhere, nothing inline.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
const SCRIPT: &str = include_str!("../assets/docs.js");
const STYLE: &str = include_str!("../assets/docs.css");
/// The files change with the program: ask again each time.
const FRESH: (HeaderName, &str) = (header::CACHE_CONTROL, "no-cache");

/// The page. `openapi_urls` are names and addresses (same origin) of the documents to show.
pub fn docs_page(title: &str, openapi_urls: &[(&str, &str)]) -> Html<String> {
    let title = escape(title);
    let links: String = openapi_urls
        .iter()
        .map(|(name, url)| format!("<li><a href=\"{}\">{}</a></li>", escape(url), escape(name)))
        .collect();
    Html(format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>{title}</title>\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <link rel=\"stylesheet\" href=\"/api/docs/docs.css\">\n\
         <script src=\"/api/docs/docs.js\" defer></script>\n</head>\n<body>\n\
         <header><h1>{title}</h1>\n<nav aria-label=\"APIs\"><ul id=\"documents\">{links}</ul></nav></header>\n\
         <main id=\"reference\" aria-live=\"polite\"><p>Choose an API above. Without JavaScript the links open \
         the OpenAPI documents.</p></main>\n</body>\n</html>\n"
    ))
}

/// `/api/docs`, `/api/docs/docs.js`, `/api/docs/docs.css`, for everybody.
pub fn docs_routes(documents: Vec<(&'static str, &'static str)>) -> Router {
    let page = docs_page("API reference", &documents);
    let page = move || async move { ([FRESH, (header::CONTENT_SECURITY_POLICY, POLICY)], page.clone()) };
    envelope(
        Router::new()
            .route("/api/docs", get(page.clone()))
            .route("/api/docs/", get(page))
            .route("/api/docs/docs.js", get(async || file("text/javascript; charset=utf-8", SCRIPT)))
            .route("/api/docs/docs.css", get(async || file("text/css; charset=utf-8", STYLE))),
    )
}

/// One OpenAPI document at `url`, for everybody.
pub fn document_route(url: &str, document: &Value) -> Router {
    let bytes = Bytes::from(document.to_string());
    let answer = move || async move { ([FRESH, (header::CONTENT_TYPE, "application/json")], bytes.clone()) };
    envelope(Router::new().route(url, get(answer)))
}

fn file(content_type: &'static str, text: &'static str) -> impl IntoResponse {
    ([FRESH, (header::CONTENT_TYPE, content_type)], text)
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
