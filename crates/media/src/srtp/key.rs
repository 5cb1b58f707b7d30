//! Suites and master keys.

use base64::{Engine, engine::general_purpose::STANDARD};
use std::fmt;

/// Bytes of a master key and its salt together (RFC 4568, section 6.1).
pub const KEY: usize = 30;

/// How a stream is protected (RFC 4568, section 6.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Suite {
    /// AES in counter mode, a tag of 80 bits.
    AesCm128HmacSha1_80,
    /// AES in counter mode, a tag of 32 bits for sound and of 80 bits for reports.
    AesCm128HmacSha1_32,
}

impl Suite {
    /// All that we speak, the stronger first.
    pub const ALL: [Self; 2] = [Self::AesCm128HmacSha1_80, Self::AesCm128HmacSha1_32];

    /// The name in `a=crypto`.
    pub fn name(self) -> &'static str {
        match self {
            Self::AesCm128HmacSha1_80 => "AES_CM_128_HMAC_SHA1_80",
            Self::AesCm128HmacSha1_32 => "AES_CM_128_HMAC_SHA1_32",
        }
    }

    /// The suite of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|suite| suite.name() == name)
    }

    /// Bytes of the tag behind a packet of sound.
    pub fn tag(self) -> usize {
        match self {
            Self::AesCm128HmacSha1_80 => 10,
            Self::AesCm128HmacSha1_32 => 4,
        }
    }
}

/// A master key of 16 bytes and a salt of 14. Not shown by `{:?}`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Master(pub [u8; KEY]);

impl Master {
    /// From the text after `inline:`.
    pub fn from_base64(text: &str) -> Option<Self> {
        STANDARD.decode(text).ok()?.try_into().ok().map(Self)
    }

    /// The text after `inline:`.
    pub fn to_base64(self) -> String {
        STANDARD.encode(self.0)
    }
}

impl fmt::Debug for Master {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Master(..)")
    }
}
