//! Webhooks: addresses that hear of changes, and what was sent to them.
//!
//! Each address has a cursor on the change feed. It moves in the batch that saves the deliveries made of the changes
//! behind it, and only from where the writer found it: no change is lost, and none becomes two deliveries, however many
//! nodes look at the feed at once.

use crate::{BadRow, Batch, Row, Store, StoreError, Value, sql::json};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::str::FromStr;
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

/// Where a delivery stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryState {
    /// Will be sent, or sent again.
    Waiting,
    /// Answered with 2xx.
    Delivered,
    /// Failed for good; waits for a person.
    Dead,
}

impl DeliveryState {
    /// Every state.
    pub const ALL: [Self; 3] = [Self::Waiting, Self::Delivered, Self::Dead];
    /// The name on the wire and in the store.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Delivered => "delivered",
            Self::Dead => "dead",
        }
    }
}
impl FromStr for DeliveryState {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|state| state.name() == text).ok_or(())
    }
}

/// One event on its way to one address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Delivery {
    /// Id; the header `webhook-id`, the same at every attempt.
    pub id: String,
    /// The address that it is for.
    pub webhook: String,
    /// Event type.
    pub event: String,
    /// The body, byte for byte as it is sent.
    pub body: String,
    /// Where it stands.
    pub state: DeliveryState,
    /// Attempts so far.
    pub attempts: i64,
    /// When it is sent next, while it waits.
    pub next_at: Timestamp,
    /// HTTP status of the last answer.
    pub status: Option<i64>,
    /// Beginning of the last answer's body.
    pub response: Option<String>,
    /// What went wrong at the last attempt.
    pub error: Option<String>,
    /// How long the last attempt took, in microseconds.
    pub took: Option<i64>,
    /// When the event became a delivery.
    pub created_at: Timestamp,
    /// When the last attempt began.
    pub last_at: Option<Timestamp>,
}

/// How an attempt ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttemptEnd {
    /// Where the delivery stands now.
    pub state: DeliveryState,
    /// When it is sent again, if it waits.
    pub next_at: Timestamp,
    /// HTTP status of the answer.
    pub status: Option<i64>,
    /// Beginning of the answer's body.
    pub response: Option<String>,
    /// What went wrong.
    pub error: Option<String>,
    /// How long it took, in microseconds.
    pub took: i64,
    /// Now.
    pub at: Timestamp,
}

const INSERT: &str = "INSERT INTO webhooks (tenant, id, url, name, events, active, secrets, cursor, created_at) \
     VALUES (?, ?, ?, ?, ?, ?, ?, (SELECT seq FROM tenants WHERE tenant = ?), ?)";
// Whoever switches it on again starts afresh.
const CHANGE: &str = "UPDATE webhooks SET url = ?, name = ?, events = ?, active = ?, paused_at = NULL, \
     paused_reason = NULL, failing_since = NULL WHERE tenant = ? AND id = ?";
const SECRETS: &str = "UPDATE webhooks SET secrets = ? WHERE tenant = ? AND id = ? AND secrets = ?";
const DELETE: &str = "DELETE FROM webhooks WHERE tenant = ? AND id = ?";
const DELETE_DELIVERIES: &str = "DELETE FROM webhook_deliveries WHERE tenant = ? AND webhook = ?";
const ONE: &str = "SELECT id, url, name, events, active, paused_at, paused_reason, secrets, cursor, created_at, \
     last_at, failing_since FROM webhooks WHERE tenant = ? AND id = ?";
const PAGE: &str = "SELECT id, url, name, events, active, paused_at, paused_reason, secrets, cursor, created_at, \
     last_at, failing_since FROM webhooks WHERE tenant = ? AND id > ? ORDER BY id LIMIT ?";
const BEHIND: &str = "SELECT webhooks.tenant, webhooks.id FROM webhooks JOIN tenants \
     ON tenants.tenant = webhooks.tenant WHERE webhooks.active = 1 AND webhooks.cursor < tenants.seq \
     ORDER BY webhooks.tenant, webhooks.id";
const ADVANCE: &str =
    "UPDATE webhooks SET cursor = ? WHERE tenant = ? AND id = ? AND cursor = ? AND active = 1";
const DELIVER: &str = "INSERT INTO webhook_deliveries (tenant, id, webhook, event, body, state, attempts, next_at, \
     created_at) VALUES (?, ?, ?, ?, ?, 'waiting', ?, ?, ?)";
const DUE: &str = "SELECT tenant, id, failing_since FROM webhooks WHERE active = 1 AND EXISTS (SELECT 1 \
     FROM webhook_deliveries AS d WHERE d.tenant = webhooks.tenant AND d.webhook = webhooks.id \
     AND d.state = 'waiting' AND d.next_at <= ?) ORDER BY tenant, id";
// The outer conditions are looked at again when another node was faster: then nothing is taken.
const CLAIM: &str = "UPDATE webhook_deliveries SET attempts = attempts + 1, next_at = ?, last_at = ? WHERE tenant = ? \
     AND id = (SELECT id FROM webhook_deliveries WHERE tenant = ? AND webhook = ? AND state = 'waiting' \
     AND next_at <= ? ORDER BY next_at, id LIMIT 1) AND state = 'waiting' AND next_at <= ? RETURNING id, webhook, \
     event, body, state, attempts, next_at, status, response, error, took, created_at, last_at";
const END: &str = "UPDATE webhook_deliveries SET state = ?, next_at = ?, status = ?, response = ?, error = ?, took = ?, \
     last_at = ? WHERE tenant = ? AND id = ? AND attempts = ? AND state = 'waiting'";
const WELL: &str = "UPDATE webhooks SET last_at = ?, failing_since = NULL WHERE tenant = ? AND id = ?";
const ILL: &str = "UPDATE webhooks SET last_at = ?, failing_since = COALESCE(failing_since, ?) \
     WHERE tenant = ? AND id = ?";
const PAUSE: &str = "UPDATE webhooks SET active = 0, paused_at = ?, paused_reason = ? \
     WHERE tenant = ? AND id = ? AND active = 1";
const DELIVERY: &str = "SELECT id, webhook, event, body, state, attempts, next_at, status, response, error, took, \
     created_at, last_at FROM webhook_deliveries WHERE tenant = ? AND id = ?";
const DELIVERIES: &str = "SELECT id, webhook, event, body, state, attempts, next_at, status, response, error, took, \
     created_at, last_at FROM webhook_deliveries WHERE tenant = ? AND webhook = ? AND id < ? \
     AND (? = '' OR state = ?) AND (? = '' OR event = ?) ORDER BY id DESC LIMIT ?";
const REPLAY: &str = "UPDATE webhook_deliveries SET state = 'waiting', attempts = 0, next_at = ? WHERE tenant = ? \
     AND id = ? AND state <> 'waiting' RETURNING id";
const REPLAY_SINCE: &str = "UPDATE webhook_deliveries SET state = 'waiting', attempts = 0, next_at = ? \
     WHERE tenant = ? AND webhook = ? AND created_at >= ? AND state <> 'waiting' AND (CAST(? AS BIGINT) = 0 OR state = 'dead') \
     AND event <> 'webhook.test' RETURNING id";
const FORGET: &str =
    "DELETE FROM webhook_deliveries WHERE created_at < ? AND state <> 'waiting' RETURNING id";

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

fn delivery(row: &Row<'_>) -> Result<Delivery, BadRow> {
    Ok(Delivery {
        id: row.string(0)?,
        webhook: row.string(1)?,
        event: row.string(2)?,
        body: row.string(3)?,
        state: row.parse(4)?,
        attempts: row.int(5)?,
        next_at: row.time(6)?,
        status: row.maybe_int(7)?,
        response: row.maybe_string(8)?,
        error: row.maybe_string(9)?,
        took: row.maybe_int(10)?,
        created_at: row.time(11)?,
        last_at: row.maybe_time(12)?,
    })
}

impl Batch {
    fn of_webhook(&self, id: &str) -> [Value; 2] {
        [Value::Text(self.tenant.0.clone()), id.into()]
    }

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

    /// Changes where to, name, event types and whether anything is sent; a pause ends. The address must exist.
    pub fn change_webhook(&mut self, it: &Webhook) -> &mut Self {
        let mut params = vec![(&it.url).into(), (&it.name).into(), json(&it.events), Value::from(it.active)];
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
        let key = self.of_webhook(id);
        self.run(DELETE_DELIVERIES, key.to_vec());
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

    /// Adds a delivery that waits. Only id, address, event, body, attempts, and times of making and of sending count.
    pub fn insert_delivery(&mut self, it: &Delivery) -> &mut Self {
        let params = vec![
            Value::Text(self.tenant.0.clone()),
            (&it.id).into(),
            (&it.webhook).into(),
            (&it.event).into(),
            (&it.body).into(),
            it.attempts.into(),
            it.next_at.into(),
            it.created_at.into(),
        ];
        self.run(DELIVER, params)
    }

    /// Notes how an attempt ended. A conflict means that it took too long, and another has begun.
    pub fn end_attempt(&mut self, of: &Delivery, end: &AttemptEnd) -> &mut Self {
        let params = vec![
            end.state.name().into(),
            end.next_at.into(),
            end.status.into(),
            end.response.as_deref().into(),
            end.error.as_deref().into(),
            end.took.into(),
            end.at.into(),
            Value::Text(self.tenant.0.clone()),
            (&of.id).into(),
            of.attempts.into(),
        ];
        self.run(END, params).expect(1);
        let mut params = vec![end.at.into()];
        let statement = if end.error.is_none() {
            WELL
        } else {
            params.push(end.at.into());
            ILL
        };
        params.extend(self.of_webhook(&of.webhook));
        self.run(statement, params)
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

    /// Takes the delivery of an address that has waited longest, for `lease_secs`: whoever has it and says nothing until
    /// then has lost it.
    pub async fn claim_delivery(
        &self,
        tenant: &TenantId,
        id: &str,
        lease_secs: i64,
    ) -> Result<Option<Delivery>, StoreError> {
        let now = self.clock.now();
        let params = vec![
            now.plus_secs(lease_secs).into(),
            now.into(),
            tenant.as_str().into(),
            tenant.as_str().into(),
            id.into(),
            now.into(),
            now.into(),
        ];
        Ok(self.write_returning(CLAIM, params, delivery).await?.into_iter().next())
    }

    /// One delivery.
    pub async fn delivery(&self, tenant: &TenantId, id: &str) -> Result<Option<Delivery>, StoreError> {
        self.first(DELIVERY, vec![tenant.as_str().into(), id.into()], delivery).await
    }

    /// Deliveries to an address, the newest first, made before the delivery `before`; only those in a state or of an
    /// event type, if given.
    pub async fn deliveries_page(
        &self,
        tenant: &TenantId,
        webhook: &str,
        state: Option<DeliveryState>,
        event: Option<&str>,
        before: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Delivery>, StoreError> {
        let state = state.map_or("", DeliveryState::name);
        let event = event.unwrap_or_default();
        let params = vec![
            tenant.as_str().into(),
            webhook.into(),
            // Ids are `msg_` and hexadecimal digits: all are before this.
            before.unwrap_or("n").into(),
            state.into(),
            state.into(),
            event.into(),
            event.into(),
            (limit as i64).into(),
        ];
        self.query(DELIVERIES, params, delivery).await
    }

    /// Has a delivery that has ended sent again. Whether there was one.
    pub async fn replay_delivery(&self, tenant: &TenantId, id: &str) -> Result<bool, StoreError> {
        let params = vec![self.clock.now().into(), tenant.as_str().into(), id.into()];
        let found = self.write_returning(REPLAY, params, |_| Ok(())).await?;
        self.changed.send_modify(|n| *n += 1);
        Ok(!found.is_empty())
    }

    /// Has everything sent again that was made since an instant and has ended; how many there are.
    pub async fn replay_since(
        &self,
        tenant: &TenantId,
        webhook: &str,
        since: Timestamp,
        dead_only: bool,
    ) -> Result<usize, StoreError> {
        let params = vec![
            self.clock.now().into(),
            tenant.as_str().into(),
            webhook.into(),
            since.into(),
            dead_only.into(),
        ];
        let found = self.write_returning(REPLAY_SINCE, params, |_| Ok(())).await?;
        self.changed.send_modify(|n| *n += 1);
        Ok(found.len())
    }

    /// Forgets deliveries of all tenants that have ended and were made before an instant; how many.
    pub async fn forget_deliveries(&self, before: Timestamp) -> Result<usize, StoreError> {
        Ok(self.write_returning(FORGET, vec![before.into()], |_| Ok(())).await?.len())
    }
}

pub(crate) const STATEMENTS: &[&str] = &[
    INSERT,
    CHANGE,
    SECRETS,
    DELETE,
    DELETE_DELIVERIES,
    ONE,
    PAGE,
    BEHIND,
    ADVANCE,
    DELIVER,
    DUE,
    CLAIM,
    END,
    WELL,
    ILL,
    PAUSE,
    DELIVERY,
    DELIVERIES,
    REPLAY,
    REPLAY_SINCE,
    FORGET,
];
