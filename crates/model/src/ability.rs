//! What a caller may do.

use crate::{TenantId, UserId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeSet, fmt, str::FromStr};

/// One thing that a credential or a role may allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Ability {
    /// Make and list tenants; only an operator's credential has it.
    Operate,
    /// See users and groups.
    ReadDirectory,
    /// Change users and groups.
    WriteDirectory,
    /// See contacts: metadata, statistics, topics, summaries.
    ReadContacts,
    /// Create and change contacts, recordings and transcripts.
    WriteContacts,
    /// Erase contacts.
    DeleteContacts,
    /// Read transcripts and hear recordings. Each use is audited.
    ReadRecordings,
    /// See topics, scorecards and evaluations.
    ReadQuality,
    /// Change topics, scorecards and evaluations.
    WriteQuality,
    /// See feedback, shares, listens, plans, sessions, KPIs.
    ReadCoaching,
    /// Change feedback, shares, listens, plans, sessions, KPIs.
    WriteCoaching,
    /// See events and the reports that are worked out from them.
    ReadReports,
    /// Follow the change feed.
    ReadChanges,
    /// Make and revoke credentials.
    ManageCredentials,
    /// See jobs and the audit trail.
    Administer,
}

impl Ability {
    /// Every ability.
    pub const ALL: [Self; 15] = [
        Self::Operate,
        Self::ReadDirectory,
        Self::WriteDirectory,
        Self::ReadContacts,
        Self::WriteContacts,
        Self::DeleteContacts,
        Self::ReadRecordings,
        Self::ReadQuality,
        Self::WriteQuality,
        Self::ReadCoaching,
        Self::WriteCoaching,
        Self::ReadReports,
        Self::ReadChanges,
        Self::ManageCredentials,
        Self::Administer,
    ];
    /// The name on the wire and in the store.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Operate => "operate",
            Self::ReadDirectory => "read_directory",
            Self::WriteDirectory => "write_directory",
            Self::ReadContacts => "read_contacts",
            Self::WriteContacts => "write_contacts",
            Self::DeleteContacts => "delete_contacts",
            Self::ReadRecordings => "read_recordings",
            Self::ReadQuality => "read_quality",
            Self::WriteQuality => "write_quality",
            Self::ReadCoaching => "read_coaching",
            Self::WriteCoaching => "write_coaching",
            Self::ReadReports => "read_reports",
            Self::ReadChanges => "read_changes",
            Self::ManageCredentials => "manage_credentials",
            Self::Administer => "administer",
        }
    }
    /// Everything inside one tenant.
    pub fn all_of_tenant() -> BTreeSet<Self> {
        Self::ALL.into_iter().filter(|ability| *ability != Self::Operate).collect()
    }
}
impl fmt::Display for Ability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
impl FromStr for Ability {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|ability| ability.name() == text).ok_or(())
    }
}

/// What a person is in the pages; each role is a set of abilities.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Runs the tenant: people, credentials, webhooks, settings, audit trail, and everything a manager may.
    Administrator,
    /// Leads people: sees and judges everything, imports, deletes contacts.
    Manager,
    /// Coaches: sees everything, judges and comments.
    Coach,
    /// Looks for patterns: sees everything, changes topics and scorecards, comments.
    Analyst,
    /// Talks to customers: sees the own contacts, and what was said about them.
    Agent,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 5] = [Self::Administrator, Self::Manager, Self::Coach, Self::Analyst, Self::Agent];

    /// The name on the wire and in the store.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Administrator => "administrator",
            Self::Manager => "manager",
            Self::Coach => "coach",
            Self::Analyst => "analyst",
            Self::Agent => "agent",
        }
    }
    /// What the role allows.
    pub fn abilities(self) -> BTreeSet<Ability> {
        use Ability as A;
        let reads = [A::ReadContacts, A::ReadRecordings, A::ReadQuality, A::ReadCoaching];
        let more: &[Ability] = match self {
            Self::Administrator => return Ability::all_of_tenant(),
            Self::Manager => &[
                A::ReadDirectory,
                A::ReadReports,
                A::ReadChanges,
                A::WriteContacts,
                A::DeleteContacts,
                A::WriteQuality,
                A::WriteCoaching,
            ],
            Self::Coach | Self::Analyst => {
                &[A::ReadDirectory, A::ReadReports, A::ReadChanges, A::WriteQuality, A::WriteCoaching]
            }
            Self::Agent => &[A::WriteCoaching],
        };
        reads.iter().chain(more).copied().collect()
    }
    /// Whether the role sees only what is about the person.
    pub const fn own_only(self) -> bool {
        matches!(self, Self::Agent)
    }
}
impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
impl FromStr for Role {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|role| role.name() == text).ok_or(())
    }
}

/// Who asks: whose tenant, by which credential, with which abilities, from where.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The tenant that everything is confined to; an operator has one of its own, which holds no contacts.
    pub tenant: TenantId,
    /// Who, for the audit trail: `credential:ID`, `user:ID`, `job:KIND` or `cli`.
    pub actor: String,
    /// The person, when one is signed in to the pages.
    pub user: Option<UserId>,
    /// Whether the caller sees only what is about this person. Use cases that do not know of this refuse such callers.
    pub own_only: bool,
    /// What this caller may do.
    pub abilities: BTreeSet<Ability>,
    /// Address of the peer, for the audit trail.
    pub source: String,
}

impl Caller {
    /// Whether the caller has an ability.
    pub fn may(&self, ability: Ability) -> bool {
        self.abilities.contains(&ability)
    }
    /// The program itself, acting inside a tenant: command line, demo, jobs.
    pub fn system(tenant: TenantId, actor: &str) -> Self {
        Self {
            tenant,
            actor: actor.to_owned(),
            user: None,
            own_only: false,
            abilities: Ability::ALL.into_iter().collect(),
            source: "local".to_owned(),
        }
    }
}
