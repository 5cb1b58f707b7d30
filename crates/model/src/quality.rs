//! Scorecards and evaluations.

use crate::{
    ContactId, EvaluationId, Invalid, QuestionId, ScorecardId, Timestamp, UserId, Validate, text_record,
    validate as v,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// How a question is scored. The names are the field's standard (contract c360 §4.9).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum Scheme {
    /// 0 to 5.
    OneToFive,
    /// 0 to 3.
    OneToThree,
    /// 0 to 2.
    OneTwo,
    /// 0 is no, 1 is yes.
    YesNo,
    /// 0 is fail, 1 is pass.
    PassFail,
}

impl Scheme {
    /// Every scheme.
    pub const ALL: [Self; 5] = [Self::OneToFive, Self::OneToThree, Self::OneTwo, Self::YesNo, Self::PassFail];

    /// Raw value (0 to 5) and percentage by answer, as the contract's table has them: they are not computed,
    /// because OneToThree 2 has raw 3 but 66 % (contract c360 §4.9).
    const fn table(self) -> &'static [(u8, u8)] {
        match self {
            Self::OneToFive => &[(0, 0), (1, 20), (2, 40), (3, 60), (4, 80), (5, 100)],
            Self::OneToThree => &[(0, 0), (1, 33), (3, 66), (5, 100)],
            Self::OneTwo => &[(0, 0), (3, 50), (5, 100)],
            Self::YesNo | Self::PassFail => &[(0, 0), (5, 100)],
        }
    }
    /// The highest answer.
    pub const fn max(self) -> u8 {
        (self.table().len() - 1) as u8
    }
    /// Raw value, 0 to 5, of an answer; `None` when the scheme has no such answer.
    pub fn raw(self, answer: u8) -> Option<u8> {
        self.table().get(usize::from(answer)).map(|row| row.0)
    }
    /// Percentage of an answer; `None` when the scheme has no such answer.
    pub fn percentage(self, answer: u8) -> Option<u8> {
        self.table().get(usize::from(answer)).map(|row| row.1)
    }
    /// The name on the wire and in the store.
    pub const fn name(self) -> &'static str {
        match self {
            Self::OneToFive => "OneToFive",
            Self::OneToThree => "OneToThree",
            Self::OneTwo => "OneTwo",
            Self::YesNo => "YesNo",
            Self::PassFail => "PassFail",
        }
    }
}
impl fmt::Display for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
impl FromStr for Scheme {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|scheme| scheme.name() == text).ok_or(())
    }
}

/// A question of a scorecard.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Question {
    /// Id, unique in the scorecard.
    pub id: QuestionId,
    /// What is asked.
    pub text: String,
    /// Skills that it measures: at most three.
    #[serde(default)]
    pub skills: Vec<String>,
}

fn yes() -> bool {
    true
}

/// A scorecard: questions with one scoring scheme.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Scorecard {
    /// Id; made when absent.
    #[serde(default)]
    pub id: ScorecardId,
    /// Name for people.
    pub name: String,
    /// How answers are scored.
    pub scheme: Scheme,
    /// The questions, in order.
    pub questions: Vec<Question>,
    /// Whether it is in use.
    #[serde(default = "yes")]
    pub active: bool,
}
text_record!(Scorecard, Scorecard);

impl Validate for Scorecard {
    fn validate(&self) -> Result<(), Invalid> {
        v::id("id", &self.id.0)?;
        v::name("name", &self.name)?;
        v::at_most("questions", &self.questions, 500)?;
        for (at, question) in self.questions.iter().enumerate() {
            let here = |e: Invalid| e.under(format_args!("questions[{at}]"));
            v::id("id", &question.id.0).map_err(here)?;
            v::bounded("text", &question.text, v::MAX_TEXT).map_err(here)?;
            v::at_most("skills", &question.skills, 3).map_err(here)?;
            question.skills.iter().try_for_each(|skill| v::id("skills", skill)).map_err(here)?;
            if self.questions[..at].iter().any(|other| other.id == question.id) {
                return Err(here(Invalid::new("id", format!("`{}` is used twice", question.id))));
            }
        }
        Ok(())
    }
}

/// The answer to one question.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    /// The question of the scorecard.
    pub question_id: QuestionId,
    /// The answer on the scheme's scale, from 0; for yes/no and pass/fail 1 is yes or pass.
    pub answer: u8,
    /// Why, if said.
    #[serde(default)]
    pub reason: Option<String>,
    /// Remark, if any.
    #[serde(default)]
    pub comment: Option<String>,
}

/// A filled-in scorecard for a contact, by one person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Evaluation {
    /// Id; made when absent.
    #[serde(default)]
    pub id: EvaluationId,
    /// The contact.
    pub contact_id: ContactId,
    /// The scorecard, which must exist.
    pub scorecard_id: ScorecardId,
    /// Who filled it in.
    pub reviewer_id: UserId,
    /// Whose contact it is; when absent, the contact's agent.
    #[serde(default)]
    pub agent_id: Option<UserId>,
    /// When it was filled in.
    pub scored_at: Timestamp,
    /// One answer a question; order does not matter.
    pub answers: Vec<Answer>,
}
text_record!(Evaluation, Evaluation);

impl Validate for Evaluation {
    fn validate(&self) -> Result<(), Invalid> {
        v::id("id", &self.id.0)?;
        v::id("contact_id", &self.contact_id.0)?;
        v::id("scorecard_id", &self.scorecard_id.0)?;
        v::id("reviewer_id", &self.reviewer_id.0)?;
        v::maybe_id("agent_id", self.agent_id.as_ref().map(UserId::as_str))?;
        v::at_most("answers", &self.answers, 500)?;
        for (at, answer) in self.answers.iter().enumerate() {
            let here = |e: Invalid| e.under(format_args!("answers[{at}]"));
            if self.answers[..at].iter().any(|other| other.question_id == answer.question_id) {
                return Err(here(Invalid::new(
                    "question_id",
                    format!("`{}` is answered twice", answer.question_id),
                )));
            }
            v::maybe_text("reason", answer.reason.as_deref()).map_err(here)?;
            v::maybe_text("comment", answer.comment.as_deref()).map_err(here)?;
        }
        Ok(())
    }
}

impl Evaluation {
    /// Checks the answers against the scorecard they belong to.
    pub fn fits(&self, scorecard: &Scorecard) -> Result<(), Invalid> {
        for (at, answer) in self.answers.iter().enumerate() {
            let here = |e: Invalid| e.under(format_args!("answers[{at}]"));
            if !scorecard.questions.iter().any(|question| question.id == answer.question_id) {
                let reason = format!("scorecard `{}` has no question `{}`", scorecard.id, answer.question_id);
                return Err(here(Invalid::new("question_id", reason)));
            }
            if scorecard.scheme.raw(answer.answer).is_none() {
                let reason = format!(
                    "{} is no answer of {} (0 to {})",
                    answer.answer,
                    scorecard.scheme,
                    scorecard.scheme.max()
                );
                return Err(here(Invalid::new("answer", reason)));
            }
        }
        Ok(())
    }
}
