//! The dialect over HTTP and its notification endpoint, told as stories. Telephones are played by the tests: they say
//! what lines say, and see what is asked of them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may end here")]

mod access;
mod calls;
mod checklist;
mod choices;
mod conferences;
mod directory;
mod hostile;
mod session;
mod supervision;
mod switching;
mod world;
