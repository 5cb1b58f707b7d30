//! What goes wrong, as a page.

use crate::{filters, format, shell::Shell};
use askama::Template;
use axum::response::{Html, IntoResponse, Response};
use http::StatusCode;
use touchline_app::AppError;
use touchline_http::QueryError;

#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage<'a> {
    shell: Shell,
    status: u16,
    heading: &'static str,
    reason: &'a str,
}

/// A page that says what went wrong.
pub(crate) fn page(status: StatusCode, reason: &str) -> Response {
    let heading = match status {
        StatusCode::NOT_FOUND | StatusCode::GONE => "error.not_found",
        StatusCode::FORBIDDEN | StatusCode::UNAUTHORIZED => "error.forbidden",
        status if status.is_server_error() => "error.broken",
        _ => "error.bad",
    };
    let shell = Shell::bare("error.title");
    let page = ErrorPage { shell, status: status.as_u16(), heading, reason };
    (status, rendered(&page)).into_response()
}

/// A template as a response.
pub(crate) fn rendered(template: &impl Template) -> Response {
    match template.render() {
        Ok(text) => Html(text).into_response(),
        Err(error) => {
            tracing::error!(%error, "a page could not be rendered");
            (StatusCode::INTERNAL_SERVER_ERROR, "the page could not be rendered").into_response()
        }
    }
}

/// Why there is an error page instead of a page.
#[derive(Debug)]
pub(crate) struct PageError {
    status: StatusCode,
    reason: String,
}

impl PageError {
    pub(crate) fn new(status: StatusCode, reason: impl Into<String>) -> Self {
        Self { status, reason: reason.into() }
    }
}

impl From<AppError> for PageError {
    fn from(error: AppError) -> Self {
        let status = match &error {
            AppError::NotAllowed(_) => StatusCode::FORBIDDEN,
            AppError::NotFound { .. } | AppError::Missing { .. } => StatusCode::NOT_FOUND,
            AppError::Gone(_) => StatusCode::GONE,
            AppError::Invalid(_) | AppError::NotAudio(_) | AppError::Interrupted(_) => {
                StatusCode::UNPROCESSABLE_ENTITY
            }
            AppError::Conflict(_) => StatusCode::CONFLICT,
            AppError::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            AppError::DiskFull => StatusCode::INSUFFICIENT_STORAGE,
            AppError::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
            AppError::Internal(cause) => {
                tracing::error!(%cause, "a page failed");
                StatusCode::INTERNAL_SERVER_ERROR
            }
        };
        Self::new(status, format::in_quotes(&error.to_string()))
    }
}

impl From<QueryError> for PageError {
    fn from(error: QueryError) -> Self {
        Self::new(StatusCode::BAD_REQUEST, error.to_string())
    }
}

impl IntoResponse for PageError {
    fn into_response(self) -> Response {
        page(self.status, &self.reason)
    }
}

/// What a handler of a page answers.
pub(crate) type Answer = Result<Response, PageError>;
