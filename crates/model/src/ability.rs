//! What a caller may do.

use crate::TenantId;
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
    /// Follow the change feed.
    ReadChanges,
    /// Make and revoke credentials.
    ManageCredentials,
    /// See jobs and the audit trail.
    Administer,
}

impl Ability {
    /// Every ability.
    pub const ALL: [Self; 14] = [
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

/// Who asks: whose tenant, by which credential, with which abilities, from where.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The tenant that everything is confined to; an operator has one of its own, which holds no contacts.
    pub tenant: TenantId,
    /// Who, for the audit trail: `credential:ID` or `cli`.
    pub actor: String,
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
            abilities: Ability::ALL.into_iter().collect(),
            source: "local".to_owned(),
        }
    }
}
