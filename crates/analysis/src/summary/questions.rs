//! Questions with what was answered.

use super::{line, line_of, sentences::Sentence};
use touchline_model::{QuestionAndAnswer, Transcript};

/// Most questions that are listed.
const MOST: usize = 12;
/// An answer that begins later than 20 s after the question answers something else.
const PATIENCE: i64 = 20_000_000;
/// Words of an answer; the rest of the turn is left out.
const ANSWER: usize = 40;

/// What starts a question by itself.
const INTERROGATIVES: &[&str] = &["what", "when", "where", "who", "why", "which", "how", "whose"];
/// What starts a question before a subject.
const AUXILIARIES: &[&str] = &[
    "can", "could", "would", "will", "do", "does", "did", "is", "are", "was", "were", "have", "has", "may",
    "should", "am", "shall",
];
const SUBJECTS: &[&str] = &[
    "you", "i", "we", "it", "there", "that", "the", "this", "he", "she", "they", "your", "my", "anyone",
    "someone",
];
/// Subordinate clauses that start like questions ("when I called", "what I need is", "which is").
const CLAUSES: &[&str] = &[
    "when i",
    "when you",
    "when we",
    "when the",
    "what i",
    "what we",
    "which is",
    "which i",
    "which we",
    "where i",
    "where we",
    "how i",
    "why i",
    "who is calling you",
    "what happened is",
    "whichever",
    "when it",
    "what you will",
    "what you need",
    "which means",
    "which was",
    "which are",
    "what that",
    "whoever",
    "is that",
    "how about that",
];
/// Questions that nobody needs in a summary.
const PLEASANTRIES: &[&str] = &[
    "how are you",
    "how is it going",
    "how are things",
    "how is your day",
    "how can i help",
    "how may i help",
    "how can i assist",
    "how may i assist",
    "what can i help",
    "what can i do for you",
    "anything else",
    "can you hear",
    "are you there",
    "are you still there",
    "how do you do",
    "who am i speaking",
    "may i help",
    "can i help you",
    "how could i help",
    "help you with today",
    "help you today",
    "is that okay",
    "is that right",
    "is that correct",
    "repeat that",
    "repeat the",
    "you say that",
    "say that again",
];

/// The questions that got an answer, in order.
pub(super) fn questions(transcript: &Transcript, sentences: &[Sentence]) -> Vec<QuestionAndAnswer> {
    let asked =
        (0..sentences.len()).filter(|&at| is_question(&sentences[at]) && !is_pleasantry(&sentences[at]));
    asked
        .filter_map(|at| {
            let (first, last) = answer(sentences, at)?;
            let question = line_of(transcript, &sentences[at]);
            Some(QuestionAndAnswer { question, answer: line(transcript, first, last) })
        })
        .take(MOST)
        .collect()
}

/// Whether a sentence asks: by its mark, or where there are no marks by how it begins.
pub(super) fn is_question(sentence: &Sentence) -> bool {
    if sentence.asks {
        return sentence.tokens.len() > 2;
    }
    if sentence.punctuated
        || sentence.tokens.len() < 4
        || CLAUSES.iter().any(|clause| sentence.starts(clause))
    {
        return false;
    }
    let word = |at: usize| sentence.tokens.get(at).map_or("", String::as_str);
    match word(0) {
        first if INTERROGATIVES.contains(&first) => true,
        first if AUXILIARIES.contains(&first) => SUBJECTS.contains(&word(1)),
        _ => false,
    }
}

fn is_pleasantry(sentence: &Sentence) -> bool {
    PLEASANTRIES.iter().any(|phrase| sentence.says(phrase))
}

/// The words in which the next other speaker answers sentence `at`; none when the asker asks on, nobody else speaks in
/// time, or the other asks back.
fn answer(sentences: &[Sentence], at: usize) -> Option<(usize, usize)> {
    let question = &sentences[at];
    let later = &sentences[at + 1..];
    let next =
        later.iter().position(|sentence| sentence.speaker != question.speaker && !sentence.is_filler());
    // "Yes" is an answer when nothing better follows from the same speaker before the asker goes on.
    let other = later.iter().position(|sentence| sentence.speaker != question.speaker)?;
    let back = later[other..].iter().position(|s| s.speaker == question.speaker && !s.is_filler());
    let chosen = match next {
        Some(next) if back.is_none_or(|back| next < other + back) => next,
        _ => other,
    };
    if later[..chosen].iter().any(|sentence| sentence.speaker == question.speaker && is_question(sentence)) {
        return None;
    }
    let reply = &later[chosen];
    if reply.start.since(question.end).micros() > PATIENCE || is_question(reply) || !reply.says_anything() {
        return None;
    }
    let first = if reply.is_filler() { reply.first } else { reply.core };
    let mut last = reply.last;
    for more in &later[chosen + 1..] {
        if more.speaker != reply.speaker || is_question(more) || more.last - first >= ANSWER {
            break;
        }
        last = more.last;
    }
    Some((first, last))
}
