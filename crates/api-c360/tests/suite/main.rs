//! Stories through HTTP: data goes in as a customer's would, the pipeline runs, a Coach360 client reads. Each story is
//! told on SQLite and on PostgreSQL, with the clock in the test's hand.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on must say so")]

mod access;
mod calls;
mod coaching;
mod deletion;
mod directory;
mod document;
mod limits;
mod paging;
mod scores;
mod search;
mod streams;
mod topics;
mod transcript;
mod world;
