//! Live calls, from the telephone that rings to the contact that is kept, on both engines.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on must say so")]

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

mod contacts;
mod ends;
mod numbers;
mod rings;
mod settings;
mod whispers;
mod world;
