//! Whisper's `verbose_json`: segments, words, or both. Also understood: speaker labels as WhisperX writes them.

use super::{Fault, Spoken, is_mark, push, seconds, spread, voices::Voices};
use serde::Deserialize;
use touchline_app::contacts::Utterance;
use touchline_model::{MediaTime, Word};

#[derive(Deserialize)]
struct File {
    segments: Option<Vec<Segment>>,
    words: Option<Vec<Token>>,
    // A number, or a number as text in older answers of OpenAI's API.
    duration: Option<serde_json::Value>,
}

#[derive(Deserialize)]
struct Segment {
    start: Option<f64>,
    end: Option<f64>,
    #[serde(default)]
    text: String,
    words: Option<Vec<Token>>,
    speaker: Option<String>,
}

#[derive(Deserialize)]
struct Token {
    #[serde(alias = "text")]
    word: String,
    // WhisperX gives no times to what it cannot align, such as numbers.
    start: Option<f64>,
    end: Option<f64>,
    #[serde(alias = "score", alias = "confidence")]
    probability: Option<f32>,
    speaker: Option<String>,
}

/// Reads a file. Speakers are numbered in the order in which they speak.
pub(super) fn read(json: &[u8], first: u16) -> Result<Spoken, Fault> {
    let file: File = serde_json::from_slice(json).map_err(|e| Fault::json(&e))?;
    let mut voices = Voices::new(first);
    let duration = file.duration.as_ref().and_then(|it| it.as_f64().or_else(|| it.as_str()?.parse().ok()));
    // It is only a help: what makes no sense is left out.
    let duration = duration.and_then(|it| seconds(it, "duration").ok());
    let words = words(file, &mut voices)?;
    let speakers = voices.speakers();
    Ok(Spoken { words, speakers, duration: duration.filter(|it| *it > MediaTime::default()) })
}

fn words(file: File, speakers: &mut Voices) -> Result<Vec<Word>, String> {
    if file.segments.is_none() && file.words.is_none() {
        return Err("has neither `segments` nor `words`: write it with verbose_json".to_owned());
    }
    let segments = file.segments.unwrap_or_default();
    let in_segments = segments.iter().any(|it| it.words.as_ref().is_some_and(|words| !words.is_empty()));
    if !in_segments && let Some(tokens) = file.words.filter(|it| !it.is_empty()) {
        let mut words = timed(&tokens, None, "words", speakers)?;
        punctuate(&mut words, &segments);
        return Ok(words);
    }
    let mut words = Vec::new();
    for (at, segment) in segments.iter().enumerate() {
        let path = format!("segments[{at}]");
        match segment.words.as_deref() {
            Some(tokens) if !tokens.is_empty() => {
                words.append(&mut timed(tokens, Some(segment), &format!("{path}.words"), speakers)?);
            }
            _ if segment.text.trim().is_empty() => {}
            _ => whole(&mut words, segment, &path, speakers)?,
        }
    }
    Ok(words)
}

/// Words with their times; one that has none gets the gap between its neighbours.
fn timed(
    tokens: &[Token],
    segment: Option<&Segment>,
    path: &str,
    speakers: &mut Voices,
) -> Result<Vec<Word>, String> {
    let mut words: Vec<Word> = Vec::with_capacity(tokens.len());
    let mut last_end = segment.and_then(|it| it.start).unwrap_or_default();
    // When the next word begins of which that is known, from the last to the first.
    let mut nexts = Vec::with_capacity(tokens.len());
    let mut next = segment.and_then(|it| it.end);
    for token in tokens.iter().rev() {
        nexts.push(next);
        next = token.start.or(next);
    }
    for ((at, token), next) in tokens.iter().enumerate().zip(nexts.into_iter().rev()) {
        let start = token.start.unwrap_or(last_end);
        let end = token.end.unwrap_or_else(|| next.unwrap_or(start).max(start));
        last_end = end;
        let name = token.speaker.as_deref().or(segment.and_then(|it| it.speaker.as_deref()));
        push(
            &mut words,
            super::Token {
                text: &token.word,
                start: seconds(start, &format!("{path}[{at}].start"))?,
                end: seconds(end, &format!("{path}[{at}].end"))?,
                speaker: speakers.number(name)?,
                confidence: token.probability,
            },
        );
    }
    Ok(words)
}

/// A segment without words is an utterance: its time is shared out by the app.
fn whole(words: &mut Vec<Word>, segment: &Segment, path: &str, speakers: &mut Voices) -> Result<(), String> {
    let (Some(start), Some(end)) = (segment.start, segment.end) else {
        return Err(format!("`{path}`: needs `start` and `end`"));
    };
    let utterance = Utterance {
        start: seconds(start, &format!("{path}.start"))?,
        end: seconds(end, &format!("{path}.end"))?,
        text: segment.text.clone(),
        speaker: speakers.number(segment.speaker.as_deref())?,
    };
    spread(words, utterance, path)
}

/// Words of OpenAI's API come without punctuation, its segments with: brings both together where they agree.
fn punctuate(words: &mut [Word], segments: &[Segment]) {
    let tokens: Vec<&str> = segments.iter().flat_map(|it| it.text.split_whitespace()).collect();
    let bare = |token: &str| token.trim_end_matches(is_mark).to_lowercase();
    if tokens.len() != words.len() || !words.iter().zip(&tokens).all(|(w, t)| bare(&w.text) == bare(t)) {
        return;
    }
    for (word, token) in words.iter_mut().zip(tokens) {
        let after = &token[token.trim_end_matches(is_mark).len()..];
        if word.punctuation.is_none() && !after.is_empty() {
            word.punctuation = Some(after.to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(json: &str) -> Vec<(String, f64, f64, u16)> {
        let text = |it: &Word| format!("{}{}", it.text, it.punctuation.as_deref().unwrap_or_default());
        let words = read(json.as_bytes(), 0).unwrap().words;
        words.iter().map(|it| (text(it), it.start.secs(), it.end.secs(), it.speaker)).collect()
    }

    #[test]
    fn words_inside_segments_keep_times_and_punctuation() {
        let json = r#"{"text":" Hi, you?","segments":[{"start":0,"end":1,"text":" Hi, you?","words":[
            {"word":" Hi,","start":0.1,"end":0.4,"probability":0.9},{"word":" you","start":0.5,"end":0.9},{"word":"?","start":0.9,"end":0.9}]}]}"#;
        assert_eq!(shown(json), [("Hi,".to_owned(), 0.1, 0.4, 0), ("you?".to_owned(), 0.5, 0.9, 0)]);
        assert_eq!(read(json.as_bytes(), 0).unwrap().words[0].confidence, Some(0.9));
    }

    #[test]
    fn words_beside_segments_take_their_punctuation_where_both_agree() {
        let json = |text: &str| {
            format!(
                r#"{{"segments":[{{"start":0,"end":1,"text":"{text}"}}],"words":[{{"word":"Hi","start":0,"end":0.4}},{{"word":"you","start":0.5,"end":1}}]}}"#
            )
        };
        assert_eq!(shown(&json("Hi, you?")).iter().map(|it| &*it.0).collect::<Vec<_>>(), ["Hi,", "you?"]);
        assert_eq!(
            shown(&json("Hi, all of you?")).iter().map(|it| &*it.0).collect::<Vec<_>>(),
            ["Hi", "you"]
        );
    }

    #[test]
    fn segments_alone_are_spread_over_their_time_and_labels_are_speakers() {
        let json = r#"{"segments":[{"start":0,"end":1,"text":" aa bb","speaker":"B"},{"start":1,"end":2,"text":" "},{"start":2,"end":3,"text":"cc","speaker":"A"}]}"#;
        let words = shown(json);
        assert_eq!(
            words.iter().map(|it| (&*it.0, it.3)).collect::<Vec<_>>(),
            [("aa", 0), ("bb", 0), ("cc", 1)]
        );
        assert_eq!((words[0].1, words[1].1, words[2].1), (0.0, 0.6, 2.0));
    }

    #[test]
    fn a_word_without_times_fills_the_gap() {
        let json = r#"{"segments":[{"start":0,"end":3,"text":"","words":[{"word":"a","start":0,"end":1},{"word":"42"},{"word":"b","start":2,"end":3}]}]}"#;
        assert_eq!(shown(json)[1], ("42".to_owned(), 1.0, 2.0, 0));
    }

    #[test]
    fn absurd_times_are_told_with_their_place() {
        let fault = |json: &str| read(json.as_bytes(), 0).unwrap_err().reason;
        assert!(fault(r#"{"words":[{"word":"a","start":-1,"end":1}]}"#).starts_with("`words[0].start`: -1"));
        assert!(fault(r#"{"segments":[{"start":0,"end":1e9,"text":"a"}]}"#).starts_with("`segments[0].end`"));
        assert!(
            fault(r#"{"segments":[{"start":2,"end":1,"text":"a"}]}"#)
                .starts_with("`segments[0].end`: 1 lies before")
        );
        assert!(fault(r#"{"text":"a"}"#).contains("verbose_json"));
    }
}
