//! The change feed: every committed write of a tenant, numbered in commit order.

use crate::{App, AppError, require};
use std::time::Duration;
use touchline_model::{Ability, Caller, Seq};
use touchline_store::ChangeRow;

/// How often other nodes' commits are looked for while somebody waits.
const POLL: Duration = Duration::from_millis(500);

impl App {
    /// Changes after number `after`, at most `limit`. When there are none yet, waits up to `wait` for the first.
    pub async fn changes(
        &self,
        caller: &Caller,
        after: Seq,
        limit: usize,
        wait: Duration,
    ) -> Result<Vec<ChangeRow>, AppError> {
        require(caller, Ability::ReadChanges)?;
        let deadline = tokio::time::Instant::now() + wait;
        let mut commits = self.store.watch();
        loop {
            commits.borrow_and_update();
            let found = self.store.changes(&caller.tenant, after, limit).await?;
            let now = tokio::time::Instant::now();
            if !found.is_empty() || now >= deadline {
                return Ok(found);
            }
            let _ = tokio::time::timeout_at(deadline.min(now + POLL), commits.changed()).await;
        }
    }
}
