//! A length of time, exact.

use std::{fmt, iter::Sum, ops};
use touchline_model::Timestamp;

/// A length of time in whole microseconds. Text form: decimal seconds with up to three fraction digits, rounded half
/// away from zero, no trailing zeros: `35.529`, `0.5`, `0` (contract gladly X-14).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Micros(pub i64);

impl Micros {
    /// From `start` to `end`; negative when `end` is earlier.
    pub const fn between(start: Timestamp, end: Timestamp) -> Self {
        Self(end.micros().saturating_sub(start.micros()))
    }
    /// Whole seconds.
    pub const fn from_secs(secs: i64) -> Self {
        Self(secs.saturating_mul(1_000_000))
    }
    /// Whether it is no time at all.
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }
}

impl fmt::Display for Micros {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millis = self.0.unsigned_abs().saturating_add(500) / 1_000;
        let sign = if self.0 < 0 && millis > 0 { "-" } else { "" };
        write!(f, "{sign}{}", millis / 1_000)?;
        match millis % 1_000 {
            0 => Ok(()),
            part if part % 100 == 0 => write!(f, ".{}", part / 100),
            part if part % 10 == 0 => write!(f, ".{:02}", part / 10),
            part => write!(f, ".{part:03}"),
        }
    }
}

impl ops::Add for Micros {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}
impl ops::AddAssign for Micros {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}
impl ops::Sub for Micros {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}
impl Sum for Micros {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), ops::Add::add)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // covers(gladly): X-14
    #[test]
    fn seconds_have_up_to_three_digits_and_no_trailing_zeros() {
        for (micros, printed) in [
            (0, "0"),
            (35_529_000, "35.529"),
            (3_000_000, "3"),
            (500_000, "0.5"),
            (1_250_000, "1.25"),
            (1_050_000, "1.05"),
            (1_000, "0.001"),
            (499, "0"),
            (500, "0.001"),
            (1_999_500, "2"),
            (-499, "0"),
            (-1_500_000, "-1.5"),
            (i64::MAX, "9223372036854.776"),
        ] {
            assert_eq!(Micros(micros).to_string(), printed);
        }
    }

    #[test]
    fn a_million_tenths_are_a_hundred_thousand_seconds() {
        let sum: Micros = std::iter::repeat_n(Micros(100_000), 1_000_000).sum();
        assert_eq!(sum.to_string(), "100000");
    }
}
