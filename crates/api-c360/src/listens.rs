//! `GET /listens`: listening time by day, made in the night after (contract §4.7, X-19).

use crate::{
    ApiError, Dialect,
    paging::{self, CHUNK},
    params::{self, MAX_LIMIT, PageParams},
};
use axum::{
    extract::{RawQuery, State},
    response::Response,
};
use schemars::JsonSchema;
use serde::Serialize;
use touchline_app::{
    feeds::Page,
    store::{ListenDay, Position},
};
use touchline_http::CallerOf;
use touchline_model::{MediaTime, Timestamp};

/// How long somebody listened to a call on one day.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Listen")]
pub(crate) struct ListenBody {
    /// `YYYY-MM-DD`, US Eastern.
    date: String,
    modified: Timestamp,
    call_id: String,
    listener: String,
    /// The user whose call it is; empty when nobody's.
    caller: String,
    time_listened: MediaTime,
}

impl From<ListenDay> for ListenBody {
    fn from(day: ListenDay) -> Self {
        Self {
            date: day.day,
            modified: day.modified,
            call_id: day.contact,
            listener: day.listener,
            caller: day.agent.unwrap_or_default(),
            time_listened: day.duration,
        }
    }
}

fn of_day(row: &ListenDay) -> Position {
    (row.modified, row.seq)
}

/// `GET /listens`
pub(crate) async fn list(
    State(Dialect { app, .. }): State<Dialect>,
    CallerOf(caller): CallerOf,
    RawQuery(raw): RawQuery,
) -> Result<Response, ApiError> {
    let PageParams { since, limit } = PageParams::read(&params::parse(raw.as_deref())?, MAX_LIMIT)?;
    let fetch = move |after, asked| {
        let (app, caller) = (app.clone(), caller.clone());
        async move { app.listen_days(&caller, after, asked).await }
    };
    let written = |rows: Vec<ListenDay>, _| async { Ok(rows.into_iter().map(ListenBody::from).collect()) };
    paging::page(Page::since(since, limit), CHUNK, of_day, fetch, written).await
}
