//! One's own account: password, the browsers that are signed in, how pages look.

use crate::{
    Web,
    error::Answer,
    filters,
    shell::Shell,
    texts,
    visit::{Fields, Visit, again, done},
};
use askama::Template;
use axum::extract::{Path, State};
use touchline_app::{AppError, people::SessionView};
use touchline_http::{Gate, Operation, Routes};

pub(super) fn mount<G: Gate>(routes: &mut Routes<G, Web>) {
    routes
        .add(Operation::get("page_account", "/account"), show)
        .add(Operation::post("change_password", "/account/password").body_form(), change_password)
        .add(
            Operation::post("end_session", "/account/sessions/{id}/end")
                .path_param("id", "Session.")
                .body_form(),
            end_session,
        );
}

#[derive(Template)]
#[template(path = "account.html")]
struct Account {
    shell: Shell,
    sessions: Vec<SessionView>,
    has_password: bool,
    /// Which field is wrong, and why.
    error: Option<(String, String)>,
}

impl Account {
    fn wrong(&self, field: &str) -> Option<&str> {
        self.error.as_ref().filter(|(wrong, _)| wrong == field).map(|(_, reason)| reason.as_str())
    }
}

async fn account(web: &Web, visit: &Visit, error: Option<(String, String)>) -> Result<Account, AppError> {
    let current = web.app.session(&visit.token, &visit.caller.source).await?.map(|(_, id)| id);
    let sessions = web.app.own_sessions(&visit.caller, current.as_deref().unwrap_or_default()).await?;
    let shell = visit.shell(texts::t("account.account"), "account");
    Ok(Account { shell, sessions, has_password: visit.viewer.has_password, error })
}

async fn show(State(web): State<Web>, visit: Visit) -> Answer {
    Ok(visit.page(&account(&web, &visit, None).await?))
}

async fn change_password(State(web): State<Web>, visit: Visit, fields: Fields) -> Answer {
    let current =
        web.app.session(&visit.token, &visit.caller.source).await?.map(|(_, id)| id).unwrap_or_default();
    let (old, new) = (fields.raw("old_password"), fields.raw("new_password"));
    let error = match web.app.change_password(&visit.caller, &current, old, new).await {
        Ok(()) => return Ok(done("/account", "account.password_changed")),
        Err(AppError::Invalid(invalid)) => Some((invalid.field.clone(), invalid.reason)),
        Err(error) => return Err(error.into()),
    };
    Ok(again(&account(&web, &visit, error).await?))
}

async fn end_session(State(web): State<Web>, visit: Visit, Path(id): Path<String>) -> Answer {
    web.app.end_session(&visit.caller, &id).await?;
    web.silence(&visit.caller, &id);
    Ok(done("/account", "account.session_ended"))
}
