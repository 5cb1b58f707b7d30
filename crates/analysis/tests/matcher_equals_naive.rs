//! The automaton finds exactly what a plain reading of the rules finds, on random text.
#![expect(clippy::unwrap_used, reason = "a test that cannot read its data fails")]

use proptest::prelude::*;
use std::{cmp::Reverse, collections::BTreeSet};
use touchline_analysis::{TopicHits, TopicMatcher, matching_text};
use touchline_model::{
    MediaTime, QuestionCounts, Speaker, SpeakerType, Topic, TopicHit, TopicId, TopicScope, Transcript, Word,
};
use unicode_general_category::get_general_category;

/// P* and S* by the category's own abbreviation, so that the list of categories is checked too.
fn mark(c: char) -> bool {
    get_general_category(c).abbreviation().starts_with(['P', 'S'])
}

fn normal(token: &str) -> String {
    caseless::default_case_fold_str(token.trim_matches(mark))
}

/// The sentence (number of ends before it) of every character of a text.
fn sentence_at(text: &str, place: usize) -> usize {
    let chars: Vec<(usize, char)> = text.char_indices().collect();
    let ends = |at: usize| match chars[at].1 {
        '?' | '!' => true,
        '.' => {
            let digit = |i: usize| chars.get(i).is_some_and(|(_, c)| c.is_numeric());
            !(at > 0 && digit(at - 1) && digit(at + 1))
        }
        _ => false,
    };
    (0..chars.len()).filter(|&at| chars[at].0 < place && ends(at)).count()
}

/// Contract §4.6, X-27, R-10 read aloud: every segment, every token, every topic, every phrase.
fn naive(topics: &[Topic], transcript: &Transcript) -> TopicHits {
    let mut result = TopicHits::default();
    for (number, segment) in transcript.segments().iter().enumerate() {
        let side = transcript.speaker_type(segment.speaker);
        let text = transcript.text(segment.first, segment.end);
        let mut tokens = Vec::new();
        for token in text.split_whitespace() {
            let offset = token.as_ptr() as usize - text.as_ptr() as usize;
            let inner = token.len() - token.trim_start_matches(mark).len();
            tokens.push((normal(token), offset + inner));
        }
        // The word of a token: count the tokens of the text up to and with each word.
        let word_of = |token: usize| {
            (segment.first..segment.end)
                .find(|word| transcript.text(segment.first, word + 1).split_whitespace().count() > token)
                .unwrap()
        };
        let kept: Vec<usize> = (0..tokens.len()).filter(|&at| !tokens[at].0.is_empty()).collect();
        let (mut hits, mut sentences) = (Vec::new(), BTreeSet::new());
        for start in 0..kept.len() {
            for end in start..kept.len() {
                let span: Vec<&str> = kept[start..=end].iter().map(|&at| tokens[at].0.as_str()).collect();
                for topic in topics.iter().filter(|topic| topic.active && topic.scope.covers(side)) {
                    let equal = |phrase: &&String| {
                        let phrase: Vec<_> =
                            phrase.split_whitespace().map(normal).filter(|t| !t.is_empty()).collect();
                        phrase == span
                    };
                    let phrases: BTreeSet<_> = topic.phrases.iter().filter(equal).cloned().collect();
                    if phrases.is_empty() {
                        continue;
                    }
                    if topic.canonical_questions {
                        sentences.insert(sentence_at(&text, tokens[kept[start]].1));
                    }
                    hits.push(TopicHit {
                        topic: topic.id,
                        phrases: phrases.into_iter().collect(),
                        segment: number as u32,
                        first_token: kept[start] as u32,
                        last_token: kept[end] as u32,
                        first_word: word_of(kept[start]) as u32,
                        last_word: word_of(kept[end]) as u32,
                    });
                }
            }
        }
        hits.sort_by_key(|h| (h.first_token, Reverse(h.last_token), h.phrases.clone(), h.topic));
        result.hits.extend(hits);
        let QuestionCounts { internal, external, unknown } = &mut result.questions;
        *match side {
            SpeakerType::Internal => internal,
            SpeakerType::External => external,
            SpeakerType::Unknown => unknown,
        } += sentences.len() as u32;
    }
    result
}

/// Few letters and marks, so that matches are frequent and the odd cases meet each other.
const PIECES: &[&str] = &[
    "a",
    "A",
    "b",
    "ab",
    "ba",
    "Ab",
    "\u{df}",
    "ss",
    "SS",
    "\u{1e9e}",
    "\u{130}",
    "\u{3a3}",
    "\u{3c2}",
    "3.5",
    "a.b",
    "it's",
    "\u{20ac}5",
    "-",
    "\u{2014}",
    "...",
    "\"a\"",
    "\u{bf}b?",
    "a b",
    "b-a",
    "\u{a0}",
    "a\u{2003}a",
    "a\tb",
    "\u{301}",
    "!a!b!",
];

fn piece() -> impl Strategy<Value = String> {
    prop_oneof![9 => prop::sample::select(PIECES).prop_map(str::to_owned), 1 => "\\PC{0,3}"]
}

prop_compose! {
    fn words()(list in prop::collection::vec(
        (piece(), prop::option::of(prop::sample::select(&[".", "?", "!", ",", " - b", "'s", "..."][..])), 0u16..3, 0..4u8),
        0..40,
    )) -> Vec<Word> {
        let mut speaker = 0;
        (0..).zip(list).map(|(at, (text, punctuation, next, change))| {
            speaker = if change == 0 { next } else { speaker };
            let (start, end) = (MediaTime::from_micros(at * 10), MediaTime::from_micros(at * 10 + 9));
            Word { start, end, text, punctuation: punctuation.map(str::to_owned), speaker, confidence: None }
        }).collect()
    }
}

prop_compose! {
    fn topics()(list in prop::collection::vec(
        (
            prop::collection::vec(prop::collection::vec(piece(), 0..4).prop_map(|parts| parts.join(" ")), 0..6),
            prop::sample::select(&[TopicScope::Any, TopicScope::Internal, TopicScope::External][..]),
            any::<bool>(),
            0..5u8,
        ),
        0..5,
    )) -> Vec<Topic> {
        (1..).zip(list).map(|(id, (phrases, scope, canonical_questions, active))| Topic {
            id: TopicId(id), name: String::new(), phrases, scope, canonical_questions, active: active > 0,
        }).collect()
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    // covers(c360): S4.6, X-27, R-10, R-11
    #[test]
    fn the_automaton_finds_what_a_plain_reading_of_the_rules_finds(words in words(), topics in topics()) {
        let side = |number, side| Speaker { number, speaker_type: Some(side), ..Speaker::default() };
        let speakers = vec![side(0, SpeakerType::Internal), side(1, SpeakerType::External)];
        let transcript = Transcript { speakers, words };
        let found = TopicMatcher::new(&topics).find(&transcript);
        prop_assert_eq!(&found, &naive(&topics, &transcript));

        let segments = transcript.segments();
        for hit in &found.hits {
            let segment = segments[hit.segment as usize];
            let text = transcript.text(segment.first, segment.end);
            let tokens: Vec<&str> = text.split_whitespace().collect();
            let span = &tokens[hit.first_token as usize..=hit.last_token as usize];
            let matching = matching_text(&transcript, &segments, hit);
            prop_assert!(text.contains(&matching));
            let expected = span.join(" ");
            let shown = matching.split_whitespace().collect::<Vec<_>>().join(" ");
            prop_assert_eq!(shown, expected.trim_matches(mark));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn many_at_once_are_what_each_by_itself_is(list in prop::collection::vec(words(), 0..20), topics in topics()) {
        // So many copies that more than one thread is worth it.
        let transcripts: Vec<Transcript> =
            list.iter().cycle().take(list.len() * 20).map(|words| Transcript { words: words.clone(), ..Transcript::default() }).collect();
        let matcher = TopicMatcher::new(&topics);
        let one_by_one: Vec<TopicHits> = transcripts.iter().map(|transcript| matcher.find(transcript)).collect();
        prop_assert_eq!(matcher.find_many(&transcripts), one_by_one);
    }
}
