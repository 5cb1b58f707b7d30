//! Names of what may be done (contract §5.3, §5.5). The order of a list is that of the view.

use crate::config::{Feature, GenesysConfig};
use touchline_app::live::board::{CallMay, DeviceMay};

/// The operation of a telephone.
const fn device_may(may: DeviceMay) -> &'static str {
    match may {
        DeviceMay::ForwardOn => "ForwardCallsOn",
        DeviceMay::ForwardOff => "ForwardCallsOff",
        DeviceMay::DoNotDisturbOn => "DoNotDisturbOn",
        DeviceMay::DoNotDisturbOff => "DoNotDisturbOff",
        DeviceMay::Listen => "ListenIn",
        DeviceMay::Coach => "Coach",
        DeviceMay::BargeIn => "BargeIn",
        DeviceMay::CancelWatch => "CancelSupervisorMonitoring",
    }
}

/// The names for a telephone, without what this server does not offer.
pub(crate) fn of_device(config: &GenesysConfig, may: &[DeviceMay]) -> Vec<&'static str> {
    use DeviceMay::{BargeIn, CancelWatch, Coach, Listen};
    let monitors = config.offers(Feature::Monitoring);
    let offered = |it: &&DeviceMay| monitors || !matches!(it, Listen | Coach | BargeIn | CancelWatch);
    may.iter().filter(offered).map(|it| device_may(*it)).collect()
}

/// The operation of a call, and the feature that it needs beside `api-voice`.
pub(crate) const fn call_may(may: CallMay) -> (&'static str, Option<Feature>) {
    use CallMay as M;
    let name = match may {
        M::Answer => "Answer",
        M::HangUp => "Hangup",
        M::Hold => "Hold",
        M::Retrieve => "Retrieve",
        M::Mute => "MuteCall",
        M::Unmute => "UnmuteCall",
        M::SendDtmf => "SendDtmf",
        M::Transfer => "SingleStepTransfer",
        M::Consult => "InitiateTransfer",
        M::ConsultForConference => "InitiateConference",
        M::Conference => "SingleStepConference",
        M::CompleteTransfer => "CompleteTransfer",
        M::CompleteConference => "CompleteConference",
        M::Swap => "SwapCalls",
        M::RemoveParty => "RemoveParticipantFromConference",
        M::AttachData => "AttachUserData",
        M::UpdateData => "UpdateUserData",
        M::DeleteData => "DeleteUserData",
        M::DeleteDataPair => "DeleteUserDataPair",
        M::StartRecording => return ("StartCallRecording", Some(Feature::Recording)),
        M::PauseRecording => return ("PauseCallRecording", Some(Feature::Recording)),
        M::ResumeRecording => return ("ResumeCallRecording", Some(Feature::Recording)),
        M::StopRecording => return ("StopCallRecording", Some(Feature::Recording)),
        M::SwitchToListen => return ("SwitchToListenIn", Some(Feature::Monitoring)),
        M::SwitchToBargeIn => return ("SwitchToBargeIn", Some(Feature::Monitoring)),
        M::SwitchToCoach => return ("SwitchToCoach", Some(Feature::Monitoring)),
        M::MuteMonitored => return ("MuteMonitoredUser", Some(Feature::Monitoring)),
        M::UnmuteMonitored => return ("UnmuteMonitoredUser", Some(Feature::Monitoring)),
    };
    (name, None)
}

/// The names for a call, without what this server does not offer.
pub(crate) fn of_call(config: &GenesysConfig, may: &[CallMay]) -> Vec<&'static str> {
    let names = may.iter().map(|it| call_may(*it));
    names.filter(|(_, needs)| needs.is_none_or(|it| config.offers(it))).map(|(name, _)| name).collect()
}
