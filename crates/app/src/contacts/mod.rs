//! Contacts: put, read, recorded, transcribed, searched, erased.

mod erase;
mod fields;
pub mod find;
mod listening;
mod playback;
mod put;
mod read;
mod recording;
mod remarks;
mod search;
mod upload;
mod whisper;
mod whole;

pub use playback::{Playback, Rendition};
pub use read::{ContactView, RecordingBytes};
pub use recording::Received;
pub use remarks::{NewRemark, remark_text};
pub use search::SearchField;
pub use touchline_speech::Peaks;
pub use upload::{ContactUpload, TranscriptUpload, Utterance};
pub use whole::{WholeCall, score};
