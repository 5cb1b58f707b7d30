//! The report of contacts: when they came, how soon they were answered, whether in time.

use super::{
    SHOWN,
    asked::{Chosen, is_ticked},
    frame::{Report, Request},
    made::{Cell, Figure, Made, channel, in_time, kind, seconds, spelled},
    names::Names,
};
use crate::{
    Web,
    charts::{Chart, Series, Step, Tone, Unit},
    csv,
    error::Answer,
    format, texts,
    visit::Visit,
};
use axum::extract::{RawQuery, State};
use jiff::civil::Time;
use touchline_app::reports::{
    ContactExportQuery, ContactFacts, ContactRow,
    summary::{Arrivals, ContactSummary, HalfHours, Rate, Told},
};
use touchline_model::{Direction, Timestamp, UserId};

const REPORT: Report = Report {
    tab: "contacts",
    path: "/reports/contacts",
    by_channel: true,
    by_inbox: true,
    by_team: false,
    by_agent: false,
    by_level: false,
};

fn query(chosen: &Chosen) -> ContactExportQuery {
    ContactExportQuery {
        window: chosen.window,
        channels: chosen.channels.clone(),
        inboxes: chosen.inboxes.clone(),
        horizon: None,
        at_most: None,
    }
}

pub(super) async fn show(State(web): State<Web>, visit: Visit, RawQuery(raw): RawQuery) -> Answer {
    let request = Request::read(&web, visit, &REPORT, raw.as_deref()).await?;
    let Ok(chosen) = request.chosen.clone() else { return request.refused().await };
    let directory = request.directory().await?;
    let told = web.app.contacts_told(request.caller(), query(&chosen), &chosen.zone, SHOWN).await;
    let horizon = web.app.report_horizon();
    let made = told.map(|told| made(&chosen, horizon, &directory.names, &told));
    request.answer(directory, made).await
}

pub(super) async fn export(State(web): State<Web>, visit: Visit, RawQuery(raw): RawQuery) -> Answer {
    let request = Request::read(&web, visit, &REPORT, raw.as_deref()).await?;
    let chosen = request.to_export()?;
    let rows = web.app.contact_export(request.caller(), query(&chosen)).await?;
    Ok(csv::file(&chosen.file_name("contacts"), chosen.zone, Vec::new(), rows))
}

fn made(chosen: &Chosen, horizon: Timestamp, names: &Names, told: &Told<ContactSummary, ContactRow>) -> Made {
    let Told { summary: it, first } = told;
    let outbound = it.all.contacts - it.inbound;
    let directions = texts::fill(
        "reports.directions",
        &[("in", &format::number(whole(it.inbound))), ("out", &format::number(whole(outbound)))],
    );
    // As the chart below has it: a mail that is answered the next day says nothing about those who wait on the line.
    let (answer, note) = match it.all.live_answer.n {
        0 => (it.all.answer, "reports.of_answered"),
        _ => (it.all.live_answer, "reports.of_answered_live"),
    };
    let answered = texts::fill(note, &[("n", &format::number(whole(answer.n)))]);
    let figures = vec![
        Figure::count("reports.contacts_begun", it.all.contacts).with_note(directions),
        Figure::count("reports.still_open", it.open),
        Figure::time("reports.answer_mean", answer.mean()).with_note(answered),
        sla_figure(it.all.sla),
        Figure::time("reports.handle", Some(it.handle)).with_note(texts::t("reports.of_begun").to_owned()),
        Figure::time("reports.after_contact", Some(it.after_contact)),
        Figure::count("reports.transfers", it.transfers),
    ];
    Made {
        figures,
        charts: vec![arrivals(it), answers(it), sla(chosen, horizon, it), channels(it)],
        head: vec![
            texts::t("reports.queued"),
            texts::t("reports.channel"),
            texts::t("reports.inbox"),
            texts::t("reports.taken_by"),
            texts::t("reports.waited"),
            texts::t("reports.sla"),
            texts::t("reports.status"),
            texts::t("reports.handle"),
            texts::t("reports.contact"),
        ],
        cells: first.iter().map(|row| cells(chosen, names, row)).collect(),
        rows: it.all.contacts,
    }
}

fn cells(chosen: &Chosen, names: &Names, row: &ContactRow) -> Vec<Cell> {
    let facts = &row.facts;
    let inbox = match row.inbox_created_name.as_str() {
        "" => facts.inbox_created.as_str(),
        name => name,
    };
    let agent = whose(facts).map(|id| names.agent(id)).unwrap_or_default();
    let status =
        facts.ended.map_or_else(|| texts::t("reports.open").to_owned(), |it| spelled(it.status.name()));
    vec![
        Cell::at(chosen, Some(facts.created_at)),
        kind(facts.channel, facts.direction),
        Cell::text(inbox),
        Cell::text(&agent),
        Cell::time(facts.queued_to_accepted()),
        in_time(facts.within_sla()),
        Cell::text(&status),
        Cell::time(facts.handle_time()),
        Cell::id(facts.contact_id.as_str()),
    ]
}

/// Who took a contact first; who placed one that went out, as far as that can be told.
fn whose(facts: &ContactFacts) -> Option<&UserId> {
    let took = facts.first_accepted.as_ref().map(|it| &it.agent_id);
    if facts.direction == Direction::Inbound {
        return took;
    }
    // Whoever placed it never had to accept it; whoever got it from them had.
    let mut never =
        facts.sessions.iter().filter(|it| it.accepted.is_none()).filter_map(|it| it.agent_id.as_ref());
    match (never.next(), never.next()) {
        (Some(one), None) => Some(one),
        _ if facts.transfers == 0 => facts.agent_current.as_ref(),
        _ => took,
    }
}

pub(super) fn whole(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// How many were in time, with the interval.
pub(super) fn sla_figure(rate: Rate) -> Figure {
    let note = texts::fill("reports.of_due", &[("n", &format::number(whole(rate.of)))]);
    let exact = if rate.of == 0 { String::new() } else { format!("{}/{}", rate.met, rate.of) };
    Figure::share("reports.sla", rate.share(), exact).with_note(note)
}

/// The interval of a share: `91 to 96 %`.
fn interval(rate: Rate) -> String {
    let Some((low, high)) = rate.interval() else { return "–".to_owned() };
    let (low, high) = (format!("{:.0}", low * 100.0), format::percent(high));
    texts::fill("reports.interval", &[("low", &low), ("high", &high)])
}

/// The half hours in which something happened, with full hours at both ends, and their steps.
fn busy(it: &ContactSummary) -> (std::ops::Range<usize>, Vec<Step>) {
    let starts = it.half_hours.starts();
    let some = |at: &usize| it.halves[*at].contacts > 0;
    let (Some(first), Some(last)) = ((0..starts.len()).find(some), (0..starts.len()).rev().find(some)) else {
        return (0..0, Vec::new());
    };
    let range = first / 2 * 2..(last / 2 * 2 + 2).min(starts.len());
    // A word takes as much room as some of the steps do.
    let every = match range.len() {
        0..=10 => 1,
        11..=24 => 2,
        _ => 4,
    };
    let step = |at: usize| {
        let (time, instant) = starts[at];
        let named = time.minute() == 0 && time.hour() % every == 0;
        Step {
            label: label(&it.half_hours, time, instant),
            tick: if named { hour_of(time) } else { String::new() },
            open: false,
        }
    };
    (range.clone(), range.map(step).collect())
}

fn hour_of(time: Time) -> String {
    time.strftime("%H:%M").to_string()
}

/// `09:30 to 10:00`; a half hour that the clocks went through twice has its offset.
fn label(half_hours: &HalfHours, time: Time, instant: Option<Timestamp>) -> String {
    match instant.and_then(|instant| half_hours.offset_if_twice(instant)) {
        Some(offset) => format!("{} ({offset})", hour_of(time)),
        None => hour_of(time),
    }
}

fn series(label: &str, values: impl Iterator<Item = Option<f64>>) -> Series {
    Series { label: texts::t(label).to_owned(), tone: Tone::Subject, values: values.collect() }
}

/// Contacts by half hour.
fn arrivals(it: &ContactSummary) -> Chart {
    let (range, steps) = busy(it);
    let halves = &it.halves[range];
    let most = halves.iter().enumerate().max_by_key(|(at, half)| (half.contacts, std::cmp::Reverse(*at)));
    let days = if it.half_hours.is_of_the_clock() { "reports.arrivals_days" } else { "reports.arrivals_day" };
    let sentence = match most {
        None => texts::t("reports.nothing_drawn").to_owned(),
        Some((at, half)) => texts::fill(
            days,
            &[
                ("n", &texts::count("reports.contacts_n", whole(it.all.contacts))),
                ("time", &steps[at].label),
                ("most", &format::number(whole(half.contacts))),
            ],
        ),
    };
    let values = series("reports.contacts", halves.iter().map(|half| Some(half.contacts as f64)));
    Chart::bars(texts::t("reports.arrivals"), sentence, Unit::Count, &steps, &values)
}

/// How long inbound contacts waited for an agent, by half hour of their arrival: calls and chats, unless there are none.
fn answers(it: &ContactSummary) -> Chart {
    let (range, mut steps) = busy(it);
    let halves = &it.halves[range];
    let are_live = it.all.live_answer.n > 0;
    let of = |half: &Arrivals| if are_live { half.live_answer } else { half.answer };
    let mean = |half: &Arrivals| of(half).mean().map(seconds);
    let slowest = halves.iter().enumerate().filter_map(|(at, half)| Some((at, mean(half)?)));
    let slowest = slowest.max_by(|a, b| a.1.total_cmp(&b.1).then(b.0.cmp(&a.0)));
    let sentence = match (of(&it.all).mean(), slowest) {
        (Some(all), Some((at, most))) => texts::fill(
            if are_live { "reports.answers_live" } else { "reports.answers_all" },
            &[
                ("mean", &Unit::Time.text(seconds(all))),
                ("time", &steps[at].label),
                ("most", &Unit::Time.text(most)),
                ("n", &texts::count("reports.contacts_n", whole(of(&it.all).n))),
            ],
        ),
        _ => {
            steps.clear();
            texts::t("reports.nothing_answered").to_owned()
        }
    };
    let values = series("reports.waited_mean", halves.iter().map(mean));
    let n = |at: usize| vec![halves.get(at).map(|it| format::number(whole(of(it).n))).unwrap_or_default()];
    Chart::bars(texts::t("reports.answers"), sentence, Unit::Time, &steps, &values)
        .with_columns(&[texts::t("reports.n_answered")], n)
}

/// The share that was in time: by day, of one day by half hour.
fn sla(chosen: &Chosen, horizon: Timestamp, it: &ContactSummary) -> Chart {
    let (steps, rates): (Vec<Step>, Vec<Rate>) = match chosen.is_a_day() {
        true => {
            let (range, steps) = busy(it);
            (steps, it.halves[range].iter().map(|half| half.sla).collect())
        }
        false => {
            let days = it.days.len();
            let step = |(span, day): &(touchline_app::reports::Span, Arrivals)| {
                let date = span.start.to_jiff().to_zoned(chosen.zone.clone()).date();
                let tick =
                    if is_ticked(date, days) { date.strftime("%-d %b").to_string() } else { String::new() };
                let label = date.strftime("%a %-d %b").to_string();
                (Step { label, tick, open: horizon < span.end }, day.sla)
            };
            it.days.iter().map(step).unzip()
        }
    };
    let steps = if it.all.sla.of == 0 { Vec::new() } else { steps };
    let sentence = match it.all.sla.share() {
        None => texts::t("reports.nothing_due").to_owned(),
        Some(share) => texts::fill(
            "reports.sla_said",
            &[
                ("share", &format::percent(share)),
                ("n", &texts::count("reports.contacts_n", whole(it.all.sla.of))),
                ("interval", &interval(it.all.sla)),
            ],
        ),
    };
    let values = series("reports.in_time", rates.iter().map(|rate| rate.share()));
    let more = |at: usize| {
        let rate = rates.get(at).copied().unwrap_or_default();
        vec![format::number(whole(rate.of)), interval(rate)]
    };
    let title = texts::t("reports.sla_chart");
    // Between half hours in which nothing came there is no line.
    let chart = match chosen.is_a_day() {
        true => Chart::bars(title, sentence, Unit::Share, &steps, &values),
        false => Chart::lines(title, sentence, Unit::Share, &steps, std::slice::from_ref(&values)),
    };
    chart.with_columns(&[texts::t("reports.n_due"), texts::t("reports.interval_head")], more)
}

/// Contacts of each channel.
fn channels(it: &ContactSummary) -> Chart {
    use crate::charts::{Part, Rank};
    let mut all = it.channels.clone();
    all.sort_by_key(|(channel, n)| (std::cmp::Reverse(*n), *channel));
    let key = [Part { label: texts::t("reports.contacts").to_owned(), tone: Tone::Subject }];
    let rank = |(of, n): &(_, u64)| Rank { label: channel(*of).to_owned(), parts: vec![*n as f64] };
    let ranks: Vec<Rank> = all.iter().map(rank).collect();
    let share = |n: u64| format::percent(n as f64 / it.all.contacts.max(1) as f64);
    let sentence = match all.first() {
        None => texts::t("reports.nothing_drawn").to_owned(),
        Some((of, n)) => {
            texts::fill("reports.channels_said", &[("share", &share(*n)), ("channel", channel(*of))])
        }
    };
    let head = ["", texts::t("reports.contacts"), texts::t("reports.share")].map(str::to_owned).to_vec();
    let rows = all.iter().map(|(of, n)| vec![channel(*of).to_owned(), format::number(whole(*n)), share(*n)]);
    Chart::ranks(texts::t("reports.by_channel"), sentence, Unit::Count, &key, &ranks, (head, rows.collect()))
}
