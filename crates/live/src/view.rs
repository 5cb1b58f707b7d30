//! What somebody sees of a call.

use crate::{
    Board, CallId, CallKind, CallMay, DeviceId, LegState, Mode, Recording,
    call::{Call, Leg, Part},
    may::{Beside, call_may, watched_is_silenced},
};
use serde_json::Value;
use std::collections::BTreeMap;
use touchline_model::Timestamp;

/// Another party, as it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Participant {
    /// Its number, as dialled.
    pub number: String,
    /// Our own telephone, if it is one.
    pub device: Option<DeviceId>,
    /// Whether a supervisor.
    pub supervises: bool,
}

/// One party's view of a call (contract genesys-voice §5.4).
#[derive(Clone, Debug, PartialEq)]
pub struct CallView {
    /// The call.
    pub call: CallId,
    /// Whose view.
    pub device: DeviceId,
    /// Where this party is.
    pub state: LegState,
    /// What the call is.
    pub kind: CallKind,
    /// The others.
    pub participants: Vec<Participant>,
    /// The caller's number, from outside.
    pub ani: Option<String>,
    /// The number dialled.
    pub dnis: String,
    /// When the call began.
    pub began: Timestamp,
    /// What belongs to it, by key.
    pub data: BTreeMap<String, Value>,
    /// This party is not heard by the call.
    pub muted: bool,
    /// Whether it is recorded; absent where recording is not set up.
    pub recording: Option<Recording>,
    /// A supervisor listens to or coaches this party.
    pub supervised: bool,
    /// The supervisor has muted the agent.
    pub monitored_muted: bool,
    /// This party watches.
    pub monitoring: bool,
    /// The call that this one is about.
    pub parent: Option<CallId>,
    /// What this party may do, in the contract's order (§5.5).
    pub may: Vec<CallMay>,
}

/// A supervisor on a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Watcher {
    /// The supervisor's telephone.
    pub device: DeviceId,
    /// The watched one, while it is on the call.
    pub of: Option<DeviceId>,
    /// How.
    pub mode: Mode,
    /// Whether the supervisor's telephone still rings, or they take part.
    pub state: LegState,
}

impl Board {
    /// The supervisors on a call, or whose telephones ring for it, in the order of their coming.
    pub fn watchers(&self, call: CallId) -> Vec<Watcher> {
        let Some(call) = self.calls.get(&call) else { return Vec::new() };
        let watcher = |leg: &Leg| match leg.part {
            Part::Watcher { of, mode, .. } if leg.is_there() => Some(Watcher {
                device: leg.device.clone()?,
                of: call.by_line(of).and_then(|it| it.device.clone()),
                mode,
                state: leg.state,
            }),
            _ => None,
        };
        call.legs.iter().filter_map(watcher).collect()
    }

    /// The view of a telephone of a call, if it is on it.
    pub fn call_view(&self, device: &DeviceId, call: CallId) -> Option<CallView> {
        let call = self.calls.get(&call)?;
        call.leg(device).map(|leg| self.view(call, leg, device))
    }

    /// The views of a telephone, of all calls that it is on.
    pub fn call_views(&self, device: &DeviceId) -> Vec<CallView> {
        self.calls.keys().filter_map(|call| self.call_view(device, *call)).collect()
    }

    pub(crate) fn view(&self, call: &Call, leg: &Leg, device: &DeviceId) -> CallView {
        let mode = match leg.part {
            Part::Watcher { mode, .. } => Some(mode),
            Part::Own => None,
        };
        let watchers = || {
            call.legs.iter().filter_map(|it| match it.part {
                Part::Watcher { of, mode, .. } if it.is_on() => Some((of, mode)),
                _ => None,
            })
        };
        let supervised = mode.is_none()
            && watchers().any(|(of, mode)| {
                let told = self.settings.notify_agent || mode != Mode::Listen;
                of == leg.line && mode != Mode::BargeIn && told
            });
        let shown = |other: &&Leg| {
            if other.line == leg.line || other.state == LegState::Released {
                return false;
            }
            // Who is one of several, or one after the other, is nobody yet.
            if other.only_rings() {
                return false;
            }
            // Who is being called beside others who speak already is shown when that one answers (R-4, OC-87).
            let ringing = other.state == LegState::Ringing;
            match (mode, other.part) {
                (_, Part::Own) => !(ringing && (mode.is_some() || call.is_answered())),
                // Other supervisors are heard, so seen, when they speak to all (OC-51, OC-81).
                (Some(_), Part::Watcher { mode, .. }) => mode == Mode::BargeIn && other.is_on(),
                (None, Part::Watcher { of, mode, .. }) => {
                    other.is_on() && (mode == Mode::BargeIn || mode == Mode::Coach && of == leg.line)
                }
            }
        };
        let participants = call.legs.iter().filter(shown).map(|it| Participant {
            number: it.number.clone(),
            device: it.device.clone(),
            supervises: it.is_watcher(),
        });
        // Who is dialled is shown before there is a line to it.
        let hunted = call.hunted_number().filter(|_| !call.is_answered() && !leg.only_rings());
        let dialled = call.then.iter().map(|(number, _)| number).chain(hunted).map(|number| Participant {
            number: number.clone(),
            device: self.device_by_number(number),
            supervises: false,
        });
        let data = call.data.iter().filter_map(|(key, all)| Some((key.clone(), all.last()?.clone())));
        let silenced = if mode.is_some() { watched_is_silenced(call, leg) } else { leg.silenced };
        CallView {
            call: call.id,
            device: device.clone(),
            state: leg.state,
            kind: call.kind,
            participants: participants.chain(dialled).collect(),
            ani: call.ani.clone(),
            dnis: call.dnis.clone(),
            began: call.began,
            data: data.collect(),
            muted: mode.map_or(leg.muted, |mode| mode == Mode::Listen || leg.muted),
            recording: self.settings.recording.then_some(call.recording),
            supervised,
            monitored_muted: silenced,
            monitoring: mode.is_some(),
            parent: call.parent,
            may: call_may(&self.settings, call, leg, self.beside(call, device)),
        }
    }

    fn beside(&self, call: &Call, device: &DeviceId) -> Beside {
        let others = || self.calls.values().filter(|it| it.id != call.id);
        let state = |it: &Call| it.leg(device).filter(|leg| !leg.is_watcher()).map(|leg| leg.state);
        Beside {
            held: others().any(|it| state(it) == Some(LegState::Held)),
            speaking: others().any(|it| state(it) == Some(LegState::Established)),
            consulting: others().any(|it| it.parent == Some(call.id) && state(it).is_some()),
            public: self.desks.get(device).is_some_and(|desk| desk.device.public),
        }
    }
}
