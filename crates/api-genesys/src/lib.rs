//! The dialect of Genesys Web Services for voice and supervision, `/api/v2` (contract `genesys-voice`).
//!
//! It translates and decides nothing: an operation object becomes a command of `touchline_app::live`, a view of a
//! telephone or call becomes a resource (`wire`), a notice becomes messages on a channel (`told`). Who may do what, when,
//! and who is told what in which order is the board's.
//!
//! [`Dialect`] is wired by the program: over an app and a hub, with its router, and [`Dialect::run`], which looks after
//! HTTP sessions.

mod answer;
mod calls;
mod config;
mod devices;
mod dialect;
mod directory;
mod door;
mod fields;
mod gate;
mod me;
mod numbers;
mod operation;
mod roles;
mod routes;
mod select;
mod sessions;
mod settings;
mod told;
mod uris;
mod wire;

pub use answer::{ApiError, Code};
pub use config::{Compat, Cors, Feature, GenesysConfig};
pub use dialect::{Dialect, NOTIFICATIONS};
pub use gate::GenesysGate;
pub use routes::{document, routes};
pub use sessions::COOKIE;
pub use told::{CALLS, CHANNELS, DEVICES};
