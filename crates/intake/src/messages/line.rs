//! One line of messages: a message, or a conversation with its messages.

use crate::speech;
use jiff::tz::TimeZone;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use touchline_model::{Channel, Speaker, SpeakerType, Timestamp};

/// Names under which systems export the same thing; the first that is there counts.
const TIME: &[&str] = &["time", "timestamp", "sent_at", "created_at", "date"];
const TEXT: &[&str] = &["text", "body", "message", "content"];
const AUTHOR: &[&str] = &["author", "from", "sender"];
const ROLE: &[&str] = &["role", "author_role", "sender_role", "author_type", "sender_type"];
const CONVERSATION: &[&str] =
    &["conversation", "conversation_id", "thread", "thread_id", "chat_id", "ticket_id", "contact_id"];

/// One message.
#[derive(Clone, Debug)]
pub(super) struct Message {
    pub(super) conversation: Option<String>,
    pub(super) time: Timestamp,
    /// Who wrote it, as a name for telling writers apart.
    pub(super) label: String,
    /// What is known of the writer.
    pub(super) author: Speaker,
    pub(super) text: String,
    pub(super) channel: Option<Channel>,
    pub(super) subject: Option<String>,
}

/// A message, or the conversation's id and why it is none.
pub(super) type Read = Result<Message, (String, String)>;

impl Message {
    /// The messages of a line. The outer error is about the line as a whole.
    pub(super) fn several(
        text: &str,
        zone: Option<&TimeZone>,
        fields: &mut BTreeMap<String, u64>,
    ) -> Result<Vec<Read>, String> {
        let line: Value = serde_json::from_str(text).map_err(|error| {
            let (reason, column) = (error.to_string(), error.column());
            format!("{} (column {column})", reason.split(" at line 1 column ").next().unwrap_or(&reason))
        })?;
        let Value::Object(mut line) = line else {
            return Err("is no JSON object: write one message a line, each in braces".to_owned());
        };
        let Some(messages) = line.remove("messages") else {
            line.keys().for_each(|key| *fields.entry(key.clone()).or_default() += 1);
            return Ok(vec![Self::one(&line, &Map::new(), zone)]);
        };
        let Value::Array(messages) = messages else { return Err("`messages` is no list".to_owned()) };
        // The line is the conversation: what it says holds for all of them.
        if let Some(id) = line.remove("id") {
            line.entry("conversation").or_insert(id);
        }
        let read = messages.into_iter().enumerate().map(|(at, message)| match message {
            Value::Object(message) => {
                message.keys().for_each(|key| *fields.entry(format!("messages.{key}")).or_default() += 1);
                Self::one(&message, &line, zone)
                    .map_err(|(id, reason)| (id, format!("`messages[{at}]`: {reason}")))
            }
            _ => Err((String::new(), format!("`messages[{at}]` is no JSON object"))),
        });
        Ok(read.collect())
    }

    fn one(message: &Map<String, Value>, around: &Map<String, Value>, zone: Option<&TimeZone>) -> Read {
        let conversation = first(message, CONVERSATION).or_else(|| first(around, CONVERSATION));
        let conversation = conversation.and_then(|(_, value)| plain(value));
        let refused = |reason: String| (conversation.clone().unwrap_or_default(), reason);
        let (name, time) = first(message, TIME).ok_or_else(|| refused("there is no `time`".to_owned()))?;
        let time = time_of(time, zone).map_err(|reason| refused(format!("`{name}`: {reason}")))?;
        let text = match first(message, TEXT) {
            Some((_, Value::String(text))) => text.clone(),
            // A message of nothing but an attachment.
            None => String::new(),
            Some((name, _)) => return Err(refused(format!("`{name}` is no text"))),
        };
        let channel = ["channel", "type"].iter().find_map(|name| {
            let value = message.get(*name).or_else(|| around.get(*name))?.as_str()?;
            crate::values::channel(value).ok()
        });
        let subject = message.get("subject").or_else(|| around.get("subject")).and_then(plain);
        let (label, author) = author(message);
        Ok(Self { conversation, time, label, author, text, channel, subject })
    }
}

fn first<'a>(fields: &'a Map<String, Value>, names: &[&'static str]) -> Option<(&'static str, &'a Value)> {
    names.iter().find_map(|name| fields.get(*name).filter(|it| !it.is_null()).map(|it| (*name, it)))
}

fn plain(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.trim().to_owned()).filter(|it| !it.is_empty()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// RFC 3339, or seconds or milliseconds since 1970, which differ by their size until the year 5138.
fn time_of(value: &Value, zone: Option<&TimeZone>) -> Result<Timestamp, String> {
    if let Some(number) = value.as_f64() {
        let micros = if number.abs() < 1e11 { number * 1e6 } else { number * 1e3 };
        let time = jiff::Timestamp::from_microsecond(micros.round() as i64).map_err(|e| e.to_string())?;
        // Read again, so that the years that are believed are decided in one place.
        return time.to_string().parse().map_err(|e: touchline_model::time::BadTimestamp| e.to_string());
    }
    let text = value.as_str().ok_or("is neither text nor number")?;
    crate::dates::instant(text, zone)
}

fn author(message: &Map<String, Value>) -> (String, Speaker) {
    let mut role = first(message, ROLE).and_then(|(_, value)| value.as_str());
    let text =
        |fields: &Map<String, Value>, names: &[&'static str]| first(fields, names).and_then(|it| plain(it.1));
    let mut email = message.get("email").and_then(plain);
    let mut id = text(message, &["author_id", "sender_id"]);
    let name = match first(message, AUTHOR) {
        Some((_, Value::Object(who))) => {
            role = role.or_else(|| first(who, &["role", "type"]).and_then(|(_, value)| value.as_str()));
            email = email.or_else(|| text(who, &["email", "address"]));
            id = id.or_else(|| text(who, &["id"]));
            text(who, &["name", "display_name"])
        }
        Some((_, value)) => plain(value),
        None => None,
    };
    let mut speaker = name.as_deref().and_then(|name| speech::named(0, name)).unwrap_or_default();
    speaker.speaker_type = role.and_then(speech::type_of_role).or(speaker.speaker_type);
    speaker.email = email.or(speaker.email.take());
    speaker.system_id = id;
    // Sides that the message does not say are found by address, as for transcripts over the API.
    speaker.speaker_type =
        speaker.speaker_type.filter(|it| *it != SpeakerType::Unknown || speaker.email.is_none());
    let label = [speaker.email.clone(), speaker.system_id.clone(), name, role.map(str::to_owned)];
    (label.into_iter().flatten().next().unwrap_or_default().to_lowercase(), speaker)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<Read> {
        Message::several(text, None, &mut BTreeMap::new()).unwrap()
    }

    fn one(text: &str) -> Message {
        read(text).remove(0).unwrap()
    }

    #[test]
    fn times_are_kept_to_the_microsecond() {
        for (time, shown) in [
            ("\"2026-03-01T09:00:00.123456+01:00\"", "2026-03-01T08:00:00.123456Z"),
            ("1772352000", "2026-03-01T08:00:00Z"),
            ("1772352000123", "2026-03-01T08:00:00.123Z"),
        ] {
            assert_eq!(one(&format!(r#"{{"time":{time},"text":"x"}}"#)).time.to_string(), shown);
        }
        let refused = |time: &str| {
            read(&format!(r#"{{"id":1,"ticket_id":7,"time":{time},"text":"x"}}"#)).remove(0).unwrap_err()
        };
        assert_eq!(refused("\"2026-03-01T09:00:00\"").0, "7");
        assert!(refused("\"2026-03-01T09:00:00\"").1.contains("no time zone"));
        assert!(refused("true").1.contains("neither text nor number"));
        assert!(refused("1e300").1.starts_with("`time`"));
    }

    #[test]
    fn writers_are_known_by_name_address_and_role() {
        let mail = one(
            r#"{"date":"2026-03-01T09:00:00Z","from":"Ann Lee <ann@x.example>","body":"Hi","subject":"Refund"}"#,
        );
        assert_eq!(
            (mail.author.first_name.as_deref(), mail.author.email.as_deref()),
            (Some("Ann"), Some("ann@x.example"))
        );
        assert_eq!((mail.label.as_str(), mail.subject.as_deref()), ("ann@x.example", Some("Refund")));
        let chat =
            one(r#"{"sent_at":1772352000,"sender":{"name":"Bob","type":"visitor","id":12},"message":"Hi"}"#);
        assert_eq!(chat.author.speaker_type, Some(SpeakerType::External));
        assert_eq!(
            (chat.author.first_name.as_deref(), chat.author.system_id.as_deref()),
            (Some("Bob"), Some("12"))
        );
        let bare = one(r#"{"time":1772352000,"role":"agent","text":"Hi"}"#);
        assert_eq!((bare.label.as_str(), bare.author.speaker_type), ("agent", Some(SpeakerType::Internal)));
    }

    #[test]
    fn a_conversation_in_one_line_gives_its_messages_what_it_says() {
        let line = r#"{"id":"c1","channel":"email","subject":"S","messages":[{"time":1772352000,"text":"a"},7,{"text":"b"}]}"#;
        let read = read(line);
        let first = read[0].as_ref().unwrap();
        assert_eq!(
            (first.conversation.as_deref(), first.channel, first.subject.as_deref()),
            (Some("c1"), Some(Channel::Mail), Some("S"))
        );
        assert!(read[1].as_ref().unwrap_err().1.contains("messages[1]"));
        assert_eq!(
            read[2].as_ref().unwrap_err(),
            &("c1".to_owned(), "`messages[2]`: there is no `time`".to_owned())
        );
        assert!(Message::several("[1]", None, &mut BTreeMap::new()).is_err());
        assert!(Message::several(r#"{"messages":{}}"#, None, &mut BTreeMap::new()).is_err());
    }
}
