//! Styles, scripts and drawings: compiled in, named by their content, so that browsers may keep them for ever.

use axum::{Router, extract::Path, response::IntoResponse, response::Response, routing::get};
use http::{StatusCode, header};
use sha2::{Digest, Sha256};
use std::sync::LazyLock;

/// One style sheet, written in parts.
const STYLE: &str = concat!(
    include_str!("../static/base.css"),
    include_str!("../static/charts.css"),
    include_str!("../static/home.css"),
    include_str!("../static/calls.css"),
    include_str!("../static/call.css"),
    include_str!("../static/topics.css"),
    include_str!("../static/imports.css"),
    include_str!("../static/admin.css"),
    include_str!("../static/reports.css"),
    include_str!("../static/live.css"),
);

/// Name, type and content of each file.
const FILES: &[(&str, &str, &str)] = &[
    ("style.css", "text/css; charset=utf-8", STYLE),
    ("app.js", "text/javascript; charset=utf-8", include_str!("../static/app.js")),
    ("call.js", "text/javascript; charset=utf-8", include_str!("../static/call.js")),
    ("calls.js", "text/javascript; charset=utf-8", include_str!("../static/calls.js")),
    ("call-wave.js", "text/javascript; charset=utf-8", include_str!("../static/call-wave.js")),
    ("call-words.js", "text/javascript; charset=utf-8", include_str!("../static/call-words.js")),
    ("call-remarks.js", "text/javascript; charset=utf-8", include_str!("../static/call-remarks.js")),
    ("imports.js", "text/javascript; charset=utf-8", include_str!("../static/imports.js")),
    ("topics.js", "text/javascript; charset=utf-8", include_str!("../static/topics.js")),
    ("admin.js", "text/javascript; charset=utf-8", include_str!("../static/admin.js")),
    ("live.js", "text/javascript; charset=utf-8", include_str!("../static/live.js")),
    ("live-call.js", "text/javascript; charset=utf-8", include_str!("../static/live-call.js")),
    ("live-parts.js", "text/javascript; charset=utf-8", include_str!("../static/live-parts.js")),
    ("news.js", "text/javascript; charset=utf-8", include_str!("../static/news.js")),
    ("icons.svg", "image/svg+xml", include_str!("../static/icons.svg")),
    ("mark.svg", "image/svg+xml", include_str!("../static/mark.svg")),
];

static BASE: LazyLock<String> = LazyLock::new(|| {
    let mut hasher = Sha256::new();
    for (name, _, content) in FILES {
        hasher.update(name.as_bytes());
        hasher.update(content.as_bytes());
    }
    let hash: String = hasher.finalize().iter().take(6).map(|byte| format!("{byte:02x}")).collect();
    format!("/static/{hash}")
});

/// What stands before the name of a file.
pub(crate) fn base() -> &'static str {
    &BASE
}

/// Serves the files, to everybody.
pub(crate) fn router() -> Router {
    touchline_http::envelope(Router::new().route("/static/{version}/{name}", get(file)))
}

async fn file(Path((_, name)): Path<(String, String)>) -> Response {
    let Some((_, media_type, content)) = FILES.iter().find(|(known, ..)| *known == name) else {
        return (StatusCode::NOT_FOUND, "no such file\n").into_response();
    };
    let headers =
        [(header::CONTENT_TYPE, *media_type), (header::CACHE_CONTROL, "public, max-age=31536000, immutable")];
    (headers, *content).into_response()
}
