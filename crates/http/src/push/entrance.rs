//! Who is at the door: what a dialect brings along to have the transports mounted.

use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use std::{future::Future, net::SocketAddr, sync::Arc};
use touchline_bayeux::Identity;

/// A request, as far as it says who comes.
#[derive(Clone, Copy, Debug)]
pub struct Knock<'a> {
    /// Its headers.
    pub headers: &'a HeaderMap,
    /// Where it comes from; the unspecified address when that is not known.
    pub peer: SocketAddr,
    /// A web socket is asked for: its origin was checked, so no CSRF token is needed (contract bayeux B21).
    pub upgrade: bool,
}

/// Somebody who may come in.
#[derive(Clone, Debug)]
pub struct Visitor {
    /// Who.
    pub identity: Identity,
    /// The HTTP session, by a name that is no secret; Bayeux sessions end with it (B30, B31).
    pub http_session: Option<Arc<str>>,
    /// Headers for the answer: the cookie of a session that has just begun, a CSRF token.
    pub headers: HeaderMap,
}

impl Visitor {
    /// Somebody without an HTTP session.
    pub fn new(identity: Identity) -> Self {
        Self { identity, http_session: None, headers: HeaderMap::new() }
    }
}

/// Why somebody may not. The answers have no JSON: some clients read any JSON as replies (B03).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Turned {
    /// No credential, or not a valid one: 401, with this challenge.
    Stranger(Option<HeaderValue>),
    /// 403, with a line of text.
    Forbidden(&'static str),
    /// 503: it cannot be found out now, or there is no room.
    Unavailable,
}

impl IntoResponse for Turned {
    fn into_response(self) -> Response {
        match self {
            Self::Stranger(challenge) => {
                let mut response = StatusCode::UNAUTHORIZED.into_response();
                if let Some(challenge) = challenge {
                    response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
                }
                response
            }
            Self::Forbidden(why) => (StatusCode::FORBIDDEN, why).into_response(),
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE.into_response(),
        }
    }
}

/// Says who may come in; asked for every request, before any Bayeux.
pub trait Entrance: Clone + Send + Sync + 'static {
    /// Who knocks.
    fn enter(&self, knock: Knock<'_>) -> impl Future<Output = Result<Visitor, Turned>> + Send;

    /// Somebody has sent something; `heartbeat` if nothing but connects, which say nothing about whether anybody is
    /// there (B32). Called often, so it must be quick.
    fn heard(&self, visitor: &Visitor, heartbeat: bool) {
        let _ = (visitor, heartbeat);
    }

    /// Whether pages of another origin may open web sockets. Those of the own origin always may.
    fn allows_origin(&self, origin: &str) -> bool {
        let _ = origin;
        false
    }

    /// Whether cookies are for HTTPS alone.
    fn secure_cookies(&self) -> bool {
        false
    }

    /// `SameSite` of the browser cookie: `Strict`, `Lax` or `None`. Absent: left to the browser.
    fn same_site(&self) -> Option<&'static str> {
        None
    }
}
