//! Who asks: HTTP Basic with user id and password (contract §1.2), and when it is their turn.

use crate::{ApiError, VendorLimits, limiter::Limiter};
use axum::{
    http::HeaderMap,
    response::{IntoResponse, Response},
};
use std::{net::SocketAddr, sync::Arc};
use touchline_app::App;
use touchline_http::{Gate, Refusal, basic_credentials};
use touchline_model::Caller;

/// The gate of the dialect.
#[derive(Clone)]
pub struct C360Gate {
    app: App,
    /// `None` when requests are not limited.
    limiter: Option<Arc<Limiter>>,
}

impl C360Gate {
    /// A gate over an app.
    pub fn new(app: App, limits: VendorLimits) -> Self {
        let limiter = (limits == VendorLimits::Vendor).then(Arc::default);
        Self { app, limiter }
    }
}

impl Gate for C360Gate {
    async fn identify(&self, headers: &HeaderMap, peer: SocketAddr) -> Result<Caller, Refusal> {
        let (user, password) = basic_credentials(headers).ok_or(Refusal::Unauthenticated)?;
        match self.app.prove("c360", &user, &password, &peer.ip().to_string()).await {
            Ok(caller) => caller.ok_or(Refusal::Unauthenticated),
            Err(error) => {
                let error = &error as &dyn std::error::Error;
                tracing::error!(error, "a credential could not be looked up");
                Err(Refusal::Internal)
            }
        }
    }

    async fn admit(&self, caller: &Caller) -> Result<(), Refusal> {
        match &self.limiter {
            None => Ok(()),
            Some(limiter) => {
                limiter.turn(&caller.tenant, self.app.clock()).await.map_err(|_| Refusal::QueueTimeout)
            }
        }
    }

    fn refuse(&self, refusal: Refusal) -> Response {
        ApiError::from(refusal).into_response()
    }
}
