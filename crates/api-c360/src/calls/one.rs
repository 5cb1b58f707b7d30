//! `GET /call/{id}`: one call with everything; `DELETE /call/{id}`.

use super::wire::{CallView, Parts};
use crate::{ApiError, Dialect, paging::json};
use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::Response,
};
use touchline_http::CallerOf;

/// `GET /call/{id}`: flags have no effect (contract §6.2).
pub(crate) async fn get(
    State(Dialect { app, config }): State<Dialect>,
    CallerOf(caller): CallerOf,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let call = app.call(&caller, &id).await?;
    json(&CallView { call, parts: Parts::ALL, config })
}

/// `DELETE /call/{id}`
pub(crate) async fn delete(
    State(Dialect { app, .. }): State<Dialect>,
    CallerOf(caller): CallerOf,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    app.erase_contact(&caller, &id, None).await?;
    Ok(StatusCode::NO_CONTENT)
}
