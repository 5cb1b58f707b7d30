//! Events on their way to clients.

use crate::channel::Channel;
use bytes::Bytes;
use serde::Serialize;
use serde_json::value::RawValue;
use std::sync::Arc;

/// Something that is published: put into JSON once, shared by all who receive it.
#[derive(Clone, Debug)]
pub struct Event(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    channel: Channel,
    /// `[{"channel":...,"data":...}]`: a whole frame, and without its brackets a member of a longer array.
    frame: Bytes,
    lazy: bool,
}

impl Event {
    /// Puts `data` on a channel (S3: `channel` and `data`, no `id`, no `clientId`). Fails if it is no JSON.
    pub fn new(channel: Channel, data: &impl Serialize) -> Result<Self, serde_json::Error> {
        Ok(Self::raw(channel, &serde_json::value::to_raw_value(data)?, false))
    }

    /// The same, for an event that may wait for another (S8).
    pub fn lazy(channel: Channel, data: &impl Serialize) -> Result<Self, serde_json::Error> {
        Ok(Self::raw(channel, &serde_json::value::to_raw_value(data)?, true))
    }

    pub(crate) fn raw(channel: Channel, data: &RawValue, lazy: bool) -> Self {
        // The characters of a channel need no escapes.
        let frame = format!("[{{\"channel\":\"{channel}\",\"data\":{}}}]", data.get());
        Self(Arc::new(Inner { channel, frame: frame.into(), lazy }))
    }

    /// Where it was published.
    pub fn channel(&self) -> &Channel {
        &self.0.channel
    }

    /// Whether it may wait, whatever its channel.
    pub fn is_lazy(&self) -> bool {
        self.0.lazy
    }

    /// The event alone in an array.
    pub fn frame(&self) -> &Bytes {
        &self.0.frame
    }

    /// The event as member of an array.
    pub(crate) fn json(&self) -> &[u8] {
        match &*self.0.frame {
            [_, json @ .., _] => json,
            _ => &[],
        }
    }

    /// How many bytes it takes in a body.
    pub(crate) fn size(&self) -> usize {
        self.0.frame.len()
    }
}
