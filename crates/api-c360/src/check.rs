//! `GET /check`: access and connectivity.

use axum::{
    body::Body,
    http::{HeaderValue, header},
    response::Response,
};

/// 200 without a body, and says so (contract X-15).
pub(crate) async fn check() -> Response {
    let mut response = Response::new(Body::empty());
    response.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from_static("0"));
    response
}
