//! How long sound has to wait so that nearly every packet is there in time.

use super::samples;
use std::time::Duration;

const BUCKET: i64 = 80;
const BUCKETS: usize = 30;
/// What one packet counts: the last 200 matter.
const WEIGHT: f32 = 0.005;
/// The share of packets that may come too late.
const LATE: f32 = 0.01;
/// A tick takes 20 ms at once, and a bucket is 10 ms wide.
const LEAST: i64 = 160 + BUCKET;
/// For how long the fastest packet counts; twice that at most. Then a drifting clock has moved it by 1 ms at most.
const WINDOW: i64 = 5 * 8000;

/// Watches how much later than the fastest packets come. All in samples.
#[derive(Clone, Debug)]
pub(super) struct Delay {
    buckets: [f32; BUCKETS],
    fastest: Option<[i64; 2]>,
    since: i64,
}

impl Default for Delay {
    fn default() -> Self {
        let mut buckets = [0.0; BUCKETS];
        buckets[0] = 1.0;
        Self { buckets, fastest: None, since: 0 }
    }
}

impl Delay {
    /// A packet whose first sample is `timestamp` has come.
    pub(super) fn arrived(&mut self, now: Duration, timestamp: i64) {
        let now = samples(now);
        let transit = now - timestamp;
        let [last, this] = self.fastest.unwrap_or([transit, transit]);
        self.fastest = Some(if now - self.since > WINDOW {
            self.since = now;
            [this, transit]
        } else {
            [last, this.min(transit)]
        });
        let late = transit - self.fastest().unwrap_or(transit);
        let bucket = usize::try_from(late / BUCKET).unwrap_or(0).min(BUCKETS - 1);
        for (index, share) in self.buckets.iter_mut().enumerate() {
            *share += WEIGHT * (if index == bucket { 1.0 } else { 0.0 } - *share);
        }
    }

    /// The transit of the fastest packet lately; its size means nothing, because clocks start anywhere.
    pub(super) fn fastest(&self) -> Option<i64> {
        self.fastest.map(|[last, this]| last.min(this))
    }

    /// How much later than the fastest packet sound should be played.
    pub(super) fn target(&self) -> i64 {
        let mut beyond = 0.0;
        let mut needed = BUCKETS;
        for share in self.buckets.iter().rev() {
            beyond += share;
            if beyond > LATE {
                break;
            }
            needed -= 1;
        }
        needed.max(1) as i64 * BUCKET + LEAST - BUCKET
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(lateness: impl Fn(i64) -> i64, packets: i64) -> i64 {
        let mut delay = Delay::default();
        for index in 0..packets {
            let sent = index * 160;
            let micros = u64::try_from((sent + 800 + lateness(index)) * 125).unwrap();
            delay.arrived(Duration::from_micros(micros), sent);
        }
        delay.target()
    }

    #[test]
    fn a_quiet_line_waits_thirty_milliseconds_and_a_restless_one_as_long_as_needed() {
        assert_eq!(after(|_| 0, 500), 240);
        let restless = after(|index| (index * 7919) % 480, 500);
        assert!((560..=720).contains(&restless), "{restless}"); // 60 ms of jitter, 20 ms for the tick, one bucket
    }

    #[test]
    fn one_straggler_changes_nothing() {
        assert_eq!(after(|index| if index == 300 { 1600 } else { 0 }, 400), 240);
    }
}
