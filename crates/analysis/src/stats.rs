//! Talk statistics of a contact (contract §4.4, X-23, X-24, X-25, R-9).

use std::collections::BTreeMap;
use touchline_model::{CallStats, MediaTime, Segment, SpeakerType, TalkSpeed, Transcript, Word};

/// Longest section of talk speeds: 300 s (contract X-25).
const SECTION: i64 = 300_000_000;
/// A pause inside a segment counts as silence when it is longer than 2 s (a hold, a search); shorter ones belong to
/// speech. Our choice.
const PAUSE: i64 = 2_000_000;
/// A monologue ends when its speaker says nothing for more than 10 s. Our choice.
const MONOLOGUE_PAUSE: i64 = 10_000_000;
/// Most words of others between two parts of a monologue: "yes", "I see". Our choice.
const ACKNOWLEDGEMENT: usize = 2;

/// The statistics of a transcript in its normal order (contract R-9). `duration` is the length of the contact.
///
/// - Talk times, ratio and longest segments: contract X-24. A segment's length is the end of its last word less the
///   start of its first; unknown speakers count in neither talk time.
/// - Interchanges per minute: contract X-23; 0 for a contact without length.
/// - Talk speeds: contract. An entry of `words` counts as one word; in a section without length the
///   speeds are 0.
/// - `silence`: the part of `0..duration` that no speech covers, where speech is every segment, cut at its inner
///   pauses of more than 2 s.
/// - `overlap`: the time in which words of two or more speakers are being spoken.
/// - `longest_monologue`: from the start of a segment to the end of the same or a later segment of the same speaker,
///   where between any two of the speaker's segments the others say at most two words altogether and at most 10 s
///   pass.
pub fn talk_stats(transcript: &Transcript, duration: MediaTime) -> CallStats {
    let segments = transcript.segments();
    let mut by_side = BTreeMap::<bool, i64>::new();
    let mut longest = BTreeMap::<u16, i64>::new();
    for segment in &segments {
        let length = length(segment);
        let kept = longest.entry(segment.speaker).or_default();
        *kept = length.max(*kept);
        match transcript.speaker_type(segment.speaker) {
            SpeakerType::Internal => *by_side.entry(true).or_default() += length,
            SpeakerType::External => *by_side.entry(false).or_default() += length,
            SpeakerType::Unknown => {}
        }
    }
    let side = |internal: bool| by_side.get(&internal).copied().unwrap_or_default();
    let (internal, external) = (side(true), side(false));
    let minutes = duration.secs() / 60.0;
    let changes = segments.len().saturating_sub(1) as f64;
    CallStats {
        internal_talk_time: secs(internal),
        external_talk_time: secs(external),
        talk_ratio: ratio(internal as f64, (internal + external) as f64),
        interchanges_per_minute: ratio(changes, minutes),
        longest_segments: longest.into_iter().map(|(speaker, length)| (speaker, secs(length))).collect(),
        talk_speeds: talk_speeds(&transcript.words),
        silence: secs(silence(transcript, &segments, duration)),
        overlap: secs(overlap(&transcript.words)),
        longest_monologue: secs(longest_monologue(&segments)),
    }
}

fn secs(micros: i64) -> f64 {
    MediaTime::from_micros(micros).secs()
}

/// `part / whole`, and 0 when there is no whole.
fn ratio(part: f64, whole: f64) -> f64 {
    if whole > 0.0 { part / whole } else { 0.0 }
}

fn length(segment: &Segment) -> i64 {
    segment.end_time.since(segment.start_time).micros().max(0)
}

/// Contract X-25: a new section at the first word that ends more than 300 s after the start of the section. R-9: the
/// section ends at the latest end of its words.
fn talk_speeds(words: &[Word]) -> Vec<TalkSpeed> {
    let mut sections = Vec::new();
    let mut rest = words;
    while let Some(first) = rest.first() {
        let fits = |word: &Word| word.end.since(first.start).micros() <= SECTION;
        // The first word belongs to its section even if it alone is longer.
        let count = 1 + rest[1..].iter().position(|word| !fits(word)).unwrap_or(rest.len() - 1);
        let (section, later) = rest.split_at(count);
        rest = later;
        let end = section.iter().map(|word| word.end).max().unwrap_or(first.end);
        let mut counts = BTreeMap::<u16, u32>::new();
        for word in section {
            *counts.entry(word.speaker).or_default() += 1;
        }
        let minutes = end.since(first.start).secs() / 60.0;
        let words_per_minute =
            counts.into_iter().map(|(speaker, count)| (speaker, ratio(f64::from(count), minutes))).collect();
        sections.push(TalkSpeed { start: first.start.secs(), end: end.secs(), words_per_minute });
    }
    sections
}

/// Microseconds of `0..duration` that no stretch of speech covers.
fn silence(transcript: &Transcript, segments: &[Segment], duration: MediaTime) -> i64 {
    let duration = duration.micros();
    let mut speech = Vec::with_capacity(segments.len());
    for segment in segments {
        let mut from: Option<(i64, i64)> = None;
        for word in &transcript.words[segment.first..segment.end] {
            let (start, end) = (word.start.micros(), word.end.micros());
            from = match from {
                Some((first, last)) if start - last <= PAUSE => Some((first, last.max(end))),
                finished => {
                    speech.extend(finished);
                    Some((start, end))
                }
            };
        }
        speech.extend(from);
    }
    speech.sort_unstable();
    let (mut covered, mut reached) = (0, 0);
    for (start, end) in speech {
        let (start, end) = (start.clamp(reached, duration.max(reached)), end.min(duration));
        if end > start {
            covered += end - start;
            reached = end;
        }
    }
    duration.max(0) - covered
}

/// Microseconds in which words of at least two speakers are being spoken.
fn overlap(words: &[Word]) -> i64 {
    let mut edges: Vec<(i64, bool, u16)> = Vec::with_capacity(words.len() * 2);
    for word in words.iter().filter(|word| word.end > word.start) {
        edges.push((word.start.micros(), true, word.speaker));
        edges.push((word.end.micros(), false, word.speaker));
    }
    edges.sort_unstable();
    let mut speaking = BTreeMap::<u16, u32>::new();
    let (mut total, mut before) = (0, 0);
    for (at, begins, speaker) in edges {
        if speaking.len() > 1 {
            total += at - before;
        }
        before = at;
        if begins {
            *speaking.entry(speaker).or_default() += 1;
        } else if let Some(open) = speaking.get_mut(&speaker) {
            *open -= 1;
            if *open == 0 {
                speaking.remove(&speaker);
            }
        }
    }
    total
}

/// What is known of a speaker's monologue on the way through the segments.
struct Monologue {
    start: MediaTime,
    end: MediaTime,
    /// Words of all speakers up to the end of its last segment.
    words: usize,
}

fn longest_monologue(segments: &[Segment]) -> i64 {
    let mut running = BTreeMap::<u16, Monologue>::new();
    let mut longest = 0;
    for segment in segments {
        let fresh = Monologue { start: segment.start_time, end: segment.end_time, words: segment.end };
        let monologue = running.entry(segment.speaker).or_insert(fresh);
        let others = segment.first.saturating_sub(monologue.words);
        let pause = segment.start_time.since(monologue.end).micros();
        if others > ACKNOWLEDGEMENT || pause > MONOLOGUE_PAUSE {
            monologue.start = segment.start_time;
            monologue.end = segment.end_time;
        }
        monologue.end = monologue.end.max(segment.end_time);
        monologue.words = segment.end;
        longest = longest.max(monologue.end.since(monologue.start).micros());
    }
    longest
}

#[cfg(test)]
#[path = "stats_tests.rs"]
mod tests;
