//! Deliveries are sent: each address has lanes of its own, so that a slow one keeps no other waiting.

use super::{Answer, Outgoing, Sender, events, sign};
use crate::{App, AppError};
use serde_json::json;
use std::{
    collections::HashSet,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::task::JoinSet;
use touchline_model::{Caller, TenantId, Timestamp};
use touchline_store::{AttemptEnd, AuditNote, Batch, Delivery, DeliveryState, StoreError, Webhook};

/// Requests to one address at once; to one that fails, a single one.
const LANES: usize = 4;
/// How long we sleep at most when there is nothing to do: other nodes may have committed something, and retries fall due.
const IDLE: Duration = Duration::from_secs(1);
/// After failing for so long without any success an address is paused, in seconds.
const GIVE_UP_SECS: i64 = 5 * 86_400;
/// How long ended deliveries are kept, in seconds.
const KEEP_SECS: i64 = 30 * 86_400;
/// The longest wish of an address to be left alone that is followed, in seconds.
const LONGEST_WISH: u64 = 86_400;

/// Which lanes are running: tenant, address, number.
type Lanes = Arc<Mutex<HashSet<(TenantId, String, usize)>>>;

impl App {
    /// Turns changes into deliveries and sends them, for ever.
    pub(crate) async fn webhooks_loop(self) {
        let Some(sender) = self.webhooks.sender.clone() else { return std::future::pending().await };
        let mut commits = self.store.watch();
        let (mut tasks, lanes) = (JoinSet::new(), Lanes::default());
        let mut tidied = None;
        loop {
            commits.borrow_and_update();
            let now = self.clock.now();
            let more = self.follow_changes().await.unwrap_or_else(|error| {
                tracing::error!(%error, "changes could not become webhook deliveries");
                false
            });
            if let Err(error) = self.open_lanes(&sender, &lanes, &mut tasks).await {
                tracing::error!(%error, "webhook deliveries could not be looked up");
            }
            if tidied.is_none_or(|last: Timestamp| last.plus_secs(3_600) <= now) {
                tidied = Some(now);
                if let Err(error) = self.store.forget_deliveries(now.plus_secs(-KEEP_SECS)).await {
                    tracing::warn!(%error, "old webhook deliveries could not be forgotten");
                }
            }
            while tasks.try_join_next().is_some() {}
            if more {
                continue;
            }
            let _ = tokio::time::timeout(IDLE, commits.changed()).await;
            // Commits come in swarms: look once for many.
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Sends everything that is due, and returns when nothing is. For tests.
    pub async fn send_webhooks_until_idle(&self) -> Result<(), AppError> {
        let Some(sender) = self.webhooks.sender.clone() else { return Ok(()) };
        loop {
            let more = self.follow_changes().await?;
            let mut tasks = JoinSet::new();
            self.open_lanes(&sender, &Lanes::default(), &mut tasks).await?;
            let sent = !tasks.is_empty();
            while tasks.join_next().await.is_some() {}
            if !more && !sent {
                return Ok(());
            }
        }
    }

    async fn open_lanes(
        &self,
        sender: &Arc<dyn Sender>,
        lanes: &Lanes,
        tasks: &mut JoinSet<()>,
    ) -> Result<(), AppError> {
        for (tenant, id, failing) in self.store.webhooks_due().await? {
            for number in 0..if failing { 1 } else { LANES } {
                let key = (tenant.clone(), id.clone(), number);
                if !lanes.lock().unwrap_or_else(PoisonError::into_inner).insert(key.clone()) {
                    continue;
                }
                let (app, sender, lanes) = (self.clone(), sender.clone(), lanes.clone());
                tasks.spawn(async move {
                    if let Err(error) = app.lane(&sender, &key.0, &key.1).await {
                        tracing::error!(%error, webhook = %key.1, "a webhook delivery could not be noted");
                    }
                    lanes.lock().unwrap_or_else(PoisonError::into_inner).remove(&key);
                });
            }
        }
        Ok(())
    }

    /// Sends to one address, one delivery after the other, until nothing is due or something fails: then the next round
    /// decides how many lanes it still gets.
    async fn lane(&self, sender: &Arc<dyn Sender>, tenant: &TenantId, id: &str) -> Result<(), AppError> {
        loop {
            // Fair: whoever has waited longest is next, so no address can take all turns.
            let Ok(_turn) = self.webhooks.turns.clone().acquire_owned().await else { return Ok(()) };
            let Some(webhook) = self.store.webhook(tenant, id).await?.filter(|it| it.active) else {
                return Ok(());
            };
            let Some(delivery) = self.store.claim_delivery(tenant, id, self.lost_after()).await? else {
                return Ok(());
            };
            let end = self.attempt(sender, &webhook, &delivery).await;
            if !self.note_attempt(tenant, &webhook, &delivery, &end).await? || end.error.is_some() {
                return Ok(());
            }
        }
    }

    /// After how many seconds without a word an attempt counts as lost.
    fn lost_after(&self) -> i64 {
        i64::try_from(self.webhooks.timeout().as_secs()).unwrap_or(i64::MAX).saturating_add(10)
    }

    async fn attempt(&self, sender: &Arc<dyn Sender>, webhook: &Webhook, delivery: &Delivery) -> AttemptEnd {
        let now = self.clock.now();
        let timestamp = now.micros().div_euclid(1_000_000);
        let outgoing = Outgoing {
            url: webhook.url.clone(),
            id: delivery.id.clone(),
            timestamp,
            signature: sign::signatures(&webhook.secrets, now, &delivery.id, timestamp, &delivery.body),
            body: delivery.body.clone(),
        };
        let began = tokio::time::Instant::now();
        let answer = sender.send(&outgoing).await;
        let took = i64::try_from(began.elapsed().as_micros()).unwrap_or(i64::MAX);
        self.judge(delivery, answer, took)
    }

    fn judge(&self, delivery: &Delivery, answer: Result<Answer, String>, took: i64) -> AttemptEnd {
        let at = self.clock.now();
        let (status, response, error, wish) = match answer {
            Ok(Answer { status, body, retry_after }) => {
                let error = (!(200..300).contains(&status)).then(|| format!("it answered {status}"));
                (Some(i64::from(status)), Some(body), error, retry_after.unwrap_or_default())
            }
            Err(reason) => (None, None, Some(reason), 0),
        };
        let tried = usize::try_from(delivery.attempts).unwrap_or_default();
        let pause = self.webhooks.settings.retry_secs.get(tried.saturating_sub(1));
        let (state, next_at) = match (&error, pause) {
            (None, _) => (DeliveryState::Delivered, at),
            // Somebody waits for the answer to a test, and 410 is final.
            (Some(_), _) if delivery.event == events::TEST || status == Some(410) => {
                (DeliveryState::Dead, at)
            }
            (Some(_), None) => (DeliveryState::Dead, at),
            (Some(_), Some(pause)) => {
                let secs = (*pause).max(wish.min(LONGEST_WISH));
                (
                    DeliveryState::Waiting,
                    Timestamp::from_micros(at.micros().saturating_add(self.with_jitter(secs))),
                )
            }
        };
        AttemptEnd { state, next_at, status, response, error, took, at }
    }

    /// A pause in microseconds, up to a tenth longer, so that what failed together does not come back together.
    fn with_jitter(&self, secs: u64) -> i64 {
        let mut random = [0; 2];
        self.entropy.fill(&mut random);
        let micros = i64::try_from(secs.saturating_mul(1_000_000)).unwrap_or(i64::MAX / 2).min(i64::MAX / 2);
        micros + micros / 10 / 65_536 * i64::from(u16::from_le_bytes(random))
    }

    /// Writes down how an attempt ended. False: it took so long that another has begun, or the address is gone.
    async fn note_attempt(
        &self,
        tenant: &TenantId,
        webhook: &Webhook,
        delivery: &Delivery,
        end: &AttemptEnd,
    ) -> Result<bool, AppError> {
        let mut batch = Batch::new(tenant);
        batch.end_attempt(delivery, end);
        let written = match self.store.apply(batch).await {
            Ok(_) => true,
            Err(StoreError::Conflict) => false,
            Err(error) => return Err(error.into()),
        };
        if let Some(reason) = hopeless(webhook, end) {
            let mut batch = Batch::new(tenant);
            batch.pause_webhook(&webhook.id, end.at, &reason);
            let system = Caller::system(tenant.clone(), "webhooks");
            batch.audit(AuditNote::new(&system, "webhook.pause", &*webhook.id, reason));
            match self.store.apply(batch).await {
                Ok(_) | Err(StoreError::Conflict) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(written)
    }

    /// Sends a test event to an address at once, whether it is on or off, and answers with how that went. It is tried
    /// once.
    pub async fn test_webhook(&self, caller: &Caller, id: &str) -> Result<Delivery, AppError> {
        super::manage::may(caller)?;
        let webhook = self.known_webhook(caller, id).await?;
        let Some(sender) = self.webhooks.sender.clone() else {
            return Err(AppError::Conflict("this process sends no webhooks".to_owned()));
        };
        let now = self.clock.now();
        let body = events::envelope(events::TEST, now, json!({ "kind": "webhook", "id": webhook.id }));
        let mut delivery = self.new_delivery(&webhook, events::TEST, body);
        // Ours from the beginning: no lane may take it.
        delivery.attempts = 1;
        delivery.next_at = now.plus_secs(self.lost_after());
        let mut batch = Batch::new(&caller.tenant);
        batch.insert_delivery(&delivery).audit(AuditNote::new(caller, "webhook.test", id, &*webhook.url));
        self.store.apply(batch).await?;
        let end = {
            let _turn = self.webhooks.turns.acquire().await;
            self.attempt(&sender, &webhook, &delivery).await
        };
        self.note_attempt(&caller.tenant, &webhook, &delivery, &end).await?;
        let noted = self.store.delivery(&caller.tenant, &delivery.id).await?;
        noted.ok_or(AppError::Missing { what: "webhook", id: id.to_owned() })
    }
}

/// Why nothing more should be sent to an address.
fn hopeless(webhook: &Webhook, end: &AttemptEnd) -> Option<String> {
    end.error.as_ref()?;
    if end.status == Some(410) {
        return Some("it answered 410: it wants no more events".to_owned());
    }
    let since = webhook.failing_since?;
    (since.plus_secs(GIVE_UP_SECS) <= end.at).then(|| format!("it has failed since {since}, for five days"))
}
