//! What the tests of a dialect stand on: an app over an empty store, on each engine in turn, and a caller's log-in.

use crate::postgres::fresh_database;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use std::sync::Arc;
use touchline_app::{
    App, Limits, SystemEntropy,
    store::{Blobs, Store, StoreError},
};
use touchline_model::{FakeClock, Timestamp};

/// Tells a story twice: to an app over an empty SQLite store, and to one over an empty PostgreSQL database. It is
/// `start` in both, until the story moves the clock.
///
/// # Panics
/// When a store cannot be made, and as [`fresh_database`].
pub async fn on_both_engines(start: Timestamp, story: impl AsyncFn(App, Arc<FakeClock>)) {
    for engine in ["SQLite", "PostgreSQL"] {
        eprintln!("on {engine}:");
        let clock = Arc::new(FakeClock::at(start));
        let folder = made(tempfile::tempdir(), "a folder");
        let store: Result<Store, StoreError> = match engine {
            "SQLite" => Store::open_sqlite(&folder.path().join("touchline.db"), clock.clone()).await,
            _ => Store::open_postgres(&fresh_database().await, clock.clone()).await,
        };
        let blobs = made(Blobs::open(&folder.path().join("recordings")), "a folder of recordings");
        let (store, entropy) = (made(store, "a store"), Arc::new(SystemEntropy));
        story(App::new(store, blobs, clock.clone(), entropy, Limits::default()), clock).await;
    }
}

/// The value of `Authorization` that logs in with a name and a secret (RFC 7617).
pub fn basic(name: &str, secret: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{name}:{secret}")))
}

#[expect(clippy::panic, reason = "a test without its store must fail, loudly and at once")]
fn made<T, E: std::fmt::Display>(result: Result<T, E>, what: &str) -> T {
    result.unwrap_or_else(|error| panic!("could not make {what}: {error}"))
}
