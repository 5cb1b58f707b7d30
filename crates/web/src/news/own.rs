//! One's own telephone and calls, as short as they can be said.

use serde_json::{json, value::RawValue};
use touchline_app::live::board::{AgentState, Cause, LegState, Notice, Tried};
use touchline_model::{TenantId, UserId};

/// The topic of one's own telephone and calls. Its messages are
/// `{"kind": "device", "device", "state"}`,
/// `{"kind": "call", "call", "device", "state", "monitoring"}` and
/// `{"kind": "failed", "call", "device", "tried", "cause"}`.
pub(super) const OWN: &str = "/touchline/live/own";

/// What the owner of a telephone is told of a notice.
pub(super) fn told(_: &TenantId, _: &UserId, notice: &Notice) -> Vec<(String, Box<RawValue>)> {
    let data = match notice {
        Notice::Device(view) => json!({
            "kind": "device",
            "device": view.device.id.to_string(),
            "state": if view.active { state(&view.state) } else { "logged_out" },
        }),
        Notice::Call { view, .. } => json!({
            "kind": "call",
            "call": view.call.to_string(),
            "device": view.device.to_string(),
            "state": leg(view.state),
            "monitoring": view.monitoring,
        }),
        Notice::Failed { call, device, tried, cause } => json!({
            "kind": "failed",
            "call": call.to_string(),
            "device": device.to_string(),
            "tried": attempt(*tried),
            "cause": why(*cause),
        }),
    };
    let raw = serde_json::value::to_raw_value(&data).ok();
    raw.map(|it| (OWN.to_owned(), it)).into_iter().collect()
}

const fn state(state: &AgentState) -> &'static str {
    match state {
        AgentState::Ready => "ready",
        AgentState::NotReady(_) => "not_ready",
        AgentState::AfterCallWork => "after_call_work",
        AgentState::AuxWork => "aux_work",
        AgentState::LoggedOut => "logged_out",
    }
}

const fn leg(state: LegState) -> &'static str {
    match state {
        LegState::Dialing => "dialing",
        LegState::Ringing => "ringing",
        LegState::Established => "established",
        LegState::Held => "held",
        LegState::Released => "released",
    }
}

const fn attempt(tried: Tried) -> &'static str {
    match tried {
        Tried::Dial => "dial",
        Tried::Transfer => "transfer",
        Tried::Consult => "consult",
        Tried::Conference => "conference",
        Tried::Answer => "answer",
    }
}

const fn why(cause: Cause) -> &'static str {
    match cause {
        Cause::Normal => "normal",
        Cause::Busy => "busy",
        Cause::Declined => "declined",
        Cause::NoAnswer => "no_answer",
        Cause::Unreachable => "unreachable",
    }
}
