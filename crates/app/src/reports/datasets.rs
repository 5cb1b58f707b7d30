//! What can be loaded from this server, how much there is of it, and who may.

use crate::{App, AppError, require};
use touchline_model::{Ability, Caller};
use touchline_store::{Dataset, DatasetSize};

/// Rows are counted up to here, which takes some milliseconds of each kind.
pub const MOST_COUNTED: i64 = 100_000;

/// What one needs in order to read a kind of data.
pub const fn ability_for(dataset: Dataset) -> Ability {
    match dataset {
        Dataset::Contacts => Ability::ReadContacts,
        Dataset::Events | Dataset::WorkSessions | Dataset::ContactReport | Dataset::AgentSummary => {
            Ability::ReadReports
        }
        Dataset::Evaluations | Dataset::Scorecards | Dataset::Topics => Ability::ReadQuality,
        Dataset::Feedback
        | Dataset::Shares
        | Dataset::Listens
        | Dataset::Plans
        | Dataset::Sessions
        | Dataset::Kpis
        | Dataset::Observations => Ability::ReadCoaching,
        Dataset::Users | Dataset::Groups | Dataset::Inboxes => Ability::ReadDirectory,
        Dataset::Changes | Dataset::Deletions => Ability::ReadChanges,
    }
}

impl App {
    /// How much there is of each kind that the caller may read. Counting stops at [`MOST_COUNTED`].
    pub async fn datasets(&self, caller: &Caller) -> Result<Vec<(Dataset, DatasetSize)>, AppError> {
        require(caller, Ability::ReadReports)?;
        let mut found = Vec::new();
        for dataset in Dataset::ALL {
            if caller.may(ability_for(dataset)) {
                found.push((dataset, self.store.dataset_size(&caller.tenant, dataset, MOST_COUNTED).await?));
            }
        }
        Ok(found)
    }

    /// Whether nothing has happened here yet, so that every report is empty.
    pub async fn is_without_events(&self, caller: &Caller) -> Result<bool, AppError> {
        require(caller, Ability::ReadReports)?;
        Ok(self.store.events_after(&caller.tenant, (0, 0), 1).await?.is_empty())
    }
}
