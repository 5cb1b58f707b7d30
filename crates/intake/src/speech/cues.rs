//! What WebVTT and SubRip share: cues, which are texts with times, and who speaks in them.

use super::{Fault, Spoken, spread, voices::Voices};
use std::collections::HashMap;
use touchline_app::contacts::Utterance;
use touchline_model::MediaTime;

/// A text with its time.
#[derive(Debug, PartialEq)]
pub(super) struct Cue {
    /// The line of its times, from 1.
    pub(super) line: u64,
    pub(super) start: MediaTime,
    pub(super) end: MediaTime,
    pub(super) pieces: Vec<Piece>,
}

/// A part of a cue: from a line, a voice or a time inside it to the next.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Piece {
    /// Who says it, where the cue says so.
    pub(super) voice: Option<String>,
    /// When it begins, where the cue says so.
    pub(super) start: Option<MediaTime>,
    pub(super) text: String,
}

/// The times of a line `START --> END`, with whatever settings follow; none when the line is no such line.
pub(super) fn timing(line: &str) -> Option<Result<(MediaTime, MediaTime), String>> {
    let (start, rest) = line.split_once("-->")?;
    let end = rest.split_whitespace().next().unwrap_or_default();
    let read = clock(start.trim()).and_then(|start| Ok((start, clock(end)?)));
    Some(read.and_then(|(start, end)| match end < start {
        true => Err(format!("its end {end} lies before its start {start}")),
        false => Ok((start, end)),
    }))
}

/// `HH:MM:SS.mmm` or `MM:SS.mmm`; SubRip has a comma, and some programs write seven digits and more.
pub(super) fn clock(text: &str) -> Result<MediaTime, String> {
    let wrong = || format!("`{text}` is not a time such as 00:01:02.500");
    let (whole, part) = text.split_once(['.', ',']).unwrap_or((text, ""));
    let digits = |it: &str| !it.is_empty() && it.len() <= 6 && it.bytes().all(|b| b.is_ascii_digit());
    let mut seconds = 0_i64;
    let fields: Vec<&str> = whole.split(':').collect();
    if !(2..=3).contains(&fields.len()) || !fields.iter().all(|it| digits(it)) {
        return Err(wrong());
    }
    for (at, field) in fields.iter().rev().enumerate() {
        let value: i64 = field.parse().map_err(|_| wrong())?;
        if at < 2 && value > 59 {
            return Err(wrong());
        }
        seconds += value * [1, 60, 3_600][at];
    }
    let micros = match part {
        "" => 0,
        _ if part.bytes().all(|b| b.is_ascii_digit()) => {
            format!("{part:0<6.6}").parse::<i64>().map_err(|_| wrong())?
        }
        _ => return Err(wrong()),
    };
    let time = MediaTime::from_micros(seconds.saturating_mul(1_000_000).saturating_add(micros));
    if time > MediaTime::MAX {
        return Err(format!("`{text}` lies after seven days"));
    }
    Ok(time)
}

/// Takes `Name:` from the beginning of pieces without a voice. When the first piece of all has one, this is the file's
/// way; otherwise only parts such as `Agent:` and names that come again are believed, because sentences have colons too.
pub(super) fn prefixes(cues: &mut [Cue]) {
    if cues.iter().flat_map(|cue| &cue.pieces).any(|piece| piece.voice.is_some()) {
        return;
    }
    let mut times = HashMap::<String, usize>::new();
    for piece in cues.iter().flat_map(|cue| &cue.pieces) {
        if let Some((label, _)) = prefix(&piece.text) {
            *times.entry(label.to_owned()).or_default() += 1;
        }
    }
    let first = cues.iter().flat_map(|cue| &cue.pieces).find(|piece| !piece.text.trim().is_empty());
    let all = first.is_some_and(|piece| prefix(&piece.text).is_some());
    let mut speaking = None;
    for piece in cues.iter_mut().flat_map(|cue| &mut cue.pieces) {
        if let Some((label, rest)) = prefix(&piece.text)
            && (all || times[label] > 1 || super::type_of_role(label).is_some())
        {
            speaking = Some(label.to_owned());
            piece.text = rest.to_owned();
        }
        // Who goes on speaking is not named again.
        piece.voice.clone_from(&speaking);
    }
}

/// A name and what follows it: `Ann Lee: Hello`, `[Agent]: Hello`, `>> AGENT: Hello`.
fn prefix(text: &str) -> Option<(&str, &str)> {
    let (label, rest) = text.split_once(':')?;
    let label = label.trim().trim_start_matches(">>").trim();
    let label = label.strip_prefix('[').and_then(|it| it.strip_suffix(']')).unwrap_or(label);
    // Parts of names are capital, but for the "van" and "de" inside them.
    let capital = |word: &str| word.starts_with(|c: char| c.is_uppercase() || c.is_ascii_digit() || c == '(');
    let words: Vec<&str> = label.split_whitespace().collect();
    let (first, last) = (words.first()?, words.last()?);
    let capitals = label.starts_with(char::is_uppercase)
        && capital(first)
        && capital(last)
        && words.iter().all(|word| capital(word) || word.len() <= 3);
    let name = (capitals || super::type_of_role(label).is_some())
        && label.chars().all(|c| c.is_alphanumeric() || " .'’-_()@#".contains(c))
        && label.chars().any(char::is_alphabetic)
        && label.chars().count() <= 40
        && words.len() <= 4;
    let apart = rest.is_empty() || rest.starts_with(char::is_whitespace);
    (name && apart).then(|| (label, rest.trim_start()))
}

/// The words of all cues.
pub(super) fn spoken(mut cues: Vec<Cue>, first: u16) -> Result<Spoken, Fault> {
    prefixes(&mut cues);
    let some_named = cues.iter().flat_map(|cue| &cue.pieces).any(|piece| piece.voice.is_some());
    let (mut voices, mut words) = (Voices::new(first), Vec::new());
    for cue in &cues {
        for (start, end, piece) in shares(cue) {
            if piece.text.trim().is_empty() {
                continue;
            }
            // Where others have names, nobody is somebody else than the first of them.
            let voice = piece.voice.as_deref().or(some_named.then_some(""));
            let speaker = voices.number(voice).map_err(|e| Fault::at(cue.line, e))?;
            let said = Utterance { start, end, text: piece.text.clone(), speaker };
            spread(&mut words, said, "cue").map_err(|e| Fault::at(cue.line, e))?;
        }
    }
    Ok(Spoken { words, speakers: voices.speakers(), duration: None })
}

/// Pieces with their times: between two times that the cue gives, each has a share by its length.
fn shares(cue: &Cue) -> Vec<(MediaTime, MediaTime, &Piece)> {
    let mut found = Vec::with_capacity(cue.pieces.len());
    let mut at = 0;
    let mut start = cue.start;
    while at < cue.pieces.len() {
        if let Some(given) = cue.pieces[at].start {
            start = given.clamp(start, cue.end);
        }
        let more = cue.pieces[at + 1..].iter().take_while(|piece| piece.start.is_none()).count();
        let run = &cue.pieces[at..=at + more];
        at += more + 1;
        let end = cue.pieces.get(at).and_then(|next| next.start).unwrap_or(cue.end).clamp(start, cue.end);
        let length = |piece: &Piece| piece.text.trim().chars().count() as i128 + 1;
        let (all, span) =
            (run.iter().map(length).sum::<i128>().max(1), i128::from(end.since(start).micros()));
        let share = |chars: i128| i64::try_from(span * chars / all).unwrap_or_default();
        let time = |chars: i128| MediaTime::from_micros(start.micros() + share(chars));
        let mut before = 0;
        for piece in run {
            let after = before + length(piece);
            found.push((time(before), time(after), piece));
            before = after;
        }
        start = end;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clocks_are_read_exactly_or_not_at_all() {
        for (text, micros) in [
            ("00:00.000", 0),
            ("01:02.5", 62_500_000),
            ("00:01:02,500", 62_500_000),
            ("100:00:00.000", 360_000_000_000),
            ("0:00:07", 7_000_000),
            ("00:00:03.3909999", 3_390_999),
        ] {
            assert_eq!(clock(text).unwrap().micros(), micros, "{text}");
        }
        for text in
            ["", "7", "00:60.000", "00:61:00.000", "-1:00.000", "a:b", "00:00.x", "168:00:00.001", "1:2:3:4"]
        {
            assert!(clock(text).is_err(), "{text}");
        }
    }

    #[test]
    fn times_inside_a_cue_divide_it() {
        let at = |secs: f64| MediaTime::from_secs(secs);
        let piece =
            |text: &str, start: Option<f64>| Piece { text: text.into(), start: start.map(at), voice: None };
        let cue = Cue {
            line: 1,
            start: at(0.0),
            end: at(10.0),
            pieces: vec![
                piece("abc", None),
                piece("defghij", None),
                piece("k", Some(6.0)),
                piece("l", Some(99.0)),
            ],
        };
        let shown: Vec<_> = shares(&cue).iter().map(|(start, end, _)| (start.secs(), end.secs())).collect();
        assert_eq!(shown, [(0.0, 2.0), (2.0, 6.0), (6.0, 10.0), (10.0, 10.0)]);
    }

    #[test]
    fn a_colon_in_a_sentence_is_no_speaker() {
        for text in [
            "Here is the number: 4 7 1 1, and more",
            "at 10:30 sharp",
            "10: yes",
            "so: yes",
            "What? No: never",
            "https://x.example",
        ] {
            assert_eq!(prefix(text), None, "{text}");
        }
        for (text, label) in [
            ("Ann Lee: Hi", "Ann Lee"),
            (">> AGENT: Hi", "AGENT"),
            ("[Customer]: Hi", "Customer"),
            ("agent: hi", "agent"),
        ] {
            assert_eq!(prefix(text).unwrap().0, label);
        }
    }
}
