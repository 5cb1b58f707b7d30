//! Between 8 and 16 kHz: a half-band filter, a windowed sinc of 51 taps of which every other one is zero. Flat to
//! 3.4 kHz, 60 dB down from 4.6 kHz.

use crate::clamp16;

/// The taps at odd distances -25 to 25 from the middle, as parts of 32,768; the middle is a half, all others are zero.
const TAPS: [i16; SPAN] = [
    14, -34, 65, -112, 180, -275, 406, -587, 845, -1233, 1895, -3358, 10_386, 10_386, -3358, 1895, -1233,
    845, -587, 406, -275, 180, -112, 65, -34, 14,
];
const SPAN: usize = 26;

/// The filter's taps at odd distances, applied to 26 neighbours; at twice the gain. All taps together are at most 38,780,
/// so the sum fits into 32 bits.
#[inline]
fn neighbours(line: &Line) -> i32 {
    let pairs = TAPS.iter().zip(line.window());
    pairs.map(|(tap, sample)| i32::from(*tap) * i32::from(*sample)).sum::<i32>() >> 14
}

/// The last 26 samples, kept twice so that they always lie in one piece.
#[derive(Clone, Debug)]
struct Line {
    samples: [i16; 2 * SPAN],
    at: usize,
}

impl Default for Line {
    fn default() -> Self {
        Self { samples: [0; 2 * SPAN], at: 0 }
    }
}

impl Line {
    #[inline]
    fn push(&mut self, sample: i16) {
        self.samples[self.at] = sample;
        self.samples[self.at + SPAN] = sample;
        self.at = (self.at + 1) % SPAN;
    }

    /// Oldest first.
    #[inline]
    fn window(&self) -> &[i16] {
        &self.samples[self.at..self.at + SPAN]
    }
}

/// From 8 to 16 kHz.
#[derive(Clone, Debug, Default)]
pub(super) struct Up(Line);

impl Up {
    /// The two samples that a sample becomes; 13 samples late.
    #[inline]
    pub(super) fn convert(&mut self, sample: i16) -> [i16; 2] {
        self.0.push(sample);
        let between = neighbours(&self.0);
        [self.0.window()[SPAN / 2 - 1], clamp16(between)]
    }
}

/// From 16 to 8 kHz.
#[derive(Clone, Debug, Default)]
pub(super) struct Down {
    odd: Line,
    even: Line,
}

impl Down {
    /// The sample that two samples become; 25 of the faster ones late.
    #[inline]
    pub(super) fn convert(&mut self, [first, second]: [i16; 2]) -> i16 {
        self.odd.push(first);
        let filtered = neighbours(&self.odd);
        let middle = i32::from(self.even.window()[SPAN / 2]);
        self.even.push(second);
        clamp16((middle + filtered) / 2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::level::{measure, tone};
    use std::f64::consts::{PI, TAU};

    #[test]
    fn the_taps_are_a_kaiser_windowed_sinc() {
        let bessel = |x: f64| {
            let (mut sum, mut term) = (1.0, 1.0);
            for k in 1..60 {
                term *= (x / 2.0 / f64::from(k)).powi(2);
                sum += term;
            }
            sum
        };
        let shape = |k: f64| bessel(5.653_26 * (1.0 - (k / 26.0).powi(2)).sqrt()) / bessel(5.653_26);
        let exact: Vec<f64> = (0..13)
            .map(|index| f64::from(2 * index + 1))
            .map(|k| (PI * k / 2.0).sin() / (PI * k) * shape(k))
            .collect();
        let whole: f64 = 2.0 * exact.iter().sum::<f64>();
        for (index, exact) in exact.iter().enumerate() {
            let (before, after) = (TAPS[SPAN / 2 - 1 - index], TAPS[SPAN / 2 + index]);
            assert_eq!(before, after);
            assert!((f64::from(after) - exact / whole * 16_384.0).abs() < 3.0, "{after}");
        }
        let sum: i32 = TAPS.iter().map(|tap| i32::from(*tap)).sum();
        assert_eq!(sum, 16_384, "so that a constant stays what it is");
        let loudest: i64 = TAPS.iter().map(|tap| i64::from(tap.abs()) * 32_768).sum();
        assert!(loudest < i64::from(i32::MAX));
    }

    fn fast(hertz: f64) -> Vec<[i16; 2]> {
        let sample = |index: usize| ((index as f64 * TAU * hertz / 16_000.0).sin() * 8231.0).round() as i16;
        (0..8000).map(|index| [sample(2 * index), sample(2 * index + 1)]).collect()
    }

    #[test]
    fn what_the_slow_side_cannot_carry_is_removed_and_not_folded_back() {
        for hertz in [4700.0, 5200.0, 6100.0, 7300.0] {
            let mut down = Down::default();
            let slow: Vec<i16> = fast(hertz).into_iter().map(|pair| down.convert(pair)).collect();
            let level = measure(&slow[100..]).rms;
            assert!(level < -68.0, "{hertz} Hz: {level}");
        }
        for hertz in [300.0, 1153.0, 3400.0] {
            let mut down = Down::default();
            let slow: Vec<i16> = fast(hertz).into_iter().map(|pair| down.convert(pair)).collect();
            assert!((tone(&slow[100..], hertz, 8000) + 12.0).abs() < 0.05, "{hertz} Hz");
        }
    }

    #[test]
    fn no_image_appears_on_the_fast_side() {
        for hertz in [433.0, 1153.0, 3400.0] {
            let mut up = Up::default();
            let slow = crate::tone::sine(hertz, -12.0, 8000);
            let fast: Vec<i16> = slow.into_iter().flat_map(|sample| up.convert(sample)).collect();
            assert!((tone(&fast[200..], hertz, 16_000) + 12.0).abs() < 0.05, "{hertz} Hz");
            let image = tone(&fast[200..], 8000.0 - hertz, 16_000);
            assert!(image < -70.0, "{hertz} Hz: image at {image}");
        }
    }
}
