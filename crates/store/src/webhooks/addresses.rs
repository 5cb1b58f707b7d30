//! Addresses, their keys and their cursors.

use crate::{BadRow, Batch, Row, Store, StoreError, Value, sql::json};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use touchline_model::{Seq, TenantId, Timestamp};

/// A key that signs, in clear.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WebhookSecret {
    /// `whsec_` and base64.
    pub secret: String,
    /// Until when it signs beside its successor; the newest has no end.
    pub until: Option<Timestamp>,
}

/// Why the server itself stopped sending to an address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct WebhookPause {
    /// Since when.
    pub at: Timestamp,
    /// In words.
    pub reason: String,
}

/// An address that hears of changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Webhook {
    /// Id.
    pub id: String,
    /// Where to.
    pub url: String,
    /// Name for people.
    pub name: String,
    /// Event types that it wants.
    pub events: Vec<String>,
    /// Whether anything is sent.
    pub active: bool,
    /// Why nothing is, if it was the server that decided so.
    pub paused: Option<WebhookPause>,
    /// What signs, the newest first.
    pub secrets: Vec<WebhookSecret>,
    /// Changes up to this one have become deliveries. Given by the store when the address is made.
    pub cursor: Seq,
    /// When it was made.
    pub created_at: Timestamp,
    /// When something was last sent.
    pub last_at: Option<Timestamp>,
    /// The first failure after the last success.
    pub failing_since: Option<Timestamp>,
}

const INSERT: &str = "INSERT INTO webhooks (tenant, id, url, name, events, active, secrets, cursor, created_at) \
     VALUES (?, ?, ?, ?, ?, ?, ?, (SELECT seq FROM tenants WHERE tenant = ?), ?)";
// Whoever switches it on again, or sends elsewhere, starts afresh; another name or other events change nothing of that.
const CHANGE: &str = "UPDATE webhooks SET \
     failing_since = CASE WHEN active = 1 AND url = ? THEN failing_since END, \
     paused_at = CASE WHEN CAST(? AS BIGINT) = 0 THEN paused_at END, \
     paused_reason = CASE WHEN CAST(? AS BIGINT) = 0 THEN paused_reason END, \
     url = ?, name = ?, events = ?, active = ? WHERE tenant = ? AND id = ?";
const SECRETS: &str = "UPDATE webhooks SET secrets = ? WHERE tenant = ? AND id = ? AND secrets = ?";
const DELETE: &str = "DELETE FROM webhooks WHERE tenant = ? AND id = ?";
const ONE: &str = "SELECT id, url, name, events, active, paused_at, paused_reason, secrets, cursor, created_at, \
     last_at, failing_since FROM webhooks WHERE tenant = ? AND id = ?";
const PAGE: &str = "SELECT id, url, name, events, active, paused_at, paused_reason, secrets, cursor, created_at, \
     last_at, failing_since FROM webhooks WHERE tenant = ? AND id > ? ORDER BY id LIMIT ?";
const BEHIND: &str = "SELECT webhooks.tenant, webhooks.id FROM webhooks JOIN tenants \
     ON tenants.tenant = webhooks.tenant WHERE webhooks.active = 1 AND webhooks.cursor < tenants.seq \
     ORDER BY webhooks.tenant, webhooks.id";
const ADVANCE: &str =
    "UPDATE webhooks SET cursor = ? WHERE tenant = ? AND id = ? AND cursor = ? AND active = 1";
const WELL: &str = "UPDATE webhooks SET last_at = ?, failing_since = NULL WHERE tenant = ? AND id = ?";
const ILL: &str = "UPDATE webhooks SET last_at = ?, failing_since = COALESCE(failing_since, ?) \
     WHERE tenant = ? AND id = ?";
const PAUSE: &str = "UPDATE webhooks SET active = 0, paused_at = ?, paused_reason = ? \
     WHERE tenant = ? AND id = ? AND active = 1";
const DUE: &str = "SELECT tenant, id, failing_since FROM webhooks WHERE active = 1 AND EXISTS (SELECT 1 \
     FROM webhook_deliveries AS d WHERE d.tenant = webhooks.tenant AND d.webhook = webhooks.id \
     AND d.state = 'waiting' AND d.next_at <= ?) ORDER BY tenant, id";

fn webhook(row: &Row<'_>) -> Result<Webhook, BadRow> {
    let paused = match (row.maybe_time(5)?, row.maybe_string(6)?) {
        (Some(at), reason) => Some(WebhookPause { at, reason: reason.unwrap_or_default() }),
        (None, _) => None,
    };
    Ok(Webhook {
        id: row.string(0)?,
        url: row.string(1)?,
        name: row.string(2)?,
        events: row.json(3)?,
        active: row.flag(4)?,
        paused,
        secrets: row.json(7)?,
        cursor: row.int(8)?,
        created_at: row.time(9)?,
        last_at: row.maybe_time(10)?,
        failing_since: row.maybe_time(11)?,
    })
}

impl Batch {
    /// Makes an address. It hears of changes after this commit.
    pub fn insert_webhook(&mut self, it: &Webhook) -> &mut Self {
        let tenant = Value::Text(self.tenant.0.clone());
        let params = vec![
            tenant.clone(),
            (&it.id).into(),
            (&it.url).into(),
            (&it.name).into(),
            json(&it.events),
            it.active.into(),
            json(&it.secrets),
            tenant,
            it.created_at.into(),
        ];
        self.run(INSERT, params)
    }

    /// Changes where to, name, event types and whether anything is sent; a pause ends when it is on. The address must
    /// exist.
    pub fn change_webhook(&mut self, it: &Webhook) -> &mut Self {
        let on = Value::from(it.active);
        let mut params = vec![(&it.url).into(), on.clone(), on.clone()];
        params.extend([(&it.url).into(), (&it.name).into(), json(&it.events), on]);
        params.extend(self.of_webhook(&it.id));
        self.run(CHANGE, params).expect(1)
    }

    /// Replaces what signs. A conflict means that it is not `before` any more.
    pub fn change_webhook_secrets(
        &mut self,
        id: &str,
        before: &[WebhookSecret],
        now: &[WebhookSecret],
    ) -> &mut Self {
        let mut params = vec![json(now)];
        params.extend(self.of_webhook(id));
        params.push(json(before));
        self.run(SECRETS, params).expect(1)
    }

    /// Deletes an address, which must exist, and everything on its way to it.
    pub fn delete_webhook(&mut self, id: &str) -> &mut Self {
        self.delete_deliveries(id);
        let key = self.of_webhook(id);
        self.run(DELETE, key.to_vec()).expect(1)
    }

    /// Says that changes after `from` up to `to` have become deliveries, which are part of this batch. A conflict means
    /// that somebody else did it, or that the address was switched off.
    pub fn advance_webhook(&mut self, id: &str, from: Seq, to: Seq) -> &mut Self {
        let mut params = vec![to.into()];
        params.extend(self.of_webhook(id));
        params.push(from.into());
        self.run(ADVANCE, params).expect(1)
    }

    /// Notes that something was sent, and whether it was taken.
    pub(super) fn note_health(&mut self, id: &str, at: Timestamp, well: bool) -> &mut Self {
        let mut params = vec![Value::from(at)];
        if !well {
            params.push(at.into());
        }
        params.extend(self.of_webhook(id));
        self.run(if well { WELL } else { ILL }, params)
    }

    /// Stops sending to an address, with the reason. A conflict means that nothing was sent anyway.
    pub fn pause_webhook(&mut self, id: &str, at: Timestamp, reason: &str) -> &mut Self {
        let mut params = vec![at.into(), reason.into()];
        params.extend(self.of_webhook(id));
        self.run(PAUSE, params).expect(1)
    }
}

impl Store {
    /// One address.
    pub async fn webhook(&self, tenant: &TenantId, id: &str) -> Result<Option<Webhook>, StoreError> {
        self.first(ONE, vec![tenant.as_str().into(), id.into()], webhook).await
    }

    /// Addresses of a tenant in the order of their ids.
    pub async fn webhooks_page(
        &self,
        tenant: &TenantId,
        after: &str,
        limit: usize,
    ) -> Result<Vec<Webhook>, StoreError> {
        self.query(PAGE, vec![tenant.as_str().into(), after.into(), (limit as i64).into()], webhook).await
    }

    /// Active addresses of all tenants with changes that have not become deliveries.
    pub async fn webhooks_behind(&self) -> Result<Vec<(TenantId, String)>, StoreError> {
        self.query(BEHIND, vec![], |row| Ok((row.string(0)?.into(), row.string(1)?))).await
    }

    /// Active addresses of all tenants with something to send now, and whether they have failed lately.
    pub async fn webhooks_due(&self) -> Result<Vec<(TenantId, String, bool)>, StoreError> {
        self.query(DUE, vec![self.clock.now().into()], |row| {
            Ok((row.string(0)?.into(), row.string(1)?, row.maybe_int(2)?.is_some()))
        })
        .await
    }
}

pub(crate) const STATEMENTS: &[&str] =
    &[INSERT, CHANGE, SECRETS, DELETE, ONE, PAGE, BEHIND, ADVANCE, WELL, ILL, PAUSE, DUE];
