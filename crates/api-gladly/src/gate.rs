//! Who asks: HTTP Basic with e-mail address and API token (contract §2.1), and whether it is one request too many.

use crate::{
    ApiError, VendorLimits,
    limiter::{Limiter, Sort},
    turn::Turn,
};
use axum::{
    http::{Extensions, HeaderMap, Method},
    response::{IntoResponse, Response},
};
use std::{net::SocketAddr, sync::Arc};
use touchline_app::App;
use touchline_http::{Gate, Refusal, basic_credentials};
use touchline_model::Caller;

/// The gate of the dialect.
#[derive(Clone)]
pub struct GladlyGate {
    app: App,
    /// `None` when requests are not limited.
    limiter: Option<Arc<Limiter>>,
}

impl GladlyGate {
    /// A gate over an app.
    pub fn new(app: App, limits: VendorLimits) -> Self {
        let limiter = (limits == VendorLimits::Vendor).then(Arc::default);
        Self { app, limiter }
    }
}

/// What a request counts as.
fn sort(method: &Method, path: &str) -> Sort {
    match (method.as_str(), path.trim_end_matches('/')) {
        ("POST", "/api/v1/reports" | "/api/v1/reports/work-session-events") => Sort::Report,
        ("GET" | "HEAD", _) => Sort::Get,
        ("POST", _) => Sort::Post,
        ("PUT", _) => Sort::Put,
        ("PATCH", _) => Sort::Patch,
        ("DELETE", _) => Sort::Delete,
        _ => Sort::Other,
    }
}

impl Gate for GladlyGate {
    async fn identify(&self, headers: &HeaderMap, peer: SocketAddr) -> Result<Caller, Refusal> {
        let (user, token) = basic_credentials(headers).ok_or(Refusal::Unauthenticated)?;
        match self.app.prove("gladly", &user, &token, &peer.ip().to_string()).await {
            Ok(caller) => caller.ok_or(Refusal::Unauthenticated),
            Err(error) => {
                let error = &error as &dyn std::error::Error;
                tracing::error!(error, "a credential could not be looked up");
                Err(Refusal::Internal)
            }
        }
    }

    async fn admit_request(
        &self,
        caller: &Caller,
        method: &Method,
        path: &str,
        extensions: &Extensions,
    ) -> Result<(), Refusal> {
        let (Some(limiter), Some(turn)) = (&self.limiter, extensions.get::<Turn>()) else { return Ok(()) };
        let counted = limiter.count(&caller.tenant, sort(method, path), self.app.clock().now());
        turn.take_down(counted).map_err(|_| Refusal::TooManyRequests { retry_after_s: 1 })
    }

    fn refuse(&self, refusal: Refusal) -> Response {
        ApiError::from(refusal).into_response()
    }
}
