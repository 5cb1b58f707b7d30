//! Where topics were found in a transcript (contract §4.6, X-27, R-10, R-11).
//!
//! All phrases of all topics make one Aho-Corasick automaton, built once for a set of topics. A phrase is written
//! into it as its normal tokens, each between two separators (a byte that UTF-8 never uses), so that whole tokens
//! are found and nothing else. The automaton is driven over the words as they lie in the transcript: nothing is
//! copied, and because every phrase starts with a separator, the rest of a token is skipped as soon as the
//! automaton is back at its root.

use crate::text;
use aho_corasick::{
    Anchored, StartKind,
    automaton::{Automaton, StateID},
    dfa, nfa,
};
use std::{cmp::Reverse, collections::HashMap};
use touchline_model::{QuestionCounts, SpeakerType, Topic, TopicHit, TopicId, TopicScope, Transcript, Word};

/// Between tokens. No UTF-8 text holds this byte.
const SEPARATOR: u8 = 0xff;

/// Phrases of more bytes than this go into the smaller, slower automaton: a state of the fast one takes up to
/// 256 bytes for ordinary text, so this much makes 64 MiB.
const FAST_LIMIT: usize = 256 * 1024;

/// What ASCII case folding makes of each byte; the other bytes stay.
static FOLDED: [u8; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = (byte as u8).to_ascii_lowercase();
        byte += 1;
    }
    table
};

/// Finds the phrases of a set of topics. Build it once, use it for many transcripts, from many threads.
#[derive(Debug)]
pub struct TopicMatcher {
    engine: Engine,
    /// By pattern number of the automaton.
    patterns: Vec<Pattern>,
}

#[derive(Debug)]
enum Engine {
    /// No phrase at all.
    Idle,
    /// One table lookup a byte.
    Fast(Box<dfa::DFA>),
    /// Several times smaller, for very many phrases.
    Compact(Box<nfa::contiguous::NFA>),
}

/// A phrase in normal form, and who wants it.
#[derive(Debug)]
struct Pattern {
    /// Number of tokens.
    tokens: usize,
    /// The topics that hold it, ordered by phrase as written, then topic.
    wanted: Vec<Wanted>,
}

#[derive(Debug)]
struct Wanted {
    topic: TopicId,
    scope: TopicScope,
    canonical_questions: bool,
    /// The topic's phrases of this normal form, as written, sorted, each once.
    phrases: Vec<String>,
}

/// What was found in a transcript.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TopicHits {
    /// Every occurrence, ordered by segment, first token, longer first, then phrase (contract R-10).
    pub hits: Vec<TopicHit>,
    /// Sentences with a canonical question, by side.
    pub questions: QuestionCounts,
}

/// One occurrence, without copies of the phrases. The fields are those of [`TopicHit`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found<'m> {
    /// The topic.
    pub topic: TopicId,
    /// The topic's phrases, as written, that equal this span.
    pub phrases: &'m [String],
    /// Position of the segment in the transcript.
    pub segment: u32,
    /// Position of the first token in the segment's text.
    pub first_token: u32,
    /// Position of the last token, inclusive.
    pub last_token: u32,
    /// Position in the transcript of the word that holds the first token.
    pub first_word: u32,
    /// Position in the transcript of the word that holds the last token.
    pub last_word: u32,
}

impl Found<'_> {
    /// A copy that lasts.
    pub fn to_hit(&self) -> TopicHit {
        TopicHit {
            topic: self.topic,
            phrases: self.phrases.to_vec(),
            segment: self.segment,
            first_token: self.first_token,
            last_token: self.last_token,
            first_word: self.first_word,
            last_word: self.last_word,
        }
    }
}

/// A phrase as the automaton holds it, with its number of tokens; none for a phrase of mere punctuation.
fn pattern_of(phrase: &str) -> Option<(Vec<u8>, usize)> {
    let mut bytes = vec![SEPARATOR];
    let mut tokens = 0;
    for token in phrase.split_whitespace().map(text::normal).filter(|token| !token.is_empty()) {
        bytes.extend_from_slice(token.as_bytes());
        bytes.push(SEPARATOR);
        tokens += 1;
    }
    (tokens > 0).then_some((bytes, tokens))
}

impl TopicMatcher {
    /// Builds the automaton. Inactive topics match nothing (contract R-11), nor do phrases of mere punctuation.
    pub fn new(topics: &[Topic]) -> Self {
        let mut numbers: HashMap<Vec<u8>, usize> = HashMap::new();
        let mut patterns: Vec<Pattern> = Vec::new();
        for topic in topics.iter().filter(|topic| topic.active) {
            for phrase in &topic.phrases {
                let Some((bytes, tokens)) = pattern_of(phrase) else { continue };
                let number = *numbers.entry(bytes).or_insert(patterns.len());
                if number == patterns.len() {
                    patterns.push(Pattern { tokens, wanted: Vec::new() });
                }
                let wanted = &mut patterns[number].wanted;
                match wanted.iter_mut().find(|wanted| wanted.topic == topic.id) {
                    Some(known) => known.phrases.push(phrase.clone()),
                    None => wanted.push(Wanted {
                        topic: topic.id,
                        scope: topic.scope,
                        canonical_questions: topic.canonical_questions,
                        phrases: vec![phrase.clone()],
                    }),
                }
            }
        }
        for pattern in &mut patterns {
            for wanted in &mut pattern.wanted {
                wanted.phrases.sort_unstable();
                wanted.phrases.dedup();
            }
            pattern.wanted.sort_by(|a, b| (&a.phrases, a.topic).cmp(&(&b.phrases, b.topic)));
        }
        let mut ordered: Vec<&[u8]> = vec![&[]; patterns.len()];
        for (bytes, number) in &numbers {
            ordered[*number] = bytes;
        }
        Self { engine: Engine::build(&ordered), patterns }
    }

    /// Everything that is found in a transcript.
    pub fn find(&self, transcript: &Transcript) -> TopicHits {
        let mut hits = Vec::new();
        let questions = self.visit(transcript, |found| hits.push(found.to_hit()));
        TopicHits { hits, questions }
    }

    /// Shows everything that is found to `each`, in the order of [`TopicHits::hits`], without copying phrases.
    pub fn visit<'m>(&'m self, transcript: &Transcript, each: impl FnMut(Found<'m>)) -> QuestionCounts {
        match &self.engine {
            Engine::Idle => QuestionCounts::default(),
            Engine::Fast(automaton) => self.drive(automaton.as_ref(), transcript, each),
            Engine::Compact(automaton) => self.drive(automaton.as_ref(), transcript, each),
        }
    }

    fn drive<'m, A: Automaton>(
        &'m self,
        automaton: &A,
        transcript: &Transcript,
        mut each: impl FnMut(Found<'m>),
    ) -> QuestionCounts {
        let mut questions = QuestionCounts::default();
        let Some(mut scan) = Scan::new(automaton, &self.patterns) else { return questions };
        let mut first_word = 0;
        let segments = transcript.words.chunk_by(|one, next| one.speaker == next.speaker);
        for (segment, words) in (0u32..).zip(segments) {
            let side = words.first().map(|word| transcript.speaker_type(word.speaker)).unwrap_or_default();
            scan.segment(words, first_word, side);
            // Same start and same end can only be the same phrase, so the order is complete.
            scan.spans.sort_unstable_by_key(|span| (span.first_token, Reverse(span.last_token)));
            scan.asked.clear();
            for span in &scan.spans {
                for wanted in self.patterns[span.pattern].wanted.iter().filter(|w| w.scope.covers(side)) {
                    if wanted.canonical_questions && scan.asked.last() != Some(&span.first_token) {
                        scan.asked.push(span.first_token);
                    }
                    each(Found {
                        topic: wanted.topic,
                        phrases: &wanted.phrases,
                        segment,
                        first_token: span.first_token,
                        last_token: span.last_token,
                        first_word: span.first_word,
                        last_word: span.last_word,
                    });
                }
            }
            let end = first_word + words.len();
            if !scan.asked.is_empty() {
                let sentences = sentences_holding(&transcript.text(first_word, end), &scan.asked);
                match side {
                    SpeakerType::Internal => questions.internal += sentences,
                    SpeakerType::External => questions.external += sentences,
                    SpeakerType::Unknown => questions.unknown += sentences,
                }
            }
            first_word = end;
        }
        questions
    }
}

impl Engine {
    fn build(patterns: &[&[u8]]) -> Self {
        if patterns.is_empty() {
            return Self::Idle;
        }
        if patterns.iter().map(|pattern| pattern.len()).sum::<usize>() <= FAST_LIMIT {
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
}

/// A phrase found in the segment at hand.
struct Span {
    first_token: u32,
    last_token: u32,
    first_word: u32,
    last_word: u32,
    pattern: usize,
}

/// The automaton on its way through a transcript, with buffers that are used again for every segment.
struct Scan<'m, A> {
    automaton: &'m A,
    patterns: &'m [Pattern],
    /// Where no phrase is under way.
    root: StateID,
    /// Where a token may begin a phrase.
    fresh: StateID,
    /// Token and word of each token that is more than punctuation.
    kept: Vec<(u32, u32)>,
    spans: Vec<Span>,
    /// First tokens of canonical questions, ascending.
    asked: Vec<u32>,
    /// A word with its punctuation, when they must be looked at together.
    joined: String,
}

impl<'m, A: Automaton> Scan<'m, A> {
    fn new(automaton: &'m A, patterns: &'m [Pattern]) -> Option<Self> {
        let root = automaton.start_state(Anchored::No).ok()?;
        let fresh = automaton.next_state(Anchored::No, root, SEPARATOR);
        let (kept, spans, asked) = (Vec::new(), Vec::new(), Vec::new());
        Some(Self { automaton, patterns, root, fresh, kept, spans, asked, joined: String::new() })
    }

    /// Fills `spans` with what a segment holds for this side. `first_word` is the position of its first word.
    fn segment(&mut self, words: &[Word], first_word: usize, side: SpeakerType) {
        self.kept.clear();
        self.spans.clear();
        let mut state = self.fresh;
        let mut token = 0u32;
        for (number, word) in (first_word as u32..).zip(words) {
            if let Some(core) = plain(word) {
                if !core.is_empty() {
                    state = self.step(state, core, (token, number), side);
                }
                token += 1;
                continue;
            }
            let mut joined = std::mem::take(&mut self.joined);
            joined.clear();
            joined.push_str(&word.text);
            joined.push_str(word.punctuation.as_deref().unwrap_or_default());
            for part in joined.split_whitespace() {
                let normal = text::normal(part);
                if !normal.is_empty() {
                    state = self.step(state, normal.as_bytes(), (token, number), side);
                }
                token += 1;
            }
            self.joined = joined;
        }
    }

    /// Takes one token that is more than punctuation, and notes the phrases that end with it.
    #[inline(always)]
    fn step(&mut self, mut state: StateID, token: &[u8], place: (u32, u32), side: SpeakerType) -> StateID {
        self.kept.push(place);
        for &byte in token {
            state = self.automaton.next_state(Anchored::No, state, FOLDED[usize::from(byte)]);
            if state == self.root {
                return self.fresh;
            }
        }
        state = self.automaton.next_state(Anchored::No, state, SEPARATOR);
        if self.automaton.is_match(state) {
            self.note(state, side);
        }
        state
    }

    #[cold]
    fn note(&mut self, state: StateID, side: SpeakerType) {
        for nth in 0..self.automaton.match_len(state) {
            let pattern = self.automaton.match_pattern(state, nth).as_usize();
            let Pattern { tokens, wanted } = &self.patterns[pattern];
            if !wanted.iter().any(|wanted| wanted.scope.covers(side)) {
                continue;
            }
            let (first_token, first_word) = self.kept[self.kept.len() - tokens];
            let (last_token, last_word) = self.kept[self.kept.len() - 1];
            self.spans.push(Span { first_token, last_token, first_word, last_word, pattern });
        }
    }
}

/// The stripped token of a word that is one ASCII token with mere punctuation after it, which nearly all are.
#[inline(always)]
pub(crate) fn plain(word: &Word) -> Option<&[u8]> {
    let text = word.text.as_bytes();
    let odd = text.iter().fold(text.is_empty(), |odd, &b| odd | !(0x21..0x80).contains(&b));
    if odd || word.punctuation.as_ref().is_some_and(|p| !p.bytes().all(|b| b.is_ascii_punctuation())) {
        return None;
    }
    let (first, last) = (text.first()?, text.last()?);
    if !first.is_ascii_punctuation() && !last.is_ascii_punctuation() {
        return Some(text);
    }
    Some(text::strip(&word.text).as_bytes())
}

/// In how many sentences of a segment's text a token of `asked` lies (ascending positions). A phrase that runs on
/// into the next sentence counts where it begins.
fn sentences_holding(text: &str, asked: &[u32]) -> u32 {
    let (mut asked, mut sentence, mut last, mut count) = (asked.iter().peekable(), 0, None, 0);
    for (position, token) in (0u32..).zip(text.split_whitespace()) {
        let core = token.len() - token.trim_start_matches(text::is_mark).len();
        let ends = |from, to| (from..to).filter(|&at| text::ends_sentence(token, at)).count();
        sentence += ends(0, core);
        if asked.next_if(|asked| **asked == position).is_some() && last.replace(sentence) != Some(sentence) {
            count += 1;
        }
        sentence += ends(core, token.len());
    }
    count
}

#[cfg(test)]
#[path = "topics_tests.rs"]
mod tests;
