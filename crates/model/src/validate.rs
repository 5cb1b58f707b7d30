//! Rules that a record must obey beyond its shape. The app checks them before it writes.

use std::fmt;

/// What is wrong, and where (a dotted path such as `words[3].end`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invalid {
    /// Path of the offending field inside the record.
    pub field: String,
    /// One sentence for the person who sent it.
    pub reason: String,
}

impl Invalid {
    /// A complaint about one field.
    pub fn new(field: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { field: field.into(), reason: reason.into() }
    }
    /// The same complaint, seen from a record that holds the other under `parent`.
    #[must_use]
    pub fn under(mut self, parent: impl fmt::Display) -> Self {
        self.field = format!("{parent}.{}", self.field);
        self
    }
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`: {}", self.field, self.reason)
    }
}
impl std::error::Error for Invalid {}

/// A record that can check itself.
pub trait Validate {
    /// The first rule that is broken, if any.
    fn validate(&self) -> Result<(), Invalid>;
}

/// Longest id that is kept, in bytes.
pub const MAX_ID: usize = 200;
/// Longest short text (names, titles, keys), in bytes.
pub const MAX_NAME: usize = 1_000;
/// Longest free text (comments, metadata values), in bytes.
pub const MAX_TEXT: usize = 64 * 1024;

/// An id: 1 to 200 bytes, no control characters.
pub fn id(field: &str, text: &str) -> Result<(), Invalid> {
    if text.is_empty() {
        return Err(Invalid::new(field, "must not be empty"));
    }
    bounded(field, text, MAX_ID)?;
    match text.chars().any(char::is_control) {
        true => Err(Invalid::new(field, "must not contain control characters")),
        false => Ok(()),
    }
}

/// An id that may be absent.
pub fn maybe_id(field: &str, text: Option<&str>) -> Result<(), Invalid> {
    text.map_or(Ok(()), |text| id(field, text))
}

/// A text of at most `max` bytes without NUL, which neither engine's text functions survive.
pub fn bounded(field: &str, text: &str, max: usize) -> Result<(), Invalid> {
    if text.len() > max {
        return Err(Invalid::new(field, format!("is {} bytes long, at most {max} are kept", text.len())));
    }
    match text.contains('\0') {
        true => Err(Invalid::new(field, "must not contain the NUL character")),
        false => Ok(()),
    }
}

/// A short text.
pub fn name(field: &str, text: &str) -> Result<(), Invalid> {
    bounded(field, text, MAX_NAME)
}

/// A free text that may be absent.
pub fn maybe_text(field: &str, text: Option<&str>) -> Result<(), Invalid> {
    text.map_or(Ok(()), |text| bounded(field, text, MAX_TEXT))
}

/// A number that JSON can carry.
pub fn finite(field: &str, number: f64) -> Result<(), Invalid> {
    if number.is_finite() { Ok(()) } else { Err(Invalid::new(field, "must be a finite number")) }
}

/// A list of at most `max` entries.
pub fn at_most<T>(field: &str, list: &[T], max: usize) -> Result<(), Invalid> {
    if list.len() <= max {
        return Ok(());
    }
    Err(Invalid::new(field, format!("has {} entries, at most {max} are kept", list.len())))
}
