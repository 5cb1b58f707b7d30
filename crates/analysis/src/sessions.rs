//! What reports about the work of agents are made of, worked out from events (contract gladly).
//!
//! Everything is a pure fold: events and a horizon go in, facts come out. The horizon is the instant up to which the
//! world is known (one hour ago, usually; contract gladly 9.2, X-5); the same events at the same horizon give the
//! same facts, in whatever order they arrived.
//!
//! - [`customer`]: all events of one customer become the facts of each contact ([`ContactFacts`]) with its work
//!   sessions, which is all that the Work Sessions and the Contact Export report need.
//! - [`conversations`]: the same events become the present state of each conversation ([`ConversationFacts`]).
//! - [`AgentSummary`]: events and intervals in order of time become counts and durations for each agent and bucket.
//! - [`Window`] and [`Level`]: which rows a report shows, and how a window is cut into buckets in any time zone.
//!
//! All times are whole microseconds, and so are all sums.

mod agent_status;
mod agent_summary;
mod buckets;
mod contact;
mod conversations;
mod customer;
mod facts;
mod figures;
mod mergers;
mod micros;
mod overlap;
mod span;
mod window;

pub use agent_status::AgentStatus;
pub use agent_summary::{AgentRow, AgentSummary, Mark, OutOfOrder};
pub use buckets::{Buckets, Level};
pub use conversations::{ConversationFacts, conversations};
pub use customer::customer;
pub use facts::{
    Accepted, ContactFacts, Ended, Fulfilled, HandleTime, HandleTimeSource, Interval, IntervalKind,
    SessionTimes, WorkSession, session_id,
};
pub use figures::{BREAKDOWN, ByChannel, Figures};
pub use micros::Micros;
pub use span::Span;
pub use window::{Window, horizon, within_sla};
