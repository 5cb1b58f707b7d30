//! Contacts: put, read, recorded, transcribed, searched, erased.

mod erase;
mod fields;
pub mod find;
mod put;
mod read;
mod recording;
mod search;
mod upload;

pub use read::{ContactView, RecordingBytes};
pub use recording::Received;
pub use search::SearchField;
pub use upload::{ContactUpload, TranscriptUpload, Utterance};
