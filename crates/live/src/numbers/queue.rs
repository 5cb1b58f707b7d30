//! What a queue is told, and what it wants done.

use touchline_model::{ContactId, UserId};

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum QueueEvent {
    /// The agent wants calls.
    Ready(UserId),
    /// The agent wants none; one that rings goes to somebody else, one that runs goes on.
    NotReady(UserId),
    /// The agent has left.
    LoggedOut(UserId),
    /// The agent has a call that no queue gave: dialled, or rung directly.
    Busy(UserId),
    /// The agent has no call any more, whoever gave it.
    Free(UserId),
    /// A caller has reached the queue with that number.
    Arrived {
        /// The caller's contact.
        call: ContactId,
        /// Inside number of the queue.
        queue: String,
    },
    /// The caller has hung up.
    Gone(ContactId),
    /// The agent took the call.
    Answered {
        /// Which call.
        call: ContactId,
        /// Who.
        agent: UserId,
    },
    /// The agent's phone refused, or could not be reached.
    Declined {
        /// Which call.
        call: ContactId,
        /// Who.
        agent: UserId,
    },
}

/// Something to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum QueueAction {
    /// Ring this agent; the contact is offered.
    Ring {
        /// Which call.
        call: ContactId,
        /// Whom.
        agent: UserId,
    },
    /// Stop ringing.
    StopRinging {
        /// Which call.
        call: ContactId,
        /// Whom.
        agent: UserId,
        /// The agent let it ring in vain.
        missed: bool,
    },
    /// The agent missed too many calls in a row and was made not ready; everybody is to be told.
    MadeNotReady(UserId),
    /// Join caller and agent; the contact is accepted.
    Connect {
        /// Which call.
        call: ContactId,
        /// Who.
        agent: UserId,
    },
    /// The agent answered a call that was no longer his: hang up there.
    TooLate {
        /// Which call.
        call: ContactId,
        /// Who.
        agent: UserId,
    },
    /// The call leaves the queue for this inside number; without one it is refused.
    Overflow {
        /// Which call.
        call: ContactId,
        /// Where to.
        to: Option<String>,
    },
}
