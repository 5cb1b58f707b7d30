//! The first administrator of a fresh server. Only whoever reads the server's output knows the address with the key.

use crate::{
    Web,
    error::{Answer, PageError, rendered},
    filters,
    gate::is_secure,
    shell::Shell,
    visit::{Fields, again},
};
use askama::Template;
use axum::{
    extract::{ConnectInfo, RawQuery, State},
    response::{IntoResponse, Redirect},
};
use http::{HeaderMap, StatusCode, header};
use sha2::{Digest, Sha256};
use std::net::SocketAddr;
use touchline_app::{AppError, people::FirstAdministrator};
use touchline_http::{Gate, Operation, Policy, Query, Routes};

pub(super) fn mount<G: Gate>(routes: &mut Routes<G, Web>) {
    routes
        .add(Operation::get("page_setup", "/setup").policy(Policy::Public), show)
        .add(Operation::post("set_up", "/setup").policy(Policy::Public).body_form(), set_up);
}

#[derive(Template)]
#[template(path = "setup.html")]
struct Setup<'a> {
    shell: Shell,
    /// The key as given; without the right one there is no form.
    key: Option<&'a str>,
    organisation: &'a str,
    first_name: &'a str,
    last_name: &'a str,
    email: &'a str,
    /// Which field is wrong, and why.
    error: Option<(String, String)>,
}

impl Setup<'_> {
    fn empty() -> Self {
        let shell = Shell::bare("account.setup");
        Self { shell, key: None, organisation: "", first_name: "", last_name: "", email: "", error: None }
    }
    fn wrong(&self, field: &str) -> Option<&str> {
        self.error.as_ref().filter(|(wrong, _)| wrong == field).map(|(_, reason)| reason.as_str())
    }
}

/// Compared by hash, so that the time says nothing about how much of it is right.
fn fits(web: &Web, key: &str) -> bool {
    Sha256::digest(key.as_bytes()) == Sha256::digest(web.setup_key.as_bytes())
}

async fn show(State(web): State<Web>, RawQuery(raw): RawQuery) -> Answer {
    if !web.app.is_fresh().await? {
        return Ok(Redirect::to("/sign-in").into_response());
    }
    let query = Query::parse(raw.as_deref())?;
    let key = query.one("key")?.filter(|key| fits(&web, key));
    Ok(rendered(&Setup { key, ..Setup::empty() }))
}

async fn set_up(
    State(web): State<Web>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    fields: Fields,
) -> Answer {
    let key = fields.text("key");
    if !fits(&web, key) {
        return Err(PageError::new(StatusCode::FORBIDDEN, "this is not the key that the server printed"));
    }
    let source = peer.ip().to_string();
    let first = FirstAdministrator {
        organisation: fields.text("organisation").to_owned(),
        first_name: fields.text("first_name").to_owned(),
        last_name: fields.text("last_name").to_owned(),
        email: fields.text("email").to_owned(),
        password: fields.raw("password").to_owned(),
    };
    let (organisation, first_name) = (first.organisation.clone(), first.first_name.clone());
    let (last_name, email) = (first.last_name.clone(), first.email.clone());
    match web.app.set_up(&source, first).await {
        Ok(()) => {
            let browser = headers.get(header::USER_AGENT).and_then(|it| it.to_str().ok()).unwrap_or_default();
            let entered = web.app.sign_in(&email, fields.raw("password"), &source, browser).await;
            Ok(match entered {
                Ok(session) => {
                    let seconds = (session.expires_at.micros() - web.app.clock().now().micros()) / 1_000_000;
                    super::sign_in::enter(is_secure(&web, &headers), &session.token, seconds, "/")
                }
                Err(_) => Redirect::to("/sign-in").into_response(),
            })
        }
        Err(AppError::Invalid(invalid)) => Ok(again(&Setup {
            shell: Shell::bare("account.setup"),
            key: Some(key),
            organisation: &organisation,
            first_name: &first_name,
            last_name: &last_name,
            email: &email,
            error: Some((invalid.field.clone(), invalid.reason)),
        })),
        Err(error) => Err(error.into()),
    }
}
