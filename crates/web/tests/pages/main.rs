//! The pages through their router, as a browser sees them.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may end here")]

mod admin;
mod admin_people;
mod admin_telephony;
mod call;
mod call_deeds;
mod calls;
mod exports;
mod floor;
mod home;
mod imports;
mod live;
mod live_call;
mod news;
mod reports;
mod reports_edges;
mod reports_events;
mod sign_in;
mod told;
mod topics;
mod world;
