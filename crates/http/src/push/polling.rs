//! Long-polling: a request that is answered at once, or held until there is something to say (contract bayeux §6.1).

use super::{
    Entrance, Hub, Knock, Visitor, body,
    cookies::{cookie, set_cookie},
    hub::Delivery,
    routes::peer_of,
};
use crate::keeping;
use axum::{
    body::Body,
    extract::Request,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderValue, StatusCode, Version, header};
use touchline_bayeux::{Answer, BROWSER_COOKIE, BrowserId, Peer, is_heartbeat};

/// The content type of every good answer (S1).
const JSON: HeaderValue = HeaderValue::from_static("application/json;charset=UTF-8");

/// A POST to the endpoint.
pub(super) async fn post<E: Entrance>(hub: Hub, entrance: E, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let knock = Knock { headers: &parts.headers, peer: peer_of(&parts.extensions), upgrade: false };
    let visitor = match entrance.enter(knock).await {
        Ok(visitor) => visitor,
        Err(turned) => return turned.into_response(),
    };
    let mut response = match body::read(&parts.headers, body, hub.settings()).await {
        Ok(messages) => {
            entrance.heard(&visitor, is_heartbeat(&messages));
            let peer = peer(&visitor, &parts.headers, parts.version);
            match hub.exchange(&peer, &messages).await {
                Ok(delivery) => answer(delivery, &entrance),
                Err(turned) => turned.into_response(),
            }
        }
        Err(status) => status.into_response(),
    };
    for (name, value) in &visitor.headers {
        response.headers_mut().append(name, value.clone());
    }
    response
}

/// The other side, as the engine knows it.
pub(super) fn peer(visitor: &Visitor, headers: &HeaderMap, version: Version) -> Peer {
    Peer {
        identity: visitor.identity.clone(),
        browser: cookie(headers, BROWSER_COOKIE).and_then(BrowserId::parse),
        http_session: visitor.http_session.clone(),
        multiplexed: version >= Version::HTTP_2,
    }
}

fn answer<E: Entrance>(Delivery { answer, owed }: Delivery, entrance: &E) -> Response {
    let reply = match answer {
        Answer::Reply(reply) => reply,
        Answer::Superseded { status } => {
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            return status.into_response();
        }
    };
    let mut response = Response::new(keeping(Body::from(reply.body), owed));
    response.headers_mut().insert(header::CONTENT_TYPE, JSON);
    let given = reply.browser.and_then(|browser| {
        set_cookie(BROWSER_COOKIE, browser.as_str(), entrance.secure_cookies(), entrance.same_site())
    });
    if let Some(given) = given {
        response.headers_mut().append(header::SET_COOKIE, given);
    }
    response
}
