//! Where the transports are: one address, with the suffixes that clients append (contract bayeux §1).

use super::{Entrance, Hub, polling, socket};
use axum::{
    Router,
    extract::{ConnectInfo, Request},
    response::{IntoResponse, Response},
    routing::any,
};
use http::{Extensions, HeaderValue, Method, StatusCode, header};
use std::net::{Ipv4Addr, SocketAddr};

/// What clients append; it carries no meaning.
const SUFFIXES: [&str; 8] =
    ["", "/", "/handshake", "/handshake/", "/connect", "/connect/", "/disconnect", "/disconnect/"];

/// The endpoint at `path`, which starts with a slash and does not end with one.
pub fn routes<E: Entrance>(hub: &Hub, path: &str, entrance: E) -> Router {
    let endpoint = any({
        let hub = hub.clone();
        move |request: Request| {
            let (hub, entrance) = (hub.clone(), entrance.clone());
            async move {
                let mut response = answer(hub, entrance, request).await;
                let never = HeaderValue::from_static("no-cache, no-store");
                response.headers_mut().insert(header::CACHE_CONTROL, never);
                response
            }
        }
    });
    SUFFIXES
        .iter()
        .fold(Router::new(), |router, suffix| router.route(&format!("{path}{suffix}"), endpoint.clone()))
}

async fn answer<E: Entrance>(hub: Hub, entrance: E, request: Request) -> Response {
    match *request.method() {
        Method::POST => polling::post(hub, entrance, request).await,
        Method::GET | Method::CONNECT => socket::get(hub, entrance, request).await,
        Method::OPTIONS => StatusCode::OK.into_response(),
        _ => (StatusCode::METHOD_NOT_ALLOWED, [(header::ALLOW, "GET, OPTIONS, POST")]).into_response(),
    }
}

/// Where a request comes from.
pub(super) fn peer_of(extensions: &Extensions) -> SocketAddr {
    let found = extensions.get::<ConnectInfo<SocketAddr>>();
    found.map_or(SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0)), |info| info.0)
}
