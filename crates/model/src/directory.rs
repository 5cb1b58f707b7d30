//! People and the tree they stand in.

use crate::{GroupId, InboxId, Invalid, TenantId, Timestamp, UserId, Validate, text_record, validate as v};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One customer of the server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Tenant {
    /// Short name, used in commands and credentials: lower-case letters, digits, `-`.
    pub id: TenantId,
    /// Name for people.
    pub name: String,
    /// When it was made.
    pub created_at: Timestamp,
}

fn yes() -> bool {
    true
}

/// A person.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct User {
    /// Id; made when absent.
    #[serde(default)]
    pub id: UserId,
    /// E-mail address.
    pub email: String,
    /// Given name.
    #[serde(default)]
    pub first_name: String,
    /// Family name.
    #[serde(default)]
    pub last_name: String,
    /// The team (a group) this person is in.
    #[serde(default)]
    pub team_id: Option<GroupId>,
    /// The department (a group); when absent, the one that holds the team.
    #[serde(default)]
    pub department_id: Option<GroupId>,
    /// Ids of this person in diallers and CRMs.
    #[serde(default)]
    pub system_ids: Vec<String>,
    /// Telephone numbers, E.164 where known.
    #[serde(default)]
    pub phone_numbers: Vec<String>,
    /// Whether the person still works here.
    #[serde(default = "yes")]
    pub active: bool,
}
text_record!(User, User);

impl Validate for User {
    fn validate(&self) -> Result<(), Invalid> {
        v::id("id", &self.id.0)?;
        v::name("email", &self.email)?;
        if self.email.trim().is_empty() {
            return Err(Invalid::new("email", "must not be empty"));
        }
        v::name("first_name", &self.first_name)?;
        v::name("last_name", &self.last_name)?;
        v::maybe_id("team_id", self.team_id.as_ref().map(GroupId::as_str))?;
        v::maybe_id("department_id", self.department_id.as_ref().map(GroupId::as_str))?;
        v::at_most("system_ids", &self.system_ids, 100)?;
        v::at_most("phone_numbers", &self.phone_numbers, 100)?;
        self.system_ids.iter().try_for_each(|id| v::name("system_ids", id))?;
        self.phone_numbers.iter().try_for_each(|number| v::name("phone_numbers", number))
    }
}

/// What a group is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum GroupKind {
    /// A leaf: people work in it.
    #[default]
    Team,
    /// Holds teams or other departments.
    Department,
}

/// A node of the tree of people.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// Id; made when absent.
    #[serde(default)]
    pub id: GroupId,
    /// Name for people.
    pub name: String,
    /// Team or department.
    #[serde(default)]
    pub kind: GroupKind,
    /// The group above.
    #[serde(default)]
    pub parent_id: Option<GroupId>,
    /// Who leads it.
    #[serde(default)]
    pub manager_id: Option<UserId>,
    /// Whether it still exists in the organisation.
    #[serde(default = "yes")]
    pub active: bool,
}
text_record!(Group, Group);

impl Validate for Group {
    fn validate(&self) -> Result<(), Invalid> {
        v::id("id", &self.id.0)?;
        v::name("name", &self.name)?;
        v::maybe_id("parent_id", self.parent_id.as_ref().map(GroupId::as_str))?;
        v::maybe_id("manager_id", self.manager_id.as_ref().map(UserId::as_str))?;
        match self.parent_id.as_ref() == Some(&self.id) {
            true => Err(Invalid::new("parent_id", "a group cannot stand above itself")),
            false => Ok(()),
        }
    }
}

/// Where contacts wait for an agent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Inbox {
    /// Id; made when absent.
    #[serde(default)]
    pub id: InboxId,
    /// Name for people; no other inbox has it (contract gladly §7.2).
    pub name: String,
    /// Whether nothing arrives in it any more.
    #[serde(default)]
    pub disabled: bool,
    /// Who works in it.
    #[serde(default)]
    pub agent_ids: Vec<UserId>,
}
text_record!(Inbox, Inbox);

impl Validate for Inbox {
    fn validate(&self) -> Result<(), Invalid> {
        v::id("id", &self.id.0)?;
        v::name("name", &self.name)?;
        if self.name.trim().is_empty() {
            return Err(Invalid::new("name", "must not be empty"));
        }
        v::at_most("agent_ids", &self.agent_ids, 10_000)?;
        self.agent_ids
            .iter()
            .enumerate()
            .try_for_each(|(at, id)| v::id(&format!("agent_ids[{at}]"), id.as_str()))
    }
}
