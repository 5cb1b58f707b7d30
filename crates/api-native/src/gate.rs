//! Who asks: bearer tokens.

use crate::Problem;
use axum::{
    http::HeaderMap,
    response::{IntoResponse, Response},
};
use std::net::SocketAddr;
use touchline_app::{App, AppError};
use touchline_http::{Gate, Refusal, bearer_token};
use touchline_model::Caller;

/// Lets in whoever shows a native bearer token.
#[derive(Clone, Debug)]
pub struct NativeGate {
    app: App,
}

impl NativeGate {
    pub(crate) fn new(app: App) -> Self {
        Self { app }
    }
}

impl Gate for NativeGate {
    async fn identify(&self, headers: &HeaderMap, peer: SocketAddr) -> Result<Caller, Refusal> {
        let token = bearer_token(headers).ok_or(Refusal::Unauthenticated)?;
        match self.app.prove_token(token, &peer.ip().to_string()).await {
            Ok(caller) => caller.ok_or(Refusal::Unauthenticated),
            Err(error @ AppError::Unavailable(_)) => Err(Refusal::Unavailable(error.to_string())),
            Err(error) => {
                tracing::error!(%error, "a token could not be looked up");
                Err(Refusal::Internal)
            }
        }
    }

    fn refuse(&self, refusal: Refusal) -> Response {
        worded(refusal)
    }
}

/// Lets nobody in: the document needs routes, but no app.
#[derive(Clone, Debug)]
pub(crate) struct Closed;

impl Gate for Closed {
    async fn identify(&self, _: &HeaderMap, _: SocketAddr) -> Result<Caller, Refusal> {
        Err(Refusal::Unauthenticated)
    }
    fn refuse(&self, refusal: Refusal) -> Response {
        worded(refusal)
    }
}

fn worded(refusal: Refusal) -> Response {
    let retry = match &refusal {
        Refusal::TooManyRequests { retry_after_s } => Some(("retry-after", retry_after_s.to_string())),
        _ => None,
    };
    let problem = Problem::from(refusal).into_response();
    match retry {
        Some(header) => ([header], problem).into_response(),
        None => problem,
    }
}
