//! An Aho-Corasick automaton whose letters are tokens (Aho and Corasick 1975, "Efficient string matching").
//!
//! It is ours because the letters are numbers of a large alphabet and most states have few ways on: one small hash
//! table of edges stays in the processor's caches where a table of all states by all letters does not. Most questions
//! to that table are answered with no, so a filter of some bits an edge, which fits the nearest cache, is asked first.

use super::vocabulary::Token;

/// A beginning of a phrase that the text ends with and that an edge leads on from. 0 is the root: none at all.
pub(super) type State = u32;

/// No pattern, no state.
const NONE: u32 = u32::MAX;

/// Where a token leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Step {
    /// The longest beginning of a phrase that the text ends with now and that goes on.
    pub(super) onward: State,
    /// Where in `endings` the patterns that end here stand; or [`NONE`].
    ending: u32,
}

impl Step {
    /// Whether a pattern ends here.
    #[inline(always)]
    pub(super) fn ends(self) -> bool {
        self.ending != NONE
    }
}

/// A pattern that ends in a state, and the next shorter one that does.
#[derive(Clone, Copy, Debug)]
struct Ending {
    pattern: u32,
    shorter: u32,
}

/// All patterns at once.
#[derive(Debug, Default)]
pub(super) struct Automaton {
    edges: Edges,
    /// Where each token leads from the root.
    from_root: Vec<Step>,
    /// By state: the longest shorter one that goes on, to be tried when this one has no edge for a token.
    retry: Vec<State>,
    /// By state.
    endings: Vec<Ending>,
}

/// A state while the automaton is built.
#[derive(Clone, Copy)]
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

impl Automaton {
    /// Builds the automaton. The number of a pattern is its position; no pattern may be empty, none given twice. Tokens
    /// are below `tokens`.
    pub(super) fn new(patterns: &[Vec<Token>], tokens: usize) -> Self {
        let root = Node { fail: 0, onward: 0, ending: NONE, pattern: NONE };
        let mut nodes = vec![root];
        // While the trie grows, a step's `onward` is the state itself.
        let mut edges = Edges::for_at_most(patterns.iter().map(|pattern| pattern.len() - 1).sum());
        let mut from_root = vec![Step { onward: 0, ending: NONE }; tokens];
        // Depth, state, its parent and the token between, for every state but the root.
        let mut made: Vec<(usize, State, State, Token)> = Vec::new();
        for (number, pattern) in (0..).zip(patterns) {
            let mut state = 0;
            for (depth, &token) in pattern.iter().enumerate() {
                let known = match state {
                    0 => Some(from_root[token as usize]).filter(|step| step.onward != 0),
                    _ => edges.get(state, token),
                };
                state = known.map(|step| step.onward).unwrap_or_else(|| {
                    let new = nodes.len() as State;
                    nodes.push(root);
                    made.push((depth, new, state, token));
                    let step = Step { onward: new, ending: NONE };
                    match state {
                        0 => from_root[token as usize] = step,
                        _ => edges.insert(state, token, step),
                    }
                    new
                });
            }
            nodes[state as usize].pattern = number;
        }
        let mut parents = vec![false; nodes.len()];
        made.iter().for_each(|(_, _, parent, _)| parents[*parent as usize] = true);
        // Shorter ones first, because each looks at the state of its suffix.
        made.sort_unstable();
        for (depth, state, parent, token) in made {
            let mut fail = 0;
            if depth > 0 {
                let mut suffix = nodes[nodes[parent as usize].fail as usize].onward;
                fail = loop {
                    if suffix == 0 {
                        break from_root[token as usize].onward;
                    }
                    if let Some(step) = edges.get(suffix, token) {
                        break step.onward;
                    }
                    suffix = nodes[nodes[suffix as usize].fail as usize].onward;
                };
            }
            let suffix = nodes[fail as usize];
            let node = &mut nodes[state as usize];
            node.fail = fail;
            node.onward = if parents[state as usize] { state } else { suffix.onward };
            node.ending = if node.pattern == NONE { suffix.ending } else { state };
        }
        let last = |step: &mut Step| {
            let Node { onward, ending, .. } = nodes[step.onward as usize];
            *step = Step { onward, ending };
        };
        from_root.iter_mut().for_each(last);
        edges.steps_mut().for_each(last);
        let suffix = |node: &Node| nodes[node.fail as usize];
        Self {
            edges,
            from_root,
            retry: nodes.iter().map(|node| suffix(node).onward).collect(),
            endings: nodes
                .iter()
                .map(|node| Ending { pattern: node.pattern, shorter: suffix(node).ending })
                .collect(),
        }
    }

    /// Whether there is no pattern at all.
    pub(super) fn is_empty(&self) -> bool {
        self.retry.len() < 2
    }

    /// Where one more token leads.
    #[inline(always)]
    pub(super) fn next(&self, mut state: State, token: Token) -> Step {
        while state != 0 {
            if let Some(step) = self.edges.get(state, token) {
                return step;
            }
            state = self.retry[state as usize];
        }
        self.from_root[token as usize]
    }

    /// The patterns that end here, longest first.
    #[inline(always)]
    pub(super) fn endings(&self, step: Step) -> impl Iterator<Item = usize> {
        let mut at = step.ending;
        std::iter::from_fn(move || {
            let ending = self.endings.get(at as usize)?;
            at = ending.shorter;
            Some(ending.pattern as usize)
        })
    }
}

/// The edges between states other than the root: open addressing, a power of two long, at most half full.
#[derive(Debug)]
struct Edges {
    table: Vec<Edge>,
    /// A bit by hash for every edge, a power of two words long, at most one bit in sixteen set.
    filter: Vec<u64>,
    /// How far a hash is shifted for its bit in the filter.
    shift: u32,
}

#[derive(Clone, Copy, Debug)]
struct Edge {
    /// 0 in a free place: no edge from the root stands here.
    from: State,
    token: Token,
    step: Step,
}

impl Default for Edges {
    fn default() -> Self {
        Self::for_at_most(0)
    }
}

impl Edges {
    fn for_at_most(count: usize) -> Self {
        let bits = (count * 16).next_power_of_two().max(64);
        let free = Edge { from: 0, token: 0, step: Step { onward: 0, ending: NONE } };
        Self {
            table: vec![free; (count * 2).next_power_of_two().max(2)],
            filter: vec![0; bits / 64],
            shift: u64::BITS - bits.trailing_zeros(),
        }
    }

    #[inline(always)]
    fn hash(from: State, token: Token) -> u64 {
        (u64::from(from) << 32 | u64::from(token)).wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }

    /// The word of the filter that holds the bit of a hash, and the bit.
    #[inline(always)]
    fn bit(&self, hash: u64) -> (usize, u64) {
        let at = hash >> self.shift;
        ((at / 64) as usize, 1 << (at % 64))
    }

    /// The place of an edge, or the free one where it belongs.
    #[inline(always)]
    fn place(&self, hash: u64, from: State, token: Token) -> usize {
        let mut at = (hash >> 32) as usize & (self.table.len() - 1);
        while self.table[at].from != 0 && (self.table[at].from, self.table[at].token) != (from, token) {
            at = (at + 1) & (self.table.len() - 1);
        }
        at
    }

    #[inline(always)]
    fn get(&self, from: State, token: Token) -> Option<Step> {
        let hash = Self::hash(from, token);
        let (word, bit) = self.bit(hash);
        if self.filter[word] & bit == 0 {
            return None;
        }
        let edge = self.table[self.place(hash, from, token)];
        (edge.from != 0).then_some(edge.step)
    }

    fn insert(&mut self, from: State, token: Token, step: Step) {
        let hash = Self::hash(from, token);
        let place = self.place(hash, from, token);
        self.table[place] = Edge { from, token, step };
        let (word, bit) = self.bit(hash);
        self.filter[word] |= bit;
    }

    fn steps_mut(&mut self) -> impl Iterator<Item = &mut Step> {
        self.table.iter_mut().filter(|edge| edge.from != 0).map(|edge| &mut edge.step)
    }
}
