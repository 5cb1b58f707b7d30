//! A person's log-in: given, changed and taken by administrators.

use super::{part, revealed, users};
use crate::{
    Web,
    error::{Answer, PageError},
    texts,
    visit::{Fields, Visit, done},
};
use axum::extract::{Path, State};
use http::StatusCode;
use touchline_app::people::NewLogin;
use touchline_http::{Gate, Operation, Routes};
use touchline_model::{Ability, Role, User};

const NEEDS: &[Ability] = &[Ability::ReadDirectory, Ability::ManageCredentials];

pub(super) fn mount<G: Gate>(routes: &mut Routes<G, Web>) {
    routes
        .add(
            Operation::post("put_login", "/admin/people/users/{id}/login")
                .needs(NEEDS)
                .path_param("id", "Person.")
                .body_form(),
            put,
        )
        .add(
            Operation::post("delete_login", "/admin/people/users/{id}/login/delete")
                .needs(NEEDS)
                .path_param("id", "Person.")
                .body_form(),
            delete,
        );
}

/// Gives a log-in or changes its role; with `reset`, makes a new password. A password that was made is shown once.
async fn put(State(web): State<Web>, visit: Visit, Path(id): Path<String>, fields: Fields) -> Answer {
    let unknown = || PageError::new(StatusCode::UNPROCESSABLE_ENTITY, texts::t("admin_people.no_such_role"));
    let role: Role = fields.text("role").parse().map_err(|()| unknown())?;
    let user = web.app.get::<User>(&visit.caller, &id).await?.value;
    let new = NewLogin { user: id.clone(), role, password: None, reset: fields.ticked("reset") };
    let password = match web.app.put_login(&visit.caller, new).await {
        Ok(password) => password,
        Err(error) => return users::login_refused(&web, &visit, &id, error).await,
    };
    let back = format!("/admin/people/users/{}", part(&id));
    let Some(password) = password else { return Ok(done(&back, "admin_people.login_saved")) };
    let shown = vec![
        revealed::Shown { label: "admin_people.signs_in_with", value: user.email.trim().to_lowercase() },
        revealed::Shown { label: "admin_people.password", value: password },
    ];
    let help = texts::fill("admin_people.password_help", &[("name", &super::people::name(&user))]);
    revealed::page(&visit, "people", help, shown, None, &back)
}

async fn delete(State(web): State<Web>, visit: Visit, Path(id): Path<String>) -> Answer {
    if let Err(error) = web.app.delete_login(&visit.caller, &id).await {
        return users::login_refused(&web, &visit, &id, error).await;
    }
    Ok(done(&format!("/admin/people/users/{}", part(&id)), "admin_people.login_gone"))
}
