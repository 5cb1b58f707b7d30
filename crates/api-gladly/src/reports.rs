//! `POST /reports` and `POST /reports/work-session-events`: three reports as CSV (contract §1, §3 to §6).

use crate::{
    ApiError, Dialect,
    answer::{self, Form},
    file_name,
    metric_sets::Report,
    request::{self, Known, Object, Wanted},
    routes::MAX_BODY,
    times,
};
use axum::{
    body::Bytes,
    extract::{State, rejection::BytesRejection},
    http::StatusCode,
    response::Response,
};
use futures::{StreamExt, TryStreamExt, stream::BoxStream};
use jiff::tz::TimeZone;
use serde_json::Value;
use touchline_app::{
    App, AppError,
    reports::{AgentSummaryQuery, ContactExportQuery, Rows, WorkSessionQuery},
};
use touchline_http::CallerOf;
use touchline_model::Caller;

/// Rows that are written together at most.
const TOGETHER: usize = 1_000;

/// A body that has arrived, or why it has not.
type Body = Result<Bytes, BytesRejection>;

/// The body as a JSON object, whatever its content type says (contract X-26).
fn object(body: Body) -> Result<Object, ApiError> {
    let body = body.map_err(|rejection| match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => ApiError::too_long(MAX_BODY),
        _ => ApiError::not_json(),
    })?;
    match serde_json::from_slice(&body) {
        Ok(Value::Object(object)) => Ok(object),
        _ => Err(ApiError::not_json()),
    }
}

/// `POST /reports/work-session-events`
pub(crate) async fn work_session_events(
    State(dialect): State<Dialect>,
    CallerOf(caller): CallerOf,
    body: Body,
) -> Result<Response, ApiError> {
    let (span, window) = request::work_session_events(&object(body)?).map_err(ApiError::bad_request)?;
    let query = WorkSessionQuery {
        window,
        channels: vec![],
        inboxes: vec![],
        teams: vec![],
        horizon: Some(dialect.app.report_horizon()),
        at_most: dialect.one_more(),
    };
    let form = dialect.form(file_name::work_session_events(span), TimeZone::UTC);
    work_sessions(&dialect.app, &caller, query, form).await
}

/// `POST /reports`
pub(crate) async fn report(
    State(dialect): State<Dialect>,
    CallerOf(caller): CallerOf,
    body: Body,
) -> Result<Response, ApiError> {
    let body = object(body)?;
    let Dialect { app, .. } = &dialect;
    let zone = times::zone(&app.time_zone(&caller).await?).unwrap_or(TimeZone::UTC);
    let known = known(app, &caller, &body).await?;
    let wanted = request::read(&body, &zone, &known).map_err(ApiError::bad_request)?;
    let file_name = file_name::report(&wanted);
    // Both looks at a report are at the same world.
    let horizon = Some(app.report_horizon());
    let Wanted { report, window, zone, level, channels, inboxes, teams, .. } = wanted;
    match report {
        Report::WorkSessions => {
            let at_most = dialect.one_more();
            let query = WorkSessionQuery { window, channels, inboxes, teams, horizon, at_most };
            let form = dialect.form(file_name, zone);
            work_sessions(app, &caller, query, form).await
        }
        Report::ContactExport => {
            let at_most = dialect.one_more();
            let query = ContactExportQuery { window, channels, inboxes, horizon, at_most };
            let form = dialect.form(file_name, zone);
            let rows = app.contact_export(&caller, query.clone()).await?;
            let again = (app.clone(), caller);
            let again = || async move { Ok(together(again.0.contact_export(&again.1, query).await?)) };
            answer::csv(form, together(rows), again).await
        }
        Report::AgentSummary => {
            let query = AgentSummaryQuery { window, zone: zone.clone(), level, teams, horizon };
            let form = dialect.form(file_name, zone);
            let rows = app.agent_summary(&caller, query.clone()).await?;
            let again = (app.clone(), caller);
            let again = || async move { Ok(together(again.0.agent_summary(&again.1, query).await?)) };
            answer::csv(form, together(rows), again).await
        }
    }
}

async fn work_sessions(
    app: &App,
    caller: &Caller,
    query: WorkSessionQuery,
    form: Form,
) -> Result<Response, ApiError> {
    let pages = app.work_session_pages(caller, query.clone()).await?;
    let again = (app.clone(), caller.clone());
    answer::csv(form, pages, || async move { again.0.work_session_pages(&again.1, query).await }).await
}

/// Rows that are there, together.
fn together<R: Send + 'static>(rows: Rows<R>) -> BoxStream<'static, Result<Vec<R>, AppError>> {
    rows.try_ready_chunks(TOGETHER).map_err(|broken| broken.1).boxed()
}

/// The ids that the filters may name, if they name any.
async fn known(app: &App, caller: &Caller, body: &Object) -> Result<Known, AppError> {
    let mut known = Known::default();
    if request::names_any(body, "inboxes") {
        known.inboxes = app.inboxes(caller).await?.into_iter().map(|it| it.id.0).collect();
    }
    if request::names_any(body, "teams") {
        known.teams = app.teams(caller).await?.into_iter().map(|it| it.id.0).collect();
    }
    Ok(known)
}

impl Dialect {
    /// Most rows of a report; 0 in the settings is no limit.
    fn cap(&self) -> Option<usize> {
        let cap = usize::try_from(self.config.report_row_cap).unwrap_or(usize::MAX);
        (cap > 0).then_some(cap)
    }
    /// One row more than is shown: enough to know that there are more.
    fn one_more(&self) -> Option<usize> {
        self.cap().map(|cap| cap.saturating_add(1))
    }
    fn form(&self, file_name: String, zone: TimeZone) -> Form {
        Form { file_name, zone, base_url: self.config.public_base_url.clone(), cap: self.cap() }
    }
}
