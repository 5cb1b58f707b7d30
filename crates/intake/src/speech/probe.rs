//! What a file of JSON is, by the fields of its first value.

use super::Shape;
use serde::{Deserialize, de::IgnoredAny};
use std::io::Read;

/// What was recognised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    Transcript(Shape),
    Messages,
}

#[derive(Deserialize)]
struct Probe {
    started_at: Option<IgnoredAny>,
    segments: Option<IgnoredAny>,
    words: Option<IgnoredAny>,
    utterances: Option<IgnoredAny>,
    status: Option<IgnoredAny>,
    audio_url: Option<IgnoredAny>,
    audio_duration: Option<IgnoredAny>,
    results: Option<Results>,
    #[serde(rename = "Transcript")]
    call_analytics: Option<IgnoredAny>,
    #[serde(rename = "Participants")]
    participants: Option<IgnoredAny>,
    messages: Option<IgnoredAny>,
    time: Option<IgnoredAny>,
    timestamp: Option<IgnoredAny>,
    sent_at: Option<IgnoredAny>,
    created_at: Option<IgnoredAny>,
    date: Option<IgnoredAny>,
    text: Option<IgnoredAny>,
    body: Option<IgnoredAny>,
    message: Option<IgnoredAny>,
    content: Option<IgnoredAny>,
}

#[derive(Deserialize)]
struct Results {
    channels: Option<IgnoredAny>,
    items: Option<IgnoredAny>,
    transcripts: Option<IgnoredAny>,
}

/// What a file is; none for native records and what nobody knows. Reads no further than the first JSON value.
pub(crate) fn json(file: impl Read) -> Option<Found> {
    let first = serde_json::Deserializer::from_reader(file).into_iter::<Probe>().next()?.ok()?;
    // Only native contacts have this.
    if first.started_at.is_some() {
        return None;
    }
    let shape = match &first {
        Probe { results: Some(it), .. } if it.channels.is_some() => Shape::Deepgram,
        Probe { results: Some(it), .. } if it.items.is_some() || it.transcripts.is_some() => Shape::Aws,
        Probe { call_analytics: Some(_), participants: Some(_), .. } => Shape::Aws,
        Probe { segments: Some(_), .. } => Shape::Whisper,
        Probe { utterances: Some(_), .. } => Shape::AssemblyAi,
        Probe { words: Some(_), status, audio_url, audio_duration, .. }
            if status.is_some() || audio_url.is_some() || audio_duration.is_some() =>
        {
            Shape::AssemblyAi
        }
        Probe { words: Some(_), .. } => Shape::Whisper,
        Probe { status: Some(_), audio_url: Some(_), .. } => Shape::AssemblyAi,
        it => {
            let timed = [&it.time, &it.timestamp, &it.sent_at, &it.created_at, &it.date];
            let says = [&it.text, &it.body, &it.message, &it.content];
            let message = timed.iter().any(|it| it.is_some()) && says.iter().any(|it| it.is_some());
            return (message || it.messages.is_some()).then_some(Found::Messages);
        }
    };
    Some(Found::Transcript(shape))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_json_is_not_taken_for_a_transcript() {
        let found = |text: &str| json(text.as_bytes());
        let whisper = Some(Found::Transcript(Shape::Whisper));
        assert_eq!(found(r#"{"text":"","segments":[]}"#), whisper);
        assert_eq!(found(r#"{"text":"","words":[]}"#), whisper);
        assert_eq!(found(r#"{"id":"a","started_at":"x","words":[]}"#), None);
        assert_eq!(found(r#"{"id":"a"} {"segments":[]}"#), None);
        assert_eq!(found(r#"{"segments": "#), None);
        assert_eq!(found(r#"{"id":"a","results":[1]}"#), None);
        assert_eq!(found(r#"{"text":"no time","author":"a"}"#), None);
    }

    #[test]
    fn services_that_write_alike_are_told_apart() {
        let shape = |text: &str| match json(text.as_bytes()) {
            Some(Found::Transcript(shape)) => shape,
            other => panic!("{text}: {other:?}"),
        };
        assert_eq!(shape(r#"{"results":{"items":[],"transcripts":[]}}"#), Shape::Aws);
        assert_eq!(shape(r#"{"results":{"channels":[]}}"#), Shape::Deepgram);
        assert_eq!(shape(r#"{"id":"1","status":"error","audio_url":"x","words":null}"#), Shape::AssemblyAi);
        assert_eq!(shape(r#"{"utterances":[],"words":[]}"#), Shape::AssemblyAi);
    }

    #[test]
    fn messages_have_a_time_and_a_text() {
        for text in [
            r#"{"time":1,"author":"a","text":"b"}"#,
            r#"{"sent_at":"x","body":"b"}"#,
            r#"{"id":"c","messages":[]}"#,
        ] {
            assert_eq!(json(text.as_bytes()), Some(Found::Messages), "{text}");
        }
    }
}
