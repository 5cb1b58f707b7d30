//! A person: seen by whoever reads the directory, changed by whoever writes it.

use super::{
    Tab, Wrong,
    choice::{Choice, chosen, groups, of_groups},
    frame, part, people,
};
use crate::{
    Web,
    error::Answer,
    filters,
    shell::Shell,
    texts,
    visit::{Fields, Visit, again, done},
};
use askama::Template;
use axum::{
    extract::{Path, State},
    response::IntoResponse,
};
use http::StatusCode;
use touchline_app::{AppError, people::LoginView};
use touchline_http::{Gate, Operation, Routes};
use touchline_model::{Ability, Role, User};

const READ: &[Ability] = &[Ability::ReadDirectory];
const WRITE: &[Ability] = &[Ability::ReadDirectory, Ability::WriteDirectory];

pub(super) fn mount<G: Gate>(routes: &mut Routes<G, Web>) {
    routes
        .add(Operation::get("page_new_user", "/admin/people/users/new").needs(WRITE), show_new)
        .add(Operation::post("create_user", "/admin/people/users").needs(WRITE).body_form(), create)
        .add(
            Operation::get("page_user", "/admin/people/users/{id}").needs(READ).path_param("id", "Person."),
            show,
        )
        .add(
            Operation::post("change_user", "/admin/people/users/{id}")
                .needs(WRITE)
                .path_param("id", "Person.")
                .body_form(),
            change,
        );
}

#[derive(Template)]
#[template(path = "admin/user.html")]
struct Page {
    shell: Shell,
    tabs: Vec<Tab>,
    user: User,
    /// What is written in the fields of many lines.
    system_ids: String,
    phone_numbers: String,
    teams: Vec<Choice>,
    departments: Vec<Choice>,
    new: bool,
    may_write: bool,
    sees_logins: bool,
    login: Option<LoginView>,
    resting: bool,
    roles: [Role; 5],
    action: String,
    wrong: Wrong,
    /// Why the log-in is not as it was asked for.
    login_wrong: Option<String>,
}

impl Page {
    fn wrong(&self, field: &str) -> Option<&str> {
        self.wrong.at(field)
    }
    fn elsewhere(&self) -> Option<String> {
        let shown = [
            "email",
            "first_name",
            "last_name",
            "team_id",
            "department_id",
            "system_ids",
            "phone_numbers",
            "active",
        ];
        self.wrong.elsewhere(&shown)
    }
    fn role(&self, role: &Role) -> &'static str {
        people::role(*role)
    }
    /// What is chosen, for readers.
    fn chosen<'c>(&self, of: &'c [Choice]) -> &'c str {
        chosen(of)
    }
}

async fn page(web: &Web, visit: &Visit, user: User, new: bool, wrong: Wrong) -> Result<Page, AppError> {
    let sees_logins = !new && visit.caller.may(Ability::ManageCredentials);
    let login = match sees_logins {
        true => web.app.logins(&visit.caller).await?.into_iter().find(|it| it.user == user.id.as_str()),
        false => None,
    };
    let title = if new { texts::t("admin_people.new_user").to_owned() } else { people::name(&user) };
    let (shell, tabs) = frame(visit, title, "people");
    let groups = groups(web, visit).await?;
    Ok(Page {
        shell,
        tabs,
        system_ids: user.system_ids.join("\n"),
        phone_numbers: user.phone_numbers.join("\n"),
        teams: of_groups(&groups, |it| it.team, user.team_id.as_ref().map(|it| it.as_str())),
        departments: of_groups(&groups, |it| !it.team, user.department_id.as_ref().map(|it| it.as_str())),
        action: match new {
            true => "/admin/people/users".to_owned(),
            false => format!("/admin/people/users/{}", part(user.id.as_str())),
        },
        may_write: visit.caller.may(Ability::WriteDirectory),
        resting: login.as_ref().is_some_and(|it| it.locked_until.is_some_and(|until| visit.now < until)),
        roles: Role::ALL,
        user,
        new,
        sees_logins,
        login,
        wrong,
        login_wrong: None,
    })
}

/// The page of a person whose log-in could not be given, changed or taken, with the reason at the form.
pub(super) async fn login_refused(web: &Web, visit: &Visit, id: &str, error: AppError) -> Answer {
    let status = match &error {
        AppError::Conflict(_) => StatusCode::CONFLICT,
        _ => StatusCode::UNPROCESSABLE_ENTITY,
    };
    let reason = Wrong::of(error)?.reason();
    let user = web.app.get::<User>(&visit.caller, id).await?.value;
    let page = Page { login_wrong: reason, ..page(web, visit, user, false, Wrong::default()).await? };
    Ok((status, visit.page(&page)).into_response())
}

/// The person that a form describes.
fn typed(fields: &Fields, id: &str) -> User {
    let lines = |name: &str| {
        let lines = fields.raw(name).lines().map(|it| it.trim().to_owned());
        lines.filter(|it| !it.is_empty()).collect()
    };
    User {
        id: id.into(),
        email: fields.text("email").to_owned(),
        first_name: fields.text("first_name").to_owned(),
        last_name: fields.text("last_name").to_owned(),
        team_id: fields.maybe("team_id").map(Into::into),
        department_id: fields.maybe("department_id").map(Into::into),
        system_ids: lines("system_ids"),
        phone_numbers: lines("phone_numbers"),
        active: fields.ticked("active"),
    }
}

async fn show_new(State(web): State<Web>, visit: Visit) -> Answer {
    let user = User { active: true, ..User::default() };
    Ok(visit.page(&page(&web, &visit, user, true, Wrong::default()).await?))
}

async fn create(State(web): State<Web>, visit: Visit, fields: Fields) -> Answer {
    let user = typed(&fields, fields.text("id"));
    match web.app.add_person(&visit.caller, user.clone()).await {
        Ok(made) => {
            let to = format!("/admin/people/users/{}", part(&made.id));
            Ok(done(&to, "admin_people.user_made"))
        }
        Err(error) => Ok(again(&page(&web, &visit, user, true, Wrong::of(error)?).await?)),
    }
}

async fn show(State(web): State<Web>, visit: Visit, Path(id): Path<String>) -> Answer {
    let user = web.app.get::<User>(&visit.caller, &id).await?.value;
    Ok(visit.page(&page(&web, &visit, user, false, Wrong::default()).await?))
}

async fn change(State(web): State<Web>, visit: Visit, Path(id): Path<String>, fields: Fields) -> Answer {
    web.app.get::<User>(&visit.caller, &id).await?;
    let user = typed(&fields, &id);
    match web.app.change_person(&visit.caller, user.clone()).await {
        Ok(_) => Ok(done(&format!("/admin/people/users/{}", part(&id)), "admin_people.user_saved")),
        Err(error) => Ok(again(&page(&web, &visit, user, false, Wrong::of(error)?).await?)),
    }
}
