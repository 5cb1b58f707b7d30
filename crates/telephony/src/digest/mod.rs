//! Digest authentication of requests (RFC 3261 §22, RFC 7616, RFC 8760), on the raw header.
//!
//! The password is never stored and never sent; what is stored is [`Ha1`], made once when the password is chosen.
//! Nonces are not stored either: each carries its time and a MAC over it and the sender's address, so a flood of
//! requests without credentials costs no memory. Only nonces that somebody used well are remembered, to notice when a
//! count comes a second time.
//!
//! ACK and CANCEL are not to be checked: they repeat the credentials of their INVITE (RFC 3261 §22.1).

mod client;
mod ha1;
mod header;

pub use client::Challenge;
pub use ha1::{Algorithm, Ha1};
pub use header::{BadCredentials, Credentials};

use crate::{
    lru::Lru,
    uri::{self, Uri},
};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::net::IpAddr;
use subtle::ConstantTimeEq;
use touchline_model::Timestamp;

/// How a realm authenticates.
#[derive(Clone, Debug)]
pub struct DigestRules {
    /// Shown to the user and part of [`Ha1`]: changing it makes all stored ones useless.
    pub realm: String,
    /// What is offered, best first (RFC 8760 §2.3). MD5 alone by default: phones of a few years ago give up when they see
    /// an algorithm that they do not know, instead of taking the next.
    pub algorithms: Vec<Algorithm>,
    /// How long a nonce is good, in seconds. Afterwards the phone repeats its request with a new one, without asking
    /// anybody.
    pub nonce_secs: i64,
    /// Nonces in use that are remembered. When there are more, older ones count as stale.
    pub nonces: usize,
}

impl DigestRules {
    /// The usual for that realm: MD5, 10 minutes, 20,000 nonces.
    pub fn new(realm: &str) -> Self {
        Self { realm: realm.to_owned(), algorithms: vec![Algorithm::Md5], nonce_secs: 600, nonces: 20_000 }
    }
}

/// What came of checking credentials.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The sender knows the password.
    Accepted,
    /// The sender knows the password, but the nonce is too old or its count was used: challenge with `stale`.
    Stale,
    /// Wrong password or no such user; the nonce was made for this very address. Count it
    /// ([`crate::limits::Limits::failed`]) and challenge, or refuse with 403.
    Wrong,
    /// The nonce was not made here for this address: challenge. No failure, for anybody could send it in somebody
    /// else's name.
    Foreign,
    /// The credentials are for another request than the one they came with: refuse with 400 (RFC 7616 §3.4.6).
    OtherRequest,
}

/// A request as far as the digest covers it.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// Its method.
    pub method: &'a str,
    /// Its Request-URI.
    pub uri: &'a str,
    /// Where it came from.
    pub source: IpAddr,
}

/// The counts of a nonce that were used: the highest, and which of the 64 below it.
#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    highest: u32,
    below: u64,
    issued: i64,
}

impl Counts {
    /// Marks a count; false if it was used, or is too far behind to tell.
    fn mark(&mut self, count: u32) -> bool {
        if count > self.highest {
            let by = count - self.highest;
            let was = u64::from(self.highest > 0);
            self.below = self.below.checked_shl(by).unwrap_or(0) | was.checked_shl(by - 1).unwrap_or(0);
            self.highest = count;
            return true;
        }
        let behind = self.highest - count;
        if behind == 0 || behind > 64 {
            return false;
        }
        let bit = 1_u64 << (behind - 1);
        let fresh = self.below & bit == 0;
        self.below |= bit;
        fresh
    }
}

/// Makes challenges and checks what comes back.
#[derive(Debug)]
pub struct Verifier {
    rules: DigestRules,
    secret: [u8; 32],
    used: Lru<[u8; 16], Counts>,
    /// Nonces issued up to this second may have been used and forgotten.
    forgotten: i64,
}

impl Verifier {
    /// A verifier; the secret is 32 random bytes, the same for as long as nonces shall be good.
    pub fn new(rules: DigestRules, secret: [u8; 32]) -> Self {
        let used = Lru::new(rules.nonces);
        Self { rules, secret, used, forgotten: i64::MIN }
    }

    /// The rules.
    pub fn rules(&self) -> &DigestRules {
        &self.rules
    }

    /// Values of WWW-Authenticate or Proxy-Authenticate, one header for each. `random` is 8 fresh random bytes.
    pub fn challenge(&self, source: IpAddr, now: Timestamp, random: [u8; 8], stale: bool) -> Vec<String> {
        let issued = now.micros().div_euclid(1_000_000);
        let nonce =
            format!("{:016x}{}{}", issued, ha1::hex(&random), ha1::hex(&self.mac(issued, random, source)));
        let stale = if stale { ", stale=true" } else { "" };
        let realm = self.rules.realm.replace('\\', "\\\\").replace('"', "\\\"");
        let one = |algorithm: &Algorithm| {
            format!("Digest realm=\"{realm}\", nonce=\"{nonce}\", algorithm={algorithm}, qop=\"auth\"{stale}")
        };
        self.rules.algorithms.iter().map(one).collect()
    }

    /// The first of the Authorization or Proxy-Authorization values that is for this realm.
    ///
    /// # Errors
    /// It is malformed: refuse the request with 400. Values of other schemes and realms count as absent.
    pub fn credentials<'a>(
        &self,
        values: impl IntoIterator<Item = &'a str>,
    ) -> Result<Option<Credentials>, BadCredentials> {
        for value in values {
            if let Some(credentials) = Credentials::read(value)?
                && credentials.realm == self.rules.realm
            {
                return Ok(Some(credentials));
            }
        }
        Ok(None)
    }

    /// Checks credentials against what is stored for [`Credentials::username`]; `None` if there is no such user, which
    /// takes as long as a wrong password.
    pub fn check(
        &mut self,
        credentials: &Credentials,
        ha1: Option<&Ha1>,
        asked: Asked<'_>,
        now: Timestamp,
    ) -> Outcome {
        let Some((issued, key)) = self.own_nonce(&credentials.nonce, asked.source) else {
            return Outcome::Foreign;
        };
        if !self.rules.algorithms.contains(&credentials.algorithm) {
            return Outcome::Foreign;
        }
        if !same_target(&credentials.uri, asked.uri) {
            return Outcome::OtherRequest;
        }
        let nobody = Ha1::default();
        let expected = credentials.expected(ha1.unwrap_or(&nobody).of(credentials.algorithm), asked.method);
        let right: bool = expected.as_bytes().ct_eq(credentials.response.as_bytes()).into();
        if !right || ha1.is_none_or(|ha1| ha1.of(credentials.algorithm).is_empty()) {
            return Outcome::Wrong;
        }
        let age = now.micros().div_euclid(1_000_000).saturating_sub(issued);
        if age > self.rules.nonce_secs || age < -1 {
            return Outcome::Stale;
        }
        if self.used.peek(&key).is_none() && issued <= self.forgotten {
            return Outcome::Stale;
        }
        let (counts, evicted) = self.used.touch(&key, || Counts { issued, ..Counts::default() });
        let fresh = counts.mark(credentials.count);
        if let Some(evicted) = evicted {
            self.forgotten = self.forgotten.max(evicted.issued);
        }
        if fresh { Outcome::Accepted } else { Outcome::Stale }
    }

    /// When a nonce was issued, and its MAC, if it was made here for that address.
    fn own_nonce(&self, nonce: &str, source: IpAddr) -> Option<(i64, [u8; 16])> {
        if nonce.len() != 64 || !nonce.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        let issued = i64::from_str_radix(nonce.get(..16)?, 16).ok()?;
        let random = u64::from_str_radix(nonce.get(16..32)?, 16).ok()?.to_be_bytes();
        let given = u128::from_str_radix(nonce.get(32..)?, 16).ok()?.to_be_bytes();
        let right: bool = self.mac(issued, random, source).ct_eq(&given).into();
        right.then_some((issued, given))
    }

    fn mac(&self, issued: i64, random: [u8; 8], source: IpAddr) -> [u8; 16] {
        let mut out = [0; 16];
        // HMAC takes keys of any length.
        if let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.secret) {
            mac.update(&issued.to_be_bytes());
            mac.update(&random);
            let source = match source {
                IpAddr::V4(source) => source.to_ipv6_mapped(),
                IpAddr::V6(source) => source,
            };
            mac.update(&source.octets());
            mac.update(self.rules.realm.as_bytes());
            for (to, from) in out.iter_mut().zip(mac.finalize().into_bytes()) {
                *to = from;
            }
        }
        out
    }
}

/// Do both addresses name the same user? Hosts and parameters are rewritten on the way by too many routers to compare
/// them; the user part is what a call costs money by.
fn same_target(said: &str, asked: &str) -> bool {
    if said == asked {
        return true;
    }
    match (uri::parse(said), uri::parse(asked)) {
        (Ok(Uri::Sip(said)), Ok(Uri::Sip(asked))) => said.decoded_user() == asked.decoded_user(),
        _ => false,
    }
}
