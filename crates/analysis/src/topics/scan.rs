//! The way of the automaton through a transcript.

use super::{
    Pattern, TopicMatcher,
    automaton::{State, Step},
    vocabulary::{Looked, Token},
};
use crate::text;
use touchline_model::{SpeakerType, Word};

/// A phrase found in the segment at hand.
pub(super) struct Span {
    pub(super) first_token: u32,
    pub(super) last_token: u32,
    pub(super) first_word: u32,
    pub(super) last_word: u32,
    pub(super) pattern: usize,
}

/// The automaton on its way through a transcript, with buffers that are used again for every segment.
pub(super) struct Scan<'m> {
    matcher: &'m TopicMatcher,
    /// Token and word of each token that is more than punctuation.
    kept: Vec<(u32, u32)>,
    pub(super) spans: Vec<Span>,
    /// First tokens of canonical questions, ascending.
    pub(super) asked: Vec<u32>,
    /// A word with its punctuation, when they must be looked at together.
    joined: String,
}

impl<'m> Scan<'m> {
    pub(super) fn new(matcher: &'m TopicMatcher) -> Self {
        Self { matcher, kept: Vec::new(), spans: Vec::new(), asked: Vec::new(), joined: String::new() }
    }

    /// Fills `spans` with what a segment holds for this side. `first_word` is the position of its first word.
    pub(super) fn segment(&mut self, words: &[Word], first_word: usize, side: SpeakerType) {
        self.kept.clear();
        self.spans.clear();
        let mut state = 0;
        let mut token = 0u32;
        for (number, word) in (first_word as u32..).zip(words) {
            match plain_core(word).map_or(Looked::Odd, |core| self.matcher.vocabulary.look(core)) {
                Looked::Token(known) => state = self.step(state, known, (token, number), side),
                Looked::Unknown => {
                    self.kept.push((token, number));
                    state = 0;
                }
                Looked::Odd => {
                    state = self.odd(state, word, (&mut token, number), side);
                    continue;
                }
            }
            token += 1;
        }
    }

    /// A word the slow way: any script, several tokens, a token that takes letters from its punctuation.
    #[cold]
    fn odd(&mut self, mut state: State, word: &Word, place: (&mut u32, u32), side: SpeakerType) -> State {
        let (token, number) = place;
        let mut joined = std::mem::take(&mut self.joined);
        joined.clear();
        joined.push_str(&word.text);
        joined.push_str(word.punctuation.as_deref().unwrap_or_default());
        for part in joined.split_whitespace() {
            let normal = text::normal(part);
            if let Some(known) = self.matcher.vocabulary.get(&normal) {
                state = self.step(state, known, (*token, number), side);
            } else if !normal.is_empty() {
                self.kept.push((*token, number));
                state = 0;
            }
            *token += 1;
        }
        self.joined = joined;
        state
    }

    /// Takes one token that phrases hold, and notes the phrases that end with it.
    #[inline(always)]
    fn step(&mut self, state: State, token: Token, place: (u32, u32), side: SpeakerType) -> State {
        self.kept.push(place);
        let step = self.matcher.automaton.next(state, token);
        if step.ends() {
            self.note(step, side);
        }
        step.onward
    }

    fn note(&mut self, step: Step, side: SpeakerType) {
        for pattern in self.matcher.automaton.endings(step) {
            let Pattern { tokens, heard, .. } = &self.matcher.patterns[pattern];
            if !heard[side as usize] {
                continue;
            }
            let (first_token, first_word) = self.kept[self.kept.len() - tokens];
            let (last_token, last_word) = self.kept[self.kept.len() - 1];
            self.spans.push(Span { first_token, last_token, first_word, last_word, pattern });
        }
    }
}

/// The text of a word without marks at its edges, if mere ASCII punctuation follows it; it may still be odd inside.
#[inline(always)]
fn plain_core(word: &Word) -> Option<&[u8]> {
    if word.punctuation.as_ref().is_some_and(|marks| !marks.bytes().all(|b| b.is_ascii_punctuation())) {
        return None;
    }
    let mut core = word.text.as_bytes();
    while let [b, rest @ ..] = core
        && b.is_ascii_punctuation()
    {
        core = rest;
    }
    while let [rest @ .., b] = core
        && b.is_ascii_punctuation()
    {
        core = rest;
    }
    Some(core)
}
