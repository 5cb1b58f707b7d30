//! Addresses: made, changed, deleted, tried; their keys; what was sent to them.

use super::{address, events, sign};
use crate::{App, AppError, entropy, require};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use touchline_model::{Ability, Caller, Invalid, Timestamp, validate};
use touchline_store::{AuditNote, Batch, Delivery, DeliveryState, Webhook, WebhookPause, WebhookSecret};

/// Addresses of a tenant at most: each is asked for at every change.
const MOST: usize = 50;
/// Keys that sign at once at most, the newest included.
const KEYS: usize = 3;

/// An address to be made.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewWebhook {
    /// Where to: `https://...`; other schemes and private addresses only where the operator allows them.
    pub url: String,
    /// Name for people.
    pub name: String,
    /// Event types that it wants, or `["*"]` for all.
    pub events: Vec<String>,
}

/// What may be changed of an address; what is left out stays.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeWebhook {
    /// Where to.
    #[serde(default)]
    pub url: Option<String>,
    /// Name for people.
    #[serde(default)]
    pub name: Option<String>,
    /// Event types that it wants.
    #[serde(default)]
    pub events: Option<Vec<String>>,
    /// Whether anything is sent. While it is off, changes wait; switched on, it hears of all of them.
    #[serde(default)]
    pub active: Option<bool>,
}

/// An address as it may be shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct WebhookView {
    /// Id.
    pub id: String,
    /// Where to.
    pub url: String,
    /// Name for people.
    pub name: String,
    /// Event types that it wants; `*` is all.
    pub events: Vec<String>,
    /// Whether anything is sent.
    pub active: bool,
    /// When the server itself stopped sending, and why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub paused: Option<WebhookPause>,
    /// Until when older keys sign as well, the one that ends last first; empty unless a key is being replaced.
    pub old_keys_until: Vec<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When something was last sent.
    pub last_delivery: Option<Timestamp>,
    /// The first failure after the last success.
    pub failing_since: Option<Timestamp>,
}

/// An address with its key, which is shown this once.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct CreatedWebhook {
    /// The address.
    #[serde(flatten)]
    pub webhook: WebhookView,
    /// What signs: `whsec_` and base64, as verifier libraries take it.
    pub secret: String,
}

/// How a key is replaced.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rotate {
    /// Hours for which the old key signs as well: 0 to 168, 24 unless given.
    #[serde(default = "one_day")]
    pub old_key_hours: u32,
}

const fn one_day() -> u32 {
    24
}
impl Default for Rotate {
    fn default() -> Self {
        Self { old_key_hours: one_day() }
    }
}

/// Which deliveries.
#[derive(Clone, Debug, Default)]
pub struct DeliveryFilter {
    /// Only those in this state.
    pub state: Option<DeliveryState>,
    /// Only those of this event type.
    pub event: Option<String>,
}

/// What is to be sent again.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReplaySince {
    /// Everything made at this instant or later that has ended.
    pub since: Timestamp,
    /// Only what failed for good.
    #[serde(default)]
    pub dead_only: bool,
}

impl WebhookView {
    fn of(it: Webhook, now: Timestamp) -> Self {
        let old_keys_until =
            it.secrets.iter().filter_map(|key| key.until).filter(|until| now < *until).collect();
        let Webhook { id, url, name, events, active, paused, created_at, last_at, failing_since, .. } = it;
        Self {
            id,
            url,
            name,
            events,
            active,
            paused,
            old_keys_until,
            created_at,
            last_delivery: last_at,
            failing_since,
        }
    }
}

/// Who may see and change addresses. One is a credential that works outwards: whoever makes it lets another system
/// follow the change feed, and is told a secret once. So it needs both abilities.
pub(super) fn may(caller: &Caller) -> Result<(), AppError> {
    require(caller, Ability::ManageCredentials)?;
    require(caller, Ability::ReadChanges)
}

fn missing(what: &'static str, id: &str) -> AppError {
    AppError::Missing { what, id: id.to_owned() }
}

impl App {
    /// Addresses of the caller's tenant, in the order of their ids.
    pub async fn webhooks(
        &self,
        caller: &Caller,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<WebhookView>, AppError> {
        may(caller)?;
        let found = self.store.webhooks_page(&caller.tenant, after.unwrap_or_default(), limit).await?;
        let now = self.clock.now();
        Ok(found.into_iter().map(|it| WebhookView::of(it, now)).collect())
    }

    /// One address.
    pub async fn webhook(&self, caller: &Caller, id: &str) -> Result<WebhookView, AppError> {
        may(caller)?;
        Ok(WebhookView::of(self.known_webhook(caller, id).await?, self.clock.now()))
    }

    pub(super) async fn known_webhook(&self, caller: &Caller, id: &str) -> Result<Webhook, AppError> {
        let found = self.store.webhook(&caller.tenant, id).await?;
        found.ok_or_else(|| missing("webhook", id))
    }

    /// Makes an address. It hears of changes from now on.
    pub async fn create_webhook(&self, caller: &Caller, new: NewWebhook) -> Result<CreatedWebhook, AppError> {
        may(caller)?;
        self.check(&new.url, &new.name, &new.events)?;
        if self.store.webhooks_page(&caller.tenant, "", MOST).await?.len() >= MOST {
            return Err(AppError::Conflict(format!("there are {MOST} webhooks already")));
        }
        let now = self.clock.now();
        let secret = sign::new_key(&*self.entropy);
        let webhook = Webhook {
            id: entropy::new_id(&*self.entropy, now),
            url: new.url,
            name: new.name,
            events: new.events,
            active: true,
            paused: None,
            secrets: vec![WebhookSecret { secret: secret.clone(), until: None }],
            cursor: 0,
            created_at: now,
            last_at: None,
            failing_since: None,
        };
        let mut batch = Batch::new(&caller.tenant);
        batch.insert_webhook(&webhook);
        batch.audit(AuditNote::new(caller, "webhook.create", &*webhook.id, &*webhook.url));
        self.store.apply(batch).await?;
        Ok(CreatedWebhook { webhook: WebhookView::of(webhook, now), secret })
    }

    /// Changes an address. Switching it on ends a pause.
    pub async fn change_webhook(
        &self,
        caller: &Caller,
        id: &str,
        change: ChangeWebhook,
    ) -> Result<WebhookView, AppError> {
        may(caller)?;
        let mut webhook = self.known_webhook(caller, id).await?;
        let ChangeWebhook { url, name, events, active } = change;
        webhook.url = url.unwrap_or(webhook.url);
        webhook.name = name.unwrap_or(webhook.name);
        webhook.events = events.unwrap_or(webhook.events);
        webhook.active = active.unwrap_or(webhook.active);
        self.check(&webhook.url, &webhook.name, &webhook.events)?;
        let mut batch = Batch::new(&caller.tenant);
        batch.change_webhook(&webhook);
        let on = if webhook.active { "on" } else { "off" };
        batch.audit(AuditNote::new(caller, "webhook.change", id, format!("{on} {}", webhook.url)));
        self.store.apply(batch).await?;
        self.webhook(caller, id).await
    }

    /// Deletes an address, and everything on its way to it.
    pub async fn delete_webhook(&self, caller: &Caller, id: &str) -> Result<(), AppError> {
        may(caller)?;
        let webhook = self.known_webhook(caller, id).await?;
        let mut batch = Batch::new(&caller.tenant);
        batch.delete_webhook(id).audit(AuditNote::new(caller, "webhook.delete", id, webhook.url));
        self.store.apply(batch).await?;
        Ok(())
    }

    /// Gives an address a new key. The old one signs beside it for a while.
    pub async fn rotate_webhook_secret(
        &self,
        caller: &Caller,
        id: &str,
        how: Rotate,
    ) -> Result<CreatedWebhook, AppError> {
        may(caller)?;
        if how.old_key_hours > 168 {
            return Err(Invalid::new("old_key_hours", "must be at most 168").into());
        }
        let mut webhook = self.known_webhook(caller, id).await?;
        let now = self.clock.now();
        let until = now.plus_secs(i64::from(how.old_key_hours) * 3_600);
        let secret = sign::new_key(&*self.entropy);
        let mut keys = vec![WebhookSecret { secret: secret.clone(), until: None }];
        // Keys that are being replaced already end no later than this one.
        let old = webhook.secrets.iter().map(|key| WebhookSecret {
            secret: key.secret.clone(),
            until: Some(key.until.map_or(until, |before| before.min(until))),
        });
        keys.extend(old.filter(|key| key.until.is_some_and(|until| now < until)).take(KEYS - 1));
        let mut batch = Batch::new(&caller.tenant);
        batch.change_webhook_secrets(id, &webhook.secrets, &keys);
        let detail = format!("the old key signs for {} hours more", how.old_key_hours);
        batch.audit(AuditNote::new(caller, "webhook.rotate", id, detail));
        self.store.apply(batch).await?;
        webhook.secrets = keys;
        Ok(CreatedWebhook { webhook: WebhookView::of(webhook, now), secret })
    }

    /// Deliveries to an address, the newest first, after the delivery `after`.
    pub async fn webhook_deliveries(
        &self,
        caller: &Caller,
        webhook: &str,
        filter: &DeliveryFilter,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Delivery>, AppError> {
        may(caller)?;
        self.known_webhook(caller, webhook).await?;
        let DeliveryFilter { state, event } = filter;
        let event = event.as_deref();
        Ok(self.store.deliveries_page(&caller.tenant, webhook, *state, event, after, limit).await?)
    }

    /// Sends a delivery again that has ended, well or not.
    pub async fn replay_delivery(
        &self,
        caller: &Caller,
        webhook: &str,
        id: &str,
    ) -> Result<Delivery, AppError> {
        may(caller)?;
        self.known_webhook(caller, webhook).await?;
        let of_it = |found: Option<Delivery>| found.filter(|it| it.webhook == webhook);
        let known = of_it(self.store.delivery(&caller.tenant, id).await?);
        let known = known.ok_or_else(|| missing("delivery", id))?;
        if !self.store.replay_delivery(&caller.tenant, id).await? {
            return Err(AppError::Conflict("it is on its way already".to_owned()));
        }
        self.note(caller, "webhook.replay", webhook, &*known.id).await?;
        of_it(self.store.delivery(&caller.tenant, id).await?).ok_or_else(|| missing("delivery", id))
    }

    /// Sends everything again that was made since an instant and has ended; how many there are. Test events are left
    /// out.
    pub async fn replay_since(
        &self,
        caller: &Caller,
        webhook: &str,
        what: ReplaySince,
    ) -> Result<usize, AppError> {
        may(caller)?;
        self.known_webhook(caller, webhook).await?;
        let ReplaySince { since, dead_only } = what;
        let count = self.store.replay_since(&caller.tenant, webhook, since, dead_only).await?;
        self.note(caller, "webhook.replay", webhook, format!("{count} since {since}")).await?;
        Ok(count)
    }

    fn check(&self, url: &str, name: &str, wanted: &[String]) -> Result<(), AppError> {
        if let Some(reason) = address::refusal(url, self.webhooks.settings.allow_private) {
            return Err(Invalid::new("url", reason).into());
        }
        if name.trim().is_empty() {
            return Err(Invalid::new("name", "must not be empty").into());
        }
        validate::name("name", name)?;
        if wanted.is_empty() {
            return Err(Invalid::new("events", "must name at least one event type, or `*`").into());
        }
        let known = events::event_types();
        for (n, event) in wanted.iter().enumerate() {
            if event != events::EVERYTHING && !known.iter().any(|it| it.name == *event) {
                return Err(Invalid::new(
                    format!("events[{n}]"),
                    format!("there is no event type `{event}`"),
                )
                .into());
            }
            if wanted[..n].contains(event) {
                return Err(Invalid::new(format!("events[{n}]"), "is named twice").into());
            }
        }
        Ok(())
    }
}
