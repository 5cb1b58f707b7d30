//! Closed lists of names and how they are written on the wire.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

macro_rules! names {
    ($($(#[$doc:meta])* $type:ident { $($(#[$about:meta])* $variant:ident = $name:literal),+ $(,)? })+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
        pub enum $type { $($(#[$about])* #[serde(rename = $name)] $variant),+ }

        impl $type {
            /// All of them, in the order of declaration.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];
            /// The name on the wire and in the store.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }
        }
        impl FromStr for $type {
            type Err = ();
            fn from_str(text: &str) -> Result<Self, ()> {
                match text { $($name => Ok(Self::$variant),)+ _ => Err(()) }
            }
        }
        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { f.write_str(self.name()) }
        }
    )+};
}

names! {
    /// What kind of event it is; the text in `type` (contract gladly §8, R-23).
    EventKind {
        /// A contact was queued, or begun by us.
        ContactStarted = "CONTACT/STARTED",
        /// It was offered to an agent.
        ContactOffered = "CONTACT/OFFERED",
        /// An agent took it.
        ContactOfferAccepted = "CONTACT/OFFER_ACCEPTED",
        /// An agent did not take it.
        ContactOfferRejected = "CONTACT/OFFER_REJECTED",
        /// An agent joined.
        ContactJoined = "CONTACT/JOINED",
        /// We sent a message.
        ContactMessageSent = "CONTACT/MESSAGE_SENT",
        /// The customer sent a message.
        ContactMessageReceived = "CONTACT/MESSAGE_RECEIVED",
        /// The customer was put on hold.
        ContactHoldStarted = "CONTACT/HOLD_STARTED",
        /// The customer was taken back.
        ContactHoldEnded = "CONTACT/HOLD_ENDED",
        /// It went to another inbox or agent.
        ContactTransferred = "CONTACT/TRANSFERRED",
        /// Its service level was fulfilled.
        ContactFulfilled = "CONTACT/FULFILLED",
        /// It ended.
        ContactEnded = "CONTACT/ENDED",
        /// A conversation began.
        ConversationCreated = "CONVERSATION/CREATED",
        /// It was resolved.
        ConversationClosed = "CONVERSATION/CLOSED",
        /// It was taken up again.
        ConversationReopened = "CONVERSATION/REOPENED",
        /// It became part of another one (ours).
        ConversationMerged = "CONVERSATION/MERGED",
        /// It changed hands.
        ConversationAssigneeUpdated = "CONVERSATION_ASSIGNEE/UPDATED",
        /// Its status was set.
        ConversationStatusUpdated = "CONVERSATION_STATUS/UPDATED",
        /// Its topics were set (ours).
        ConversationTopicsUpdated = "CONVERSATION_TOPICS/UPDATED",
        /// Its fields of the organisation's own were set (ours).
        ConversationAttributesUpdated = "CONVERSATION_ATTRIBUTES/UPDATED",
        /// Two customers turned out to be one (ours).
        CustomerMerged = "CUSTOMER/MERGED",
        /// An agent came.
        AgentLoggedIn = "AGENT_STATUS/LOGGED_IN",
        /// An agent left, or was logged out for idling.
        AgentLoggedOut = "AGENT_STATUS/LOGGED_OUT",
        /// An agent went away, or was found idle.
        AgentWentAway = "AGENT_STATUS/WENT_AWAY",
        /// An agent came back.
        AgentReturnedFromAway = "AGENT_STATUS/RETURNED_FROM_AWAY",
        /// An agent turned to something else.
        AgentChangedActiveReason = "AGENT_STATUS/CHANGED_ACTIVE_REASON",
        /// An agent became available for kinds of channels.
        AgentAvailabilityUpdated = "AGENT_AVAILABILITY/UPDATED",
        /// A task began.
        TaskCreated = "TASK/CREATED",
        /// It was done.
        TaskClosed = "TASK/CLOSED",
        /// It was taken up again.
        TaskReopened = "TASK/REOPENED",
        /// Somebody commented on it.
        TaskCommentAdded = "TASK/COMMENT_ADDED",
        /// Its text was changed.
        TaskContentUpdated = "TASK/CONTENT_UPDATED",
        /// Its due date was changed.
        TaskDueDateUpdated = "TASK/DUE_DATE_UPDATED",
        /// An agent had a customer's profile open for a while (ours).
        AgentView = "X_AGENT_VIEW",
    }
    /// Who did it.
    InitiatorKind {
        /// The customer.
        Customer = "CUSTOMER",
        /// One of us.
        Agent = "AGENT",
        /// A rule.
        Automation = "AUTOMATION",
        /// Somebody of the organisation who is no agent.
        Internal = "INTERNAL",
        /// Somebody outside who is no customer.
        External = "EXTERNAL",
        /// A program, through an interface.
        Application = "APPLICATION",
        /// The system itself.
        System = "SYSTEM",
    }
    /// By which channel a contact runs (contract gladly §4.1). Finer than [`crate::Channel`], which says what
    /// kind of recording or transcript a contact has. Declared by rank, the highest first (contract gladly R-4).
    ContactChannel {
        /// A telephone call.
        PhoneCall = "PHONE_CALL",
        /// A chat on a page of ours.
        Chat = "CHAT",
        /// Facebook Messenger.
        FbMessenger = "FB_MESSENGER",
        /// Instagram direct messages.
        InstagramDirect = "INSTAGRAM_DIRECT",
        /// WhatsApp.
        Whatsapp = "WHATSAPP",
        /// Text messages.
        Sms = "SMS",
        /// Twitter, of older data.
        Twitter = "TWITTER",
        /// E-mail.
        Email = "EMAIL",
        /// A message left on an answering machine.
        Voicemail = "VOICEMAIL",
        /// A call that nobody took, of older data.
        AbandonedCall = "ABANDONED_CALL",
    }
    /// Kinds of channels that an agent can be available for.
    ChannelType {
        /// E-mail.
        Mail = "MAIL",
        /// Chats and messages.
        Messaging = "MESSAGING",
        /// Tasks.
        Task = "TASK",
        /// Calls.
        Voice = "VOICE",
    }
    /// How a contact ended (contract gladly §4.2).
    ContactStatus {
        /// The customer gave up.
        Abandoned = "ABANDONED",
        /// Somebody answered.
        Answered = "ANSWERED",
        /// Nobody answered.
        Unanswered = "UNANSWERED",
        /// Not known.
        Unknown = "UNKNOWN",
    }
    /// Why a contact ended (contract gladly §5, column 21).
    EndReason {
        /// The agent ended it.
        AgentEnded = "AGENT_ENDED",
        /// Its conversation was closed.
        ConversationClosed = "CONVERSATION_CLOSED",
        /// The customer gave up.
        CustomerAbandoned = "CUSTOMER_ABANDONED",
        /// The customer was deleted.
        CustomerDeleted = "CUSTOMER_DELETED",
        /// The customer did not reply.
        CustomerNoReply = "CUSTOMER_NO_REPLY",
        /// It became part of another one.
        Merged = "MERGED",
        /// No reply was needed.
        NoReplyNeeded = "NO_REPLY_NEEDED",
        /// A new one was begun.
        StartedNew = "STARTED_NEW",
    }
    /// How the service level was fulfilled.
    FulfilledType {
        /// Nothing had to be done.
        Canceled = "CANCELED",
        /// Somebody responded.
        Responded = "RESPONDED",
    }
    /// Why an agent did not take an offer.
    RejectReason {
        /// The agent said no.
        Declined = "DECLINED",
        /// The agent did not react.
        Missed = "MISSED",
        /// The agent's device failed.
        DeviceError = "DEVICE ERROR",
    }
    /// Why a customer was on hold.
    HoldReason {
        /// Handed over without a word.
        ColdTransfer = "COLD_TRANSFER",
        /// Somebody was called in.
        Conference = "CONFERENCE",
        /// The agent pressed hold.
        Manual = "MANUAL",
        /// Handed over with a word.
        WarmTransfer = "WARM_TRANSFER",
    }
    /// With or without a word to the next agent.
    TransferType {
        /// Without.
        Cold = "COLD",
        /// With.
        Warm = "WARM",
    }
    /// Why a contact was transferred.
    TransferReason {
        /// By a rule.
        Automation = "AUTOMATION",
        /// By hand.
        Manual = "MANUAL",
        /// Because of a merger.
        Merge = "MERGE",
        /// Not known.
        Unknown = "UNKNOWN",
    }
    /// How a conversation stands (contract gladly §7.1).
    ConversationStatus {
        /// Needs something from us.
        Open = "OPEN",
        /// Waits for the customer.
        Waiting = "WAITING",
        /// Resolved.
        Closed = "CLOSED",
    }
    /// What an agent's status changed to.
    AgentStatusChange {
        /// Came.
        LoggedIn = "LOGGED_IN",
        /// Left, or was logged out for idling.
        LoggedOut = "LOGGED_OUT",
        /// Went away, or was found idle.
        WentAway = "WENT_AWAY",
        /// Came back.
        ReturnedFromAway = "RETURNED_FROM_AWAY",
        /// Turned to something else.
        ChangedActiveReason = "CHANGED_ACTIVE_REASON",
    }
    /// What happened to a task.
    TaskChange {
        /// It began.
        Created = "CREATED",
        /// It was done.
        Closed = "CLOSED",
        /// It was taken up again.
        Reopened = "REOPENED",
        /// Somebody commented on it.
        CommentAdded = "COMMENT_ADDED",
        /// Its text was changed.
        ContentUpdated = "CONTENT_UPDATED",
        /// Its due date was changed.
        DueDateUpdated = "DUE_DATE_UPDATED",
    }
}

impl ContactChannel {
    /// Its rank among simultaneous contacts: 0 is the highest (contract gladly R-4).
    pub const fn rank(self) -> u8 {
        self as u8
    }
}
