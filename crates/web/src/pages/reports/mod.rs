//! Reports: contacts, work sessions, agents; what is in the feed.
//!
//! A page streams its report once: the rows are folded into totals and charts, the first of them are shown. The file of
//! a page is the same report, asked for by the same address.

mod agents;
mod asked;
mod contacts;
mod feed;
mod frame;
mod made;
mod names;
mod sessions;

use crate::{Web, error::Answer};
use axum::response::{IntoResponse, Redirect};
use touchline_http::{Gate, Operation, Routes};
use touchline_model::Ability;

/// What one needs: reports, and the names in them.
const NEEDS: &[Ability] = &[Ability::ReadReports, Ability::ReadDirectory];
/// Rows that a page shows of a report.
const SHOWN: usize = 25;
/// Agents in the table of a chart.
const IN_TABLE: usize = 100;

pub(super) fn mount<G: Gate>(routes: &mut Routes<G, Web>) {
    let get = |id, path| Operation::get(id, path).needs(NEEDS);
    routes
        .add(get("page_reports", "/reports"), first)
        .add(get("page_contacts_report", "/reports/contacts"), contacts::show)
        .add(get("export_contacts_report", "/reports/contacts.csv"), contacts::export)
        .add(get("page_work_sessions_report", "/reports/work-sessions"), sessions::show)
        .add(get("export_work_sessions_report", "/reports/work-sessions.csv"), sessions::export)
        .add(get("page_agents_report", "/reports/agents"), agents::show)
        .add(get("export_agents_report", "/reports/agents.csv"), agents::export)
        .add(get("page_feed", "/reports/feed"), feed::show);
}

/// The first of them.
async fn first() -> Answer {
    Ok(Redirect::to("/reports/contacts").into_response())
}
