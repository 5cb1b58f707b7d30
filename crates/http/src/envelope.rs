//! What every answer gets: a request id, headers against misuse, gzip if asked for, one line in the log.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use axum::Router;
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use http::{Extensions, HeaderMap, HeaderName, HeaderValue, StatusCode, Version, header};
use tower_http::CompressionLevel;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{Predicate, SizeAbove};

/// Header of the request id, in requests and answers.
static X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Longest request id taken over from a client.
const MAX_REQUEST_ID: usize = 128;
/// Smaller bodies do not get smaller by gzip.
const GZIP_FROM_BYTES: u64 = 512;

/// The id of the request, in its extensions: the client's own, or one of ours.
#[derive(Clone, Debug)]
pub struct RequestId(HeaderValue);

impl RequestId {
    /// The id as text (visible ASCII).
    pub fn as_str(&self) -> &str {
        self.0.to_str().unwrap_or_default()
    }
}

/// Put into the extensions of a response whose parts must reach the client one by one (live events): it is
/// never compressed, because a compressor holds small parts back. NDJSON and event streams need no mark.
#[derive(Clone, Copy, Debug)]
pub struct Live;

/// Wraps a router: request id, security headers, gzip, access log at debug level. `Routes` does this already;
/// a router that was wrapped before keeps its id.
pub fn envelope(router: Router) -> Router {
    let gzip = CompressionLayer::new()
        .quality(CompressionLevel::Fastest)
        .compress_when(SizeAbove::new(GZIP_FROM_BYTES).and(compressible));
    router.layer(gzip).layer(from_fn(wrap))
}

/// Text only: recordings are compressed already, live events must not be held back.
fn compressible(_: StatusCode, _: Version, headers: &HeaderMap, extensions: &Extensions) -> bool {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
    let text = content_type.starts_with("text/")
        || content_type.starts_with("application/json")
        || content_type.starts_with("application/problem+json")
        || content_type.starts_with("image/svg+xml");
    text && !content_type.starts_with("text/event-stream")
        && !headers.contains_key(header::CONTENT_RANGE)
        && extensions.get::<Live>().is_none()
}

async fn wrap(mut request: Request, next: Next) -> Response {
    let started = Instant::now();
    let id = match request.extensions().get::<RequestId>() {
        Some(id) => id.clone(),
        None => {
            let id = given_id(request.headers()).unwrap_or_else(new_id);
            request.extensions_mut().insert(id.clone());
            id
        }
    };
    let log = tracing::enabled!(tracing::Level::DEBUG)
        .then(|| (request.method().clone(), request.uri().path().to_owned()));

    let mut response = next.run(request).await;

    if let Some((method, path)) = log {
        // The query string stays out of the log: it may hold names and e-mail addresses.
        tracing::debug!(
            request_id = id.as_str(),
            %method,
            path,
            status = response.status().as_u16(),
            ms = started.elapsed().as_secs_f64() * 1e3,
            "answered"
        );
    }
    let headers = response.headers_mut();
    headers.entry(header::X_CONTENT_TYPE_OPTIONS).or_insert(HeaderValue::from_static("nosniff"));
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    headers.insert(X_REQUEST_ID.clone(), id.0);
    response
}

/// The client's id, if it is short and plain enough to be put into logs and headers.
fn given_id(headers: &HeaderMap) -> Option<RequestId> {
    let value = headers.get(&X_REQUEST_ID)?;
    let bytes = value.as_bytes();
    let plain = (1..=MAX_REQUEST_ID).contains(&bytes.len()) && bytes.iter().all(u8::is_ascii_graphic);
    plain.then(|| RequestId(value.clone()))
}

/// A random start, then counting: unique within a process, and not the same after a restart. Not a secret.
fn new_id() -> RequestId {
    static NEXT: LazyLock<AtomicU64> =
        LazyLock::new(|| AtomicU64::new(RandomState::new().build_hasher().finish()));
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let value = HeaderValue::from_str(&format!("{number:016x}"));
    RequestId(value.unwrap_or_else(|_| HeaderValue::from_static("unknown")))
}
