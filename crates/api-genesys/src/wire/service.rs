//! Whether what clients work with is there (contract genesys-voice §6, OC-57).

use serde::Serialize;

/// The message on `/notifications/services`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ServiceMessage {
    message_type: &'static str,
    services: [Service; 1],
}

#[derive(Serialize)]
struct Service {
    name: &'static str,
    state: &'static str,
}

impl ServiceMessage {
    /// Of the one service that there is.
    pub(crate) fn voice(active: bool) -> Self {
        let state = if active { "Active" } else { "Inactive" };
        Self { message_type: "ServiceStateChangeMessage", services: [Service { name: "voice", state }] }
    }
}
