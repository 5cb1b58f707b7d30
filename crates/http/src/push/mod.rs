//! Push: the transports of Bayeux over axum (contract bayeux §1, §6). The protocol itself is `touchline_bayeux`.
//!
//! A [`Hub`] owns one engine behind one lock, and what the engine says is to be done: requests that are held, web
//! sockets, timers. [`routes`] mounts its transports at a path, behind an [`Entrance`] that says who knocks. What is
//! announced reaches the clients through translators ([`Hub::add_translator`]), or directly ([`Hub::publish`]).
//!
//! No lock is held across an await: a call into the engine collects what follows from it, hands answers and frames to
//! those who wait for them, and lets go. What waits for slow clients is bounded by the engine's own settings (a queue
//! for each session, a window for each socket) and by [`PushLimits`].

mod announce;
mod body;
mod claims;
mod cookies;
mod entrance;
mod hub;
mod hush;
mod origin;
mod polling;
mod routes;
mod socket;

pub use announce::Translator;
pub use cookies::{cookie, set_cookie};
pub use entrance::{Entrance, Knock, Turned, Visitor};
pub use hub::{Hub, PushLimits};
pub use hush::Hush;
pub use origin::is_same_origin;
pub use routes::routes;
/// Settings, identities and numbers of the engine, for whoever wires a hub.
pub use touchline_bayeux::{Identity, Settings, SettingsError, Standard, Stats, Transport};
