//! People and groups: what a supervisor needs to find somebody (contract §3.4).

use crate::{
    ApiError, answer,
    devices::device_fields,
    dialect::Dialect,
    fields::Fields,
    roles::{Rank, of_login, rank_of},
    select::{Choice, Selection},
    uris::path,
    wire,
};
use axum::{
    extract::{Path, RawQuery, State},
    response::Response,
};
use serde::Serialize;
use touchline_app::{live::board::DeviceView, people::Colleague};
use touchline_http::CallerOf;
use touchline_model::{Caller, Group, TenantId, User};

const USER_FILTERS: [&str; 8] =
    ["id", "userName", "firstName", "lastName", "emailAddress", "roles", "enabled", "contactCenterId"];
const CONTACT_FILTERS: [&str; 5] = ["id", "userName", "firstName", "lastName", "phoneNumber"];
const GROUP_FILTERS: [&str; 2] = ["id", "name"];

fn fields<'a>(tenant: &'a TenantId, it: &'a Colleague) -> wire::UserFields<'a> {
    let (login, role) = it.login.as_ref().map_or(("", None), |(login, role)| (login.as_str(), Some(*role)));
    wire::UserFields {
        id: &it.user.id,
        tenant,
        login: if login.is_empty() { &it.user.email } else { login },
        first_name: &it.user.first_name,
        last_name: &it.user.last_name,
        email: &it.user.email,
        roles: role.map(of_login).unwrap_or_default(),
        enabled: it.user.active,
    }
}

/// A person as answers show them.
pub(crate) fn user_fields(
    dialect: &Dialect,
    caller: &Caller,
    selection: &Selection,
    devices: &[DeviceView],
    it: &Colleague,
) -> Fields {
    let mut user = Fields::of(&wire::user(&dialect.prefix, &fields(&caller.tenant, it)));
    if selection.embeds("devices") {
        let own: Vec<DeviceView> =
            devices.iter().filter(|view| view.device.user.as_ref() == Some(&it.user.id)).cloned().collect();
        user.set("devices", &device_fields(dialect, &own));
    }
    if selection.embeds("skills") {
        user.set("skills", &[(); 0]);
    }
    user
}

/// The telephones that may be shown with people: all to supervisors, to others their own.
fn devices(dialect: &Dialect, caller: &Caller) -> Vec<DeviceView> {
    let live = dialect.app.live();
    if rank_of(caller) >= Rank::Supervisor {
        live.all_device_views(caller)
    } else {
        live.device_views(caller)
    }
}

/// `GET /users`
pub(crate) async fn users(
    State(dialect): State<Dialect>,
    CallerOf(caller): CallerOf,
    RawQuery(query): RawQuery,
) -> Result<Response, ApiError> {
    let selection = Selection::read(query.as_deref(), &USER_FILTERS)?;
    let people = dialect.app.colleagues(&caller).await?;
    Ok(list_users(&dialect, &caller, &selection, &people))
}

fn list_users(dialect: &Dialect, caller: &Caller, selection: &Selection, people: &[Colleague]) -> Response {
    let devices = devices(dialect, caller);
    let users = people.iter().map(|it| user_fields(dialect, caller, selection, &devices, it)).collect();
    selection.list("users", users)
}

/// `GET /users/{id}`
pub(crate) async fn user(
    State(dialect): State<Dialect>,
    CallerOf(caller): CallerOf,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, ApiError> {
    let selection = Selection::read(query.as_deref(), &[])?;
    let people = dialect.app.colleagues(&caller).await?;
    let person = people.iter().find(|it| wire::wire_id(&it.user.id) == id);
    let person = person.ok_or_else(|| ApiError::not_found("user"))?;
    let user = user_fields(&dialect, &caller, &selection, &devices(&dialect, &caller), person);
    Ok(answer::found("user", &selection.trim(user)))
}

/// `GET /contacts`: always whole objects, one for each person with a number.
pub(crate) async fn contacts(
    State(dialect): State<Dialect>,
    CallerOf(caller): CallerOf,
    RawQuery(query): RawQuery,
) -> Result<Response, ApiError> {
    let selection = Selection::read(query.as_deref(), &CONTACT_FILTERS)?;
    let contact = |it: &Colleague| {
        let number = it.number.as_deref().or(it.user.phone_numbers.first().map(String::as_str)).unwrap_or("");
        Fields::of(&wire::contact(&fields(&caller.tenant, it), number))
    };
    let all = dialect.app.colleagues(&caller).await?;
    Ok(selection.with_fields(Choice::All).list("contacts", all.iter().map(contact).collect()))
}

#[derive(Serialize)]
struct GroupBody {
    id: String,
    name: String,
    supervisors: Vec<String>,
    members: Vec<String>,
    uri: String,
    path: String,
}

/// OC-26.
fn group_fields(dialect: &Dialect, group: &Group, people: &[User]) -> Fields {
    let uri = |it: &touchline_model::UserId| dialect.prefix.uri("users", wire::wire_id(it));
    let id = group.id.as_str();
    Fields::of(&GroupBody {
        id: id.to_owned(),
        name: group.name.clone(),
        supervisors: group.manager_id.iter().map(uri).collect(),
        members: members(group, people).map(|it| uri(&it.id)).collect(),
        uri: dialect.prefix.uri("agent-groups", id),
        path: path("agent-groups", id),
    })
}

fn members<'a>(group: &'a Group, people: &'a [User]) -> impl Iterator<Item = &'a User> {
    let is_in = |it: &&User| {
        it.active && (it.team_id.as_ref() == Some(&group.id) || it.department_id.as_ref() == Some(&group.id))
    };
    people.iter().filter(is_in)
}

async fn group_of(dialect: &Dialect, caller: &Caller, id: &str) -> Result<Group, ApiError> {
    let groups = dialect.app.all::<Group>(caller).await?;
    groups
        .into_iter()
        .find(|it| it.active && it.id.as_str() == id)
        .ok_or_else(|| ApiError::not_found("group"))
}

/// `GET /agent-groups`
pub(crate) async fn groups(
    State(dialect): State<Dialect>,
    CallerOf(caller): CallerOf,
    RawQuery(query): RawQuery,
) -> Result<Response, ApiError> {
    let selection = Selection::read(query.as_deref(), &GROUP_FILTERS)?;
    let people = dialect.app.all::<User>(&caller).await?;
    let groups = dialect.app.all::<Group>(&caller).await?;
    let active = groups.iter().filter(|it| it.active);
    Ok(selection.list("agentGroups", active.map(|it| group_fields(&dialect, it, &people)).collect()))
}

/// `GET /agent-groups/{id}`
pub(crate) async fn group(
    State(dialect): State<Dialect>,
    CallerOf(caller): CallerOf,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, ApiError> {
    let selection = Selection::read(query.as_deref(), &[])?;
    let group = group_of(&dialect, &caller, &id).await?;
    let people = dialect.app.all::<User>(&caller).await?;
    Ok(answer::found("agentGroup", &selection.trim(group_fields(&dialect, &group, &people))))
}

/// `GET /agent-groups/{id}/users`
pub(crate) async fn users_of_group(
    State(dialect): State<Dialect>,
    CallerOf(caller): CallerOf,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, ApiError> {
    let selection = Selection::read(query.as_deref(), &USER_FILTERS)?;
    let group = group_of(&dialect, &caller, &id).await?;
    let mut people = dialect.app.colleagues(&caller).await?;
    people.retain(|it| members(&group, std::slice::from_ref(&it.user)).next().is_some());
    Ok(list_users(&dialect, &caller, &selection, &people))
}
