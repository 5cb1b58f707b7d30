//! Encrypted sound (RFC 3711) with keys from the SDP (RFC 4568): AES in counter mode, HMAC-SHA1.

mod derive;
mod key;
mod replay;
mod stream;

pub use key::{KEY, Master, Suite};
pub use stream::{Inbound, Outbound};

use thiserror::Error;

/// Why a packet is not let through. It is then as it was.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum SrtpError {
    /// Too short for its header and tag.
    #[error("the packet is cut")]
    Cut,
    /// The tag is wrong: damaged, forged, or another key.
    #[error("the packet is not authentic")]
    Forged,
    /// It has been there before, or is too old to tell.
    #[error("the packet was seen before")]
    Replayed,
    /// More sources than a leg can have.
    #[error("too many sources under one key")]
    Sources,
    /// The key has protected as much as it may (RFC 3711, section 9.2).
    #[error("the key is used up")]
    UsedUp,
}
