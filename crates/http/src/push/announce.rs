//! Live notices on their way to channels.

use super::Hub;
use serde_json::value::RawValue;
use touchline_app::live::{Announcer, board::Notice};
use touchline_model::{TenantId, UserId};

/// Says on which channels a user is told of a notice, and in which words (JSON whose fields keep their order).
pub type Translator = Box<dyn Fn(&TenantId, &UserId, &Notice) -> Vec<(String, Box<RawValue>)> + Send + Sync>;

impl Hub {
    /// Adds a translator; each is asked for every notice, in the order in which they were added.
    pub fn add_translator(&self, translator: Translator) {
        self.translators().write().unwrap_or_else(std::sync::PoisonError::into_inner).push(translator);
    }
}

impl Announcer for Hub {
    fn announce(&self, tenant: &TenantId, user: &UserId, notice: &Notice) {
        let translators = self.translators().read().unwrap_or_else(std::sync::PoisonError::into_inner);
        for (channel, data) in translators.iter().flat_map(|translate| translate(tenant, user, notice)) {
            self.publish(tenant, user, &channel, &data);
        }
    }
}
