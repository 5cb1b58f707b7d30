//! From packets that come when they like to a frame every 20 ms: order, delay, loss, pauses and drifting clocks.

mod buffer;
mod conceal;
mod delay;
mod stretch;

pub use buffer::{Arrival, JitterBuffer, Played, Statistics};

use std::time::Duration;

/// A time in samples of [`crate::RATE`].
fn samples(time: Duration) -> i64 {
    i64::try_from(time.as_micros() / 125).unwrap_or(i64::MAX / 4)
}
