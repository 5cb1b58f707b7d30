//! The report of work sessions: who worked how long on what.

use super::{
    IN_TABLE, SHOWN,
    asked::Chosen,
    contacts::{sla_figure, whole},
    frame::{Report, Request},
    made::{Cell, Figure, Made, channel, in_time, kind, seconds, spelled},
    names::Names,
};
use crate::{
    Web,
    charts::{Chart, Part, Rank, Tone, Unit},
    csv,
    error::Answer,
    format, texts,
    visit::Visit,
};
use axum::extract::{RawQuery, State};
use std::sync::Arc;
use touchline_app::reports::{
    Micros, WorkSessionQuery, WorkSessionRow,
    summary::{Told, WorkSummary, Worked, sessions_of},
};
use touchline_model::events::ContactChannel;

const REPORT: Report = Report {
    tab: "sessions",
    path: "/reports/work-sessions",
    by_channel: true,
    by_inbox: true,
    by_team: true,
    by_agent: true,
    by_level: false,
};

fn query(chosen: &Chosen) -> WorkSessionQuery {
    WorkSessionQuery {
        window: chosen.window,
        channels: chosen.channels.clone(),
        inboxes: chosen.inboxes.clone(),
        teams: chosen.teams.clone(),
        horizon: None,
        at_most: None,
    }
}

pub(super) async fn show(State(web): State<Web>, visit: Visit, RawQuery(raw): RawQuery) -> Answer {
    let request = Request::read(&web, visit, &REPORT, raw.as_deref()).await?;
    let Ok(chosen) = request.chosen.clone() else { return request.refused().await };
    let directory = request.directory().await?;
    let told =
        web.app.work_sessions_told(request.caller(), query(&chosen), chosen.agent.clone(), SHOWN).await;
    let made = told.map(|told| made(&chosen, &directory.names, &told));
    request.answer(directory, made).await
}

pub(super) async fn export(State(web): State<Web>, visit: Visit, RawQuery(raw): RawQuery) -> Answer {
    let request = Request::read(&web, visit, &REPORT, raw.as_deref()).await?;
    let chosen = request.to_export()?;
    let names: Arc<Names> = request.directory().await?.names;
    let rows = web.app.work_sessions(request.caller(), query(&chosen)).await?;
    let rows = sessions_of(rows, chosen.agent.clone());
    let of = names.clone();
    let agent = move |row: &WorkSessionRow| row.agent_id.as_ref().map(|it| of.agent(it)).unwrap_or_default();
    let inbox = move |row: &WorkSessionRow| names.inbox(&row.inbox_id);
    let extra: Vec<csv::Extra<WorkSessionRow>> =
        vec![("agent_name", Box::new(agent)), ("inbox_name", Box::new(inbox))];
    Ok(csv::file(&chosen.file_name("work-sessions"), chosen.zone, extra, rows))
}

/// Handle time of a session on average.
fn mean(it: &Worked) -> Option<Micros> {
    let sessions = i64::try_from(it.sessions).ok().filter(|n| *n > 0)?;
    Some(Micros(it.handle.0 / sessions))
}

fn made(chosen: &Chosen, names: &Names, told: &Told<WorkSummary, WorkSessionRow>) -> Made {
    let Told { summary: it, first } = told;
    let all = &it.work.all;
    let sessions = texts::count("reports.sessions_n", whole(all.sessions));
    let figures = vec![
        Figure::count("reports.contacts_worked", it.contacts),
        Figure::count("reports.still_open", it.open),
        Figure::count("reports.sessions", all.sessions),
        sla_figure(it.sla),
        Figure::time("reports.handle", Some(all.handle)).with_note(texts::t("reports.of_ended").to_owned()),
        Figure::time("reports.handle_mean", mean(all)).with_note(sessions),
        Figure::time("reports.after_contact", Some(all.after_contact)),
        Figure::time("reports.unknown", Some(it.unknown)),
    ];
    Made {
        figures,
        charts: vec![by_agent(names, it), by_channel(it)],
        head: vec![
            texts::t("reports.began"),
            texts::t("reports.ended"),
            texts::t("reports.channel"),
            texts::t("reports.inbox"),
            texts::t("reports.agent"),
            texts::t("reports.status"),
            texts::t("reports.sla"),
            texts::t("reports.handle"),
            texts::t("reports.after_contact"),
            texts::t("reports.contact"),
        ],
        cells: first.iter().map(|row| cells(chosen, names, row)).collect(),
        rows: it.rows,
    }
}

fn cells(chosen: &Chosen, names: &Names, row: &WorkSessionRow) -> Vec<Cell> {
    let status = row.status.map_or_else(|| texts::t("reports.open").to_owned(), |it| spelled(it.name()));
    vec![
        Cell::at(chosen, Some(row.created_at)),
        Cell::until(chosen, row.created_at, row.ended_at),
        kind(row.channel, row.direction),
        Cell::text(&names.inbox(&row.inbox_id)),
        Cell::text(&row.agent_id.as_ref().map(|it| names.agent(it)).unwrap_or_default()),
        Cell::text(&status),
        in_time(row.within_sla),
        Cell::time(row.handle),
        Cell::time(row.after_contact),
        Cell::id(row.contact_id.as_str()),
    ]
}

/// Both parts of the work, as bars have them.
fn key() -> [Part; 2] {
    [
        Part { label: texts::t("reports.handle").to_owned(), tone: Tone::Subject },
        Part { label: texts::t("reports.after_contact").to_owned(), tone: Tone::Soft },
    ]
}

fn rank(label: String, it: &Worked) -> Rank {
    Rank { label, parts: vec![seconds(it.handle), seconds(it.after_contact)] }
}

fn time(time: Option<Micros>) -> String {
    time.map_or_else(|| "–".to_owned(), |time| Unit::Time.text(seconds(time)))
}

/// What somebody worked, in a table.
fn row(label: String, it: &Worked) -> Vec<String> {
    vec![
        label,
        format::number(whole(it.sessions)),
        time(Some(it.handle)),
        time(mean(it)),
        time(Some(it.after_contact)),
    ]
}

fn head() -> Vec<String> {
    let heads =
        ["reports.sessions", "reports.handle", "reports.handle_mean", "reports.after_contact"].map(texts::t);
    std::iter::once("").chain(heads).map(str::to_owned).collect()
}

/// The time of each agent, and in the table on each channel.
fn by_agent(names: &Names, it: &WorkSummary) -> Chart {
    let ranks: Vec<Rank> = it.agents.iter().map(|(id, work)| rank(names.agent(id), &work.all)).collect();
    let channels: Vec<ContactChannel> = it.work.channels.iter().map(|it| it.0).collect();
    let mut heads = head();
    heads.extend(channels.iter().map(|of| texts::fill("reports.handle_on", &[("channel", channel(*of))])));
    let told = it.agents.iter().take(IN_TABLE).map(|(id, work)| {
        let on = |of: &ContactChannel| {
            time(work.channels.iter().find(|it| it.0 == *of).map(|(_, worked)| worked.handle))
        };
        row(names.agent(id), &work.all).into_iter().chain(channels.iter().map(on)).collect()
    });
    let sentence = match it.agents.first() {
        None => texts::t("reports.nobody_worked").to_owned(),
        Some((id, work)) => texts::fill(
            "reports.agents_said",
            &[
                ("n", &texts::count("reports.agents_n", i64::try_from(it.agents.len()).unwrap_or(i64::MAX))),
                ("name", &format::middle(&names.agent(id), 40)),
                ("most", &time(Some(work.all.long()))),
            ],
        ),
    };
    let table = (heads, told.collect());
    Chart::ranks(texts::t("reports.worked_by_agent"), sentence, Unit::Time, &key(), &ranks, table)
}

fn by_channel(it: &WorkSummary) -> Chart {
    let mut all = it.work.channels.clone();
    all.retain(|(_, work)| work.sessions > 0);
    all.sort_by_key(|(of, work)| (std::cmp::Reverse(work.handle), *of));
    let ranks: Vec<Rank> = all.iter().map(|(of, work)| rank(channel(*of).to_owned(), work)).collect();
    let slowest = all.iter().max_by_key(|(_, work)| mean(work));
    let sentence = match slowest {
        None => texts::t("reports.nobody_worked").to_owned(),
        Some((of, work)) => texts::fill(
            "reports.handle_channels_said",
            &[("channel", channel(*of)), ("mean", &time(mean(work))), ("all", &time(mean(&it.work.all)))],
        ),
    };
    let rows = all.iter().map(|(of, work)| row(channel(*of).to_owned(), work));
    let table = (head(), rows.collect());
    Chart::ranks(texts::t("reports.worked_by_channel"), sentence, Unit::Time, &key(), &ranks, table)
}
