//! The audit trail: who did what, when, from where. Entries are chained by hash, so that a removed or altered entry
//! shows. Only [`crate::Batch`] writes it, in the transaction of the deed itself.

pub(crate) mod find;

use crate::{BadRow, Row, Store, StoreError, Value};
use serde::Serialize;
use sha2::{Digest, Sha256};
use touchline_model::{Caller, TenantId, Timestamp};

/// What is to be written.
#[derive(Clone, Debug)]
pub struct AuditNote {
    actor: String,
    source: String,
    action: &'static str,
    object: String,
    detail: String,
}

impl AuditNote {
    /// `action` is a dotted verb such as `contact.delete`; `object` names the thing, `detail` says more.
    pub fn new(
        caller: &Caller,
        action: &'static str,
        object: impl Into<String>,
        detail: impl Into<String>,
    ) -> Self {
        Self {
            actor: caller.actor.clone(),
            source: caller.source.clone(),
            action,
            object: object.into(),
            detail: detail.into(),
        }
    }
}

/// One entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct AuditEntry {
    /// Its number, from 1, without gaps.
    pub n: i64,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub actor: String,
    /// From where.
    pub source: String,
    /// What.
    pub action: String,
    /// To what.
    pub object: String,
    /// More about it.
    pub detail: String,
    /// SHA-256 over the previous hash and all fields above, 64 hex digits.
    pub hash: String,
}

impl AuditEntry {
    fn hash_after(&self, tenant: &TenantId, previous: &str) -> String {
        let mut hasher = Sha256::new();
        let (n, at) = (self.n.to_string(), self.at.micros().to_string());
        for field in [
            previous,
            &tenant.0,
            &n,
            &at,
            &self.actor,
            &self.source,
            &self.action,
            &self.object,
            &self.detail,
        ] {
            // The length keeps (ab, c) and (a, bc) apart.
            hasher.update((field.len() as u64).to_le_bytes());
            hasher.update(field.as_bytes());
        }
        hex(&hasher.finalize())
    }
}

/// Lower-case hex digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    })
}

const INSERT: &str = "INSERT INTO audit (tenant, n, at, actor, source, action, object, detail, hash) \
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)";
const ADVANCE: &str = "UPDATE tenants SET audit_n = ?, audit_hash = ? WHERE tenant = ?";

/// The statements that write `notes` after entry `n` with `hash`.
pub(crate) fn ops(
    tenant: &TenantId,
    notes: &[AuditNote],
    mut n: i64,
    hash: &str,
    at: Timestamp,
) -> Vec<(&'static str, Vec<Value>)> {
    let mut hash = hash.to_owned();
    let mut ops = Vec::with_capacity(notes.len() + 1);
    for note in notes {
        n += 1;
        let mut entry = AuditEntry {
            n,
            at,
            actor: clean(&note.actor),
            source: clean(&note.source),
            action: note.action.to_owned(),
            object: clean(&note.object),
            detail: clean(&note.detail),
            hash: String::new(),
        };
        entry.hash = entry.hash_after(tenant, &hash);
        hash.clone_from(&entry.hash);
        let AuditEntry { actor, source, action, object, detail, hash, .. } = entry;
        ops.push((
            INSERT,
            vec![
                tenant.as_str().into(),
                n.into(),
                at.into(),
                actor.into(),
                source.into(),
                action.into(),
                object.into(),
                detail.into(),
                hash.into(),
            ],
        ));
    }
    if !notes.is_empty() {
        ops.push((ADVANCE, vec![n.into(), hash.into(), tenant.as_str().into()]));
    }
    ops
}

/// Texts of an entry may come from a request: no NUL, and not endless.
fn clean(text: &str) -> String {
    text.chars().filter(|c| *c != '\0').take(500).collect()
}

/// What is wrong with a trail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AuditFault {
    /// An entry is missing: this number was expected.
    Missing(i64),
    /// An entry was altered.
    Altered(i64),
    /// Entries at the end are gone: the trail should end with this number.
    CutShort(i64),
}

/// How far the chain was followed, and what was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditCheck {
    /// Entries after this number were looked at.
    pub after: i64,
    /// The last entry that was found good; as `after` when there was none.
    pub to: i64,
    /// Number of the last entry of the trail when the check began. The whole of it is good when `to` is the same.
    pub last: i64,
    /// The first fault, if any.
    pub fault: Option<AuditFault>,
}

/// Follows the hashes of consecutive entries from `hash`, the one before the first. Returns the last hash.
pub fn verify_chain(
    tenant: &TenantId,
    hash: &str,
    expected: i64,
    entries: &[AuditEntry],
) -> Result<String, AuditFault> {
    let mut hash = hash.to_owned();
    for (entry, n) in entries.iter().zip(expected..) {
        if entry.n != n {
            return Err(AuditFault::Missing(n));
        }
        if entry.hash != entry.hash_after(tenant, &hash) {
            return Err(AuditFault::Altered(n));
        }
        hash.clone_from(&entry.hash);
    }
    Ok(hash)
}

const PAGE: &str = "SELECT n, at, actor, source, action, object, detail, hash FROM audit \
     WHERE tenant = ? AND n > ? ORDER BY n LIMIT ?";
const END: &str = "SELECT audit_n, audit_hash FROM tenants WHERE tenant = ?";

fn entry(row: &Row<'_>) -> Result<AuditEntry, BadRow> {
    Ok(AuditEntry {
        n: row.int(0)?,
        at: row.time(1)?,
        actor: row.string(2)?,
        source: row.string(3)?,
        action: row.string(4)?,
        object: row.string(5)?,
        detail: row.string(6)?,
        hash: row.string(7)?,
    })
}

impl Store {
    /// Entries after number `after`, in order.
    pub async fn audit_page(
        &self,
        tenant: &TenantId,
        after: i64,
        limit: usize,
    ) -> Result<Vec<AuditEntry>, StoreError> {
        self.query(PAGE, vec![tenant.as_str().into(), after.into(), (limit as i64).into()], entry).await
    }

    /// Follows the whole chain. `None`: nothing is wrong.
    pub async fn audit_verify(&self, tenant: &TenantId) -> Result<Option<AuditFault>, StoreError> {
        Ok(self.audit_check(tenant, 0, usize::MAX).await?.fault)
    }

    /// Follows the chain from the entry after number `after`, whose own hash is taken for good, along at most about
    /// `most` entries (whole pages of a thousand are read).
    pub async fn audit_check(
        &self,
        tenant: &TenantId,
        after: i64,
        most: usize,
    ) -> Result<AuditCheck, StoreError> {
        let end =
            self.first(END, vec![tenant.as_str().into()], |row| Ok((row.int(0)?, row.string(1)?))).await?;
        let Some((last, last_hash)) = end else { return Err(StoreError::NoTenant(tenant.0.clone())) };
        let after = after.clamp(0, last);
        let (mut n, mut hash, mut looked) = (after, String::new(), 0);
        let told = |n, fault| Ok(AuditCheck { after, to: n, last, fault });
        if after > 0 {
            match self.audit_page(tenant, after - 1, 1).await?.pop() {
                Some(entry) if entry.n == after => hash = entry.hash,
                _ => return told(after, Some(AuditFault::Missing(after))),
            }
        }
        while n < last {
            if looked >= most {
                return told(n, None);
            }
            let page = self.audit_page(tenant, n, 1_000).await?;
            let page: Vec<_> = page.into_iter().take_while(|entry| entry.n <= last).collect();
            if page.is_empty() {
                return told(n, Some(AuditFault::CutShort(last)));
            }
            match verify_chain(tenant, &hash, n + 1, &page) {
                Ok(end) => hash = end,
                Err(fault) => return told(n, Some(fault)),
            }
            n += page.len() as i64;
            looked += page.len();
        }
        told(n, (hash != last_hash).then_some(AuditFault::Altered(last)))
    }
}

pub(crate) const STATEMENTS: &[&str] = &[INSERT, ADVANCE, PAGE, END];
