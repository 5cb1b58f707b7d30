//! Names of those whom the rows of a report know by id alone.

use std::collections::HashMap;
use touchline_model::{InboxId, UserId};

/// What the directory calls agents and inboxes.
#[derive(Debug, Default)]
pub(super) struct Names {
    pub(super) agents: HashMap<UserId, String>,
    pub(super) inboxes: HashMap<InboxId, String>,
}

impl Names {
    /// An agent's name; the id of somebody whom the directory does not know.
    pub(super) fn agent(&self, id: &UserId) -> String {
        self.agents.get(id).cloned().unwrap_or_else(|| id.0.clone())
    }
    /// An inbox's name, or its id.
    pub(super) fn inbox(&self, id: &InboxId) -> String {
        self.inboxes.get(id).cloned().unwrap_or_else(|| id.0.clone())
    }
}
