//! Deepgram's answers for recordings (<https://developers.deepgram.com/reference/speech-to-text/listen-pre-recorded>).

use super::{Fault, Spoken, Token, push, seconds, voices::Numbered};
use serde::Deserialize;
use touchline_model::MediaTime;

#[derive(Deserialize)]
struct File {
    metadata: Option<Metadata>,
    results: Option<Results>,
}

#[derive(Deserialize)]
struct Metadata {
    duration: Option<f64>,
}

#[derive(Deserialize)]
struct Results {
    #[serde(default)]
    channels: Vec<Channel>,
}

#[derive(Deserialize)]
struct Channel {
    #[serde(default)]
    alternatives: Vec<Alternative>,
}

#[derive(Deserialize)]
struct Alternative {
    #[serde(default)]
    words: Vec<Heard>,
}

#[derive(Deserialize)]
struct Heard {
    word: String,
    punctuated_word: Option<String>,
    start: f64,
    end: f64,
    confidence: Option<f32>,
    speaker: Option<u16>,
}

/// Reads a file. The first alternative of each channel is the likeliest.
pub(super) fn read(json: &[u8], first: u16) -> Result<Spoken, Fault> {
    let file: File = serde_json::from_slice(json).map_err(|e| Fault::json(&e))?;
    let Some(results) = file.results else {
        return Err(Fault::from("has no `results`: is this the answer for a recording?".to_owned()));
    };
    let heard = |channel: &Channel| channel.alternatives.first().map_or(0, |it| it.words.len());
    let several = results.channels.len() > 1;
    let key = |channel: usize, word: &Heard| {
        let channel = if several { u16::try_from(channel).unwrap_or(u16::MAX) } else { 0 };
        (channel, word.speaker)
    };
    let all = results.channels.iter().enumerate().flat_map(|(at, channel)| {
        channel
            .alternatives
            .first()
            .into_iter()
            .flat_map(move |it| it.words.iter().map(move |word| key(at, word)))
    });
    let numbers = Numbered::new(all);
    let mut words = Vec::with_capacity(results.channels.iter().map(heard).sum());
    for (at, channel) in results.channels.iter().enumerate() {
        let Some(best) = channel.alternatives.first() else { continue };
        // Marks never belong to a word of another channel.
        let mut here = Vec::with_capacity(best.words.len());
        for (word_at, word) in best.words.iter().enumerate() {
            let path =
                |field: &str| format!("results.channels[{at}].alternatives[0].words[{word_at}].{field}");
            push(
                &mut here,
                Token {
                    text: word.punctuated_word.as_deref().unwrap_or(&word.word),
                    start: seconds(word.start, &path("start"))?,
                    end: seconds(word.end, &path("end"))?,
                    speaker: numbers.number(first, key(at, word))?,
                    confidence: word.confidence,
                },
            );
        }
        words.append(&mut here);
    }
    let duration = file.metadata.and_then(|it| it.duration);
    let duration = duration.map(|it| seconds(it, "metadata.duration")).transpose()?;
    Ok(Spoken { words, speakers: vec![], duration: duration.filter(|it| *it > MediaTime::default()) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn word(text: &str, start: f64, more: &str) -> String {
        let bare = text.trim_end_matches('.').to_lowercase();
        format!(
            r#"{{"word":"{bare}","start":{start},"end":{},"confidence":0.97,{more}"punctuated_word":"{text}"}}"#,
            start + 0.4
        )
    }

    fn channel(words: &[String]) -> String {
        format!(
            r#"{{"alternatives":[{{"transcript":"t","confidence":0.99,"words":[{}]}},{{"words":[{}]}}]}}"#,
            words.join(","),
            word("other", 0.0, "")
        )
    }

    fn shown(channels: &[String]) -> Vec<(u16, String)> {
        let json = format!(
            r#"{{"metadata":{{"request_id":"r","duration":9.5,"channels":{}}},"results":{{"channels":[{}]}}}}"#,
            channels.len(),
            channels.join(",")
        );
        let spoken = read(json.as_bytes(), 0).unwrap();
        assert_eq!(spoken.duration, Some(MediaTime::from_secs(9.5)));
        let text = |it: &touchline_model::Word| {
            format!("{}{}", it.text, it.punctuation.as_deref().unwrap_or_default())
        };
        spoken.words.iter().map(|it| (it.speaker, text(it))).collect()
    }

    #[test]
    fn words_are_as_they_are_written_and_speakers_as_they_are_numbered() {
        let one = channel(&[
            word("Hello.", 0.5, r#""speaker":1,"speaker_confidence":0.6,"#),
            word("Hi", 1.5, r#""speaker":0,"#),
        ]);
        assert_eq!(shown(&[one]), [(1, "Hello.".to_owned()), (0, "Hi".to_owned())]);
    }

    #[test]
    fn channels_are_speakers_and_speakers_inside_them_more_speakers() {
        let (a, b) = (channel(&[word("Hello.", 0.5, "")]), channel(&[word("Hi", 1.5, "")]));
        assert_eq!(shown(&[a, b]), [(0, "Hello.".to_owned()), (1, "Hi".to_owned())]);
        let of = |speaker: u16| word("x", 1.0, &format!(r#""speaker":{speaker},"#));
        let both = shown(&[channel(&[of(0)]), channel(&[of(0), of(1)])]);
        assert_eq!(both.iter().map(|it| it.0).collect::<Vec<_>>(), [0, 1, 2]);
    }

    #[test]
    fn a_channel_in_which_nobody_speaks_keeps_its_number() {
        assert_eq!(shown(&[channel(&[]), channel(&[word("Hi", 1.5, "")])]), [(1, "Hi".to_owned())]);
    }

    #[test]
    fn what_cannot_be_read_is_told_with_its_place() {
        let json = format!(r#"{{"results":{{"channels":[{}]}}}}"#, channel(&[word("a", -2.0, "")]));
        let fault = read(json.as_bytes(), 0).unwrap_err();
        assert!(
            fault.reason.starts_with("`results.channels[0].alternatives[0].words[0].start`: -2"),
            "{fault:?}"
        );
        assert!(read(br#"{"err_code":"Bad Request"}"#, 0).unwrap_err().reason.contains("no `results`"));
    }
}
