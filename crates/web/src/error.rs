//! What goes wrong, as a page.

use crate::{filters, format, shell::Shell, texts};
use askama::Template;
use axum::response::{Html, IntoResponse, Response};
use http::StatusCode;
use touchline_app::AppError;
use touchline_http::QueryError;
use touchline_model::{Ability, Role};

#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage<'a> {
    shell: Shell,
    status: u16,
    heading: &'static str,
    reason: &'a str,
    /// Whether the reader is led to the pages that everybody may see.
    elsewhere: bool,
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
    let elsewhere = status == StatusCode::FORBIDDEN;
    let page = ErrorPage { shell, status: status.as_u16(), heading, reason, elsewhere };
    (status, rendered(&page)).into_response()
}

/// Whom something is for that takes an ability, in the words of the pages: their readers have roles.
pub(crate) fn whom_for(ability: Ability) -> String {
    let may = |role: &Role| role.abilities().contains(&ability);
    let word = |role: &Role| texts::t(&format!("common.role_{role}")).to_owned();
    let roles: Vec<String> = Role::ALL.iter().filter(|it| may(it)).map(word).collect();
    match roles.is_empty() {
        true => texts::t("error.for_nobody").to_owned(),
        false => texts::fill("error.for_roles", &[("roles", &roles.join(", "))]),
    }
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
        match error {
            AppError::NotAllowed(ability) => Self::new(status, whom_for(ability)),
            error => Self::new(status, format::in_quotes(&error.to_string())),
        }
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
