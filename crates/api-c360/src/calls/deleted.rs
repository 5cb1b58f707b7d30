//! `GET /calls/deleted`: calls deleted at or after `since` (contract §4.5).

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
    feeds::{Page, from_minute},
    store::{DeletedContact, Position},
};
use touchline_http::CallerOf;
use touchline_model::Timestamp;

/// What is left of a deleted call.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "DeletedCall")]
pub(crate) struct DeletedBody {
    id: String,
    deleted_at: Timestamp,
    /// The user whose call it was; empty when nobody's.
    caller_id: String,
    call_time: Timestamp,
}

impl From<DeletedContact> for DeletedBody {
    fn from(gone: DeletedContact) -> Self {
        Self {
            id: gone.id,
            deleted_at: gone.deleted_at,
            caller_id: gone.agent.unwrap_or_default(),
            call_time: gone.started_at,
        }
    }
}

fn of_deletion(row: &DeletedContact) -> Position {
    (row.deleted_at, row.seq)
}

/// `GET /calls/deleted`
pub(crate) async fn list(
    State(Dialect { app, .. }): State<Dialect>,
    CallerOf(caller): CallerOf,
    RawQuery(raw): RawQuery,
) -> Result<Response, ApiError> {
    let query = params::parse(raw.as_deref())?;
    let PageParams { since, limit } = PageParams::read(&query, MAX_LIMIT)?;
    let after = match query.one("last_id")? {
        Some(id) => app.resume_deleted(&caller, since, id).await?,
        None => from_minute(since),
    };
    let fetch = move |after, asked| {
        let (app, caller) = (app.clone(), caller.clone());
        async move { app.deleted_calls(&caller, after, asked).await }
    };
    let written =
        |rows: Vec<DeletedContact>, _| async { Ok(rows.into_iter().map(DeletedBody::from).collect()) };
    paging::page(Page::after(after, limit), CHUNK, of_deletion, fetch, written).await
}
