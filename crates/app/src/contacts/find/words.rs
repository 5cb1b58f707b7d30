//! The words that are looked for, and where a transcript has them.

use std::{borrow::Cow, collections::BTreeSet};
use touchline_analysis::text::{is_mark, normal};
use touchline_model::{Contact, Invalid, MediaTime, Segment, SpeakerType, TopicScope, Transcript, Word};
use touchline_store::{LONGEST_INDEXED, WordsOf};

/// Words and phrases of one search at most.
const MOST_TERMS: usize = 20;

/// Words and phrases that must all occur, in normal form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Terms(Vec<Vec<String>>);

/// Whose words count, and when.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scope {
    pub(super) speaker: TopicScope,
    pub(super) from: Option<MediaTime>,
    pub(super) to: Option<MediaTime>,
}

/// Where a term was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Hit {
    /// Which one.
    pub(super) term: usize,
    /// Position of its first word in the transcript.
    pub(super) first: usize,
    /// Position of its last word.
    pub(super) last: usize,
}

/// The hits in what one speaker says without a break.
#[derive(Debug)]
pub(super) struct Passage {
    pub(super) segment: Segment,
    pub(super) side: SpeakerType,
    /// In the order of their first words.
    pub(super) hits: Vec<Hit>,
}

impl Terms {
    /// Reads what somebody typed: words, and phrases in double quotes. `None` when nothing was typed.
    pub(super) fn read(text: &str) -> Result<Option<Self>, Invalid> {
        if text.trim().is_empty() {
            return Ok(None);
        }
        let mut terms: Vec<Vec<String>> = Vec::new();
        // What stands at odd places is quoted; a quote that is not closed reaches to the end.
        for (at, part) in text.split(['"', '\u{201c}', '\u{201d}', '\u{201e}']).enumerate() {
            let words = part.split_whitespace().map(normal).filter(|word| !word.is_empty());
            let words: Vec<String> = words.map(Cow::into_owned).collect();
            match at % 2 {
                0 => terms.extend(words.into_iter().map(|word| vec![word])),
                _ if words.is_empty() => {}
                _ => terms.push(words),
            }
        }
        let mut seen = BTreeSet::new();
        terms.retain(|term| seen.insert(term.clone()));
        if terms.is_empty() {
            return Err(Invalid::new("text", "holds no word that could be found"));
        }
        if terms.len() > MOST_TERMS {
            return Err(Invalid::new("text", format!("has more than {MOST_TERMS} words and phrases")));
        }
        Ok(Some(Self(terms)))
    }

    /// Whether the index of words says by itself who has them: they are single words, none cut short there.
    pub(super) fn are_in_the_index(&self) -> bool {
        self.0.iter().all(|term| matches!(&term[..], [word] if word.len() <= LONGEST_INDEXED))
    }

    /// Every word of them.
    pub(super) fn words(&self) -> BTreeSet<String> {
        self.0.iter().flatten().cloned().collect()
    }

    /// The passages with hits, in order; `None` when one of the terms is missing.
    pub(super) fn find(&self, transcript: &Transcript, scope: Scope) -> Option<Vec<Passage>> {
        let mut found = Vec::new();
        let mut missing: BTreeSet<usize> = (0..self.0.len()).collect();
        let mut tokens: Vec<(Cow<'_, str>, usize)> = Vec::new();
        for segment in transcript.segments() {
            let side = transcript.speaker_type(segment.speaker);
            let words = transcript.words.get(segment.first..segment.end).unwrap_or_default();
            if !scope.speaker.covers(side) {
                continue;
            }
            tokens.clear();
            for (number, word) in (segment.first..).zip(words) {
                each_token(word, |token| tokens.push((token, number)));
            }
            let mut hits = Vec::new();
            for at in 0..tokens.len() {
                for (number, term) in self.0.iter().enumerate() {
                    let there = tokens.get(at..at + term.len()).unwrap_or_default();
                    let (Some((_, first)), Some((_, last))) = (there.first(), there.last()) else { continue };
                    if there.iter().zip(term).all(|((token, _), wanted)| token == wanted)
                        && scope.holds(&transcript.words, *first, *last)
                    {
                        missing.remove(&number);
                        hits.push(Hit { term: number, first: *first, last: *last });
                    }
                }
            }
            if !hits.is_empty() {
                found.push(Passage { segment, side, hits });
            }
        }
        missing.is_empty().then_some(found)
    }
}

impl Scope {
    /// Whether everybody's words count, at any time.
    pub(super) fn is_everything(self) -> bool {
        self.speaker == TopicScope::Any && self.from.is_none() && self.to.is_none()
    }

    /// Whether words lie inside the times that are asked for.
    fn holds(self, words: &[Word], first: usize, last: usize) -> bool {
        let early = |at: usize| self.from.is_some_and(|from| words[at].start < from);
        let late = |at: usize| self.to.is_some_and(|to| words[at].start >= to);
        !early(first) && !late(last)
    }
}

/// The tokens of a word with its punctuation, in normal form, as topics see them.
fn each_token<'w>(word: &'w Word, mut take: impl FnMut(Cow<'w, str>)) {
    let marks = word.punctuation.as_deref().unwrap_or_default();
    if word.text.contains(char::is_whitespace) || !marks.chars().all(is_mark) {
        let joined = format!("{}{marks}", word.text);
        for token in joined.split_whitespace().map(normal).filter(|token| !token.is_empty()) {
            take(Cow::Owned(token.into_owned()));
        }
        return;
    }
    let token = normal(&word.text);
    if !token.is_empty() {
        take(token);
    }
}

/// The words by which a transcript can be found, in normal form.
pub(crate) fn words_of(transcript: &Transcript) -> BTreeSet<String> {
    let mut tokens: Vec<Cow<'_, str>> = Vec::with_capacity(transcript.words.len());
    for word in &transcript.words {
        each_token(word, |token| tokens.push(token));
    }
    tokens.sort_unstable();
    tokens.dedup();
    tokens.into_iter().map(Cow::into_owned).collect()
}

/// A contact as it is indexed by its words.
pub(crate) fn indexed(contact: &Contact, said: &Transcript) -> WordsOf {
    WordsOf {
        contact: contact.id.0.clone(),
        started_at: contact.started_at,
        agent: contact.agent_id.as_ref().map(|agent| agent.0.clone()),
        words: words_of(said),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use touchline_model::Speaker;

    fn terms(text: &str) -> Vec<Vec<String>> {
        Terms::read(text).unwrap().unwrap().0
    }

    /// Words of the sides I, E and U by turns, one a second; marks at the end of a word are its punctuation.
    fn said(turns: &[(u16, &str)]) -> Transcript {
        let words = turns.iter().flat_map(|(speaker, text)| text.split(' ').map(|word| (*speaker, word)));
        let word = |(at, (speaker, text)): (usize, (u16, &str))| {
            let bare = text.trim_end_matches([',', '.', '?', '!']);
            let marks = &text[bare.len()..];
            let start = MediaTime::from_micros(at as i64 * 1_000_000);
            Word {
                start,
                end: start,
                text: bare.to_owned(),
                punctuation: (!marks.is_empty()).then(|| marks.to_owned()),
                speaker,
                confidence: None,
            }
        };
        let side = |number, side| Speaker { number, speaker_type: Some(side), ..Speaker::default() };
        Transcript {
            speakers: vec![side(0, SpeakerType::Internal), side(1, SpeakerType::External)],
            words: words.enumerate().map(word).collect(),
        }
    }

    fn places(text: &str, transcript: &Transcript, scope: Scope) -> Vec<(usize, usize, usize)> {
        let found = Terms::read(text).unwrap().unwrap().find(transcript, scope).unwrap_or_default();
        found.iter().flat_map(|it| &it.hits).map(|hit| (hit.term, hit.first, hit.last)).collect()
    }

    const ALL: Scope = Scope { speaker: TopicScope::Any, from: None, to: None };

    #[test]
    fn quotes_make_phrases_and_the_rest_are_words() {
        assert_eq!(terms("Money, BACK!"), [["money"], ["back"]]);
        assert_eq!(
            terms(" refund \u{201c}my  Money,\u{201d} refund \"\" now\"to the end"),
            [
                vec!["refund".to_owned()],
                vec!["my".to_owned(), "money".to_owned()],
                vec!["now".to_owned()],
                vec!["to".to_owned(), "the".to_owned(), "end".to_owned()],
            ]
        );
        assert_eq!(Terms::read("  ").unwrap(), None);
        assert_eq!(Terms::read("?! \"...\"").unwrap_err().field, "text");
        assert_eq!(Terms::read("a b c d e f g h i j k l m n o p q r s t u").unwrap_err().field, "text");
    }

    #[test]
    fn a_phrase_reaches_across_punctuation_but_not_across_speakers() {
        let call = said(&[(0, "I want my money, back."), (1, "Your money?"), (0, "Back to me - Straße 5!")]);
        assert_eq!(places("\"MONEY back\"", &call, ALL), [(0, 3, 4)]);
        assert_eq!(places("money", &call, ALL), [(0, 3, 3), (0, 6, 6)]);
        assert_eq!(places("\"me strasse 5\"", &call, ALL), [(0, 9, 12)], "mere punctuation is stepped over");
        assert_eq!(places("back want", &call, ALL), [(1, 1, 1), (0, 4, 4), (0, 7, 7)]);
        assert_eq!(places("back wants", &call, ALL), [], "every word must occur");
        assert_eq!(places("\"back your\"", &call, ALL), []);
    }

    #[test]
    fn only_the_words_of_one_side_or_time_count() {
        let call = said(&[(0, "yes we can"), (1, "can you"), (2, "can")]);
        let by = |speaker| Scope { speaker, ..ALL };
        assert_eq!(places("can", &call, by(TopicScope::Internal)), [(0, 2, 2)]);
        assert_eq!(places("can", &call, by(TopicScope::External)), [(0, 3, 3)]);
        assert_eq!(places("can", &call, ALL).len(), 3);
        assert_eq!(places("can we", &call, by(TopicScope::External)), []);
        let time = |from: f64, to: f64| Scope {
            from: Some(MediaTime::from_secs(from)),
            to: Some(MediaTime::from_secs(to)),
            ..ALL
        };
        assert_eq!(
            places("can", &call, time(3.0, 5.0)),
            [(0, 3, 3)],
            "from the first instant, before the last"
        );
        assert_eq!(places("\"we can\"", &call, time(0.0, 2.0)), []);
        assert_eq!(places("\"we can\"", &call, time(1.0, 2.5)), [(0, 1, 2)]);
    }

    #[test]
    fn what_is_indexed_is_what_can_be_found() {
        let mut call = said(&[(0, "Hello, HELLO there 5.50 - it's")]);
        call.words[2].text = "two Words".to_owned();
        call.words[2].punctuation = Some("x!".to_owned());
        let words: Vec<String> = words_of(&call).into_iter().collect();
        assert_eq!(words, ["5.50", "hello", "it's", "two", "wordsx"]);
        for word in &words {
            assert!(Terms::read(word).unwrap().unwrap().find(&call, ALL).is_some(), "{word}");
        }
    }
}
