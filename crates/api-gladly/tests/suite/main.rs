//! Stories through HTTP: events go in as a customer's system would send them, a client of the vendor's API reads. Each
//! story is told on SQLite and on PostgreSQL, with the clock in the test's hand.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on must say so")]

mod access;
mod agent_summary;
mod contact_export;
mod document;
mod limits;
mod long;
mod lookups;
mod refusals;
mod thread;
mod windows;
mod work_sessions;
mod world;
