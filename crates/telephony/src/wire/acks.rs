//! Acknowledgements of answers, to be sent again when the answer comes again (RFC 3261 §13.2.2.4).

use super::Flow;
use rsipstack::sip::{Request, Response, SipMessage};
use std::collections::HashMap;
use touchline_model::Timestamp;

use super::message::{sequence, tag, value};

/// An answer can come again for so long: 64 times T1.
const KEEP_SECS: i64 = 40;

/// Which answer: Call-ID, CSeq and the tag of who answered.
type Key = (String, u32, String);

/// What was acknowledged lately.
#[derive(Debug, Default)]
pub(super) struct Acks {
    sent: HashMap<Key, (Request, Flow, Timestamp)>,
}

impl Acks {
    /// An answer was acknowledged with this.
    pub(super) fn keep(&mut self, response: &Response, ack: Request, flow: Flow, now: Timestamp) {
        self.sent.retain(|_, (_, _, at)| now < at.plus_secs(KEEP_SECS));
        if let Some(key) = key(response) {
            self.sent.insert(key, (ack, flow, now));
        }
    }

    /// The acknowledgement of an answer that has come before.
    pub(super) fn again(&self, response: &Response) -> Option<(SipMessage, Flow)> {
        let (ack, flow, _) = self.sent.get(&key(response)?)?;
        Some((ack.clone().into(), flow.clone()))
    }
}

fn key(response: &Response) -> Option<Key> {
    let call = value(&response.headers, "Call-ID")?.to_owned();
    Some((call, sequence(&response.headers)?, tag(&response.headers, "To")?))
}
