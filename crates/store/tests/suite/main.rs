//! The store, told as stories that both engines must tell alike.

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

mod audit;
mod blobs;
mod contacts;
mod datasets;
mod doctor;
mod events;
mod feeds;
mod files;
mod full_disk;
mod groups;
mod imports;
mod jobs;
mod order;
mod overview;
mod plans;
// Included rather than depended on: the rest of testkit stands on crates above this one.
#[expect(unreachable_pub, reason = "it is a library elsewhere")]
#[path = "../../../testkit/src/postgres.rs"]
mod postgres;
mod random;
mod records;
mod samples;
mod search;
mod system;
mod telephony;
mod topics;
mod webhooks;
mod world;
