//! Imports that people began in the pages: what each is, how far it has come, how it ended. The files lie elsewhere.

use crate::{
    BadRow, Batch, Row, Store, StoreError, Value,
    sql::{id_list, json},
};
use std::collections::BTreeSet;
use touchline_model::{Ability, TenantId, Timestamp, UserId};

/// Where an import stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImportState {
    /// Its files are being sent, or looked at.
    Staged,
    /// It was ordered: its job waits or runs.
    Running,
    /// It is through; the report says how it ended.
    Done,
    /// It could not begin or not go on.
    Failed,
}

impl ImportState {
    /// Its name in the store.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Staged => "staged",
            Self::Running => "running",
            Self::Done => "done",
            Self::Failed => "failed",
        }
    }
    fn parse(text: &str) -> Option<Self> {
        [Self::Staged, Self::Running, Self::Done, Self::Failed].into_iter().find(|it| it.name() == text)
    }
}

/// An import.
#[derive(Clone, Debug, PartialEq)]
pub struct ImportRow {
    /// Its id, which sorts by the time of its making.
    pub id: String,
    /// Where it stands.
    pub state: ImportState,
    /// Who began it, then who ordered it, as in the audit trail.
    pub actor: String,
    /// The person, when it is one.
    pub user: Option<UserId>,
    /// From where.
    pub source: String,
    /// What it may do: the abilities of the one who ordered it.
    pub abilities: BTreeSet<Ability>,
    /// How many files.
    pub files: i64,
    /// Bytes of all of them.
    pub bytes: i64,
    /// Name of the file, or of the folder.
    pub name: String,
    /// How to read the files; its shape belongs to whoever reads them.
    pub options: serde_json::Value,
    /// How far it has come; likewise.
    pub progress: Option<serde_json::Value>,
    /// How it ended; likewise.
    pub report: Option<serde_json::Value>,
    /// Why it failed.
    pub error: Option<String>,
    /// How often work on it began.
    pub runs: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When something happened to it last.
    pub changed_at: Timestamp,
}

macro_rules! columns {
    () => {
        "id, state, actor, user_id, source, abilities, files, bytes, name, options, progress, report, error, runs, \
         created_at, changed_at"
    };
}

const PUT: &str = concat!(
    "INSERT INTO imports (tenant, ",
    columns!(),
    ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (tenant, id) DO UPDATE SET \
     state = excluded.state, actor = excluded.actor, user_id = excluded.user_id, source = excluded.source, \
     abilities = excluded.abilities, files = excluded.files, bytes = excluded.bytes, \
     name = excluded.name, options = excluded.options, progress = excluded.progress, report = excluded.report, \
     error = excluded.error, runs = excluded.runs, changed_at = excluded.changed_at"
);
const HOLD: &str = "UPDATE imports SET state = state WHERE tenant = ? AND id = ? AND state = ?";
const PROGRESS: &str =
    "UPDATE imports SET progress = ?, changed_at = ? WHERE tenant = ? AND id = ? AND state = 'running'";
const DELETE: &str = "DELETE FROM imports WHERE tenant = ? AND id = ?";
const FORGET: &str = "DELETE FROM imports WHERE tenant = ? AND id = ? AND state <> 'running'";
const GET: &str = concat!("SELECT ", columns!(), " FROM imports WHERE tenant = ? AND id = ?");
// Ids sort by time.
const NEWEST: &str =
    concat!("SELECT ", columns!(), " FROM imports WHERE tenant = ? ORDER BY id DESC LIMIT ?");
const STAGED: &str = "SELECT COUNT(*) FROM imports WHERE tenant = ? AND state = 'staged'";
const OLD: &str = "SELECT tenant, id FROM imports WHERE (state IN ('staged', 'failed') AND changed_at < ?) \
     OR (state = 'done' AND changed_at < ?) ORDER BY tenant, id LIMIT ?";

const KNOWN: &str = "SELECT id FROM imports WHERE id IN (SELECT value FROM json_each(?))";
const DONE: &str = "SELECT id FROM imports WHERE state = 'done' AND id IN (SELECT value FROM json_each(?))";

fn import(row: &Row<'_>) -> Result<ImportRow, BadRow> {
    let state = row.text(1)?;
    Ok(ImportRow {
        id: row.string(0)?,
        state: ImportState::parse(state).ok_or_else(|| BadRow::new(1, "is no state of an import"))?,
        actor: row.string(2)?,
        user: row.maybe_string(3)?.map(Into::into),
        source: row.string(4)?,
        abilities: row.json(5)?,
        files: row.int(6)?,
        bytes: row.int(7)?,
        name: row.string(8)?,
        options: row.json(9)?,
        progress: row.maybe_text(10)?.map(|_| row.json(10)).transpose()?,
        report: row.maybe_text(11)?.map(|_| row.json(11)).transpose()?,
        error: row.maybe_string(12)?,
        runs: row.int(13)?,
        created_at: row.time(14)?,
        changed_at: row.time(15)?,
    })
}

impl Batch {
    fn import_key(&self, id: &str) -> Vec<Value> {
        vec![Value::Text(self.tenant.0.clone()), id.into()]
    }

    /// Makes an import, or writes where it stands.
    pub fn put_import(&mut self, it: &ImportRow) -> &mut Self {
        let maybe = |value: &Option<serde_json::Value>| value.as_ref().map_or(Value::Null, json);
        let mut params = self.import_key(&it.id);
        params.extend([
            it.state.name().into(),
            (&it.actor).into(),
            it.user.as_ref().map_or(Value::Null, |user| user.as_str().into()),
            (&it.source).into(),
            json(&it.abilities),
            it.files.into(),
            it.bytes.into(),
            (&it.name).into(),
            json(&it.options),
            maybe(&it.progress),
            maybe(&it.report),
            it.error.as_deref().map_or(Value::Null, |error| error.replace('\0', " ").into()),
            it.runs.into(),
            it.created_at.into(),
            it.changed_at.into(),
        ]);
        self.run(PUT, params)
    }

    /// The batch holds only while an import stands where it stood. Before [`Batch::put_import`].
    pub fn hold_import(&mut self, id: &str, state: ImportState) -> &mut Self {
        let mut params = self.import_key(id);
        params.push(state.name().into());
        self.run(HOLD, params).expect(1)
    }

    /// Notes how far an import has come that runs.
    pub fn set_import_progress(
        &mut self,
        id: &str,
        progress: &serde_json::Value,
        at: Timestamp,
    ) -> &mut Self {
        let mut params = vec![json(progress), at.into()];
        params.extend(self.import_key(id));
        self.run(PROGRESS, params)
    }

    /// Forgets an import.
    pub fn delete_import(&mut self, id: &str) -> &mut Self {
        let params = self.import_key(id);
        self.run(DELETE, params)
    }

    /// Forgets an import; the batch holds only if it is there and was not ordered meanwhile.
    pub fn forget_import(&mut self, id: &str) -> &mut Self {
        let params = self.import_key(id);
        self.run(FORGET, params).expect(1)
    }
}

impl Store {
    /// An import.
    pub async fn import(&self, tenant: &TenantId, id: &str) -> Result<Option<ImportRow>, StoreError> {
        self.first(GET, vec![tenant.as_str().into(), id.into()], import).await
    }

    /// The newest imports of a tenant, the newest first.
    pub async fn imports(&self, tenant: &TenantId, limit: usize) -> Result<Vec<ImportRow>, StoreError> {
        self.query(NEWEST, vec![tenant.as_str().into(), (limit as i64).into()], import).await
    }

    /// How many imports of a tenant are staged.
    pub async fn staged_imports(&self, tenant: &TenantId) -> Result<i64, StoreError> {
        Ok(self.first(STAGED, vec![tenant.as_str().into()], |row| row.int(0)).await?.unwrap_or_default())
    }

    /// Imports of all tenants that were neither ordered nor taken up again since `staged`, or ended before `done`.
    pub async fn old_imports(
        &self,
        staged: Timestamp,
        done: Timestamp,
        limit: usize,
    ) -> Result<Vec<(TenantId, String)>, StoreError> {
        let params = vec![staged.into(), done.into(), (limit as i64).into()];
        self.query(OLD, params, |row| Ok((row.string(0)?.into(), row.string(1)?))).await
    }
}

impl Store {
    /// Those of some imports that there are, of whatever tenant: for whoever keeps their files.
    pub async fn known_imports(&self, ids: &[String]) -> Result<Vec<String>, StoreError> {
        self.query(KNOWN, vec![id_list(ids)], |row| row.string(0)).await
    }

    /// Those of some imports that are through, of whatever tenant: their files are not needed any more.
    pub async fn done_imports(&self, ids: &[String]) -> Result<Vec<String>, StoreError> {
        self.query(DONE, vec![id_list(ids)], |row| row.string(0)).await
    }
}

pub(crate) const STATEMENTS: &[&str] =
    &[PUT, HOLD, PROGRESS, DELETE, FORGET, GET, NEWEST, STAGED, OLD, KNOWN, DONE];
