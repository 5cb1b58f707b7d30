//! Cuts a stream into SIP messages (RFC 3261 §18.3, RFC 5626 §3.5.1), in bounded memory.
//!
//! For TCP and TLS. Over WebSocket each message is one SIP message already; only its size is to be bounded
//! ([`super::Rules::max_message`]).

use super::{Rules, scan};
use crate::fields;
use touchline_model::Timestamp;

/// How long a sender may take for one message, from its first byte. Without a bound, many slow senders keep many buffers
/// alive.
pub const PATIENCE_SECS: i64 = 30;

/// What comes out of a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Frame {
    /// A whole message; it goes to the guard.
    Message(Vec<u8>),
    /// Two empty lines: the peer wants to hear one ([`PONG`]).
    Ping,
    /// Nobody can tell where the next message begins. What came of the message goes to the guard, which finds the fault
    /// and may answer it; then the connection is to be closed.
    Broken(Vec<u8>),
}

/// The answer to a [`Frame::Ping`].
pub const PONG: &[u8] = b"\r\n";

/// One direction of one connection.
#[derive(Debug)]
pub struct Framer {
    max_head: usize,
    max_body: usize,
    rules: Rules,
    buffer: Vec<u8>,
    /// The empty line is not before this position.
    searched: usize,
    /// Length of the message in the buffer, once its header is there.
    whole: Option<usize>,
    since: Option<Timestamp>,
    broken: bool,
}

impl Framer {
    /// A framer for a new connection; header and body may be as large as the rules say.
    pub fn new(rules: &Rules) -> Self {
        Self {
            max_head: rules.max_head,
            max_body: rules.max_body,
            rules: rules.clone(),
            buffer: Vec::new(),
            searched: 0,
            whole: None,
            since: None,
            broken: false,
        }
    }

    /// Takes what was read and returns what is complete. The buffer never holds more than one message of the largest
    /// size. After [`Frame::Broken`] everything is ignored.
    pub fn feed(&mut self, mut bytes: &[u8], now: Timestamp) -> Vec<Frame> {
        let mut frames = Vec::new();
        while !bytes.is_empty() && !self.broken {
            // Never take in more than the largest message has room for; the rest waits in the caller's slice.
            let room = (self.max_head + self.max_body + 4).saturating_sub(self.buffer.len()).max(1);
            let (taken, rest) = bytes.split_at(room.min(bytes.len()));
            self.buffer.extend_from_slice(taken);
            bytes = rest;
            self.since.get_or_insert(now);
            if self.cut(&mut frames) {
                // What is left belongs to another message, which came just now.
                self.since = Some(now).filter(|_| !self.buffer.is_empty());
            }
        }
        if self.broken {
            self.buffer = Vec::new();
            self.since = None;
        }
        frames
    }

    /// When the connection is to be closed if the message that has begun is not complete.
    pub fn deadline(&self) -> Option<Timestamp> {
        self.since.map(|since| since.plus_secs(PATIENCE_SECS))
    }

    /// Bytes that wait for the rest of their message.
    pub fn buffered(&self) -> usize {
        self.buffer.len()
    }

    /// Takes out what is complete; was there anything?
    fn cut(&mut self, frames: &mut Vec<Frame>) -> bool {
        let mut at = 0;
        loop {
            let rest = self.buffer.get(at..).unwrap_or_default();
            if self.whole.is_none() && self.searched == 0 {
                if rest.starts_with(b"\r\n\r\n") {
                    frames.push(Frame::Ping);
                    at += 4;
                    continue;
                }
                // A single empty line is the answer to a ping of ours, or litter behind a body (RFC 3261 §7.5).
                if rest.len() > 2 && rest.starts_with(b"\r\n") && !rest.starts_with(b"\r\n\r") {
                    at += 2;
                    continue;
                }
                if b"\r\n\r".starts_with(rest) || rest.is_empty() {
                    break;
                }
            }
            let whole = match self.whole {
                Some(whole) => whole,
                None => match self.length(at) {
                    Some(Ok(whole)) => *self.whole.insert(whole),
                    Some(Err(())) => {
                        frames.push(Frame::Broken(self.buffer.get(at..).unwrap_or_default().to_vec()));
                        self.broken = true;
                        return true;
                    }
                    None => break,
                },
            };
            let Some(message) = self.buffer.get(at..at + whole) else { break };
            frames.push(Frame::Message(message.to_vec()));
            at += whole;
            (self.whole, self.searched) = (None, 0);
        }
        self.buffer.drain(..at);
        at > 0
    }

    /// Length of the message that begins there; `None` while its header is not complete, an error if it cannot be told.
    fn length(&mut self, at: usize) -> Option<Result<usize, ()>> {
        let rest = self.buffer.get(at..).unwrap_or_default();
        let from = self.searched.saturating_sub(3);
        let Some((_, body)) = rest.get(from..).and_then(scan::end_of_head) else {
            if rest.len() > self.max_head {
                return Some(Err(()));
            }
            self.searched = rest.len();
            return None;
        };
        let body = from + body;
        let head = scan::head(rest.get(..body).unwrap_or_default(), &self.rules);
        let lengths: Vec<_> = head.all("Content-Length").collect();
        let length = match lengths.as_slice() {
            [value] => fields::digits(value).and_then(|length| usize::try_from(length).ok()),
            _ => None,
        };
        Some(match length {
            Some(length) if body <= self.max_head && length <= self.max_body => Ok(body + length),
            _ => Err(()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_micros(0);
    const ONE: &[u8] = b"OPTIONS sip:a SIP/2.0\r\nCSeq: 1 OPTIONS\r\nl: 3\r\n\r\nabc";
    const TWO: &[u8] = b"BYE sip:a SIP/2.0\r\nContent-Length:\r\n 0\r\n\r\n";

    fn framer() -> Framer {
        Framer::new(&Rules { max_head: 200, max_body: 50, ..Rules::default() })
    }

    #[test]
    fn messages_come_out_whole_however_the_stream_is_cut() {
        let stream = [b"\r\n\r\n", ONE, b"\r\n", TWO, b"\r\n\r\n", ONE].concat();
        let wanted = [
            Frame::Ping,
            Frame::Message(ONE.into()),
            Frame::Message(TWO.into()),
            Frame::Ping,
            Frame::Message(ONE.into()),
        ];
        for size in 1..=stream.len() {
            let mut framer = framer();
            let frames: Vec<Frame> = stream.chunks(size).flat_map(|chunk| framer.feed(chunk, NOW)).collect();
            assert_eq!(frames, wanted, "cut every {size} bytes");
            assert_eq!((framer.buffered(), framer.deadline()), (0, None));
        }
    }

    #[test]
    fn a_stream_whose_next_message_cannot_be_found_is_broken_and_the_guard_gets_what_came() {
        let endless = [b'x'; 300];
        for bad in [
            b"BYE sip:a SIP/2.0\r\n\r\n".as_slice(),
            b"BYE sip:a SIP/2.0\r\nContent-Length: -1\r\n\r\n",
            b"BYE sip:a SIP/2.0\r\nContent-Length: 51\r\n\r\n",
            b"BYE sip:a SIP/2.0\r\nContent-Length: 1\r\nl: 1\r\n\r\n",
            &endless,
        ] {
            let mut framer = framer();
            let frames = framer.feed(&[ONE, bad].concat(), NOW);
            let [Frame::Message(_), Frame::Broken(rest)] = frames.as_slice() else { panic!("{frames:?}") };
            assert!(!rest.is_empty() && bad.starts_with(rest) || rest == bad);
            assert_eq!(framer.feed(ONE, NOW), []);
            assert_eq!(framer.buffered(), 0);
        }
    }

    #[test]
    fn a_message_that_trickles_in_has_half_a_minute() {
        let mut framer = framer();
        framer.feed(b"BYE", NOW);
        framer.feed(b" sip:a", NOW.plus_secs(20));
        assert_eq!(framer.deadline(), Some(NOW.plus_secs(30)));
    }
}
