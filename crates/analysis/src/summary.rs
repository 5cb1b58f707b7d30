//! What a contact was about, in its own words (no model, no network): the sentences that say most, what was
//! promised, and the questions with their answers. Every line is a stretch of the transcript, so it can be played.
//!
//! The method is extractive: sentences are weighted by their words (term frequency, dampened, as in centroid
//! summaries: Radev et al. 2004), raised by cues such as a reason for the call, and picked greedily with a penalty
//! for what was said already (maximal marginal relevance: Carbonell and Goldstein 1998). The cues are English; in
//! other languages the weights alone decide.

mod lines;
mod promises;
mod questions;
mod sentences;

use sentences::{Sentence, sentences};
use touchline_model::{Summary, SummaryLine, Transcript};

/// The summary of a transcript in its normal order; empty when nothing was said. The same transcript always gives
/// the same summary. Each line's text is exactly [`Transcript::text`] of its words.
pub fn summarise(transcript: &Transcript) -> Summary {
    let sentences = sentences(transcript);
    Summary {
        lines: lines::lines(transcript, &sentences),
        next_steps: promises::next_steps(transcript, &sentences),
        questions: questions::questions(transcript, &sentences),
    }
}

/// The line of words `first..=last`.
fn line(transcript: &Transcript, first: usize, last: usize) -> SummaryLine {
    SummaryLine { text: transcript.text(first, last + 1), first_word: first, last_word: last }
}

/// The line of a sentence, without the "um, okay, so" that it starts with.
fn line_of(transcript: &Transcript, sentence: &Sentence) -> SummaryLine {
    line(transcript, sentence.core, sentence.last)
}

#[cfg(test)]
#[path = "summary_tests.rs"]
mod tests;
