//! The one channel, voice (OC-14, OC-18), and the one voice environment (OC-20).

use super::device::{UserState, agent_state};
use crate::uris::{Prefix, path};
use serde::Serialize;
use touchline_app::live::board::AgentState;

/// The id of the voice environment, the same on every server.
pub(crate) const VOICE_ENVIRONMENT: &str = "370ef5e6-9e3c-4d91-9588-7f4dfe67e011";

/// The name of the channel.
pub(crate) const fn channel_name() -> &'static str {
    "voice"
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ChannelBody {
    channel: &'static str,
    user_state: UserState,
    capabilities: [&'static str; 0],
}

/// The channel of somebody in this state.
pub(crate) fn channel(state: &AgentState) -> impl Serialize + use<> {
    ChannelBody { channel: channel_name(), user_state: agent_state(state), capabilities: [] }
}

#[derive(Serialize)]
struct VoiceEnvironmentBody {
    id: &'static str,
    name: &'static str,
    uri: String,
    path: String,
}

/// The voice environment.
pub(crate) fn voice_environment(prefix: &Prefix) -> impl Serialize + use<> {
    let id = VOICE_ENVIRONMENT;
    let kind = "voice-environments";
    VoiceEnvironmentBody { id, name: "Touchline", uri: prefix.uri(kind, id), path: path(kind, id) }
}
