//! Live calls as stories: what people do, what they are told, what telephones are asked to do.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on must say so")]

mod calls;
mod hunts;
mod random;
mod supervision;
mod transfers;
mod watched;
mod world;
