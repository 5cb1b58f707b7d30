//! Finding calls: by words, people, time, topics and everything else that is known of them.

mod query;

pub use query::{CallQuery, DEFAULT_LIMIT, MAX_LIMIT, PARAMETERS, REPEATABLE};

use schemars::JsonSchema;
use serde::Serialize;
use touchline_model::{Contact, MediaTime, SpeakerType, Timestamp};

/// A page of what was found, newest first, then in the order of ids.
#[derive(Clone, Debug, Default, PartialEq, Serialize, JsonSchema)]
pub struct CallPage {
    /// The calls.
    pub rows: Vec<FoundCall>,
    /// Give it as [`CallQuery::cursor`] for the next page; absent when there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    /// When a page ended before it was full, because one page does a bounded amount of work: everything that began
    /// after this instant was looked at. `next` goes on from there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub looked_back_to: Option<Timestamp>,
}

/// A call that was found.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct FoundCall {
    /// The contact.
    #[serde(flatten)]
    pub contact: Contact,
    /// When its last change was committed.
    pub modified: Timestamp,
    /// Whether it has a recording.
    pub has_recording: bool,
    /// Internal share of internal and external talk time, 0 to 1; absent before the analysis.
    pub talk_ratio: Option<f64>,
    /// The agent's name, or e-mail address without one; absent for an agent who is not in the directory.
    pub agent_name: Option<String>,
    /// Where the words that were looked for were said, in order, at most three; empty when no words were given.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub snippets: Vec<Snippet>,
}

/// Words around a place where something was found. All of them were said by one speaker without a break.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Snippet {
    /// When the first word of `pieces` that was looked for begins: start the player here.
    pub start: MediaTime,
    /// Its position in the transcript.
    pub word: usize,
    /// Which side says it.
    pub speaker: SpeakerType,
    /// The words, cut where being looked for begins or ends.
    pub pieces: Vec<Piece>,
}

/// A part of a [`Snippet`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Piece {
    /// The text; pieces are joined without anything between them.
    pub text: String,
    /// Whether it was looked for.
    pub hit: bool,
}

/// How many calls a query finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct CallCount {
    /// So many were found.
    pub calls: usize,
    /// Whether these are all; otherwise there may be more.
    pub all: bool,
}
