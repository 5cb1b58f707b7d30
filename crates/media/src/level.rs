//! How loud. All levels are dBFS, where 0 is a sine that just fits into 16 bits (AES17), so that a sine with a quarter
//! of the largest amplitude reads -12 by its level and by its peak.

use crate::Frame;

/// What digital silence reads, in dBFS. One step of a 16-bit sample is about -90.
pub const FLOOR: f32 = -100.0;

/// The level of some samples.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Level {
    /// Root mean square, in dBFS.
    pub rms: f32,
    /// The largest sample, in dBFS.
    pub peak: f32,
}

impl Level {
    /// Silence.
    pub const SILENT: Self = Self { rms: FLOOR, peak: FLOOR };
}

/// Measures some samples; none are silent.
pub fn measure(samples: &[i16]) -> Level {
    let mut squares = 0i64;
    let mut peak = 0u16;
    for &sample in samples {
        squares += i64::from(sample) * i64::from(sample);
        peak = peak.max(sample.unsigned_abs());
    }
    if peak == 0 {
        return Level::SILENT;
    }
    // 2: a sine's power is half of its amplitude's square.
    let power = 2.0 * squares as f64 / samples.len() as f64 / (32_768.0 * 32_768.0);
    Level { rms: decibels(power.sqrt()), peak: decibels(f64::from(peak) / 32_768.0) }
}

/// The level of one frequency in some samples, in dBFS (Goertzel's filter behind a Hann window, so that a loud tone
/// elsewhere does not show). Frequencies should be apart by eight divided by the duration in seconds.
pub fn tone(samples: &[i16], hertz: f64, rate: u32) -> f32 {
    let omega = std::f64::consts::TAU * hertz / f64::from(rate);
    let turn = 2.0 * omega.cos();
    let (mut before, mut last, mut weight) = (0.0, 0.0, 0.0);
    for (index, &sample) in samples.iter().enumerate() {
        let place = std::f64::consts::TAU * index as f64 / samples.len() as f64;
        let window = 0.5 - 0.5 * place.cos();
        weight += window;
        let next = f64::from(sample) * window + turn * last - before;
        before = last;
        last = next;
    }
    let power = last * last + before * before - turn * last * before;
    if weight == 0.0 {
        return FLOOR;
    }
    decibels(2.0 * power.max(0.0).sqrt() / weight / 32_768.0)
}

/// The amplitude, 1 for full scale, in dBFS, not below [`FLOOR`].
fn decibels(amplitude: f64) -> f32 {
    if amplitude <= 0.0 { FLOOR } else { (20.0 * amplitude.log10()).max(f64::from(FLOOR)) as f32 }
}

/// A meter as on the live page: up at once, down by 26 dB a second.
#[derive(Clone, Copy, Debug)]
pub struct Meter {
    shown: Level,
}

impl Default for Meter {
    fn default() -> Self {
        Self { shown: Level::SILENT }
    }
}

impl Meter {
    const FALL: f32 = 0.52;

    /// One more tick; `None` if nothing came.
    pub fn tick(&mut self, frame: Option<&Frame>) -> Level {
        let level = frame.map_or(Level::SILENT, |frame| measure(frame));
        self.shown = Level {
            rms: level.rms.max(self.shown.rms - Self::FALL),
            peak: level.peak.max(self.shown.peak - Self::FALL),
        };
        self.shown
    }

    /// What the meter shows.
    pub fn level(&self) -> Level {
        self.shown
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{RATE, SILENCE, tone::sine};

    #[test]
    fn a_sine_reads_its_own_level_by_mean_and_by_peak() {
        let samples = sine(1000.0, -12.0, 8000);
        let level = measure(&samples);
        assert!((level.rms + 12.0).abs() < 0.05, "{level:?}");
        assert!((level.peak + 12.0).abs() < 0.05, "{level:?}");
    }

    #[test]
    fn silence_and_nothing_read_the_floor() {
        assert_eq!(measure(&SILENCE), Level::SILENT);
        assert_eq!(measure(&[]), Level::SILENT);
        assert_eq!(tone(&[], 433.0, RATE), FLOOR);
        assert_eq!(tone(&[0; 400], 433.0, RATE), FLOOR);
    }

    #[test]
    fn a_tone_is_found_among_others_and_an_absent_one_is_not() {
        let (one, other) = (sine(433.0, -12.0, 4000), sine(1153.0, -18.0, 4000));
        let both: Vec<i16> = one.iter().zip(&other).map(|(a, b)| a + b).collect();
        assert!((tone(&both, 433.0, RATE) + 12.0).abs() < 0.1);
        assert!((tone(&both, 1153.0, RATE) + 18.0).abs() < 0.1);
        assert!(tone(&both, 787.0, RATE) < -90.0, "{}", tone(&both, 787.0, RATE));
    }

    #[test]
    fn a_meter_rises_at_once_and_falls_slowly() {
        let mut meter = Meter::default();
        let loud: Frame = sine(1000.0, -6.0, 160).try_into().unwrap();
        assert!((meter.tick(Some(&loud)).rms + 6.0).abs() < 0.2);
        for _ in 0..50 {
            meter.tick(None);
        }
        let after_a_second = meter.level().rms;
        assert!((after_a_second + 32.0).abs() < 0.5, "{after_a_second}");
        assert!((meter.tick(Some(&loud)).rms + 6.0).abs() < 0.2);
    }
}
