//! Which data sets there are, and when a day of each is closed.

use std::str::FromStr;
use touchline_model::{Ability, Timestamp};

/// What can be exported.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Dataset {
    /// Contacts as they stand, by the day of their last change.
    Contacts,
    /// Evaluations with their scores, by the day of their last change.
    Evaluations,
    /// People, by the day of their last change.
    Users,
    /// The tree of people, by the day of the last change.
    Groups,
    /// Inboxes, by the day of their last change.
    Inboxes,
    /// Events, by the day of their arrival.
    Events,
    /// What was deleted or erased, by the day on which it was.
    Deletions,
    /// Work sessions, by the day on which the contact ended (of open ones: began).
    WorkSessions,
    /// Contacts with their times, by the day on which they began.
    ContactReport,
    /// What each agent did on each day.
    AgentSummary,
}

/// A day that is dated by changes is closed so long after its end, in seconds: a commit that was dated before midnight
/// must have become visible, and the clocks of several nodes may differ by as much.
const SETTLE_SECS: i64 = 300;
const DAY_SECS: i64 = 86_400;
/// How many days after its end a day of contacts may be closed: at the first at which all had ended, at the last anyway.
const LOOKS: [i64; 4] = [1, 3, 7, 30];

/// How the days of a data set close.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Closing {
    /// It holds what changed on the day, and is over when the day is.
    Changes,
    /// It is a report of the day as it was known a day after its end.
    NextDay,
    /// It is a report of contacts that began on the day.
    WhenEnded,
}

/// One way to make a day: as of when, and whether the day is closed by it if every contact has ended, or anyway.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Look {
    pub(super) horizon: Timestamp,
    pub(super) closes: Closes,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Closes {
    Never,
    IfAllEnded,
    Always,
}

impl Dataset {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Contacts,
        Self::Evaluations,
        Self::Users,
        Self::Groups,
        Self::Inboxes,
        Self::Events,
        Self::Deletions,
        Self::WorkSessions,
        Self::ContactReport,
        Self::AgentSummary,
    ];

    /// Its name, and that of its folder.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Contacts => "contacts",
            Self::Evaluations => "evaluations",
            Self::Users => "users",
            Self::Groups => "groups",
            Self::Inboxes => "inboxes",
            Self::Events => "events",
            Self::Deletions => "deletions",
            Self::WorkSessions => "work-sessions",
            Self::ContactReport => "contact-report",
            Self::AgentSummary => "agent-summary",
        }
    }

    /// What it holds, and by which day.
    pub const fn about(self) -> &'static str {
        match self {
            Self::Contacts => "contacts as they stand, by the day of their last change",
            Self::Evaluations => "evaluations with their scores, by the day of their last change",
            Self::Users => "people, by the day of their last change",
            Self::Groups => "the tree of people, by the day of the last change",
            Self::Inboxes => "inboxes, by the day of their last change",
            Self::Events => "events, by the day of their arrival",
            Self::Deletions => "what was deleted or erased, by the day on which it was",
            Self::WorkSessions => "each agent's work on each contact, by the day on which the contact ended",
            Self::ContactReport => "contacts with their times, by the day on which they began",
            Self::AgentSummary => "what each agent did on each day",
        }
    }

    /// The columns by which a row of a later day replaces one of an earlier day.
    pub const fn key(self) -> &'static [&'static str] {
        match self {
            Self::Contacts
            | Self::Evaluations
            | Self::Users
            | Self::Groups
            | Self::Inboxes
            | Self::Events => &["id"],
            Self::Deletions => &["seq"],
            // All rows of a contact are replaced by those of the latest day that has any.
            Self::WorkSessions | Self::ContactReport => &["contact_id"],
            Self::AgentSummary => &["bucket_start", "agent_id"],
        }
    }

    /// What its reader must be allowed.
    pub const fn needs(self) -> Ability {
        match self {
            Self::Contacts => Ability::ReadContacts,
            Self::Evaluations => Ability::ReadQuality,
            Self::Users | Self::Groups | Self::Inboxes => Ability::ReadDirectory,
            Self::Deletions => Ability::ReadChanges,
            Self::Events | Self::WorkSessions | Self::ContactReport | Self::AgentSummary => {
                Ability::ReadReports
            }
        }
    }

    pub(super) const fn closing(self) -> Closing {
        match self {
            Self::WorkSessions | Self::AgentSummary => Closing::NextDay,
            Self::ContactReport => Closing::WhenEnded,
            _ => Closing::Changes,
        }
    }

    /// The ways to make a day that ends at `end`, the first that closes it wins; the last one never fails to make it.
    /// Empty for a day of which nothing can be known yet.
    pub(super) fn looks(
        self,
        start: Timestamp,
        end: Timestamp,
        now: Timestamp,
        horizon: Timestamp,
    ) -> Vec<Look> {
        let after = |days: i64| end.plus_secs(days * DAY_SECS);
        match self.closing() {
            Closing::Changes if now < start => vec![],
            Closing::Changes => {
                let closes = if now >= end.plus_secs(SETTLE_SECS) { Closes::Always } else { Closes::Never };
                vec![Look { horizon: now.min(end), closes }]
            }
            Closing::NextDay | Closing::WhenEnded if horizon < start => vec![],
            Closing::NextDay => {
                let closes = if horizon >= after(1) { Closes::Always } else { Closes::Never };
                vec![Look { horizon: horizon.min(after(1)), closes }]
            }
            Closing::WhenEnded => {
                let last = LOOKS.last().copied().unwrap_or(1);
                let mut looks: Vec<Look> = LOOKS
                    .iter()
                    .filter(|days| after(**days) <= horizon)
                    .map(|days| {
                        let closes = if *days == last { Closes::Always } else { Closes::IfAllEnded };
                        Look { horizon: after(*days), closes }
                    })
                    .collect();
                if !looks.iter().any(|it| it.closes == Closes::Always) {
                    looks.push(Look { horizon, closes: Closes::Never });
                }
                looks
            }
        }
    }
}

impl std::fmt::Display for Dataset {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}
impl FromStr for Dataset {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|it| it.name() == text).ok_or(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_day_closes_when_what_it_holds_can_no_longer_change() {
        let (start, end) = (at("2026-03-01T00:00:00Z"), at("2026-03-02T00:00:00Z"));
        let looks = |dataset: Dataset, now: &str| -> Vec<(String, Closes)> {
            let horizon = at(now).plus_secs(-3_600);
            let looks = dataset.looks(start, end, at(now), horizon);
            looks.into_iter().map(|it| (it.horizon.to_string(), it.closes)).collect()
        };
        let one = |horizon: &str, closes| vec![(horizon.to_owned(), closes)];
        let (contacts, sessions, report) = (Dataset::Contacts, Dataset::WorkSessions, Dataset::ContactReport);
        assert_eq!(looks(contacts, "2026-02-28T23:00:00Z"), []);
        assert_eq!(looks(contacts, "2026-03-01T10:00:00Z"), one("2026-03-01T10:00:00Z", Closes::Never));
        assert_eq!(looks(contacts, "2026-03-02T00:04:59Z"), one("2026-03-02T00:00:00Z", Closes::Never));
        assert_eq!(looks(contacts, "2026-03-02T00:05:00Z"), one("2026-03-02T00:00:00Z", Closes::Always));
        assert_eq!(looks(sessions, "2026-03-01T00:59:00Z"), []);
        assert_eq!(looks(sessions, "2026-03-03T00:59:00Z"), one("2026-03-02T23:59:00Z", Closes::Never));
        assert_eq!(looks(sessions, "2026-05-01T00:00:00Z"), one("2026-03-03T00:00:00Z", Closes::Always));
        let names: Vec<String> = looks(report, "2026-03-06T00:00:00Z").into_iter().map(|it| it.0).collect();
        assert_eq!(names, ["2026-03-03T00:00:00Z", "2026-03-05T00:00:00Z", "2026-03-05T23:00:00Z"]);
        let late = looks(report, "2026-06-01T00:00:00Z");
        assert_eq!(late.len(), 4);
        assert_eq!(late[3], ("2026-04-01T00:00:00Z".to_owned(), Closes::Always));
    }
}
