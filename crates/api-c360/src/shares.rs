//! `GET /shares`: calls shown to others, by the time of sharing (contract §4.13).

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
use touchline_app::{feeds::Page, store::Position};
use touchline_http::CallerOf;
use touchline_model::{ContactId, Share, Stored, Timestamp, UserId};

/// A call shown to others.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Share")]
pub(crate) struct ShareBody {
    shared_at: Timestamp,
    call_id: ContactId,
    shared_by: UserId,
    /// Inside the organisation.
    recipient_user_ids: Vec<UserId>,
    /// Outside.
    recipient_emails: Vec<String>,
}

impl From<Stored<Share>> for ShareBody {
    fn from(Stored { value, .. }: Stored<Share>) -> Self {
        Self {
            shared_at: value.shared_at,
            call_id: value.contact_id,
            shared_by: value.author_id,
            recipient_user_ids: value.recipient_ids,
            recipient_emails: value.recipient_emails,
        }
    }
}

/// The timestamp of this list is the time of sharing (contract §5.2), not of the last change.
fn by_sharing(row: &Stored<Share>) -> Position {
    (row.value.shared_at, row.seq)
}

/// `GET /shares`
pub(crate) async fn list(
    State(Dialect { app, .. }): State<Dialect>,
    CallerOf(caller): CallerOf,
    RawQuery(raw): RawQuery,
) -> Result<Response, ApiError> {
    let PageParams { since, limit } = PageParams::read(&params::parse(raw.as_deref())?, MAX_LIMIT)?;
    let fetch = move |after, asked| {
        let (app, caller) = (app.clone(), caller.clone());
        async move { app.shares_by_time(&caller, after, asked).await }
    };
    let written = |rows: Vec<Stored<Share>>, _| async { Ok(rows.into_iter().map(ShareBody::from).collect()) };
    paging::page(Page::since(since, limit), CHUNK, by_sharing, fetch, written).await
}
