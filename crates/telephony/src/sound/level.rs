//! How loud a line is: written by the thread that mixes, read by whoever looks, and nobody waits for anybody.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};
use touchline_media::Frame;

/// Of what was loud, so much is left after a tick: who looks five times a second sees what came in between.
const FADES_TO: u32 = 7;
const FADES_OF: u32 = 8;
/// What is this much below the loudest is silence.
const RANGE_DB: f64 = 60.0;

/// The mean square of the loudest tick of late. Cheap to clone; all clones are one.
#[derive(Clone, Debug, Default)]
pub(super) struct Level(Arc<AtomicU32>);

impl Level {
    /// The next tick of sound.
    pub(super) fn put(&self, voice: &Frame) {
        let sum: u64 = voice.iter().map(|it| u64::from(it.unsigned_abs()).pow(2)).sum();
        let mean = u32::try_from(sum / voice.len().max(1) as u64).unwrap_or(u32::MAX);
        let before = self.0.load(Ordering::Relaxed);
        // Divided first: seven times a full mean square is more than 32 bits hold.
        let faded = before / FADES_OF * FADES_TO;
        self.0.store(mean.max(faded), Ordering::Relaxed);
    }

    /// 0, for silence and whatever is 60 dB below a full square wave or more, to 100.
    pub(super) fn get(&self) -> u8 {
        let mean = f64::from(self.0.load(Ordering::Relaxed));
        let full = f64::from(i16::MAX).powi(2);
        let decibels = 10.0 * (mean / full).log10();
        // Silence is infinitely far below, and becomes 0.
        ((decibels + RANGE_DB) / RANGE_DB * 100.0).clamp(0.0, 100.0) as u8
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use touchline_media::SILENCE;

    fn square(loud: i16) -> Frame {
        let mut frame = SILENCE;
        frame.iter_mut().enumerate().for_each(|(n, it)| *it = if n % 2 == 0 { loud } else { -loud });
        frame
    }

    #[test]
    fn a_level_is_in_decibels_and_fades_within_moments() {
        let level = Level::default();
        assert_eq!(level.get(), 0);
        level.put(&square(i16::MAX));
        assert_eq!(level.get(), 100);
        // A thousandth of it is 60 dB less.
        let quiet = Level::default();
        quiet.put(&square(32));
        assert_eq!(quiet.get(), 0);
        let half = Level::default();
        half.put(&square(1036));
        assert!((49..=50).contains(&half.get()), "30 dB less: {}", half.get());
        // A short word is still seen after a fifth of a second, and gone after two.
        (0..10).for_each(|_| level.put(&SILENCE));
        assert!(level.get() > 85, "{}", level.get());
        (0..100).for_each(|_| level.put(&SILENCE));
        assert_eq!(level.get(), 0);
    }
}
