//! Amazon Transcribe's JSON: of a transcription job (with speaker or channel labels), and of Call Analytics, which says
//! who is the agent (<https://docs.aws.amazon.com/transcribe/latest/dg/how-input.html#how-it-works-output>).

use super::{
    Fault, Number, Spoken, Token, millis, push, seconds,
    voices::{Numbered, Voices, trailing_number},
};
use serde::Deserialize;
use std::collections::HashMap;
use touchline_model::Word;

#[derive(Deserialize)]
struct File {
    results: Option<Results>,
    #[serde(rename = "Transcript")]
    turns: Option<Vec<Turn>>,
}

#[derive(Deserialize)]
struct Results {
    #[serde(default)]
    items: Vec<Item>,
    speaker_labels: Option<SpeakerLabels>,
    channel_labels: Option<ChannelLabels>,
}

#[derive(Deserialize)]
struct Item {
    start_time: Option<Number>,
    end_time: Option<Number>,
    #[serde(default)]
    alternatives: Vec<Alternative>,
    #[serde(rename = "type")]
    kind: Option<String>,
    speaker_label: Option<String>,
    channel_label: Option<String>,
}

#[derive(Deserialize)]
struct Alternative {
    content: String,
    confidence: Option<Number>,
}

#[derive(Deserialize)]
struct SpeakerLabels {
    #[serde(default)]
    segments: Vec<SpeakerSegment>,
}

#[derive(Deserialize)]
struct SpeakerSegment {
    speaker_label: String,
    #[serde(default)]
    items: Vec<SpeakerItem>,
}

#[derive(Deserialize)]
struct SpeakerItem {
    start_time: Number,
    speaker_label: Option<String>,
}

#[derive(Deserialize)]
struct ChannelLabels {
    #[serde(default)]
    channels: Vec<ChannelItems>,
}

#[derive(Deserialize)]
struct ChannelItems {
    channel_label: Option<String>,
    #[serde(default)]
    items: Vec<Item>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Turn {
    participant_role: Option<String>,
    begin_offset_millis: Option<f64>,
    end_offset_millis: Option<f64>,
    content: Option<String>,
    #[serde(default)]
    items: Vec<TurnItem>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct TurnItem {
    content: String,
    begin_offset_millis: Option<f64>,
    end_offset_millis: Option<f64>,
    confidence: Option<Number>,
}

/// Reads a file.
pub(super) fn read(json: &[u8], first: u16) -> Result<Spoken, Fault> {
    let file: File = serde_json::from_slice(json).map_err(|e| Fault::json(&e))?;
    if let Some(turns) = file.turns {
        return Ok(analytics(&turns, first)?);
    }
    let Some(results) = file.results else {
        return Err(Fault::from("has no `results`: is the job finished?".to_owned()));
    };
    Ok(transcription(&results, first)?)
}

fn transcription(results: &Results, first: u16) -> Result<Spoken, String> {
    // The labels by the time of their words; newer files have them in the words themselves.
    let segments = results.speaker_labels.iter().flat_map(|it| &it.segments);
    let mut spoke = HashMap::new();
    for segment in segments {
        for item in &segment.items {
            let start = seconds(item.start_time.value("start_time")?, "speaker_labels.start_time")?;
            spoke.insert(start, item.speaker_label.as_deref().unwrap_or(&segment.speaker_label));
        }
    }
    let channels: Vec<_> = results.channel_labels.iter().flat_map(|it| &it.channels).collect();
    // With channels the items stand in them, and once more in a list of all.
    let lists: Vec<(Option<&str>, &[Item], String)> = match channels.is_empty() {
        true => vec![(None, &results.items, "results.items".to_owned())],
        false => channels
            .iter()
            .enumerate()
            .map(|(at, it)| {
                let path = format!("results.channel_labels.channels[{at}].items");
                (it.channel_label.as_deref(), &it.items[..], path)
            })
            .collect(),
    };
    let mut keyed: Vec<((u16, Option<u16>), Word)> = Vec::new();
    for (place, (channel, items, path)) in lists.iter().enumerate() {
        let mut words: Vec<Word> = Vec::new();
        let mut keys = Vec::new();
        for (at, item) in items.iter().enumerate() {
            let Some(best) = item.alternatives.first() else { continue };
            let here = |field: &str| format!("{path}[{at}].{field}");
            let time = |given: &Option<Number>, field: &str| -> Result<_, String> {
                match given {
                    Some(number) => seconds(number.value(&here(field))?, &here(field)).map(Some),
                    None => Ok(None),
                }
            };
            let (start, end) = (time(&item.start_time, "start_time")?, time(&item.end_time, "end_time")?);
            let before = words.last().map(|it| it.end).unwrap_or_default();
            let mark = item.kind.as_deref() == Some("punctuation");
            if mark {
                if let Some(word) = words.last_mut() {
                    word.punctuation.get_or_insert_default().push_str(best.content.trim());
                }
                continue;
            }
            let start = start.unwrap_or(before);
            let label = item.speaker_label.as_deref().or_else(|| spoke.get(&start).copied());
            let channel = channel.or(item.channel_label.as_deref());
            let confidence = best.confidence.as_ref().map(|it| it.value(&here("confidence"))).transpose()?;
            push(
                &mut words,
                Token {
                    text: &best.content,
                    start,
                    end: end.unwrap_or(start),
                    speaker: 0,
                    confidence: confidence.map(|it| it as f32),
                },
            );
            if words.len() > keys.len() {
                let in_order = u16::try_from(place).ok();
                let channel = channel.and_then(trailing_number).or(in_order).unwrap_or_default();
                keys.push((channel, label.and_then(trailing_number)));
            }
        }
        keyed.extend(keys.into_iter().zip(words));
    }
    let numbers = Numbered::new(keyed.iter().map(|(key, _)| *key));
    let mut words = Vec::with_capacity(keyed.len());
    for (key, mut word) in keyed {
        word.speaker = numbers.number(first, key)?;
        words.push(word);
    }
    Ok(Spoken { words, speakers: vec![], duration: None })
}

fn analytics(turns: &[Turn], first: u16) -> Result<Spoken, String> {
    let (mut voices, mut words) = (Voices::new(first), Vec::new());
    for (at, turn) in turns.iter().enumerate() {
        let here = format!("Transcript[{at}]");
        let speaker = voices.number(turn.participant_role.as_deref())?;
        let start =
            millis(turn.begin_offset_millis.unwrap_or_default(), &format!("{here}.BeginOffsetMillis"))?;
        let end =
            turn.end_offset_millis.map(|it| millis(it, &format!("{here}.EndOffsetMillis"))).transpose()?;
        let end = end.unwrap_or(start);
        if turn.items.is_empty() {
            let text = turn.content.clone().unwrap_or_default();
            let said = touchline_app::contacts::Utterance { start, end, text, speaker };
            super::spread(&mut words, said, &here)?;
            continue;
        }
        let mut spoken: Vec<Word> = Vec::new();
        for (item_at, item) in turn.items.iter().enumerate() {
            let path = |field: &str| format!("{here}.Items[{item_at}].{field}");
            let time = |given: Option<f64>, field: &str| given.map(|it| millis(it, &path(field))).transpose();
            let begins = time(item.begin_offset_millis, "BeginOffsetMillis")?;
            let begins = begins.unwrap_or_else(|| spoken.last().map_or(start, |word| word.end));
            let ends = time(item.end_offset_millis, "EndOffsetMillis")?.unwrap_or(begins);
            let confidence = item.confidence.as_ref().map(|it| it.value(&path("Confidence"))).transpose()?;
            let confidence = confidence.map(|it| it as f32);
            push(&mut spoken, Token { text: &item.content, start: begins, end: ends, speaker, confidence });
        }
        words.append(&mut spoken);
    }
    Ok(Spoken { words, speakers: voices.speakers(), duration: None })
}

#[cfg(test)]
mod tests {
    use super::*;
    use touchline_model::SpeakerType;

    fn shown(spoken: &Spoken) -> Vec<(u16, String, f64)> {
        let text = |it: &Word| format!("{}{}", it.text, it.punctuation.as_deref().unwrap_or_default());
        spoken.words.iter().map(|it| (it.speaker, text(it), it.start.secs())).collect()
    }

    fn word(text: &str, start: &str, end: &str, label: &str) -> String {
        format!(
            r#"{{"start_time":"{start}","end_time":"{end}",{label}"alternatives":[{{"confidence":"0.98","content":"{text}"}}],"type":"pronunciation"}}"#
        )
    }
    const STOP: &str = r#"{"alternatives":[{"confidence":"0.0","content":"."}],"type":"punctuation"}"#;

    #[test]
    fn speakers_stand_in_the_words_or_in_segments_beside_them() {
        let inside = format!(
            r#"{{"jobName":"j","accountId":"1","status":"COMPLETED","results":{{"transcripts":[{{"transcript":"Hi. Bye"}}],"items":[{},{STOP},{}]}}}}"#,
            word("Hi", "0.54", "0.9", r#""speaker_label":"spk_0","#),
            word("Bye", "2", "2.5", r#""speaker_label":"spk_1","#),
        );
        let read_inside = read(inside.as_bytes(), 0).unwrap();
        assert_eq!(shown(&read_inside), [(0, "Hi.".into(), 0.54), (1, "Bye".into(), 2.0)]);
        assert_eq!(read_inside.words[0].confidence, Some(0.98));
        let beside = format!(
            r#"{{"results":{{"speaker_labels":{{"speakers":2,"segments":[
                {{"start_time":"0.54","speaker_label":"spk_1","end_time":"0.9","items":[{{"start_time":"0.54","speaker_label":"spk_1","end_time":"0.9"}}]}},
                {{"start_time":"2.0","speaker_label":"spk_0","end_time":"2.5","items":[{{"start_time":"2.0","end_time":"2.5"}}]}}]}},
                "items":[{},{STOP},{}]}}}}"#,
            word("Hi", "0.54", "0.9", ""),
            word("Bye", "2.0", "2.5", ""),
        );
        assert_eq!(
            shown(&read(beside.as_bytes(), 0).unwrap()),
            [(1, "Hi.".into(), 0.54), (0, "Bye".into(), 2.0)]
        );
    }

    #[test]
    fn channels_are_speakers_and_their_words_come_once() {
        let (a, b) = (
            word("Hi", "1", "2", r#""channel_label":"ch_0","#),
            word("Bye", "3", "4", r#""channel_label":"ch_1","#),
        );
        let json = format!(
            r#"{{"results":{{"channel_labels":{{"number_of_channels":2,"channels":[
                {{"channel_label":"ch_0","items":[{a},{STOP}]}},{{"channel_label":"ch_1","items":[{b},{STOP}]}}]}},"items":[{a},{STOP},{b},{STOP}]}}}}"#
        );
        assert_eq!(
            shown(&read(json.as_bytes(), 0).unwrap()),
            [(0, "Hi.".into(), 1.0), (1, "Bye.".into(), 3.0)]
        );
    }

    #[test]
    fn call_analytics_says_who_is_the_agent() {
        let json = r#"{"JobName":"j","Participants":[{"ParticipantRole":"AGENT"}],"Transcript":[
            {"ParticipantRole":"AGENT","BeginOffsetMillis":440,"EndOffsetMillis":1500,"Content":"Welcome, sir","Items":[
                {"Content":"Welcome","Confidence":"0.97","BeginOffsetMillis":440,"EndOffsetMillis":900},{"Content":",","Confidence":"0.0"},
                {"Content":"sir","Confidence":"0.9","BeginOffsetMillis":1000,"EndOffsetMillis":1500}]},
            {"ParticipantRole":"CUSTOMER","BeginOffsetMillis":2000,"EndOffsetMillis":3000,"Content":"Hello there."}]}"#;
        let spoken = read(json.as_bytes(), 0).unwrap();
        assert_eq!(
            shown(&spoken).iter().map(|it| (it.0, &*it.1)).collect::<Vec<_>>(),
            [(0, "Welcome,"), (0, "sir"), (1, "Hello"), (1, "there.")]
        );
        let sides: Vec<_> = spoken.speakers.iter().map(|it| it.speaker_type).collect();
        assert_eq!(sides, [Some(SpeakerType::Internal), Some(SpeakerType::External)]);
    }

    #[test]
    fn what_cannot_be_read_is_told_with_its_place() {
        let fault = |json: &str| read(json.as_bytes(), 0).unwrap_err();
        let item = word("Hi", "soon", "1", "");
        assert!(
            fault(&format!(r#"{{"results":{{"items":[{item}]}}}}"#))
                .reason
                .contains("results.items[0].start_time")
        );
        assert_eq!(fault("{\n\"results\": 7}").line, Some(2));
        assert!(fault(r#"{"jobName":"j","status":"IN_PROGRESS"}"#).reason.contains("finished"));
    }
}
