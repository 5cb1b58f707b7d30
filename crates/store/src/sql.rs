//! One SQL text for both engines: values, rows, and the few words that are translated.

use crate::StoreError;
use std::fmt;
use touchline_model::Timestamp;

/// A value bound to a `?` of a statement.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// NULL.
    Null,
    /// A whole number, or a time in microseconds.
    Int(i64),
    /// A number.
    Real(f64),
    /// A text.
    Text(String),
    /// Bytes.
    Blob(Vec<u8>),
    /// The number of this change, known when it commits.
    Seq,
    /// The time of the commit.
    Now,
}

macro_rules! value_from {
    ($($from:ty => |$it:ident| $make:expr),+ $(,)?) => {$(
        impl From<$from> for Value { fn from($it: $from) -> Self { $make } }
    )+};
}
value_from! {
    i64 => |it| Self::Int(it),
    u32 => |it| Self::Int(i64::from(it)),
    bool => |it| Self::Int(i64::from(it)),
    f64 => |it| Self::Real(it),
    String => |it| Self::Text(without_nul(it)),
    &str => |it| Self::Text(without_nul(it.to_owned())),
    &String => |it| Self::Text(without_nul(it.clone())),
    Vec<u8> => |it| Self::Blob(it),
    Timestamp => |it| Self::Int(it.micros()),
}
impl<T: Into<Self>> From<Option<T>> for Value {
    fn from(it: Option<T>) -> Self {
        it.map_or(Self::Null, Into::into)
    }
}

/// PostgreSQL refuses texts with NUL. Records are checked before they are written; what is left are ids that
/// somebody asks for, and no record has this one.
fn without_nul(text: String) -> String {
    if text.contains('\0') { text.replace('\0', "\u{fffd}") } else { text }
}

/// A list of texts to be unfolded by a statement. One with NUL names nothing and is left out.
pub(crate) fn id_list<T: AsRef<str>>(ids: &[T]) -> Value {
    json(&ids.iter().map(AsRef::as_ref).filter(|id| !id.contains('\0')).collect::<Vec<&str>>())
}

/// A list as JSON text, for columns that hold lists nobody queries by.
pub(crate) fn json<T: serde::Serialize + ?Sized>(value: &T) -> Value {
    // Our records hold only strings, numbers and maps with text keys: they always serialise.
    Value::Text(serde_json::to_string(value).unwrap_or_else(|_| "null".to_owned()))
}

/// A row that cannot be what was written: damage, or a bug.
#[derive(Debug)]
pub struct BadRow {
    column: usize,
    reason: String,
}
impl BadRow {
    /// A complaint about a column, counted from 0.
    pub fn new(column: usize, reason: impl fmt::Display) -> Self {
        Self { column, reason: reason.to_string() }
    }
}
impl fmt::Display for BadRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "column {} of a stored row is damaged: {}", self.column, self.reason)
    }
}
impl std::error::Error for BadRow {}

/// A result row of either engine.
pub enum Row<'a> {
    /// SQLite.
    Sqlite(&'a rusqlite::Row<'a>),
    /// PostgreSQL.
    Postgres(&'a tokio_postgres::Row),
}

macro_rules! getters {
    ($($(#[$doc:meta])* $name:ident, $maybe:ident -> $type:ty;)+) => {$(
        $(#[$doc])*
        pub fn $name(&self, column: usize) -> Result<$type, BadRow> {
            self.$maybe(column)?.ok_or_else(|| BadRow::new(column, "is NULL"))
        }
        /// The same, where NULL is allowed.
        pub fn $maybe(&self, column: usize) -> Result<Option<$type>, BadRow> {
            match self {
                Self::Sqlite(row) => row.get(column).map_err(|e| BadRow::new(column, e)),
                Self::Postgres(row) => row.try_get(column).map_err(|e| BadRow::new(column, e)),
            }
        }
    )+};
}

impl Row<'_> {
    getters! {
        /// A whole number.
        int, maybe_int -> i64;
        /// A number.
        real, maybe_real -> f64;
        /// A text of its own.
        string, maybe_string -> String;
        /// Bytes of their own.
        blob, maybe_blob -> Vec<u8>;
    }
    /// A text, borrowed from the row.
    pub fn text(&self, column: usize) -> Result<&str, BadRow> {
        self.maybe_text(column)?.ok_or_else(|| BadRow::new(column, "is NULL"))
    }
    /// A text, borrowed from the row, where NULL is allowed.
    pub fn maybe_text(&self, column: usize) -> Result<Option<&str>, BadRow> {
        match self {
            Self::Sqlite(row) => {
                let value = row.get_ref(column).map_err(|e| BadRow::new(column, e))?;
                value.as_str_or_null().map_err(|e| BadRow::new(column, e))
            }
            Self::Postgres(row) => row.try_get(column).map_err(|e| BadRow::new(column, e)),
        }
    }
    /// Bytes, borrowed from the row.
    pub fn bytes(&self, column: usize) -> Result<&[u8], BadRow> {
        match self {
            Self::Sqlite(row) => {
                let value = row.get_ref(column).map_err(|e| BadRow::new(column, e))?;
                value.as_blob().map_err(|e| BadRow::new(column, e))
            }
            Self::Postgres(row) => row.try_get(column).map_err(|e| BadRow::new(column, e)),
        }
    }
    /// A flag.
    pub fn flag(&self, column: usize) -> Result<bool, BadRow> {
        Ok(self.int(column)? != 0)
    }
    /// An instant.
    pub fn time(&self, column: usize) -> Result<Timestamp, BadRow> {
        self.int(column).map(Timestamp::from_micros)
    }
    /// An instant, where NULL is allowed.
    pub fn maybe_time(&self, column: usize) -> Result<Option<Timestamp>, BadRow> {
        Ok(self.maybe_int(column)?.map(Timestamp::from_micros))
    }
    /// A JSON text, read.
    pub fn json<T: serde::de::DeserializeOwned>(&self, column: usize) -> Result<T, BadRow> {
        serde_json::from_str(self.text(column)?).map_err(|e| BadRow::new(column, e))
    }
    /// A name of some enumeration.
    pub fn parse<T: std::str::FromStr>(&self, column: usize) -> Result<T, BadRow> {
        let text = self.text(column)?;
        text.parse().map_err(|_| BadRow::new(column, format_args!("`{text}` is unknown")))
    }
}

impl rusqlite::ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<rusqlite::types::ToSqlOutput<'_>> {
        use rusqlite::types::{ToSqlOutput, ValueRef};
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Int(n) => ValueRef::Integer(*n),
            Self::Real(n) => ValueRef::Real(*n),
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
            Self::Blob(bytes) => ValueRef::Blob(bytes),
            // `Batch` resolves the last two before they are bound.
            Self::Null | Self::Seq | Self::Now => ValueRef::Null,
        }))
    }
}

impl tokio_postgres::types::ToSql for Value {
    fn to_sql(
        &self,
        ty: &tokio_postgres::types::Type,
        out: &mut bytes::BytesMut,
    ) -> Result<tokio_postgres::types::IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match self {
            Self::Int(n) => n.to_sql(ty, out),
            Self::Real(n) => n.to_sql(ty, out),
            Self::Text(text) => text.to_sql(ty, out),
            Self::Blob(bytes) => bytes.to_sql(ty, out),
            Self::Null | Self::Seq | Self::Now => Ok(tokio_postgres::types::IsNull::Yes),
        }
    }
    // The statements are prepared on both engines in a test, so the types are known to fit.
    fn accepts(_: &tokio_postgres::types::Type) -> bool {
        true
    }
    tokio_postgres::types::to_sql_checked!();
}

/// A statement in PostgreSQL's words: numbered parameters, and its way to unfold a JSON list.
pub(crate) fn for_postgres(sql: &str) -> String {
    let unfolded = sql.replace("json_each(?)", "json_array_elements_text((?::text)::json) AS each(value)");
    let mut out = String::with_capacity(unfolded.len() + 16);
    let mut number = 0;
    for c in unfolded.chars() {
        if c == '?' {
            number += 1;
            out.push_str(&format!("${number}"));
        } else {
            out.push(c);
        }
    }
    out
}

/// A schema in PostgreSQL's words.
pub(crate) fn schema_for_postgres(sql: &str) -> String {
    sql.lines()
        .map(|line| {
            let code = line.split("--").next().unwrap_or_default();
            code.replace(" INTEGER", " BIGINT")
                .replace(" REAL", " DOUBLE PRECISION")
                .replace(" BLOB", " BYTEA")
                .replace(" TEXT", " TEXT COLLATE \"C\"")
                .replace(") STRICT, WITHOUT ROWID;", ");")
                .replace(") STRICT;", ");")
        })
        .collect::<Vec<_>>()
        .join("\n")
}

impl From<BadRow> for StoreError {
    fn from(bad: BadRow) -> Self {
        Self::Damaged(bad.to_string())
    }
}
