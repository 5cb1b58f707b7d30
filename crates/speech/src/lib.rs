//! Recordings: telling what a file is from its content, and turning it into samples.
//!
//! [`recognise`] looks at the first bytes, [`inspect`] decodes everything to learn length and
//! soundness, [`decode`] also hands out the samples. File names and declared media types play no
//! part: callers' systems get them wrong. A recording that is cut short is refused rather than
//! taken for a short one, because a score given on half a conversation is worse than none.

mod containers;
mod decode;
mod error;
mod format;
mod guard;
mod opus;
mod peaks;
mod sink;
mod source;

pub use decode::{AudioInfo, decode, inspect};
pub use error::DecodeError;
pub use format::{AudioFormat, HEAD_BYTES, recognise};
pub use peaks::{Peaks, measure};
pub use sink::{AudioSpec, MAX_CHANNELS, MAX_SAMPLE_RATE, MAX_SECONDS, MIN_SAMPLE_RATE};
