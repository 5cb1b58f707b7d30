//! `GET /plans`: coaching plans (contract §4.15).

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
use std::collections::HashMap;
use touchline_app::{App, AppError, feeds::Page};
use touchline_http::CallerOf;
use touchline_model::{Caller, Plan, PlanId, SkillId, Stored, Timestamp, UserId};

/// A coaching plan.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Plan")]
pub(crate) struct PlanBody {
    plan_id: PlanId,
    name: String,
    objective: String,
    start_date: Timestamp,
    coach_id: UserId,
    recipient_id: UserId,
    planned_meetings: u32,
    completed_meetings: i64,
    /// Meetings that should have been held until completion, or until now, but were not; approximate.
    estimated_missed_meetings: u32,
    skill: Vec<SkillBody>,
    modified: Timestamp,
}

/// A skill that a plan is about.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Skill")]
struct SkillBody {
    skill_id: SkillId,
    skill_name: String,
}

async fn bodies(app: App, caller: Caller, rows: Vec<Stored<Plan>>) -> Result<Vec<PlanBody>, AppError> {
    let plans: Vec<i64> = rows.iter().map(|row| row.value.id.0).collect();
    let mut names: Vec<String> = rows.iter().flat_map(|row| row.value.skills.iter().cloned()).collect();
    names.sort_unstable();
    names.dedup();
    let numbers: HashMap<String, i64> = app.skill_numbers(&caller, &names).await?;
    let held = app.completed_sessions(&caller, &plans).await?;
    let body = |Stored { value: plan, modified, .. }: Stored<Plan>| {
        let completed = held.get(&plan.id.0).copied().unwrap_or_default();
        let skill =
            |name: String| Some(SkillBody { skill_id: SkillId(*numbers.get(&name)?), skill_name: name });
        PlanBody {
            plan_id: plan.id,
            start_date: plan.starts_at,
            planned_meetings: plan.planned_sessions,
            completed_meetings: completed,
            estimated_missed_meetings: app.missed_sessions(&plan, completed),
            name: plan.name,
            objective: plan.objective,
            coach_id: plan.coach_id,
            recipient_id: plan.recipient_id,
            skill: plan.skills.into_iter().filter_map(skill).collect(),
            modified,
        }
    };
    Ok(rows.into_iter().map(body).collect())
}

/// `GET /plans`
pub(crate) async fn list(
    State(Dialect { app, .. }): State<Dialect>,
    CallerOf(caller): CallerOf,
    RawQuery(raw): RawQuery,
) -> Result<Response, ApiError> {
    let PageParams { since, limit } = PageParams::read(&params::parse(raw.as_deref())?, MAX_LIMIT)?;
    let source = (app.clone(), caller.clone());
    let fetch = move |after, asked| {
        let (app, caller) = source.clone();
        async move { app.feed::<Plan>(&caller, after, asked).await }
    };
    let written = move |rows, _| bodies(app.clone(), caller.clone(), rows);
    paging::page(Page::since(since, limit), CHUNK, paging::of_record, fetch, written).await
}
