//! Stories about contacts and agents, and what reports must make of them (contract gladly §4 to §6, §9, §10, §12).

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may end here")]

mod agents;
mod buckets;
mod contacts;
mod conversations;
mod handling;
mod merging;
mod naive;
mod properties;
mod windows;
mod world;
