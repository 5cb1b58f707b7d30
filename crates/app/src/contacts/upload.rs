//! What a caller sends: a contact, with its transcript if there is one.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use touchline_model::{
    Channel, Contact, ContactId, ContactState, CrmMatch, Direction, Invalid, MediaTime, Speaker, Timestamp,
    Transcript, UserId, Validate, Word, validate,
};

/// Something that was said, with the time of the whole but not of each word.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Utterance {
    /// When it begins, in seconds from the start of the contact.
    pub start: MediaTime,
    /// When it ends.
    pub end: MediaTime,
    /// What was said.
    pub text: String,
    /// Number of the speaker.
    #[serde(default)]
    pub speaker: u16,
}

/// A transcript: words with times, or utterances whose words are given times by their length.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TranscriptUpload {
    /// What is known of the speakers.
    #[serde(default)]
    pub speakers: Vec<Speaker>,
    /// Words with times.
    #[serde(default)]
    pub words: Option<Vec<Word>>,
    /// Utterances with times.
    #[serde(default)]
    pub utterances: Option<Vec<Utterance>>,
}

impl TranscriptUpload {
    /// The transcript, in order, with every word's time.
    pub fn into_transcript(self) -> Result<Transcript, Invalid> {
        let words = match (self.words, self.utterances) {
            (Some(words), None) => words,
            (None, Some(utterances)) => {
                let mut words = Vec::new();
                for (at, utterance) in utterances.iter().enumerate() {
                    spread(utterance, &mut words).map_err(|e| e.under(format_args!("utterances[{at}]")))?;
                }
                words
            }
            (None, None) => return Err(Invalid::new("words", "give either `words` or `utterances`")),
            (Some(_), Some(_)) => {
                return Err(Invalid::new("utterances", "give either `words` or `utterances`, not both"));
            }
        };
        let mut transcript = Transcript { speakers: self.speakers, words };
        transcript.validate()?;
        transcript.normalise();
        Ok(transcript)
    }
}

/// Gives each word of an utterance a share of its time by its length in characters.
fn spread(utterance: &Utterance, words: &mut Vec<Word>) -> Result<(), Invalid> {
    if utterance.end < utterance.start {
        return Err(Invalid::new(
            "end",
            format!("{} lies before its start {}", utterance.end, utterance.start),
        ));
    }
    validate::bounded("text", &utterance.text, 1 << 20)?;
    let tokens: Vec<&str> = utterance.text.split_whitespace().collect();
    // One more for the pause after each word but the last, which ends with the utterance.
    let total = tokens.iter().map(|token| token.chars().count() + 1).sum::<usize>().saturating_sub(1);
    let length = utterance.end.since(utterance.start).micros();
    let time = |chars: usize| {
        let share = i128::from(length) * chars as i128 / total.max(1) as i128;
        MediaTime::from_micros(utterance.start.micros() + i64::try_from(share).unwrap_or(length))
    };
    let mut before = 0;
    for token in tokens {
        let chars = token.chars().count();
        let (start, end) = (time(before), time(before + chars));
        before += chars + 1;
        let text = token.trim_end_matches(['.', ',', '?', '!', ';', ':', '…']);
        let (text, after) = if text.is_empty() { (token, "") } else { (text, &token[text.len()..]) };
        words.push(Word {
            start,
            end,
            text: text.to_owned(),
            punctuation: (!after.is_empty()).then(|| after.to_owned()),
            speaker: utterance.speaker,
            confidence: None,
        });
    }
    Ok(())
}

/// A contact, with its transcript if there is one. Fields as in [`Contact`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ContactUpload {
    /// Id; made when absent.
    #[serde(default)]
    pub id: ContactId,
    /// Call, chat or mail.
    #[serde(default)]
    pub channel: Channel,
    /// Who began it.
    #[serde(default)]
    pub direction: Direction,
    /// The agent.
    #[serde(default)]
    pub agent_id: Option<UserId>,
    /// When it began.
    pub started_at: Timestamp,
    /// How long it lasted, in seconds.
    #[serde(default)]
    pub duration: MediaTime,
    /// Where it stands in another system's pipeline; usually left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<ContactState>,
    /// Name or path of the recording.
    #[serde(default)]
    pub original_path: Option<String>,
    /// Fields of the caller's own.
    #[serde(default)]
    pub metadata: serde_json::Map<String, serde_json::Value>,
    /// What CRMs know of it.
    #[serde(default)]
    pub crm_matches: Vec<CrmMatch>,
    /// What was said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transcript: Option<TranscriptUpload>,
}

impl ContactUpload {
    /// A contact without a transcript.
    pub fn new(contact: Contact, transcript: Option<Transcript>) -> Self {
        let Contact {
            id,
            channel,
            direction,
            agent_id,
            started_at,
            duration,
            state,
            original_path,
            metadata,
            crm_matches,
        } = contact;
        let transcript = transcript.map(|it| TranscriptUpload {
            speakers: it.speakers,
            words: Some(it.words),
            utterances: None,
        });
        Self {
            id,
            channel,
            direction,
            agent_id,
            started_at,
            duration,
            state,
            original_path,
            metadata,
            crm_matches,
            transcript,
        }
    }

    /// The contact and its transcript, checked.
    pub(crate) fn into_parts(self) -> Result<(Contact, Option<Transcript>), Invalid> {
        let transcript = self.transcript.map(|it| it.into_transcript().map_err(|e| e.under("transcript")));
        let transcript = transcript.transpose()?;
        let contact = Contact {
            id: self.id,
            channel: self.channel,
            direction: self.direction,
            agent_id: self.agent_id,
            started_at: self.started_at,
            duration: self.duration,
            state: self.state,
            original_path: self.original_path,
            metadata: self.metadata,
            crm_matches: self.crm_matches,
        };
        contact.validate()?;
        Ok((contact, transcript))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_an_utterance_fill_its_time() {
        let utterance = Utterance {
            start: MediaTime::from_secs(10.0),
            end: MediaTime::from_secs(21.0),
            text: "One two, three? …".to_owned(),
            speaker: 1,
        };
        let mut words = vec![];
        spread(&utterance, &mut words).unwrap();
        let spoken: Vec<_> = words.iter().map(|it| (it.text.as_str(), it.punctuation.as_deref())).collect();
        assert_eq!(spoken, [("One", None), ("two", Some(",")), ("three", Some("?")), ("…", None)]);
        assert_eq!((words[0].start, words[3].end), (utterance.start, utterance.end));
        assert!(words.windows(2).all(|pair| pair[0].end < pair[1].start));
    }
}
