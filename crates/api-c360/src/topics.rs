//! `GET /topics`: active topic definitions (contract §4.11).

use crate::{ApiError, Dialect, paging::json};
use axum::{extract::State, response::Response};
use schemars::JsonSchema;
use serde::Serialize;
use touchline_http::CallerOf;
use touchline_model::{Topic, TopicId};

/// A topic.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Topic")]
pub(crate) struct TopicBody {
    id: TopicId,
    name: String,
    /// Words and phrases to find.
    words: Vec<String>,
}

/// `GET /topics`
pub(crate) async fn topics(
    State(Dialect { app, .. }): State<Dialect>,
    CallerOf(caller): CallerOf,
) -> Result<Response, ApiError> {
    let topics = app.all::<Topic>(&caller).await?;
    let active = topics.into_iter().filter(|topic| topic.active);
    let bodies: Vec<TopicBody> =
        active.map(|topic| TopicBody { id: topic.id, name: topic.name, words: topic.phrases }).collect();
    json(&bodies)
}
