//! Signing in and out.

use crate::{
    Web,
    error::{Answer, PageError, rendered},
    filters, format,
    gate::{SESSION, cookie, forget_session, is_secure, set_session},
    shell::Shell,
    texts,
    visit::{Fields, Visit, again},
};
use askama::Template;
use axum::{
    extract::{ConnectInfo, RawQuery, State},
    response::{IntoResponse, Redirect, Response},
};
use http::{HeaderMap, header};
use std::net::SocketAddr;
use touchline_app::people::SignInError;
use touchline_http::{Gate, Operation, Policy, Query, Routes};

pub(super) fn mount<G: Gate>(routes: &mut Routes<G, Web>) {
    routes
        .add(Operation::get("page_sign_in", "/sign-in").policy(Policy::Public), show)
        .add(Operation::post("sign_in", "/sign-in").policy(Policy::Public).body_form(), sign_in)
        .add(Operation::post("sign_out", "/sign-out").policy(Policy::Anyone).body_form(), sign_out);
}

#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignIn<'a> {
    shell: Shell,
    next: &'a str,
    email: &'a str,
    /// Where the identity provider's way begins.
    oidc: Option<String>,
    error: Option<String>,
}

/// Where to go after the sign-in: only into this server.
pub(super) fn inside(next: &str) -> &str {
    // Browsers leave out tabs and line ends before they look at an address, and take `\` for `/`.
    let odd = |c: char| c.is_control() || c == '\\';
    let ours = next.starts_with('/') && !next.starts_with("//") && !next.contains(odd);
    if ours { next } else { "/" }
}

async fn show(State(web): State<Web>, headers: HeaderMap, RawQuery(raw): RawQuery) -> Answer {
    let query = Query::parse(raw.as_deref())?;
    let next = inside(query.one("next")?.unwrap_or("/"));
    if let Some(token) = cookie(&headers, SESSION)
        && web.app.session(token, "").await?.is_some()
    {
        return Ok(Redirect::to(next).into_response());
    }
    if web.app.is_fresh().await? {
        return Ok(Redirect::to("/setup").into_response());
    }
    let (shell, oidc) = (Shell::bare("account.sign_in"), super::oidc::way(&web, next));
    Ok(rendered(&SignIn { shell, next, email: "", oidc, error: None }))
}

async fn sign_in(
    State(web): State<Web>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    fields: Fields,
) -> Answer {
    let (email, next) = (fields.text("email"), inside(fields.text("next")));
    let browser = headers.get(header::USER_AGENT).and_then(|it| it.to_str().ok()).unwrap_or_default();
    let signed_in = web.app.sign_in(email, fields.raw("password"), &peer.ip().to_string(), browser).await;
    let error = match signed_in {
        Ok(session) => {
            let seconds = (session.expires_at.micros() - web.app.clock().now().micros()) / 1_000_000;
            return Ok(enter(is_secure(&web, &headers), &session.token, seconds, next));
        }
        Err(SignInError::Wrong) => texts::t("account.wrong").to_owned(),
        Err(SignInError::Resting { until }) => {
            let seconds = (until.micros() - web.app.clock().now().micros()) / 1_000_000 + 1;
            texts::fill("account.resting", &[("time", &format::clock(seconds as f64))])
        }
        Err(SignInError::App(error)) => return Err(PageError::from(error)),
    };
    let (shell, oidc) = (Shell::bare("account.sign_in"), super::oidc::way(&web, next));
    Ok(again(&SignIn { shell, next, email, oidc, error: Some(error) }))
}

/// Hands out the session's cookie and goes on.
pub(super) fn enter(secure: bool, token: &str, seconds: i64, next: &str) -> Response {
    let mut response = Redirect::to(next).into_response();
    response.headers_mut().append(header::SET_COOKIE, set_session(token, seconds, secure));
    response
}

async fn sign_out(State(web): State<Web>, visit: Visit) -> Answer {
    if let Some((caller, id)) = web.app.session(&visit.token, &visit.caller.source).await? {
        web.app.end_session(&caller, &id).await?;
        web.silence(&caller, &id);
    }
    let mut response = Redirect::to("/sign-in").into_response();
    response.headers_mut().append(header::SET_COOKIE, forget_session());
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::inside;

    #[test]
    fn after_the_sign_in_one_stays_on_this_server() {
        assert_eq!(inside("/calls?q=cancel#t=3"), "/calls?q=cancel#t=3");
        for evil in
            ["//evil.example", "https://evil.example", "/\\evil.example", "", "/a\r\nb", "/\t/evil.example"]
        {
            assert_eq!(inside(evil), "/", "{evil}");
        }
    }
}
