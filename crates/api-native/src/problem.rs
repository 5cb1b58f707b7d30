//! Errors on the wire: RFC 9457 problems.

use axum::{
    body::Body,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use schemars::JsonSchema;
use serde::Serialize;
use touchline_app::AppError;
use touchline_http::Refusal;

/// Content type of a problem.
pub(crate) const PROBLEM_JSON: &str = "application/problem+json";

/// Why a request, or one line of it, was refused (RFC 9457).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Problem {
    /// Which sort of problem: `urn:touchline:problem:` and a word that never changes its meaning.
    #[serde(rename = "type")]
    pub sort: &'static str,
    /// The sort in words.
    pub title: &'static str,
    /// The HTTP status.
    pub status: u16,
    /// What is wrong this time.
    pub detail: String,
    /// Path of the field that is wrong, such as `transcript.words[3].end`, where it is one field.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// Id of the request, as in the `X-Request-Id` header; absent in report lines.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
}

/// The part of a problem that its sort decides.
pub(crate) type Sort = (&'static str, &'static str, StatusCode);

macro_rules! sorts {
    ($($name:ident = $word:literal, $title:literal, $status:ident;)+) => {$(
        pub(crate) const $name: Sort =
            (concat!("urn:touchline:problem:", $word), $title, StatusCode::$status);
    )+};
}
sorts! {
    MALFORMED = "malformed", "The request is malformed", BAD_REQUEST;
    INTERRUPTED = "interrupted", "The upload broke off", BAD_REQUEST;
    UNAUTHENTICATED = "unauthenticated", "A valid token is required", UNAUTHORIZED;
    NOT_ALLOWED = "not-allowed", "An ability is missing", FORBIDDEN;
    NOT_FOUND = "not-found", "It is not there", NOT_FOUND;
    NO_METHOD = "method-not-allowed", "The method is not supported here", METHOD_NOT_ALLOWED;
    CONFLICT = "conflict", "It contradicts what is there", CONFLICT;
    GONE = "gone", "It was deleted for good", GONE;
    TOO_LARGE = "too-large", "It is too large", PAYLOAD_TOO_LARGE;
    UNSUPPORTED = "unsupported-media", "This content is not supported", UNSUPPORTED_MEDIA_TYPE;
    RANGE = "range", "The range lies outside", RANGE_NOT_SATISFIABLE;
    INVALID = "invalid", "A rule is broken", UNPROCESSABLE_ENTITY;
    TOO_MANY = "too-many-requests", "Too many requests", TOO_MANY_REQUESTS;
    INTERNAL = "internal", "Something went wrong on our side", INTERNAL_SERVER_ERROR;
    UNAVAILABLE = "unavailable", "Not available at the moment", SERVICE_UNAVAILABLE;
    TIMEOUT = "timeout", "It took too long", GATEWAY_TIMEOUT;
    DISK_FULL = "disk-full", "The disk is full", INSUFFICIENT_STORAGE;
}

impl Problem {
    pub(crate) fn new((sort, title, status): Sort, detail: impl Into<String>) -> Self {
        let status = status.as_u16();
        Self { sort, title, status, detail: detail.into(), field: None, request_id: None }
    }
    pub(crate) fn at(mut self, field: impl Into<String>) -> Self {
        self.field = Some(field.into());
        self
    }
    /// A parameter or body that cannot be read.
    pub(crate) fn malformed(detail: impl Into<String>) -> Self {
        Self::new(MALFORMED, detail)
    }
}

impl From<AppError> for Problem {
    fn from(error: AppError) -> Self {
        let detail = error.to_string();
        match error {
            AppError::NotAllowed(_) => Self::new(NOT_ALLOWED, detail),
            AppError::NotFound { .. } | AppError::Missing { .. } => Self::new(NOT_FOUND, detail),
            AppError::Invalid(invalid) => Self::new(INVALID, invalid.reason).at(invalid.field),
            AppError::Conflict(_) => Self::new(CONFLICT, detail),
            AppError::Gone(_) => Self::new(GONE, detail),
            AppError::TooLarge(_) => Self::new(TOO_LARGE, detail),
            AppError::NotAudio(_) => Self::new(UNSUPPORTED, detail),
            AppError::Interrupted(_) => Self::new(INTERRUPTED, detail),
            AppError::DiskFull => Self::new(DISK_FULL, detail),
            AppError::Unavailable(cause) => {
                tracing::warn!(%cause, "the database is not available");
                Self::new(UNAVAILABLE, detail)
            }
            AppError::Internal(cause) => {
                tracing::error!(cause = &*cause, "a use case failed");
                Self::new(INTERNAL, detail)
            }
        }
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let sort = match &refusal {
            Refusal::Unauthenticated => UNAUTHENTICATED,
            Refusal::Forbidden(_) => NOT_ALLOWED,
            Refusal::NotFound => NOT_FOUND,
            Refusal::MethodNotAllowed => NO_METHOD,
            Refusal::Bad(_) => MALFORMED,
            Refusal::TooLarge(_) => TOO_LARGE,
            Refusal::UnsupportedMedia(_) => UNSUPPORTED,
            Refusal::QueueTimeout => TIMEOUT,
            Refusal::TooManyRequests { .. } => TOO_MANY,
            Refusal::Unavailable(_) => UNAVAILABLE,
            Refusal::Internal => INTERNAL,
        };
        Self::new(sort, refusal.to_string())
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, [(header::CONTENT_TYPE, PROBLEM_JSON)], body(&self)).into_response();
        let extra = match status {
            StatusCode::UNAUTHORIZED => {
                Some((header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"touchline\"")))
            }
            StatusCode::SERVICE_UNAVAILABLE => Some((header::RETRY_AFTER, HeaderValue::from_static("2"))),
            _ => None,
        };
        response.headers_mut().extend(extra);
        response.extensions_mut().insert(self);
        response
    }
}

fn body(problem: &Problem) -> Body {
    Body::from(serde_json::to_vec(problem).unwrap_or_default())
}

/// Writes the id of the request into a problem; only the layer around all handlers knows it.
pub(crate) async fn with_request_id(mut response: Response) -> Response {
    let Some(mut problem) = response.extensions_mut().remove::<Problem>() else { return response };
    let id = response.headers().get("x-request-id").and_then(|id| id.to_str().ok());
    problem.request_id = id.map(str::to_owned);
    // Compressed or not, the body is written anew.
    response.headers_mut().remove(header::CONTENT_LENGTH);
    response.headers_mut().remove(header::CONTENT_ENCODING);
    *response.body_mut() = body(&problem);
    response
}
