//! The Gladly reporting dialect, `/api/v1` (contract `gladly`).
mod config;
mod errors;
mod gate;
pub mod limiter;
mod turn;

pub use config::{GladlyConfig, VendorLimits};
pub use errors::{ApiError, Wrong};
pub use gate::GladlyGate;
