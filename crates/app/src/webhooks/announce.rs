//! Events that are no changes of records: what becomes of them is written with what they tell of.

use super::events;
use crate::{App, AppError};
use serde_json::Value;
use touchline_store::Batch;

/// Addresses of a tenant are fewer.
const ALL: usize = 1_000;

impl App {
    /// Adds deliveries of an event to every address of the tenant that wants it.
    pub(crate) async fn announce(&self, batch: &mut Batch, event: &str, data: Value) -> Result<(), AppError> {
        let body = events::envelope(event, self.clock.now(), data);
        for webhook in self.store.webhooks_page(batch.tenant(), "", ALL).await? {
            if webhook.active && events::wants(&webhook.events, event) {
                batch.insert_delivery(&self.new_delivery(&webhook, event, body.clone()));
            }
        }
        Ok(())
    }
}
