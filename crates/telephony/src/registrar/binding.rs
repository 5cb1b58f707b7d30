//! One Contact: what a phone asks for, and what is kept of it.

use super::{Path, Register, RegisterError};
use crate::{
    fields::{self, Address},
    uri::{SipUri, Uri},
};
use std::fmt::Write;
use touchline_model::Timestamp;

/// Longer contacts are refused, in bytes.
const LONGEST: usize = 1_024;

/// What makes two contacts the same binding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Key {
    /// The phone and its flow, whatever its address is now (RFC 5626 §6).
    Phone { instance: String, reg_id: u32 },
    /// The address, by the rules of RFC 3261 §19.1.4 as far as they matter for phones.
    Address(String),
}

/// A Contact of a REGISTER.
#[derive(Debug)]
pub(super) struct Wanted {
    pub(super) key: Key,
    uri: String,
    q: u16,
    instance: Option<String>,
    /// Seconds; 0 removes.
    pub(super) secs: u32,
}

impl Wanted {
    pub(super) fn read(value: &str, default_secs: u32) -> Result<Self, RegisterError> {
        const BAD: RegisterError = RegisterError::Malformed;
        let contact = Address::read(value).map_err(|_| BAD)?;
        let Ok(Uri::Sip(parsed)) = contact.parsed() else { return Err(BAD) };
        if value.len() > LONGEST {
            return Err(BAD);
        }
        let secs = match contact.params.get("expires") {
            None => default_secs,
            // RFC 3261 §20.10: a malformed one counts as an hour.
            Some(text) => text.and_then(fields::seconds).unwrap_or(3_600),
        };
        let q = match contact.params.get("q") {
            None => 1_000,
            Some(text) => text.and_then(thousandths).ok_or(BAD)?,
        };
        let instance = contact.params.text("+sip.instance").map(str::to_owned);
        let reg_id = match contact.params.get("reg-id") {
            None => None,
            Some(text) => {
                let number = text.and_then(fields::digits).and_then(|number| u32::try_from(number).ok());
                Some(number.filter(|number| *number > 0).ok_or(BAD)?)
            }
        };
        let key = match (&instance, reg_id) {
            (Some(instance), Some(reg_id)) => Key::Phone { instance: instance.clone(), reg_id },
            _ => Key::Address(comparable(&parsed)),
        };
        // Escaped headers would become headers of our calls to the phone; nobody is to write those for us.
        let uri = match contact.uri.rsplit_once('?') {
            Some((uri, _)) if !parsed.headers.is_empty() => uri,
            _ => contact.uri,
        };
        Ok(Self { key, uri: uri.to_owned(), q, instance, secs })
    }

    pub(super) fn bind(self, request: &Register<'_>, number: u64, now: Timestamp) -> Binding {
        Binding {
            key: self.key,
            uri: self.uri,
            q: self.q,
            instance: self.instance,
            call_id: request.call_id.to_owned(),
            cseq: request.cseq,
            path: request.path,
            ends: now.plus_secs(i64::from(self.secs)),
            number,
        }
    }
}

/// `0`, `0.5`, `1.000` as thousandths (RFC 3261 §25.1, qvalue).
fn thousandths(text: &str) -> Option<u16> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = fraction.len() <= 3 && fraction.bytes().all(|byte| byte.is_ascii_digit());
    let fraction: u16 = if digits { format!("{fraction:0<3}").parse().ok()? } else { return None };
    match whole {
        "0" => Some(fraction),
        "1" if fraction == 0 => Some(1_000),
        _ => None,
    }
}

/// The address in a form in which equal ones are the same text.
fn comparable(uri: &SipUri<'_>) -> String {
    let mut text = format!(
        "{}:{}@{}:{}",
        if uri.secure { "sips" } else { "sip" },
        uri.decoded_user().unwrap_or_default(),
        uri.host.to_ascii_lowercase(),
        uri.port.unwrap_or(0)
    );
    for name in ["transport", "user", "ttl", "method", "maddr"] {
        if let Some(value) = uri.param(name) {
            // Writing to a String cannot fail.
            let _ = write!(text, ";{name}={}", value.to_ascii_lowercase());
        }
    }
    text
}

/// A binding that is in force.
#[derive(Clone, Debug)]
pub(super) struct Binding {
    pub(super) key: Key,
    pub(super) uri: String,
    pub(super) q: u16,
    instance: Option<String>,
    pub(super) call_id: String,
    pub(super) cseq: u32,
    pub(super) path: Path,
    pub(super) ends: Timestamp,
    /// Counts up with each registration: larger is later.
    pub(super) number: u64,
}

impl Binding {
    pub(super) fn instance(&self) -> Option<&str> {
        self.instance.as_deref()
    }

    /// The Contact value for a 200, with the seconds that are left (RFC 3261 §10.3 step 8).
    pub(super) fn shown(&self, now: Timestamp) -> String {
        let left = (self.ends.micros() - now.micros()).max(0);
        // Rounded up: what has a moment left is not yet gone.
        let mut text = format!("<{}>;expires={}", self.uri, (left + 999_999) / 1_000_000);
        if self.q != 1_000 {
            let _ = write!(text, ";q=0.{:03}", self.q);
        }
        if let Some(instance) = &self.instance {
            let _ = write!(text, ";+sip.instance=\"{instance}\"");
        }
        if let Key::Phone { reg_id, .. } = &self.key {
            let _ = write!(text, ";reg-id={reg_id}");
        }
        text
    }
}
