//! Where imports begin, and the recent ones.

use super::view::{Told, told};
use crate::{
    Web,
    error::Answer,
    filters, format,
    shell::{Shell, When},
    texts,
    visit::Visit,
};
use askama::Template;
use axum::extract::State;
use std::collections::HashMap;
use touchline_app::imports::ImportView;
use touchline_intake::desk::{MOST_BYTES, MOST_FILES};
use touchline_model::User;

/// Imports that are shown.
const SHOWN: usize = 50;

#[derive(Template)]
#[template(path = "imports.html")]
pub(super) struct Imports {
    pub(super) shell: Shell,
    pub(super) rows: Vec<Row>,
    pub(super) may_see_jobs: bool,
    /// What was wrong with the files.
    pub(super) error: Option<String>,
    /// How much may be sent, in words.
    pub(super) bounds: String,
}

/// An import in the list.
pub(super) struct Row {
    pub(super) href: String,
    pub(super) name: String,
    pub(super) files: String,
    pub(super) told: Told,
    pub(super) counts: String,
    pub(super) who: String,
    pub(super) when: When,
}

pub(super) fn bounds() -> String {
    texts::fill(
        "imports.bounds",
        &[("files", &format::number(MOST_FILES as i64)), ("bytes", &format::bytes(MOST_BYTES))],
    )
}

impl Row {
    pub(super) fn new(view: &ImportView, names: &HashMap<String, String>, shell: &Shell) -> Self {
        let row = &view.row;
        let who = row.user.as_ref().and_then(|user| names.get(user.as_str()));
        Self {
            href: format!("/imports/{}", row.id),
            name: if row.name.is_empty() { texts::t("imports.unnamed").to_owned() } else { row.name.clone() },
            files: match row.files {
                0 => String::new(),
                files => {
                    format!("{}, {}", texts::count("imports.files", files), format::bytes(row.bytes as u64))
                }
            },
            told: told(view),
            counts: super::view::counts_in_words(row),
            who: who.cloned().unwrap_or_else(|| row.actor.clone()),
            when: shell.when(&row.created_at),
        }
    }
}

/// Names of the people who ordered imports.
async fn names(web: &Web, visit: &Visit, views: &[ImportView]) -> HashMap<String, String> {
    let ids: Vec<String> =
        views.iter().filter_map(|it| it.row.user.as_ref().map(|user| user.0.clone())).collect();
    // Who may import may not always read the directory; then ids stand for names.
    let users: Vec<User> = web.app.some(&visit.caller, &ids).await.unwrap_or_default();
    let named = users.into_iter().map(|user| {
        let name = format!("{} {}", user.first_name, user.last_name);
        let name = if name.trim().is_empty() { user.email } else { name.trim().to_owned() };
        (user.id.0, name)
    });
    named.collect()
}

pub(super) async fn page(
    web: &Web,
    visit: &Visit,
    error: Option<String>,
) -> Result<Imports, crate::error::PageError> {
    let views = web.app.imports(&visit.caller, SHOWN).await?;
    let names = names(web, visit, &views).await;
    let shell = visit.shell(texts::t("common.nav_imports"), "imports");
    let rows = views.iter().map(|view| Row::new(view, &names, &shell)).collect();
    Ok(Imports { rows, may_see_jobs: shell.may("administer"), error, bounds: bounds(), shell })
}

pub(super) async fn show(State(web): State<Web>, visit: Visit) -> Answer {
    Ok(visit.page(&page(&web, &visit, None).await?))
}
