//! Departments, teams and the people in them.

use super::{Tab, address, frame, part};
use crate::{Web, error::Answer, filters, shell::Shell, texts, visit::Visit};
use askama::Template;
use axum::extract::{RawQuery, State};
use std::collections::{HashMap, HashSet};
use touchline_app::{AppError, people::LoginView};
use touchline_http::{Gate, Operation, Query, Routes};
use touchline_model::{Ability, Group, GroupKind, Role, User};

/// People on a page.
const PAGE: usize = 50;
/// Levels of the tree that are set off from each other; deeper ones look like the last.
const LEVELS: usize = 6;

pub(super) fn mount<G: Gate>(routes: &mut Routes<G, Web>) {
    routes.add(Operation::get("page_people", "/admin/people").needs(&[Ability::ReadDirectory]), show);
}

/// A group in the order of the tree.
pub(super) struct Branch {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) level: usize,
    pub(super) team: bool,
    pub(super) active: bool,
    /// People who work in it or below it.
    pub(super) people: i64,
    href: String,
    edit: String,
}

impl Branch {
    /// How far it is set off.
    fn indent(&self) -> usize {
        self.level.min(LEVELS)
    }
}

/// A person in the table.
struct Row {
    href: String,
    name: String,
    email: String,
    team: String,
    active: bool,
    login: Option<LoginView>,
}

#[derive(Template)]
#[template(path = "admin/people.html")]
struct People {
    shell: Shell,
    tabs: Vec<Tab>,
    tree: Vec<Branch>,
    rows: Vec<Row>,
    text: String,
    group: String,
    state: String,
    count: i64,
    everybody: i64,
    may_write: bool,
    sees_logins: bool,
    earlier: Option<String>,
    later: Option<String>,
}

impl People {
    fn people(&self, count: &i64) -> String {
        texts::count("admin_people.people", *count)
    }
    fn role(&self, login: &LoginView) -> &'static str {
        role(login.role)
    }
    /// Whether the log-in rests after too many wrong passwords.
    fn rests(&self, login: &LoginView) -> bool {
        login.locked_until.is_some_and(|until| self.shell.now < until)
    }
}

/// A role in words.
pub(super) fn role(role: Role) -> &'static str {
    match role {
        Role::Administrator => texts::t("common.role_administrator"),
        Role::Manager => texts::t("common.role_manager"),
        Role::Coach => texts::t("common.role_coach"),
        Role::Analyst => texts::t("common.role_analyst"),
        Role::Agent => texts::t("common.role_agent"),
    }
}

/// A person's name, or the address when nobody wrote the name down.
pub(super) fn name(user: &User) -> String {
    let name = format!("{} {}", user.first_name, user.last_name);
    match name.trim() {
        "" => user.email.clone(),
        name => name.to_owned(),
    }
}

/// The groups as a tree, each below the one that holds it; a circle is broken at its first group by name.
pub(super) fn tree(groups: &[Group], users: &[User]) -> Vec<Branch> {
    let known: HashSet<&str> = groups.iter().map(|it| it.id.as_str()).collect();
    let mut below: HashMap<&str, Vec<&Group>> = HashMap::new();
    for group in groups {
        let parent = group.parent_id.as_ref().map_or("", |it| it.as_str());
        below.entry(if known.contains(parent) { parent } else { "" }).or_default().push(group);
    }
    for list in below.values_mut() {
        list.sort_by(|a, b| (a.name.to_lowercase(), &a.id).cmp(&(b.name.to_lowercase(), &b.id)));
    }
    let mut own: HashMap<&str, i64> = HashMap::new();
    for user in users.iter().filter(|it| it.active) {
        // Whoever is in no team belongs to the department itself.
        let group = user.team_id.as_ref().or(user.department_id.as_ref());
        *own.entry(group.map_or("", |it| it.as_str())).or_default() += 1;
    }
    let (mut out, mut seen) = (Vec::new(), HashSet::new());
    let mut by_name: Vec<&Group> = groups.iter().collect();
    by_name.sort_by_key(|it| it.name.to_lowercase());
    let roots = below.get("").cloned().unwrap_or_default();
    for root in roots.into_iter().chain(by_name) {
        grow(root, 0, &below, &own, &mut seen, &mut out);
    }
    out
}

/// Adds a group and what is below it; how many people are there.
fn grow<'g>(
    group: &'g Group,
    level: usize,
    below: &HashMap<&str, Vec<&'g Group>>,
    own: &HashMap<&str, i64>,
    seen: &mut HashSet<&'g str>,
    out: &mut Vec<Branch>,
) -> i64 {
    let id = group.id.as_str();
    // Groups may name each other in a circle, or a very long chain.
    if level > 100 || !seen.insert(id) {
        return 0;
    }
    let at = out.len();
    out.push(Branch {
        id: id.to_owned(),
        name: group.name.clone(),
        level,
        team: group.kind == GroupKind::Team,
        active: group.active,
        people: 0,
        href: address("/admin/people", &[("group", id)]),
        edit: format!("/admin/people/groups/{}", part(id)),
    });
    let own_people = own.get(id).copied().unwrap_or_default();
    let lower = below.get(id).into_iter().flatten();
    let people = own_people + lower.map(|it| grow(it, level + 1, below, own, seen, out)).sum::<i64>();
    if let Some(branch) = out.get_mut(at) {
        branch.people = people;
    }
    people
}

/// The ids of a group and of all below it, in the order of the tree.
fn with_below<'t>(tree: &'t [Branch], id: &str) -> HashSet<&'t str> {
    let Some(at) = tree.iter().position(|it| it.id == id) else { return HashSet::new() };
    let level = tree[at].level;
    let lower = tree[at + 1..].iter().take_while(|it| it.level > level);
    lower.chain([&tree[at]]).map(|it| it.id.as_str()).collect()
}

/// Everybody's log-in by person, if the reader may know.
async fn logins(web: &Web, visit: &Visit) -> Result<HashMap<String, LoginView>, AppError> {
    match visit.caller.may(Ability::ManageCredentials) {
        true => {
            Ok(web.app.logins(&visit.caller).await?.into_iter().map(|it| (it.user.clone(), it)).collect())
        }
        false => Ok(HashMap::new()),
    }
}

async fn show(State(web): State<Web>, visit: Visit, RawQuery(raw): RawQuery) -> Answer {
    let query = Query::parse(raw.as_deref())?;
    let of = |name: &str| query.one(name).map(|it| it.unwrap_or_default().trim().to_owned());
    let (text, group, state) = (of("text")?, of("group")?, of("state")?);
    let number = of("page")?.parse::<usize>().unwrap_or(1).clamp(1, 1_000_000);
    let users = web.app.all::<User>(&visit.caller).await?;
    let groups = web.app.all::<Group>(&visit.caller).await?;
    let mut logins = logins(&web, &visit).await?;
    let tree = tree(&groups, &users);
    let inside = with_below(&tree, &group);
    let names: HashMap<&str, &str> = groups.iter().map(|it| (it.id.as_str(), it.name.as_str())).collect();
    let needle = text.to_lowercase();
    let fits = |user: &&User| {
        let there = |id: &Option<touchline_model::GroupId>| {
            id.as_ref().is_some_and(|it| inside.contains(it.as_str()))
        };
        let shown = name(user);
        let said =
            [&user.id.0, &user.email, &shown].into_iter().chain(&user.system_ids).chain(&user.phone_numbers);
        (group.is_empty() || there(&user.team_id) || there(&user.department_id))
            && match state.as_str() {
                "all" => true,
                "left" => !user.active,
                _ => user.active,
            }
            && (needle.is_empty() || said.into_iter().any(|it| it.to_lowercase().contains(&needle)))
    };
    let mut found: Vec<&User> = users.iter().filter(fits).collect();
    found.sort_by_cached_key(|it| (name(it).to_lowercase(), it.id.0.clone()));
    let row = |user: &&User| Row {
        href: format!("/admin/people/users/{}", part(user.id.as_str())),
        name: name(user),
        email: user.email.clone(),
        team: user
            .team_id
            .as_ref()
            .or(user.department_id.as_ref())
            .map(|id| names.get(id.as_str()).map_or_else(|| id.0.clone(), |it| (*it).to_owned()))
            .unwrap_or_default(),
        active: user.active,
        login: logins.remove(user.id.as_str()),
    };
    let count = found.len();
    let rows: Vec<Row> = found.iter().skip((number - 1) * PAGE).take(PAGE).map(row).collect();
    let page = |to: usize| {
        address(
            "/admin/people",
            &[("text", &text), ("group", &group), ("state", &state), ("page", &to.to_string())],
        )
    };
    let (earlier, later) =
        ((number > 1).then(|| page(number - 1)), (number * PAGE < count).then(|| page(number + 1)));
    let (shell, tabs) = frame(&visit, texts::t("admin.people"), "people");
    Ok(visit.page(&People {
        shell,
        tabs,
        rows,
        count: i64::try_from(count).unwrap_or(i64::MAX),
        everybody: i64::try_from(users.iter().filter(|it| it.active).count()).unwrap_or(i64::MAX),
        may_write: visit.caller.may(Ability::WriteDirectory),
        sees_logins: visit.caller.may(Ability::ManageCredentials),
        tree,
        text,
        group,
        state,
        earlier,
        later,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(id: &str, parent: Option<&str>) -> Group {
        let name = id.to_uppercase();
        Group { id: id.into(), name, parent_id: parent.map(Into::into), active: true, ..Group::default() }
    }

    #[test]
    fn a_tree_counts_who_works_in_a_group_or_below_it_and_survives_circles() {
        let groups = [
            group("b", Some("a")),
            group("a", None),
            group("c", Some("b")),
            group("lost", Some("nowhere")),
            group("x", Some("y")),
            group("y", Some("x")),
        ];
        let user = |team: Option<&str>, department: Option<&str>, active| User {
            team_id: team.map(Into::into),
            department_id: department.map(Into::into),
            active,
            ..User::default()
        };
        let users = [
            user(Some("c"), Some("a"), true),
            user(Some("b"), None, true),
            user(None, Some("a"), true),
            user(Some("c"), None, false),
            user(Some("y"), None, true),
        ];
        let tree = tree(&groups, &users);
        let told: Vec<_> = tree.iter().map(|it| (it.id.as_str(), it.level, it.people)).collect();
        assert_eq!(told, [("a", 0, 3), ("b", 1, 2), ("c", 2, 1), ("lost", 0, 0), ("x", 0, 1), ("y", 1, 1)]);
        assert_eq!(with_below(&tree, "b"), HashSet::from(["b", "c"]));
        assert_eq!(with_below(&tree, "none"), HashSet::new());
    }
}
