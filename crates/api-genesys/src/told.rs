//! What people are told (contract §6, §7): notices of live calls as messages on channels. Order and number of notices
//! are the board's; nothing is added here but the message about the channel.

use crate::{
    answer::Code,
    config::GenesysConfig,
    fields::Fields,
    uris::Prefix,
    wire::{self, Calling},
};
use serde_json::value::{RawValue, to_raw_value};
use std::{
    collections::{BTreeSet, HashMap},
    sync::{Arc, Mutex, PoisonError},
};
use touchline_app::{
    App,
    live::board::{AgentState, CallId, Cause, DeviceId, Notice, Tried, What},
};
use touchline_model::{Caller, TenantId, Timestamp, UserId};

/// Where telephones are told of.
pub const DEVICES: &str = "/v2/me/devices";
/// Where calls are told of.
pub const CALLS: &str = "/v2/me/calls";
/// Where the channel is told of.
pub const CHANNELS: &str = "/v2/me/channels";

/// A channel, and the data of a message on it.
pub(crate) type Message = (String, Box<RawValue>);

/// Turns notices into messages. Remembers the state in which each telephone was told of last.
pub(crate) struct Telling {
    app: App,
    config: Arc<GenesysConfig>,
    prefix: Prefix,
    states: Mutex<HashMap<(TenantId, DeviceId), AgentState>>,
}

impl Telling {
    pub(crate) fn new(app: App, config: Arc<GenesysConfig>, prefix: Prefix) -> Self {
        Self { app, config, prefix, states: Mutex::default() }
    }

    /// The messages for one person.
    pub(crate) fn tell(&self, tenant: &TenantId, user: &UserId, notice: &Notice) -> Vec<Message> {
        match notice {
            Notice::Device(view) => {
                let changed = self.is_another_state(tenant, &view.device.id, &view.state);
                let device = wire::device(&self.config, &self.prefix, view, false);
                let channel = changed.then(|| channel_message(&view.state));
                message(DEVICES, "DeviceStateChangeMessage", |it| it.with("devices", &[device]))
                    .into_iter()
                    .chain(channel.flatten())
                    .collect()
            }
            Notice::Call { what, view } => {
                let number = self.number(tenant, user, &view.device);
                let calling = Calling { config: &self.config, prefix: &self.prefix, now: self.now() };
                let call = wire::call(calling, view);
                let body = message(CALLS, "CallStateChangeMessage", |it| {
                    it.with("notificationType", &notification_type(*what))
                        .with("call", &call)
                        .with("phoneNumber", &number)
                        .with(
                            "extensions",
                            &Fields::default().with("WrapUpTime", &0).with("BusinessCall", &0),
                        )
                });
                body.into_iter().collect()
            }
            Notice::Failed { call, tried, cause, .. } => {
                error_message(&self.prefix, *call, *tried, *cause).into_iter().collect()
            }
        }
    }

    fn now(&self) -> Timestamp {
        self.app.clock().now()
    }

    /// Whether a telephone is in another state than it was told of last; remembers this one.
    fn is_another_state(&self, tenant: &TenantId, device: &DeviceId, state: &AgentState) -> bool {
        let mut states = self.states.lock().unwrap_or_else(PoisonError::into_inner);
        let before = states.insert((tenant.clone(), device.clone()), state.clone());
        before.unwrap_or_default() != *state
    }

    /// The number of somebody's own telephone.
    fn number(&self, tenant: &TenantId, user: &UserId, device: &DeviceId) -> String {
        let owner = Caller {
            tenant: tenant.clone(),
            actor: format!("user:{user}"),
            user: Some(user.clone()),
            own_only: true,
            abilities: BTreeSet::new(),
            source: "local".to_owned(),
        };
        let own = self.app.live().device_views(&owner);
        own.into_iter().find(|it| it.device.id == *device).map(|it| it.device.number).unwrap_or_default()
    }
}

fn message(channel: &str, kind: &str, fill: impl FnOnce(Fields) -> Fields) -> Option<Message> {
    let data = fill(Fields::default().with("messageType", &kind));
    Some((channel.to_owned(), to_raw_value(&data).ok()?))
}

/// OC-56.
fn channel_message(state: &AgentState) -> Option<Message> {
    message(CHANNELS, "ChannelStateChangeMessageV2", |it| it.with("channels", &[wire::channel(state)]))
}

/// §6.2.
const fn notification_type(what: What) -> &'static str {
    match what {
        What::Status => "StatusChange",
        What::Participants => "ParticipantsUpdated",
        What::Data => "AttachedDataChanged",
        What::DtmfSent => "DtmfSent",
        What::Recording => "CallRecordingStateChange",
        What::MonitoredMuted => "MonitoredUserMutedStateChange",
    }
}

/// §7.5, OC-68.
fn error_message(prefix: &Prefix, call: CallId, tried: Tried, cause: Cause) -> Option<Message> {
    let (name, what) = match tried {
        Tried::Dial => ("Dial", "the number was not reached"),
        Tried::Transfer => ("SingleStepTransfer", "the call could not be handed over"),
        Tried::Consult => ("InitiateTransfer", "the colleague was not reached"),
        Tried::Conference => ("SingleStepConference", "nobody joined"),
        Tried::Answer => ("Answer", "the telephone did not answer"),
    };
    let (code, why) = match cause {
        Cause::Unreachable => (Code::NotFound, "there is no way to this number"),
        Cause::Busy => (Code::NotNow, "busy"),
        Cause::Declined => (Code::NotNow, "declined"),
        Cause::NoAnswer => (Code::NotNow, "no answer"),
        Cause::Normal => (Code::NotNow, "it was given up"),
    };
    message(CALLS, "ErrorMessage", |it| {
        it.with("notificationType", &"Error")
            .with("operationName", &name)
            .with("errorCode", &code.number())
            .with("errorMessage", &format!("{what}: {why}"))
            .with("callUri", &prefix.call(call))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    // covers(genesys): S7.5, OC-68
    #[test]
    fn a_late_failure_names_operation_code_and_call() {
        let prefix = Prefix::new("http://h/api/v2");
        let (channel, data) = error_message(&prefix, CallId(0xAB), Tried::Dial, Cause::Unreachable).unwrap();
        assert_eq!(channel, "/v2/me/calls");
        assert_eq!(
            data.get(),
            format!(
                "{{\"messageType\":\"ErrorMessage\",\"notificationType\":\"Error\",\"operationName\":\"Dial\",\
                 \"errorCode\":6,\"errorMessage\":\"the number was not reached: there is no way to this number\",\
                 \"callUri\":\"http://h/api/v2/me/calls/{:032X}\"}}",
                0xAB
            )
        );
    }
}
