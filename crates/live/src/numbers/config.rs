//! The number plan as it is written down: the section `[telephony]`, or what the administration pages store.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;
use touchline_model::UserId;

/// Everything about numbers. An unknown key is an error; what is left out has the default shown.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct NumberPlan {
    /// How numbers are dialled here.
    pub dialling: Dialling,
    /// Numbers that always go out, by the first trunk that takes them, whoever calls and whatever is blocked.
    pub emergency: Vec<String>,
    /// Beginnings of numbers that nobody may call, as `+4990` for +49 90…; the international form.
    pub blocked: Vec<String>,
    /// Numbers of people.
    pub users: Vec<UserNumber>,
    /// How long a person's telephone rings when the own number was called, in seconds; then nobody answers (30 unless
    /// given). Groups and queues have times of their own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ring_secs: Option<u16>,
    /// Numbers that ring several people.
    pub groups: Vec<RingGroup>,
    /// Numbers at which callers wait for an agent.
    pub queues: Vec<QueueConfig>,
    /// Ways to the telephone network, best first.
    pub trunks: Vec<Trunk>,
}

/// How a number that somebody dials becomes an international one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Dialling {
    /// Country code without `+`; empty if only international numbers are dialled.
    pub country_code: String,
    /// What is dialled before a number of the same country.
    pub national_prefix: String,
    /// What is dialled before a number of another country, besides `+`.
    pub international_prefix: String,
    /// What is dialled for a line to the outside; empty if nothing is.
    pub outside_prefix: String,
    /// Whether a number without any prefix is one of the same country, as in North America.
    pub bare_is_national: bool,
}

impl Default for Dialling {
    /// As in most of Europe: `0` and `00`, no prefix for the outside.
    fn default() -> Self {
        Self {
            country_code: String::new(),
            national_prefix: "0".into(),
            international_prefix: "00".into(),
            outside_prefix: String::new(),
            bare_is_national: false,
        }
    }
}

/// A person's number.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UserNumber {
    /// Inside number; digits, `*` and `#`.
    pub number: String,
    /// Whose.
    pub user: UserId,
    /// Number by which people outside reach it, and which they see; international.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub public: Option<String>,
    /// May this person call outside?
    #[serde(default = "yes")]
    pub outside: bool,
}

const fn yes() -> bool {
    true
}

/// How the members of a group are rung.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RingOrder {
    /// All at once.
    #[default]
    All,
    /// One after another.
    InTurn,
}

/// A number that rings several people. Unlike a queue it does not know who is ready, and nobody waits.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RingGroup {
    /// Inside number.
    pub number: String,
    /// For the pages.
    pub name: String,
    /// Inside numbers of users.
    pub members: Vec<String>,
    /// All at once, or in turn.
    #[serde(default)]
    pub order: RingOrder,
    /// How long each is rung, in seconds.
    #[serde(default = "ring_secs")]
    pub ring_secs: u32,
    /// Inside number that takes the call when nobody does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overflow: Option<String>,
    /// Number by which people outside reach it; international.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub public: Option<String>,
}

/// A number at which callers wait for the agent who has been ready for longest.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct QueueConfig {
    /// Inside number.
    pub number: String,
    /// For the pages and for the contact's inbox.
    pub name: String,
    /// Agents, by their user ids.
    pub members: Vec<UserId>,
    /// How long an agent is rung before the next one is, in seconds.
    #[serde(default = "ring_secs")]
    pub ring_secs: u32,
    /// How long a caller waits before the call goes elsewhere, in seconds. A ring that has begun is finished first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overflow_after_secs: Option<u32>,
    /// Inside number to which it goes; without one the call is refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overflow: Option<String>,
    /// Goes elsewhere at once when no member is logged in.
    #[serde(default)]
    pub overflow_when_nobody: bool,
    /// Most callers that wait; more go elsewhere at once.
    #[serde(default = "max_waiting")]
    pub max_waiting: usize,
    /// Time for after-call work before the next call, in seconds.
    #[serde(default)]
    pub wrap_up_secs: u32,
    /// So many missed calls in a row make an agent not ready; 0 never does.
    #[serde(default = "misses")]
    pub misses: u32,
    /// Number by which people outside reach it; international.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub public: Option<String>,
}

const fn ring_secs() -> u32 {
    15
}

const fn max_waiting() -> usize {
    100
}

const fn misses() -> u32 {
    3
}

/// A way to the telephone network.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Trunk {
    /// Its name here.
    pub name: String,
    /// Where calls go: a host, which is looked up (RFC 3263), or `host:port`; either with `;transport=udp`, `tcp` or `tls`.
    pub server: String,
    /// Addresses or networks (`192.0.2.0/28`) from which calls come without a password.
    #[serde(default)]
    pub addresses: Vec<String>,
    /// How this server registers there, if it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub register: Option<TrunkRegistration>,
    /// Beginnings of international numbers that go this way, as `+49`; the longest one decides, empty takes all.
    #[serde(default)]
    pub prefixes: Vec<String>,
    /// Number shown for callers who have no public one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caller_number: Option<String>,
    /// Inside number for calls to a public number that nobody has; without one they are refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<String>,
}

/// How this server registers at a trunk's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TrunkRegistration {
    /// User name.
    pub username: String,
    /// Password; needed in clear, because here we are the phone.
    pub password: Secret,
    /// Wanted lifetime in seconds.
    #[serde(default = "register_secs")]
    pub expires_secs: u32,
}

const fn register_secs() -> u32 {
    600
}

/// A password that is not shown in logs. It is written where the plan is stored, so that place must be guarded.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Secret(pub String);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(not shown)")
    }
}
