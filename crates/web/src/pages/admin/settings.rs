//! The server: its release, its data, its configuration and where each setting comes from.

use super::{Tab, frame};
use crate::{Setting, Web, error::Answer, filters, format, shell::Shell, texts, visit::Visit};
use askama::Template;
use axum::extract::{RawQuery, State};
use touchline_app::server::{RecordingsSize, ServerFacts};
use touchline_http::{Gate, Operation, Query, Routes};
use touchline_model::Ability;

pub(super) fn mount<G: Gate>(routes: &mut Routes<G, Web>) {
    routes.add(Operation::get("page_settings", "/admin/settings").needs(&[Ability::Administer]), show);
}

#[derive(Template)]
#[template(path = "admin/settings.html")]
pub(super) struct Page<'a> {
    pub(super) shell: Shell,
    pub(super) tabs: Vec<Tab>,
    pub(super) version: &'static str,
    pub(super) facts: ServerFacts,
    pub(super) recordings: Option<RecordingsSize>,
    pub(super) settings: &'a [Setting],
}

impl Page<'_> {
    fn bytes(&self, count: &u64) -> String {
        format::bytes(*count)
    }
    fn files(&self, size: &RecordingsSize) -> String {
        texts::count("admin_settings.files", i64::try_from(size.files).unwrap_or(i64::MAX))
    }
    fn by_default(&self, it: &Setting) -> bool {
        it.source == "default"
    }
}

async fn show(State(web): State<Web>, visit: Visit, RawQuery(raw): RawQuery) -> Answer {
    let query = Query::parse(raw.as_deref())?;
    // Looks at each file, so only when somebody asks.
    let recordings = match query.one("count")? {
        Some(_) => Some(web.app.recordings_size(&visit.caller).await?),
        None => None,
    };
    let facts = web.app.server_facts(&visit.caller).await?;
    let (shell, tabs) = frame(&visit, texts::t("admin.settings"), "settings");
    let (version, settings) = (env!("CARGO_PKG_VERSION"), &*web.settings);
    Ok(visit.page(&Page { shell, tabs, version, facts, recordings, settings }))
}
