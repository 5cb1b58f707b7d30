//! From the bytes of a request or frame to messages.

use super::{Message, read::Wire};
use crate::settings::Settings;
use serde::{
    Deserializer,
    de::{DeserializeSeed, Error, SeqAccess, Visitor},
};
use std::fmt;

/// Why bytes are no messages. Nothing of them has been acted upon.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ParseError {
    /// Not JSON, not UTF-8, or not an object or array of objects.
    #[error("the body is not a JSON array of messages")]
    Malformed,
    /// No message at all, over HTTP (B02).
    #[error("the body has no message")]
    Empty,
    /// Longer than `max_message_size` (B04, R-7).
    #[error("the body is too large")]
    TooLarge,
    /// More than `max_messages`.
    #[error("the body has too many messages")]
    TooMany,
    /// Deeper than `max_nesting`.
    #[error("the body is nested too deep")]
    TooDeep,
}

impl ParseError {
    /// The HTTP status, with an empty body (S1).
    pub const fn status(self) -> u16 {
        match self {
            Self::TooLarge => 413,
            Self::Malformed | Self::Empty | Self::TooMany | Self::TooDeep => 400,
        }
    }

    /// The code to close a web socket with (S6.2, R-7).
    pub const fn close_code(self) -> u16 {
        match self {
            Self::TooLarge => crate::CLOSE_TOO_BIG,
            Self::Malformed | Self::Empty | Self::TooMany | Self::TooDeep => crate::CLOSE_FAILED,
        }
    }
}

/// Reads an HTTP body of JSON in UTF-8: an array of messages or a single one (S1).
pub fn parse_http(body: &[u8], settings: &Settings) -> Result<Vec<Message>, ParseError> {
    let messages = parse_frame(body, settings)?;
    if messages.is_empty() { Err(ParseError::Empty) } else { Ok(messages) }
}

/// Reads the text of a web socket frame. An empty array is a keep-alive: no messages (B23).
pub fn parse_frame(text: &[u8], settings: &Settings) -> Result<Vec<Message>, ParseError> {
    if text.len() > settings.max_message_size {
        return Err(ParseError::TooLarge);
    }
    let mut messages = Vec::new();
    append(text, settings, &mut messages)?;
    Ok(messages)
}

/// Reads a body of `application/x-www-form-urlencoded`: parameters `message`, each an object or array (S1). Other
/// parameters are ignored.
pub fn parse_form(body: &[u8], settings: &Settings) -> Result<Vec<Message>, ParseError> {
    if body.len() > settings.max_message_size {
        return Err(ParseError::TooLarge);
    }
    let mut messages = Vec::new();
    for parameter in body.split(|byte| *byte == b'&') {
        let (name, value) = match parameter.iter().position(|byte| *byte == b'=') {
            Some(at) => parameter.split_at(at),
            None => continue,
        };
        if name == b"message" {
            let value: Vec<u8> =
                value.iter().skip(1).map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect();
            let text: Vec<u8> = percent_encoding::percent_decode(&value).collect();
            append(&text, settings, &mut messages)?;
        }
    }
    if messages.is_empty() { Err(ParseError::Empty) } else { Ok(messages) }
}

/// Whether a path below the endpoint is the endpoint too (S1): nothing, `/`, and the names that clients append. The
/// suffix carries no meaning.
pub fn is_endpoint_suffix(suffix: &str) -> bool {
    let name = suffix.strip_suffix('/').unwrap_or(suffix);
    matches!(name, "" | "/handshake" | "/connect" | "/disconnect")
}

fn append(text: &[u8], settings: &Settings, messages: &mut Vec<Message>) -> Result<(), ParseError> {
    let text = std::str::from_utf8(text).map_err(|_| ParseError::Malformed)?;
    if depth(text) > settings.max_nesting {
        return Err(ParseError::TooDeep);
    }
    let mut json = serde_json::Deserializer::from_str(text);
    let limit = settings.max_messages;
    let mut is_full = false;
    let reader = Messages { messages, limit, is_full: &mut is_full };
    let result = json.deserialize_any(reader).and_then(|()| json.end());
    match result {
        Ok(()) => Ok(()),
        Err(_) if is_full => Err(ParseError::TooMany),
        Err(_) => Err(ParseError::Malformed),
    }
}

/// The deepest nesting, brackets inside strings not counted. Whether the brackets fit is the parser's business.
fn depth(text: &str) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    let (mut in_string, mut escaped) = (false, false);
    for byte in text.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'[' | b'{' if !in_string => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b']' | b'}' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

/// Reads an object or an array of objects into a list with a limit.
struct Messages<'a> {
    messages: &'a mut Vec<Message>,
    limit: usize,
    is_full: &'a mut bool,
}

impl<'de> Visitor<'de> for Messages<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a message or an array of messages")
    }

    fn visit_map<A: serde::de::MapAccess<'de>>(self, map: A) -> Result<(), A::Error> {
        if self.messages.len() >= self.limit {
            *self.is_full = true;
            return Err(A::Error::custom("too many messages"));
        }
        self.messages.push(Wire::read(map)?.into_message());
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        let Self { messages, limit, is_full } = self;
        while seq.next_element_seed(Element(Messages { messages, limit, is_full }))?.is_some() {}
        Ok(())
    }
}

/// A member of the array: an object, and not another array.
struct Element<'a>(Messages<'a>);

impl<'de> DeserializeSeed<'de> for Element<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Element<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a message")
    }

    fn visit_map<A: serde::de::MapAccess<'de>>(self, map: A) -> Result<(), A::Error> {
        self.0.visit_map(map)
    }
}
