//! A batch: changes that are committed together or not at all.

use crate::{AuditNote, NewJob, Table, Value, jobs, overview::Touched, records, sql};
use touchline_model::{Kind, Record, Seq, TenantId, Timestamp};

/// One statement of a batch.
pub(crate) struct Op {
    pub(crate) sql: &'static str,
    pub(crate) params: Vec<Value>,
    /// The change that it makes, which takes a number of its own.
    pub(crate) change: Option<(Kind, String, &'static str)>,
    /// Rows that it must touch; otherwise the batch is refused as a conflict.
    pub(crate) expect: Option<u64>,
}

/// Changes of one tenant that are committed together or not at all.
pub struct Batch {
    pub(crate) tenant: TenantId,
    pub(crate) ops: Vec<Op>,
    pub(crate) changes: usize,
    pub(crate) audit: Vec<AuditNote>,
    pub(crate) touched: Touched,
}

/// What became of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Committed {
    /// Number of the last change of the tenant, this batch included; 0 when the batch was empty.
    pub seq: Seq,
    /// Time of the commit, as given to the rows as `modified`.
    pub at: Timestamp,
}

impl Committed {
    pub(crate) const fn nothing(at: Timestamp) -> Self {
        Self { seq: 0, at }
    }
}

impl Batch {
    /// An empty batch for a tenant.
    pub fn new(tenant: &TenantId) -> Self {
        Self {
            tenant: tenant.clone(),
            ops: Vec::new(),
            changes: 0,
            audit: Vec::new(),
            touched: Touched::default(),
        }
    }

    /// Whose changes they are.
    pub fn tenant(&self) -> &TenantId {
        &self.tenant
    }

    /// Whether there is nothing to write.
    pub fn is_empty(&self) -> bool {
        self.ops.is_empty() && self.audit.is_empty()
    }

    /// Number of changes that will get a number.
    pub fn changes(&self) -> usize {
        self.changes
    }

    /// Creates a record. A conflict means that there is one with its id.
    pub fn insert<T: Table>(&mut self, record: &T) -> &mut Self {
        self.write(T::INSERT, record)
    }

    /// Creates or replaces a record.
    pub fn put<T: Table>(&mut self, record: &T) -> &mut Self {
        self.write(T::PUT, record)
    }

    fn write<T: Table>(&mut self, sql: &'static str, record: &T) -> &mut Self {
        let mut params = vec![Value::Text(self.tenant.0.clone()), records::key::<T>(&record.id())];
        record.columns(&mut params);
        params.extend([Value::Now, Value::Seq]);
        self.change::<T>(sql, params, record.id(), "put");
        if T::NUMERIC {
            self.reserve(&record.id());
        }
        if T::KIND == Kind::Contact {
            self.count_contact(&record.id());
        }
        self
    }

    /// Deletes a record, which must exist.
    pub fn delete<T: Table>(&mut self, id: &str) -> &mut Self {
        let params = vec![Value::Text(self.tenant.0.clone()), records::key::<T>(id)];
        if T::KIND == Kind::Contact {
            self.count_contact(id);
        }
        self.change::<T>(T::DELETE, params, id.to_owned(), "delete");
        self.expect(1);
        if T::KIND == Kind::User {
            // Somebody who comes later under the same id is somebody else.
            self.forget_login(id);
            self.forget_devices(id);
        }
        self
    }

    /// The counter never gives out a number that a caller has used. Beyond what JSON numbers carry exactly it
    /// stays where it is: it will not get there, and one absurd id must not use it up.
    fn reserve(&mut self, number: &str) {
        if let Ok(number) = number.parse::<i64>()
            && number < 1 << 53
        {
            let tenant = self.tenant.0.clone();
            self.run(
                "UPDATE tenants SET counter = ? WHERE tenant = ? AND counter < ?",
                vec![number.into(), tenant.into(), number.into()],
            );
        }
    }

    fn change<T: Record>(&mut self, sql: &'static str, params: Vec<Value>, id: String, op: &'static str) {
        self.note(sql, params, T::KIND, id, op);
    }

    /// A statement that makes a change of its own, with [`Value::Now`] and [`Value::Seq`] filled in at the commit.
    pub(crate) fn note(
        &mut self,
        sql: &'static str,
        params: Vec<Value>,
        kind: Kind,
        id: String,
        op: &'static str,
    ) {
        self.ops.push(Op { sql, params, change: Some((kind, id, op)), expect: None });
        self.changes += 1;
    }

    /// A statement that is no change of its own.
    pub(crate) fn run(&mut self, sql: &'static str, params: Vec<Value>) -> &mut Self {
        self.ops.push(Op { sql, params, change: None, expect: None });
        self
    }

    /// The last statement must touch exactly so many rows.
    pub(crate) fn expect(&mut self, rows: u64) -> &mut Self {
        if let Some(op) = self.ops.last_mut() {
            op.expect = Some(rows);
        }
        self
    }

    /// Adds a job that runs after the commit.
    pub fn enqueue(&mut self, job: &NewJob) -> &mut Self {
        let tenant = self.tenant.0.clone();
        self.run(
            jobs::INSERT,
            vec![
                tenant.into(),
                job.id.as_str().into(),
                job.kind.into(),
                sql::json(&job.payload),
                job.due_at.into(),
                job.created_at.into(),
            ],
        )
    }

    /// Writes an entry of the audit trail with the batch.
    pub fn audit(&mut self, note: AuditNote) -> &mut Self {
        self.audit.push(note);
        self
    }
}

/// Fills in what is only known at the commit. Returns the changes to be written, in order.
pub(crate) fn resolve(ops: &mut [Op], last_seq: Seq, changes: usize, now: Timestamp) {
    let mut seq = last_seq - changes as i64;
    for op in ops {
        if op.change.is_some() {
            seq += 1;
        }
        for param in &mut op.params {
            match param {
                Value::Seq => *param = Value::Int(seq),
                Value::Now => *param = Value::Int(now.micros()),
                _ => {}
            }
        }
    }
}

/// Takes the tenant's row lock, and as many numbers as there are changes.
pub(crate) const TAKE_NUMBERS: &str = "UPDATE tenants SET seq = seq + ?, \
     modified = CASE WHEN modified > ? THEN modified ELSE ? END \
     WHERE tenant = ? RETURNING seq, modified, audit_n, audit_hash";
pub(crate) const INSERT_CHANGE: &str =
    "INSERT INTO changes (tenant, seq, kind, id, op, at) VALUES (?, ?, ?, ?, ?, ?)";
