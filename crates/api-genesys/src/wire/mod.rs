//! Resources as clients know them (contract §5): made from the views of live calls and from the directory.

mod call;
mod channel;
mod device;
mod names;
mod service;
mod user;

pub(crate) use call::{Calling, call};
pub(crate) use channel::{VOICE_ENVIRONMENT, channel, channel_name, voice_environment};
pub(crate) use device::{AGENT_STATES, agent_state, device};
pub(crate) use names::call_may;
pub(crate) use service::ServiceMessage;
pub(crate) use user::{UserFields, contact, user, wire_id};
