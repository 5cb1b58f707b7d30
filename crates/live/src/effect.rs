//! What a board wants done.

use crate::{CallId, CallKind, CallView, DeviceId, DeviceView, LineId, Mode, Recording};
use touchline_model::{Timestamp, UserId};

/// Where a line leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Destination {
    /// One of our telephones.
    Device(DeviceId),
    /// A number outside.
    Outside(String),
}

/// Why somebody is no longer called, or was never reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// It is over.
    Normal,
    /// Busy, or wants no calls.
    Busy,
    /// Refused.
    Declined,
    /// Nobody answered.
    NoAnswer,
    /// There is no such number, or no way to it.
    Unreachable,
}

/// Something to be done.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Call a telephone.
    Invite {
        /// The line that comes of it.
        line: LineId,
        /// Whom.
        to: Destination,
        /// In whose name.
        from: String,
        /// Which of our telephones has it called; it is its right to call that number that counts.
        by: Option<DeviceId>,
        /// Whether the telephone should answer by itself.
        auto_answer: bool,
    },
    /// Tell the caller on this line that the other telephone rings.
    Ringing(LineId),
    /// Let the caller on this line hear who is called, although nobody has answered.
    Early(LineId),
    /// Answer the caller on this line.
    Answer(LineId),
    /// Ask the telephone that is being called on this line to answer.
    PickUp(LineId),
    /// End a line.
    HangUp {
        /// Which.
        line: LineId,
        /// Why.
        cause: Cause,
    },
    /// Send digits down a line.
    Dtmf {
        /// Which line.
        line: LineId,
        /// The digits: `0-9*#A-D`.
        digits: String,
    },
    /// Who sits in a call, whole; empty when it is over.
    Seats {
        /// The call.
        call: CallId,
        /// Everybody who hears or is heard.
        seats: Vec<Seat>,
        /// Somebody is waited for: a caller hears ring-back or music.
        waiting: bool,
    },
    /// Record so from now on.
    Record {
        /// The call.
        call: CallId,
        /// How.
        recording: Recording,
    },
    /// Look for somebody at a number behind which there is nobody in particular ([`crate::Board::configure_hunts`]); no longer, if
    /// none is given.
    Hunt {
        /// For which call.
        call: CallId,
        /// At which number.
        number: Option<String>,
    },
    /// Tell somebody.
    Tell {
        /// Whom.
        user: UserId,
        /// What.
        notice: Box<Notice>,
    },
    /// Write down what happened.
    Happened {
        /// In which call.
        call: CallId,
        /// When.
        at: Timestamp,
        /// What.
        what: Happened,
    },
}

/// Who sits in a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seat {
    /// The line of the party.
    pub line: LineId,
    /// What it is.
    pub role: SeatRole,
    /// Has put the call aside.
    pub holding: bool,
    /// Is on another call meanwhile.
    pub away: bool,
    /// Heard by nobody.
    pub muted: bool,
    /// Has not answered, but is heard: what the telephone network says while it rings. Is not yet worth a recording.
    pub early: bool,
    /// Hears a tone now and then, for a supervisor takes part (contract genesys-voice §8.2, 7).
    pub notice: bool,
}

/// What somebody is in a call, as far as hearing goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SeatRole {
    /// Outside.
    Customer,
    /// One of our telephones.
    Agent,
    /// A supervisor of the agent on the line `of`.
    Supervisor {
        /// The agent's line.
        of: LineId,
        /// How.
        mode: Mode,
        /// The whole call is watched: the customer is heard while the agent is away.
        whole_call: bool,
    },
}

/// Something that somebody is told.
#[derive(Clone, Debug, PartialEq)]
pub enum Notice {
    /// A telephone of theirs has changed.
    Device(DeviceView),
    /// Their view of a call has changed.
    Call {
        /// In which respect.
        what: What,
        /// All of it.
        view: CallView,
    },
    /// What was accepted came to nothing (contract genesys-voice §7.5).
    Failed {
        /// In which call.
        call: CallId,
        /// Whose telephone.
        device: DeviceId,
        /// What was tried.
        tried: Tried,
        /// Why it failed.
        cause: Cause,
    },
}

/// What somebody tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tried {
    /// To call somebody.
    Dial,
    /// To hand a call over.
    Transfer,
    /// To ask a colleague.
    Consult,
    /// To let somebody join.
    Conference,
    /// To have the telephone answer.
    Answer,
}

/// In which respect a view of a call has changed (contract genesys-voice §6.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// State, muting, mode, or what may be done.
    Status,
    /// Who is on it, and nothing else.
    Participants,
    /// The data that belongs to it.
    Data,
    /// Digits were sent.
    DtmfSent,
    /// Whether it is recorded.
    Recording,
    /// Whether the supervisor has muted the agent.
    MonitoredMuted,
}

/// What happened in a call, for its contact and for the audit trail.
#[derive(Clone, Debug, PartialEq)]
pub enum Happened {
    /// It began.
    Started {
        /// What it is to us.
        kind: CallKind,
        /// The caller's number, from outside.
        ani: Option<String>,
        /// The number dialled.
        dnis: String,
        /// Who began it, if one of us.
        by: Option<DeviceId>,
    },
    /// An agent's telephone began to ring.
    Offered(DeviceId),
    /// An agent answered.
    Accepted(DeviceId),
    /// An agent did not answer.
    Missed(DeviceId, Cause),
    /// Somebody outside answered.
    Reached(String),
    /// An agent put the call aside.
    Held(DeviceId),
    /// And took it up again.
    Retrieved(DeviceId),
    /// An agent handed the call over.
    Transferred {
        /// Who.
        from: DeviceId,
        /// To which number.
        to: String,
        /// After having asked.
        warm: bool,
    },
    /// Somebody joined.
    Joined(String),
    /// Somebody left.
    Left(String),
    /// A supervisor began to take part, or does so in another mode.
    Supervised {
        /// The supervisor's telephone.
        by: DeviceId,
        /// The agent's.
        of: Option<DeviceId>,
        /// How; absent when it ended.
        mode: Option<Mode>,
    },
    /// It goes on to another number, for nobody was found at the one that was called.
    Overflowed(String),
    /// What belongs to it has changed: the newest value of each key, all of them (contract genesys-voice OC-23).
    Attached(serde_json::Map<String, serde_json::Value>),
    /// It is over.
    Ended {
        /// The telephone that hung up first, if one of ours.
        by: Option<DeviceId>,
    },
}
