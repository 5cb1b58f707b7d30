//! Calls (contract §3.3).

use crate::{
    ApiError, answer,
    config::Feature,
    devices::working_at,
    dialect::Dialect,
    fields::Fields,
    me::{may_use_voice, needs},
    operation::Operation,
    select::Selection,
    wire,
};
use axum::{
    extract::{Path, RawQuery, Request, State},
    response::Response,
};
use touchline_app::live::board::{CallCommand, CallId, CallMay, CallView, Command, DeviceId, Mode};
use touchline_http::CallerOf;
use touchline_model::Caller;

/// Fields by which lists can be filtered.
const FILTERS: [&str; 8] = ["id", "callUuid", "connId", "state", "callType", "deviceUri", "ani", "dnis"];

/// `GET /me/calls`
pub(crate) async fn own(
    State(dialect): State<Dialect>,
    CallerOf(caller): CallerOf,
    RawQuery(query): RawQuery,
) -> Result<Response, ApiError> {
    needs(&dialect, Feature::Voice)?;
    let selection = Selection::read(query.as_deref(), &FILTERS)?;
    let views = dialect.app.live().call_views(&caller);
    let calls = views.iter().map(|view| Fields::of(&wire::call(dialect.calling(), view))).collect();
    Ok(selection.list("calls", calls))
}

/// `GET /me/calls/{id}`
pub(crate) async fn one(
    State(dialect): State<Dialect>,
    CallerOf(caller): CallerOf,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, ApiError> {
    needs(&dialect, Feature::Voice)?;
    let selection = Selection::read(query.as_deref(), &[])?;
    let view = own_call(&dialect, &caller, &id)?;
    Ok(answer::found("call", &selection.trim(Fields::of(&wire::call(dialect.calling(), &view)))))
}

/// The caller's view of a call; calls of others are not found.
fn own_call(dialect: &Dialect, caller: &Caller, id: &str) -> Result<CallView, ApiError> {
    let none = || ApiError::not_found("call");
    let id: CallId = id.parse().map_err(|()| none())?;
    let views = dialect.app.live().call_views(caller);
    views.into_iter().find(|it| it.call == id).ok_or_else(none)
}

/// `POST /me/devices/{id}/calls`
pub(crate) async fn dial(
    State(dialect): State<Dialect>,
    CallerOf(caller): CallerOf,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, ApiError> {
    let operation = Operation::read(request).await?;
    if operation.name != "Dial" {
        return Err(operation.unknown());
    }
    may_use_voice(&dialect, &caller)?;
    working_at(&dialect, &caller, &DeviceId(id))?;
    operation.text("location")?;
    let command = Command::Dial { number: operation.destination()?, data: operation.user_data()? };
    dialect.app.live().command(&caller, command)?;
    Ok(answer::accepted())
}

/// `POST /me/calls/{id}`
pub(crate) async fn post(
    State(dialect): State<Dialect>,
    CallerOf(caller): CallerOf,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, ApiError> {
    let operation = Operation::read(request).await?;
    let (_, feature) = ALL
        .iter()
        .map(|it| wire::call_may(*it))
        .find(|(name, _)| *name == operation.name)
        .ok_or_else(|| operation.unknown())?;
    may_use_voice(&dialect, &caller)?;
    feature.map_or(Ok(()), |it| needs(&dialect, it))?;
    let call = own_call(&dialect, &caller, &id)?.call;
    let command = command(&dialect, &operation)?;
    dialect.app.live().command(&caller, Command::Call(call, command))?;
    Ok(answer::accepted())
}

/// Everything that can be done with a call.
const ALL: [CallMay; 28] = [
    CallMay::Answer,
    CallMay::HangUp,
    CallMay::Hold,
    CallMay::Retrieve,
    CallMay::Mute,
    CallMay::Unmute,
    CallMay::SendDtmf,
    CallMay::Transfer,
    CallMay::Consult,
    CallMay::ConsultForConference,
    CallMay::Conference,
    CallMay::CompleteTransfer,
    CallMay::CompleteConference,
    CallMay::Swap,
    CallMay::RemoveParty,
    CallMay::AttachData,
    CallMay::UpdateData,
    CallMay::DeleteData,
    CallMay::DeleteDataPair,
    CallMay::StartRecording,
    CallMay::PauseRecording,
    CallMay::ResumeRecording,
    CallMay::StopRecording,
    CallMay::SwitchToListen,
    CallMay::SwitchToBargeIn,
    CallMay::SwitchToCoach,
    CallMay::MuteMonitored,
    CallMay::UnmuteMonitored,
];

fn command(dialect: &Dialect, operation: &Operation) -> Result<CallCommand, ApiError> {
    let call = |name: &str| -> Result<Option<CallId>, ApiError> {
        let uri = operation.text(name)?;
        uri.map(|it| dialect.prefix.read_call(it).ok_or_else(|| ApiError::not_found("call"))).transpose()
    };
    Ok(match operation.name.as_str() {
        "Answer" => CallCommand::Answer,
        "Hangup" => CallCommand::HangUp,
        "Hold" => CallCommand::Hold,
        "Retrieve" => CallCommand::Retrieve,
        "MuteCall" => CallCommand::Mute(true),
        "UnmuteCall" => CallCommand::Mute(false),
        "SendDtmf" => CallCommand::SendDtmf(operation.needed("digits")?.to_owned()),
        "SingleStepTransfer" => CallCommand::Transfer(operation.destination()?, operation.user_data()?),
        "InitiateTransfer" | "InitiateConference" => {
            CallCommand::Consult(operation.destination()?, operation.user_data()?)
        }
        "CompleteTransfer" => CallCommand::CompleteTransfer(call("consultCallUri")?),
        "CompleteConference" => CallCommand::CompleteConference(call("consultCallUri")?),
        "SingleStepConference" => CallCommand::Conference(operation.destination()?, operation.user_data()?),
        "RemoveParticipantFromConference" => CallCommand::RemoveParty(operation.number("participant")?),
        "SwapCalls" => {
            CallCommand::Swap(call("otherCallUri")?.ok_or_else(|| ApiError::missing("otherCallUri"))?)
        }
        "AttachUserData" => CallCommand::AttachData(operation.needed_user_data()?),
        "UpdateUserData" => CallCommand::UpdateData(operation.needed_user_data()?),
        "DeleteUserDataPair" => CallCommand::DeleteDataPair(operation.needed("key")?.to_owned()),
        "DeleteUserData" => CallCommand::DeleteData,
        "StartCallRecording" => CallCommand::StartRecording,
        "PauseCallRecording" => CallCommand::PauseRecording,
        "ResumeCallRecording" => CallCommand::ResumeRecording,
        "StopCallRecording" => CallCommand::StopRecording,
        "SwitchToListenIn" => CallCommand::SwitchTo(Mode::Listen),
        "SwitchToBargeIn" => CallCommand::SwitchTo(Mode::BargeIn),
        "SwitchToCoach" => CallCommand::SwitchTo(Mode::Coach),
        "MuteMonitoredUser" => CallCommand::MuteMonitored(true),
        "UnmuteMonitoredUser" => CallCommand::MuteMonitored(false),
        _ => return Err(operation.unknown()),
    })
}
