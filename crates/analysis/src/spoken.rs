//! What was said where a topic was found (contract §4.6, R-10).

use crate::text;
use touchline_model::{Segment, TopicHit, Transcript, Word};

/// The text of a hit from its first to its last token as spoken, without punctuation at its edges (contract R-10).
///
/// `segments` are [`Transcript::segments`] of the same transcript. Empty when the hit belongs to another one.
pub fn matching_text(transcript: &Transcript, segments: &[Segment], hit: &TopicHit) -> String {
    let (first, last) = (hit.first_word as usize, hit.last_word as usize);
    let Some(segment) = segments.get(hit.segment as usize) else { return String::new() };
    let Some(before) = transcript.words.get(segment.first..first) else { return String::new() };
    let skipped: usize = before.iter().map(tokens_of).sum();
    let Some(nth) = (hit.first_token as usize).checked_sub(skipped) else { return String::new() };
    let length = hit.last_token.saturating_sub(hit.first_token) as usize;
    let text = transcript.text(first, last + 1);
    let mut tokens = text.split_whitespace().skip(nth).map(|token| {
        let start = token.as_ptr() as usize - text.as_ptr() as usize;
        (start, start + token.len())
    });
    let Some((start, first_end)) = tokens.next() else { return String::new() };
    let end = if length == 0 { first_end } else { tokens.nth(length - 1).map_or(text.len(), |(_, end)| end) };
    text::strip(&text[start..end]).to_owned()
}

/// How many whitespace tokens a word makes in its segment's text.
fn tokens_of(word: &Word) -> usize {
    let punctuation = word.punctuation.as_deref().unwrap_or_default();
    match !word.text.is_empty() && word.text.bytes().chain(punctuation.bytes()).all(|b| b.is_ascii_graphic())
    {
        true => 1,
        false => [word.text.as_str(), punctuation].concat().split_whitespace().count(),
    }
}
