//! Reading request bodies in bounded memory.

use axum::body::{Body, Bytes, HttpBody};
use bytes::BytesMut;
use http::{HeaderMap, header};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde::de::DeserializeOwned;

use crate::gate::Refusal;

/// Reads a JSON body of at most `max_bytes`. Errors: `UnsupportedMedia` unless the content type is JSON,
/// `TooLarge`, `Bad` with line and column of the mistake.
pub async fn read_json<T: DeserializeOwned>(
    headers: &HeaderMap,
    body: Body,
    max_bytes: u64,
) -> Result<T, Refusal> {
    if !is_json(headers) {
        return Err(Refusal::UnsupportedMedia("the body must be `application/json`".to_owned()));
    }
    if body.size_hint().lower() > max_bytes {
        return Err(Refusal::TooLarge(max_bytes));
    }
    let limit = usize::try_from(max_bytes).unwrap_or(usize::MAX);
    let bytes = match Limited::new(body, limit).collect().await {
        Ok(collected) => collected.to_bytes(),
        Err(error) if error.is::<LengthLimitError>() => return Err(Refusal::TooLarge(max_bytes)),
        Err(_) => return Err(Refusal::Bad("the body broke off".to_owned())),
    };
    serde_json::from_slice(&bytes).map_err(|error| Refusal::Bad(described(&error)))
}

/// `line 3, column 7: missing field ...`; serde_json puts the place last, where readers miss it.
fn described(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let place = format!(" at line {} column {}", error.line(), error.column());
    match text.strip_suffix(&place) {
        Some(what) => format!("line {}, column {}: {what}", error.line(), error.column()),
        None => text,
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
    let essence = value.split(';').next().unwrap_or("").trim().to_ascii_lowercase();
    essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json"))
}

/// A line of an NDJSON body. Numbers count from 1 and include blank lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Line {
    /// A line without its end.
    Text {
        /// Its number.
        number: u64,
        /// Its bytes; not checked to be UTF-8 or JSON.
        bytes: Bytes,
    },
    /// A line that was skipped because it is too long.
    TooLong {
        /// Its number.
        number: u64,
        /// Its length in bytes, possibly with its CR.
        length: u64,
    },
}

/// The body broke off; lines read before are good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineError {
    /// Number of the line that was being read.
    pub number: u64,
}

impl std::fmt::Display for LineError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "the body broke off in line {}", self.number)
    }
}

impl std::error::Error for LineError {}

/// Reads lines from a body of any length, holding one line and one network chunk at a time. Lines end with LF or
/// CRLF, the last one may have no end; blank lines are skipped; a byte order mark is dropped.
#[derive(Debug)]
pub struct NdjsonLines {
    body: Body,
    max_line: usize,
    /// What is left of the last network chunk.
    chunk: Bytes,
    /// Start of a line that goes on in the next chunk.
    carry: BytesMut,
    /// Bytes of the present line that were thrown away, because it is too long.
    skipped: u64,
    number: u64,
    ended: bool,
}

impl NdjsonLines {
    /// Lines of at most `max_line` bytes.
    pub fn new(body: Body, max_line: usize) -> Self {
        Self {
            body,
            max_line,
            chunk: Bytes::new(),
            carry: BytesMut::new(),
            skipped: 0,
            number: 1,
            ended: false,
        }
    }

    /// The next line that is not blank; `None` at the end.
    pub async fn next(&mut self) -> Result<Option<Line>, LineError> {
        loop {
            if let Some(end) = self.chunk.iter().position(|byte| *byte == b'\n') {
                let piece = self.chunk.split_to(end + 1).slice(..end);
                if let Some(line) = self.finish(piece) {
                    return Ok(Some(line));
                }
                continue;
            }
            let rest = std::mem::take(&mut self.chunk);
            if self.ended {
                return Ok(None);
            }
            self.keep(&rest);
            match self.body.frame().await {
                Some(Ok(frame)) => self.chunk = frame.into_data().unwrap_or_default(),
                Some(Err(_)) => {
                    self.ended = true;
                    return Err(LineError { number: self.number });
                }
                None => {
                    self.ended = true;
                    return Ok(self.finish(Bytes::new()));
                }
            }
        }
    }

    /// Remembers the start of a line, as long as it may still be short enough (and four more for a
    /// byte order mark and a CR).
    fn keep(&mut self, piece: &[u8]) {
        if self.skipped > 0 || self.carry.len() + piece.len() > self.max_line.saturating_add(4) {
            self.skipped += (self.carry.len() + piece.len()) as u64;
            self.carry = BytesMut::new();
        } else {
            self.carry.extend_from_slice(piece);
        }
    }

    /// Ends the present line with its last piece.
    fn finish(&mut self, piece: Bytes) -> Option<Line> {
        let number = self.number;
        self.number += 1;
        if self.skipped > 0 {
            let length = self.skipped + piece.len() as u64;
            self.skipped = 0;
            return Some(Line::TooLong { number, length });
        }
        let mut bytes = if self.carry.is_empty() {
            piece
        } else {
            self.carry.extend_from_slice(&piece);
            self.carry.split().freeze()
        };
        if number == 1 && bytes.starts_with(b"\xEF\xBB\xBF") {
            bytes = bytes.slice(3..);
        }
        if bytes.ends_with(b"\r") {
            bytes.truncate(bytes.len() - 1);
        }
        if bytes.iter().all(u8::is_ascii_whitespace) {
            return None;
        }
        if bytes.len() > self.max_line {
            return Some(Line::TooLong { number, length: bytes.len() as u64 });
        }
        Some(Line::Text { number, bytes })
    }
}
