//! Shares and means, with how many they are of.

use crate::reports::Micros;

/// 95 % of a normal distribution lie within so many standard deviations.
const Z: f64 = 1.959_964;

/// How many of how many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rate {
    /// Of those.
    pub of: u64,
    /// So many.
    pub met: u64,
}

impl Rate {
    pub(super) fn add(&mut self, met: Option<bool>) {
        if let Some(met) = met {
            self.of += 1;
            self.met += u64::from(met);
        }
    }
    /// The share, 0 to 1; of nothing there is none.
    pub fn share(self) -> Option<f64> {
        (self.of > 0).then(|| self.met as f64 / self.of as f64)
    }
    /// Where the true share lies, 95 times of 100 (Wilson's score interval, which holds for few and for extreme cases
    /// too).
    pub fn interval(self) -> Option<(f64, f64)> {
        let (n, share) = (self.of as f64, self.share()?);
        let middle = share + Z * Z / (2.0 * n);
        let spread = Z * (share * (1.0 - share) / n + Z * Z / (4.0 * n * n)).sqrt();
        let whole = 1.0 + Z * Z / n;
        Some((((middle - spread) / whole).max(0.0), ((middle + spread) / whole).min(1.0)))
    }
}

/// A sum of durations, and of how many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mean {
    /// How many.
    pub n: u64,
    /// Their sum.
    pub sum: Micros,
}

impl Mean {
    pub(super) fn add(&mut self, more: Option<Micros>) {
        if let Some(more) = more {
            self.n += 1;
            self.sum += more;
        }
    }
    /// The mean, cut to whole microseconds; of nothing there is none.
    pub fn mean(self) -> Option<Micros> {
        let n = i64::try_from(self.n).ok().filter(|n| *n > 0)?;
        Some(Micros(self.sum.0 / n))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_has_an_interval_that_stays_between_nothing_and_the_whole() {
        let rate = |met, of| Rate { of, met };
        assert_eq!((rate(0, 0).share(), rate(0, 0).interval()), (None, None));
        // Values of Newcombe (1998), table I, method 3.
        for (met, of, low, high) in [
            (81, 263, 0.2553, 0.3662),
            (15, 148, 0.0624, 0.1605),
            (0, 20, 0.0, 0.1611),
            (1, 29, 0.0061, 0.1718),
        ] {
            let (found_low, found_high) = rate(met, of).interval().unwrap();
            assert!(
                (found_low - low).abs() < 5e-5 && (found_high - high).abs() < 5e-5,
                "{met} of {of}: {found_low} {found_high}"
            );
        }
        let (low, high) = rate(7, 7).interval().unwrap();
        assert!(low > 0.6 && (high - 1.0).abs() < 1e-12, "{low} {high}");
    }

    #[test]
    fn a_mean_is_of_those_that_are_known() {
        let mut mean = Mean::default();
        assert_eq!(mean.mean(), None);
        for micros in [Some(Micros(3)), None, Some(Micros(4))] {
            mean.add(micros);
        }
        assert_eq!((mean.n, mean.sum, mean.mean()), (2, Micros(7), Some(Micros(3))));
    }
}
