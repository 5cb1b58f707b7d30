//! The contract, told as stories. Each test names the rows that it covers.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking, also in what tests share"
)]

mod acknowledge;
mod advice;
mod any_input;
mod browsers;
mod channels;
mod chaos;
mod connect;
mod delivery;
mod ending;
mod expiry;
mod floods;
mod handshake;
mod lazy;
mod messages;
mod order;
mod sockets;
mod timesync;
mod world;
