//! What is shown of the places where words were found.

use super::{
    Piece, Snippet,
    words::{Hit, Passage},
};
use std::collections::BTreeSet;
use touchline_model::{Segment, Transcript};

/// Snippets of one contact at most.
const MOST: usize = 3;
/// Words shown before and after the first hit of a snippet.
const AROUND: usize = 8;

/// The words to be shown, and the hits among them.
struct Window<'p> {
    passage: &'p Passage,
    first: usize,
    end: usize,
}

/// The first places of each term, then other places until there are enough; in order.
pub(super) fn snippets(transcript: &Transcript, passages: &[Passage]) -> Vec<Snippet> {
    let all = || passages.iter().flat_map(|passage| passage.hits.iter().map(move |hit| (passage, hit)));
    let mut shown: Vec<Window<'_>> = Vec::new();
    let mut terms = BTreeSet::new();
    let first_of_each = all().filter(|(_, hit)| terms.insert(hit.term));
    for (passage, hit) in first_of_each.chain(all()) {
        let there = |it: &Window<'_>| it.first <= hit.first && hit.last < it.end;
        if shown.len() < MOST && !shown.iter().any(there) {
            shown.push(window(passage, hit));
        }
    }
    shown.sort_by_key(|it| it.first);
    shown.iter().map(|it| snippet(transcript, it)).collect()
}

/// The words around the first of some places, each with its first and last word, all of them in one segment.
pub(crate) fn around(
    transcript: &Transcript,
    segment: Segment,
    places: &[(usize, usize)],
) -> Option<Snippet> {
    let hits: Vec<Hit> = places.iter().map(|&(first, last)| Hit { term: 0, first, last }).collect();
    let passage = Passage { side: transcript.speaker_type(segment.speaker), segment, hits };
    let first = passage.hits.first()?;
    Some(snippet(transcript, &window(&passage, first)))
}

fn window<'p>(passage: &'p Passage, hit: &Hit) -> Window<'p> {
    let first = hit.first.saturating_sub(AROUND).max(passage.segment.first);
    let end = (hit.last + 1 + AROUND).min(passage.segment.end);
    Window { passage, first, end }
}

fn snippet(transcript: &Transcript, window: &Window<'_>) -> Snippet {
    let hits: Vec<&Hit> =
        window.passage.hits.iter().filter(|hit| window.first <= hit.first && hit.last < window.end).collect();
    let mut pieces: Vec<Piece> = Vec::new();
    let mut add = |text: &str, hit: bool| match pieces.last_mut() {
        _ if text.is_empty() => {}
        Some(last) if last.hit == hit => last.text.push_str(text),
        _ => pieces.push(Piece { text: text.to_owned(), hit }),
    };
    let words = transcript.words.get(window.first..window.end).unwrap_or_default();
    for (at, word) in (window.first..).zip(words) {
        // What stands between two words of a phrase belongs to it.
        let goes_on = |at: usize| hits.iter().any(|hit| hit.first <= at && at < hit.last);
        if at > window.first {
            add(" ", goes_on(at - 1));
        }
        add(&word.text, hits.iter().any(|hit| hit.first <= at && at <= hit.last));
        add(word.punctuation.as_deref().unwrap_or_default(), goes_on(at));
    }
    let word = hits.iter().map(|hit| hit.first).min().unwrap_or(window.first);
    let start = transcript.words.get(word).map(|word| word.start).unwrap_or_default();
    Snippet { start, word, speaker: window.passage.side, pieces }
}

#[cfg(test)]
mod tests {
    use super::super::words::{Scope, Terms};
    use super::*;
    use touchline_model::{MediaTime, TopicScope, Word};

    fn shown(text: &str, said: &str) -> Vec<(f64, String)> {
        let word = |(at, text): (usize, &str)| Word {
            start: MediaTime::from_secs(at as f64 / 2.0),
            end: MediaTime::from_secs(at as f64 / 2.0),
            text: text.trim_end_matches(',').to_owned(),
            punctuation: text.ends_with(',').then(|| ",".to_owned()),
            speaker: 0,
            confidence: None,
        };
        let words = said.split(' ').enumerate().map(word).collect();
        let transcript = Transcript { speakers: vec![], words };
        let scope = Scope { speaker: TopicScope::Any, from: None, to: None };
        let passages = Terms::read(text).unwrap().unwrap().find(&transcript, scope).unwrap();
        let marked = |it: &Snippet| {
            it.pieces
                .iter()
                .map(|piece| if piece.hit { format!("[{}]", piece.text) } else { piece.text.clone() })
                .collect::<String>()
        };
        snippets(&transcript, &passages).iter().map(|it| (it.start.secs(), marked(it))).collect()
    }

    #[test]
    fn a_snippet_shows_the_words_around_and_where_to_start() {
        let said = "a b c d e f g h i j money, back, k l m n o p q r s";
        assert_eq!(
            shown("\"money back\"", said),
            [(5.0, "c d e f g h i j [money, back], k l m n o p q r".to_owned())]
        );
        assert_eq!(
            shown("back money k", said)[0].1,
            "c d e f g h i j [money], [back], [k] l m n o p q",
            "hits side by side stay apart"
        );
        assert_eq!(shown("a", said), [(0.0, "[a] b c d e f g h i".to_owned())]);
    }

    #[test]
    fn each_word_is_shown_before_a_second_place_of_one() {
        let far = "x ".repeat(20);
        let said = format!("one {far}one {far}one {far}one {far}two {far}three");
        let found = shown("one two three", &said);
        let texts: Vec<&str> = found.iter().map(|it| it.1.as_str()).collect();
        assert_eq!(texts.len(), 3);
        assert!(
            texts[0].starts_with("[one] x")
                && texts[1].contains("x [two] x")
                && texts[2].ends_with("x [three]")
        );
        assert_eq!(found.iter().map(|it| it.0).collect::<Vec<_>>(), [0.0, 42.0, 52.5]);
        assert_eq!(shown("one", &said).len(), 3);
    }
}
