//! Reports as rows: lines of JSON or CSV, streamed as they are worked out.

use crate::{Problem, mount::Mount, params::Params};
use axum::{
    BoxError,
    body::{Body, Bytes},
    extract::State,
    http::{HeaderMap, HeaderName, HeaderValue, header},
    response::{IntoResponse, Response},
};
use futures::{StreamExt, TryStreamExt, stream};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use std::{borrow::Cow, marker::PhantomData, str::FromStr};
use touchline_app::{
    App, AppError,
    exports::{ColumnType, Tabular, TextForm, TextWriter, zone_named},
    reports::{
        AgentSummaryQuery, AgentSummaryRow, ContactExportQuery, ContactRow, Level, Rows, Window,
        WorkSessionQuery, WorkSessionRow,
    },
};
use touchline_http::{CallerOf, Gate, NDJSON, Operation, Shape};
use touchline_model::{Ability, Timestamp, events::ContactChannel};

/// Up to when the report knows the world.
static HORIZON: HeaderName = HeaderName::from_static("touchline-horizon");
/// A part is sent when it reaches this size.
const PART_BYTES: usize = 48 * 1024;

const NEEDS: &[Ability] = &[Ability::ReadReports];
/// Parameters that may be given several times.
const LISTS: &[&str] = &["channel", "inbox", "team"];
const LEVELS: &[&str] = &["half_hourly", "daily", "weekly", "monthly", "quarterly"];

const HOW: &str = "The answer is streamed, a row as soon as it is worked out, and breaks off if it cannot be ended. It shows \
     the world as of a horizon, an hour ago unless asked otherwise; the header `Touchline-Horizon` says which instant that \
     was. The same window and horizon give the same rows again, unless events have come late. `format=csv` has the same \
     columns and a header row (RFC 4180, line feeds); what is absent is empty there and `null` in JSON. Columns ending in \
     `_seconds` are seconds.";

pub(crate) fn mount<G: Gate>(mount: &mut Mount<G>) {
    let on = |operation: Operation| {
        operation
            .tag("reports")
            .needs(NEEDS)
            .description(HOW)
            .query("from", Shape::Timestamp, true, "The window begins: RFC 3339 with a zone.")
            .query("to", Shape::Timestamp, true, "The instant after the window.")
            .query(
                "horizon",
                Shape::Timestamp,
                false,
                "As of when. At most now; events told later do not count.",
            )
            .query("format", Shape::OneOf(&["ndjson", "csv"]), false, "Lines of JSON unless given.")
            .answer_error_when(404, "An inbox or team that is asked for does not exist.")
    };
    let several = || Shape::of::<Vec<String>>();
    let channel = "Only of these channels, such as `PHONE_CALL`.";
    let sessions = on(Operation::get("report_work_sessions", "/reports/work-sessions"))
        .summary("Work sessions: each agent's work on each contact that ended in the window, and open ones begun in it")
        .query("channel", several(), false, channel)
        .query("inbox", several(), false, "Only of contacts that started in these inboxes: ids.")
        .query("team", several(), false, "Only of agents who are in these teams now: ids.")
        .answer_ndjson::<RowOf<WorkSessionRow>>(200, "By end (of open contacts by start), contact and agent.");
    mount.add_with_lists(sessions, LISTS, work_sessions);
    let contacts = on(Operation::get("report_contacts", "/reports/contacts"))
        .summary("Contacts that were queued or begun in the window, with their times")
        .query("channel", several(), false, channel)
        .query("inbox", several(), false, "Only of contacts that are in these inboxes: ids.")
        .answer_ndjson::<RowOf<ContactRow>>(200, "By start and contact.");
    mount.add_with_lists(contacts, LISTS, contact_report);
    let agents = on(Operation::get("report_agent_summary", "/reports/agent-summary"))
        .summary("What agents did in each stretch of the window")
        .query("team", several(), false, "Only agents who are in these teams now: ids.")
        .query(
            "zone",
            Shape::Text,
            false,
            "IANA zone of the stretches' borders; the organisation's unless given.",
        )
        .query("level", Shape::OneOf(LEVELS), false, "How long the stretches are; `daily` unless given.")
        .answer_ndjson::<RowOf<AgentSummaryRow>>(200, "By stretch and the agent's e-mail address.");
    mount.add_with_lists(agents, LISTS, agent_summary);
}

async fn work_sessions(
    State(app): State<App>,
    CallerOf(caller): CallerOf,
    params: Params,
) -> Result<Response, Problem> {
    let asked = Asked::of(&app, &params)?;
    let rows = app.work_sessions(
        &caller,
        WorkSessionQuery {
            window: asked.window,
            channels: channels(&params)?,
            inboxes: list(&params, "inbox"),
            teams: list(&params, "team"),
            horizon: Some(asked.horizon),
            at_most: None,
        },
    );
    asked.answer(rows.await?).await
}

async fn contact_report(
    State(app): State<App>,
    CallerOf(caller): CallerOf,
    params: Params,
) -> Result<Response, Problem> {
    let asked = Asked::of(&app, &params)?;
    let rows = app.contact_export(
        &caller,
        ContactExportQuery {
            window: asked.window,
            channels: channels(&params)?,
            inboxes: list(&params, "inbox"),
            horizon: Some(asked.horizon),
            at_most: None,
        },
    );
    asked.answer(rows.await?).await
}

async fn agent_summary(
    State(app): State<App>,
    CallerOf(caller): CallerOf,
    params: Params,
) -> Result<Response, Problem> {
    let asked = Asked::of(&app, &params)?;
    let name = match params.text("zone") {
        Some(name) => name.to_owned(),
        None => app.time_zone(&caller).await?,
    };
    let no_zone = || Problem::malformed(format!("`zone`: there is no time zone `{name}`")).at("zone");
    let zone = zone_named(&name).ok_or_else(no_zone)?;
    let level = match params.text("level") {
        None | Some("daily") => Level::Daily,
        Some("half_hourly") => Level::HalfHourly,
        Some("weekly") => Level::Weekly,
        Some("monthly") => Level::Monthly,
        Some("quarterly") => Level::Quarterly,
        Some(_) => {
            let detail = format!("`level` must be one of {}", LEVELS.join(", "));
            return Err(Problem::malformed(detail).at("level"));
        }
    };
    let query = AgentSummaryQuery {
        window: asked.window,
        zone,
        level,
        teams: list(&params, "team"),
        horizon: Some(asked.horizon),
    };
    asked.answer(app.agent_summary(&caller, query).await?).await
}

/// What every report is asked.
struct Asked {
    window: Window,
    horizon: Timestamp,
    form: TextForm,
}

impl Asked {
    fn of(app: &App, params: &Params) -> Result<Self, Problem> {
        let (start, end) = (instant(params, "from")?, instant(params, "to")?);
        let missing = |name: &str| Problem::malformed(format!("`{name}` is missing")).at(name);
        let window =
            Window { start: start.ok_or_else(|| missing("from"))?, end: end.ok_or_else(|| missing("to"))? };
        if window.end < window.start {
            return Err(Problem::malformed("`to` lies before `from`").at("to"));
        }
        let horizon = instant(params, "horizon")?.unwrap_or_else(|| app.report_horizon());
        if horizon > app.clock().now() {
            return Err(Problem::malformed("`horizon` lies in the future").at("horizon"));
        }
        let form = match params.text("format") {
            None | Some("ndjson") => TextForm::Ndjson,
            Some("csv") => TextForm::Csv,
            Some(_) => return Err(Problem::malformed("`format` must be ndjson or csv").at("format")),
        };
        Ok(Self { window, horizon, form })
    }

    /// The rows, as they come. What fails before the first part is full gets its own status.
    async fn answer<R: Tabular>(self, mut rows: Rows<R>) -> Result<Response, Problem> {
        let mut writer = TextWriter::<R>::new(self.form);
        let (first, ended) = part(&mut rows, &mut writer).await?;
        let body = if ended {
            Body::from(first)
        } else {
            let rest = stream::try_unfold((rows, writer, false), async |(mut rows, mut writer, ended)| {
                if ended {
                    return Ok::<_, AppError>(None);
                }
                let (part, ended) = part(&mut rows, &mut writer).await?;
                Ok((!part.is_empty()).then_some((part, (rows, writer, ended))))
            });
            let rest = rest.map_err(|error| {
                tracing::error!(error = &error as &dyn std::error::Error, "a report broke off half-way");
                BoxError::from(error)
            });
            Body::from_stream(stream::iter([Ok(first)]).chain(rest))
        };
        let mut headers = HeaderMap::new();
        let content_type = match self.form {
            TextForm::Ndjson => NDJSON,
            TextForm::Csv => "text/csv; charset=utf-8; header=present",
        };
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
        if let Ok(horizon) = HeaderValue::from_str(&self.horizon.to_string()) {
            headers.insert(HORIZON.clone(), horizon);
        }
        Ok((headers, body).into_response())
    }
}

/// The next part, and whether it is the last one.
async fn part<R: Tabular>(rows: &mut Rows<R>, writer: &mut TextWriter<R>) -> Result<(Bytes, bool), AppError> {
    while writer.len() < PART_BYTES {
        let Some(row) = rows.next().await.transpose()? else { return Ok((writer.take().into(), true)) };
        writer.row(&row);
    }
    Ok((writer.take().into(), false))
}

fn instant(params: &Params, name: &'static str) -> Result<Option<Timestamp>, Problem> {
    let Some(text) = params.text(name) else { return Ok(None) };
    let wrong = || {
        let detail = format!("`{name}` must be an instant with a zone, such as 2026-03-01T09:30:00Z");
        Problem::malformed(detail).at(name)
    };
    text.parse().map(Some).map_err(|_| wrong())
}

fn list<I: From<String>>(params: &Params, name: &str) -> Vec<I> {
    params.pairs().filter(|(key, _)| *key == name).map(|(_, value)| I::from(value.to_owned())).collect()
}

fn channels(params: &Params) -> Result<Vec<ContactChannel>, Problem> {
    let given = params.pairs().filter(|(key, _)| *key == "channel");
    let read = given.map(|(_, name)| {
        ContactChannel::from_str(name).map_err(|()| {
            let known: Vec<&str> = ContactChannel::ALL.iter().map(|it| it.name()).collect();
            let detail = format!("`channel`: there is no channel `{name}`; there are {}", known.join(", "));
            Problem::malformed(detail).at("channel")
        })
    });
    read.collect()
}

/// The schema of a line, made from the columns.
struct RowOf<R>(PhantomData<R>);

macro_rules! row_schema {
    ($row:ty, $name:literal) => {
        impl JsonSchema for RowOf<$row> {
            fn schema_name() -> Cow<'static, str> {
                $name.into()
            }
            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                schema_of::<$row>()
            }
        }
    };
}
row_schema!(WorkSessionRow, "WorkSessionLine");
row_schema!(ContactRow, "ContactReportLine");
row_schema!(AgentSummaryRow, "AgentSummaryLine");

fn schema_of<R: Tabular>() -> Schema {
    let mut properties = serde_json::Map::new();
    let mut names = Vec::new();
    for column in R::columns() {
        let (word, format) = match column.holds {
            ColumnType::Text => ("string", None),
            ColumnType::Timestamp => ("string", Some("date-time")),
            ColumnType::Integer => ("integer", None),
            ColumnType::Seconds | ColumnType::Number => ("number", None),
            ColumnType::Boolean => ("boolean", None),
            ColumnType::Json => ("array", None),
        };
        let mut schema = serde_json::json!({ "type": word, "description": column.about });
        if column.optional {
            schema["type"] = serde_json::json!([word, "null"]);
        }
        if let Some(format) = format {
            schema["format"] = format.into();
        }
        names.push(column.name);
        properties.insert(column.name.to_owned(), schema);
    }
    json_schema!({ "type": "object", "properties": properties, "required": names, "additionalProperties": false })
}
