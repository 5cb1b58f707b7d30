//! The transports of Bayeux over real sockets, told as stories.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may end here")]

mod access;
mod bodies;
mod load;
mod polling;
mod sockets;
mod world;
