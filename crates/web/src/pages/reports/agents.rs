//! The report of agents: how they spent their time, and what came of it.

use super::{
    IN_TABLE, SHOWN,
    asked::Chosen,
    contacts::whole,
    frame::{Report, Request},
    made::{Cell, Figure, Made, channel, seconds},
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
use touchline_app::reports::{
    AgentSummaryQuery, AgentSummaryRow, Micros,
    summary::{AgentTimes, AgentsSummary, Told, summary_of},
};

const REPORT: Report = Report {
    tab: "agents",
    path: "/reports/agents",
    by_channel: false,
    by_inbox: false,
    by_team: true,
    by_agent: true,
    by_level: true,
};

fn query(chosen: &Chosen) -> AgentSummaryQuery {
    AgentSummaryQuery {
        window: chosen.window,
        zone: chosen.zone.clone(),
        level: chosen.level,
        teams: chosen.teams.clone(),
        horizon: None,
    }
}

pub(super) async fn show(State(web): State<Web>, visit: Visit, RawQuery(raw): RawQuery) -> Answer {
    let request = Request::read(&web, visit, &REPORT, raw.as_deref()).await?;
    let Ok(chosen) = request.chosen.clone() else { return request.refused().await };
    let directory = request.directory().await?;
    let told = web.app.agents_told(request.caller(), query(&chosen), chosen.agent.clone(), SHOWN).await;
    request.answer(directory, told.map(|told| made(&chosen, &told))).await
}

pub(super) async fn export(State(web): State<Web>, visit: Visit, RawQuery(raw): RawQuery) -> Answer {
    let request = Request::read(&web, visit, &REPORT, raw.as_deref()).await?;
    let chosen = request.to_export()?;
    let rows = web.app.agent_summary(request.caller(), query(&chosen)).await?;
    let rows = summary_of(rows, chosen.agent.clone());
    Ok(csv::file(&chosen.file_name("agents"), chosen.zone, Vec::new(), rows))
}

/// A part of the time logged in.
fn part(of: Micros, all: &AgentTimes) -> Option<f64> {
    (!all.logged_in.is_zero()).then(|| seconds(of) / seconds(all.logged_in))
}

fn made(chosen: &Chosen, told: &Told<AgentsSummary, AgentSummaryRow>) -> Made {
    let Told { summary: it, first } = told;
    let all = &it.all;
    let share = |of: Micros| match part(of, all) {
        Some(share) => texts::fill("reports.of_logged_in", &[("share", &format::percent(share))]),
        None => String::new(),
    };
    let agents = u64::try_from(it.agents.len()).unwrap_or(u64::MAX);
    let lost = texts::fill(
        "reports.lost_offers",
        &[("declined", &format::number(whole(all.declined))), ("missed", &format::number(whole(all.missed)))],
    );
    let figures = vec![
        Figure::count("reports.agents", agents),
        Figure::time("reports.logged_in", Some(all.logged_in)),
        Figure::time("reports.available", Some(all.available)).with_note(share(all.available)),
        Figure::time("reports.away", Some(all.away)).with_note(share(all.away)),
        Figure::count("reports.offered", all.offered).with_note(lost),
        Figure::count("reports.accepted", all.accepted),
        Figure::time("reports.handle", Some(all.handle)).with_note(texts::t("reports.in_window").to_owned()),
        Figure::time("reports.after_contact", Some(all.after_contact)),
    ];
    Made {
        figures,
        charts: vec![status(it), handle(it)],
        head: vec![
            texts::t("reports.bucket"),
            texts::t("reports.agent"),
            texts::t("reports.team"),
            texts::t("reports.logged_in"),
            texts::t("reports.available"),
            texts::t("reports.away"),
            texts::t("reports.offered"),
            texts::t("reports.accepted"),
            texts::t("reports.missed"),
            texts::t("reports.handle"),
            texts::t("reports.after_contact"),
        ],
        cells: first.iter().map(|row| cells(chosen, row)).collect(),
        rows: it.rows,
    }
}

fn cells(chosen: &Chosen, row: &AgentSummaryRow) -> Vec<Cell> {
    let figures = &row.figures;
    let count = |n: u64| Cell::number(format::number(whole(n)));
    vec![
        Cell::at(chosen, Some(row.bucket.start)),
        Cell::text(&row.agent.name),
        Cell::text(&row.agent.teams.join(", ")),
        Cell::time(Some(figures.logged_in_time)),
        Cell::time(Some(figures.available_any)),
        Cell::time(Some(figures.away_time)),
        count(figures.offered.total),
        count(figures.accepted.total),
        count(figures.missed.total),
        Cell::time(Some(figures.handle.total)),
        Cell::time(Some(figures.after_contact.total)),
    ]
}

fn time(time: Micros) -> String {
    Unit::Time.text(seconds(time))
}

/// The time logged in of each agent, in its parts.
fn status(it: &AgentsSummary) -> Chart {
    let part_of = |label: &str, tone, of: Micros| {
        let values = [
            ("what", texts::t(label)),
            ("share", &part(of, &it.all).map(format::percent).unwrap_or_default()),
        ];
        Part { label: texts::fill("reports.part", &values), tone }
    };
    let key = [
        part_of("reports.available", Tone::Subject, it.all.available),
        part_of("reports.unavailable", Tone::Soft, it.all.unavailable()),
        part_of("reports.away", Tone::Context, it.all.away),
    ];
    let were_in: Vec<&(_, AgentTimes)> = it.agents.iter().filter(|it| !it.1.logged_in.is_zero()).collect();
    let parts = |of: &AgentTimes| vec![seconds(of.available), seconds(of.unavailable()), seconds(of.away)];
    let rank = |it: &&(std::sync::Arc<touchline_app::reports::AgentInfo>, AgentTimes)| Rank {
        label: it.0.name.clone(),
        parts: parts(&it.1),
    };
    let ranks: Vec<Rank> = were_in.iter().map(rank).collect();
    let heads =
        ["reports.logged_in", "reports.available", "reports.unavailable", "reports.away"].map(texts::t);
    let head = std::iter::once("").chain(heads).map(str::to_owned).collect();
    let row = |(agent, of): &(std::sync::Arc<touchline_app::reports::AgentInfo>, AgentTimes)| {
        vec![
            agent.name.clone(),
            time(of.logged_in),
            time(of.available),
            time(of.unavailable()),
            time(of.away),
        ]
    };
    let rows = were_in.iter().take(IN_TABLE).map(|it| row(it)).collect();
    let sentence = match part(it.all.available, &it.all) {
        None => texts::t("reports.nobody_in").to_owned(),
        Some(share) => texts::fill(
            "reports.status_said",
            &[
                ("n", &texts::count("reports.agents_n", i64::try_from(were_in.len()).unwrap_or(i64::MAX))),
                ("time", &time(it.all.logged_in)),
                ("share", &format::percent(share)),
            ],
        ),
    };
    Chart::ranks(texts::t("reports.status_time"), sentence, Unit::Time, &key, &ranks, (head, rows))
}

/// Handle time of each channel.
fn handle(it: &AgentsSummary) -> Chart {
    let mut all = it.all.channels.clone();
    all.sort_by_key(|(of, handle)| (std::cmp::Reverse(*handle), *of));
    let key = [Part { label: texts::t("reports.handle").to_owned(), tone: Tone::Subject }];
    let rank =
        |(of, handle): &(_, Micros)| Rank { label: channel(*of).to_owned(), parts: vec![seconds(*handle)] };
    let ranks: Vec<Rank> = all.iter().map(rank).collect();
    let share = |of: Micros| part(of, &it.all).map(format::percent).unwrap_or_else(|| "–".to_owned());
    let sentence = match all.is_empty() {
        true => texts::t("reports.nobody_worked").to_owned(),
        false => texts::fill(
            "reports.handled_said",
            &[("time", &time(it.all.handle)), ("share", &share(it.all.handle))],
        ),
    };
    let heads = ["", texts::t("reports.handle"), texts::t("reports.share_logged_in")].map(str::to_owned);
    let rows = all.iter().map(|(of, handle)| vec![channel(*of).to_owned(), time(*handle), share(*handle)]);
    let table = (heads.to_vec(), rows.collect());
    Chart::ranks(texts::t("reports.handle_by_channel"), sentence, Unit::Time, &key, &ranks, table)
}
