//! What is stored instead of a password.

use md5::{Digest, Md5};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use std::fmt;

/// A hash function of digest authentication.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Algorithm {
    /// What RFC 3261 knows.
    #[serde(rename = "MD5")]
    Md5,
    /// RFC 7616, RFC 8760.
    #[serde(rename = "SHA-256")]
    Sha256,
}

impl Algorithm {
    /// By its name on the wire, in any case.
    pub fn named(name: &str) -> Option<Self> {
        [Self::Md5, Self::Sha256]
            .into_iter()
            .find(|algorithm| algorithm.to_string().eq_ignore_ascii_case(name))
    }

    /// The hash of parts joined by colons, as lower-case hexadecimal digits.
    pub(super) fn hash(self, parts: &[&str]) -> String {
        let text = parts.join(":");
        match self {
            Self::Md5 => hex(&Md5::digest(text)),
            Self::Sha256 => hex(&Sha256::digest(text)),
        }
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Md5 => "MD5",
            Self::Sha256 => "SHA-256",
        })
    }
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// `H(username:realm:password)` (RFC 7616 §3.4.2) for both algorithms. As good as the password for this realm, so it is
/// kept like one: never shown, never logged.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ha1 {
    md5: String,
    sha256: String,
}

impl Ha1 {
    /// Made when a password is chosen; the password is not needed afterwards.
    pub fn new(username: &str, realm: &str, password: &str) -> Self {
        let of = |algorithm: Algorithm| algorithm.hash(&[username, realm, password]);
        Self { md5: of(Algorithm::Md5), sha256: of(Algorithm::Sha256) }
    }

    /// As it was stored: lower-case hexadecimal digits; an empty one never matches.
    pub fn stored(md5: &str, sha256: &str) -> Self {
        Self { md5: md5.to_owned(), sha256: sha256.to_owned() }
    }

    /// The hash of one algorithm, as hexadecimal digits.
    pub(super) fn of(&self, algorithm: Algorithm) -> &str {
        match algorithm {
            Algorithm::Md5 => &self.md5,
            Algorithm::Sha256 => &self.sha256,
        }
    }
}

impl fmt::Debug for Ha1 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ha1(not shown)")
    }
}
