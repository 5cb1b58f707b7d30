//! Deliveries: made, claimed, ended, replayed, forgotten.

use crate::{BadRow, Batch, Row, Store, StoreError, Value};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::str::FromStr;
use touchline_model::{TenantId, Timestamp};

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

const DELIVER: &str = "INSERT INTO webhook_deliveries (tenant, id, webhook, event, body, state, attempts, next_at, \
     created_at) VALUES (?, ?, ?, ?, ?, 'waiting', ?, ?, ?)";
const DELETE_DELIVERIES: &str = "DELETE FROM webhook_deliveries WHERE tenant = ? AND webhook = ?";
// The outer conditions are looked at again when another node was faster: then nothing is taken.
const CLAIM: &str = "UPDATE webhook_deliveries SET attempts = attempts + 1, next_at = ?, last_at = ? WHERE tenant = ? \
     AND id = (SELECT id FROM webhook_deliveries WHERE tenant = ? AND webhook = ? AND state = 'waiting' \
     AND next_at <= ? ORDER BY next_at, id LIMIT 1) AND state = 'waiting' AND next_at <= ? RETURNING id, webhook, \
     event, body, state, attempts, next_at, status, response, error, took, created_at, last_at";
const END: &str = "UPDATE webhook_deliveries SET state = ?, next_at = ?, status = ?, response = ?, error = ?, took = ?, \
     last_at = ? WHERE tenant = ? AND id = ? AND attempts = ? AND state = 'waiting'";
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
    /// Deletes everything on its way to an address.
    pub(super) fn delete_deliveries(&mut self, webhook: &str) {
        let key = self.of_webhook(webhook);
        self.run(DELETE_DELIVERIES, key.to_vec());
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
        self.note_health(&of.webhook, end.at, end.error.is_none())
    }
}

impl Store {
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

pub(crate) const STATEMENTS: &[&str] =
    &[DELIVER, DELETE_DELIVERIES, CLAIM, END, DELIVERY, DELIVERIES, REPLAY, REPLAY_SINCE, FORGET];
