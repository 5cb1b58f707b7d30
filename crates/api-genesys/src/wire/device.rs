//! Telephones (contract §5.1) and what their owners are ready for (§5.2).

use super::{channel::VOICE_ENVIRONMENT, names};
use crate::{
    config::GenesysConfig,
    uris::{Prefix, path},
};
use serde::Serialize;
use touchline_app::live::board::{AgentState, DeviceView, Mode, Scope};

/// What somebody is ready for.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UserState {
    pub(crate) id: &'static str,
    pub(crate) display_name: &'static str,
    pub(crate) state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) work_mode: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<String>,
}

/// The states, with the operation that leads there (OC-15).
pub(crate) const AGENT_STATES: [(&str, AgentState); 5] = [
    ("Ready", AgentState::Ready),
    ("NotReady", AgentState::NotReady(None)),
    ("AfterCallWork", AgentState::AfterCallWork),
    ("AuxWork", AgentState::AuxWork),
    ("Offline", AgentState::LoggedOut),
];

/// A state as clients know it, by ids that never change.
pub(crate) fn agent_state(state: &AgentState) -> UserState {
    let (id, display_name, state_name, work_mode) = match state {
        AgentState::Ready => ("9430250E-0A1B-421F-B372-F29E69366DED", "Ready", "Ready", None),
        AgentState::NotReady(_) => ("900D55CC-2BB0-431F-8BF9-D3525B383BE6", "Not Ready", "NotReady", None),
        AgentState::AfterCallWork => {
            ("D3663509-3D82-4DD3-A82E-2EA8EFA02AEF", "AfterCallWork", "NotReady", Some("AfterCallWork"))
        }
        AgentState::AuxWork => {
            ("2B36138D-C564-4562-A8CB-3C32D564F296", "AuxWork", "NotReady", Some("AuxWork"))
        }
        AgentState::LoggedOut => ("0F7F5003-EF26-4D13-A6EF-D0C7EC819BEB", "Offline", "LoggedOut", None),
    };
    let reason = match state {
        AgentState::NotReady(reason) => reason.clone(),
        _ => None,
    };
    UserState { id, display_name, state: state_name, work_mode, reason }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct DeviceBody {
    id: String,
    device_state: &'static str,
    user_state: UserState,
    phone_number: String,
    e164_number: String,
    telephony_network: &'static str,
    do_not_disturb: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    forward_to: Option<String>,
    voice_environment_uri: String,
    capabilities: Vec<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    supervisor_monitoring_state: Option<MonitoringBody>,
    #[serde(skip_serializing_if = "Option::is_none")]
    uri: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct MonitoringBody {
    state: &'static str,
    mode: &'static str,
    scope: &'static str,
    target_device_uri: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    phone_number: Option<String>,
}

const fn on_off(on: bool) -> &'static str {
    if on { "On" } else { "Off" }
}

/// A telephone. Answers have its address, notifications have not (OC-40).
pub(crate) fn device(
    config: &GenesysConfig,
    prefix: &Prefix,
    view: &DeviceView,
    with_address: bool,
) -> impl Serialize + use<> {
    let id = &view.device.id;
    let monitoring = view.watch.as_ref().map(|watch| MonitoringBody {
        state: match watch.mode {
            Mode::Listen => "ListenIn",
            Mode::Coach => "Coach",
            Mode::BargeIn => "BargeIn",
        },
        mode: if watch.once { "NextCall" } else { "AllCalls" },
        scope: match watch.scope {
            Scope::Agent => "Agent",
            Scope::Call => "Call",
        },
        target_device_uri: prefix.uri("devices", &watch.target),
        phone_number: watch.number.clone(),
    });
    DeviceBody {
        id: id.0.clone(),
        device_state: if view.active { "Active" } else { "Inactive" },
        user_state: agent_state(&view.state),
        phone_number: view.device.number.clone(),
        e164_number: view.device.number.clone(),
        telephony_network: if view.device.public { "Public" } else { "Private" },
        do_not_disturb: on_off(view.do_not_disturb),
        forward_to: view.forward_to.clone(),
        voice_environment_uri: prefix.uri("voice-environments", VOICE_ENVIRONMENT),
        capabilities: names::of_device(config, &view.may),
        supervisor_monitoring_state: monitoring,
        uri: with_address.then(|| prefix.uri("devices", id)),
        path: with_address.then(|| path("devices", id)),
    }
}
