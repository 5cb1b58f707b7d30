//! What clients send, understood once and trusted from then on.

mod parse;
mod read;

pub use parse::{ParseError, is_endpoint_suffix, parse_form, parse_frame, parse_http};
use serde_json::value::RawValue;

/// One message of a client. What it says may be nonsense: then its fields say so, and the engine answers accordingly.
#[derive(Clone, Debug)]
pub struct Message {
    pub(crate) channel: Name,
    pub(crate) id: Option<MessageId>,
    pub(crate) client_id: Option<Box<str>>,
    pub(crate) data: Option<Box<RawValue>>,
    pub(crate) subscription: Subscription,
    /// `None` when the field is absent or no list.
    pub(crate) supported: Option<Vec<String>>,
    pub(crate) advice: ClientAdvice,
    pub(crate) ack: Option<Ack>,
    pub(crate) timesync: Option<Box<Timesync>>,
}

/// The field `channel`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Name {
    /// Absent, null or empty.
    Missing,
    /// No string, or not a valid name; the string is echoed.
    Invalid(Option<Box<str>>),
    /// A valid name, perhaps with wildcards.
    Valid(Box<str>),
}

/// The field `id`: echoed as it came (B06).
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct MessageId {
    /// JSON to echo; empty if there is nothing that could be.
    pub(crate) json: Box<str>,
    pub(crate) is_valid: bool,
}

/// The field `subscription`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Subscription {
    Absent,
    /// Null, empty, or neither a string nor a list of strings.
    Malformed,
    /// Names that are not checked yet, and the JSON to echo in the same shape.
    Names {
        names: Vec<Box<str>>,
        json: Box<str>,
    },
}

/// The field `advice` of a connect, for this connect only (S4).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct ClientAdvice {
    pub(crate) timeout: Option<u64>,
    pub(crate) interval: Option<u64>,
}

/// The field `ext.ack` (S9.1).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Ack {
    /// In a handshake: whether it is wanted.
    Wanted(bool),
    /// In a connect: the last batch that the client has seen.
    Seen(u64),
}

/// The field `ext.timesync` (S9.2).
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Timesync {
    /// The client's time, as JSON to echo.
    pub(crate) tc: Box<str>,
    /// The same as a number, in milliseconds.
    pub(crate) tc_ms: f64,
    /// Offset and lag as the client believes them, in milliseconds. Old clients send no lag.
    pub(crate) offset: f64,
    pub(crate) lag: Option<f64>,
}

impl Message {
    /// The valid channel of this message; empty if there is none.
    pub(crate) fn channel(&self) -> &str {
        match &self.channel {
            Name::Valid(name) => name,
            Name::Missing | Name::Invalid(_) => "",
        }
    }
}

/// Whether a request is nothing but a heartbeat, so that it says nothing about whether anybody is there (B32).
pub fn is_heartbeat(messages: &[Message]) -> bool {
    messages.iter().all(|message| message.channel() == "/meta/connect")
}
