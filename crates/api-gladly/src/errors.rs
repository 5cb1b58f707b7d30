//! Error bodies: `{"errors":[{"attr","code","detail"}]}` (contract §2.3, X-25, X-26).

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use schemars::JsonSchema;
use serde::Serialize;
use touchline_app::AppError;
use touchline_http::Refusal;

/// Content type of every JSON answer of the dialect; the vendor names no character set.
pub(crate) const JSON: &str = "application/json";

/// One thing that is wrong with a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "Error")]
pub struct Wrong {
    /// Path of the field in the body; absent when it is about no field.
    #[serde(skip_serializing_if = "Option::is_none")]
    attr: Option<&'static str>,
    /// For programs.
    code: &'static str,
    /// For people.
    detail: String,
}

impl Wrong {
    /// About no field in particular.
    fn whole(code: &'static str, detail: impl Into<String>) -> Self {
        Self { attr: None, code, detail: detail.into() }
    }
    /// About a field: a code of contract §2.3.
    pub(crate) fn field(attr: &'static str, code: &'static str, detail: impl Into<String>) -> Self {
        Self { attr: Some(attr), code, detail: detail.into() }
    }
    /// A required field is missing.
    pub(crate) fn blank(attr: &'static str) -> Self {
        Self::field(attr, "blank", format!("{attr} must be specified"))
    }
    /// A value of the wrong form; `what` it should have been, such as `date`.
    pub(crate) fn invalid(attr: &'static str, what: &str) -> Self {
        Self::field(attr, "invalid", format!("the specified value is not a valid {what}"))
    }
}

/// The body of every error.
#[derive(Serialize, JsonSchema)]
pub(crate) struct ErrorBody {
    /// All that was found, in the order of the contract's tables.
    errors: Vec<Wrong>,
}

/// What went wrong, in the dialect's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiError {
    status: StatusCode,
    errors: Vec<Wrong>,
}

impl ApiError {
    fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        Self { status, errors: vec![Wrong::whole(code, detail)] }
    }
    /// 400 with all that is wrong.
    pub(crate) fn bad_request(errors: Vec<Wrong>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, errors }
    }
    /// 400: the body is not what it should be (contract X-26).
    pub(crate) fn not_json() -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid", "request body is not valid JSON")
    }
    /// 400: there is too much of the body.
    pub(crate) fn too_long(limit: u64) -> Self {
        let detail = format!("request body must not be longer than {limit} bytes");
        Self::new(StatusCode::BAD_REQUEST, "too_long", detail)
    }
    /// 404: `conversation does not exist`.
    pub(crate) fn not_exist(what: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_exist", format!("{what} does not exist"))
    }
    /// 301: it is at another address now.
    pub(crate) fn moved(what: &str, location: &str) -> Response {
        let error = Self::new(StatusCode::MOVED_PERMANENTLY, "moved", format!("{what} has moved"));
        let mut response = error.into_response();
        if let Ok(location) = HeaderValue::from_str(location) {
            response.headers_mut().insert(header::LOCATION, location);
        }
        response
    }
    fn internal(detail: String) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", detail)
    }
}

impl std::fmt::Display for ApiError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.errors.iter().try_for_each(|wrong| f.write_str(&wrong.detail))
    }
}

impl std::error::Error for ApiError {}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let text = serde_json::to_string(&ErrorBody { errors: self.errors }).unwrap_or_default();
        let mut response =
            (self.status, [(header::CONTENT_TYPE, HeaderValue::from_static(JSON))], text).into_response();
        if self.status == StatusCode::UNAUTHORIZED {
            let ask = HeaderValue::from_static("Basic realm=\"gladly\"");
            response.headers_mut().insert(header::WWW_AUTHENTICATE, ask);
        }
        response
    }
}

impl From<AppError> for ApiError {
    fn from(error: AppError) -> Self {
        let message = error.to_string();
        match error {
            AppError::NotAllowed(_) => Self::new(StatusCode::FORBIDDEN, "forbidden", message),
            AppError::NotFound { kind, .. } => Self::not_exist(kind.name()),
            AppError::Missing { what, .. } => Self::not_exist(what),
            AppError::Invalid(_) => Self::new(StatusCode::BAD_REQUEST, "invalid", message),
            AppError::Unavailable(_) => {
                tracing::error!(error = &error as &dyn std::error::Error, "a report could not be read");
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "internal", message)
            }
            other => {
                tracing::error!(error = &other as &dyn std::error::Error, "a Gladly request failed");
                Self::internal(message)
            }
        }
    }
}

impl From<Refusal> for ApiError {
    fn from(refusal: Refusal) -> Self {
        let (status, message) = (refusal.status(), refusal.to_string());
        match refusal {
            Refusal::Unauthenticated => Self::new(status, "unauthorized", message),
            Refusal::Forbidden(_) => Self::new(status, "forbidden", message),
            Refusal::NotFound => Self::new(status, "not_exist", message),
            Refusal::MethodNotAllowed => Self::new(status, "method_not_allowed", message),
            Refusal::TooLarge(limit) => Self::too_long(limit),
            Refusal::Bad(_) | Refusal::UnsupportedMedia(_) => {
                Self::new(StatusCode::BAD_REQUEST, "invalid", message)
            }
            // No `Retry-After`: the vendor sends none (contract §2.2).
            Refusal::QueueTimeout | Refusal::TooManyRequests { .. } => {
                Self::new(StatusCode::TOO_MANY_REQUESTS, "rate_limited", "the rate limit is exceeded")
            }
            Refusal::Unavailable(_) | Refusal::Internal => Self::new(status, "internal", message),
        }
    }
}
