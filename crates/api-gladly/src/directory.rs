//! Agents, inboxes and teams (contract §7.2): plain arrays, not paged.

use crate::{ApiError, Dialect, errors::JSON};
use axum::{
    extract::{Path, State},
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use schemars::JsonSchema;
use serde::Serialize;
use touchline_app::{
    AppError,
    reports::{AgentInfo, TeamInfo},
};
use touchline_http::CallerOf;
use touchline_model::Inbox;

/// 200 with one value.
pub(crate) fn json<T: Serialize>(value: &T) -> Result<Response, ApiError> {
    let text = serde_json::to_vec(value).map_err(|error| AppError::Internal(Box::new(error)))?;
    Ok(([(header::CONTENT_TYPE, HeaderValue::from_static(JSON))], text).into_response())
}

/// A person.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Agent")]
pub(crate) struct AgentBody {
    id: String,
    name: String,
    email_address: String,
}

impl From<AgentInfo> for AgentBody {
    fn from(it: AgentInfo) -> Self {
        Self { id: it.id.0, name: it.name, email_address: it.email }
    }
}

/// Where contacts wait.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Inbox")]
pub(crate) struct InboxBody {
    id: String,
    name: String,
    disabled: bool,
}

impl From<Inbox> for InboxBody {
    fn from(it: Inbox) -> Self {
        Self { id: it.id.0, name: it.name, disabled: it.disabled }
    }
}

/// A team.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Team")]
pub(crate) struct TeamBody {
    id: String,
    name: String,
    /// Always empty: our teams have none.
    description: &'static str,
    agent_ids: Vec<String>,
}

impl From<TeamInfo> for TeamBody {
    fn from(it: TeamInfo) -> Self {
        let agent_ids = it.agent_ids.into_iter().map(|id| id.0).collect();
        Self { id: it.id.0, name: it.name, description: "", agent_ids }
    }
}

fn all<T, B: From<T> + Serialize>(found: Vec<T>) -> Result<Response, ApiError> {
    json(&found.into_iter().map(B::from).collect::<Vec<_>>())
}

fn one<T, B: From<T> + Serialize>(found: Option<T>, what: &str) -> Result<Response, ApiError> {
    json(&B::from(found.ok_or_else(|| ApiError::not_exist(what))?))
}

/// `GET /agents`
pub(crate) async fn agents(
    State(Dialect { app, .. }): State<Dialect>,
    CallerOf(caller): CallerOf,
) -> Result<Response, ApiError> {
    all::<_, AgentBody>(app.agents(&caller).await?)
}

/// `GET /agents/{agentId}`
pub(crate) async fn agent(
    State(Dialect { app, .. }): State<Dialect>,
    CallerOf(caller): CallerOf,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    one::<_, AgentBody>(app.agents(&caller).await?.into_iter().find(|it| it.id.as_str() == id), "agent")
}

/// `GET /inboxes`
pub(crate) async fn inboxes(
    State(Dialect { app, .. }): State<Dialect>,
    CallerOf(caller): CallerOf,
) -> Result<Response, ApiError> {
    all::<_, InboxBody>(app.inboxes(&caller).await?)
}

/// `GET /inboxes/{inboxId}`
pub(crate) async fn inbox(
    State(Dialect { app, .. }): State<Dialect>,
    CallerOf(caller): CallerOf,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    one::<_, InboxBody>(app.inboxes(&caller).await?.into_iter().find(|it| it.id.as_str() == id), "inbox")
}

/// `GET /teams`
pub(crate) async fn teams(
    State(Dialect { app, .. }): State<Dialect>,
    CallerOf(caller): CallerOf,
) -> Result<Response, ApiError> {
    all::<_, TeamBody>(app.teams(&caller).await?)
}

/// `GET /teams/{teamId}`
pub(crate) async fn team(
    State(Dialect { app, .. }): State<Dialect>,
    CallerOf(caller): CallerOf,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    one::<_, TeamBody>(app.teams(&caller).await?.into_iter().find(|it| it.id.as_str() == id), "team")
}
