//! One person on the wall.

use super::banner::{ModeButton, buttons, name};
use crate::{format, texts};
use touchline_app::live::{
    Alert, Supervising, WallAgent, WallCall,
    board::{AgentState, CallKind, LegState, Mode},
};
use touchline_model::Timestamp;

/// How long something has been going on.
pub(super) struct Timer {
    /// When the page was made, in whole seconds; a script counts on.
    pub(super) secs: i64,
    /// The same as on a clock.
    pub(super) text: String,
}

impl Timer {
    pub(super) fn new(since: Timestamp, now: Timestamp) -> Self {
        let secs = ((now.micros() - since.micros()) / 1_000_000).max(0);
        // Exact for as long as anybody may talk.
        Self { secs, text: format::clock(secs as f64) }
    }
}

/// Something that is said of a call or a person.
pub(super) struct Flag {
    pub(super) class: &'static str,
    pub(super) icon: &'static str,
    pub(super) text: String,
}

/// The call of a tile.
pub(super) struct CallLine {
    pub(super) icon: &'static str,
    /// The page of the call.
    pub(super) href: String,
    pub(super) others: String,
    /// Direction and queue, in words.
    pub(super) facts: String,
    /// Of the whole call, where the state has a time of its own.
    pub(super) all: Option<Timer>,
}

/// A tile.
pub(super) struct Tile {
    pub(super) device: String,
    pub(super) name: String,
    pub(super) number: String,
    pub(super) class: &'static str,
    pub(super) icon: &'static str,
    pub(super) state: String,
    pub(super) timer: Option<Timer>,
    pub(super) call: Option<CallLine>,
    pub(super) flags: Vec<Flag>,
    pub(super) modes: Vec<ModeButton>,
}

/// What can be pressed on a tile.
#[derive(Clone, Copy)]
pub(super) struct Can<'a> {
    /// The supervisor has a telephone.
    pub(super) own_phone: bool,
    /// The telephone whose owner's call the supervisor is on.
    pub(super) on_call_of: Option<&'a str>,
    /// The modes that may be gone over to there.
    pub(super) may: &'a [Mode],
    /// The supervisor is on a call.
    pub(super) busy: bool,
}

impl Tile {
    pub(super) fn new(it: WallAgent, can: Can<'_>, now: Timestamp) -> Self {
        let (class, icon, state) = match (&it.call, &it.state) {
            (Some(call), _) => call_state(call),
            (None, AgentState::Ready) => ("ready", "good", texts::t("live.ready").to_owned()),
            (None, AgentState::NotReady(reason)) => {
                let words = reason.clone().filter(|it| !it.trim().is_empty());
                ("away", "away", words.unwrap_or_else(|| texts::t("live.not_ready").to_owned()))
            }
            (None, AgentState::AfterCallWork) => {
                ("away", "away", texts::t("live.after_call_work").to_owned())
            }
            (None, AgentState::AuxWork) => ("away", "away", texts::t("live.aux_work").to_owned()),
            (None, AgentState::LoggedOut) => ("out", "away", texts::t("live.logged_out").to_owned()),
        };
        let since = it.call.as_ref().map(|call| call.since).or(it.since);
        let own = it.supervisors.iter().find(|it| it.is_own).map(|it| it.mode);
        let taken = it.supervisors.iter().any(|it| !it.is_own);
        let device = it.phone.device.to_string();
        let here = can.on_call_of == Some(device.as_str());
        let may = |mode: Mode| match (can.busy, here) {
            (true, true) => can.may.contains(&mode),
            (true, false) => false,
            (false, _) => can.own_phone && !taken,
        };
        let mut flags: Vec<Flag> = Vec::new();
        let mut flag = |class, icon, text: &str| flags.push(Flag { class, icon, text: text.to_owned() });
        if let Some(call) = &it.call {
            if call.muted {
                flag("", "muted", texts::t("live.muted"));
            }
            if call.silenced {
                flag("warn", "muted", texts::t("live.silenced"));
            }
        }
        match it.alert {
            Some(Alert::LongHold) => flag("warn", "warn", texts::t("live.long_hold")),
            Some(Alert::LongCall) => flag("warn", "warn", texts::t("live.long_call")),
            None => {}
        }
        if !it.phone.reachable && it.state != AgentState::LoggedOut {
            flag("bad", "bad", texts::t("live.disconnected"));
        }
        flags.extend(it.supervisors.iter().map(supervised));
        Self {
            modes: buttons(own, may),
            device,
            name: it.name,
            number: it.phone.number,
            class,
            icon,
            state,
            timer: since.filter(|_| class != "out").map(|since| Timer::new(since, now)),
            call: it.call.map(|call| CallLine::new(&call, now)),
            flags,
        }
    }
}

fn call_state(call: &WallCall) -> (&'static str, &'static str, String) {
    let (class, icon, key) = match call.state {
        LegState::Held => ("held", "pause", "live.held"),
        LegState::Ringing => ("ringing", "in", "live.ringing"),
        LegState::Dialing => ("ringing", "out", "live.dialing"),
        LegState::Established | LegState::Released => ("talking", "talking", "live.talking"),
    };
    (class, icon, texts::t(key).to_owned())
}

fn supervised(it: &Supervising) -> Flag {
    let mode = name(it.mode);
    let text = match (it.is_own, it.takes_part) {
        (true, true) => texts::t(&format!("live.own_{mode}")).to_owned(),
        (true, false) => texts::t("live.own_waits").to_owned(),
        (false, true) => texts::fill(&format!("live.by_{mode}"), &[("name", &it.name)]),
        (false, false) => texts::fill("live.by_waits", &[("name", &it.name)]),
    };
    Flag { class: mode, icon: mode, text }
}

impl CallLine {
    fn new(call: &WallCall, now: Timestamp) -> Self {
        let (icon, kind) = match call.kind {
            CallKind::Inbound => ("in", "live.inbound"),
            CallKind::Outbound => ("out", "live.outbound"),
            CallKind::Internal => ("talking", "live.internal"),
            CallKind::Consult => ("talking", "live.consult"),
        };
        let other = |it: &String| match it.trim() {
            "" => texts::t("live.withheld").to_owned(),
            it => it.to_owned(),
        };
        let facts = [Some(texts::t(kind)), call.queue.as_deref()];
        Self {
            icon,
            href: format!("/live/calls/{}", call.call),
            others: call.others.iter().map(other).collect::<Vec<_>>().join(", "),
            facts: facts.into_iter().flatten().collect::<Vec<_>>().join(" · "),
            all: call.took.filter(|took| *took != call.since).map(|took| Timer::new(took, now)),
        }
    }
}
