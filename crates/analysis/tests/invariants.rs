//! What holds for every transcript, however odd.

use proptest::prelude::*;
use touchline_analysis::{summarise, survives_window, talk_stats};
use touchline_model::{MediaTime, Speaker, SpeakerType, Transcript, Word};

const SAID: &[&str] = &[
    "I",
    "will",
    "send",
    "you",
    "the",
    "invoice",
    "what",
    "is",
    "your",
    "number",
    "thank",
    "okay",
    "um",
    "refund",
    "I'll",
    "days",
    "-",
    "\u{1f600}",
    "when",
    "did",
    "meter",
    "5",
    "don't",
    "\u{3b1}\u{3b2}",
];

prop_compose! {
    fn transcript()(list in prop::collection::vec(
        (0..900_000_000i64, 0..3_000_000i64, 0u16..3, prop::sample::select(SAID),
         prop::option::of(prop::sample::select(&[".", "?", ",", "!"][..]))),
        0..120,
    )) -> Transcript {
        let words = list.into_iter().map(|(start, length, speaker, text, punctuation)| Word {
            start: MediaTime::from_micros(start),
            end: MediaTime::from_micros(start + length),
            text: text.to_owned(),
            punctuation: punctuation.map(str::to_owned),
            speaker,
            confidence: None,
        }).collect();
        let side = |number, side| Speaker { number, speaker_type: Some(side), ..Speaker::default() };
        let speakers = vec![side(0, SpeakerType::Internal), side(1, SpeakerType::External)];
        let mut transcript = Transcript { speakers, words };
        transcript.normalise();
        transcript
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    // covers(c360): S4.4, X-23, X-24, X-25, R-9
    #[test]
    fn statistics_stay_within_their_bounds(transcript in transcript(), duration in 0..900_000_000i64) {
        let duration = MediaTime::from_micros(duration);
        let stats = talk_stats(&transcript, duration);
        prop_assert!((0.0..=1.0).contains(&stats.talk_ratio));
        prop_assert!((0.0..=duration.secs()).contains(&stats.silence));
        prop_assert!(stats.internal_talk_time >= stats.longest_segments.get(&0).copied().unwrap_or(0.0));
        let longest = stats.longest_segments.values().copied().fold(0.0, f64::max);
        prop_assert!(stats.longest_monologue >= longest, "a segment is a monologue");
        let spoken: f64 = transcript.words.iter().map(|word| word.end.since(word.start).secs()).sum();
        prop_assert!((0.0..=spoken / 2.0 + 1e-6).contains(&stats.overlap), "overlap takes two");

        let counted: f64 = stats
            .talk_speeds
            .iter()
            .flat_map(|section| {
                let minutes = (section.end - section.start) / 60.0;
                section.words_per_minute.values().map(move |speed| speed * minutes)
            })
            .sum();
        let timeless = stats.talk_speeds.iter().filter(|section| section.end <= section.start).count();
        if timeless == 0 {
            prop_assert!((counted - transcript.words.len() as f64).abs() < 1e-3, "every word is in one section");
        }
        prop_assert!(stats.talk_speeds.iter().all(|section| section.end - section.start <= 300.000_001));
        prop_assert!(stats.talk_speeds.is_sorted_by(|a, b| a.start <= b.start));
        let json = serde_json::to_string(&stats).unwrap();
        prop_assert!(!json.contains("null"), "no infinity reaches the wire: {json}");
    }

    // covers(c360): X-24
    #[test]
    fn the_same_call_later_has_the_same_statistics_but_more_silence(transcript in transcript(), later in 0..9_000_000i64) {
        let end = MediaTime::from_micros(1_000_000_000);
        let mut moved = transcript.clone();
        for word in &mut moved.words {
            word.start = MediaTime::from_micros(word.start.micros() + later);
            word.end = MediaTime::from_micros(word.end.micros() + later);
        }
        let (stats, shifted) = (talk_stats(&transcript, end), talk_stats(&moved, end));
        prop_assert_eq!(stats.overlap, shifted.overlap);
        prop_assert_eq!(stats.longest_monologue, shifted.longest_monologue);
        prop_assert_eq!(stats.talk_ratio, shifted.talk_ratio);
        prop_assert!((stats.silence - shifted.silence).abs() < 1e-6, "nothing was said before or after");
    }

    #[test]
    fn every_line_of_a_summary_can_be_played(transcript in transcript()) {
        let summary = summarise(&transcript);
        prop_assert!(summary.lines.len() <= 5);
        prop_assert!(summary.lines.is_sorted_by(|a, b| a.last_word < b.first_word), "in order, none twice");
        let pairs = summary.questions.iter().flat_map(|pair| [&pair.question, &pair.answer]);
        for line in summary.lines.iter().chain(&summary.next_steps).chain(pairs) {
            prop_assert!(line.first_word <= line.last_word);
            let said = transcript.text(line.first_word, line.last_word + 1);
            prop_assert_eq!(line.text.to_lowercase(), said.to_lowercase(), "but for the capital letter");
        }
        for pair in &summary.questions {
            let speaker = |word: usize| transcript.words[word].speaker;
            prop_assert_ne!(speaker(pair.question.first_word), speaker(pair.answer.first_word));
            prop_assert!(pair.question.last_word < pair.answer.first_word);
        }
    }

    // covers(c360): X-8
    #[test]
    fn a_window_survives_as_if_every_choice_of_matches_were_tried(
        mut times in prop::collection::vec(0..60u32, 0..8),
        window in 1..30u32,
        wanted in 0..5u32,
    ) {
        let mut seconds: Vec<f64> = times.iter().map(|t| f64::from(*t)).collect();
        times.sort_unstable();
        let inside = |from: u32| times.iter().filter(|t| (from..=from + window).contains(t)).count();
        let expected = wanted <= 1 || times.iter().any(|from| inside(*from) >= wanted as usize);
        prop_assert_eq!(survives_window(&mut seconds, f64::from(window), wanted), expected);
    }
}
