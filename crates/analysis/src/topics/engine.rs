//! The automaton over token numbers.

use super::vocabulary::Token;
use aho_corasick::{
    Anchored, StartKind,
    automaton::{Automaton, StateID},
    dfa, nfa,
};

/// A state of the fast automaton takes up to 1 KiB; more states than this (64 MiB) go into the smaller, slower one.
const FAST_STATES: usize = 64 * 1024;

/// How token numbers are written for the automaton: `width` digits of base `base`, where the digits of each place have
/// bytes of their own.
#[derive(Clone, Copy, Debug)]
pub(super) struct Letters {
    width: u32,
    base: u32,
}

impl Letters {
    /// The fewest digits, and then the fewest bytes, that tell so many tokens apart.
    pub(super) fn for_tokens(count: usize) -> Self {
        let fits = |width: u32, base: u32| u64::from(base).pow(width) >= count as u64;
        // Four digits of base 64 are 16 million tokens, eight of base 32 more than memory holds.
        let width = [1, 2, 3, 4].into_iter().find(|width| fits(*width, 256 / width)).unwrap_or(8);
        let base = (1..=256 / width).find(|base| fits(width, *base)).unwrap_or(256 / width);
        Self { width, base }
    }

    /// The bytes of a token.
    #[inline(always)]
    pub(super) fn write(self, token: Token) -> impl Iterator<Item = u8> {
        let mut rest = token;
        (0..self.width).map(move |place| {
            let digit = place * self.base + rest % self.base;
            rest /= self.base;
            digit as u8
        })
    }

    /// Where a token leads from a state.
    #[inline(always)]
    pub(super) fn walk<A: Automaton>(self, automaton: &A, state: StateID, token: Token) -> StateID {
        self.write(token).fold(state, |state, byte| automaton.next_state(Anchored::No, state, byte))
    }
}

#[derive(Debug)]
pub(super) enum Engine {
    /// No phrase at all.
    Idle,
    /// One table lookup a byte.
    Fast(Box<dfa::DFA>),
    /// Several times smaller, for very many phrases.
    Compact(Box<nfa::contiguous::NFA>),
}

impl Engine {
    /// Builds the automaton of these patterns; the number of a pattern is its position.
    pub(super) fn build(patterns: &[Vec<u8>]) -> Self {
        if patterns.is_empty() {
            return Self::Idle;
        }
        if patterns.iter().map(|pattern| pattern.len()).sum::<usize>() < FAST_STATES {
            let built =
                dfa::Builder::new().start_kind(StartKind::Unanchored).prefilter(false).build(patterns);
            if let Ok(automaton) = built {
                return Self::Fast(Box::new(automaton));
            }
        }
        #[expect(clippy::expect_used, reason = "it fails only beyond 2^31 states, which is 2 GiB of phrases")]
        let automaton = nfa::contiguous::Builder::new()
            .prefilter(false)
            .build(patterns)
            .expect("fewer than 2 GiB of phrases");
        Self::Compact(Box::new(automaton))
    }

    /// Where each token leads from the root.
    pub(super) fn leads_from_root(&self, letters: Letters, tokens: usize) -> Vec<StateID> {
        fn lead(automaton: &impl Automaton, letters: Letters, tokens: usize) -> Vec<StateID> {
            let Ok(root) = automaton.start_state(Anchored::No) else { return Vec::new() };
            (0..tokens as Token).map(|token| letters.walk(automaton, root, token)).collect()
        }
        match self {
            Self::Idle => Vec::new(),
            Self::Fast(automaton) => lead(automaton.as_ref(), letters, tokens),
            Self::Compact(automaton) => lead(automaton.as_ref(), letters, tokens),
        }
    }
}
