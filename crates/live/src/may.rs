//! What may be done, in our words; a dialect has its own names for it.

use crate::{
    CallKind, LegState, Mode, Recording, Settings,
    call::{Call, Leg, Part},
};

/// What may be done with a telephone (contract genesys-voice §5.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum DeviceMay {
    ForwardOn,
    ForwardOff,
    DoNotDisturbOn,
    DoNotDisturbOff,
    Listen,
    Coach,
    BargeIn,
    CancelWatch,
}

/// What may be done with a call (contract genesys-voice §5.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum CallMay {
    Answer,
    HangUp,
    Hold,
    Retrieve,
    Mute,
    Unmute,
    SendDtmf,
    Transfer,
    Consult,
    ConsultForConference,
    Conference,
    CompleteTransfer,
    CompleteConference,
    Swap,
    RemoveParty,
    AttachData,
    UpdateData,
    DeleteData,
    DeleteDataPair,
    StartRecording,
    PauseRecording,
    ResumeRecording,
    StopRecording,
    SwitchToListen,
    SwitchToBargeIn,
    SwitchToCoach,
    MuteMonitored,
    UnmuteMonitored,
}

/// What else goes on at a telephone, as far as it decides what may be done.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Beside {
    /// Another call is put aside.
    pub(crate) held: bool,
    /// Another call is spoken in.
    pub(crate) speaking: bool,
    /// A colleague is being called about this one.
    pub(crate) consulting: bool,
    /// The telephone cannot be made to answer.
    pub(crate) public: bool,
}

/// In the contract's order (§5.5).
const DATA_AND_HANG_UP: [CallMay; 5] =
    [CallMay::DeleteData, CallMay::AttachData, CallMay::DeleteDataPair, CallMay::HangUp, CallMay::UpdateData];

/// What the owner of a leg may do.
pub(crate) fn call_may(settings: &Settings, call: &Call, leg: &Leg, beside: Beside) -> Vec<CallMay> {
    use CallMay::*;
    let mut may = Vec::new();
    match leg.state {
        LegState::Released => return may,
        LegState::Ringing => {
            if !beside.public {
                may.push(Answer);
            }
            may.extend([HangUp, AttachData, UpdateData, DeleteData, DeleteDataPair]);
            return may;
        }
        LegState::Dialing => {
            may.extend([SendDtmf]);
            may.extend(DATA_AND_HANG_UP);
            // To be asked may be handed over before it is answered.
            if call.kind == CallKind::Consult && beside.held {
                may.extend([Swap, CompleteTransfer, CompleteConference]);
            }
            return may;
        }
        LegState::Established | LegState::Held => {}
    }
    let held = leg.state == LegState::Held;
    may.extend([Transfer, ConsultForConference]);
    match (held, beside.consulting || beside.speaking) {
        (false, _) => may.push(Hold),
        (true, false) => may.push(Retrieve),
        (true, true) => {}
    }
    may.extend([Conference, Consult]);
    if !held {
        may.push(SendDtmf);
    }
    may.extend(DATA_AND_HANG_UP);
    let Part::Watcher { mode, .. } = leg.part else {
        if !held {
            may.push(if leg.muted { Unmute } else { Mute });
        }
        if (held && beside.consulting) || (!held && beside.held) {
            may.extend([Swap, CompleteTransfer, CompleteConference]);
        } else if held && beside.speaking {
            may.push(Swap);
        }
        if settings.recording {
            may.extend(match call.recording {
                Recording::Stopped => vec![StartRecording],
                Recording::Running => vec![PauseRecording, StopRecording],
                Recording::Paused => vec![ResumeRecording, StopRecording],
            });
        }
        if call.owner.is_some() && call.owner == leg.device {
            may.push(RemoveParty);
        }
        return may;
    };
    for (to, name) in
        [(Mode::Listen, SwitchToListen), (Mode::BargeIn, SwitchToBargeIn), (Mode::Coach, SwitchToCoach)]
    {
        if settings.may_switch(mode, to) {
            may.push(name);
        }
    }
    may.push(RemoveParty);
    if mode == Mode::BargeIn {
        may.push(if watched_is_silenced(call, leg) { UnmuteMonitored } else { MuteMonitored });
    } else if settings.strict_capabilities {
        may.retain(|it| !refused_in_silence(*it));
    }
    may
}

/// What a supervisor who is not heard by all is offered for the sake of old clients, and refused (OC-54).
pub(crate) fn refused_in_silence(may: CallMay) -> bool {
    use CallMay::*;
    matches!(may, Transfer | Consult | Conference | ConsultForConference | SendDtmf)
}

/// Whether a supervisor has muted the agent.
pub(crate) fn watched_is_silenced(call: &Call, watcher: &Leg) -> bool {
    let Part::Watcher { of, .. } = watcher.part else { return false };
    call.by_line(of).is_some_and(|leg| leg.silenced)
}
