//! `GET /calls/search`: ids of calls with a value in one field (contract §6.3, X-10).

use crate::{ApiError, Dialect, paging::json, params};
use axum::{
    extract::{RawQuery, State},
    response::Response,
};
use touchline_app::contacts::SearchField;
use touchline_http::{CallerOf, Query};

/// Most ids of an answer.
const MAX_IDS: usize = 1_000;

/// The one field and value of the query; no field when calls have none of that name.
fn wanted(query: &Query) -> Result<(Option<SearchField>, &str), ApiError> {
    let mut pairs = query.pairs();
    let (Some((name, value)), None) = (pairs.next(), pairs.next()) else {
        return Err(ApiError::bad_request("give exactly one field, such as `metadata.company=acme`"));
    };
    let field = match (name, name.strip_prefix("metadata.")) {
        (_, Some(name)) => Some(SearchField::Metadata(name.to_owned())),
        ("id", _) => Some(SearchField::Id),
        ("callerId", _) => Some(SearchField::Agent),
        ("callerEmail", _) => Some(SearchField::AgentEmail),
        ("direction", _) => Some(SearchField::Direction),
        ("state", _) => Some(SearchField::State),
        ("originalPath", _) => Some(SearchField::OriginalPath),
        _ => None,
    };
    Ok((field, value))
}

/// `GET /calls/search`
pub(crate) async fn search(
    State(Dialect { app, .. }): State<Dialect>,
    CallerOf(caller): CallerOf,
    RawQuery(raw): RawQuery,
) -> Result<Response, ApiError> {
    let query = params::parse(raw.as_deref())?;
    let (field, value) = wanted(&query)?;
    let ids = match field {
        Some(field) => app.search(&caller, &field, value, MAX_IDS).await?,
        None => vec![],
    };
    json(&ids)
}
