//! Words and phrases to find in transcripts.

use crate::{Invalid, SpeakerType, TopicId, Validate, number_record, validate as v};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Whose words a topic looks at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TopicScope {
    /// Everybody's.
    #[default]
    Any,
    /// Only internal speakers'.
    Internal,
    /// Only external speakers'.
    External,
}

impl TopicScope {
    /// Whether words of such a speaker are looked at.
    pub fn covers(self, speaker: SpeakerType) -> bool {
        match self {
            Self::Any => true,
            Self::Internal => speaker == SpeakerType::Internal,
            Self::External => speaker == SpeakerType::External,
        }
    }
}

fn yes() -> bool {
    true
}

/// A topic: phrases that belong together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Topic {
    /// Number; made from the tenant's counter when absent.
    #[serde(default)]
    pub id: TopicId,
    /// Name for people.
    pub name: String,
    /// Words and phrases to find.
    pub phrases: Vec<String>,
    /// Whose words are looked at.
    #[serde(default)]
    pub scope: TopicScope,
    /// Whether this is the topic whose sentences are counted as questions (contract c360 ).
    #[serde(default)]
    pub canonical_questions: bool,
    /// An inactive topic matches nothing.
    #[serde(default = "yes")]
    pub active: bool,
}
number_record!(Topic, Topic);

impl Validate for Topic {
    fn validate(&self) -> Result<(), Invalid> {
        if self.id.0 < 0 {
            return Err(Invalid::new("id", "must be a positive number"));
        }
        v::name("name", &self.name)?;
        v::at_most("phrases", &self.phrases, 5_000)?;
        self.phrases.iter().try_for_each(|phrase| v::name("phrases", phrase))
    }
}

/// One place where phrases of a topic were found. Word positions count from the start of the transcript.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TopicHit {
    /// The topic.
    pub topic: TopicId,
    /// The topic's phrases, as written in the topic, that equal this span. Hits of the same phrases may share them: a
    /// phrase that is said ten thousand times lies in memory once. Written out, it is a list of texts as any other.
    pub phrases: Arc<[String]>,
    /// Position of the segment in the transcript.
    pub segment: u32,
    /// Position of the first *whitespace token* inside the segment's text, from 0 (contract c360 §4.6).
    pub first_token: u32,
    /// Position of the last token, inclusive.
    pub last_token: u32,
    /// Position of the word that holds the first token.
    pub first_word: u32,
    /// Position of the word that holds the last token.
    pub last_word: u32,
}
