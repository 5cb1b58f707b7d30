//! A type for every kind of id, so that one can never stand in for another.
//!
//! Ids given by a caller are kept as they are. An empty text (or zero) means "not given yet": the app fills it in.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

macro_rules! text_ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
        #[serde(transparent)]
        pub struct $name(pub String);

        impl $name {
            /// The id as text, as the caller gave it.
            pub fn as_str(&self) -> &str { &self.0 }
            /// Whether no id was given yet.
            pub fn is_empty(&self) -> bool { self.0.is_empty() }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { f.write_str(&self.0) }
        }
        impl From<&str> for $name { fn from(text: &str) -> Self { Self(text.to_owned()) } }
        impl From<String> for $name { fn from(text: String) -> Self { Self(text) } }
    )+};
}

macro_rules! number_ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
        #[serde(transparent)]
        pub struct $name(pub i64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { write!(f, "{}", self.0) }
        }
    )+};
}

text_ids! {
    /// A tenant: one customer of the server.
    TenantId,
    /// A person.
    UserId,
    /// A node of the tree of people.
    GroupId,
    /// One interaction.
    ContactId,
    /// A scorecard.
    ScorecardId,
    /// A question of a scorecard.
    QuestionId,
    /// A filled-in scorecard.
    EvaluationId,
    /// A comment or highlight.
    FeedbackId,
    /// A contact shown to others.
    ShareId,
    /// A stretch of listening.
    ListenId,
    /// One observed value of a KPI.
    ObservationId,
    /// A credential of some dialect.
    CredentialId,
    /// A customer, as the system that reports about contacts knows them.
    CustomerId,
    /// A customer's thread, which holds contacts.
    ConversationId,
    /// Where contacts wait for an agent.
    InboxId,
    /// Something that happened to a contact, a conversation, a task or an agent.
    EventId,
    /// A message of a contact.
    MessageId,
    /// A task.
    TaskId,
}

number_ids! {
    /// A topic; numeric because Coach360 clients expect a number (contract c360 §4.11).
    TopicId,
    /// A coaching plan; numeric (contract c360 §4.15).
    PlanId,
    /// A coaching session; numeric (contract c360 §4.14).
    SessionId,
    /// A KPI; numeric (contract c360 §4.16).
    KpiId,
    /// A skill: one number per skill name of a tenant (contract c360 R-13).
    SkillId,
}
