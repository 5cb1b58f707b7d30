//! AssemblyAI's transcripts: times in milliseconds, speakers by letter or name
//! (<https://www.assemblyai.com/docs/api-reference/transcripts/get>).

use super::{Fault, Spoken, Token, millis, push, seconds, spread, voices::Voices};
use serde::Deserialize;
use touchline_app::contacts::Utterance;
use touchline_model::{MediaTime, Word};

#[derive(Deserialize)]
struct File {
    status: Option<String>,
    error: Option<String>,
    words: Option<Vec<Heard>>,
    utterances: Option<Vec<Turn>>,
    audio_duration: Option<f64>,
}

#[derive(Deserialize)]
struct Turn {
    start: f64,
    end: f64,
    #[serde(default)]
    text: String,
    speaker: Option<String>,
    channel: Option<String>,
    words: Option<Vec<Heard>>,
}

#[derive(Deserialize)]
struct Heard {
    text: String,
    start: f64,
    end: f64,
    confidence: Option<f32>,
    speaker: Option<String>,
    channel: Option<String>,
}

/// Reads a file.
pub(super) fn read(json: &[u8], first: u16) -> Result<Spoken, Fault> {
    let file: File = serde_json::from_slice(json).map_err(|e| Fault::json(&e))?;
    match (file.status.as_deref(), &file.error) {
        (Some("error"), reason) => {
            let reason = reason.as_deref().unwrap_or("no reason is given");
            return Err(Fault::from(format!("the transcription failed: {reason}")));
        }
        (Some(status @ ("queued" | "processing")), _) => {
            return Err(Fault::from(format!("the transcription is not finished: its status is `{status}`")));
        }
        _ => {}
    }
    if file.words.is_none() && file.utterances.is_none() {
        return Err(Fault::from("has neither `words` nor `utterances`".to_owned()));
    }
    let (mut voices, mut words) = (Voices::new(first), Vec::new());
    match file.utterances.filter(|it| !it.is_empty()) {
        Some(turns) => {
            for (at, turn) in turns.iter().enumerate() {
                let path = format!("utterances[{at}]");
                let label = turn.speaker.as_deref().or(turn.channel.as_deref());
                match turn.words.as_deref().filter(|it| !it.is_empty()) {
                    Some(heard) => timed(&mut words, heard, label, &format!("{path}.words"), &mut voices)?,
                    None => {
                        let said = Utterance {
                            start: millis(turn.start, &format!("{path}.start"))?,
                            end: millis(turn.end, &format!("{path}.end"))?,
                            text: turn.text.clone(),
                            speaker: voices.number(label)?,
                        };
                        spread(&mut words, said, &path)?;
                    }
                }
            }
        }
        None => timed(&mut words, &file.words.unwrap_or_default(), None, "words", &mut voices)?,
    }
    let duration = file.audio_duration.map(|it| seconds(it, "audio_duration")).transpose()?;
    let duration = duration.filter(|it| *it > MediaTime::default());
    Ok(Spoken { words, speakers: voices.speakers(), duration })
}

fn timed(
    words: &mut Vec<Word>,
    heard: &[Heard],
    label: Option<&str>,
    path: &str,
    voices: &mut Voices,
) -> Result<(), String> {
    let mut here = Vec::with_capacity(heard.len());
    for (at, word) in heard.iter().enumerate() {
        let own = word.speaker.as_deref().or(word.channel.as_deref());
        let token = Token {
            text: &word.text,
            start: millis(word.start, &format!("{path}[{at}].start"))?,
            end: millis(word.end, &format!("{path}[{at}].end"))?,
            speaker: voices.number(own.or(label))?,
            confidence: word.confidence,
        };
        push(&mut here, token);
    }
    words.append(&mut here);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(json: &str) -> Vec<(u16, String, i64, i64)> {
        let words = read(json.as_bytes(), 0).unwrap().words;
        let text = |it: &Word| format!("{}{}", it.text, it.punctuation.as_deref().unwrap_or_default());
        words.iter().map(|it| (it.speaker, text(it), it.start.micros(), it.end.micros())).collect()
    }

    #[test]
    fn utterances_are_in_milliseconds_and_speakers_are_letters() {
        let json = r#"{"id":"x","status":"completed","audio_url":"u","text":"Hi. Yes?","audio_duration":12,"confidence":0.9,
            "words":[{"text":"Hi.","start":250,"end":650,"confidence":0.97,"speaker":"B"},{"text":"Yes?","start":730,"end":1022,"confidence":0.9,"speaker":"A"}],
            "utterances":[
              {"confidence":0.97,"start":250,"end":650,"speaker":"B","text":"Hi.","words":[{"text":"Hi.","start":250,"end":650,"confidence":0.97,"speaker":"B"}]},
              {"confidence":0.9,"start":730,"end":1022,"speaker":"A","text":"Yes?"}]}"#;
        assert_eq!(
            shown(json),
            [(0, "Hi.".into(), 250_000, 650_000), (1, "Yes?".into(), 730_000, 1_022_000)]
        );
        let spoken = read(json.as_bytes(), 0).unwrap();
        assert!(spoken.speakers.is_empty(), "letters are no names");
        assert_eq!(spoken.duration, Some(MediaTime::from_secs(12.0)));
        assert_eq!(spoken.words[0].confidence, Some(0.97));
    }

    #[test]
    fn without_speakers_the_words_stand_alone_and_names_are_kept() {
        let json = r#"{"status":"completed","utterances":null,"words":[{"text":"Hi","start":1,"end":2,"confidence":1,"speaker":null}]}"#;
        assert_eq!(shown(json), [(0, "Hi".into(), 1_000, 2_000)]);
        let named =
            r#"{"status":"completed","utterances":[{"start":1,"end":2,"speaker":"Ann Lee","text":"Hi"}]}"#;
        assert_eq!(read(named.as_bytes(), 0).unwrap().speakers[0].last_name.as_deref(), Some("Lee"));
    }

    #[test]
    fn a_transcript_that_failed_or_is_not_ready_says_so() {
        let fault = |json: &str| read(json.as_bytes(), 0).unwrap_err().reason;
        assert!(fault(r#"{"status":"error","error":"no audio","words":null}"#).contains("no audio"));
        assert!(fault(r#"{"status":"processing","audio_url":"u","words":null}"#).contains("not finished"));
        assert!(fault(r#"{"words":[{"text":"a","start":-5,"end":1}]}"#).starts_with("`words[0].start`: -5"));
    }
}
