//! A call and its parties.

mod data;

use crate::{CallId, CallView, DeviceId, LineId, Mode, Scope, Seat, Tried, hunt::Hunting};
pub(crate) use data::CallData;
use std::collections::BTreeMap;
use touchline_model::Timestamp;

/// What a call is to the organisation (contract genesys-voice §5.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallKind {
    /// Between our own telephones.
    Internal,
    /// From outside.
    Inbound,
    /// To outside.
    Outbound,
    /// Beside another one, to ask a colleague or to hand it over.
    Consult,
}

/// Where a party is (contract genesys-voice §5.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LegState {
    /// Waits for the one who was called.
    Dialing,
    /// Its telephone rings.
    Ringing,
    /// Speaks.
    Established,
    /// Has put the call aside.
    Held,
    /// Has left.
    Released,
}

/// Whether the call is being recorded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Recording {
    /// No.
    #[default]
    Stopped,
    /// Yes.
    Running,
    /// Yes, but not at this moment; a tone stands for what is said.
    Paused,
}

/// What a party is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// Takes part for itself.
    Own,
    /// Watches the party with this line.
    Watcher { of: LineId, mode: Mode, scope: Scope, once: bool },
}

/// A party of a call.
#[derive(Clone, Debug)]
pub(crate) struct Leg {
    pub(crate) line: LineId,
    /// Our own telephone, or nobody's.
    pub(crate) device: Option<DeviceId>,
    /// How others reach it, as it was dialled.
    pub(crate) number: String,
    pub(crate) state: LegState,
    pub(crate) part: Part,
    /// Muted by itself.
    pub(crate) muted: bool,
    /// Muted by its supervisor.
    pub(crate) silenced: bool,
    /// Since when it rings, for a supervisor's that must not ring for ever.
    pub(crate) since: Timestamp,
    /// Who has it called, and why, to be told if it is not reached.
    pub(crate) asked: Option<(DeviceId, Tried)>,
    /// Until when it should have answered, because it was asked to.
    pub(crate) answers_by: Option<Timestamp>,
    /// When it put the call aside last.
    pub(crate) held_at: Timestamp,
    /// Was found for a call of a queue or a group, and has not taken it yet.
    pub(crate) found: bool,
    /// Is heard although nobody has answered.
    pub(crate) early: bool,
}

impl Leg {
    pub(crate) fn new(
        line: LineId,
        device: Option<DeviceId>,
        number: String,
        state: LegState,
        since: Timestamp,
    ) -> Self {
        let part = Part::Own;
        Self {
            line,
            device,
            number,
            state,
            part,
            muted: false,
            silenced: false,
            since,
            asked: None,
            answers_by: None,
            held_at: since,
            found: false,
            early: false,
        }
    }
}

impl Leg {
    pub(crate) fn is_watcher(&self) -> bool {
        matches!(self.part, Part::Watcher { .. })
    }
    /// Whether it has not left.
    pub(crate) fn is_there(&self) -> bool {
        self.state != LegState::Released
    }
    pub(crate) fn is_outside(&self) -> bool {
        self.device.is_none()
    }
    /// Whether it is heard although nobody has answered there.
    pub(crate) fn is_early(&self) -> bool {
        self.early && self.state == LegState::Ringing
    }
    /// Whether it hears and is heard.
    pub(crate) fn is_on(&self) -> bool {
        matches!(self.state, LegState::Established | LegState::Held)
    }
}

/// A call.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) id: CallId,
    pub(crate) kind: CallKind,
    /// The caller's number, of calls from outside.
    pub(crate) ani: Option<String>,
    /// The number that was dialled.
    pub(crate) dnis: String,
    pub(crate) began: Timestamp,
    /// Of a call to a colleague: the call that it is about.
    pub(crate) parent: Option<CallId>,
    /// Who made a conference of it.
    pub(crate) owner: Option<DeviceId>,
    /// In the order in which they came.
    pub(crate) legs: Vec<Leg>,
    /// What belongs to the call, by key.
    pub(crate) data: CallData,
    pub(crate) recording: Recording,
    /// Whom the caller waits for: a number that is to be called once the caller's own telephone was answered, and what
    /// for.
    pub(crate) then: Option<(String, Tried)>,
    /// Somebody is looked for.
    pub(crate) hunting: Option<Hunting>,
    /// What was said last of what is looked for.
    pub(crate) hunt_told: Option<String>,
    /// Supervisors who have been on it and left, or did not come.
    pub(crate) left_by: Vec<DeviceId>,
    /// What each of our telephones was told last.
    pub(crate) told: BTreeMap<DeviceId, CallView>,
    pub(crate) seats: Vec<Seat>,
}

impl Call {
    /// A call of one party, from when its leg began.
    pub(crate) fn new(id: CallId, kind: CallKind, leg: Leg, dnis: String) -> Self {
        Self {
            id,
            kind,
            ani: None,
            dnis,
            began: leg.since,
            parent: None,
            owner: None,
            legs: vec![leg],
            data: CallData::default(),
            recording: Recording::default(),
            then: None,
            hunting: None,
            hunt_told: None,
            left_by: Vec::new(),
            told: BTreeMap::new(),
            seats: Vec::new(),
        }
    }

    /// The leg of a telephone, until it has left.
    pub(crate) fn leg(&self, device: &DeviceId) -> Option<&Leg> {
        self.legs.iter().find(|it| it.device.as_ref() == Some(device) && it.is_there())
    }
    pub(crate) fn leg_mut(&mut self, device: &DeviceId) -> Option<&mut Leg> {
        self.legs.iter_mut().find(|it| it.device.as_ref() == Some(device) && it.is_there())
    }
    pub(crate) fn by_line(&self, line: LineId) -> Option<&Leg> {
        self.legs.iter().find(|it| it.line == line && it.is_there())
    }
    pub(crate) fn by_line_mut(&mut self, line: LineId) -> Option<&mut Leg> {
        self.legs.iter_mut().find(|it| it.line == line && it.is_there())
    }
    /// The parties that take part, or took part until now, for themselves.
    pub(crate) fn own(&self) -> impl Iterator<Item = &Leg> {
        self.legs.iter().filter(|it| !it.is_watcher())
    }
    /// Whether somebody has answered the caller.
    pub(crate) fn is_answered(&self) -> bool {
        self.own().filter(|it| it.is_on()).count() > 1
    }
    /// Whether a conference: more than two take part, or did when it was made one.
    pub(crate) fn is_conference(&self) -> bool {
        self.owner.is_some()
    }
}
