//! Calls as one party sees them (contract §5.4).

use super::names;
use crate::{
    config::GenesysConfig,
    numbers::{formatted, is_e164},
    uris::{Prefix, path},
};
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;
use touchline_app::live::board::{CallKind, CallView, LegState, Participant, Recording};
use touchline_model::Timestamp;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CallBody {
    id: String,
    call_uuid: String,
    conn_id: String,
    state: &'static str,
    call_type: &'static str,
    device_uri: String,
    participants: Vec<Party>,
    #[serde(skip_serializing_if = "Option::is_none")]
    participants_info: Option<Vec<PartyBody>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ani: Option<String>,
    dnis: String,
    capabilities: Vec<&'static str>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    user_data: BTreeMap<String, Value>,
    duration: String,
    mute: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    recording_state: Option<&'static str>,
    supervisor_listening_in: bool,
    monitored_user_muted: bool,
    monitoring: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    parent_call_uri: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parent_call_path: Option<String>,
    uri: String,
    path: String,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Party {
    Whole(PartyBody),
    /// As old clients want it (OC-45).
    Number(String),
}

#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
struct PartyBody {
    e164_number: String,
    formatted_phone_number: String,
    phone_number: String,
    digits: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<&'static str>,
}

/// What writing calls takes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Calling<'a> {
    pub(crate) config: &'a GenesysConfig,
    pub(crate) prefix: &'a Prefix,
    pub(crate) now: Timestamp,
}

/// A call.
pub(crate) fn call(Calling { config, prefix, now }: Calling<'_>, view: &CallView) -> impl Serialize + use<> {
    let parties: Vec<PartyBody> = view.participants.iter().map(|it| party(config, view, it)).collect();
    let legacy = config.compat.legacy_participants;
    let seconds = (now.micros() - view.began.micros()).max(0) / 1_000_000;
    let id = view.call.to_string();
    CallBody {
        call_uuid: id.clone(),
        // As random as the half of the id that it is.
        conn_id: format!("{:016x}", view.call.0 & u128::from(u64::MAX)),
        state: match view.state {
            LegState::Dialing => "Dialing",
            LegState::Ringing => "Ringing",
            LegState::Established => "Established",
            LegState::Held => "Held",
            LegState::Released => "Released",
        },
        call_type: match view.kind {
            CallKind::Internal => "Internal",
            CallKind::Inbound => "Inbound",
            CallKind::Outbound => "Outbound",
            CallKind::Consult => "Consult",
        },
        device_uri: prefix.uri("devices", &view.device),
        participants: match legacy {
            true => parties.iter().map(|it| Party::Number(it.phone_number.clone())).collect(),
            false => parties.iter().cloned().map(Party::Whole).collect(),
        },
        participants_info: legacy.then_some(parties),
        ani: view.ani.clone(),
        dnis: view.dnis.clone(),
        capabilities: names::of_call(config, &view.may),
        user_data: view.data.clone(),
        duration: seconds.to_string(),
        mute: if view.muted { "On" } else { "Off" },
        recording_state: view.recording.map(|it| match it {
            Recording::Stopped => "Stopped",
            Recording::Running => "Recording",
            Recording::Paused => "Paused",
        }),
        supervisor_listening_in: view.supervised,
        monitored_user_muted: view.monitored_muted,
        monitoring: view.monitoring,
        parent_call_uri: view.parent.map(|it| prefix.call(it)),
        parent_call_path: view.parent.map(|it| path("calls", it)),
        uri: prefix.call(view.call),
        path: path("calls", view.call),
        id,
    }
}

/// Our own telephones show their number as it is dialled, others theirs as the world knows it.
fn party(config: &GenesysConfig, view: &CallView, it: &Participant) -> PartyBody {
    let role = if it.supervises {
        "RoleObserver"
    } else if view.ani.as_ref() == Some(&it.number) {
        "RoleOrigination"
    } else if view.dnis == it.number {
        "RoleDestination"
    } else if view.participants.iter().filter(|it| !it.supervises).count() == 1 {
        // Of two who speak, who was not called has called.
        "RoleOrigination"
    } else {
        "RoleNewParty"
    };
    PartyBody {
        e164_number: if is_e164(&it.number) { it.number.clone() } else { String::new() },
        formatted_phone_number: formatted(&it.number),
        phone_number: it.number.clone(),
        digits: it.number.clone(),
        role: config.compat.participant_roles.then_some(role),
    }
}
