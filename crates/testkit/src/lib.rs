//! Helpers that the tests of all crates share. Never part of what is shipped.

pub mod dialect;
pub mod postgres;
