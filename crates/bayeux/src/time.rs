//! Moments and spans. The caller reads the clock.

use serde::{Deserialize, Serialize};
use std::time::Duration;

/// A moment on a clock that never goes back, in microseconds since the process started.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Instant(u64);

/// A span of whole milliseconds, as Bayeux counts.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Millis(pub u64);

/// What two clocks say at the moment in which a request arrived.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Now {
    /// The clock for deadlines.
    pub at: Instant,
    /// Milliseconds since 1970-01-01 UTC, for the timesync extension (S9.2) and nothing else.
    pub unix_ms: i64,
}

impl Instant {
    /// So many microseconds after the start.
    pub const fn from_micros(micros: u64) -> Self {
        Self(micros)
    }

    /// So many milliseconds after the start.
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis.saturating_mul(1_000))
    }

    /// The time since the start.
    pub const fn since_start(self) -> Duration {
        Duration::from_micros(self.0)
    }

    /// This moment and so many milliseconds; at the end of time it stays there.
    pub const fn plus(self, span: Millis) -> Self {
        Self(self.0.saturating_add(span.0.saturating_mul(1_000)))
    }

    /// Whole milliseconds since an earlier moment, 0 if it is later.
    pub const fn millis_since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0) / 1_000
    }

    /// The next multiple of `step` since the start; itself if `step` is zero.
    pub(crate) const fn round_up(self, step: Millis) -> Self {
        let step = step.0.saturating_mul(1_000);
        if step == 0 { self } else { Self(self.0.div_ceil(step).saturating_mul(step)) }
    }
}

impl From<Duration> for Instant {
    /// The moment so long after the start.
    fn from(since_start: Duration) -> Self {
        Self(u64::try_from(since_start.as_micros()).unwrap_or(u64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_round_up_to_the_next_sweep_and_never_overflow() {
        let at = Instant::from_millis(1_001);
        assert_eq!(at.round_up(Millis(1_000)), Instant::from_millis(2_000));
        assert_eq!(Instant::from_millis(2_000).round_up(Millis(1_000)), Instant::from_millis(2_000));
        assert_eq!(at.round_up(Millis(0)), at);
        let end = Instant::from_micros(u64::MAX);
        assert_eq!(end.plus(Millis(u64::MAX)), end);
        assert_eq!(end.round_up(Millis(7)), end);
        assert_eq!(at.millis_since(Instant::from_micros(500)), 1_000);
        assert_eq!(at.millis_since(end), 0);
        assert_eq!(Instant::from(Duration::from_millis(1_001)), at);
        assert_eq!(at.since_start(), Duration::from_millis(1_001));
    }
}
