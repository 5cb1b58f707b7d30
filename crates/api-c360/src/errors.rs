//! Error bodies: `{"error":{"code":"...","message":"..."}}` (contract X-11).

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use schemars::JsonSchema;
use serde::Serialize;
use touchline_app::AppError;
use touchline_http::{JSON, QueryError, Refusal};

/// What went wrong, in the dialect's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiError {
    status: StatusCode,
    code: &'static str,
    message: String,
}

/// The body of every error.
#[derive(Serialize, JsonSchema)]
pub(crate) struct ErrorBody {
    error: ErrorDetail,
}

#[derive(Serialize, JsonSchema)]
struct ErrorDetail {
    /// For programs.
    code: Code,
    /// For people.
    message: String,
}

/// What kind of error it is.
#[derive(Serialize, JsonSchema)]
#[schemars(extend("enum" = ["bad_request", "unauthorized", "forbidden", "not_found", "method_not_allowed",
    "queue_timeout", "internal"]))]
struct Code(&'static str);

impl ApiError {
    fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into() }
    }
    /// 400: says what is wrong with the request.
    pub fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad_request", message)
    }
    /// 404: there is no such thing, or not for this caller.
    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", message)
    }
    /// The HTTP status.
    pub fn status(&self) -> StatusCode {
        self.status
    }
    fn forbidden(message: String) -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden", message)
    }
    fn internal(message: String) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", message)
    }
}

impl std::fmt::Display for ApiError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for ApiError {}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let body = ErrorBody { error: ErrorDetail { code: Code(self.code), message: self.message } };
        let text = serde_json::to_string(&body).unwrap_or_default();
        let mut response =
            (self.status, [(header::CONTENT_TYPE, HeaderValue::from_static(JSON))], text).into_response();
        if self.status == StatusCode::UNAUTHORIZED {
            let ask = HeaderValue::from_static("Basic realm=\"c360\"");
            response.headers_mut().insert(header::WWW_AUTHENTICATE, ask);
        }
        response
    }
}

impl From<AppError> for ApiError {
    fn from(error: AppError) -> Self {
        let message = error.to_string();
        match error {
            AppError::NotAllowed(_) => Self::forbidden(message),
            // "There is no contact" would be another system's word.
            AppError::NotFound { kind: touchline_model::Kind::Contact, id } => {
                Self::not_found(format!("there is no call `{id}`"))
            }
            AppError::NotFound { .. } | AppError::Missing { .. } | AppError::Gone(_) => {
                Self::not_found(message)
            }
            AppError::Invalid(_) => Self::bad_request(message),
            other => {
                tracing::error!(error = &other as &dyn std::error::Error, "a Coach360 request failed");
                Self::internal(message)
            }
        }
    }
}

impl From<QueryError> for ApiError {
    fn from(error: QueryError) -> Self {
        Self::bad_request(error.to_string())
    }
}

impl From<Refusal> for ApiError {
    fn from(refusal: Refusal) -> Self {
        let message = refusal.to_string();
        match refusal {
            Refusal::Unauthenticated => Self::new(StatusCode::UNAUTHORIZED, "unauthorized", message),
            Refusal::Forbidden(_) => Self::forbidden(message),
            Refusal::NotFound => Self::not_found(message),
            Refusal::MethodNotAllowed => {
                Self::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", message)
            }
            Refusal::Bad(_) | Refusal::TooLarge(_) | Refusal::UnsupportedMedia(_) => {
                Self::bad_request(message)
            }
            Refusal::QueueTimeout | Refusal::TooManyRequests { .. } => {
                Self::new(StatusCode::GATEWAY_TIMEOUT, "queue_timeout", message)
            }
            Refusal::Unavailable(_) | Refusal::Internal => Self::internal(message),
        }
    }
}
