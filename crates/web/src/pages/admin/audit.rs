//! The audit trail: found, checked, taken along.

use super::{Tab, address, audit_export, day_begins, day_ends, frame};
use crate::{Web, error::Answer, error::PageError, filters, shell::Shell, texts, visit::Visit};
use askama::Template;
use axum::extract::{RawQuery, State};
use std::collections::HashMap;
use touchline_app::{
    AppError,
    audit::AuditSearch,
    store::{AuditCheck, AuditEntry, AuditFault},
};
use touchline_http::{Gate, Operation, Query, Routes};
use touchline_model::{Ability, User};

pub(super) const NEEDS: &[Ability] = &[Ability::Administer];
/// Entries on a page.
const PAGE: usize = 100;
/// Entries that one step of the check follows: about a second.
const STEP: usize = 100_000;

pub(super) fn mount<G: Gate>(routes: &mut Routes<G, Web>) {
    routes
        .add(Operation::get("page_audit", "/admin/audit").needs(NEEDS), show)
        .add(Operation::get("page_audit_check", "/admin/audit/check").needs(NEEDS), check)
        .add(Operation::get("export_audit", "/admin/audit/export").needs(NEEDS), audit_export::export);
}

/// What was asked for, as it stands in the address.
#[derive(Clone, Default)]
pub(super) struct Asked {
    pub(super) actor: String,
    pub(super) action: String,
    pub(super) object: String,
    pub(super) from: String,
    pub(super) to: String,
    pub(super) order: String,
}

impl Asked {
    pub(super) fn read(query: &Query) -> Result<Self, PageError> {
        let of = |name: &str| query.one(name).map(|it| it.unwrap_or_default().trim().to_owned());
        Ok(Self {
            actor: of("actor")?,
            action: of("action")?,
            object: of("object")?,
            from: of("from")?,
            to: of("to")?,
            order: of("order")?,
        })
    }
    pub(super) async fn search(&self, web: &Web, visit: &Visit) -> Result<AuditSearch, AppError> {
        let given = |text: &String| Some(text.clone()).filter(|it| !it.is_empty());
        let actors = match self.actor.as_str() {
            "" => vec![],
            actor => web.app.audit_actors(&visit.caller, actor).await?,
        };
        Ok(AuditSearch {
            actors,
            action: given(&self.action),
            object: given(&self.object),
            from: day_begins(&self.from, &visit.zone),
            to: day_ends(&self.to, &visit.zone),
            oldest_first: self.order == "number",
            beyond: None,
        })
    }
    /// An address with all of it, and one thing more.
    pub(super) fn address(&self, path: &str, more: (&str, &str)) -> String {
        let Self { actor, action, object, from, to, order } = self;
        let pairs = [
            ("actor", actor.as_str()),
            ("action", action),
            ("object", object),
            ("from", from),
            ("to", to),
            ("order", order),
            more,
        ];
        address(path, &pairs)
    }
    fn filtered(&self) -> bool {
        [&self.actor, &self.action, &self.object, &self.from, &self.to].into_iter().any(|it| !it.is_empty())
    }
}

/// Somebody who can be asked for.
struct Actor {
    /// As the trail has them.
    id: String,
    name: String,
}

/// An entry as it is shown.
struct Row {
    entry: AuditEntry,
    /// The actor's name, where it is known.
    who: Option<String>,
    by_actor: String,
    by_object: String,
}

#[derive(Template)]
#[template(path = "admin/audit.html")]
struct Page {
    shell: Shell,
    tabs: Vec<Tab>,
    asked: Asked,
    rows: Vec<Row>,
    actions: Vec<String>,
    actors: Vec<Actor>,
    next: Option<String>,
    /// How far a search came that found less than a page.
    looked_to: Option<i64>,
    beginning: bool,
    begin: String,
    as_csv: String,
    as_ndjson: String,
    wrong: Option<&'static str>,
}

impl Page {
    fn n(&self, n: &i64) -> String {
        crate::format::number(*n)
    }
}

/// Names of the people among the actors.
pub(super) async fn names(
    web: &Web,
    visit: &Visit,
    entries: &[AuditEntry],
) -> Result<HashMap<String, String>, AppError> {
    let mut ids: Vec<String> =
        entries.iter().filter_map(|it| it.actor.strip_prefix("user:")).map(ToOwned::to_owned).collect();
    ids.sort_unstable();
    ids.dedup();
    let people = web.app.some::<User>(&visit.caller, &ids).await?;
    Ok(people.into_iter().map(|it| (format!("user:{}", it.id), super::people::name(&it))).collect())
}

/// Who can be asked for by name: those with a log-in, and programs.
async fn actors(web: &Web, visit: &Visit) -> Result<Vec<Actor>, AppError> {
    let mut actors = Vec::new();
    if visit.caller.may(Ability::ManageCredentials) {
        let logins = web.app.logins(&visit.caller).await?;
        actors.extend(logins.into_iter().map(|it| Actor { id: format!("user:{}", it.user), name: it.email }));
        let programs = web.app.credentials(&visit.caller, None, 200).await?;
        actors.extend(
            programs.into_iter().map(|it| Actor { id: format!("credential:{}", it.id), name: it.name }),
        );
    }
    Ok(actors)
}

async fn show(State(web): State<Web>, visit: Visit, RawQuery(raw): RawQuery) -> Answer {
    let query = Query::parse(raw.as_deref())?;
    let asked = Asked::read(&query)?;
    let beyond = query.one("beyond")?.and_then(|it| it.parse().ok());
    let search = AuditSearch { beyond, ..asked.search(&web, &visit).await? };
    let no_day =
        (search.from.is_none() && !asked.from.is_empty()) || (search.to.is_none() && !asked.to.is_empty());
    let found = web.app.audit_find(&visit.caller, &search, PAGE).await?;
    let mut people = names(&web, &visit, &found.entries).await?;
    let actors = actors(&web, &visit).await?;
    for actor in &actors {
        if actor.id.starts_with("credential:") {
            people.insert(actor.id.clone(), actor.name.clone());
        }
    }
    let only = |asked: Asked| asked.address("/admin/audit", ("", ""));
    let row = |entry: AuditEntry| Row {
        who: people.get(&entry.actor).cloned(),
        by_actor: only(Asked { actor: entry.actor.clone(), ..Asked::default() }),
        by_object: only(Asked { object: entry.object.clone(), ..Asked::default() }),
        entry,
    };
    let short = found.entries.len() < PAGE;
    let (shell, tabs) = frame(&visit, texts::t("admin.audit"), "audit");
    Ok(visit.page(&Page {
        shell,
        tabs,
        actions: web.app.audit_actions(&visit.caller).await?,
        actors,
        looked_to: found.next.filter(|_| short),
        next: found.next.map(|n| asked.address("/admin/audit", ("beyond", &n.to_string()))),
        rows: found.entries.into_iter().map(row).collect(),
        beginning: beyond.is_none(),
        begin: asked.address("/admin/audit", ("", "")),
        as_csv: asked.address("/admin/audit/export", ("format", "csv")),
        as_ndjson: asked.address("/admin/audit/export", ("format", "ndjson")),
        wrong: no_day.then(|| texts::t("admin_audit.no_day")),
        asked,
    }))
}

#[derive(Template)]
#[template(path = "admin/audit_check.html")]
struct Check {
    shell: Shell,
    tabs: Vec<Tab>,
    check: AuditCheck,
    /// The first fault in words, and its number.
    fault: Option<(String, i64)>,
    /// Where the check goes on.
    next: Option<String>,
}

impl Check {
    fn n(&self, n: &i64) -> String {
        crate::format::number(*n)
    }
    /// Where to look at what is around the fault.
    fn around(&self, n: &i64) -> String {
        let beyond = (n - 3).max(0).to_string();
        address("/admin/audit", &[("order", "number"), ("beyond", &beyond)])
    }
}

/// One step of the check. It says how far it has come; the next one begins there.
async fn check(State(web): State<Web>, visit: Visit, RawQuery(raw): RawQuery) -> Answer {
    let query = Query::parse(raw.as_deref())?;
    let after = query.one("after")?.and_then(|it| it.parse().ok()).unwrap_or(0);
    let check = web.app.audit_check(&visit.caller, after, STEP).await?;
    let told = |key: &str, n: i64| (texts::fill(key, &[("n", &crate::format::number(n))]), n);
    let fault = check.fault.as_ref().map(|fault| match fault {
        AuditFault::Missing(n) => told("admin_audit.missing", *n),
        AuditFault::Altered(n) => told("admin_audit.altered", *n),
        AuditFault::CutShort(n) => told("admin_audit.cut_short", *n),
    });
    let more = fault.is_none() && check.to < check.last;
    let next = more.then(|| address("/admin/audit/check", &[("after", &check.to.to_string())]));
    let (shell, tabs) = frame(&visit, texts::t("admin_audit.check"), "audit");
    Ok(visit.page(&Check { shell, tabs, check, fault, next }))
}
