//! `GET /meetings`: coaching meetings (contract §4.14).

use crate::{
    ApiError, Dialect,
    number::Number,
    paging::{self, CHUNK},
    params::{self, MAX_LIMIT, PageParams},
};
use axum::{
    extract::{RawQuery, State},
    response::Response,
};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::{BTreeMap, HashMap};
use touchline_app::{App, AppError, feeds::Page};
use touchline_http::CallerOf;
use touchline_model::{
    CallReview, Caller, CoachingSession, ContactId, Evaluation, EvaluationId, PlanId, ReviewQuestion,
    Scorecard, ScorecardId, SessionId, Stored, Timestamp, UserId,
};

/// A coaching meeting.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Meeting")]
pub(crate) struct MeetingBody {
    meeting_id: SessionId,
    plan_id: PlanId,
    /// When it is planned for.
    date_time: Option<Timestamp>,
    coach_id: UserId,
    recipient_id: UserId,
    start_time: Option<Timestamp>,
    end_time: Option<Timestamp>,
    /// Percentage by skill.
    scores: BTreeMap<String, Number>,
    call_reviews: Vec<CallReviewBody>,
    questions: Vec<QuestionBody>,
    comments: Option<String>,
    modified: Timestamp,
}

/// A call that was looked at.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "CallReview")]
struct CallReviewBody {
    call_id: ContactId,
    questions: Vec<QuestionBody>,
}

/// A question with what it counted.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "MeetingQuestion")]
struct QuestionBody {
    question: String,
    possible_score: Option<Number>,
    actual_score: Option<Number>,
    review_weight: Option<Number>,
}

impl QuestionBody {
    /// A scorecard question: out of 5, without weight.
    fn of_scorecard(question: String, raw: f64) -> Self {
        Self {
            question,
            possible_score: Some(Number(5.0)),
            actual_score: Some(Number(raw)),
            review_weight: None,
        }
    }
}

impl From<ReviewQuestion> for QuestionBody {
    fn from(it: ReviewQuestion) -> Self {
        Self {
            question: it.question,
            possible_score: it.possible_score.map(Number),
            actual_score: it.actual_score.map(Number),
            review_weight: Some(Number(it.weight)),
        }
    }
}

/// The evaluations that meetings looked at, with their scorecards.
struct Reviewed {
    evaluations: HashMap<EvaluationId, Evaluation>,
    scorecards: HashMap<ScorecardId, Scorecard>,
}

/// An answer with what its question is and what it counts.
struct Scored<'a> {
    question: &'a touchline_model::Question,
    raw: u8,
    percentage: u8,
}

impl Reviewed {
    async fn of(app: &App, caller: &Caller, rows: &[Stored<CoachingSession>]) -> Result<Self, AppError> {
        let reviews = rows.iter().flat_map(|row| &row.value.call_reviews);
        let mut ids: Vec<String> =
            reviews.filter_map(|review| review.evaluation_id.as_ref().map(|id| id.0.clone())).collect();
        ids.sort_unstable();
        ids.dedup();
        let evaluations = app.evaluations(caller, &ids).await?;
        let mut cards: Vec<String> = evaluations.iter().map(|it| it.scorecard_id.0.clone()).collect();
        cards.sort_unstable();
        cards.dedup();
        let scorecards = app.scorecards(caller, &cards).await?;
        Ok(Self {
            evaluations: evaluations.into_iter().map(|it| (it.id.clone(), it)).collect(),
            scorecards: scorecards.into_iter().map(|it| (it.id.clone(), it)).collect(),
        })
    }

    /// The answers of a review, in the order of the scorecard.
    fn answers<'a>(&'a self, review: &CallReview) -> Vec<Scored<'a>> {
        let evaluation = review.evaluation_id.as_ref().and_then(|id| self.evaluations.get(id));
        let card = evaluation.and_then(|it| self.scorecards.get(&it.scorecard_id));
        let (Some(evaluation), Some(card)) = (evaluation, card) else { return vec![] };
        let scored = |question: &'a touchline_model::Question| {
            let answer = evaluation.answers.iter().find(|answer| answer.question_id == question.id)?.answer;
            let (raw, percentage) = (card.scheme.raw(answer)?, card.scheme.percentage(answer)?);
            Some(Scored { question, raw, percentage })
        };
        card.questions.iter().filter_map(scored).collect()
    }

    /// The mean percentage of each skill over the answers of all reviews (contract R-15).
    fn scores(&self, reviews: &[CallReview]) -> BTreeMap<String, Number> {
        let mut sums: BTreeMap<String, (u32, u32)> = BTreeMap::new();
        for answer in reviews.iter().flat_map(|review| self.answers(review)) {
            for skill in &answer.question.skills {
                let (sum, count) = sums.entry(skill.clone()).or_default();
                (*sum, *count) = (*sum + u32::from(answer.percentage), *count + 1);
            }
        }
        let mean = |(sum, count): (u32, u32)| Number(f64::from(sum) / f64::from(count));
        sums.into_iter().map(|(skill, sum)| (skill, mean(sum))).collect()
    }

    fn review(&self, review: CallReview) -> CallReviewBody {
        let answers = self.answers(&review).into_iter();
        let of_card = answers
            .map(|answer| QuestionBody::of_scorecard(answer.question.text.clone(), f64::from(answer.raw)));
        let given = review.questions.into_iter().map(|it| QuestionBody::of_scorecard(it.question, it.score));
        CallReviewBody { questions: of_card.chain(given).collect(), call_id: review.contact_id }
    }

    fn meeting(&self, Stored { value, modified, .. }: Stored<CoachingSession>) -> MeetingBody {
        let scores = match value.scores.is_empty() {
            true => self.scores(&value.call_reviews),
            false => value.scores.into_iter().map(|(skill, score)| (skill, Number(score))).collect(),
        };
        MeetingBody {
            meeting_id: value.id,
            plan_id: value.plan_id,
            date_time: value.scheduled_at,
            coach_id: value.coach_id,
            recipient_id: value.recipient_id,
            start_time: value.started_at,
            end_time: value.ended_at,
            scores,
            call_reviews: value.call_reviews.into_iter().map(|review| self.review(review)).collect(),
            questions: value.questions.into_iter().map(QuestionBody::from).collect(),
            comments: value.comments,
            modified,
        }
    }
}

/// `GET /meetings`
pub(crate) async fn list(
    State(Dialect { app, .. }): State<Dialect>,
    CallerOf(caller): CallerOf,
    RawQuery(raw): RawQuery,
) -> Result<Response, ApiError> {
    let PageParams { since, limit } = PageParams::read(&params::parse(raw.as_deref())?, MAX_LIMIT)?;
    let source = (app.clone(), caller.clone());
    let fetch = move |after, asked| {
        let (app, caller) = source.clone();
        async move { app.feed::<CoachingSession>(&caller, after, asked).await }
    };
    let written = move |rows: Vec<Stored<CoachingSession>>, _| {
        let (app, caller) = (app.clone(), caller.clone());
        async move {
            let reviewed = Reviewed::of(&app, &caller, &rows).await?;
            Ok(rows.into_iter().map(|row| reviewed.meeting(row)).collect())
        }
    };
    paging::page(Page::since(since, limit), CHUNK, paging::of_record, fetch, written).await
}
