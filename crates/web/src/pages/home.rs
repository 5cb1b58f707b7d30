//! The first page: what waits for this person.

use crate::{Web, error::Answer, filters, shell::Shell, texts, visit::Visit};
use askama::Template;
use axum::extract::State;
use touchline_http::{Gate, Operation, Routes};

pub(super) fn mount<G: Gate>(routes: &mut Routes<G, Web>) {
    routes.add(Operation::get("page_home", "/"), show);
}

#[derive(Template)]
#[template(path = "home.html")]
struct Home {
    shell: Shell,
}

async fn show(State(_): State<Web>, visit: Visit) -> Answer {
    let shell = visit.shell(texts::t("common.nav_home"), "home");
    Ok(visit.page(&Home { shell }))
}
