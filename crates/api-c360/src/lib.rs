//! The Coach360 Conversation Intelligence dialect, `/api/ev/2` (contract `c360`): 21 operations.
//!
//! It translates and decides nothing: a handler reads parameters ([`params`]), asks the app, and writes the
//! answer in the contract's words. One file per resource, its wire types beside its handlers.
//!
//! # Choices that the contract leaves to the server
//! - The vendor limits one *instance*, which one customer has; a Touchline server holds many tenants. So there is
//!   one queue per tenant ([`limiter`]), shared by all its credentials: no customer waits for another.
//! - Every credential of the dialect sees its whole tenant; deletion is an ability of its own.
//! - Contacts of every channel are calls here; the dialect has no other word for them.

mod call_topics;
mod calls;
mod check;
mod config;
mod directory;
mod errors;
mod feedback;
mod gate;
mod kpis;
pub mod limiter;
mod listens;
mod meetings;
mod number;
mod paging;
pub mod params;
mod plans;
mod routes;
mod scorecard;
mod scores;
mod shares;
mod topics;
mod transcript;

pub use config::{C360Config, VendorLimits};
pub use errors::ApiError;
pub use gate::C360Gate;
pub use routes::{Dialect, document, router, routes};
