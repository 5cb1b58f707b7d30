//! When the next report is due.

use std::time::Duration;

/// The usual interval: with two parties on a line, five per cent of its bandwidth would allow far more, so the minimum
/// of RFC 3550 (section 6.2) decides.
const INTERVAL: Duration = Duration::from_secs(5);

/// Says when to report, scattered so that reports of many legs do not come together (RFC 3550, section 6.3.1).
#[derive(Clone, Copy, Debug)]
pub struct Schedule {
    due: Duration,
}

impl Schedule {
    /// A stream that starts at `now`; `random` from 0 to 1, drawn by the caller. The first report comes after half the
    /// time.
    pub fn new(now: Duration, random: f64) -> Self {
        Self { due: now + Self::scattered(random) / 2 }
    }

    /// The deadline of the next report.
    pub fn due(&self) -> Duration {
        self.due
    }

    /// Whether to report now; if so, the next deadline is set.
    pub fn report(&mut self, now: Duration, random: f64) -> bool {
        let due = now >= self.due;
        if due {
            self.due = now + Self::scattered(random);
        }
        due
    }

    /// Half to one and a half of the interval.
    fn scattered(random: f64) -> Duration {
        INTERVAL.mul_f64(random.clamp(0.0, 1.0) + 0.5)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reports_come_every_five_seconds_or_so() {
        let seconds = Duration::from_secs_f64;
        let mut schedule = Schedule::new(seconds(100.0), 0.5);
        assert_eq!(schedule.due(), seconds(102.5));
        assert!(!schedule.report(seconds(102.4), 0.0));
        assert!(schedule.report(seconds(102.6), 0.0));
        assert_eq!(schedule.due(), seconds(105.1));
        assert!(schedule.report(seconds(105.1), 1.0));
        assert_eq!(schedule.due(), seconds(112.6));
    }
}
