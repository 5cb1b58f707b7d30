//! What all records have in common: a kind, an id, and a place in the commit order.

use crate::{Timestamp, Validate};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// The number of a change: per tenant, in commit order, without reuse (design, decision 3).
pub type Seq = i64;

/// What kind of record a change is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each variant is the record of that name")]
pub enum Kind {
    User,
    Group,
    Inbox,
    Contact,
    Topic,
    Scorecard,
    Evaluation,
    Feedback,
    Share,
    Listen,
    Plan,
    Session,
    Kpi,
    Observation,
    Event,
    Credential,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 16] = [
        Self::User,
        Self::Group,
        Self::Inbox,
        Self::Contact,
        Self::Topic,
        Self::Scorecard,
        Self::Evaluation,
        Self::Feedback,
        Self::Share,
        Self::Listen,
        Self::Plan,
        Self::Session,
        Self::Kpi,
        Self::Observation,
        Self::Event,
        Self::Credential,
    ];
    /// The name on the wire and in the store.
    pub const fn name(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Group => "group",
            Self::Inbox => "inbox",
            Self::Contact => "contact",
            Self::Topic => "topic",
            Self::Scorecard => "scorecard",
            Self::Evaluation => "evaluation",
            Self::Feedback => "feedback",
            Self::Share => "share",
            Self::Listen => "listen",
            Self::Plan => "plan",
            Self::Session => "session",
            Self::Kpi => "kpi",
            Self::Observation => "observation",
            Self::Event => "event",
            Self::Credential => "credential",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
impl FromStr for Kind {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|kind| kind.name() == text).ok_or(())
    }
}

/// A noun that is stored under a tenant and an id.
pub trait Record: Validate + Clone + PartialEq + Serialize + Send + Sync + 'static {
    /// Its kind in the change feed.
    const KIND: Kind;
    /// Whether ids are numbers from the tenant's counter rather than texts.
    const NUMERIC: bool = false;
    /// The id as text; empty (or `0`) when none was given yet.
    fn id(&self) -> String;
    /// Gives the record its id. For numeric kinds a text that is no number is ignored.
    fn set_id(&mut self, id: &str);
}

/// A record with its place in the commit order.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Stored<T> {
    /// The record.
    #[serde(flatten)]
    pub value: T,
    /// When its last change was committed; never goes back within a tenant.
    pub modified: Timestamp,
    /// Number of its last change.
    pub seq: Seq,
}

/// Implements [`Record`] for a struct with a text id.
#[macro_export]
macro_rules! text_record {
    ($type:ty, $kind:ident) => {
        impl $crate::Record for $type {
            const KIND: $crate::Kind = $crate::Kind::$kind;
            fn id(&self) -> String {
                self.id.0.clone()
            }
            fn set_id(&mut self, id: &str) {
                self.id.0 = id.to_owned();
            }
        }
    };
}

/// Implements [`Record`] for a struct with a numeric id.
#[macro_export]
macro_rules! number_record {
    ($type:ty, $kind:ident) => {
        impl $crate::Record for $type {
            const KIND: $crate::Kind = $crate::Kind::$kind;
            const NUMERIC: bool = true;
            fn id(&self) -> String {
                self.id.0.to_string()
            }
            fn set_id(&mut self, id: &str) {
                if let Ok(number) = id.parse() {
                    self.id.0 = number;
                }
            }
        }
    };
}
