//! Exports at fixed times: seen with how their last run went, made, run now, stopped, deleted.

use super::{Tab, Wrong, frame, part};
use crate::{
    Web,
    error::Answer,
    filters, format,
    shell::{Shell, When},
    texts,
    visit::{Fields, Visit, again, done, done_text},
};
use askama::Template;
use axum::extract::{Path, State};
use jiff::tz::TimeZone;
use touchline_app::{
    AppError,
    exports::{
        ChangeExportSchedule, Dataset, Every, ExportRun, ExportRunState, ExportScheduleView, Format,
        NewExportSchedule, Weekday,
    },
};
use touchline_http::{Gate, Operation, Routes};
use touchline_model::{Ability, Timestamp};

pub(super) const NEEDS: &[Ability] = &[Ability::Administer];
/// The list.
const HERE: &str = "/admin/exports";

pub(super) fn mount<G: Gate>(routes: &mut Routes<G, Web>) {
    let of_one = |id, path| Operation::post(id, path).needs(NEEDS).path_param("id", "Scheduled export.");
    routes
        .add(Operation::get("page_exports", HERE).needs(NEEDS), show)
        .add(Operation::get("page_new_export", "/admin/exports/new").needs(NEEDS), show_new)
        .add(Operation::post("create_export", HERE).needs(NEEDS).body_form(), create)
        .add(of_one("run_export", "/admin/exports/{id}/run"), run)
        .add(of_one("switch_export", "/admin/exports/{id}/switch").body_form(), switch)
        .add(of_one("delete_export", "/admin/exports/{id}/delete"), delete);
}

/// One of them, as it is shown.
struct Row {
    schedule: ExportScheduleView,
    /// `work-sessions, parquet`
    what: String,
    /// `Every day at 03:00, Europe/Berlin`
    times: String,
    /// When it runs next: for machines, and on the clock by which it was planned.
    next: Option<(String, String)>,
    last: Option<Last>,
    /// The address of its deeds.
    place: String,
}

/// How the last run went.
struct Last {
    good: bool,
    when: When,
    text: String,
    /// When one that failed is tried again, or that it is not.
    again: String,
}

#[derive(Template)]
#[template(path = "admin/exports.html")]
struct List {
    shell: Shell,
    tabs: Vec<Tab>,
    rows: Vec<Row>,
    /// Where they go; none while the operator has configured nothing.
    to: Option<String>,
}

fn every(every: Every) -> &'static str {
    match every {
        Every::Hour => "admin_exports.every_hour",
        Every::Day => "admin_exports.every_day",
        Every::Week => "admin_exports.every_week",
    }
}

fn weekday(day: Weekday) -> &'static str {
    texts::t(match day {
        Weekday::Monday => "admin_exports.monday",
        Weekday::Tuesday => "admin_exports.tuesday",
        Weekday::Wednesday => "admin_exports.wednesday",
        Weekday::Thursday => "admin_exports.thursday",
        Weekday::Friday => "admin_exports.friday",
        Weekday::Saturday => "admin_exports.saturday",
        Weekday::Sunday => "admin_exports.sunday",
    })
}

fn last(shell: &Shell, it: &ExportScheduleView, run: &ExportRun) -> Last {
    let done = run.exported.clone().unwrap_or_default();
    let text = match run.state {
        ExportRunState::Done => texts::fill(
            "admin_exports.done",
            &[
                (
                    "days",
                    &texts::count("admin_exports.days", i64::try_from(done.days_written).unwrap_or(i64::MAX)),
                ),
                ("rows", &format::number(i64::try_from(done.rows_written).unwrap_or(i64::MAX))),
                ("size", &format::bytes(done.bytes_written)),
            ],
        ),
        ExportRunState::Failed => run.error.clone().unwrap_or_default(),
    };
    let again = match (run.state, it.tried_again_at) {
        (ExportRunState::Done, _) => String::new(),
        _ if it.running => String::new(),
        (_, Some(at)) => texts::fill("admin_exports.again_at", &[("time", &on_its_clock(it, at))]),
        _ if it.active => texts::t("admin_exports.again_next").to_owned(),
        _ => texts::t("admin_exports.again_never").to_owned(),
    };
    Last { good: run.state == ExportRunState::Done, when: shell.when(&run.ended_at), text, again }
}

/// An instant by the clock of the schedule, which may not be the reader's.
fn on_its_clock(it: &ExportScheduleView, at: Timestamp) -> String {
    match TimeZone::get(&it.zone) {
        Ok(zone) => format!("{}, {}", format::exact(at, &zone), it.zone),
        Err(_) => format!("{}, UTC", format::exact(at, &TimeZone::UTC)),
    }
}

fn row(shell: &Shell, it: ExportScheduleView) -> Row {
    let minute = it.at.split_once(':').map_or("", |(_, minute)| minute);
    let day = it.weekday.map(weekday).unwrap_or_default();
    Row {
        what: format!("{}, {}", it.dataset.name(), it.format.name()),
        times: texts::fill(
            every(it.every),
            &[("at", &it.at), ("minute", minute), ("day", day), ("zone", &it.zone)],
        ),
        next: it.next_at.map(|at| (at.to_string(), on_its_clock(&it, at))),
        last: it.last_run.as_ref().map(|run| last(shell, &it, run)),
        place: format!("{HERE}/{}", part(&it.id)),
        schedule: it,
    }
}

async fn show(State(web): State<Web>, visit: Visit) -> Answer {
    let found = web.app.export_schedules(&visit.caller).await?;
    let (shell, tabs) = frame(&visit, texts::t("admin.exports"), "exports");
    let rows = found.into_iter().map(|it| row(&shell, it)).collect();
    Ok(visit.page(&List { rows, to: web.app.exports_go_to(), tabs, shell }))
}

/// What is typed into the form, with what is wrong in it.
#[derive(Default)]
struct Form {
    name: String,
    dataset: String,
    format: String,
    every: String,
    at: String,
    weekday: String,
    zone: String,
    since: String,
    folder: String,
    closed_only: bool,
    wrong: Wrong,
}

#[derive(Template)]
#[template(path = "admin/export_new.html")]
struct New {
    shell: Shell,
    tabs: Vec<Tab>,
    form: Form,
    to: Option<String>,
}

impl New {
    fn wrong(&self, field: &str) -> Option<&str> {
        self.form.wrong.at(field)
    }
    fn elsewhere(&self) -> Option<String> {
        let shown = ["name", "dataset", "format", "every", "at", "weekday", "zone", "since", "folder"];
        self.form.wrong.elsewhere(&shown)
    }
    fn datasets(&self) -> [&'static str; 10] {
        Dataset::ALL.map(Dataset::name)
    }
    fn formats(&self) -> [&'static str; 3] {
        Format::ALL.map(Format::name)
    }
    fn times(&self) -> [(&'static str, &'static str); 3] {
        [("hour", "admin_exports.hour"), ("day", "admin_exports.day"), ("week", "admin_exports.week")]
    }
    fn weekdays(&self) -> [(&'static str, &'static str); 7] {
        let names = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
        let mut at = 0;
        Weekday::ALL.map(|day| {
            at += 1;
            (names[at - 1], weekday(day))
        })
    }
}

fn new(web: &Web, visit: &Visit, form: Form) -> New {
    let (shell, tabs) = frame(visit, texts::t("admin_exports.new"), "exports");
    New { shell, tabs, form, to: web.app.exports_go_to() }
}

async fn show_new(State(web): State<Web>, visit: Visit) -> Answer {
    let form = Form {
        dataset: Dataset::WorkSessions.name().to_owned(),
        format: Format::Parquet.name().to_owned(),
        every: "day".to_owned(),
        at: "03:00".to_owned(),
        zone: web.app.time_zone(&visit.caller).await?,
        ..Form::default()
    };
    Ok(visit.page(&new(&web, &visit, form)))
}

/// A word of a list, by the name that it has in the API.
fn word<T: serde::de::DeserializeOwned>(text: &str) -> Option<T> {
    serde_json::from_value(serde_json::Value::String(text.to_owned())).ok()
}

impl Form {
    fn typed(fields: &Fields) -> Self {
        let text = |name: &str| fields.text(name).to_owned();
        Self {
            name: text("name"),
            dataset: text("dataset"),
            format: text("format"),
            every: text("every"),
            at: text("at"),
            weekday: text("weekday"),
            zone: text("zone"),
            since: text("since"),
            folder: text("folder"),
            closed_only: fields.ticked("closed_only"),
            wrong: Wrong::default(),
        }
    }

    /// What it asks for; which field is no word of its list otherwise.
    fn wanted(&self) -> Result<NewExportSchedule, Wrong> {
        let not = |field: &str| Wrong::new(field, "admin_exports.not_one");
        let given = |text: &String| Some(text.clone()).filter(|it| !it.is_empty());
        Ok(NewExportSchedule {
            name: self.name.clone(),
            dataset: self.dataset.parse().map_err(|()| not("dataset"))?,
            format: self.format.parse().map_err(|()| not("format"))?,
            every: word(&self.every).ok_or_else(|| not("every"))?,
            at: self.at.clone(),
            weekday: word(&self.weekday),
            zone: given(&self.zone),
            // Days of reports are those of the zone in which people read them.
            day_zone: given(&self.zone),
            since: given(&self.since),
            folder: given(&self.folder),
            closed_only: self.closed_only,
        })
    }
}

async fn create(State(web): State<Web>, visit: Visit, fields: Fields) -> Answer {
    let mut form = Form::typed(&fields);
    let wanted = match form.wanted() {
        Ok(wanted) => wanted,
        Err(wrong) => {
            form.wrong = wrong;
            return Ok(again(&new(&web, &visit, form)));
        }
    };
    match web.app.create_export_schedule(&visit.caller, wanted).await {
        Ok(made) => Ok(done_text(HERE, &texts::fill("admin_exports.made", &[("name", &made.name)]))),
        Err(error) => {
            form.wrong = Wrong::of(error)?;
            Ok(again(&new(&web, &visit, form)))
        }
    }
}

async fn run(State(web): State<Web>, visit: Visit, Path(id): Path<String>) -> Answer {
    match web.app.run_export_schedule(&visit.caller, &id).await {
        Ok(it) => Ok(done_text(HERE, &texts::fill("admin_exports.runs", &[("name", &it.name)]))),
        // It runs already, or has nowhere to go.
        Err(AppError::Conflict(reason)) => Ok(done_text(HERE, &format::in_quotes(&reason))),
        Err(error) => Err(error.into()),
    }
}

async fn switch(State(web): State<Web>, visit: Visit, Path(id): Path<String>, fields: Fields) -> Answer {
    let on = fields.text("active") == "on";
    let change = ChangeExportSchedule { active: Some(on), ..ChangeExportSchedule::default() };
    if let Err(error) = web.app.change_export_schedule(&visit.caller, &id, change).await {
        // Another writes where it would: said beside the list.
        let reason = Wrong::of(error)?.reason().unwrap_or_default();
        return Ok(done_text(HERE, &reason));
    }
    Ok(done(HERE, if on { "admin_exports.switched_on" } else { "admin_exports.switched_off" }))
}

async fn delete(State(web): State<Web>, visit: Visit, Path(id): Path<String>) -> Answer {
    web.app.delete_export_schedule(&visit.caller, &id).await?;
    Ok(done(HERE, "admin_exports.deleted"))
}
