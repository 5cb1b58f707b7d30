use super::*;
use crate::matching_text;
use touchline_model::{MediaTime, Speaker, Word};

fn topic(id: i64, phrases: &[&str]) -> Topic {
    Topic {
        id: TopicId(id),
        name: format!("topic {id}"),
        phrases: phrases.iter().map(|phrase| (*phrase).to_owned()).collect(),
        scope: TopicScope::Any,
        canonical_questions: false,
        active: true,
    }
}

/// Turns of (speaker, words); a `|` in a word separates its text from its punctuation. Speaker 0 is internal, 1
/// external, 2 unknown. Words are given as a list, because one may hold spaces.
fn transcript(turns: &[(u16, &[&str])]) -> Transcript {
    let speaker = |number, side| Speaker { number, speaker_type: Some(side), ..Speaker::default() };
    let speakers = vec![speaker(0, SpeakerType::Internal), speaker(1, SpeakerType::External)];
    let spoken = turns.iter().flat_map(|(speaker, words)| words.iter().map(move |word| (*speaker, *word)));
    let words = (0..)
        .zip(spoken)
        .map(|(at, (speaker, word))| {
            let (text, punctuation) =
                word.split_once('|').map_or((word, None), |(t, p)| (t, Some(p.to_owned())));
            let (start, end) = (MediaTime::from_micros(at * 1000), MediaTime::from_micros(at * 1000 + 900));
            Word { start, end, text: text.to_owned(), punctuation, speaker, confidence: None }
        })
        .collect();
    Transcript { speakers, words }
}

fn said(text: &str) -> Transcript {
    transcript(&[(0, &text.split(' ').collect::<Vec<_>>())])
}

/// (topic, phrases, first token, last token) of every hit.
fn found(topics: &[Topic], transcript: &Transcript) -> Vec<(i64, String, u32, u32)> {
    let hits = TopicMatcher::new(topics).find(transcript).hits;
    hits.into_iter()
        .map(|hit| (hit.topic.0, hit.phrases.join("+"), hit.first_token, hit.last_token))
        .collect()
}

fn hit(topic: i64, phrase: &str, first: u32, last: u32) -> (i64, String, u32, u32) {
    (topic, phrase.to_owned(), first, last)
}

// covers(c360): S4.6, X-27
#[test]
fn pricing_is_found_at_the_fourth_word_of_the_sample() {
    assert_eq!(found(&[topic(1, &["pricing"])], &said("we need a pricing sheet")), [hit(1, "pricing", 3, 3)]);
}

// covers(c360)
#[test]
fn whole_tokens_match_whatever_their_case_and_edges() {
    let topics = [topic(1, &["Price", "stra\u{df}e"])];
    let transcript = said("\u{201c}PRICE,\u{201d} prices overprice price's STRASSE? (price) $price");
    let expected =
        [hit(1, "Price", 0, 0), hit(1, "stra\u{df}e", 4, 4), hit(1, "Price", 5, 5), hit(1, "Price", 6, 6)];
    assert_eq!(found(&topics, &transcript), expected);
}

// covers(c360): R-10
#[test]
fn a_dash_keeps_its_index_and_phrases_step_over_it() {
    let topics = [topic(1, &["credit - card", "!!!", "  ", ""])];
    assert_eq!(found(&topics, &said("my credit \u{2014} ... card")), [hit(1, "credit - card", 1, 4)]);
}

// covers(c360): R-10
#[test]
fn phrases_cross_sentences_but_never_segments() {
    let topics = [topic(1, &["thank you"])];
    assert_eq!(found(&topics, &said("thank. You")), [hit(1, "thank you", 0, 1)]);
    assert_eq!(found(&topics, &transcript(&[(0, &["thank"]), (1, &["you"])])), []);
}

// covers(c360)
#[test]
fn overlapping_occurrences_all_count_the_longer_first() {
    let topics = [topic(1, &["very", "very very", "very very good"]), topic(2, &["good"])];
    let expected = [
        hit(1, "very very", 0, 1),
        hit(1, "very", 0, 0),
        hit(1, "very very good", 1, 3),
        hit(1, "very very", 1, 2),
        hit(1, "very", 1, 1),
        hit(1, "very", 2, 2),
        hit(2, "good", 3, 3),
    ];
    assert_eq!(found(&topics, &said("very very very good")), expected);
}

// covers(c360)
#[test]
fn phrases_that_are_equal_once_normalised_make_one_match_that_names_both() {
    let topics = [topic(2, &["refund!", "Refund", "refund!"]), topic(1, &["refund"])];
    let expected = [hit(2, "Refund+refund!", 1, 1), hit(1, "refund", 1, 1)];
    assert_eq!(found(&topics, &said("a refund please")), expected);
}

// covers(c360): S4.6
#[test]
fn a_word_may_hold_several_tokens_and_a_token_may_take_its_punctuation() {
    let transcript =
        transcript(&[(1, &["hello"]), (0, &["New York City|,", "big|-time", "x| apple.", "apple"])]);
    let topics = [topic(1, &["york city big-time", "apple"])];
    let hits = TopicMatcher::new(&topics).find(&transcript).hits;
    let places: Vec<_> =
        hits.iter().map(|h| (h.first_token, h.last_token, h.first_word, h.last_word)).collect();
    // The text is "New York City, big-time x apple. apple".
    assert_eq!(places, [(1, 3, 1, 2), (5, 5, 3, 3), (6, 6, 4, 4)]);
    assert!(hits.iter().all(|hit| hit.segment == 1));
}

// covers(c360): R-10
#[test]
fn the_matching_text_is_as_spoken_without_its_edges() {
    let spoken =
        transcript(&[(1, &["hi"]), (0, &["the \u{201c}New York", "City|!\u{201d}", "-", "Wow|..."])]);
    let topics = [topic(1, &["new york city", "city wow"])];
    let segments = spoken.segments();
    let texts: Vec<_> = TopicMatcher::new(&topics)
        .find(&spoken)
        .hits
        .iter()
        .map(|hit| matching_text(&spoken, &segments, hit))
        .collect();
    assert_eq!(texts, ["New York City", "City!\u{201d} - Wow"]);
}

#[test]
fn the_matching_text_of_a_hit_from_elsewhere_is_empty() {
    let hit =
        TopicMatcher::new(&[topic(1, &["b"])]).find(&transcript(&[(0, &["a"]), (1, &["b"])])).hits.remove(0);
    let other = said("x");
    assert_eq!(matching_text(&other, &other.segments(), &hit), "");
}

// covers(c360): S4.6, R-11
#[test]
fn a_topic_looks_only_at_its_side_and_an_inactive_one_at_nobody() {
    let scoped = |id, scope| Topic { scope, ..topic(id, &["yes"]) };
    let topics = [
        scoped(1, TopicScope::Any),
        scoped(2, TopicScope::Internal),
        scoped(3, TopicScope::External),
        Topic { active: false, ..topic(4, &["yes"]) },
    ];
    let spoken = transcript(&[(0, &["yes"]), (1, &["yes"]), (2, &["yes"])]);
    let hits = TopicMatcher::new(&topics).find(&spoken).hits;
    let pairs: Vec<_> = hits.iter().map(|hit| (hit.segment, hit.topic.0)).collect();
    assert_eq!(pairs, [(0, 1), (0, 2), (1, 1), (1, 3), (2, 1)]);
}

// covers(c360): S4.6, X-27, R-10, R-11
#[test]
fn questions_are_sentences_not_matches_counted_for_the_side_that_asks() {
    let asks = Topic { canonical_questions: true, ..topic(1, &["how much", "what", "what about"]) };
    let spoken = transcript(&[
        (0, &["What|,", "what", "about", "3.5", "how", "much|?", "And", "what|?", "No|.", "Fine"]),
        (1, &["how", "much", "is", "it"]),
        (2, &["what|!", "what", "what|."]),
    ]);
    let result = TopicMatcher::new(&[asks.clone(), topic(2, &["fine"])]).find(&spoken);
    assert_eq!(result.questions, QuestionCounts { internal: 2, external: 1, unknown: 2 });
    assert!(result.hits.iter().any(|hit| hit.topic == TopicId(1)), "the topic itself is listed too (R-11)");
    let silent = TopicMatcher::new(&[Topic { active: false, ..asks }]).find(&spoken);
    assert_eq!(silent, TopicHits::default());
}

#[test]
fn thirty_thousand_phrases_are_looked_for_at_once() {
    let mut phrases: Vec<String> = (0..30_000).map(|n| format!("phrase number {n}")).collect();
    phrases.push("very very".to_owned());
    let many = Topic { phrases, ..topic(1, &[]) };
    let matcher = TopicMatcher::new(std::slice::from_ref(&many));
    let spoken = said("very Very very phrase number 29999, unphrase number 3 phrase number 12x");
    let expected = [(0, 1), (1, 2), (3, 5)];
    let hits = matcher.find(&spoken).hits;
    assert_eq!(hits.iter().map(|h| (h.first_token, h.last_token)).collect::<Vec<_>>(), expected);
}
