//! Sounds that the server makes itself.

use crate::{FRAME, Frame, RATE, SILENCE};
use std::f64::consts::TAU;

/// Noise for lines on which nothing is said, so that nobody believes the call to be dead. The same seed makes the same
/// noise.
#[derive(Clone, Debug)]
pub struct Noise {
    state: u32,
    low: i32,
}

impl Noise {
    /// Any seed will do.
    pub fn new(seed: u32) -> Self {
        Self { state: seed | 1, low: 0 }
    }

    /// The next sample, at a level of about `amplitude` (root mean square, in steps of a 16-bit sample). The upper
    /// frequencies are softened, as on a line.
    #[inline]
    pub fn sample(&mut self, amplitude: i32) -> i16 {
        // Marsaglia's xorshift.
        self.state ^= self.state << 13;
        self.state ^= self.state >> 17;
        self.state ^= self.state << 5;
        let white = (self.state.cast_signed() >> 16) / 2; // ±16384, root mean square 9459
        self.low += (white - self.low) / 2; // root mean square falls by the root of three, to 5461
        crate::clamp16((i64::from(self.low) * i64::from(amplitude) / 5461) as i32)
    }

    /// A tick of comfort noise at `amplitude`; [`COMFORT`] is usual.
    pub fn fill(&mut self, frame: &mut Frame, amplitude: i32) {
        frame.fill_with(|| self.sample(amplitude));
    }
}

/// The usual amplitude of comfort noise: about -60 dBFS.
pub const COMFORT: i32 = 23;

/// One or two frequencies that come and go.
#[derive(Clone, Debug)]
pub struct Tone {
    hertz: [f64; 2],
    amplitude: f64,
    on: u32,
    off: u32,
    at: u64,
}

/// Samples over which a tone swells and fades, so that it does not click: 5 ms.
const EDGE: u32 = RATE / 200;

impl Tone {
    /// A tone of up to two frequencies (0 for none) at `level` dBFS each, sounding for `on` and silent for `off`
    /// milliseconds in turn; `off` 0 never stops.
    pub fn new(hertz: [f64; 2], level: f64, on: u32, off: u32) -> Self {
        let amplitude = 32_768.0 * 10f64.powf(level / 20.0);
        let samples = |milliseconds: u32| milliseconds.saturating_mul(RATE / 1000);
        Self { hertz, amplitude, on: samples(on).max(1), off: samples(off), at: 0 }
    }

    /// "It is ringing over there", as in most of Europe (ITU-T E.180, supplement 2): 425 Hz, 1 s in 5.
    pub fn ringback() -> Self {
        Self::new([425.0, 0.0], -19.0, 1000, 4000)
    }

    /// "It is ringing over there", as in North America: 440 and 480 Hz, 2 s in 6.
    pub fn ringback_north_america() -> Self {
        Self::new([440.0, 480.0], -22.0, 2000, 4000)
    }

    /// "Busy": 425 Hz, half a second in one.
    pub fn busy() -> Self {
        Self::new([425.0, 0.0], -19.0, 500, 500)
    }

    /// What a recording has in place of card data: steady, quiet, unlike speech.
    pub fn masking() -> Self {
        Self::new([950.0, 0.0], -30.0, 1000, 0)
    }

    /// "Somebody listens", or "this is recorded": 1400 Hz for half a second, every 15 s.
    pub fn notice() -> Self {
        Self::new([1400.0, 0.0], -24.0, 500, 14_500)
    }

    /// The next tick.
    pub fn fill(&mut self, frame: &mut Frame) {
        *frame = SILENCE;
        let cycle = u64::from(self.on) + u64::from(self.off);
        for sample in frame.iter_mut() {
            let place = if self.off == 0 { self.at } else { self.at % cycle };
            self.at += 1;
            let to_end = if self.off == 0 { u64::MAX } else { u64::from(self.on).saturating_sub(place) };
            let edge = place.min(to_end);
            if edge == 0 {
                continue;
            }
            let gain = (edge as f64 / f64::from(EDGE)).min(1.0);
            let time = place as f64 / f64::from(RATE);
            let value: f64 =
                self.hertz.iter().filter(|hertz| **hertz > 0.0).map(|hertz| (TAU * hertz * time).sin()).sum();
            *sample = crate::clamp16((value * gain * self.amplitude).round() as i32);
        }
    }

    /// From the beginning, with the next tick.
    pub fn restart(&mut self) {
        self.at = 0;
    }
}

/// A sine of `count` samples at [`RATE`], `level` in dBFS: what tests put into a call.
pub fn sine(hertz: f64, level: f64, count: usize) -> Vec<i16> {
    let amplitude = 32_768.0 * 10f64.powf(level / 20.0);
    let step = TAU * hertz / f64::from(RATE);
    (0..count).map(|index| crate::clamp16(((index as f64 * step).sin() * amplitude).round() as i32)).collect()
}

/// The tick number `tick` of a lasting sine: ticks in turn join without a step.
pub fn sine_tick(hertz: f64, level: f64, tick: usize) -> Frame {
    let amplitude = 32_768.0 * 10f64.powf(level / 20.0);
    let step = TAU * hertz / f64::from(RATE);
    std::array::from_fn(|index| {
        crate::clamp16((((tick * FRAME + index) as f64 * step).sin() * amplitude).round() as i32)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::level::{FLOOR, measure, tone};

    fn ticks(tone: &mut Tone, count: usize) -> Vec<i16> {
        let mut frame = SILENCE;
        (0..count)
            .flat_map(|_| {
                tone.fill(&mut frame);
                frame
            })
            .collect()
    }

    #[test]
    fn comfort_noise_has_the_level_it_was_asked_for_and_repeats_with_its_seed() {
        let mut noise = Noise::new(7);
        let samples: Vec<i16> = (0..16_000).map(|_| noise.sample(1000)).collect();
        let rms = measure(&samples).rms;
        assert!((rms - -27.3).abs() < 0.7, "{rms}"); // 1000 of 32768, read as a sine's level: 3 dB more
        let again: Vec<i16> = {
            let mut noise = Noise::new(7);
            (0..16_000).map(|_| noise.sample(1000)).collect()
        };
        assert_eq!(samples, again);
        let mut quiet = SILENCE;
        noise.fill(&mut quiet, COMFORT);
        let rms = measure(&quiet).rms;
        assert!((-64.0..-56.0).contains(&rms), "{rms}");
    }

    #[test]
    fn ringing_sounds_for_a_second_and_rests_for_four() {
        let samples = ticks(&mut Tone::ringback(), 500);
        assert!((tone(&samples[..8000], 425.0, RATE) + 19.0).abs() < 0.2);
        assert_eq!(measure(&samples[8000..40_000]).rms, FLOOR);
        assert!((tone(&samples[40_000..48_000], 425.0, RATE) + 19.0).abs() < 0.2);
    }

    #[test]
    fn north_american_ringing_has_both_frequencies() {
        let samples = ticks(&mut Tone::ringback_north_america(), 100);
        assert!((tone(&samples, 440.0, RATE) + 22.0).abs() < 0.3);
        assert!((tone(&samples, 480.0, RATE) + 22.0).abs() < 0.3);
    }

    #[test]
    fn the_masking_tone_never_stops_and_nothing_clicks() {
        let samples = ticks(&mut Tone::masking(), 200);
        assert!((measure(&samples[8000..]).rms + 30.0).abs() < 0.1);
        for tone in [&mut Tone::masking(), &mut Tone::busy(), &mut Tone::notice()] {
            let samples = ticks(tone, 100);
            let step = samples.windows(2).map(|pair| (i32::from(pair[1]) - i32::from(pair[0])).abs()).max();
            assert!(step.unwrap() < 2400, "{step:?}");
        }
    }
}
