//! Who asks, and why a request is refused: what a dialect brings along.

use std::fmt;
use std::future::Future;
use std::net::SocketAddr;

use axum::extract::FromRequestParts;
use axum::response::Response;
use http::request::Parts;
use http::{Extensions, HeaderMap, Method, StatusCode};
use touchline_model::{Ability, Caller};

/// Who may use an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Policy {
    /// Everybody; the gate is not asked.
    Public,
    /// Any valid credential of the dialect.
    Anyone,
    /// A credential with all of these abilities.
    Needs(&'static [Ability]),
}

impl Policy {
    /// The first ability that the policy asks for and the caller lacks.
    pub fn missing(self, caller: &Caller) -> Option<Ability> {
        match self {
            Self::Public | Self::Anyone => None,
            Self::Needs(abilities) => abilities.iter().copied().find(|ability| !caller.may(*ability)),
        }
    }
}

/// Why a request is refused before (or instead of) a handler; each dialect words it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// No credential, or not a valid one.
    Unauthenticated,
    /// The credential lacks this ability.
    Forbidden(Ability),
    /// Nothing there, or nothing that this caller may know of.
    NotFound,
    /// The path exists, the method does not. `Routes` adds the `Allow` header.
    MethodNotAllowed,
    /// The request is malformed; says what and where, safe to show.
    Bad(String),
    /// The body is larger than this many bytes.
    TooLarge(u64),
    /// The body has the wrong content type; says which one is wanted.
    UnsupportedMedia(String),
    /// Waited too long for its turn.
    QueueTimeout,
    /// Refused by a rate limit.
    TooManyRequests {
        /// Seconds until the next attempt makes sense.
        retry_after_s: u64,
    },
    /// Not now; says why, safe to show.
    Unavailable(String),
    /// Our fault; the cause is in the log only.
    Internal,
}

impl Refusal {
    /// The usual HTTP status; a dialect may choose another.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::Unauthenticated => StatusCode::UNAUTHORIZED,
            Self::Forbidden(_) => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::Bad(_) => StatusCode::BAD_REQUEST,
            Self::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UnsupportedMedia(_) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::QueueTimeout => StatusCode::GATEWAY_TIMEOUT,
            Self::TooManyRequests { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unauthenticated => f.write_str("valid credentials are required"),
            Self::Forbidden(ability) => write!(f, "this credential lacks the ability {ability}"),
            Self::NotFound => f.write_str("there is nothing at this address"),
            Self::MethodNotAllowed => f.write_str("this address does not support this method"),
            Self::Bad(why) | Self::UnsupportedMedia(why) | Self::Unavailable(why) => f.write_str(why),
            Self::TooLarge(limit) => write!(f, "the request body is larger than {limit} bytes"),
            Self::QueueTimeout => f.write_str("the request waited too long for its turn"),
            Self::TooManyRequests { retry_after_s } => {
                write!(f, "too many requests; try again in {retry_after_s} s")
            }
            Self::Internal => f.write_str("something went wrong on the server; the log has the details"),
        }
    }
}

impl std::error::Error for Refusal {}

/// What a dialect brings along.
pub trait Gate: Clone + Send + Sync + 'static {
    /// Who asks, by the credential in the headers. `peer` is the unspecified address when it is not known.
    fn identify(
        &self,
        headers: &HeaderMap,
        peer: SocketAddr,
    ) -> impl Future<Output = Result<Caller, Refusal>> + Send;

    /// The same, told what the dialect's own layer has put into the extensions, such as a session that it has looked up.
    /// This is what `Routes` calls. Default: [`Gate::identify`].
    fn identify_request(
        &self,
        headers: &HeaderMap,
        peer: SocketAddr,
        extensions: &Extensions,
    ) -> impl Future<Output = Result<Caller, Refusal>> + Send {
        let _ = extensions;
        self.identify(headers, peer)
    }

    /// Waits for its turn (vendor rate limits); called after identify, before policy and handler, also for
    /// unknown paths and wrong methods. A client that hangs up while waiting drops this future. Default: at once.
    fn admit(&self, caller: &Caller) -> impl Future<Output = Result<(), Refusal>> + Send {
        let _ = caller;
        async { Ok(()) }
    }

    /// The same, told which request it is: for limits that differ between operations, and for what the dialect's own
    /// layer has put into the extensions. This is what `Routes` calls. Default: [`Gate::admit`].
    fn admit_request(
        &self,
        caller: &Caller,
        method: &Method,
        path: &str,
        extensions: &Extensions,
    ) -> impl Future<Output = Result<(), Refusal>> + Send {
        let _ = (method, path, extensions);
        self.admit(caller)
    }

    /// Words a refusal in the dialect. For [`Refusal::MethodNotAllowed`] the `Allow` header is added afterwards.
    fn refuse(&self, refusal: Refusal) -> Response;
}

/// Extractor: the caller whom the gate identified. Only for operations that are not [`Policy::Public`].
#[derive(Clone, Debug)]
pub struct CallerOf(pub Caller);

impl<S: Send + Sync> FromRequestParts<S> for CallerOf {
    type Rejection = StatusCode;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, StatusCode> {
        parts.extensions.get::<Caller>().cloned().map(Self).ok_or_else(|| {
            tracing::error!("a public operation asked for its caller");
            StatusCode::INTERNAL_SERVER_ERROR
        })
    }
}
