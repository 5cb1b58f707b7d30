use std::io;

use crate::AudioFormat;

/// Why a recording could not be decoded. Each message is a sentence that can be shown to whoever
/// sent the recording.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// The content is none of the known formats, whatever the name says.
    #[error("The file is not an audio recording in a known format (WAV, MP3, OGG, FLAC or M4A).")]
    NotAudio,
    /// The recording stops before its end.
    #[error("The {format} recording is cut short: {missing}.")]
    Truncated {
        /// What the recording was recognised as.
        format: AudioFormat,
        /// What should have been there.
        missing: String,
    },
    /// The recording has its length, but its content is damaged.
    #[error("The {format} recording is damaged: {problem}.")]
    Corrupt {
        /// What the recording was recognised as.
        format: AudioFormat,
        /// What was found.
        problem: String,
    },
    /// Nothing to decode: no bytes, or a header without a single sample.
    #[error("The recording is empty.")]
    Empty,
    /// More than [`crate::MAX_SECONDS`].
    #[error("The recording is longer than 24 hours.")]
    TooLong,
    /// A sound recording of a kind that is not decoded.
    #[error("The recording cannot be used: {what}.")]
    Unsupported {
        /// The kind, in words.
        what: String,
    },
    /// The file itself could not be read.
    #[error("The recording could not be read: {0}.")]
    Read(#[source] io::Error),
}

impl DecodeError {
    pub(crate) fn truncated(format: AudioFormat, missing: impl Into<String>) -> Self {
        Self::Truncated { format, missing: missing.into() }
    }
    pub(crate) fn corrupt(format: AudioFormat, problem: impl Into<String>) -> Self {
        Self::Corrupt { format, problem: problem.into() }
    }
    pub(crate) fn unsupported(what: impl Into<String>) -> Self {
        Self::Unsupported { what: what.into() }
    }
    /// An error of the source while reading `format`: running out of bytes means cut short.
    pub(crate) fn reading(format: AudioFormat, error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::UnexpectedEof => Self::truncated(format, "the file ends too early"),
            _ => Self::Read(error),
        }
    }
}
