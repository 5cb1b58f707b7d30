//! Finding calls: what one engine finds the other finds, and both find what a plain look at every call finds.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may end here")]

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

mod alike;
mod real;
mod stories;
mod topics;
mod world;
