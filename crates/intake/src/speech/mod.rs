//! Transcripts in the shapes of other programs. Each reader turns bytes into [`Spoken`]; none of them knows whose it is.

mod assembly;
mod aws;
mod cues;
mod deepgram;
pub(crate) mod probe;
mod srt;
mod voices;
mod vtt;
mod whisper;

pub(crate) use voices::{is_staff, named, type_of_role};

use touchline_app::contacts::{TranscriptUpload, Utterance};
use touchline_model::{MediaTime, Speaker, Transcript, Validate, Word};

/// The shape of a transcript.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Shape {
    Whisper,
    Vtt,
    Srt,
    Aws,
    Deepgram,
    AssemblyAi,
}

impl Shape {
    /// The format that it is.
    pub(crate) const fn format(self) -> crate::Format {
        match self {
            Self::Whisper => crate::Format::Whisper,
            Self::Vtt => crate::Format::Vtt,
            Self::Srt => crate::Format::Srt,
            Self::Aws => crate::Format::AwsTranscribe,
            Self::Deepgram => crate::Format::Deepgram,
            Self::AssemblyAi => crate::Format::AssemblyAi,
        }
    }
}

/// What a transcript says.
#[derive(Debug, Default)]
pub(crate) struct Spoken {
    /// The words, in any order.
    pub(crate) words: Vec<Word>,
    /// What the file says of its speakers; those of whom it says nothing are left out.
    pub(crate) speakers: Vec<Speaker>,
    /// How long the recording was, where that is said.
    pub(crate) duration: Option<MediaTime>,
}

/// Why a transcript cannot be read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    /// The line, from 1, when one is to blame.
    pub(crate) line: Option<u64>,
    /// What is wrong.
    pub(crate) reason: String,
}

impl From<String> for Fault {
    fn from(reason: String) -> Self {
        Self { line: None, reason }
    }
}

impl Fault {
    fn at(line: u64, reason: impl Into<String>) -> Self {
        Self { line: Some(line), reason: reason.into() }
    }

    fn json(error: &serde_json::Error) -> Self {
        let text = error.to_string();
        let place = format!(" at line {} column {}", error.line(), error.column());
        let reason = text.strip_suffix(&place).unwrap_or(&text);
        Self::at(error.line() as u64, format!("{reason} (column {})", error.column()))
    }
}

/// Reads a transcript. Its speakers are numbered from `first`.
pub(crate) fn read(shape: Shape, bytes: &[u8], first: u16) -> Result<Spoken, Fault> {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let spoken = match shape {
        Shape::Whisper => whisper::read(bytes, first)?,
        Shape::Aws => aws::read(bytes, first)?,
        Shape::Deepgram => deepgram::read(bytes, first)?,
        Shape::AssemblyAi => assembly::read(bytes, first)?,
        Shape::Vtt => vtt::read(text(bytes)?, first)?,
        Shape::Srt => srt::read(text(bytes)?, first)?,
    };
    // Here a fault is still one of this file.
    let transcript = Transcript { speakers: spoken.speakers, words: spoken.words };
    transcript.validate().map_err(|e| Fault::from(e.to_string()))?;
    Ok(Spoken { speakers: transcript.speakers, words: transcript.words, duration: spoken.duration })
}

fn text(bytes: &[u8]) -> Result<&str, Fault> {
    std::str::from_utf8(bytes).map_err(|e| {
        let line = bytes[..e.valid_up_to()].iter().filter(|byte| **byte == b'\n').count();
        Fault::at(line as u64 + 1, "is not UTF-8 text")
    })
}

/// What a text that is no JSON is, by its beginning.
pub(crate) fn in_text(head: &[u8]) -> Option<Shape> {
    // WebVTT §4: the word alone, or followed by a blank and anything.
    if let Some(rest) = head.strip_prefix(b"WEBVTT") {
        return rest.first().is_none_or(u8::is_ascii_whitespace).then_some(Shape::Vtt);
    }
    let mut lines = head.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii).filter(|it| !it.is_empty());
    let mut first = lines.next()?;
    if first.iter().all(u8::is_ascii_digit) {
        first = lines.next()?;
    }
    let line = std::str::from_utf8(first).ok()?;
    cues::timing(line).is_some_and(|it| it.is_ok()).then_some(Shape::Srt)
}

/// Marks that follow a word.
fn is_mark(c: char) -> bool {
    matches!(c, '.' | ',' | '?' | '!' | ';' | ':' | '…' | '。' | '，' | '？' | '！')
}

/// A time in seconds.
fn seconds(given: f64, path: &str) -> Result<MediaTime, String> {
    let time = MediaTime::from_secs(given);
    match given >= 0.0 && time <= MediaTime::MAX {
        true => Ok(time),
        false => Err(format!("`{path}`: {given} is not a time in seconds between 0 and 604800")),
    }
}

/// A time in milliseconds.
fn millis(given: f64, path: &str) -> Result<MediaTime, String> {
    let time = MediaTime::from_secs(given / 1e3);
    match given >= 0.0 && time <= MediaTime::MAX {
        true => Ok(time),
        false => Err(format!("`{path}`: {given} is not a time in milliseconds between 0 and 604800000")),
    }
}

/// One word as a recogniser wrote it, with its marks.
struct Token<'a> {
    text: &'a str,
    start: MediaTime,
    end: MediaTime,
    speaker: u16,
    confidence: Option<f32>,
}

/// Adds a word. Marks that stand alone belong to the word before.
fn push(words: &mut Vec<Word>, token: Token<'_>) {
    let whole = token.text.trim();
    let text = whole.trim_end_matches(is_mark);
    if text.is_empty() {
        if let Some(word) = words.last_mut() {
            word.punctuation.get_or_insert_default().push_str(whole);
        }
        return;
    }
    let after = &whole[text.len()..];
    words.push(Word {
        start: token.start,
        end: token.end,
        text: text.to_owned(),
        punctuation: (!after.is_empty()).then(|| after.to_owned()),
        speaker: token.speaker,
        confidence: token.confidence.map(|it| it.clamp(0.0, 1.0)),
    });
}

/// The words of something that has a time as a whole: shared out by the app, as for utterances over the API.
fn spread(words: &mut Vec<Word>, utterance: Utterance, path: &str) -> Result<(), String> {
    let upload = TranscriptUpload { utterances: Some(vec![utterance]), ..TranscriptUpload::default() };
    // Faults are told under the name that the field has in this file.
    let read = upload.into_transcript().map_err(|e| e.to_string().replace("utterances[0]", path))?;
    words.extend(read.words);
    Ok(())
}

/// A number, which some write as text.
#[derive(serde::Deserialize)]
#[serde(untagged)]
enum Number {
    Plain(f64),
    Text(String),
}

impl Number {
    fn value(&self, path: &str) -> Result<f64, String> {
        match self {
            Self::Plain(value) => Ok(*value),
            Self::Text(text) => text.parse().map_err(|_| format!("`{path}`: {text:?} is no number")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SHAPES: [Shape; 6] =
        [Shape::Whisper, Shape::Vtt, Shape::Srt, Shape::Aws, Shape::Deepgram, Shape::AssemblyAi];
    const PARTS: &[&str] = &[
        "WEBVTT",
        "\n",
        "\n\n",
        "00:01.000 --> 00:02.000",
        "00:00:01,000 --> 00:00:02,500 line:0",
        "<v Ann>",
        "<00:01.500>",
        "</v>",
        "<",
        "&lt;",
        "&#x1F600;",
        "&",
        "Agent: hi",
        "NOTE",
        "12",
        "{\\an8}",
        "\u{e4}\u{1F600}",
        "-->",
        ">",
        ";",
        "{\"results\":{\"items\":[",
        "{\"words\":[",
        "{\"word\":\"a\",\"start\":1,\"end\":2}",
        "]}",
        "\"",
    ];

    proptest! {
        /// Whatever the file, reading it ends with words that the app takes or with a reason.
        #[test]
        fn no_text_breaks_a_reader(parts in prop::collection::vec(prop::sample::select(PARTS), 0..30)) {
            let text = parts.concat();
            for shape in SHAPES {
                match read(shape, text.as_bytes(), 0) {
                    Ok(spoken) => prop_assert!(spoken.words.iter().all(|word| word.start <= word.end)),
                    Err(fault) => prop_assert!(!fault.reason.is_empty()),
                }
            }
            let _ = in_text(text.as_bytes());
            let _ = probe::json(text.as_bytes());
        }

        #[test]
        fn no_bytes_break_a_reader(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let with_head = [b"WEBVTT\n\n".as_slice(), &bytes].concat();
            for shape in SHAPES {
                let _ = (read(shape, &bytes, u16::MAX), read(shape, &with_head, 0));
            }
            let _ = in_text(&bytes);
        }
    }

    #[test]
    fn what_is_opened_a_hundred_thousand_times_and_never_closed_is_read_once() {
        let many = 100_000;
        let cue = |mark: &str| format!("00:00:01,000 --> 00:00:02,500\n{}\n", mark.repeat(many));
        let words = |shape, text: String| read(shape, text.as_bytes(), 0).unwrap().words;
        let began = std::time::Instant::now();
        assert_eq!(words(Shape::Vtt, format!("WEBVTT\n\n{}", cue("& "))).len(), many);
        assert_eq!(words(Shape::Srt, cue("< ")).len(), many);
        assert_eq!(words(Shape::Srt, cue("{ ")).len(), many);
        // Words without times look for the next that has one.
        let tokens = vec![r#"{"word":"a"}"#; many].join(",");
        let last = r#"{"word":"b","start":3,"end":4}"#;
        let words = words(Shape::Whisper, format!(r#"{{"words":[{tokens},{last}]}}"#));
        let times = |at: usize| (words[at].start.secs(), words[at].end.secs());
        assert_eq!((times(0), times(1), times(many)), ((0.0, 3.0), (3.0, 3.0), (3.0, 4.0)));
        assert!(began.elapsed().as_secs() < 20, "{:?}", began.elapsed());
    }

    #[test]
    fn text_in_another_encoding_is_told_with_its_line() {
        let fault = read(Shape::Vtt, b"WEBVTT\n\n00:01.000 --> 00:02.000\ncaf\xE9\n", 0).unwrap_err();
        assert_eq!(fault, Fault { line: Some(4), reason: "is not UTF-8 text".to_owned() });
    }
}
