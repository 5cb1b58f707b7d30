//! Contacts, directories, recordings and transcripts from files: what each file is, what is in it, and bringing it in.
//!
//! The command line and the pages both import through this crate. [`run`] works on a file or a folder and writes through
//! the same use cases as the APIs; [`preview`] reads the same files, looks up what is there, and changes nothing.
//!
//! Nothing is remembered between runs: a second run compares with what is there, so that it changes nothing, and a run
//! that was killed is simply started again. `docs/import.md` says what each format may look like.

mod calls;
mod contacts;
mod dates;
pub mod desk;
mod format;
mod lines;
mod messages;
mod people;
mod plan;
mod preview;
mod recordings;
mod records;
mod report;
mod run;
mod speech;
pub mod staging;
mod table;
mod values;
mod work;

pub use format::{Format, Kind};
pub use preview::{Bounds, Preview, PreviewColumn, PreviewContact, PreviewFile, PreviewSpeaker, preview};
pub use report::{Brought, Counts, Phase, Place, Progress, Refusal, Report, Waiting, Watcher};
pub use run::{run, waiting};

use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use touchline_app::AppError;
use touchline_model::{Ability, Timestamp};

/// How to import. Can be kept as JSON, as a job of a server does.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Options {
    /// What the files are; by default their content tells.
    pub format: Format,
    /// What NDJSON holds; by default the files' names tell, or else they are contacts.
    pub kind: Option<Kind>,
    /// Zone of dates that have none; without it such dates are refused.
    #[serde(with = "jiff::fmt::serde::tz::optional", skip_serializing_if = "Option::is_none")]
    pub zone: Option<TimeZone>,
    /// Folder of the recordings that contacts name; by default the folder that is imported.
    pub audio: Option<PathBuf>,
    /// The contact to which the transcript belongs, whatever its file is called. For the transcript of one contact.
    pub contact: Option<String>,
    /// When contacts began of which neither the data nor the file's name says it.
    pub started_at: Option<StartedAt>,
    /// Leave the analysis to the workers of a server, instead of running every job that is due.
    pub leave_analysis: bool,
}

/// When a contact began of which nothing else says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StartedAt {
    /// At this time.
    At(Timestamp),
    /// When its file was last changed.
    FileTime,
}

impl StartedAt {
    /// `file`, or a time; without a zone of its own it is one of `zone`.
    ///
    /// # Errors
    /// Says what is wrong with the text.
    pub fn parse(text: &str, zone: Option<&TimeZone>) -> Result<Self, String> {
        match text {
            "file" => Ok(Self::FileTime),
            _ => dates::instant(text, zone).map(Self::At),
        }
    }
}

/// Why an import could not begin or not go on. What is wrong with single lines or files stands in the [`Report`].
#[derive(Debug, thiserror::Error)]
pub enum IntakeError {
    /// The caller lacks an ability.
    #[error("this needs the ability `{0}`")]
    NotAllowed(Ability),
    /// The files cannot be read, or the options do not fit them.
    #[error("{0}")]
    Input(String),
    /// No fault of the input: the same again goes on where it broke off.
    #[error("{0}; run the same command again to go on")]
    Broken(String),
    /// The one who watches wants no more of it.
    #[error("{0}")]
    Stopped(String),
}

impl From<String> for IntakeError {
    fn from(reason: String) -> Self {
        Self::Input(reason)
    }
}

/// Errors that are no fault of the input end the run; the others are the reason of a refusal.
fn why(error: AppError) -> Result<String, IntakeError> {
    match error {
        AppError::DiskFull | AppError::Unavailable(_) | AppError::Internal(_) => Err(broken(error)),
        other => Ok(other.to_string()),
    }
}

/// An error of the app that ends the run, whatever it is.
fn broken(error: impl Into<AppError>) -> IntakeError {
    match error.into() {
        AppError::NotAllowed(ability) => IntakeError::NotAllowed(ability),
        error => {
            let cause = std::error::Error::source(&error).map(|it| format!(": {it}")).unwrap_or_default();
            IntakeError::Broken(format!("{error}{cause}"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_can_be_kept_as_json() {
        let options = Options {
            format: Format::AwsTranscribe,
            kind: Some(Kind::Users),
            zone: Some(TimeZone::get("Europe/Berlin").unwrap()),
            started_at: Some(StartedAt::At("2026-03-01T09:00:00Z".parse().unwrap())),
            leave_analysis: true,
            ..Options::default()
        };
        for it in [options, Options::default()] {
            let kept = serde_json::to_string(&it).unwrap();
            assert_eq!(serde_json::from_str::<Options>(&kept).unwrap(), it, "{kept}");
        }
        assert!(
            serde_json::from_str::<Options>("{\"format\":\"docx\"}").unwrap_err().to_string().contains("vtt")
        );
    }
}
