//! `GET /users`, `/teams`, `/departments`: active ones, not paged (contract §4.1, §4.2, §6.9).

use crate::{ApiError, Dialect, paging::json};
use axum::{extract::State, response::Response};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::HashMap;
use touchline_http::CallerOf;
use touchline_model::{Group, GroupId, GroupKind, User, UserId};

/// A person.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "User")]
pub(crate) struct UserBody {
    user_id: UserId,
    email: String,
    first_name: String,
    last_name: String,
    team_id: Option<GroupId>,
    department_id: Option<GroupId>,
    /// Ids of the user in diallers and CRMs.
    system_ids: Vec<String>,
}

/// A team.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Team")]
pub(crate) struct TeamBody {
    id: GroupId,
    name: String,
    manager_id: Option<UserId>,
    department_id: Option<GroupId>,
}

/// A department.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Department")]
pub(crate) struct DepartmentBody {
    id: GroupId,
    name: String,
}

/// The tree of groups.
pub(crate) struct Tree(HashMap<GroupId, Group>);

impl Tree {
    pub(crate) fn new(groups: Vec<Group>) -> Self {
        Self(groups.into_iter().map(|group| (group.id.clone(), group)).collect())
    }

    pub(crate) fn get(&self, id: &GroupId) -> Option<&Group> {
        self.0.get(id)
    }

    /// The nearest department above a group.
    fn department_above(&self, id: &GroupId) -> Option<GroupId> {
        let mut at = self.0.get(id);
        // Groups may stand in a circle while somebody moves them: never go on longer than there are groups.
        for _ in 0..self.0.len() {
            let above = at?.parent_id.as_ref()?;
            at = self.0.get(above);
            if at.is_some_and(|group| group.kind == GroupKind::Department) {
                return Some(above.clone());
            }
        }
        None
    }

    /// The department of a person: their own, or the one that holds their team.
    fn department_of(&self, user: &User) -> Option<GroupId> {
        let team = || user.team_id.as_ref().and_then(|team| self.department_above(team));
        user.department_id.clone().or_else(team)
    }
}

/// `GET /users`
pub(crate) async fn users(
    State(Dialect { app, .. }): State<Dialect>,
    CallerOf(caller): CallerOf,
) -> Result<Response, ApiError> {
    let tree = Tree::new(app.all::<Group>(&caller).await?);
    let users = app.all::<User>(&caller).await?;
    let active = users.into_iter().filter(|user| user.active);
    let bodies: Vec<UserBody> = active
        .map(|user| UserBody {
            department_id: tree.department_of(&user),
            user_id: user.id,
            email: user.email,
            first_name: user.first_name,
            last_name: user.last_name,
            team_id: user.team_id,
            system_ids: user.system_ids,
        })
        .collect();
    json(&bodies)
}

/// `GET /teams`
pub(crate) async fn teams(
    State(Dialect { app, .. }): State<Dialect>,
    CallerOf(caller): CallerOf,
) -> Result<Response, ApiError> {
    let groups = app.all::<Group>(&caller).await?;
    let tree = Tree::new(groups.clone());
    let teams = groups.into_iter().filter(|group| group.active && group.kind == GroupKind::Team);
    let bodies: Vec<TeamBody> = teams
        .map(|team| TeamBody {
            department_id: tree.department_above(&team.id),
            id: team.id,
            name: team.name,
            manager_id: team.manager_id,
        })
        .collect();
    json(&bodies)
}

/// `GET /departments`
pub(crate) async fn departments(
    State(Dialect { app, .. }): State<Dialect>,
    CallerOf(caller): CallerOf,
) -> Result<Response, ApiError> {
    let groups = app.all::<Group>(&caller).await?;
    let departments = groups.into_iter().filter(|group| group.active && group.kind == GroupKind::Department);
    let bodies: Vec<DepartmentBody> =
        departments.map(|group| DepartmentBody { id: group.id, name: group.name }).collect();
    json(&bodies)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(id: &str, kind: GroupKind, parent: Option<&str>) -> Group {
        let parent_id = parent.map(GroupId::from);
        Group { id: id.into(), name: id.into(), kind, parent_id, active: true, ..Group::default() }
    }

    // covers(c360): S4.1, S4.2
    #[test]
    fn the_department_is_the_nearest_one_above() {
        let tree = Tree::new(vec![
            group("d1", GroupKind::Department, None),
            group("d2", GroupKind::Department, Some("d1")),
            group("t1", GroupKind::Team, Some("d2")),
            group("t2", GroupKind::Team, Some("t1")),
            group("alone", GroupKind::Team, None),
            group("a", GroupKind::Team, Some("b")),
            group("b", GroupKind::Team, Some("a")),
        ]);
        let above = |id: &str| tree.department_above(&id.into()).map(|id| id.0);
        assert_eq!(above("t1").as_deref(), Some("d2"));
        assert_eq!(above("t2").as_deref(), Some("d2"));
        assert_eq!(above("d2").as_deref(), Some("d1"));
        assert_eq!((above("alone"), above("nobody"), above("a")), (None, None, None));
    }
}
