//! `GET /calls`: calls whose state changed at or after `since`.

use super::wire::{CallView, Parts};
use crate::{
    ApiError, Dialect,
    paging::{self, CHUNK, CallFeed, SMALL_CHUNK},
    params::{self, MAX_LIMIT, PageParams},
};
use axum::{
    extract::{RawQuery, State},
    response::Response,
};
use std::sync::Arc;
use touchline_app::{calls::Call, store::Position};
use touchline_http::CallerOf;

/// Largest `limit` when templates are rendered (contract §2).
pub(crate) const MAX_RENDERED: u64 = 100;

fn of_call(call: &Call) -> Position {
    (call.row.modified, call.row.seq)
}

/// `GET /calls`
pub(crate) async fn list(
    State(Dialect { app, config }): State<Dialect>,
    CallerOf(caller): CallerOf,
    RawQuery(raw): RawQuery,
) -> Result<Response, ApiError> {
    let query = params::parse(raw.as_deref())?;
    let parts = Parts {
        transcript: params::flag(&query, "include_transcripts")?,
        crm_matches: params::flag(&query, "include_crm_matches")?,
        templates: params::flag(&query, "render_templates")?,
    };
    let max = if parts.templates { MAX_RENDERED } else { MAX_LIMIT };
    let PageParams { since, limit } = PageParams::read(&query, max)?;
    let feed = Arc::new(CallFeed::new(&app, &caller, "calls"));
    let page = feed.page(&query, since, limit).await?;
    let chunk = if parts.transcript || parts.templates { SMALL_CHUNK } else { CHUNK };
    let fetch = move |after, asked| {
        let (app, caller) = (app.clone(), caller.clone());
        async move { app.calls(&caller, after, asked, parts.transcript).await }
    };
    let written = move |rows: Vec<Call>, ended| {
        feed.served(rows.last().map(|call| &call.row), ended);
        let view = |call| CallView { call, parts, config: config.clone() };
        let views: Vec<CallView> = rows.into_iter().map(view).collect();
        async { Ok(views) }
    };
    paging::page(page, chunk, of_call, fetch, written).await
}
