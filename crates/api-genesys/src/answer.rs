//! The envelope of every answer, and the catalogue of codes (contract §1.3, §1.4).

use crate::fields::Fields;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::Serialize;
use touchline_app::{AppError, live::board::Refused};
use touchline_http::Refusal;

/// A `statusCode`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Code {
    /// A required parameter is missing.
    Missing = 1,
    /// Not valid in the current state.
    NotNow = 2,
    /// Forbidden.
    Forbidden = 3,
    /// Something is wrong on our side.
    Internal = 4,
    /// The caller lacks permission.
    NoRight = 5,
    /// Not found.
    NotFound = 6,
    /// Part of it succeeded.
    Partial = 7,
    /// Outside the valid range.
    BadValue = 10,
    /// In use by somebody else.
    Taken = 19,
    /// Not authenticated.
    Stranger = 20,
}

impl Code {
    /// The number in `statusCode`.
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// The HTTP status that goes with it (OC-04).
    pub const fn status(self) -> StatusCode {
        match self {
            Self::Missing | Self::NotNow | Self::BadValue => StatusCode::BAD_REQUEST,
            Self::Forbidden | Self::NoRight => StatusCode::FORBIDDEN,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Partial => StatusCode::OK,
            Self::Taken => StatusCode::CONFLICT,
            Self::Stranger => StatusCode::UNAUTHORIZED,
        }
    }
}

/// Why a request is not fulfilled. Nothing has changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiError {
    /// The code.
    pub code: Code,
    /// A short English sentence (OC-05).
    pub message: String,
    /// The HTTP status, where the code's own says too little.
    status: Option<StatusCode>,
}

impl ApiError {
    /// With a code and a sentence.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), status: None }
    }
    /// A parameter is missing.
    pub(crate) fn missing(name: &str) -> Self {
        Self::new(Code::Missing, format!("`{name}` is missing"))
    }
    /// A parameter has a value of the wrong kind.
    pub(crate) fn bad_value(name: &str) -> Self {
        Self::new(Code::BadValue, format!("`{name}` has a value that it cannot have"))
    }
    /// There is none.
    pub(crate) fn not_found(what: &str) -> Self {
        Self::new(Code::NotFound, format!("there is no such {what}"))
    }
    /// The same error with another HTTP status.
    pub(crate) fn with_status(self, status: StatusCode) -> Self {
        Self { status: Some(status), ..self }
    }
}

/// The body of every error.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Error")]
pub(crate) struct ErrorBody {
    /// What went wrong, for programs.
    status_code: u8,
    /// The same, for people.
    status_message: String,
}

impl ApiError {
    pub(crate) fn body(&self) -> ErrorBody {
        ErrorBody { status_code: self.code.number(), status_message: self.message.clone() }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = json(self.status.unwrap_or(self.code.status()), &self.body());
        if self.code == Code::Stranger {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, CHALLENGE);
        }
        response
    }
}

/// How a stranger is asked (OC-07).
pub(crate) const CHALLENGE: HeaderValue = HeaderValue::from_static("Basic realm=\"api\"");

/// An answer of JSON.
pub(crate) fn json(status: StatusCode, body: &impl Serialize) -> Response {
    match serde_json::to_vec(body) {
        Ok(text) => {
            let kind = HeaderValue::from_static("application/json;charset=UTF-8");
            (status, [(header::CONTENT_TYPE, kind)], text).into_response()
        }
        Err(error) => {
            tracing::error!(%error, "an answer could not be written");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// `{"statusCode":0}`: accepted, or done.
pub(crate) fn accepted() -> Response {
    json(StatusCode::OK, &Fields::default().with("statusCode", &0))
}

/// `{"statusCode":0,"<name>":...}`.
pub(crate) fn found(name: &str, value: &impl Serialize) -> Response {
    json(StatusCode::OK, &Fields::default().with("statusCode", &0).with(name, value))
}

impl From<Refused> for ApiError {
    fn from(refused: Refused) -> Self {
        let code = match refused {
            Refused::Missing(_) => Code::Missing,
            Refused::NotNow(_) => Code::NotNow,
            Refused::Forbidden(_) => Code::Forbidden,
            Refused::NoRight(_) => Code::NoRight,
            Refused::NotFound(_) => Code::NotFound,
            Refused::BadValue(_) => Code::BadValue,
            Refused::Taken(_) => Code::Taken,
        };
        Self::new(code, refused.to_string())
    }
}

impl From<AppError> for ApiError {
    fn from(error: AppError) -> Self {
        let message = error.to_string();
        match error {
            AppError::NotAllowed(_) => Self::new(Code::NoRight, message),
            AppError::NotFound { .. } | AppError::Missing { .. } => Self::new(Code::NotFound, message),
            AppError::Invalid(_) => Self::new(Code::BadValue, message),
            other => {
                tracing::error!(
                    error = &other as &dyn std::error::Error,
                    "a request of a voice client failed"
                );
                Self::new(Code::Internal, message)
            }
        }
    }
}

impl From<Refusal> for ApiError {
    fn from(refusal: Refusal) -> Self {
        let (status, message) = (refusal.status(), refusal.to_string());
        let code = match refusal {
            Refusal::Unauthenticated => Code::Stranger,
            Refusal::Forbidden(_) => Code::NoRight,
            Refusal::NotFound => Code::NotFound,
            Refusal::MethodNotAllowed | Refusal::UnsupportedMedia(_) => Code::NotNow,
            Refusal::Bad(_) => Code::Missing,
            Refusal::TooLarge(_) => Code::BadValue,
            Refusal::QueueTimeout
            | Refusal::TooManyRequests { .. }
            | Refusal::Unavailable(_)
            | Refusal::Internal => Code::Internal,
        };
        Self::new(code, message).with_status(status)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // covers(genesys): S1.4, OC-04
    #[test]
    fn each_code_has_its_number_and_its_http_status() {
        let all = [
            (Code::Missing, 1, 400),
            (Code::NotNow, 2, 400),
            (Code::Forbidden, 3, 403),
            (Code::Internal, 4, 500),
            (Code::NoRight, 5, 403),
            (Code::NotFound, 6, 404),
            (Code::Partial, 7, 200),
            (Code::BadValue, 10, 400),
            (Code::Taken, 19, 409),
            (Code::Stranger, 20, 401),
        ];
        for (code, number, status) in all {
            assert_eq!((code.number(), code.status().as_u16()), (number, status), "{code:?}");
        }
    }
}
