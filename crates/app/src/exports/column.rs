//! Columns: what a row of a data set or a report shows, with types. CSV, lines of JSON and Parquet are written from the
//! same list.

use std::borrow::Cow;
use touchline_analysis::sessions::Micros;
use touchline_model::{MediaTime, Timestamp};

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnType {
    /// A text.
    Text,
    /// A whole number.
    Integer,
    /// A length of time in seconds, to the microsecond.
    Seconds,
    /// A number.
    Number,
    /// True or false.
    Boolean,
    /// An instant, to the microsecond; RFC 3339 in UTC where it is text.
    Timestamp,
    /// A JSON value; where there is no such thing, as text.
    Json,
}

impl ColumnType {
    /// The word in manifests.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Integer => "integer",
            Self::Seconds => "seconds",
            Self::Number => "number",
            Self::Boolean => "boolean",
            Self::Timestamp => "timestamp",
            Self::Json => "json",
        }
    }
}

/// What a row shows in a column.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell<'a> {
    /// Nothing is known.
    Absent,
    /// A text.
    Text(Cow<'a, str>),
    /// A whole number.
    Integer(i64),
    /// Microseconds of a length of time.
    Seconds(i64),
    /// A number.
    Number(f64),
    /// True or false.
    Boolean(bool),
    /// An instant.
    Timestamp(Timestamp),
    /// The text of a JSON value.
    Json(String),
}

impl<'a> From<&'a str> for Cell<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }
}
impl<'a> From<&'a String> for Cell<'a> {
    fn from(text: &'a String) -> Self {
        Self::Text(Cow::Borrowed(text))
    }
}
impl From<String> for Cell<'_> {
    fn from(text: String) -> Self {
        Self::Text(Cow::Owned(text))
    }
}
impl From<i64> for Cell<'_> {
    fn from(number: i64) -> Self {
        Self::Integer(number)
    }
}
impl From<u64> for Cell<'_> {
    fn from(number: u64) -> Self {
        Self::Integer(i64::try_from(number).unwrap_or(i64::MAX))
    }
}
impl From<f64> for Cell<'_> {
    fn from(number: f64) -> Self {
        Self::Number(number)
    }
}
impl From<bool> for Cell<'_> {
    fn from(flag: bool) -> Self {
        Self::Boolean(flag)
    }
}
impl From<Micros> for Cell<'_> {
    fn from(length: Micros) -> Self {
        Self::Seconds(length.0)
    }
}
impl From<MediaTime> for Cell<'_> {
    fn from(length: MediaTime) -> Self {
        Self::Seconds(length.micros())
    }
}
impl From<Timestamp> for Cell<'_> {
    fn from(instant: Timestamp) -> Self {
        Self::Timestamp(instant)
    }
}
impl<'a, T: Into<Cell<'a>>> From<Option<T>> for Cell<'a> {
    fn from(maybe: Option<T>) -> Self {
        maybe.map_or(Self::Absent, Into::into)
    }
}

impl Cell<'_> {
    /// A JSON value.
    pub(super) fn json<T: serde::Serialize + ?Sized>(value: &T) -> Self {
        // Our own types can always be written as JSON.
        serde_json::to_string(value).map_or(Self::Absent, Self::Json)
    }
}

/// A column of rows `R`.
pub struct Column<R: ?Sized> {
    /// Name, the same in every format.
    pub name: &'static str,
    /// What it holds.
    pub holds: ColumnType,
    /// Whether it may be empty.
    pub optional: bool,
    /// Whether it shows what the directory says now, such as a name. Such columns are in no export, whose closed days
    /// must not change when somebody is renamed.
    pub directory: bool,
    /// What it means.
    pub about: &'static str,
    /// What a row shows in it.
    pub cell: fn(&R) -> Cell<'_>,
}

impl<R: ?Sized> Column<R> {
    /// One that is never empty.
    pub(super) const fn always(
        name: &'static str,
        holds: ColumnType,
        about: &'static str,
        cell: fn(&R) -> Cell<'_>,
    ) -> Self {
        Self { name, holds, optional: false, directory: false, about, cell }
    }
    /// One that may be empty.
    pub(super) const fn maybe(
        name: &'static str,
        holds: ColumnType,
        about: &'static str,
        cell: fn(&R) -> Cell<'_>,
    ) -> Self {
        Self { name, holds, optional: true, directory: false, about, cell }
    }
    /// One that shows what the directory says now.
    pub(super) const fn directory(
        name: &'static str,
        holds: ColumnType,
        about: &'static str,
        cell: fn(&R) -> Cell<'_>,
    ) -> Self {
        Self { name, holds, optional: true, directory: true, about, cell }
    }
}

impl<R: ?Sized> std::fmt::Debug for Column<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Column({} {})", self.name, self.holds.name())
    }
}

/// A row with columns.
pub trait Tabular: Send + Sized + 'static {
    /// Its columns, in order.
    fn columns() -> &'static [Column<Self>];
}
