//! How each record lies in its table. The statements of a table are spelled by one macro from its column names, so
//! that the order of columns, parameters and results is written down once.

use crate::{
    BadRow, Row, Store, StoreError, Value,
    sql::{id_list, json},
};
use touchline_model::{
    CoachingSession, Contact, Evaluation, Feedback, Group, Inbox, Kpi, Listen, MediaTime, Observation, Plan,
    Record, Scorecard, Seq, Share, Stored, TenantId, Timestamp, Topic, User,
};

/// A record with a table of its own.
pub trait Table: Record {
    /// Create one: tenant, id, the columns, modified, seq.
    const INSERT: &'static str;
    /// Create or replace one: the same.
    const PUT: &'static str;
    /// Delete one: tenant, id.
    const DELETE: &'static str;
    /// Read some: tenant, JSON list of ids.
    const GET: &'static str;
    /// Read in commit order: tenant, modified, modified, seq, limit (see [`Store::feed`]).
    const FEED: &'static str;
    /// Read in id order: tenant, id, limit.
    const LIST: &'static str;

    /// Appends the columns' values.
    fn columns(&self, to: &mut Vec<Value>);
    /// Reads the columns; the first stands at 1 (0 is the id).
    fn read(row: &Row<'_>) -> Result<Self, BadRow>;
    /// Number of columns between id and modified.
    const WIDTH: usize;
}

macro_rules! mark {
    ($column:ident) => {
        ", ?"
    };
}
macro_rules! one {
    ($column:ident) => {
        1
    };
}
/// The id list of a `GET`, as texts or as numbers.
macro_rules! ids {
    (text) => {
        "(SELECT value FROM json_each(?))"
    };
    (number) => {
        "(SELECT CAST(value AS BIGINT) FROM json_each(?))"
    };
}

macro_rules! table {
    ($type:ty, $table:literal, $ids:ident, [$($column:ident),+ $(,)?], |$it:ident| [$($value:expr),+ $(,)?], |$row:ident| $read:expr) => {
        impl Table for $type {
            const INSERT: &'static str = concat!(
                "INSERT INTO ", $table, " (tenant, id", $(", ", stringify!($column),)+ ", modified, seq) VALUES (?, ?",
                $(mark!($column),)+ ", ?, ?)"
            );
            const PUT: &'static str = concat!(
                "INSERT INTO ", $table, " (tenant, id", $(", ", stringify!($column),)+ ", modified, seq) VALUES (?, ?",
                $(mark!($column),)+ ", ?, ?) ON CONFLICT (tenant, id) DO UPDATE SET ",
                $(stringify!($column), " = excluded.", stringify!($column), ", ",)+
                "modified = excluded.modified, seq = excluded.seq"
            );
            const DELETE: &'static str = concat!("DELETE FROM ", $table, " WHERE tenant = ? AND id = ?");
            const GET: &'static str = concat!(
                "SELECT id", $(", ", stringify!($column),)+ ", modified, seq FROM ", $table,
                " WHERE tenant = ? AND id IN ", ids!($ids)
            );
            const FEED: &'static str = concat!(
                "SELECT id", $(", ", stringify!($column),)+ ", modified, seq FROM ", $table,
                " WHERE tenant = ? AND (modified, seq) > (?, ?) ORDER BY modified, seq LIMIT ?"
            );
            const LIST: &'static str = concat!(
                "SELECT id", $(", ", stringify!($column),)+ ", modified, seq FROM ", $table,
                " WHERE tenant = ? AND id > ? ORDER BY id LIMIT ?"
            );
            const WIDTH: usize = 0 $(+ one!($column))+;
            fn columns(&self, to: &mut Vec<Value>) {
                let $it = self;
                to.extend([$($value),+]);
            }
            fn read($row: &Row<'_>) -> Result<Self, BadRow> {
                Ok($read)
            }
        }
    };
}

fn text<T: AsRef<str>>(it: Option<&T>) -> Value {
    it.map(AsRef::as_ref).into()
}
macro_rules! as_text {
    ($it:expr) => {
        $it.as_ref().map(|id| id.0.as_str()).into()
    };
}
fn media(time: MediaTime) -> Value {
    Value::Int(time.micros())
}

// After the macros, which they use.
mod coaching;
mod contacts;
mod people;
mod quality;

/// The id of a record as its column has it. A text that is no number matches no numeric id.
pub(crate) fn key<T: Record>(id: &str) -> Value {
    match T::NUMERIC {
        true => id.parse::<i64>().map_or(Value::Null, Value::Int),
        false => id.into(),
    }
}

/// Many ids for a `GET`; texts that are no number match no numeric id.
pub(crate) fn keys<T: Record>(ids: &[String]) -> Value {
    match T::NUMERIC {
        true => json(&ids.iter().filter_map(|id| id.parse::<i64>().ok()).collect::<Vec<_>>()),
        false => id_list(ids),
    }
}

/// A record with its place in the commit order, from the columns of the statements above.
pub(crate) fn stored<T: Table>(row: &Row<'_>) -> Result<Stored<T>, BadRow> {
    Ok(Stored { value: T::read(row)?, modified: row.time(T::WIDTH + 1)?, seq: row.int(T::WIDTH + 2)? })
}

impl Store {
    /// The records with these ids; ids that do not exist are left out. No order.
    pub async fn get_many<T: Table>(
        &self,
        tenant: &TenantId,
        ids: &[String],
    ) -> Result<Vec<Stored<T>>, StoreError> {
        self.query(T::GET, vec![tenant.as_str().into(), keys::<T>(ids)], stored).await
    }

    /// One record.
    pub async fn get<T: Table>(&self, tenant: &TenantId, id: &str) -> Result<Option<Stored<T>>, StoreError> {
        Ok(self.get_many(tenant, &[id.to_owned()]).await?.into_iter().next())
    }

    /// Records whose last change lies after a position, in commit order.
    pub async fn feed<T: Table>(
        &self,
        tenant: &TenantId,
        after: (Timestamp, Seq),
        limit: usize,
    ) -> Result<Vec<Stored<T>>, StoreError> {
        let params = vec![tenant.as_str().into(), after.0.into(), after.1.into(), (limit as i64).into()];
        self.query(T::FEED, params, stored).await
    }

    /// Records in the order of their ids, after one id (empty or absent: from the start).
    pub async fn list<T: Table>(
        &self,
        tenant: &TenantId,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Stored<T>>, StoreError> {
        let after = match (after, T::NUMERIC) {
            (Some(id), _) => key::<T>(id),
            (None, true) => Value::Int(i64::MIN),
            (None, false) => "".into(),
        };
        self.query(T::LIST, vec![tenant.as_str().into(), after, (limit as i64).into()], stored).await
    }
}

/// Every statement of this module.
pub(crate) fn statements() -> Vec<&'static str> {
    fn of<T: Table>() -> [&'static str; 6] {
        [T::INSERT, T::PUT, T::DELETE, T::GET, T::FEED, T::LIST]
    }
    [
        of::<User>(),
        of::<Group>(),
        of::<Inbox>(),
        of::<Contact>(),
        of::<Topic>(),
        of::<Scorecard>(),
        of::<Evaluation>(),
        of::<Feedback>(),
        of::<Share>(),
        of::<Listen>(),
        of::<Plan>(),
        of::<CoachingSession>(),
        of::<Kpi>(),
        of::<Observation>(),
    ]
    .concat()
}
