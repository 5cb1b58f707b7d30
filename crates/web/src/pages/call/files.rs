//! A transcript as a file: plain text, and WebVTT.

use super::words::Voice;
use std::{collections::BTreeMap, fmt::Write};
use touchline_model::{MediaTime, Transcript};

/// Words of one cue, and its length in seconds, at most.
const CUE_WORDS: usize = 14;
const CUE_SECS: f64 = 7.0;

fn voice(voices: &BTreeMap<u16, Voice>, number: u16) -> &str {
    voices.get(&number).map_or("", |voice| voice.name.as_str())
}

/// Names and words on lines of their own: no line breaks inside.
fn line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// One line a turn: `[02:31] Ana Ruiz: …`, below a title.
pub(super) fn plain(title: &str, said: &Transcript, voices: &BTreeMap<u16, Voice>) -> String {
    let mut text = format!("{}\n\n", line(title));
    for turn in said.segments() {
        let (at, who) = (crate::format::clock(turn.start_time.secs()), line(voice(voices, turn.speaker)));
        let _ = writeln!(text, "[{at}] {who}: {}", line(&said.text(turn.first, turn.end)));
    }
    text
}

/// Cues of a few seconds, each with the voice that speaks (<https://www.w3.org/TR/webvtt1/>).
pub(super) fn vtt(title: &str, said: &Transcript, voices: &BTreeMap<u16, Voice>) -> String {
    // The text behind WEBVTT must not hold an arrow.
    let mut text = format!("WEBVTT - {}\n", line(title).replace("-->", "→"));
    for turn in said.segments() {
        let mut first = turn.first;
        for at in turn.first + 1..=turn.end {
            let start = said.words[first].start;
            let long = said.words.get(at).is_some_and(|next| next.end.since(start).secs() > CUE_SECS);
            if at < turn.end && at - first < CUE_WORDS && !long {
                continue;
            }
            // A cue lasts, even if its words have no length.
            let end = said.words[first..at].iter().map(|it| it.end).max().unwrap_or(start);
            let end = end.max(MediaTime::from_micros(start.micros() + 100_000));
            let (who, words) = (voice(voices, turn.speaker), said.text(first, at));
            let _ = write!(
                text,
                "\n{} --> {}\n<v {}>{}\n",
                stamp(start),
                stamp(end),
                escaped(&line(who)),
                escaped(&line(&words))
            );
            first = at;
        }
    }
    text
}

fn stamp(at: MediaTime) -> String {
    let millis = at.micros() / 1_000;
    let (secs, millis) = (millis / 1_000, millis % 1_000);
    format!("{:02}:{:02}:{:02}.{millis:03}", secs / 3_600, secs / 60 % 60, secs % 60)
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use touchline_model::{Speaker, Word};

    fn said() -> (Transcript, BTreeMap<u16, Voice>) {
        let word = |n: usize, text: &str, speaker| Word {
            start: MediaTime::from_secs(n as f64),
            end: MediaTime::from_secs(n as f64 + 0.5),
            text: text.to_owned(),
            punctuation: None,
            speaker,
            confidence: None,
        };
        let mut words: Vec<Word> = (0..10).map(|n| word(n, "ja", 0)).collect();
        words.push(word(3_700, "<b>-->&", 1));
        let speakers = vec![Speaker { number: 0, ..Speaker::default() }];
        let voices = [(0, "Ana\nRuiz"), (1, "A > B")]
            .map(|(n, name)| (n, Voice { name: name.to_owned(), class: "agent" }));
        (Transcript { speakers, words }, voices.into())
    }

    #[test]
    fn a_text_file_has_a_line_for_each_turn() {
        let (said, voices) = said();
        let text = plain("A\ncall", &said, &voices);
        assert_eq!(
            text,
            "A call\n\n[00:00] Ana Ruiz: ja ja ja ja ja ja ja ja ja ja\n[1:01:40] A > B: <b>-->&\n"
        );
    }

    #[test]
    fn captions_are_short_and_hold_nothing_that_would_be_markup() {
        let (said, voices) = said();
        let text = vtt("-->", &said, &voices);
        assert_eq!(
            text,
            "WEBVTT - →\n\
             \n00:00:00.000 --> 00:00:06.500\n<v Ana Ruiz>ja ja ja ja ja ja ja\n\
             \n00:00:07.000 --> 00:00:09.500\n<v Ana Ruiz>ja ja ja\n\
             \n01:01:40.000 --> 01:01:40.500\n<v A &gt; B>&lt;b&gt;--&gt;&amp;\n"
        );
    }
}
