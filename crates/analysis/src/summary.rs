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
/// the same summary. Each line's text is [`Transcript::text`] of its words, with a capital letter at its beginning.
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
    SummaryLine { text: capitalised(transcript.text(first, last + 1)), first_word: first, last_word: last }
}

/// A line stands alone, but a sentence that lost its "well, so" begins in small letters. Names such as "iPhone" stay.
fn capitalised(mut text: String) -> String {
    let Some((at, first)) = text.char_indices().find(|(_, c)| c.is_alphanumeric()) else { return text };
    let word = text[at..].split(char::is_whitespace).next().unwrap_or_default();
    let mut large = first.to_uppercase();
    if let (Some(large), None) = (large.next(), large.next())
        && first.is_lowercase()
        && !word.chars().any(char::is_uppercase)
    {
        text.replace_range(at..at + first.len_utf8(), large.encode_utf8(&mut [0; 4]));
    }
    text
}

/// The line of a sentence, without the "um, okay, so" that it starts with.
fn line_of(transcript: &Transcript, sentence: &Sentence) -> SummaryLine {
    line(transcript, sentence.core, sentence.last)
}

#[cfg(test)]
#[path = "summary_tests.rs"]
mod tests;
