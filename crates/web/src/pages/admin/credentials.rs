//! What programs show to be let in: made, seen, revoked.

use super::{Tab, Wrong, address, frame, part, revealed};
use crate::{
    Web,
    error::{Answer, PageError},
    filters,
    shell::Shell,
    texts,
    visit::{Fields, Visit, again, done_text},
};
use askama::Template;
use axum::extract::{Path, RawQuery, State};
use http::{HeaderMap, StatusCode};
use std::collections::BTreeSet;
use touchline_app::credentials::{CreatedCredential, CredentialView, DIALECTS, NewCredential};
use touchline_http::{Gate, Operation, Query, Routes};
use touchline_model::Ability;

const NEEDS: &[Ability] = &[Ability::ManageCredentials];
/// Credentials on a page.
const PAGE: usize = 200;

pub(super) fn mount<G: Gate>(routes: &mut Routes<G, Web>) {
    routes
        .add(Operation::get("page_credentials", "/admin/credentials").needs(NEEDS), list)
        .add(Operation::get("page_new_credential", "/admin/credentials/new").needs(NEEDS), show_new)
        .add(Operation::post("create_credential", "/admin/credentials").needs(NEEDS).body_form(), create)
        .add(
            Operation::post("revoke_credential", "/admin/credentials/{id}/revoke")
                .needs(NEEDS)
                .path_param("id", "Credential.")
                .body_form(),
            revoke,
        );
}

/// The credentials of a dialect.
pub(super) struct Dialect {
    pub(super) name: &'static str,
    pub(super) credentials: Vec<CredentialView>,
}

#[derive(Template)]
#[template(path = "admin/credentials.html")]
pub(super) struct List {
    pub(super) shell: Shell,
    pub(super) tabs: Vec<Tab>,
    pub(super) dialects: Vec<Dialect>,
    pub(super) next: Option<String>,
}

impl List {
    /// Name of a dialect, for people.
    fn title(&self, dialect: &str) -> String {
        title(dialect)
    }
    fn about(&self, it: &CredentialView) -> String {
        let all: Vec<String> = it.abilities.iter().map(|it| ability(*it)).collect();
        all.join(", ")
    }
    fn things(&self, it: &CredentialView) -> String {
        texts::count("admin_credentials.abilities", i64::try_from(it.abilities.len()).unwrap_or(i64::MAX))
    }
    fn everything(&self, it: &CredentialView) -> bool {
        it.abilities == Ability::all_of_tenant()
    }
    fn revoke(&self, it: &CredentialView) -> String {
        format!("/admin/credentials/{}/revoke", part(it.id.as_str()))
    }
}

/// Name of a dialect, for people; later ones have their technical name until they have a text.
fn title(dialect: &str) -> String {
    match dialect {
        "native" => texts::t("admin_credentials.native").to_owned(),
        "c360" => texts::t("admin_credentials.c360").to_owned(),
        "gladly" => texts::t("admin_credentials.gladly").to_owned(),
        other => other.to_owned(),
    }
}

fn ability(it: Ability) -> String {
    texts::t(&format!("admin_credentials.ability_{it}")).to_owned()
}

async fn list(State(web): State<Web>, visit: Visit, RawQuery(raw): RawQuery) -> Answer {
    let query = Query::parse(raw.as_deref())?;
    let mut found = web.app.credentials(&visit.caller, query.one("after")?, PAGE + 1).await?;
    let more = found.len() > PAGE;
    found.truncate(PAGE);
    let next =
        found.last().filter(|_| more).map(|it| address("/admin/credentials", &[("after", it.id.as_str())]));
    // The open ones first, each sort by name.
    found.sort_by_cached_key(|it| (it.revoked_at.is_some(), it.name.to_lowercase()));
    let mut dialects: Vec<Dialect> =
        DIALECTS.iter().map(|name| Dialect { name, credentials: Vec::new() }).collect();
    for it in found {
        if let Some(dialect) = dialects.iter_mut().find(|known| known.name == it.dialect) {
            dialect.credentials.push(it);
        }
    }
    let (shell, tabs) = frame(&visit, texts::t("admin.credentials"), "credentials");
    Ok(visit.page(&List { shell, tabs, dialects, next }))
}

/// An ability to be ticked.
struct Tick {
    name: String,
    text: String,
    ticked: bool,
}

#[derive(Template)]
#[template(path = "admin/credential_new.html")]
struct New {
    shell: Shell,
    tabs: Vec<Tab>,
    dialect: String,
    name: String,
    login: String,
    can_delete: bool,
    abilities: Vec<Tick>,
    wrong: Wrong,
}

impl New {
    fn wrong(&self, field: &str) -> Option<&str> {
        self.wrong.at(field)
    }
    fn elsewhere(&self) -> Option<String> {
        self.wrong.elsewhere(&["name", "login", "secret", "abilities"])
    }
    fn title(&self) -> String {
        title(&self.dialect)
    }
}

/// The form of a dialect; the native one offers what the reader may hand out.
fn form(visit: &Visit, dialect: &str, ticked: &dyn Fn(Ability) -> bool) -> Result<New, PageError> {
    if !DIALECTS.contains(&dialect) {
        return Err(PageError::new(StatusCode::NOT_FOUND, texts::t("admin_credentials.no_such_dialect")));
    }
    let offered = Ability::all_of_tenant().into_iter().filter(|it| visit.caller.may(*it));
    let tick = |it: Ability| Tick { name: it.to_string(), text: ability(it), ticked: ticked(it) };
    let (shell, tabs) = frame(visit, texts::t("admin_credentials.new"), "credentials");
    Ok(New {
        shell,
        tabs,
        dialect: dialect.to_owned(),
        name: String::new(),
        login: String::new(),
        can_delete: false,
        abilities: if dialect == "native" { offered.map(tick).collect() } else { Vec::new() },
        wrong: Wrong::default(),
    })
}

async fn show_new(State(_): State<Web>, visit: Visit, RawQuery(raw): RawQuery) -> Answer {
    let query = Query::parse(raw.as_deref())?;
    let reads = |it: Ability| it.to_string().starts_with("read_");
    Ok(visit.page(&form(&visit, query.one("dialect")?.unwrap_or("native"), &reads)?))
}

async fn create(State(web): State<Web>, visit: Visit, headers: HeaderMap, fields: Fields) -> Answer {
    let dialect = fields.text("dialect");
    let wanted: BTreeSet<Ability> =
        fields.all("ability").into_iter().filter_map(|it| it.parse().ok()).collect();
    let native = dialect == "native";
    let text = |name: &str| fields.maybe(name).filter(|_| !native).map(ToOwned::to_owned);
    let own = fields.raw("secret");
    let new = NewCredential {
        dialect: dialect.to_owned(),
        name: fields.text("name").to_owned(),
        login: text("login"),
        secret: (!native && !own.is_empty()).then(|| own.to_owned()),
        abilities: native.then(|| wanted.clone()),
        can_delete: !native && fields.ticked("can_delete"),
    };
    let wrong = if new.name.is_empty() {
        Wrong::new("name", "admin_credentials.name_missing")
    } else if native && wanted.is_empty() {
        Wrong::new("abilities", "admin_credentials.abilities_missing")
    } else {
        match web.app.create_credential(&visit.caller, new).await {
            Ok(made) => return show_made(&web, &visit, &headers, made),
            Err(error) => Wrong::of(error)?,
        }
    };
    let form = New {
        name: fields.text("name").to_owned(),
        login: fields.text("login").to_owned(),
        can_delete: fields.ticked("can_delete"),
        wrong,
        ..form(&visit, dialect, &|it| wanted.contains(&it))?
    };
    Ok(again(&form))
}

/// The secret, this once, and a line to try it with.
fn show_made(web: &Web, visit: &Visit, headers: &HeaderMap, made: CreatedCredential) -> Answer {
    let origin = revealed::origin(web, headers);
    let CreatedCredential { credential, secret } = made;
    let shown = |label, value: &str| revealed::Shown { label, value: value.to_owned() };
    let (shown, curl) = match credential.dialect.as_str() {
        "native" => (
            vec![shown("admin_credentials.token", &secret)],
            Some(format!(
                "curl -H {} {origin}/api/touchline/v1/me",
                revealed::quoted(&format!("Authorization: Bearer {secret}"))
            )),
        ),
        "c360" => (
            vec![
                shown("admin_credentials.user_id", &credential.login),
                shown("admin_credentials.secret", &secret),
            ],
            Some(format!(
                "curl -u {} {origin}/api/ev/2/users",
                revealed::quoted(&format!("{}:{secret}", credential.login))
            )),
        ),
        "gladly" => (
            vec![
                shown("admin_credentials.email", &credential.login),
                shown("admin_credentials.api_token", &secret),
            ],
            Some(format!(
                "curl -u {} {origin}/api/v1/agents",
                revealed::quoted(&format!("{}:{secret}", credential.login))
            )),
        ),
        _ => (
            vec![
                shown("admin_credentials.user_id", &credential.login),
                shown("admin_credentials.secret", &secret),
            ],
            None,
        ),
    };
    let help = texts::fill("admin_credentials.made", &[("name", &credential.name)]);
    revealed::page(visit, "credentials", help, shown, curl, "/admin/credentials")
}

async fn revoke(State(web): State<Web>, visit: Visit, Path(id): Path<String>) -> Answer {
    web.app.revoke_credential(&visit.caller, &id).await?;
    Ok(done_text("/admin/credentials", texts::t("admin_credentials.revoked")))
}
