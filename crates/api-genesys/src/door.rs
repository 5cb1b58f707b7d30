//! What stands in front of the resources: who asks, the CSRF token, pages of other origins (contract §2); and the same in
//! front of the notification endpoint, whose refusals are never JSON.

use crate::{
    ApiError,
    answer::{CHALLENGE, Code},
    config::Cors,
    dialect::Dialect,
    sessions::{COOKIE, Session},
};
use axum::{
    extract::{ConnectInfo, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
};
use touchline_http::{
    Refusal, keeping,
    push::{Entrance, Hub, Hush, Identity, Knock, Turned, Visitor, set_cookie},
};

/// The text of the refusal, and the names of the headers (contract §2).
const FORGED: &str = "Missing or invalid Csrf token";
static CSRF_HEADER: HeaderName = HeaderName::from_static("x-csrf-header");
static CSRF_TOKEN: HeaderName = HeaderName::from_static("x-csrf-token");
const TOKEN_NAME: HeaderValue = HeaderValue::from_static("X-CSRF-TOKEN");

/// Stands in the extensions of an answer to a goodbye: the HTTP session that has ended.
#[derive(Clone, Debug)]
pub(crate) struct Goodbye(pub(crate) Arc<str>);

/// In front of the resources.
pub(crate) async fn layer(State(dialect): State<Dialect>, mut request: Request, next: Next) -> Response {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
    let peer = peer.map_or(SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0)), |it| it.0);
    let session = match dialect.sessions.enter(request.headers(), peer).await {
        Ok(session) => session,
        Err(refusal) => return ApiError::from(refusal).into_response(),
    };
    let method = request.method().clone();
    let reads = matches!(method, Method::GET | Method::HEAD);
    let guarded = dialect.config.enable_csrf_protection && !reads;
    if guarded && !session.is_unforged(request.headers()) {
        let mut response = ApiError::new(Code::Forbidden, FORGED).into_response();
        admit(&dialect, &session, response.headers_mut());
        return response;
    }
    dialect.sessions.heard(&session.id, false);
    // What a request causes is told after its answer (OC-03).
    let user = session.caller.user.clone();
    let hush = user.filter(|_| !reads).map(|user| dialect.hub.hush(&session.caller.tenant, &user));
    request.extensions_mut().insert(session.clone());
    let mut response = next.run(request).await;
    let goodbye = response.extensions_mut().remove::<Goodbye>();
    let headers = response.headers_mut();
    if goodbye.is_none() {
        admit(&dialect, &session, headers);
    }
    if reads && let Ok(token) = HeaderValue::from_str(&session.csrf()) {
        headers.insert(CSRF_HEADER.clone(), TOKEN_NAME);
        headers.insert(CSRF_TOKEN.clone(), token);
    }
    let hub = dialect.hub;
    let after = After { _hush: hush, farewell: goodbye.map(|it| (hub, it)) };
    response.map(|body| keeping(body, after))
}

/// Gives the cookie of a session that has just begun.
fn admit(dialect: &Dialect, session: &Session, headers: &mut HeaderMap) {
    if session.is_new
        && let Some(cookie) = session_cookie(dialect, session)
    {
        headers.append(header::SET_COOKIE, cookie);
    }
}

fn session_cookie(dialect: &Dialect, session: &Session) -> Option<HeaderValue> {
    set_cookie(COOKIE, &session.token, dialect.config.is_https(), same_site(dialect))
}

/// Pages of other origins get cookies along only if those say so.
fn same_site(dialect: &Dialect) -> Option<&'static str> {
    (dialect.config.is_https() && !dialect.config.cors.allowed_origins.is_empty()).then_some("None")
}

/// What happens when an answer has been written, or cannot be.
struct After {
    _hush: Option<Hush>,
    farewell: Option<(Hub, Goodbye)>,
}

impl Drop for After {
    fn drop(&mut self) {
        if let Some((hub, Goodbye(session))) = self.farewell.take() {
            hub.logout(&session);
        }
    }
}

/// Around everything: pages of other origins, where they are allowed.
pub(crate) async fn cors(State(dialect): State<Dialect>, request: Request, next: Next) -> Response {
    let origin = request.headers().get(header::ORIGIN).cloned();
    let config = &dialect.config.cors;
    let allowed = origin.clone().filter(|it| it.to_str().is_ok_and(|it| config.allows(it)));
    let mut response = match *request.method() {
        Method::OPTIONS => StatusCode::OK.into_response(),
        _ => next.run(request).await,
    };
    let headers = response.headers_mut();
    if !config.allowed_origins.is_empty() {
        headers.append(header::VARY, HeaderValue::from_static("Origin"));
    }
    if let Some(origin) = allowed {
        allow(config, origin, headers);
    }
    response
}

fn allow(config: &Cors, origin: HeaderValue, headers: &mut HeaderMap) {
    let list = |words: &[String]| HeaderValue::from_str(&words.join(", "));
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    if config.allow_credentials {
        headers.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
    }
    let exposed = HeaderValue::from_static("X-CSRF-HEADER, X-CSRF-TOKEN");
    headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, exposed);
    if let (Ok(methods), Ok(names)) = (list(&config.allowed_methods), list(&config.allowed_headers)) {
        headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, methods);
        headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, names);
        headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("120"));
    }
}

impl Entrance for Dialect {
    async fn enter(&self, knock: Knock<'_>) -> Result<Visitor, Turned> {
        let session =
            self.sessions.enter(knock.headers, knock.peer).await.map_err(|refusal| match refusal {
                Refusal::Unauthenticated => Turned::Stranger(Some(CHALLENGE)),
                _ => Turned::Unavailable,
            })?;
        let guarded = self.config.enable_csrf_protection && !knock.upgrade;
        if guarded && !session.is_unforged(knock.headers) {
            return Err(Turned::Forbidden(FORGED));
        }
        let user = session.caller.user.as_ref().ok_or(Turned::Stranger(Some(CHALLENGE)))?;
        let mut visitor = Visitor::new(Identity::new(session.caller.tenant.as_str(), user.as_str()));
        visitor.http_session = Some(session.id.clone());
        admit(self, &session, &mut visitor.headers);
        Ok(visitor)
    }

    fn heard(&self, visitor: &Visitor, heartbeat: bool) {
        if let Some(session) = &visitor.http_session {
            self.sessions.heard(session, heartbeat);
        }
    }

    fn allows_origin(&self, origin: &str) -> bool {
        self.config.cors.allows(origin)
    }

    fn secure_cookies(&self) -> bool {
        self.config.is_https()
    }

    fn same_site(&self) -> Option<&'static str> {
        same_site(self)
    }
}
