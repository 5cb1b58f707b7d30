//! The native API, told as stories over HTTP that both engines must tell alike.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on must say so")]

/// Gives each story two tests: one on SQLite, one on PostgreSQL.
macro_rules! on_both_engines {
    ($($story:ident),+ $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $story() { super::$story(crate::world::World::sqlite().await).await; })+
        }
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $story() { super::$story(crate::world::World::postgres().await).await; })+
        }
    };
}

mod audio;
mod audit;
mod bad_input;
mod broken_off;
mod bulk;
mod changes;
mod contacts;
mod document;
mod events;
mod export_schedules;
mod full_disk;
mod idempotency;
mod isolation;
mod operators;
mod records;
mod reports;
mod search;
mod telephony;
mod webhooks;
mod world;
