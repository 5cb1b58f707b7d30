//! Webhooks: addresses that hear of changes, and what was sent to them.
//!
//! Each address has a cursor on the change feed. It moves in the batch that saves the deliveries made of the changes
//! behind it, and only from where the writer found it: no change is lost, and none becomes two deliveries, however many
//! nodes look at the feed at once.

mod addresses;
mod deliveries;

pub use addresses::{Webhook, WebhookPause, WebhookSecret};
pub use deliveries::{AttemptEnd, Delivery, DeliveryState};

use crate::{Batch, Value};

impl Batch {
    /// The key of an address.
    fn of_webhook(&self, id: &str) -> [Value; 2] {
        [Value::Text(self.tenant.0.clone()), id.into()]
    }
}

/// Every statement of this module.
pub(crate) fn statements() -> impl Iterator<Item = &'static str> {
    addresses::STATEMENTS.iter().chain(deliveries::STATEMENTS).copied()
}
