//! What is the same for all: agent states (OC-15) and the voice environment (OC-20).

use crate::{
    ApiError, answer,
    dialect::Dialect,
    fields::Fields,
    select::{Choice, Selection},
    wire,
};
use axum::{
    extract::{Path, RawQuery, State},
    response::Response,
};
use serde::Serialize;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AgentStateBody {
    id: &'static str,
    display_name: &'static str,
    operation_name: &'static str,
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    work_mode: Option<&'static str>,
}

/// `GET /settings/agent-states`
pub(crate) async fn agent_states(RawQuery(query): RawQuery) -> Result<Response, ApiError> {
    let selection =
        Selection::read(query.as_deref(), &["id", "displayName", "operationName", "state", "workMode"])?;
    let states = wire::AGENT_STATES.iter().map(|(operation_name, state)| {
        let wire = wire::agent_state(state);
        Fields::of(&AgentStateBody {
            id: wire.id,
            display_name: wire.display_name,
            operation_name,
            state: wire.state,
            work_mode: wire.work_mode,
        })
    });
    Ok(selection.with_fields(Choice::All).list("settings", states.collect()))
}

/// `GET /voice-environments`
pub(crate) async fn voice_environments(
    State(dialect): State<Dialect>,
    RawQuery(query): RawQuery,
) -> Result<Response, ApiError> {
    let selection = Selection::read(query.as_deref(), &["id", "name"])?;
    Ok(selection.list("voiceEnvironments", vec![Fields::of(&wire::voice_environment(&dialect.prefix))]))
}

/// `GET /voice-environments/{id}`
pub(crate) async fn voice_environment(
    State(dialect): State<Dialect>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, ApiError> {
    let selection = Selection::read(query.as_deref(), &[])?;
    if id != wire::VOICE_ENVIRONMENT {
        return Err(ApiError::not_found("voice environment"));
    }
    let found = Fields::of(&wire::voice_environment(&dialect.prefix));
    Ok(answer::found("voiceEnvironment", &selection.trim(found)))
}
