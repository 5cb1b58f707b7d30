//! Conversations as they stand now (contract §1 operations 3 and 4, §7.1, R-25, R-26).

use crate::{ApiError, Dialect, answer::LIMITED, csv::part, directory::json, routes::PREFIX, times::Stamps};
use axum::{
    extract::{Path, State},
    http::HeaderValue,
    response::Response,
};
use jiff::tz::TimeZone;
use schemars::JsonSchema;
use serde::Serialize;
use touchline_app::reports::{ConversationView, CustomerConversations};
use touchline_http::CallerOf;
use touchline_model::{
    Timestamp,
    events::{ConversationStatus, CustomAttribute},
};

/// Conversations of a customer that are shown.
const MOST: usize = 100;

/// A customer's thread.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Conversation")]
pub(crate) struct ConversationBody {
    id: String,
    customer_id: String,
    /// With milliseconds, UTC.
    created_at: String,
    /// Only while it is closed.
    #[serde(skip_serializing_if = "Option::is_none")]
    closed_at: Option<String>,
    /// Absent while it is nobody's.
    #[serde(skip_serializing_if = "Option::is_none")]
    agent_id: Option<String>,
    inbox_id: String,
    status: ConversationStatus,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    topic_ids: Vec<String>,
    /// The same id may repeat.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    custom_attributes: Vec<CustomAttribute>,
}

fn millis(instant: Timestamp) -> String {
    let mut text = Vec::new();
    Stamps::new(TimeZone::UTC).write(instant, &mut text);
    String::from_utf8(text).unwrap_or_default()
}

impl From<ConversationView> for ConversationBody {
    fn from(it: ConversationView) -> Self {
        Self {
            id: it.id.0,
            customer_id: it.customer_id.0,
            created_at: millis(it.created_at),
            closed_at: it.closed_at.map(millis),
            agent_id: it.agent_id.map(|id| id.0),
            // Required on this wire; empty while no event has said where it is.
            inbox_id: it.inbox_id.map(|id| id.0).unwrap_or_default(),
            status: it.status,
            topic_ids: it.topic_ids,
            custom_attributes: it.custom_attributes,
        }
    }
}

/// `GET /conversations/{conversationId}`
pub(crate) async fn one(
    State(Dialect { app, .. }): State<Dialect>,
    CallerOf(caller): CallerOf,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let found = app.conversation(&caller, &id).await?.ok_or_else(|| ApiError::not_exist("conversation"))?;
    json(&ConversationBody::from(found))
}

/// `GET /customers/{customerId}/conversations`
pub(crate) async fn of_customer(
    State(Dialect { app, .. }): State<Dialect>,
    CallerOf(caller): CallerOf,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let found = app.conversations_of(&caller, &id).await?.ok_or_else(|| ApiError::not_exist("customer"))?;
    let all = match found {
        CustomerConversations::Here(all) => all,
        CustomerConversations::Moved(into) => {
            // Without a host: the server has no name of its own (contract §2.1).
            let location = format!("{PREFIX}/customers/{}/conversations", part(into.as_str()));
            return Ok(ApiError::moved("customer", &location));
        }
    };
    let limited = if all.len() > MOST { "true" } else { "false" };
    let bodies: Vec<ConversationBody> = all.into_iter().take(MOST).map(Into::into).collect();
    let mut response = json(&bodies)?;
    response.headers_mut().insert(LIMITED.clone(), HeaderValue::from_static(limited));
    Ok(response)
}
