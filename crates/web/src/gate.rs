//! Who asks: the holder of a session cookie.

use crate::{Web, error};
use axum::response::Response;
use http::{HeaderMap, HeaderValue, header};
use std::net::SocketAddr;
use touchline_app::{App, AppError};
use touchline_http::{Gate, Refusal};
use touchline_model::Caller;

/// The cookie that holds the session's token.
pub(crate) const SESSION: &str = "touchline_session";

/// Lets in whoever shows the cookie of an open session.
#[derive(Clone, Debug)]
pub struct SessionGate {
    app: App,
}

impl SessionGate {
    pub(crate) fn new(app: App) -> Self {
        Self { app }
    }
}

impl Gate for SessionGate {
    async fn identify(&self, headers: &HeaderMap, peer: SocketAddr) -> Result<Caller, Refusal> {
        let token = cookie(headers, SESSION).ok_or(Refusal::Unauthenticated)?;
        match self.app.session(token, &peer.ip().to_string()).await {
            Ok(found) => found.map(|(caller, _)| caller).ok_or(Refusal::Unauthenticated),
            Err(error @ AppError::Unavailable(_)) => Err(Refusal::Unavailable(error.to_string())),
            Err(error) => {
                tracing::error!(%error, "a session could not be looked up");
                Err(Refusal::Internal)
            }
        }
    }

    fn refuse(&self, refusal: Refusal) -> Response {
        let reason = match refusal {
            Refusal::Forbidden(ability) => error::whom_for(ability),
            ref other => other.to_string(),
        };
        error::page(refusal.status(), &reason)
    }
}

/// The value of a cookie.
pub(crate) fn cookie<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let all = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = all.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(key, _)| *key == name).map(|(_, value)| value)
}

/// Whether a cookie may be sent over HTTPS only: so it is configured, or the browser says that it is there already. Only
/// posts say so, and whoever lies about it harms nobody else.
pub(crate) fn is_secure(web: &Web, headers: &HeaderMap) -> bool {
    let origin = headers.get(header::ORIGIN).and_then(|it| it.to_str().ok()).unwrap_or_default();
    web.config.secure_cookies || origin.starts_with("https://")
}

/// A `Set-Cookie` header that scripts cannot read and other sites cannot send with their posts.
pub(crate) fn set_session(token: &str, seconds: i64, secure: bool) -> HeaderValue {
    let secure = if secure { "; Secure" } else { "" };
    let text = format!("{SESSION}={token}; Path=/; HttpOnly; SameSite=Lax; Max-Age={seconds}{secure}");
    // The token is URL-safe base64, so the text is a header value.
    HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static(""))
}

/// A `Set-Cookie` header that forgets the session.
pub(crate) fn forget_session() -> HeaderValue {
    HeaderValue::from_static("touchline_session=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0")
}
