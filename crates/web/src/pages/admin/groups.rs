//! A department or team: made and changed.

use super::{
    Tab, Wrong,
    choice::{Choice, choices, groups, of_groups},
    frame, part, people,
};
use crate::{
    Web,
    error::Answer,
    filters, format,
    shell::Shell,
    texts,
    visit::{Fields, Visit, again, done},
};
use askama::Template;
use axum::extract::{Path, State};
use touchline_app::AppError;
use touchline_http::{Gate, Operation, Routes};
use touchline_model::{Ability, Group, GroupKind, User};

const WRITE: &[Ability] = &[Ability::ReadDirectory, Ability::WriteDirectory];

pub(super) fn mount<G: Gate>(routes: &mut Routes<G, Web>) {
    routes
        .add(Operation::get("page_new_group", "/admin/people/groups/new").needs(WRITE), show_new)
        .add(Operation::post("create_group", "/admin/people/groups").needs(WRITE).body_form(), create)
        .add(
            Operation::get("page_group", "/admin/people/groups/{id}").needs(WRITE).path_param("id", "Group."),
            show,
        )
        .add(
            Operation::post("change_group", "/admin/people/groups/{id}")
                .needs(WRITE)
                .path_param("id", "Group.")
                .body_form(),
            change,
        );
}

#[derive(Template)]
#[template(path = "admin/group.html")]
struct Page {
    shell: Shell,
    tabs: Vec<Tab>,
    group: Group,
    above: Vec<Choice>,
    managers: Vec<Choice>,
    new: bool,
    action: String,
    wrong: Wrong,
}

impl Page {
    fn wrong(&self, field: &str) -> Option<&str> {
        self.wrong.at(field)
    }
    fn elsewhere(&self) -> Option<String> {
        self.wrong.elsewhere(&["name", "parent_id", "manager_id"])
    }
    fn team(&self) -> bool {
        self.group.kind == GroupKind::Team
    }
}

async fn page(web: &Web, visit: &Visit, group: Group, new: bool, wrong: Wrong) -> Result<Page, AppError> {
    let people = web.app.all::<User>(&visit.caller).await?;
    let manager = group.manager_id.as_ref().map(|it| it.as_str());
    let shown = people.into_iter().filter(|it| it.active || Some(it.id.as_str()) == manager);
    let mut people: Vec<(String, String)> =
        shown.map(|it| (it.id.0.clone(), format::middle(&people::name(&it), 60))).collect();
    people.sort_by_cached_key(|it| it.1.to_lowercase());
    // Nothing stands above itself, and people work in teams: only departments hold groups.
    let mut all = groups(web, visit).await?;
    all.retain(|it| it.id != group.id.as_str());
    let above = of_groups(&all, |it| !it.team, group.parent_id.as_ref().map(|it| it.as_str()));
    let managers = choices(people, manager);
    let title = if new { texts::t("admin_people.new_group").to_owned() } else { group.name.clone() };
    let (shell, tabs) = frame(visit, title, "people");
    let action = match new {
        true => "/admin/people/groups".to_owned(),
        false => format!("/admin/people/groups/{}", part(group.id.as_str())),
    };
    Ok(Page { shell, tabs, group, above, managers, new, action, wrong })
}

/// The group that a form describes.
fn typed(fields: &Fields, id: &str) -> Group {
    Group {
        id: id.into(),
        name: fields.text("name").to_owned(),
        kind: if fields.text("kind") == "department" { GroupKind::Department } else { GroupKind::Team },
        parent_id: fields.maybe("parent_id").map(Into::into),
        manager_id: fields.maybe("manager_id").map(Into::into),
        active: fields.ticked("active"),
    }
}

async fn show_new(State(web): State<Web>, visit: Visit) -> Answer {
    let group = Group { active: true, ..Group::default() };
    Ok(visit.page(&page(&web, &visit, group, true, Wrong::default()).await?))
}

async fn create(State(web): State<Web>, visit: Visit, fields: Fields) -> Answer {
    let group = typed(&fields, fields.text("id"));
    let wrong = match group.name.is_empty() {
        true => Wrong::new("name", "admin_people.name_missing"),
        false => match web.app.create(&visit.caller, None, group.clone()).await {
            Ok(_) => return Ok(done("/admin/people", "admin_people.group_made")),
            Err(error) => Wrong::of(error)?,
        },
    };
    Ok(again(&page(&web, &visit, group, true, wrong).await?))
}

async fn show(State(web): State<Web>, visit: Visit, Path(id): Path<String>) -> Answer {
    let group = web.app.get::<Group>(&visit.caller, &id).await?.value;
    Ok(visit.page(&page(&web, &visit, group, false, Wrong::default()).await?))
}

async fn change(State(web): State<Web>, visit: Visit, Path(id): Path<String>, fields: Fields) -> Answer {
    web.app.get::<Group>(&visit.caller, &id).await?;
    let group = typed(&fields, &id);
    let wrong = match group.name.is_empty() {
        true => Wrong::new("name", "admin_people.name_missing"),
        false => match web.app.put_one(&visit.caller, group.clone()).await {
            Ok(_) => return Ok(done("/admin/people", "admin_people.group_saved")),
            Err(error) => Wrong::of(error)?,
        },
    };
    Ok(again(&page(&web, &visit, group, false, wrong).await?))
}
