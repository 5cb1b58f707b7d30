//! A telephone, who sits there, and whom that one watches.

use crate::{DeviceId, DeviceMay, Mode, Scope};
use touchline_model::UserId;

/// A telephone as it is configured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    /// Which.
    pub id: DeviceId,
    /// Its number.
    pub number: String,
    /// Whose it is.
    pub user: Option<UserId>,
    /// Whether its owner may watch others.
    pub supervises: bool,
    /// Reached over a public network: nobody can make it answer.
    pub public: bool,
}

/// What an agent is ready for (contract genesys-voice §5.2).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum AgentState {
    /// Takes calls.
    Ready,
    /// Takes none, with a reason of the organisation's own.
    NotReady(Option<String>),
    /// Writes up the last call.
    AfterCallWork,
    /// Does something else.
    AuxWork,
    /// Is not there.
    #[default]
    LoggedOut,
}

/// A supervisor's wish to be on an agent's calls (contract genesys-voice §4.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Watch {
    /// The agent's telephone.
    pub target: DeviceId,
    /// How each call begins.
    pub mode: Mode,
    /// What is watched.
    pub scope: Scope,
    /// One call, then no more.
    pub once: bool,
    /// The number by which the telephone was named, if it was (OC-39).
    pub number: Option<String>,
}

/// What the owner of a telephone sees of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceView {
    /// The telephone.
    pub device: Device,
    /// Whether its owner is at work there.
    pub active: bool,
    /// What its owner is ready for.
    pub state: AgentState,
    /// Whether calls are turned away.
    pub do_not_disturb: bool,
    /// Where calls go instead.
    pub forward_to: Option<String>,
    /// Whom its owner watches.
    pub watch: Option<Watch>,
    /// What may be done with it, in the contract's order (§5.3).
    pub may: Vec<DeviceMay>,
}

/// A telephone and its state.
#[derive(Clone, Debug)]
pub(crate) struct Desk {
    pub(crate) device: Device,
    pub(crate) active: bool,
    pub(crate) state: AgentState,
    pub(crate) do_not_disturb: bool,
    pub(crate) forward_to: Option<String>,
    pub(crate) watch: Option<Watch>,
    pub(crate) told: Option<DeviceView>,
}

impl Desk {
    pub(crate) fn new(device: Device) -> Self {
        let state = AgentState::default();
        let told = None;
        Self { device, active: false, state, do_not_disturb: false, forward_to: None, watch: None, told }
    }

    pub(crate) fn view(&self) -> DeviceView {
        DeviceView {
            device: self.device.clone(),
            active: self.active,
            state: self.state.clone(),
            do_not_disturb: self.do_not_disturb,
            forward_to: self.forward_to.clone(),
            watch: self.watch.clone(),
            may: self.may(),
        }
    }

    /// Contract genesys-voice §5.3.
    fn may(&self) -> Vec<DeviceMay> {
        if !self.active {
            return Vec::new();
        }
        let forward = if self.forward_to.is_some() { DeviceMay::ForwardOff } else { DeviceMay::ForwardOn };
        let disturb =
            if self.do_not_disturb { DeviceMay::DoNotDisturbOff } else { DeviceMay::DoNotDisturbOn };
        let mut may = vec![forward, disturb];
        if self.device.supervises {
            may.extend([DeviceMay::Listen, DeviceMay::Coach, DeviceMay::BargeIn]);
            if self.watch.is_some() {
                may.push(DeviceMay::CancelWatch);
            }
        }
        may
    }
}
