//! What we write: replies and advice as JSON text, in the order of the contract's examples.

use crate::{
    message::{Message, MessageId, Name, Timesync},
    settings::{Settings, Transport},
    time::{Instant, Millis, Now},
};
use bytes::Bytes;
use std::io::Write as _;

/// A response that is being written: a JSON array without its end, or nothing yet.
#[derive(Default)]
pub(crate) struct Members(Vec<u8>);

impl Members {
    /// With room for so many bytes, beside a reply or two.
    pub(crate) fn with_room(bytes: usize) -> Self {
        Self(Vec::with_capacity(bytes + 240))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.len() <= 1
    }

    fn separate(&mut self) {
        match self.0.len() {
            0 => {
                self.0.reserve(240);
                self.0.push(b'[');
            }
            1 => {}
            _ => self.0.push(b','),
        }
    }

    /// Adds JSON that is written already.
    pub(crate) fn push(&mut self, json: &[u8]) {
        self.separate();
        self.0.extend_from_slice(json);
    }

    /// Begins a reply to a message; [`ReplyWriter::end`] completes it.
    pub(crate) fn reply(&mut self, message: &Message, successful: bool) -> ReplyWriter<'_> {
        let channel = match &message.channel {
            Name::Missing => None,
            Name::Invalid(name) => name.as_deref(),
            Name::Valid(name) => Some(&**name),
        };
        self.reply_to(message.id.as_ref(), channel, successful)
    }

    /// The same for a message of which only id and channel are left.
    pub(crate) fn reply_to(
        &mut self,
        id: Option<&MessageId>,
        channel: Option<&str>,
        successful: bool,
    ) -> ReplyWriter<'_> {
        self.separate();
        self.0.push(b'{');
        if let Some(id) = id.filter(|id| !id.json.is_empty()) {
            self.0.extend_from_slice(b"\"id\":");
            self.0.extend_from_slice(id.json.as_bytes());
            self.0.push(b',');
        }
        let mut reply = ReplyWriter { out: &mut self.0 };
        if let Some(channel) = channel {
            reply.text("channel", channel);
            reply.out.push(b',');
        }
        reply.raw("successful", if successful { "true" } else { "false" });
        reply
    }

    /// The whole array, with these events before what is here (S3.1).
    pub(crate) fn after(self, mut events: Self) -> Bytes {
        if events.is_empty() {
            return self.into_array();
        }
        if let [_, members @ ..] = &*self.0
            && !members.is_empty()
        {
            events.push(members);
        }
        events.into_array()
    }

    /// The whole array.
    pub(crate) fn into_array(mut self) -> Bytes {
        if self.0.is_empty() {
            self.0.push(b'[');
        }
        self.0.push(b']');
        self.0.into()
    }
}

/// A reply that has begun.
pub(crate) struct ReplyWriter<'a> {
    out: &'a mut Vec<u8>,
}

impl ReplyWriter<'_> {
    fn name(&mut self, name: &str) {
        if self.out.last() != Some(&b'{') && self.out.last() != Some(&b',') {
            self.out.push(b',');
        }
        self.out.push(b'"');
        self.out.extend_from_slice(name.as_bytes());
        self.out.extend_from_slice(b"\":");
    }

    /// A field with a string.
    pub(crate) fn text(&mut self, name: &str, text: &str) {
        self.name(name);
        let _writing_to_memory_succeeds = serde_json::to_writer(&mut *self.out, text);
    }

    /// A field with JSON that is written already.
    pub(crate) fn raw(&mut self, name: &str, json: &str) {
        self.name(name);
        self.out.extend_from_slice(json.as_bytes());
    }

    pub(crate) fn advice(&mut self, advice: Advice) {
        self.name("advice");
        let Advice { reconnect, interval: Millis(interval), timeout, max_interval, multiple_clients } =
            advice;
        let _infallible =
            write!(self.out, "{{\"reconnect\":\"{}\",\"interval\":{interval}", reconnect.name());
        if let Some(Millis(timeout)) = timeout {
            let _infallible = write!(self.out, ",\"timeout\":{timeout}");
        }
        if let Some(Millis(max_interval)) = max_interval {
            let _infallible = write!(self.out, ",\"maxInterval\":{max_interval}");
        }
        if multiple_clients {
            self.out.extend_from_slice(b",\"multiple-clients\":true");
        }
        self.out.push(b'}');
    }

    /// The extensions, if there is anything to say (S9.1, S9.2).
    pub(crate) fn ext(&mut self, ack: Option<AckReply>, timesync: Option<&TimesyncReply>, replied: Instant) {
        let timesync = timesync.filter(|timesync| timesync.is_worth_it);
        if ack.is_none() && timesync.is_none() {
            return;
        }
        self.name("ext");
        self.out.push(b'{');
        match ack {
            Some(AckReply::Enabled) => self.raw("ack", "true"),
            Some(AckReply::Batch(batch)) => self.raw("ack", &batch.to_string()),
            None => {}
        }
        if let Some(TimesyncReply { tc, ts, received, adjustment, .. }) = timesync {
            self.name("timesync");
            let p = replied.millis_since(*received);
            let _infallible = write!(self.out, "{{\"tc\":{tc},\"ts\":{ts},\"p\":{p}");
            if let Some(a) = adjustment {
                let _infallible = write!(self.out, ",\"a\":{a}");
            }
            self.out.push(b'}');
        }
        self.out.push(b'}');
    }

    pub(crate) fn end(self) {
        self.out.push(b'}');
    }
}

/// What a client shall do next.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Reconnect {
    Retry,
    Handshake,
    Never,
}

impl Reconnect {
    const fn name(self) -> &'static str {
        match self {
            Self::Retry => "retry",
            Self::Handshake => "handshake",
            Self::Never => "none",
        }
    }
}

/// The field `advice` of a reply (S4).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Advice {
    reconnect: Reconnect,
    interval: Millis,
    timeout: Option<Millis>,
    max_interval: Option<Millis>,
    multiple_clients: bool,
}

impl Advice {
    /// For a reply that succeeded: always all three fields.
    pub(crate) fn normal(reconnect: Reconnect, interval: Millis, settings: &Settings) -> Self {
        let tells_max = settings.handshake_reconnect && reconnect == Reconnect::Retry;
        Self {
            reconnect,
            interval,
            timeout: Some(settings.timeout),
            max_interval: tells_max.then_some(settings.max_interval),
            multiple_clients: false,
        }
    }

    /// For a browser that holds too many connects (S7).
    pub(crate) fn multiple_clients(reconnect: Reconnect, settings: &Settings) -> Self {
        let interval = settings.multi_session_interval;
        Self { multiple_clients: true, ..Self::normal(reconnect, interval, settings) }
    }

    /// For a reply that failed: the first two fields.
    pub(crate) const fn failed(reconnect: Reconnect) -> Self {
        Self { reconnect, interval: Millis(0), timeout: None, max_interval: None, multiple_clients: false }
    }
}

/// What `ext.ack` says in a reply.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum AckReply {
    /// In a handshake: the extension is there.
    Enabled,
    /// In a connect: the number of the batch that comes with it.
    Batch(u64),
}

/// What `ext.timesync` says in the reply to one message.
#[derive(Clone, Debug)]
pub(crate) struct TimesyncReply {
    tc: Box<str>,
    ts: i64,
    received: Instant,
    adjustment: Option<i64>,
    /// Clients are told only what they do not know well enough yet.
    is_worth_it: bool,
}

impl TimesyncReply {
    /// How far, in milliseconds, a client's belief may be off before it hears of it.
    const ACCURACY: i64 = 25;

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        reason = "saturates; times are far below 2^52"
    )]
    pub(crate) fn new(asked: &Timesync, now: Now) -> Self {
        let adjustment =
            asked.lag.map(|lag| (asked.tc_ms + asked.offset + lag - now.unix_ms as f64).round() as i64);
        let is_worth_it = match (asked.lag, adjustment) {
            (Some(lag), Some(a)) => lag == 0.0 || a.saturating_abs() >= Self::ACCURACY,
            _ => true,
        };
        Self { tc: asked.tc.clone(), ts: now.unix_ms, received: now.at, adjustment, is_worth_it }
    }
}

/// The list of what is offered, as JSON.
pub(crate) fn transports(offered: &[Transport]) -> String {
    let names: Vec<_> = offered.iter().map(|transport| format!("\"{}\"", transport.name())).collect();
    format!("[{}]", names.join(","))
}
