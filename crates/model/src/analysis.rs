//! What the analysis finds in a transcript.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How fast each speaker spoke in a section of about five minutes (contract c360 §4.4, X-25).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TalkSpeed {
    /// Start of the section's first word, in seconds.
    pub start: f64,
    /// Latest end of the section's words, in seconds.
    pub end: f64,
    /// Words per minute of section length, by speaker number.
    pub words_per_minute: BTreeMap<u16, f64>,
}

/// Talk statistics of a contact. All lengths in seconds.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CallStats {
    /// Spoken by internal speakers.
    pub internal_talk_time: f64,
    /// Spoken by external speakers.
    pub external_talk_time: f64,
    /// Internal share of internal and external talk time, 0 to 1; 0 when nobody spoke.
    pub talk_ratio: f64,
    /// Speaker changes per minute of the contact.
    pub interchanges_per_minute: f64,
    /// Longest segment of each speaker, by number.
    pub longest_segments: BTreeMap<u16, f64>,
    /// Sections of about five minutes.
    pub talk_speeds: Vec<TalkSpeed>,
    /// Time in which nobody spoke, from 0 to the end of the contact.
    pub silence: f64,
    /// Time in which two or more speakers spoke at once.
    pub overlap: f64,
    /// Longest stretch of one speaker in which others said at most a short acknowledgement.
    pub longest_monologue: f64,
}

/// A line of a summary, with the words that it rests on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SummaryLine {
    /// The line.
    pub text: String,
    /// Position of the first word of its evidence in the transcript.
    pub first_word: usize,
    /// Position of the last word of its evidence.
    pub last_word: usize,
}

/// A question that was asked, and what was answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct QuestionAndAnswer {
    /// The question.
    pub question: SummaryLine,
    /// The answer.
    pub answer: SummaryLine,
}

/// What a contact was about.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Summary {
    /// The sentences that say most, in order; empty when nothing was said.
    pub lines: Vec<SummaryLine>,
    /// What was promised for later.
    pub next_steps: Vec<SummaryLine>,
    /// Questions with answers.
    pub questions: Vec<QuestionAndAnswer>,
}

/// Sentences that hold a canonical question, by the side that asked (contract c360 §4.6).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct QuestionCounts {
    /// Asked by internal speakers.
    pub internal: u32,
    /// Asked by external speakers.
    pub external: u32,
    /// Asked by speakers who are not identified.
    pub unknown: u32,
}
