//! `GET /scores`: one row per answer; results are never split (contract §4.8, §6.8).

use crate::{
    ApiError, Dialect,
    directory::Tree,
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
use touchline_app::{App, AppError, feeds::Page, store::Position};
use touchline_http::CallerOf;
use touchline_model::{
    Answer, Caller, ContactId, Evaluation, EvaluationId, Group, Question, QuestionId, Scheme, Scorecard,
    ScorecardId, Stored, Timestamp, User,
};

/// The answer to one question of a filled-in scorecard.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Score")]
pub(crate) struct ScoreBody {
    /// E-mail address; the user id when there is no such user.
    reviewer: String,
    /// Name of the team.
    reviewer_team: Option<String>,
    /// E-mail address; the user id when there is no such user, empty when it is nobody's call.
    caller: String,
    /// Name of the team.
    caller_team: Option<String>,
    call_id: ContactId,
    /// The filled-in scorecard, shared by all its answers.
    result_id: EvaluationId,
    score_time: Timestamp,
    modified: Timestamp,
    scorecard_id: ScorecardId,
    scorecard_name: String,
    question_id: QuestionId,
    question: String,
    skill1: Option<String>,
    skill2: Option<String>,
    skill3: Option<String>,
    scheme: Scheme,
    /// On the scheme's scale; 1 is yes or pass.
    answer: f64,
    /// 0 to 5.
    raw_answer: u8,
    /// 0 to 100; an extension.
    #[serde(skip_serializing_if = "Option::is_none")]
    percentage: Option<u8>,
    reason: Option<String>,
    comment: Option<String>,
}

/// What results refer to.
struct Context {
    users: HashMap<String, User>,
    tree: Tree,
    cards: HashMap<ScorecardId, Scorecard>,
    /// Agents of the calls of results that name none.
    agents: HashMap<String, String>,
    extensions: bool,
}

fn unique(ids: impl Iterator<Item = String>) -> Vec<String> {
    let mut ids: Vec<String> = ids.collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}

impl Context {
    async fn of(
        app: &App,
        caller: &Caller,
        rows: &[Stored<Evaluation>],
        extensions: bool,
    ) -> Result<Self, AppError> {
        let values = || rows.iter().map(|row| &row.value);
        let unnamed = values().filter(|it| it.agent_id.is_none()).map(|it| it.contact_id.0.clone());
        let agents = app.agents_of(caller, &unique(unnamed)).await?;
        let named =
            values().flat_map(|it| it.agent_id.iter().chain([&it.reviewer_id]).map(|id| id.0.clone()));
        let users = app.some::<User>(caller, &unique(named.chain(agents.values().cloned()))).await?;
        let teams = users.iter().filter_map(|user| user.team_id.as_ref().map(|id| id.0.clone()));
        let tree = Tree::new(app.some::<Group>(caller, &unique(teams)).await?);
        let cards = app.scorecards(caller, &unique(values().map(|it| it.scorecard_id.0.clone()))).await?;
        Ok(Self {
            users: users.into_iter().map(|user| (user.id.0.clone(), user)).collect(),
            tree,
            cards: cards.into_iter().map(|card| (card.id.clone(), card)).collect(),
            agents,
            extensions,
        })
    }

    /// E-mail address and team name of a person.
    fn person(&self, id: &str) -> (String, Option<String>) {
        let Some(user) = self.users.get(id) else { return (id.to_owned(), None) };
        let team = user.team_id.as_ref().and_then(|team| self.tree.get(team));
        (user.email.clone(), team.map(|team| team.name.clone()))
    }

    /// The answers of a result, in the order of its scorecard's questions (contract X-20).
    fn result(&self, Stored { value: result, modified, .. }: &Stored<Evaluation>) -> Vec<ScoreBody> {
        let Some(card) = self.cards.get(&result.scorecard_id) else {
            tracing::warn!(result = %result.id, "a result names a scorecard that is gone");
            return vec![];
        };
        let agent = result.agent_id.as_ref().map(|id| id.as_str());
        let agent = agent.or_else(|| self.agents.get(result.contact_id.as_str()).map(String::as_str));
        let (reviewer, reviewer_team) = self.person(result.reviewer_id.as_str());
        let (caller, caller_team) = self.person(agent.unwrap_or_default());
        let body = |question: &Question, answer: &Answer| {
            let mut skills = question.skills.iter().cloned();
            Some(ScoreBody {
                reviewer: reviewer.clone(),
                reviewer_team: reviewer_team.clone(),
                caller: caller.clone(),
                caller_team: caller_team.clone(),
                call_id: result.contact_id.clone(),
                result_id: result.id.clone(),
                score_time: result.scored_at,
                modified: *modified,
                scorecard_id: card.id.clone(),
                scorecard_name: card.name.clone(),
                question_id: question.id.clone(),
                question: question.text.clone(),
                skill1: skills.next(),
                skill2: skills.next(),
                skill3: skills.next(),
                scheme: card.scheme,
                answer: f64::from(answer.answer),
                raw_answer: card.scheme.raw(answer.answer)?,
                percentage: self.extensions.then(|| card.scheme.percentage(answer.answer)).flatten(),
                reason: answer.reason.clone(),
                comment: answer.comment.clone(),
            })
        };
        let answered = |question: &Question| {
            let answer = result.answers.iter().find(|answer| answer.question_id == question.id)?;
            body(question, answer)
        };
        card.questions.iter().filter_map(answered).collect()
    }
}

/// Results with answers, after a position. A result without answers has no row, so it must not count: clients take
/// fewer results than asked for as the end.
async fn answered(
    app: App,
    caller: Caller,
    mut after: Position,
    asked: usize,
) -> Result<Vec<Stored<Evaluation>>, AppError> {
    let mut found = Vec::new();
    while found.len() < asked {
        let wanted = asked - found.len();
        let rows = app.feed::<Evaluation>(&caller, after, wanted).await?;
        let complete = rows.len() < wanted;
        if let Some(last) = rows.last() {
            after = paging::of_record(last);
        }
        found.extend(rows.into_iter().filter(|row| !row.value.answers.is_empty()));
        if complete {
            break;
        }
    }
    Ok(found)
}

/// `GET /scores`
pub(crate) async fn list(
    State(Dialect { app, config }): State<Dialect>,
    CallerOf(caller): CallerOf,
    RawQuery(raw): RawQuery,
) -> Result<Response, ApiError> {
    let PageParams { since, limit } = PageParams::read(&params::parse(raw.as_deref())?, MAX_LIMIT)?;
    let source = (app.clone(), caller.clone());
    let fetch = move |after, asked| {
        let (app, caller) = source.clone();
        answered(app, caller, after, asked)
    };
    let extensions = config.extensions;
    let written = move |rows: Vec<Stored<Evaluation>>, _| {
        let (app, caller) = (app.clone(), caller.clone());
        async move {
            let context = Context::of(&app, &caller, &rows, extensions).await?;
            Ok(rows.iter().flat_map(|row| context.result(row)).collect())
        }
    };
    paging::page(Page::since(since, limit), CHUNK, paging::of_record, fetch, written).await
}
