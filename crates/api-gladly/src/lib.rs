//! The Gladly reporting dialect, `/api/v1` (contract `gladly`): three reports as CSV, conversations, and the directory.
//!
//! It translates and decides nothing: a handler reads the body (`request`), asks the app for rows, and writes them
//! in the contract's words (`columns`, `csv`) as the client takes them (`answer`).
//!
//! # Choices that the contract leaves to the server
//! They are recorded in `docs/decisions/0013-gladly-reporting-over-http.md`.

mod answer;
mod columns;
mod config;
mod conversations;
mod csv;
mod directory;
mod errors;
mod file_name;
mod gate;
pub mod limiter;
mod metric_sets;
mod reports;
mod request;
mod routes;
mod times;
mod turn;

#[cfg(test)]
mod tests;

pub use config::{GladlyConfig, VendorLimits};
pub use errors::{ApiError, Wrong};
pub use gate::GladlyGate;
pub use routes::{Dialect, document, router, routes};
