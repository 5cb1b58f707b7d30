//! Words with times, and who spoke them.

use crate::{Invalid, MediaTime, UserId, Validate, validate as v};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Which side a speaker is on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum SpeakerType {
    /// One of the tenant's users.
    Internal,
    /// A customer known to a CRM, or said to be one.
    External,
    /// Not identified.
    #[default]
    Unknown,
}

/// Somebody who speaks in a transcript.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Speaker {
    /// Number used by the words, from 0.
    pub number: u16,
    /// Which side; when absent it is found by matching users and CRM contacts (contract c360 R-14).
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    pub speaker_type: Option<SpeakerType>,
    /// The user, where known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<UserId>,
    /// E-mail address, where known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Given name, where known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_name: Option<String>,
    /// Family name, where known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_name: Option<String>,
    /// Telephone number, where known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone_number: Option<String>,
    /// Id in a dialler or CRM, where known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub system_id: Option<String>,
}

/// A word or short phrase.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Word {
    /// When it begins, in seconds from the start of the contact.
    pub start: MediaTime,
    /// When it ends.
    pub end: MediaTime,
    /// The word as spoken, without the punctuation that follows.
    pub text: String,
    /// Punctuation that follows the word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub punctuation: Option<String>,
    /// Number of the speaker.
    #[serde(default)]
    pub speaker: u16,
    /// How sure the recogniser was, 0 to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confidence: Option<f32>,
}

/// The words of a contact.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Transcript {
    /// What is known of the speakers. A speaker that only occurs in words is unknown.
    #[serde(default)]
    pub speakers: Vec<Speaker>,
    /// The words, sorted by (start, end, speaker) once normalised (contract c360 R-9).
    pub words: Vec<Word>,
}

/// A maximal run of consecutive words of one speaker (contract c360 X-24).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment {
    /// Who speaks.
    pub speaker: u16,
    /// Position of its first word in the transcript.
    pub first: usize,
    /// Position after its last word.
    pub end: usize,
    /// Start of its first word.
    pub start_time: MediaTime,
    /// End of its last word.
    pub end_time: MediaTime,
}

impl Transcript {
    /// Most words that one contact may have.
    pub const MAX_WORDS: usize = 500_000;

    /// Sorts the words by (start, end, speaker), keeping the given order among equals, and rounds confidences to the
    /// 65,535 steps that are kept, so that the same transcript sent twice is the same.
    pub fn normalise(&mut self) {
        for word in &mut self.words {
            word.confidence = word.confidence.map(|p| (p * 65_534.0).round() / 65_534.0);
        }
        let key = |word: &Word| (word.start, word.end, word.speaker);
        if !self.words.is_sorted_by_key(key) {
            self.words.sort_by_key(key);
        }
    }

    /// Which side a speaker is on; unknown when nothing is known.
    pub fn speaker_type(&self, number: u16) -> SpeakerType {
        let known = self.speakers.iter().find(|speaker| speaker.number == number);
        known.and_then(|speaker| speaker.speaker_type).unwrap_or_default()
    }

    /// The runs of words by one speaker, in order.
    pub fn segments(&self) -> Vec<Segment> {
        let mut first = 0;
        self.words
            .chunk_by(|one, next| one.speaker == next.speaker)
            .map(|run| {
                let segment = Segment {
                    speaker: run[0].speaker,
                    first,
                    end: first + run.len(),
                    start_time: run[0].start,
                    end_time: run[run.len() - 1].end,
                };
                first += run.len();
                segment
            })
            .collect()
    }

    /// The text of words `first..end`: each word with its punctuation, joined by a space.
    pub fn text(&self, first: usize, end: usize) -> String {
        let words = self.words.get(first..end).unwrap_or_default();
        let mut text = String::with_capacity(words.len() * 7);
        for word in words {
            if !text.is_empty() {
                text.push(' ');
            }
            text.push_str(&word.text);
            text.push_str(word.punctuation.as_deref().unwrap_or_default());
        }
        text
    }
}

impl Validate for Transcript {
    fn validate(&self) -> Result<(), Invalid> {
        v::at_most("speakers", &self.speakers, 1_000)?;
        v::at_most("words", &self.words, Self::MAX_WORDS)?;
        for (at, speaker) in self.speakers.iter().enumerate() {
            let here = |e: Invalid| e.under(format_args!("speakers[{at}]"));
            if self.speakers[..at].iter().any(|other| other.number == speaker.number) {
                return Err(here(Invalid::new("number", format!("{} is listed twice", speaker.number))));
            }
            let texts = [
                ("email", &speaker.email),
                ("first_name", &speaker.first_name),
                ("last_name", &speaker.last_name),
                ("phone_number", &speaker.phone_number),
                ("system_id", &speaker.system_id),
            ];
            for (field, text) in texts {
                text.as_deref().map_or(Ok(()), |text| v::name(field, text)).map_err(here)?;
            }
        }
        for (at, word) in self.words.iter().enumerate() {
            let here = |e: Invalid| e.under(format_args!("words[{at}]"));
            if word.end < word.start {
                let reason = format!("{} lies before its start {}", word.end, word.start);
                return Err(here(Invalid::new("end", reason)));
            }
            v::name("text", &word.text).map_err(here)?;
            if word.text.trim().is_empty() {
                return Err(here(Invalid::new("text", "must not be blank")));
            }
            word.punctuation.as_deref().map_or(Ok(()), |p| v::name("punctuation", p)).map_err(here)?;
            if word.confidence.is_some_and(|p| !(0.0..=1.0).contains(&p)) {
                return Err(here(Invalid::new("confidence", "must lie between 0 and 1")));
            }
        }
        Ok(())
    }
}
