//! How much there is of each kind, and when it last changed: for people who want to know what a feed will bring.
//!
//! Counting stops at a bound, so that asking costs the same on a large server as on a small one: some entries
//! of an index at most. When something changed last is the end of the index by which its feed is read.

use crate::{Store, StoreError};
use touchline_model::{TenantId, Timestamp};

/// What can be read as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Dataset {
    /// Contacts.
    Contacts,
    /// Events.
    Events,
    /// Contacts of which work sessions are worked out.
    WorkSessions,
    /// The same contacts with their times.
    ContactReport,
    /// What agents did: as many rows as are asked for.
    AgentSummary,
    /// Evaluations.
    Evaluations,
    /// Scorecards.
    Scorecards,
    /// Topics.
    Topics,
    /// Comments and highlights.
    Feedback,
    /// Shares.
    Shares,
    /// Listens.
    Listens,
    /// Coaching plans.
    Plans,
    /// Coaching sessions.
    Sessions,
    /// KPIs.
    Kpis,
    /// Values of KPIs.
    Observations,
    /// Users.
    Users,
    /// Groups.
    Groups,
    /// Inboxes.
    Inboxes,
    /// The change feed.
    Changes,
    /// What was deleted, among the newest changes.
    Deletions,
}

/// How much there is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DatasetSize {
    /// Rows; when there are more than are counted, as many as are. Absent when it depends on what is asked for.
    pub rows: Option<i64>,
    /// Whether these are all.
    pub complete: bool,
    /// When one of them last came or changed; absent when there never was one.
    pub changed_at: Option<Timestamp>,
}

macro_rules! count {
    ($table:literal) => {
        concat!("SELECT COUNT(*) FROM (SELECT 1 FROM ", $table, " WHERE tenant = ? LIMIT ?) AS counted")
    };
}
macro_rules! changed {
    ($table:literal) => {
        concat!("SELECT MAX(modified) FROM ", $table, " WHERE tenant = ?")
    };
}

/// What came last stands at the end of the order of arrival.
const LAST_EVENT: &str = "SELECT at FROM changes WHERE tenant = ? \
    AND seq = (SELECT seq FROM events WHERE tenant = ? ORDER BY seq DESC, part DESC LIMIT 1)";
/// Few changes may be deletions: looked for among so many of the newest.
const DELETIONS: &str = "SELECT COUNT(*) FROM (SELECT 1 FROM (SELECT op FROM changes WHERE tenant = ? \
    ORDER BY seq DESC LIMIT ?) AS newest WHERE op = 'delete') AS counted";
const LAST_DELETION: &str = "SELECT MAX(modified) FROM (SELECT op, at AS modified FROM changes WHERE tenant = ? \
    ORDER BY seq DESC LIMIT ?) AS newest WHERE op = 'delete'";
const LAST_CHANGE: &str = "SELECT at FROM changes WHERE tenant = ? ORDER BY seq DESC LIMIT 1";

/// Counting and the last change of what is kept in a table with a feed.
macro_rules! tables {
    ($($dataset:ident $table:literal)*) => {
        impl Dataset {
            /// Every one.
            pub const ALL: [Self; 20] = [
                Self::Contacts, Self::Events, Self::WorkSessions, Self::ContactReport, Self::AgentSummary,
                Self::Evaluations, Self::Scorecards, Self::Topics,
                Self::Feedback, Self::Shares, Self::Listens, Self::Plans, Self::Sessions, Self::Kpis,
                Self::Observations, Self::Users, Self::Groups, Self::Inboxes, Self::Changes, Self::Deletions,
            ];

            /// What counts, where there is something to be counted, and what finds the last change.
            const fn statements(self) -> (Option<&'static str>, &'static str) {
                match self {
                    $(Self::$dataset => (Some(count!($table)), changed!($table)),)*
                    Self::Events => (Some(count!("events")), LAST_EVENT),
                    // Worked out of the events, whenever they come.
                    Self::WorkSessions | Self::ContactReport => (Some(count!("contact_facts")), LAST_EVENT),
                    Self::AgentSummary => (None, LAST_EVENT),
                    Self::Changes => (Some(count!("changes")), LAST_CHANGE),
                    Self::Deletions => (Some(DELETIONS), LAST_DELETION),
                }
            }
        }

        pub(crate) const STATEMENTS: &[&str] = &[
            $(count!($table), changed!($table),)*
            count!("events"), count!("contact_facts"), count!("changes"), LAST_EVENT, LAST_CHANGE, DELETIONS,
            LAST_DELETION,
        ];
    };
}
tables! {
    Contacts "contacts"
    Evaluations "evaluations"
    Scorecards "scorecards"
    Topics "topics"
    Feedback "feedback"
    Shares "shares"
    Listens "listens"
    Plans "plans"
    Sessions "sessions"
    Kpis "kpis"
    Observations "observations"
    Users "users"
    Groups "groups_"
    Inboxes "inboxes"
}

impl Store {
    /// How much of a kind a tenant has, counted up to `most` rows.
    pub async fn dataset_size(
        &self,
        tenant: &TenantId,
        of: Dataset,
        most: i64,
    ) -> Result<DatasetSize, StoreError> {
        let (count, changed) = of.statements();
        let bounded = || vec![tenant.as_str().into(), (most + 1).into()];
        let count_of = async |sql| -> Result<i64, StoreError> {
            Ok(self.first(sql, bounded(), |row| row.int(0)).await?.unwrap_or_default())
        };
        let rows = match count {
            Some(sql) => Some(count_of(sql).await?),
            None => None,
        };
        // Of deletions, all are found when all changes were looked at.
        let complete = match of {
            Dataset::Deletions => count_of(count!("changes")).await? <= most,
            _ => rows.is_none_or(|rows| rows <= most),
        };
        let params = match of {
            Dataset::Deletions => bounded(),
            _ if changed == LAST_EVENT => vec![tenant.as_str().into(); 2],
            _ => vec![tenant.as_str().into()],
        };
        let changed_at = self.first(changed, params, |row| row.maybe_time(0)).await?.flatten();
        Ok(DatasetSize { rows: rows.map(|rows| rows.min(most)), complete, changed_at })
    }
}
