//! How a contact was judged: each evaluation with its score, its answers, and what was remarked.

use super::view::person;
use crate::{
    format,
    shell::{Shell, When},
    texts,
};
use touchline_app::contacts::{WholeCall, score};
use touchline_model::{Evaluation, Question, Scheme};

/// One evaluation.
pub(super) struct Judged {
    pub(super) card: String,
    /// `83 %`; nothing without answers.
    pub(super) score: Option<String>,
    pub(super) reviewer: String,
    pub(super) when: When,
    pub(super) answers: Vec<Answered>,
}

/// One answer.
pub(super) struct Answered {
    pub(super) question: String,
    /// `Yes`, `4 of 5`.
    pub(super) answer: String,
    /// Why, and what else was remarked.
    pub(super) notes: Vec<String>,
}

/// The evaluations of a contact, newest first.
pub(super) fn judged(shell: &Shell, call: &WholeCall) -> Vec<Judged> {
    call.evaluations.iter().map(|it| one(shell, call, &it.value)).collect()
}

fn one(shell: &Shell, call: &WholeCall, it: &Evaluation) -> Judged {
    let card = call.scorecards.get(&it.scorecard_id);
    let questions: &[Question] = card.map(|card| card.questions.as_slice()).unwrap_or_default();
    let place = |id| questions.iter().position(|question| question.id == id);
    let mut answers: Vec<&touchline_model::Answer> = it.answers.iter().collect();
    // In the order of the scorecard; answers to what it no longer asks come last.
    answers.sort_by_key(|answer| place(answer.question_id.clone()).unwrap_or(usize::MAX));
    let answered = |answer: &touchline_model::Answer| {
        let question = place(answer.question_id.clone()).and_then(|at| questions.get(at));
        let notes = [answer.reason.as_deref(), answer.comment.as_deref()].into_iter().flatten();
        Answered {
            question: question.map_or_else(|| answer.question_id.0.clone(), |it| it.text.clone()),
            answer: card
                .map_or_else(|| answer.answer.to_string(), |card| in_words(card.scheme, answer.answer)),
            notes: notes.map(|it| it.trim().to_owned()).filter(|it| !it.is_empty()).collect(),
        }
    };
    Judged {
        card: card.map_or_else(|| it.scorecard_id.0.clone(), |card| card.name.clone()),
        score: card.and_then(|card| score(it, card)).map(format::percent),
        reviewer: person(call, &it.reviewer_id),
        when: shell.when(&it.scored_at),
        answers: answers.into_iter().map(answered).collect(),
    }
}

/// An answer as people say it.
fn in_words(scheme: Scheme, answer: u8) -> String {
    let key = match (scheme, answer) {
        (Scheme::YesNo, 0) => "call.answer_no",
        (Scheme::YesNo, _) => "call.answer_yes",
        (Scheme::PassFail, 0) => "call.answer_fail",
        (Scheme::PassFail, _) => "call.answer_pass",
        _ => {
            let (answer, most) = (answer.to_string(), scheme.max().to_string());
            return texts::fill("call.answer_of", &[("n", &answer), ("most", &most)]);
        }
    };
    texts::t(key).to_owned()
}
