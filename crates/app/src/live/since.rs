//! Since when everybody does what they do: read off what they are told, for nobody else keeps it.

use super::board::{AgentState, CallId, DeviceId, LegState, Notice};
use std::collections::BTreeMap;
use touchline_model::Timestamp;

/// A party of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PartySince {
    state: LegState,
    /// Since when in this state.
    pub(crate) state_since: Timestamp,
    /// When it took the call.
    pub(crate) took: Option<Timestamp>,
}

/// Since when everybody does what they do.
#[derive(Default)]
pub(crate) struct Since {
    desks: BTreeMap<DeviceId, (bool, AgentState, Timestamp)>,
    parties: BTreeMap<(CallId, DeviceId), PartySince>,
}

impl Since {
    /// Somebody is told of a change.
    pub(crate) fn told(&mut self, now: Timestamp, notice: &Notice) {
        match notice {
            Notice::Device(view) => {
                let same = self.desks.get(&view.device.id);
                let same = same.is_some_and(|it| it.0 == view.active && it.1 == view.state);
                if !same {
                    self.desks.insert(view.device.id.clone(), (view.active, view.state.clone(), now));
                }
            }
            Notice::Call { view, .. } => {
                let key = (view.call, view.device.clone());
                if view.state == LegState::Released {
                    self.parties.remove(&key);
                    return;
                }
                let new = PartySince { state: view.state, state_since: now, took: None };
                let party = self.parties.entry(key).or_insert(new);
                if party.state != view.state {
                    (party.state, party.state_since) = (view.state, now);
                }
                if matches!(view.state, LegState::Established | LegState::Held) {
                    party.took.get_or_insert(now);
                }
            }
            Notice::Failed { .. } => {}
        }
    }

    /// A call is over. Who has lost the telephone meanwhile is not told.
    pub(crate) fn ended(&mut self, call: CallId) {
        self.parties.retain(|(of, _), _| *of != call);
    }

    /// Since when somebody is ready, or not.
    pub(crate) fn desk(&self, device: &DeviceId) -> Option<Timestamp> {
        self.desks.get(device).map(|it| it.2)
    }

    /// Since when somebody is on a call as they are.
    pub(crate) fn party(&self, call: CallId, device: &DeviceId) -> Option<PartySince> {
        self.parties.get(&(call, device.clone())).copied()
    }
}
