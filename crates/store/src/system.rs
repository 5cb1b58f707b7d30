//! Tenants, credentials, counters and idempotency keys.

use crate::{BadRow, Batch, Row, Store, StoreError, Value, sql::json};
use std::collections::BTreeSet;
use touchline_model::{Ability, CredentialId, Kind, Seq, Tenant, TenantId, Timestamp};

/// What a client shows to be let in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credential {
    /// Id.
    pub id: CredentialId,
    /// Whose.
    pub tenant: TenantId,
    /// Name of the dialect that it opens.
    pub dialect: String,
    /// What the client shows first: a user id, or the public part of a token.
    pub login: String,
    /// Name for people.
    pub name: String,
    /// `sha256:HEX` of a generated key, or an argon2id string.
    pub secret: String,
    /// What it allows.
    pub abilities: BTreeSet<Ability>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was revoked, if it was.
    pub revoked_at: Option<Timestamp>,
    /// When it was last used, to about five minutes. Only [`Store::credential_used`] writes it.
    pub last_used_at: Option<Timestamp>,
}

/// Where a tenant stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TenantState {
    /// Number of its last change.
    pub seq: Seq,
    /// Time of its last change.
    pub modified: Timestamp,
}

const CREATE: &str = "INSERT INTO tenants (tenant, name, created_at, seq, modified, counter, topic_epoch, audit_n, \
     audit_hash) VALUES (?, ?, ?, 0, 0, 0, 0, 0, '') ON CONFLICT (tenant) DO NOTHING RETURNING tenant";
const TENANTS: &str =
    "SELECT tenant, name, created_at FROM tenants WHERE tenant <> '_server' ORDER BY tenant";
const TENANT: &str = "SELECT tenant, name, created_at FROM tenants WHERE tenant = ?";
const STATE: &str = "SELECT seq, modified FROM tenants WHERE tenant = ?";
const COUNT_UP: &str = "UPDATE tenants SET counter = counter + ? WHERE tenant = ? RETURNING counter";
const PUT_CREDENTIAL: &str = "INSERT INTO credentials (tenant, id, dialect, login, name, secret, abilities, created_at, \
     revoked_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (tenant, id) DO UPDATE SET name = excluded.name, \
     secret = excluded.secret, abilities = excluded.abilities, revoked_at = excluded.revoked_at";
const BY_LOGIN: &str = "SELECT tenant, id, dialect, login, name, secret, abilities, created_at, revoked_at, \
     last_used_at FROM credentials WHERE dialect = ? AND login = ?";
const CREDENTIALS: &str = "SELECT tenant, id, dialect, login, name, secret, abilities, created_at, revoked_at, \
     last_used_at FROM credentials WHERE tenant = ? AND id > ? ORDER BY id LIMIT ?";
// Times only go forward, whichever node writes last.
const USED: &str = "UPDATE credentials SET last_used_at = ? WHERE tenant = ? AND id = ? \
     AND (last_used_at IS NULL OR last_used_at < ?) RETURNING id";
const KEY: &str = "SELECT id FROM idempotency WHERE tenant = ? AND key = ?";
const PUT_KEY: &str = "INSERT INTO idempotency (tenant, key, id, at) VALUES (?, ?, ?, ?)";
const FORGET_KEYS: &str = "DELETE FROM idempotency WHERE tenant = ? AND at < ?";

fn credential(row: &Row<'_>) -> Result<Credential, BadRow> {
    Ok(Credential {
        tenant: row.string(0)?.into(),
        id: row.string(1)?.into(),
        dialect: row.string(2)?,
        login: row.string(3)?,
        name: row.string(4)?,
        secret: row.string(5)?,
        abilities: row.json(6)?,
        created_at: row.time(7)?,
        revoked_at: row.maybe_time(8)?,
        last_used_at: row.maybe_time(9)?,
    })
}

impl Batch {
    /// Creates or changes a credential. A conflict means that its login is taken.
    pub fn put_credential(&mut self, it: &Credential) -> &mut Self {
        let params = vec![
            Value::Text(self.tenant.0.clone()),
            it.id.as_str().into(),
            (&it.dialect).into(),
            (&it.login).into(),
            (&it.name).into(),
            (&it.secret).into(),
            json(&it.abilities),
            it.created_at.into(),
            it.revoked_at.into(),
        ];
        self.note(PUT_CREDENTIAL, params, Kind::Credential, it.id.0.clone(), "put");
        self
    }

    /// Remembers what an idempotency key made. A conflict means that another request was faster.
    pub fn put_idempotency(&mut self, key: &str, id: &str) -> &mut Self {
        self.run(PUT_KEY, vec![Value::Text(self.tenant.0.clone()), key.into(), id.into(), Value::Now])
    }

    /// Forgets idempotency keys used before an instant.
    pub fn forget_idempotency(&mut self, before: Timestamp) -> &mut Self {
        self.run(FORGET_KEYS, vec![Value::Text(self.tenant.0.clone()), before.into()])
    }
}

impl Store {
    /// Makes a tenant. Whether it is new.
    pub async fn create_tenant(&self, tenant: &Tenant) -> Result<bool, StoreError> {
        let params = vec![tenant.id.as_str().into(), (&tenant.name).into(), tenant.created_at.into()];
        Ok(!self.write_returning(CREATE, params, |_| Ok(())).await?.is_empty())
    }

    /// Every tenant, in the order of ids.
    pub async fn tenants(&self) -> Result<Vec<Tenant>, StoreError> {
        self.query(TENANTS, vec![], |row| {
            Ok(Tenant { id: row.string(0)?.into(), name: row.string(1)?, created_at: row.time(2)? })
        })
        .await
    }

    /// A tenant.
    pub async fn tenant(&self, tenant: &TenantId) -> Result<Option<Tenant>, StoreError> {
        self.first(TENANT, vec![tenant.as_str().into()], |row| {
            Ok(Tenant { id: row.string(0)?.into(), name: row.string(1)?, created_at: row.time(2)? })
        })
        .await
    }

    /// Where a tenant stands.
    pub async fn tenant_state(&self, tenant: &TenantId) -> Result<Option<TenantState>, StoreError> {
        self.first(STATE, vec![tenant.as_str().into()], |row| {
            Ok(TenantState { seq: row.int(0)?, modified: row.time(1)? })
        })
        .await
    }

    /// Takes `count` new numbers from the tenant's counter; the first of them.
    pub async fn next_numbers(&self, tenant: &TenantId, count: usize) -> Result<i64, StoreError> {
        let params = vec![(count as i64).into(), tenant.as_str().into()];
        let last = self.write_returning(COUNT_UP, params, |row| row.int(0)).await?.into_iter().next();
        Ok(last.ok_or_else(|| StoreError::NoTenant(tenant.0.clone()))? - count as i64 + 1)
    }

    /// The credential with a login of a dialect, revoked or not.
    pub async fn credential(&self, dialect: &str, login: &str) -> Result<Option<Credential>, StoreError> {
        self.first(BY_LOGIN, vec![dialect.into(), login.into()], credential).await
    }

    /// Credentials of a tenant in the order of their ids.
    pub async fn credentials(
        &self,
        tenant: &TenantId,
        after: &str,
        limit: usize,
    ) -> Result<Vec<Credential>, StoreError> {
        let params = vec![tenant.as_str().into(), after.into(), (limit as i64).into()];
        self.query(CREDENTIALS, params, credential).await
    }

    /// Remembers when a credential was used.
    pub async fn credential_used(
        &self,
        tenant: &TenantId,
        id: &CredentialId,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let params = vec![at.into(), tenant.as_str().into(), id.as_str().into(), at.into()];
        self.write_returning(USED, params, |_| Ok(())).await.map(|_| ())
    }

    /// What an idempotency key made before.
    pub async fn idempotency(&self, tenant: &TenantId, key: &str) -> Result<Option<String>, StoreError> {
        self.first(KEY, vec![tenant.as_str().into(), key.into()], |row| row.string(0)).await
    }

    /// Every statement of the store, for the test that holds them against both engines.
    pub fn statements() -> Vec<&'static str> {
        let mut all = crate::records::statements();
        for list in [
            STATEMENTS,
            crate::audit::STATEMENTS,
            crate::audit::find::STATEMENTS,
            crate::contacts::STATEMENTS,
            crate::contacts::analyses::STATEMENTS,
            crate::contacts::calls::STATEMENTS,
            crate::contacts::erased::STATEMENTS,
            crate::contacts::page::STATEMENTS,
            crate::contacts::search::STATEMENTS,
            crate::contacts::whispers::STATEMENTS,
            crate::datasets::STATEMENTS,
            crate::doctor::STATEMENTS,
            crate::events::STATEMENTS,
            crate::events::families::STATEMENTS,
            crate::exports::STATEMENTS,
            crate::schedules::STATEMENTS,
            crate::facts::STATEMENTS,
            crate::feeds::STATEMENTS,
            crate::imports::STATEMENTS,
            crate::jobs::STATEMENTS,
            crate::overview::STATEMENTS,
            crate::people::STATEMENTS,
            crate::search::STATEMENTS,
            crate::telephony::STATEMENTS,
            crate::topics::STATEMENTS,
            crate::transcripts::STATEMENTS,
            &[crate::batch::TAKE_NUMBERS, crate::batch::INSERT_CHANGE],
        ] {
            all.extend(list);
        }
        all.extend(crate::webhooks::statements());
        all
    }
}

const STATEMENTS: &[&str] = &[
    CREATE,
    TENANTS,
    TENANT,
    STATE,
    COUNT_UP,
    PUT_CREDENTIAL,
    BY_LOGIN,
    CREDENTIALS,
    USED,
    KEY,
    PUT_KEY,
    FORGET_KEYS,
];
