//! Why a use case did not do it. Each dialect words these in its own shape.

use touchline_model::{Ability, Invalid, Kind};
use touchline_store::{BlobError, StoreError};

/// Why a use case did not do it.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// The caller lacks an ability.
    #[error("this needs the ability `{0}`")]
    NotAllowed(Ability),
    /// Nothing with that id, in this tenant.
    #[error("there is no {kind} `{id}`")]
    NotFound {
        /// What was looked for.
        kind: Kind,
        /// Which one.
        id: String,
    },
    /// The same, of what is no kind of record.
    #[error("there is no {what} `{id}`")]
    Missing {
        /// What was looked for.
        what: &'static str,
        /// Which one.
        id: String,
    },
    /// What was sent breaks a rule.
    #[error("{0}")]
    Invalid(#[from] Invalid),
    /// It contradicts what is there.
    #[error("{0}")]
    Conflict(String),
    /// It was erased, and stays so.
    #[error("contact `{0}` was deleted and cannot come back")]
    Gone(String),
    /// More bytes than allowed.
    #[error("larger than the {0} bytes that are allowed")]
    TooLarge(u64),
    /// It is no recording of a known format.
    #[error("this is no recording that can be read: {0}")]
    NotAudio(String),
    /// The sender stopped half-way.
    #[error("the upload broke off: {0}")]
    Interrupted(String),
    /// The disk is full.
    #[error("the disk is full: nothing was changed")]
    DiskFull,
    /// The database is not there at the moment.
    #[error("the database is not available at the moment")]
    Unavailable(#[source] StoreError),
    /// A defect, or damage. The details go to the log, not to the caller.
    #[error("something went wrong on our side")]
    Internal(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl From<StoreError> for AppError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Conflict => {
                Self::Conflict("somebody else changed this at the same moment; try again".to_owned())
            }
            StoreError::DiskFull => Self::DiskFull,
            StoreError::Unavailable(_) => Self::Unavailable(error),
            other => Self::Internal(Box::new(other)),
        }
    }
}

impl From<BlobError> for AppError {
    fn from(error: BlobError) -> Self {
        match error {
            BlobError::TooLarge(limit) => Self::TooLarge(limit),
            BlobError::DiskFull => Self::DiskFull,
            BlobError::Interrupted(reason) => Self::Interrupted(reason),
            other => Self::Internal(Box::new(other)),
        }
    }
}
