//! `a=crypto` lines (RFC 4568).

use crate::srtp::{Master, Suite};
use std::fmt;

/// A key that one side offers for what it sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Crypto {
    /// The number by which an answer refers to the offer.
    pub tag: u32,
    /// How.
    pub suite: Suite,
    /// The key of whoever wrote the line.
    pub master: Master,
}

impl Crypto {
    /// Reads the value of `a=crypto`. Lines with a suite, a key identifier or a session parameter that we do not speak
    /// are no lines for us (RFC 4568, section 5.1.2).
    pub fn parse(value: &str) -> Option<Self> {
        let mut words = value.split_ascii_whitespace();
        let tag = words.next()?.parse().ok()?;
        let suite = Suite::named(words.next()?)?;
        let mut parts = words.next()?.strip_prefix("inline:")?.split('|');
        let master = Master::from_base64(parts.next()?)?;
        let lifetime_only = parts.all(|part| !part.contains(':'));
        let plain = words.all(|parameter| parameter.starts_with("WSH="));
        (lifetime_only && plain).then_some(Self { tag, suite, master })
    }
}

impl fmt::Display for Crypto {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {} inline:{}", self.tag, self.suite.name(), self.master.to_base64())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_read_and_written() {
        let line = "1 AES_CM_128_HMAC_SHA1_80 inline:d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj";
        let crypto = Crypto::parse(line).unwrap();
        assert_eq!((crypto.tag, crypto.suite), (1, Suite::AesCm128HmacSha1_80));
        assert_eq!(crypto.to_string(), line);
        assert_eq!(Crypto::parse(&format!("{line}|2^20 WSH=64")), Some(crypto));
        assert!(!format!("{crypto:?}").contains("d0Rm"), "keys stay out of logs");
    }

    #[test]
    fn what_we_do_not_speak_is_no_line_for_us() {
        for line in [
            "1 AES_256_CM_HMAC_SHA1_80 inline:d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj",
            "1 AES_CM_128_HMAC_SHA1_80 inline:d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj|2^20|1:4",
            "1 AES_CM_128_HMAC_SHA1_80 inline:d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj UNENCRYPTED_SRTP",
            "1 AES_CM_128_HMAC_SHA1_80 inline:dG9vIHNob3J0",
            "1 AES_CM_128_HMAC_SHA1_80",
            "x AES_CM_128_HMAC_SHA1_80 inline:d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj",
            "",
        ] {
            assert_eq!(Crypto::parse(line), None, "{line}");
        }
    }
}
