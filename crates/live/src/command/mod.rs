//! What people want, and why they do not get it.

pub(crate) mod calls;
mod data;
mod session;
mod transfer;
mod watch;

use crate::{AgentState, Board, CallId, DeviceId, Mode, Scope, What, call::Leg};
use serde_json::{Map, Value};
use std::collections::BTreeSet;
use thiserror::Error;
use touchline_model::UserId;

/// Who wants something, and what that one may.
#[derive(Clone, Debug)]
pub struct By {
    /// Who.
    pub user: UserId,
    /// Whether supervision is part of what was bought or allowed (a feature, in the words of clients).
    pub supervision: bool,
    /// Whether a supervisor.
    pub supervisor: bool,
    /// Whom a supervisor may watch.
    pub reach: Reach,
}

/// Whom a supervisor may watch (contract genesys-voice OC-27).
#[derive(Clone, Debug)]
pub enum Reach {
    /// Everybody: no groups are configured.
    Everybody,
    /// These.
    Only(BTreeSet<UserId>),
}

/// Why somebody does not get what they want.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum Refused {
    /// Something that is needed was not given.
    #[error("`{0}` is missing")]
    Missing(&'static str),
    /// Not in this state of things.
    #[error("{0}")]
    NotNow(&'static str),
    /// Not part of what is allowed here.
    #[error("{0}")]
    Forbidden(&'static str),
    /// Not for this person.
    #[error("{0}")]
    NoRight(&'static str),
    /// There is none.
    #[error("there is no such {0}")]
    NotFound(&'static str),
    /// Not one of the values that there are.
    #[error("`{0}` has a value that it cannot have")]
    BadValue(&'static str),
    /// Somebody else has it.
    #[error("{0}")]
    Taken(&'static str),
}

/// A value out of a list, as it was given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Given<T> {
    /// Not at all.
    #[default]
    Absent,
    /// So.
    Value(T),
    /// Something that is not in the list.
    Bad,
}

impl<T> Given<T> {
    fn or(self, default: T, field: &'static str) -> Result<T, Refused> {
        match self {
            Self::Absent => Ok(default),
            Self::Value(value) => Ok(value),
            Self::Bad => Err(Refused::BadValue(field)),
        }
    }
}

/// What a supervisor wants (contract genesys-voice §4.1).
#[derive(Clone, Debug)]
pub struct WatchWish {
    /// How.
    pub mode: Mode,
    /// The agent's telephone; the outer `None`: not given, the inner one: no such telephone.
    pub target: Option<Option<DeviceId>>,
    /// Its number, if it was named by that.
    pub number: Option<String>,
    /// What of the agent's work.
    pub scope: Given<Scope>,
    /// Whether one call only.
    pub once: Given<bool>,
}

/// What somebody wants with a telephone of theirs.
#[derive(Clone, Debug)]
pub enum Command {
    /// To begin work there.
    Start,
    /// To begin work at this one of several telephones of the own.
    StartAt(DeviceId),
    /// To end it.
    End,
    /// To be ready for calls, or not.
    State(AgentState),
    /// To send calls elsewhere, or no longer.
    Forward(Option<String>),
    /// To get no calls, or to get them again.
    DoNotDisturb(bool),
    /// To call somebody.
    Dial {
        /// The number.
        number: String,
        /// What belongs to the call.
        data: Map<String, Value>,
    },
    /// To watch an agent.
    Watch(WatchWish),
    /// To watch nobody.
    Unwatch,
    /// Something with a call.
    Call(CallId, CallCommand),
}

/// What somebody wants with a call that they are on (contract genesys-voice §3.3).
#[derive(Clone, Debug)]
pub enum CallCommand {
    /// To answer.
    Answer,
    /// To leave.
    HangUp,
    /// To put it aside.
    Hold,
    /// To take it up again.
    Retrieve,
    /// Not to be heard, or to be heard again.
    Mute(bool),
    /// To send digits.
    SendDtmf(String),
    /// To hand it over without asking.
    Transfer(String, Map<String, Value>),
    /// To ask a colleague, who then may take over or join.
    Consult(String, Map<String, Value>),
    /// To hand it over to who was asked; the call with that one, if it was given.
    CompleteTransfer(Option<CallId>),
    /// To let who was asked join.
    CompleteConference(Option<CallId>),
    /// To let somebody join without asking.
    Conference(String, Map<String, Value>),
    /// To have somebody leave, by number.
    RemoveParty(String),
    /// To put this one aside and take up the other.
    Swap(CallId),
    /// To add data.
    AttachData(Map<String, Value>),
    /// To replace data.
    UpdateData(Map<String, Value>),
    /// To remove the data of a key.
    DeleteDataPair(String),
    /// To remove all data.
    DeleteData,
    /// To record from now on.
    StartRecording,
    /// Not to record for a while.
    PauseRecording,
    /// To go on recording.
    ResumeRecording,
    /// To record no longer.
    StopRecording,
    /// To take part in another way, as a supervisor.
    SwitchTo(Mode),
    /// To mute the agent, as a supervisor, or no longer.
    MuteMonitored(bool),
}

impl Board {
    /// Carries out what somebody wants with the telephone they work at.
    pub(crate) fn carry_out(&mut self, by: &By, command: Command) -> Result<Option<What>, Refused> {
        let device = self.desk_of(&by.user).ok_or(Refused::NotFound("device"))?;
        self.carry_out_at(by, &device, command)
    }

    fn carry_out_at(
        &mut self,
        by: &By,
        device: &DeviceId,
        command: Command,
    ) -> Result<Option<What>, Refused> {
        match command {
            Command::Start => self.start(device),
            Command::StartAt(wanted) => self.start_at(by, device, &wanted),
            Command::End => self.end(device),
            Command::State(state) => self.set_state(device, state),
            Command::Forward(to) => self.forward(device, to),
            Command::DoNotDisturb(on) => self.do_not_disturb(device, on),
            Command::Dial { number, data } => self.dial(device, &number, data),
            Command::Watch(wish) => self.watch(by, device, wish),
            Command::Unwatch => self.unwatch(by, device),
            Command::Call(call, command) => return self.with_call(device, call, command),
        }?;
        Ok(None)
    }

    /// The leg of a telephone in a call.
    pub(crate) fn leg_of(&self, device: &DeviceId, call: CallId) -> Result<&Leg, Refused> {
        self.calls.get(&call).and_then(|it| it.leg(device)).ok_or(Refused::NotFound("call"))
    }
}
