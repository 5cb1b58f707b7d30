//! Where topics were found in a transcript (contract §4.6, X-27, R-10, R-11).
//!
//! All phrases of all topics make one Aho-Corasick automaton, built once for a set of topics. Its letters are whole
//! tokens, so only whole tokens can match. Words of a call are looked up in the vocabulary of the phrases as they lie
//! in the transcript; a word that no phrase holds costs that lookup and nothing else.

mod automaton;
mod scan;
mod vocabulary;

use crate::{on_cores, text};
use automaton::Automaton;
use scan::Scan;
use std::{borrow::Cow, cmp::Reverse, collections::HashMap, sync::Arc};
use touchline_model::{QuestionCounts, SpeakerType, Topic, TopicHit, TopicId, TopicScope, Transcript};
use vocabulary::{Token, Vocabulary};

/// Finds the phrases of a set of topics. Build it once, use it for many transcripts, from many threads.
#[derive(Debug)]
pub struct TopicMatcher {
    vocabulary: Vocabulary,
    automaton: Automaton,
    /// By pattern number of the automaton.
    patterns: Vec<Pattern>,
}

/// A phrase in normal form, and who wants it.
#[derive(Debug)]
struct Pattern {
    /// Number of tokens.
    tokens: usize,
    /// Whether anybody wants it of such a speaker, by [`SpeakerType`].
    heard: [bool; 3],
    /// The topics that hold it, ordered by phrase as written, then topic.
    wanted: Vec<Wanted>,
}

#[derive(Debug)]
struct Wanted {
    topic: TopicId,
    scope: TopicScope,
    canonical_questions: bool,
    /// The topic's phrases of this normal form, as written, sorted, each once.
    phrases: Arc<[String]>,
}

/// A topic that holds a phrase, and how it writes it.
type Holder<'t> = (&'t Topic, Vec<String>);

/// So many words are worth another thread: they take several times as long as starting one.
const WORDS_A_HELPER: usize = 5_000;

/// What was found in a transcript.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TopicHits {
    /// Every occurrence, ordered by segment, first token, longer first, then phrase (contract R-10).
    pub hits: Vec<TopicHit>,
    /// Sentences with a canonical question, by side.
    pub questions: QuestionCounts,
}

/// One occurrence. The fields are those of [`TopicHit`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found<'m> {
    /// The topic.
    pub topic: TopicId,
    /// The topic's phrases, as written, that equal this span.
    pub phrases: &'m Arc<[String]>,
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
    /// One that lasts; it shares the phrases.
    pub fn to_hit(&self) -> TopicHit {
        TopicHit {
            topic: self.topic,
            phrases: self.phrases.clone(),
            segment: self.segment,
            first_token: self.first_token,
            last_token: self.last_token,
            first_word: self.first_word,
            last_word: self.last_word,
        }
    }
}

/// The tokens of a phrase; tokens of mere punctuation are stepped over (contract R-10).
fn tokens_of(phrase: &str) -> impl Iterator<Item = Cow<'_, str>> {
    phrase.split_whitespace().map(text::normal).filter(|token| !token.is_empty())
}

impl TopicMatcher {
    /// Builds the automaton. Inactive topics match nothing (contract R-11), nor do phrases of mere punctuation.
    pub fn new(topics: &[Topic]) -> Self {
        let mut vocabulary = Vocabulary::default();
        let mut numbers: HashMap<Vec<Token>, usize> = HashMap::new();
        // By pattern: how many tokens, and each topic that holds it with its phrases.
        let mut drafts: Vec<(usize, Vec<Holder<'_>>)> = Vec::new();
        for topic in topics.iter().filter(|topic| topic.active) {
            for phrase in &topic.phrases {
                let tokens: Vec<Token> = tokens_of(phrase).map(|token| vocabulary.number(&token)).collect();
                let length = tokens.len();
                if length == 0 {
                    continue;
                }
                let number = *numbers.entry(tokens).or_insert(drafts.len());
                if number == drafts.len() {
                    drafts.push((length, Vec::new()));
                }
                let holders = &mut drafts[number].1;
                match holders.iter_mut().find(|(holder, _)| holder.id == topic.id) {
                    Some((_, phrases)) => phrases.push(phrase.clone()),
                    None => holders.push((topic, vec![phrase.clone()])),
                }
            }
        }
        let pattern = |(tokens, mut holders): (usize, Vec<Holder<'_>>)| {
            for (_, phrases) in &mut holders {
                phrases.sort_unstable();
                phrases.dedup();
            }
            holders.sort_by(|(a, one), (b, other)| (one, a.id).cmp(&(other, b.id)));
            let wanted = |(topic, phrases): Holder<'_>| Wanted {
                topic: topic.id,
                scope: topic.scope,
                canonical_questions: topic.canonical_questions,
                phrases: phrases.into(),
            };
            let mut heard = [false; 3];
            for side in [SpeakerType::Internal, SpeakerType::External, SpeakerType::Unknown] {
                heard[side as usize] = holders.iter().any(|(topic, _)| topic.scope.covers(side));
            }
            Pattern { tokens, heard, wanted: holders.into_iter().map(wanted).collect() }
        };
        let patterns: Vec<Pattern> = drafts.into_iter().map(pattern).collect();
        vocabulary.seal();
        let mut ordered = vec![Vec::new(); patterns.len()];
        for (tokens, number) in numbers {
            ordered[number] = tokens;
        }
        let automaton = Automaton::new(&ordered, vocabulary.len());
        Self { vocabulary, automaton, patterns }
    }

    /// Everything that is found in a transcript.
    pub fn find(&self, transcript: &Transcript) -> TopicHits {
        let mut hits = Vec::new();
        let questions = self.visit(transcript, |found| hits.push(found.to_hit()));
        TopicHits { hits, questions }
    }

    /// What [`TopicMatcher::find`] says of each transcript, in their order, worked out on all cores that are free (see
    /// [`on_cores`]).
    pub fn find_many(&self, transcripts: &[Transcript]) -> Vec<TopicHits> {
        let words: usize = transcripts.iter().map(|transcript| transcript.words.len()).sum();
        on_cores(words / WORDS_A_HELPER, transcripts, |transcript| self.find(transcript))
    }

    /// Shows everything that is found to `each`, in the order of [`TopicHits::hits`], and keeps nothing.
    pub fn visit<'m>(&'m self, transcript: &Transcript, mut each: impl FnMut(Found<'m>)) -> QuestionCounts {
        let mut questions = QuestionCounts::default();
        if self.automaton.is_empty() {
            return questions;
        }
        let mut scan = Scan::new(self);
        let mut first_word = 0;
        let segments = transcript.words.chunk_by(|one, next| one.speaker == next.speaker);
        for (segment, words) in (0u32..).zip(segments) {
            let side = words.first().map(|word| transcript.speaker_type(word.speaker)).unwrap_or_default();
            scan.segment(words, first_word, side);
            // Same start and same end can only be the same phrase, so the order is complete.
            if scan.spans.len() > 1 {
                scan.spans.sort_unstable_by_key(|span| (span.first_token, Reverse(span.last_token)));
            }
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
mod tests;
