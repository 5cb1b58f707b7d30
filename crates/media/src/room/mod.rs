//! One live call: who is in it, who hears whom, and what is recorded.
//!
//! The state of a call is a [`Call`]; [`routes`] derives from it, and from nothing else, every path that sound may
//! take. [`Room`] mixes along these paths, once a tick.

mod call;
mod mix;
mod mixer;
mod routes;

pub use call::{Call, Mode, Party, PartyId, Presence, Role, RoomError, SEATS};
pub use mixer::{Room, Tracks};
pub use routes::{Routes, Sources, routes};
