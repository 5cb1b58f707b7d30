//! `GET /scorecard/{id}`: its questions (contract §4.10).

use crate::{ApiError, Dialect, paging::json};
use axum::{
    extract::{Path, State},
    response::Response,
};
use schemars::JsonSchema;
use serde::Serialize;
use touchline_http::CallerOf;
use touchline_model::{QuestionId, Scheme, Scorecard, ScorecardId};

/// A question of a scorecard.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "ScorecardQuestion")]
pub(crate) struct QuestionBody {
    scorecard_id: ScorecardId,
    scorecard_scheme: Scheme,
    scorecard_name: String,
    question_id: QuestionId,
    question_text: String,
}

/// `GET /scorecard/{id}`
pub(crate) async fn one(
    State(Dialect { app, .. }): State<Dialect>,
    CallerOf(caller): CallerOf,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let card = app.get::<Scorecard>(&caller, &id).await?.value;
    let bodies: Vec<QuestionBody> = card
        .questions
        .into_iter()
        .map(|question| QuestionBody {
            scorecard_id: card.id.clone(),
            scorecard_scheme: card.scheme,
            scorecard_name: card.name.clone(),
            question_id: question.id,
            question_text: question.text,
        })
        .collect();
    json(&bodies)
}
