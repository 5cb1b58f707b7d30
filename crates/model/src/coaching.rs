//! Coaching: feedback, shares, listening, plans, sessions, KPIs.

use crate::{
    ContactId, EvaluationId, FeedbackId, Invalid, KpiId, ListenId, MediaTime, ObservationId, PlanId,
    SessionId, ShareId, Timestamp, UserId, Validate, number_record, text_record, validate as v,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Comment or highlight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FeedbackKind {
    /// At a point in time.
    Comment,
    /// Over a stretch of time; has an end.
    Highlight,
}

/// A comment on a contact, or a highlighted stretch of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Feedback {
    /// Id; made when absent.
    #[serde(default)]
    pub id: FeedbackId,
    /// The contact.
    pub contact_id: ContactId,
    /// Who says it.
    pub author_id: UserId,
    /// When it was said.
    pub given_at: Timestamp,
    /// Comment or highlight.
    pub kind: FeedbackKind,
    /// What is said; may hold HTML.
    #[serde(default)]
    pub text: Option<String>,
    /// Where it begins, in seconds from the start of the contact.
    #[serde(default)]
    pub start: MediaTime,
    /// Where a highlight ends.
    #[serde(default)]
    pub end: Option<MediaTime>,
}
text_record!(Feedback, Feedback);

impl Validate for Feedback {
    fn validate(&self) -> Result<(), Invalid> {
        v::id("id", &self.id.0)?;
        v::id("contact_id", &self.contact_id.0)?;
        v::id("author_id", &self.author_id.0)?;
        v::maybe_text("text", self.text.as_deref())?;
        match (self.kind, self.end) {
            (FeedbackKind::Comment, Some(_)) => {
                Err(Invalid::new("end", "a comment has no end; a highlight has"))
            }
            (FeedbackKind::Highlight, None) => Err(Invalid::new("end", "a highlight needs an end")),
            (FeedbackKind::Highlight, Some(end)) if end < self.start => {
                Err(Invalid::new("end", "lies before its start"))
            }
            _ => Ok(()),
        }
    }
}

/// A contact shown to others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Share {
    /// Id; made when absent.
    #[serde(default)]
    pub id: ShareId,
    /// The contact.
    pub contact_id: ContactId,
    /// Who shares it.
    pub author_id: UserId,
    /// When.
    pub shared_at: Timestamp,
    /// Users it is shared with.
    #[serde(default)]
    pub recipient_ids: Vec<UserId>,
    /// Addresses outside it is shared with.
    #[serde(default)]
    pub recipient_emails: Vec<String>,
}
text_record!(Share, Share);

impl Validate for Share {
    fn validate(&self) -> Result<(), Invalid> {
        v::id("id", &self.id.0)?;
        v::id("contact_id", &self.contact_id.0)?;
        v::id("author_id", &self.author_id.0)?;
        v::at_most("recipient_ids", &self.recipient_ids, 1_000)?;
        v::at_most("recipient_emails", &self.recipient_emails, 1_000)?;
        self.recipient_ids.iter().try_for_each(|id| v::id("recipient_ids", &id.0))?;
        self.recipient_emails.iter().try_for_each(|email| v::name("recipient_emails", email))
    }
}

/// A stretch of listening to a recording.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Listen {
    /// Id; made when absent.
    #[serde(default)]
    pub id: ListenId,
    /// The contact.
    pub contact_id: ContactId,
    /// Who listened.
    pub listener_id: UserId,
    /// When the listening began; decides the day that it counts for.
    pub started_at: Timestamp,
    /// How long, in seconds.
    pub duration: MediaTime,
}
text_record!(Listen, Listen);

impl Listen {
    /// The date, `YYYY-MM-DD` in US Eastern time, that it counts for (contract c360 X-19).
    pub fn day(&self) -> String {
        crate::time::eastern(self.started_at).date().to_string()
    }
}

impl Validate for Listen {
    fn validate(&self) -> Result<(), Invalid> {
        v::id("id", &self.id.0)?;
        v::id("contact_id", &self.contact_id.0)?;
        v::id("listener_id", &self.listener_id.0)
    }
}

/// A coaching plan for one person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// Number; made from the tenant's counter when absent.
    #[serde(default)]
    pub id: PlanId,
    /// Name for people.
    pub name: String,
    /// What should become better.
    #[serde(default)]
    pub objective: String,
    /// Who coaches.
    pub coach_id: UserId,
    /// Who is coached.
    pub recipient_id: UserId,
    /// When it begins.
    pub starts_at: Timestamp,
    /// When it should end (contract c360 R-13).
    pub ends_at: Timestamp,
    /// When it was completed, once it is.
    #[serde(default)]
    pub completed_at: Option<Timestamp>,
    /// Number of sessions planned.
    #[serde(default)]
    pub planned_sessions: u32,
    /// Names of the skills it is about.
    #[serde(default)]
    pub skills: Vec<String>,
}
number_record!(Plan, Plan);

impl Validate for Plan {
    fn validate(&self) -> Result<(), Invalid> {
        if self.id.0 < 0 {
            return Err(Invalid::new("id", "must be a positive number"));
        }
        v::name("name", &self.name)?;
        v::bounded("objective", &self.objective, v::MAX_TEXT)?;
        v::id("coach_id", &self.coach_id.0)?;
        v::id("recipient_id", &self.recipient_id.0)?;
        if self.ends_at < self.starts_at {
            return Err(Invalid::new("ends_at", "lies before starts_at"));
        }
        v::at_most("skills", &self.skills, 100)?;
        self.skills.iter().try_for_each(|skill| v::id("skills", skill))
    }
}

/// A question of a coaching session, with what it counted (contract c360 §4.14).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReviewQuestion {
    /// What was asked.
    pub question: String,
    /// Highest value; absent for a question answered in words.
    #[serde(default)]
    pub possible_score: Option<f64>,
    /// Value given; absent for a question answered in words.
    #[serde(default)]
    pub actual_score: Option<f64>,
    /// Weight among the session's questions; 0 for a question answered in words.
    #[serde(default)]
    pub weight: f64,
}

/// An evaluated contact that was looked at in a coaching session.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CallReview {
    /// The contact.
    pub contact_id: ContactId,
    /// The evaluation whose answers were discussed.
    #[serde(default)]
    pub evaluation_id: Option<EvaluationId>,
    /// Questions that were discussed without an evaluation: text and raw value, 0 to 5.
    #[serde(default)]
    pub questions: Vec<RawAnswer>,
}

/// A scorecard question with its raw value, given without an evaluation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawAnswer {
    /// What was asked.
    pub question: String,
    /// Raw value, 0 to 5.
    pub score: f64,
}

/// A one-to-one meeting of a coaching plan.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CoachingSession {
    /// Number; made from the tenant's counter when absent.
    #[serde(default)]
    pub id: SessionId,
    /// The plan it belongs to.
    pub plan_id: PlanId,
    /// Who coaches.
    pub coach_id: UserId,
    /// Who is coached.
    pub recipient_id: UserId,
    /// When it is planned for.
    #[serde(default)]
    pub scheduled_at: Option<Timestamp>,
    /// When it really began.
    #[serde(default)]
    pub started_at: Option<Timestamp>,
    /// When it really ended; from then on it is completed (contract c360 R-13).
    #[serde(default)]
    pub ended_at: Option<Timestamp>,
    /// Percentage by skill name; when empty it is worked out from `call_reviews` (contract c360 R-15).
    #[serde(default)]
    pub scores: BTreeMap<String, f64>,
    /// Contacts that were looked at.
    #[serde(default)]
    pub call_reviews: Vec<CallReview>,
    /// Questions about the person rather than a contact.
    #[serde(default)]
    pub questions: Vec<ReviewQuestion>,
    /// Remarks.
    #[serde(default)]
    pub comments: Option<String>,
}
number_record!(CoachingSession, Session);

impl Validate for CoachingSession {
    fn validate(&self) -> Result<(), Invalid> {
        if self.id.0 < 0 {
            return Err(Invalid::new("id", "must be a positive number"));
        }
        v::id("coach_id", &self.coach_id.0)?;
        v::id("recipient_id", &self.recipient_id.0)?;
        if let (Some(start), Some(end)) = (self.started_at, self.ended_at)
            && end < start
        {
            return Err(Invalid::new("ended_at", "lies before started_at"));
        }
        for (skill, score) in &self.scores {
            v::id("scores", skill)?;
            v::finite("scores", *score)?;
        }
        v::at_most("call_reviews", &self.call_reviews, 200)?;
        for review in &self.call_reviews {
            v::id("call_reviews.contact_id", &review.contact_id.0)?;
            v::maybe_id(
                "call_reviews.evaluation_id",
                review.evaluation_id.as_ref().map(EvaluationId::as_str),
            )?;
            v::at_most("call_reviews.questions", &review.questions, 500)?;
            for question in &review.questions {
                v::bounded("call_reviews.questions.question", &question.question, v::MAX_TEXT)?;
                if !(0.0..=5.0).contains(&question.score) {
                    return Err(Invalid::new("call_reviews.questions.score", "must lie between 0 and 5"));
                }
            }
        }
        v::at_most("questions", &self.questions, 500)?;
        for question in &self.questions {
            v::bounded("questions.question", &question.question, v::MAX_TEXT)?;
            if question.possible_score.is_some() != question.actual_score.is_some() {
                return Err(Invalid::new(
                    "questions",
                    "a scored question needs both possible_score and actual_score",
                ));
            }
            if question.possible_score.is_none() && question.weight != 0.0 {
                return Err(Invalid::new("questions.weight", "a question answered in words has weight 0"));
            }
            v::finite("questions.weight", question.weight)?;
        }
        v::maybe_text("comments", self.comments.as_deref())
    }
}

/// How often a KPI is observed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Frequency {
    Daily,
    Weekly,
    Monthly,
    Quarterly,
}

/// A number worth watching.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Kpi {
    /// Number; made from the tenant's counter when absent.
    #[serde(default)]
    pub id: KpiId,
    /// What it measures.
    pub description: String,
    /// How often it is observed.
    pub frequency: Frequency,
    /// Wanted value.
    pub target: f64,
}
number_record!(Kpi, Kpi);

impl Validate for Kpi {
    fn validate(&self) -> Result<(), Invalid> {
        if self.id.0 < 0 {
            return Err(Invalid::new("id", "must be a positive number"));
        }
        v::bounded("description", &self.description, v::MAX_TEXT)?;
        v::finite("target", self.target)
    }
}

/// One value of a KPI for a person.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Observation {
    /// Id; made when absent.
    #[serde(default)]
    pub id: ObservationId,
    /// The KPI.
    pub kpi_id: KpiId,
    /// Who observed.
    pub observer_id: UserId,
    /// Who was observed.
    pub observed_id: UserId,
    /// When.
    pub observed_at: Timestamp,
    /// The value.
    pub value: f64,
}
text_record!(Observation, Observation);

impl Validate for Observation {
    fn validate(&self) -> Result<(), Invalid> {
        v::id("id", &self.id.0)?;
        v::id("observer_id", &self.observer_id.0)?;
        v::id("observed_id", &self.observed_id.0)?;
        v::finite("value", self.value)
    }
}
