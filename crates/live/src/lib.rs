//! Live calls: who is on which call, who watches whom, who may do what, and who is told what.
//!
//! A [`Board`] is the live state of one organisation: its telephones, its agents' states and its calls. It is a state
//! machine without sockets, sound or clocks. [`Command`]s of people and [`Signal`]s of telephone lines go in; out come
//! [`Effect`]s: lines to be called, answered and hung up, who is to hear whom, who is to be told, and what is to be
//! written down.
//!
//! Nobody here sends a message about a change. After each input every view of every call that was touched is derived
//! anew ([`CallView`]) and compared with what its owner was told last; what differs is told. So a view, and what it
//! says its owner may do, is never out of date (contract genesys-voice §1.2), and a change tells nobody twice.
//!
//! [`numbers`] says what a dialled number means, and which agent a queue rings next.
//!
//! # Words
//! | word | meaning |
//! | --- | --- |
//! | device | a telephone on somebody's desk, with a number |
//! | line | one connection to a telephone, of ours or outside; a SIP dialog |
//! | leg | a party of a call. One line may have legs in two calls, of which at most one is spoken in |
//! | watch | a supervisor's wish to be on an agent's calls; its leg in a call is a watcher |

mod board;
mod call;
mod command;
mod desk;
mod effect;
mod hunt;
mod leave;
mod may;
mod names;
pub mod numbers;
mod settings;
mod signal;
mod tell;
mod view;

pub use board::Board;
pub use call::{CallKind, LegState, Recording};
pub use command::{By, CallCommand, Command, Given, Reach, Refused, WatchWish};
pub use desk::{AgentState, Device, DeviceView, Watch};
pub use effect::{Cause, Destination, Effect, Happened, Notice, Seat, SeatRole, Tried, What};
pub use hunt::Hunt;
pub use may::{CallMay, DeviceMay};
pub use names::{CallId, DeviceId, LineId};
pub use settings::{Consults, Settings, Tone};
pub use signal::{From, Signal};
pub use view::{CallView, Participant, Watcher};

/// How a supervisor takes part (contract genesys-voice §4.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Hears all, is heard by nobody.
    Listen,
    /// Hears all, is heard by the watched agent alone.
    Coach,
    /// Hears all, is heard by all.
    BargeIn,
}

/// What of the agent's work is watched (contract genesys-voice §4.3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scope {
    /// Only while the agent is on the call.
    Agent,
    /// The whole call, whoever takes it over.
    #[default]
    Call,
}
