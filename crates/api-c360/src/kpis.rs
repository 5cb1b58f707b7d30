//! `GET /kpis`: observations; `GET /kpi/{id}`: a definition (contract §4.16).

use crate::{
    ApiError, Dialect,
    number::Number,
    paging::{self, CHUNK, json},
    params::{self, MAX_LIMIT, PageParams},
};
use axum::{
    extract::{Path, RawQuery, State},
    response::Response,
};
use schemars::JsonSchema;
use serde::Serialize;
use touchline_app::feeds::Page;
use touchline_http::CallerOf;
use touchline_model::{Frequency, Kpi, KpiId, Observation, Stored, Timestamp, UserId};

/// A value of a KPI for a person.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "KpiObservation")]
pub(crate) struct ObservationBody {
    observed_at: Timestamp,
    observer_id: UserId,
    observed_id: UserId,
    kpi_id: KpiId,
    value: Number,
    modified: Timestamp,
}

impl From<Stored<Observation>> for ObservationBody {
    fn from(Stored { value, modified, .. }: Stored<Observation>) -> Self {
        Self {
            observed_at: value.observed_at,
            observer_id: value.observer_id,
            observed_id: value.observed_id,
            kpi_id: value.kpi_id,
            value: Number(value.value),
            modified,
        }
    }
}

/// What a KPI measures.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Kpi")]
pub(crate) struct KpiBody {
    kpi_id: KpiId,
    description: String,
    frequency: Frequency,
    target: Number,
}

/// `GET /kpis`
pub(crate) async fn list(
    State(Dialect { app, .. }): State<Dialect>,
    CallerOf(caller): CallerOf,
    RawQuery(raw): RawQuery,
) -> Result<Response, ApiError> {
    let PageParams { since, limit } = PageParams::read(&params::parse(raw.as_deref())?, MAX_LIMIT)?;
    let fetch = move |after, asked| {
        let (app, caller) = (app.clone(), caller.clone());
        async move { app.feed::<Observation>(&caller, after, asked).await }
    };
    let written = |rows: Vec<Stored<Observation>>, _| async {
        Ok(rows.into_iter().map(ObservationBody::from).collect())
    };
    paging::page(Page::since(since, limit), CHUNK, paging::of_record, fetch, written).await
}

/// `GET /kpi/{id}`
pub(crate) async fn one(
    State(Dialect { app, .. }): State<Dialect>,
    CallerOf(caller): CallerOf,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    // What is not written as a number is no KPI (contract R-18).
    if id.parse::<i64>().is_ok_and(|number| number.to_string() == id) {
        let kpi = app.get::<Kpi>(&caller, &id).await?.value;
        return json(&KpiBody {
            kpi_id: kpi.id,
            description: kpi.description,
            frequency: kpi.frequency,
            target: Number(kpi.target),
        });
    }
    Err(ApiError::not_found(format!("there is no kpi `{id}`")))
}
