//! An Aho-Corasick automaton whose letters are tokens (Aho and Corasick 1975, "Efficient string matching").
//!
//! It is ours because the letters are numbers of a large alphabet and most states have few ways on: one small hash
//! table of edges stays in the processor's caches where a table of all states by all letters does not.

use super::vocabulary::Token;

/// A state: the longest beginning of a phrase that the text ends with. 0 is the root: none at all.
pub(super) type State = u32;

/// No pattern, no state.
const NONE: u32 = u32::MAX;

#[derive(Clone, Copy, Debug)]
struct Node {
    /// The longest proper suffix that is a state.
    fail: State,
    /// This state, or the first along `fail` that has an edge onward.
    onward: State,
    /// This state, or the first along `fail` that ends a pattern; or [`NONE`].
    ending: State,
    /// The pattern that this state is; or [`NONE`].
    pattern: u32,
}

/// All patterns at once.
#[derive(Debug, Default)]
pub(super) struct Automaton {
    nodes: Vec<Node>,
    edges: Edges,
    /// Where each token leads from the root.
    from_root: Vec<State>,
}

impl Automaton {
    /// Builds the automaton. The number of a pattern is its position; no pattern may be empty, none given twice. Tokens
    /// are below `tokens`.
    pub(super) fn new(patterns: &[Vec<Token>], tokens: usize) -> Self {
        let root = Node { fail: 0, onward: 0, ending: NONE, pattern: NONE };
        let letters = patterns.iter().map(Vec::len).sum();
        let mut built =
            Self { nodes: vec![root], edges: Edges::for_at_most(letters), from_root: vec![0; tokens] };
        // Depth, state, its parent and the token between, for every state but the root.
        let mut made: Vec<(usize, State, State, Token)> = Vec::new();
        for (number, pattern) in (0..).zip(patterns) {
            let mut state = 0;
            for (depth, &token) in pattern.iter().enumerate() {
                state = built.child(state, token).unwrap_or_else(|| {
                    let new = built.nodes.len() as State;
                    built.nodes.push(root);
                    made.push((depth, new, state, token));
                    match state {
                        0 => built.from_root[token as usize] = new,
                        _ => built.edges.insert(state, token, new),
                    }
                    new
                });
            }
            built.nodes[state as usize].pattern = number;
        }
        let mut parents = vec![false; built.nodes.len()];
        made.iter().for_each(|(_, _, parent, _)| parents[*parent as usize] = true);
        // Shorter ones first, because each looks at the state of its suffix.
        made.sort_unstable();
        for (depth, state, parent, token) in made {
            let fail = if depth == 0 { 0 } else { built.next(built.nodes[parent as usize].fail, token) };
            let suffix = built.nodes[fail as usize];
            let node = &mut built.nodes[state as usize];
            node.fail = fail;
            node.onward = if parents[state as usize] { state } else { suffix.onward };
            node.ending = if node.pattern == NONE { suffix.ending } else { state };
        }
        built
    }

    /// Whether there is no pattern at all.
    pub(super) fn is_empty(&self) -> bool {
        self.nodes.len() < 2
    }

    fn child(&self, state: State, token: Token) -> Option<State> {
        match state {
            0 => Some(self.from_root[token as usize]).filter(|next| *next != 0),
            _ => self.edges.get(state, token),
        }
    }

    /// The state after one more token.
    #[inline(always)]
    pub(super) fn next(&self, mut state: State, token: Token) -> State {
        loop {
            state = self.nodes[state as usize].onward;
            if state == 0 {
                return self.from_root[token as usize];
            }
            if let Some(next) = self.edges.get(state, token) {
                return next;
            }
            state = self.nodes[state as usize].fail;
        }
    }

    /// Whether a pattern ends in this state.
    #[inline(always)]
    pub(super) fn ends(&self, state: State) -> bool {
        self.nodes[state as usize].ending != NONE
    }

    /// The patterns that end in this state, longest first.
    #[inline(always)]
    pub(super) fn endings(&self, state: State) -> impl Iterator<Item = usize> {
        let mut ending = self.nodes[state as usize].ending;
        std::iter::from_fn(move || {
            let node = self.nodes.get(ending as usize)?;
            ending = self.nodes[node.fail as usize].ending;
            Some(node.pattern as usize)
        })
    }
}

/// The edges between states other than the root: open addressing, a power of two long, at most half full.
#[derive(Debug, Default)]
struct Edges(Vec<Edge>);

#[derive(Clone, Copy, Debug)]
struct Edge {
    from: State,
    token: Token,
    /// 0 in a free place: no edge leads back to the root.
    to: State,
}

impl Edges {
    fn for_at_most(count: usize) -> Self {
        Self(vec![Edge { from: 0, token: 0, to: 0 }; (count * 2).next_power_of_two().max(2)])
    }

    /// The place of an edge, or the free one where it belongs.
    #[inline(always)]
    fn place(&self, from: State, token: Token) -> usize {
        let mixed = (u64::from(from) << 32 | u64::from(token)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let mut at = (mixed >> 32) as usize & (self.0.len() - 1);
        while self.0[at].to != 0 && (self.0[at].from, self.0[at].token) != (from, token) {
            at = (at + 1) & (self.0.len() - 1);
        }
        at
    }

    #[inline(always)]
    fn get(&self, from: State, token: Token) -> Option<State> {
        let edge = self.0[self.place(from, token)];
        (edge.to != 0).then_some(edge.to)
    }

    fn insert(&mut self, from: State, token: Token, to: State) {
        let place = self.place(from, token);
        self.0[place] = Edge { from, token, to };
    }
}
