//! Signing in through the organisation's identity provider: there and back.

use crate::{
    Web,
    error::{Answer, PageError},
    gate::cookie,
    texts,
};
use axum::{
    extract::{ConnectInfo, RawQuery, State},
    response::{IntoResponse, Redirect},
};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use std::net::SocketAddr;
use touchline_app::people::SignInError;
use touchline_http::{Gate, Operation, Policy, Query, Routes};

/// What the browser keeps while it is at the provider.
const KEPT: &str = "touchline_oidc";
/// Longest address that is gone to afterwards, as it stands in the cookie: browsers keep 4,096 bytes of one.
const MOST_NEXT: usize = 3_000;

pub(super) fn mount<G: Gate>(routes: &mut Routes<G, Web>) {
    routes
        .add(Operation::get("oidc_leave", "/sign-in/oidc").policy(Policy::Public), leave)
        .add(Operation::get("oidc_return", "/sign-in/oidc/return").policy(Policy::Public), come_back);
}

/// Where the identity provider's way begins, if there is one.
pub(super) fn way(web: &Web, next: &str) -> Option<String> {
    web.oidc.as_ref().map(|_| format!("/sign-in/oidc?next={}", utf8_percent_encode(next, NON_ALPHANUMERIC)))
}

fn nowhere() -> PageError {
    PageError::new(StatusCode::NOT_FOUND, "this server has no identity provider")
}

async fn leave(State(web): State<Web>, RawQuery(raw): RawQuery) -> Answer {
    let oidc = web.oidc.as_ref().ok_or_else(nowhere)?;
    let query = Query::parse(raw.as_deref())?;
    let next = super::sign_in::inside(query.one("next")?.unwrap_or("/"));
    let leaving = web.app.begin_oidc(oidc).await?;
    let mut response = Redirect::to(&leaving.url).into_response();
    let secure = if web.config.secure_cookies || oidc.is_secure() { "; Secure" } else { "" };
    let next = utf8_percent_encode(next, NON_ALPHANUMERIC).to_string();
    let next = if next.len() > MOST_NEXT { "%2F" } else { &next };
    let kept = format!(
        "{KEPT}={}.{next}; Path=/sign-in/oidc; HttpOnly; SameSite=Lax; Max-Age=600{secure}",
        leaving.kept
    );
    if let Ok(kept) = HeaderValue::from_str(&kept) {
        response.headers_mut().append(header::SET_COOKIE, kept);
    }
    Ok(response)
}

async fn come_back(
    State(web): State<Web>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    RawQuery(raw): RawQuery,
) -> Answer {
    let oidc = web.oidc.as_ref().ok_or_else(nowhere)?;
    let query = Query::parse(raw.as_deref())?;
    let kept = cookie(&headers, KEPT).unwrap_or_default();
    let next = kept.splitn(4, '.').nth(3).unwrap_or_default();
    let next = percent_decode_str(next).decode_utf8_lossy();
    let browser = headers.get(header::USER_AGENT).and_then(|it| it.to_str().ok()).unwrap_or_default();
    // Without a code the provider says in `error` why; there is nothing to prove then.
    let (code, state) = (query.one("code")?.unwrap_or_default(), query.one("state")?.unwrap_or_default());
    let finished = web.app.finish_oidc(oidc, code, state, kept, &peer.ip().to_string(), browser).await;
    match finished {
        Ok(session) => {
            let seconds = (session.expires_at.micros() - web.app.clock().now().micros()) / 1_000_000;
            let (secure, next) =
                (web.config.secure_cookies || oidc.is_secure(), super::sign_in::inside(&next));
            Ok(super::sign_in::enter(secure, &session.token, seconds, next))
        }
        Err(SignInError::App(error)) => {
            tracing::warn!(error = ?error, "a sign-in through the identity provider failed");
            Err(PageError::new(StatusCode::BAD_GATEWAY, texts::t("account.oidc_failed")))
        }
        Err(_) => Err(PageError::new(StatusCode::FORBIDDEN, texts::t("account.oidc_failed"))),
    }
}
