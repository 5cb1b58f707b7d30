//! From the fields of a JSON object to a [`Message`]. A field of the wrong type never makes the request fail: each has
//! an answer of its own.

use super::{Ack, ClientAdvice, Message, MessageId, Name, Subscription, Timesync};
use crate::channel::is_valid_name;
use serde::{
    Deserialize,
    de::{IgnoredAny, MapAccess},
};
use serde_json::value::RawValue;

/// The longest id that we echo; it stays in memory while a connect is held.
const MAX_ID: usize = 256;

/// The fields that mean something to us. Of a field that is there twice, the last counts.
#[derive(Default)]
pub(super) struct Wire<'a> {
    channel: Option<&'a RawValue>,
    id: Option<&'a RawValue>,
    client_id: Option<&'a RawValue>,
    data: Option<&'a RawValue>,
    subscription: Option<&'a RawValue>,
    supported: Option<&'a RawValue>,
    advice: Option<&'a RawValue>,
    ext: Option<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(field_identifier)]
enum Field {
    #[serde(rename = "channel")]
    Channel,
    #[serde(rename = "id")]
    Id,
    #[serde(rename = "clientId")]
    ClientId,
    #[serde(rename = "data")]
    Data,
    #[serde(rename = "subscription")]
    Subscription,
    #[serde(rename = "supportedConnectionTypes")]
    Supported,
    #[serde(rename = "advice")]
    Advice,
    #[serde(rename = "ext")]
    Ext,
    #[serde(other)]
    Other,
}

impl<'a> Wire<'a> {
    pub(super) fn read<A: MapAccess<'a>>(mut map: A) -> Result<Self, A::Error> {
        let mut wire = Self::default();
        while let Some(field) = map.next_key()? {
            let place = match field {
                Field::Channel => &mut wire.channel,
                Field::Id => &mut wire.id,
                Field::ClientId => &mut wire.client_id,
                Field::Data => &mut wire.data,
                Field::Subscription => &mut wire.subscription,
                Field::Supported => &mut wire.supported,
                Field::Advice => &mut wire.advice,
                Field::Ext => &mut wire.ext,
                Field::Other => {
                    map.next_value::<IgnoredAny>()?;
                    continue;
                }
            };
            *place = Some(map.next_value()?);
        }
        Ok(wire)
    }

    pub(super) fn into_message(self) -> Message {
        let (ack, timesync) = self.ext.map_or((None, None), ext);
        Message {
            channel: name(self.channel),
            id: self.id.and_then(message_id),
            client_id: self.client_id.and_then(string).map(Into::into),
            data: self.data.map(ToOwned::to_owned),
            subscription: subscription(self.subscription),
            supported: self.supported.and_then(supported),
            advice: self.advice.map(advice).unwrap_or_default(),
            ack,
            timesync,
        }
    }
}

fn read<'a, T: Deserialize<'a>>(raw: &'a RawValue) -> Option<T> {
    serde_json::from_str(raw.get()).ok()
}

fn string(raw: &RawValue) -> Option<String> {
    read(raw)
}

fn name(raw: Option<&RawValue>) -> Name {
    let Some(raw) = raw.filter(|raw| raw.get() != "null") else {
        return Name::Missing;
    };
    match string(raw) {
        Some(name) if name.is_empty() => Name::Missing,
        Some(name) if is_valid_name(&name) => Name::Valid(name.into()),
        other => Name::Invalid(other.map(Into::into)),
    }
}

fn message_id(raw: &RawValue) -> Option<MessageId> {
    let json = raw.get();
    let is_number = json.starts_with(|first: char| first == '-' || first.is_ascii_digit());
    if json == "null" {
        None
    } else if is_number {
        Some(MessageId { is_valid: json.len() <= MAX_ID, json: json.into() })
    } else {
        let text = string(raw);
        let fine = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
        let is_valid = text.as_deref().is_some_and(fine) && json.len() <= MAX_ID;
        let json = text.map_or(Box::default(), |_| json.into());
        Some(MessageId { json, is_valid })
    }
}

fn subscription(raw: Option<&RawValue>) -> Subscription {
    let Some(raw) = raw else {
        return Subscription::Absent;
    };
    let names = match string(raw) {
        Some(name) => vec![name.into_boxed_str()],
        None => read::<Vec<Box<str>>>(raw).unwrap_or_default(),
    };
    if names.is_empty() || names.iter().any(|name| name.is_empty()) {
        Subscription::Malformed
    } else {
        Subscription::Names { names, json: raw.get().into() }
    }
}

/// The names in a list; what is no name is skipped.
fn supported(raw: &RawValue) -> Option<Vec<String>> {
    let list: Vec<&RawValue> = read(raw)?;
    Some(list.into_iter().filter_map(string).collect())
}

#[derive(Deserialize)]
struct AdviceWire<'a> {
    #[serde(borrow)]
    timeout: Option<&'a RawValue>,
    #[serde(borrow)]
    interval: Option<&'a RawValue>,
}

fn advice(raw: &RawValue) -> ClientAdvice {
    let Some(wire) = read::<AdviceWire<'_>>(raw) else {
        return ClientAdvice::default();
    };
    let millis = |raw: Option<&RawValue>| Some(whole(read::<f64>(raw?)?));
    ClientAdvice { timeout: millis(wire.timeout), interval: millis(wire.interval) }
}

/// A number of milliseconds or of a batch; negative ones count as 0.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the cast saturates, as intended"
)]
const fn whole(number: f64) -> u64 {
    number as u64
}

#[derive(Deserialize)]
struct ExtWire<'a> {
    #[serde(borrow)]
    ack: Option<&'a RawValue>,
    #[serde(borrow)]
    timesync: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct TimesyncWire<'a> {
    #[serde(borrow)]
    tc: &'a RawValue,
    o: Option<f64>,
    l: Option<f64>,
}

fn ext(raw: &RawValue) -> (Option<Ack>, Option<Box<Timesync>>) {
    let Some(wire) = read::<ExtWire<'_>>(raw) else {
        return (None, None);
    };
    let ack = wire.ack.and_then(|ack| {
        read(ack).map(Ack::Wanted).or_else(|| read::<f64>(ack).map(|seen| Ack::Seen(whole(seen))))
    });
    let timesync = wire.timesync.and_then(|timesync| {
        let wire: TimesyncWire<'_> = read(timesync)?;
        let tc_ms = read(wire.tc)?;
        let tc = wire.tc.get().into();
        Some(Box::new(Timesync { tc, tc_ms, offset: wire.o.unwrap_or(0.0), lag: wire.l }))
    });
    (ack, timesync)
}
