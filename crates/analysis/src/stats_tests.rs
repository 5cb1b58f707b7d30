use super::*;
use touchline_model::Speaker;

fn word(speaker: u16, start: f64, end: f64) -> Word {
    Word {
        start: MediaTime::from_secs(start),
        end: MediaTime::from_secs(end),
        text: "word".to_owned(),
        punctuation: None,
        speaker,
        confidence: None,
    }
}

/// Speaker 0 is internal, speaker 1 external; any other is unknown.
fn transcript(words: Vec<Word>) -> Transcript {
    let speaker = |number, side| Speaker { number, speaker_type: Some(side), ..Speaker::default() };
    let speakers = vec![speaker(0, SpeakerType::Internal), speaker(1, SpeakerType::External)];
    let mut transcript = Transcript { speakers, words };
    transcript.normalise();
    transcript
}

fn stats(words: Vec<Word>, duration: f64) -> CallStats {
    talk_stats(&transcript(words), MediaTime::from_secs(duration))
}

// covers(c360): S4.4, X-24
#[test]
fn the_sample_of_the_contract_gives_its_talk_ratio() {
    let stats = stats(vec![word(0, 0.0, 418.0), word(1, 418.0, 656.0), word(2, 660.0, 700.0)], 730.0);
    assert_eq!(stats.internal_talk_time, 418.0);
    assert_eq!(stats.external_talk_time, 238.0);
    assert_eq!(stats.talk_ratio, 0.637_195_121_951_219_5);
    assert_eq!(stats.longest_segments, BTreeMap::from([(0, 418.0), (1, 238.0), (2, 40.0)]));
}

/// Words of both speakers, spread evenly over a section that is exactly `length` long.
fn section(start: f64, length: f64, counts: [u32; 2]) -> Vec<Word> {
    let all = f64::from(counts[0] + counts[1]);
    let step = length / all;
    let mut given = [0, 0];
    (0..counts[0] + counts[1])
        .map(|nth| {
            let behind = given[0] * counts[1] > given[1] * counts[0] || given[0] == counts[0];
            let speaker = u16::from(behind && given[1] < counts[1]);
            given[usize::from(speaker)] += 1;
            let at = start + f64::from(nth) * step;
            word(speaker, at, at + step)
        })
        .collect()
}

// covers(c360): S4.4, X-25, R-9
#[test]
fn three_sections_give_the_word_counts_behind_the_contracts_talk_speeds() {
    let sections = [(0.41, 298.99, [282, 512]), (300.2, 299.89, [601, 273]), (600.3, 51.46, [76, 62])];
    let words =
        sections.iter().flat_map(|(start, length, counts)| section(*start, *length, *counts)).collect();
    let speeds = stats(words, 660.0).talk_speeds;
    assert_eq!(speeds.len(), 3);
    for (speed, (start, length, counts)) in speeds.iter().zip(sections) {
        assert!((speed.start - start).abs() < 1e-5 && (speed.end - start - length).abs() < 1e-5, "{speed:?}");
        for (speaker, count) in (0..).zip(counts) {
            let words = speed.words_per_minute[&speaker] * (speed.end - speed.start) / 60.0;
            assert!((words - f64::from(count)).abs() < 1e-6, "{words} words instead of {count}");
        }
    }
}

// covers(c360)
#[test]
fn a_section_takes_words_that_end_within_300_seconds_and_ends_with_the_latest_of_them() {
    let words = vec![
        word(0, 1.0, 2.0),
        word(1, 200.0, 301.0), // ends exactly 300 s after the start: still inside, and the latest end
        word(0, 290.0, 291.0),
        word(0, 300.5, 301.000_001), // one microsecond too late: opens the next section
        word(0, 302.0, 303.0),
    ];
    let speeds = stats(words, 400.0).talk_speeds;
    assert_eq!((speeds[0].start, speeds[0].end), (1.0, 301.0));
    assert_eq!(speeds[0].words_per_minute, BTreeMap::from([(0, 2.0 / 5.0), (1, 1.0 / 5.0)]));
    assert_eq!((speeds[1].start, speeds[1].end), (300.5, 303.0));
    assert_eq!(speeds[1].words_per_minute.keys().collect::<Vec<_>>(), [&0], "the other speaker is absent");
    assert_eq!(speeds.len(), 2);
}

#[test]
fn a_section_without_length_has_no_infinite_speed() {
    assert_eq!(stats(vec![word(0, 5.0, 5.0)], 10.0).talk_speeds[0].words_per_minute[&0], 0.0);
    let long = stats(vec![word(0, 0.0, 301.0), word(0, 301.0, 302.0)], 400.0).talk_speeds;
    assert_eq!(long.len(), 2, "a word longer than a section makes one of its own");
}

// covers(c360): S4.4, X-23
#[test]
fn speaker_changes_are_counted_per_minute_of_the_contact() {
    let words = (0..64).map(|nth| word(nth % 2, f64::from(nth), f64::from(nth) + 0.5)).collect::<Vec<_>>();
    assert_eq!(stats(words.clone(), 1460.0).interchanges_per_minute, 63.0 / (1460.0 / 60.0));
    assert_eq!(stats(words, 0.0).interchanges_per_minute, 0.0);
    assert_eq!(stats(vec![word(0, 0.0, 1.0), word(0, 2.0, 3.0)], 60.0).interchanges_per_minute, 0.0);
}

// covers(c360): X-24
#[test]
fn a_segment_runs_from_its_first_word_to_its_last_with_its_pauses() {
    let words = vec![word(0, 0.0, 1.0), word(0, 9.0, 10.0), word(1, 10.0, 12.0), word(0, 12.0, 13.0)];
    let stats = stats(words, 20.0);
    assert_eq!(stats.internal_talk_time, 11.0);
    assert_eq!(stats.longest_segments, BTreeMap::from([(0, 10.0), (1, 2.0)]));
}

// covers(c360): X-24
#[test]
fn nobody_spoke_and_nothing_is_divided_by_zero() {
    let stats = stats(vec![], 30.0);
    assert_eq!(stats, CallStats { silence: 30.0, ..CallStats::default() });
}

#[test]
fn silence_is_what_no_speech_covers_between_the_start_and_the_end() {
    // 0-2 silent, 2-5 agent, 5-8 customer over the agent, 8-9 silent, 9-10 and 40-41 agent with a hold between.
    let words = vec![
        word(0, 2.0, 3.0),
        word(0, 4.5, 7.0),
        word(1, 5.0, 8.0),
        word(0, 9.0, 10.0),
        word(0, 40.0, 41.0),
    ];
    assert_eq!(stats(words.clone(), 50.0).silence, 2.0 + 1.0 + 30.0 + 9.0);
    assert_eq!(stats(words.clone(), 6.0).silence, 2.0, "speech after the end is left out");
    assert_eq!(stats(words, 0.0).silence, 0.0);
}

#[test]
fn two_at_once_are_counted_once_and_one_speaker_never_overlaps_himself() {
    assert_eq!(stats(vec![word(0, 0.0, 4.0), word(0, 1.0, 2.0)], 5.0).overlap, 0.0);
    let words =
        vec![word(0, 0.0, 4.0), word(1, 1.0, 2.0), word(2, 1.5, 3.0), word(0, 4.0, 5.0), word(1, 5.0, 6.0)];
    assert_eq!(stats(words, 6.0).overlap, 2.0);
}

#[test]
fn a_monologue_survives_a_short_yes_but_not_an_answer_nor_a_hold() {
    let base = vec![word(0, 0.0, 60.0), word(1, 60.0, 61.0), word(1, 61.0, 62.0), word(0, 62.0, 100.0)];
    assert_eq!(stats(base.clone(), 200.0).longest_monologue, 100.0);

    let mut answered = base.clone();
    answered.push(word(1, 61.5, 62.0));
    assert_eq!(stats(answered, 200.0).longest_monologue, 60.0);

    let mut two_others = base.clone();
    two_others.push(word(2, 61.5, 62.0));
    assert_eq!(stats(two_others, 200.0).longest_monologue, 60.0, "three words of two others are three words");

    let mut held = base;
    held.push(word(1, 101.0, 101.5));
    held.push(word(0, 150.0, 160.0));
    assert_eq!(stats(held, 200.0).longest_monologue, 100.0);
}
