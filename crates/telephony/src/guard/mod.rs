//! The door in front of the SIP library: every message is looked at here first.
//!
//! The library is lenient where it should not be: it passes on a CSeq that names another method, a version `SIP/7.0`,
//! unknown extensions, doubled fields and a negative length, and says nothing at all to an unknown method. So a small
//! strict scanner of our own reads each message before it. What passes is written anew: unfolded, white space where the
//! grammar wants it, long field names, the right Content-Length and nothing behind the body. What does not is answered
//! without state (RFC 3261 §8.2.7), or dropped when nobody could be answered.
//!
//! `docs/conformance/sip-torture.md` shows what becomes of each message of RFC 4475 and RFC 5118.

mod answer;
mod checks;
mod door;
pub mod framer;
mod problem;
mod scan;

pub use answer::{Answer, Reply};
pub use door::Door;
pub use problem::{Dropped, Problem};

use crate::fields;
use sha2::{Digest, Sha256};
use std::net::SocketAddr;

/// How a message came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Transport {
    /// One message a datagram.
    Udp,
    /// A stream, cut by [`framer::Framer`].
    Tcp,
    /// The same, encrypted.
    Tls,
    /// One message a WebSocket message (RFC 7118 §5).
    Ws,
    /// The same, encrypted.
    Wss,
}

impl Transport {
    /// Must a message carry its length? (RFC 3261 §20.14; for WebSocket RFC 7118 §5.4 says no.)
    pub const fn needs_length(self) -> bool {
        matches!(self, Self::Tcp | Self::Tls)
    }
}

/// Who sent a message, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Peer {
    /// Source address and port.
    pub address: SocketAddr,
    /// Transport.
    pub transport: Transport,
}

/// What the guard lets through. All sizes in bytes.
#[derive(Clone, Debug)]
pub struct Rules {
    /// Largest datagram or WebSocket message; beyond it 513.
    pub max_message: usize,
    /// Largest start line and header together; beyond it 513.
    pub max_head: usize,
    /// Largest body; beyond it 413.
    pub max_body: usize,
    /// Most header lines; beyond it 513.
    pub max_fields: usize,
    /// Longest header value after unfolding; beyond it 513.
    pub max_value: usize,
    /// Methods that may pass. Others of [`METHODS`] get 405, all else 501; both list these in Allow.
    pub methods: Vec<&'static str>,
    /// Extensions that a request may require; others get 420.
    pub extensions: Vec<&'static str>,
}

/// Methods that are defined somewhere (the IANA registry of SIP methods).
pub const METHODS: [&str; 14] = [
    "INVITE",
    "ACK",
    "CANCEL",
    "BYE",
    "OPTIONS",
    "REGISTER",
    "PRACK",
    "UPDATE",
    "REFER",
    "INFO",
    "NOTIFY",
    "SUBSCRIBE",
    "MESSAGE",
    "PUBLISH",
];

impl Default for Rules {
    /// Sizes that real phones and browsers stay far below. SUBSCRIBE, MESSAGE and PUBLISH are not let in at all: nothing
    /// here serves them, and unauthenticated ones are a known way to make servers work for strangers.
    fn default() -> Self {
        Self {
            max_message: 32_768,
            max_head: 16_384,
            max_body: 16_384,
            max_fields: 128,
            max_value: 4_096,
            methods: METHODS.into_iter().take(11).collect(),
            extensions: vec!["100rel", "timer", "replaces", "outbound", "path"],
        }
    }
}

/// What becomes of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It may go to the SIP library, in this form.
    Pass(Passed),
    /// It is answered here and forgotten.
    Answer(Answer),
    /// Nobody is answered.
    Drop(Dropped),
}

/// A message that passed, written anew.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passed {
    /// The whole message.
    pub bytes: Vec<u8>,
    /// What it is.
    pub kind: MessageKind,
}

/// Request or response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessageKind {
    /// A request with this method, one of [`Rules::methods`].
    Request(&'static str),
    /// A response with this status code, 100 to 699.
    Response(u16),
}

/// The guard itself. It has no state but its rules, so one serves all sockets.
#[derive(Clone, Debug)]
pub struct Guard {
    rules: Rules,
    secret: [u8; 16],
}

impl Guard {
    /// A guard with these rules. The secret goes into the To tags of its answers, so that it knows them again when they
    /// are acknowledged; take 16 random bytes at each start.
    pub fn new(rules: Rules, secret: [u8; 16]) -> Self {
        Self { rules, secret }
    }

    /// The rules.
    pub fn rules(&self) -> &Rules {
        &self.rules
    }

    /// Looks at one datagram, one framed message of a stream, or one WebSocket message.
    pub fn inspect(&self, message: &[u8], peer: Peer) -> Verdict {
        // Keep-alives: CRLF CRLF (RFC 5626 §3.5.1), and the single NUL that some phones send.
        if message.iter().all(|byte| matches!(byte, b'\r' | b'\n' | 0)) {
            return Verdict::Drop(Dropped::KeepAlive);
        }
        let head = scan::head(message, &self.rules);
        if head.start.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("SIP/")) {
            return match checks::response(&head, message, &self.rules) {
                Ok(passed) => Verdict::Pass(passed),
                Err(problem) => Verdict::Drop(Dropped::Response(problem)),
            };
        }
        let version = head.start.trim_end().rsplit([' ', '\t']).next().unwrap_or_default();
        if !version.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("SIP/")) {
            return Verdict::Drop(Dropped::NotSip);
        }
        let is_ack = head.start.starts_with("ACK ");
        match checks::request(&head, message, &self.rules, peer.transport) {
            Ok(_) if is_ack && self.acknowledges_us(&head) => Verdict::Drop(Dropped::OwnAnswer),
            Ok(passed) => Verdict::Pass(passed),
            // An ACK is never answered (RFC 3261 §17.1.1.3).
            Err(problem) if is_ack => Verdict::Drop(Dropped::Ack(problem)),
            Err(problem) => match answer::answer(&head, &problem, peer, &self.rules, &self.tag(&head)) {
                Some(answer) => Verdict::Answer(answer),
                None => Verdict::Drop(Dropped::Unanswerable(problem)),
            },
        }
    }

    /// Answers a request that has passed, without state: whom the library shall not even hear of costs it nothing. Header
    /// lines come without line breaks. `None` for what is never answered.
    pub fn reply(
        &self,
        passed: &[u8],
        peer: Peer,
        code: u16,
        phrase: &str,
        lines: &[String],
    ) -> Option<Reply> {
        let head = scan::head(passed, &self.rules);
        if head.start.starts_with("ACK ") {
            return None;
        }
        answer::reply(&head, code, phrase, lines, peer, &self.tag(&head))
    }

    /// The To tag of a stateless answer: the same for each retransmission, and for nobody to guess (RFC 3261 §8.2.7,
    /// §19.3).
    fn tag(&self, head: &scan::Head) -> String {
        let mut hash = Sha256::new();
        hash.update(self.secret);
        for name in ["Via", "Call-ID", "From", "CSeq"] {
            let value = head.first(name).unwrap_or_default();
            let value = match name {
                // The ACK has only the first Via, and the same number with another method.
                "Via" => fields::list(value).ok().and_then(|values| values.first().copied()).unwrap_or(value),
                "CSeq" => value.split_ascii_whitespace().next().unwrap_or_default(),
                _ => value,
            };
            hash.update(value);
            hash.update([0]);
        }
        hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
    }

    /// Does this ACK belong to an answer that the guard gave? The library knows nothing of it.
    fn acknowledges_us(&self, head: &scan::Head) -> bool {
        let to = head.first("To").and_then(|to| fields::Address::read(to).ok());
        to.and_then(|to| to.params.text("tag")).is_some_and(|tag| tag == self.tag(head))
    }
}
