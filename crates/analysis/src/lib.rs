//! Arithmetic on transcripts, numbers and events: talk statistics, topics, questions, summaries, missed sessions, and
//! the work of agents for reports ([`sessions`]).
//!
//! Everything here is a pure function: no I/O, no clock, no randomness; the same input gives the same answer, on one
//! core or on many ([`cores`]).
//! Transcripts are expected in their normal order ([`touchline_model::Transcript::normalise`]); another order
//! never panics, it only gives other segments.
//!
//! Each formula names the sentence that asks for it; "contract" is the Coach360 contract (c360), unless another is named.

pub mod coaching;
pub mod cores;
pub mod sessions;
pub mod spoken;
pub mod stats;
pub mod summary;
pub mod text;
pub mod topics;
pub mod window;

pub use coaching::estimated_missed;
pub use cores::on_cores;
pub use spoken::matching_text;
pub use stats::talk_stats;
pub use summary::summarise;
pub use topics::{Found, TopicHits, TopicMatcher};
pub use window::survives_window;

/// Version of the formulas, stored with their results: a result with another version is worked out again.
pub const VERSION: u32 = 2;
