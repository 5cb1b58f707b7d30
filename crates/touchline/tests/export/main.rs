//! `touchline export` as a user runs it: what it writes is what the reports and the records say, read back by DuckDB; a
//! closed day stays, a run that was cut is gone on with, and a bucket is as good as a folder.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may end here")]

#[path = "../common/mod.rs"]
mod common;

mod days;
mod formats;
mod places;
mod tools;
