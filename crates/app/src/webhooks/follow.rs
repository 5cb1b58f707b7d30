//! Changes become deliveries: for each address, from its cursor on, in the batch that moves the cursor.
//!
//! This is no job of the pipeline's queue. A job would have to be made by every batch of every use case, or by somebody
//! who looks at the feed anyway; and the queue has two workers, whom addresses that answer slowly would keep from work.

use super::events;
use crate::{App, AppError, entropy};
use std::collections::HashMap;
use touchline_model::{ContactState, Kind, Seq, TenantId};
use touchline_store::{Batch, ChangeRow, Delivery, DeliveryState, StoreError, Webhook};

/// Changes that are read and turned into deliveries together.
const STEP: usize = 500;

impl App {
    /// Turns changes into deliveries, one step for each address that is behind: whoever has a million of them keeps
    /// nobody else waiting, and what has been turned can be sent meanwhile. Whether there may be more.
    pub(super) async fn follow_changes(&self) -> Result<bool, AppError> {
        let mut more = false;
        for (tenant, id) in self.store.webhooks_behind().await? {
            more |= self.follow_step(&tenant, &id).await?;
        }
        Ok(more)
    }

    /// One step of one address; whether there may be more.
    async fn follow_step(&self, tenant: &TenantId, id: &str) -> Result<bool, AppError> {
        let Some(webhook) = self.store.webhook(tenant, id).await? else { return Ok(false) };
        let changes = self.store.changes(tenant, webhook.cursor, STEP).await?;
        let Some(last) = changes.last().filter(|_| webhook.active) else { return Ok(false) };
        let complete =
            match webhook.events.iter().any(|it| it == events::COMPLETED || it == events::EVERYTHING) {
                true => self.complete_contacts(tenant, &changes).await?,
                false => HashMap::new(),
            };
        let mut batch = Batch::new(tenant);
        batch.advance_webhook(id, webhook.cursor, last.seq);
        for change in &changes {
            self.deliver(&mut batch, &webhook, &format!("{}.{}", change.kind, change.op), change);
            if change.kind == Kind::Contact && complete.get(&change.id) == Some(&change.seq) {
                self.deliver(&mut batch, &webhook, events::COMPLETED, change);
            }
        }
        match self.store.apply(batch).await {
            Ok(_) => Ok(changes.len() == STEP),
            // Another node was faster, or the address was switched off.
            Err(StoreError::Conflict) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Contacts among the changes that are through the pipeline now, and the number of their last change.
    async fn complete_contacts(
        &self,
        tenant: &TenantId,
        changes: &[ChangeRow],
    ) -> Result<HashMap<String, Seq>, AppError> {
        let mut ids: Vec<String> =
            changes.iter().filter(|it| it.kind == Kind::Contact).map(|it| it.id.clone()).collect();
        ids.sort_unstable();
        ids.dedup();
        let rows = self.store.contact_rows(tenant, &ids).await?;
        let complete = rows
            .into_iter()
            .filter(|row| row.contact.value.state.as_ref().is_some_and(|it| it.0 == ContactState::COMPLETE));
        Ok(complete.map(|row| (row.contact.value.id.0, row.contact.seq)).collect())
    }

    fn deliver(&self, batch: &mut Batch, webhook: &Webhook, event: &str, change: &ChangeRow) {
        if !events::wants(&webhook.events, event) {
            return;
        }
        let link = (self.webhooks.links)(change.kind, &change.id);
        batch.insert_delivery(&self.new_delivery(webhook, event, events::body(event, change, link)));
    }

    /// A delivery that is due at once.
    pub(super) fn new_delivery(&self, webhook: &Webhook, event: &str, body: String) -> Delivery {
        let now = self.clock.now();
        Delivery {
            // Without dots, so that the signed text can be read in one way only.
            id: format!("msg_{}", entropy::new_id(&*self.entropy, now).replace('-', "")),
            webhook: webhook.id.clone(),
            event: event.to_owned(),
            body,
            state: DeliveryState::Waiting,
            attempts: 0,
            next_at: now,
            status: None,
            response: None,
            error: None,
            took: None,
            created_at: now,
            last_at: None,
        }
    }
}
