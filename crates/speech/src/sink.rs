use crate::DecodeError;

/// The longest recording that is decoded, in seconds: a day.
pub const MAX_SECONDS: u64 = 86_400;
/// The most channels that are decoded.
pub const MAX_CHANNELS: u16 = 8;
/// The lowest sample rate that is decoded, in Hz.
pub const MIN_SAMPLE_RATE: u32 = 4_000;
/// The highest sample rate that is decoded, in Hz.
pub const MAX_SAMPLE_RATE: u32 = 192_000;

/// What the samples of a recording mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AudioSpec {
    /// Channels, 1 to [`MAX_CHANNELS`]; samples come interleaved, one of each channel in turn.
    pub channels: u16,
    /// Frames a second, in Hz.
    pub sample_rate: u32,
}

impl AudioSpec {
    /// Checks the limits.
    pub(crate) fn new(channels: usize, sample_rate: u32) -> Result<Self, DecodeError> {
        let channels = u16::try_from(channels).unwrap_or(u16::MAX);
        if !(1..=MAX_CHANNELS).contains(&channels) {
            return Err(DecodeError::unsupported(format!(
                "it has {channels} channels, not 1 to {MAX_CHANNELS}"
            )));
        }
        if !(MIN_SAMPLE_RATE..=MAX_SAMPLE_RATE).contains(&sample_rate) {
            return Err(DecodeError::unsupported(format!(
                "its sample rate is {sample_rate} Hz, not {MIN_SAMPLE_RATE} to {MAX_SAMPLE_RATE} Hz"
            )));
        }
        Ok(Self { channels, sample_rate })
    }
}

/// Counts what is handed on, and holds it to the limits.
pub(crate) struct Sink<'a> {
    on_samples: &'a mut dyn FnMut(&AudioSpec, &[f32]),
    spec: Option<AudioSpec>,
    frames: u64,
    /// Frames still to be dropped: the codec's delay.
    skip: u64,
    /// The same as a time, until the sample rate is known.
    skip_time: (u32, u32),
    /// Frames past this are padding of the codec.
    limit: u64,
}

impl<'a> Sink<'a> {
    pub(crate) fn new(on_samples: &'a mut dyn FnMut(&AudioSpec, &[f32])) -> Self {
        Self { on_samples, spec: None, frames: 0, skip: 0, skip_time: (0, 1), limit: u64::MAX }
    }

    /// Hands on no frame past the first `frames`.
    pub(crate) fn limit(&mut self, frames: u64) {
        self.limit = frames;
    }

    /// Drops the first `frames`.
    pub(crate) fn skip(&mut self, frames: u64) {
        self.skip = frames;
    }

    /// Drops the first `units`, of which there are `per_second`, in whatever rate comes.
    pub(crate) fn skip_time(&mut self, units: u32, per_second: u32) {
        self.skip_time = (units, per_second);
    }

    /// Frames handed on so far.
    pub(crate) const fn frames(&self) -> u64 {
        self.frames
    }

    /// What was handed on, if anything was.
    pub(crate) const fn spec(&self) -> Option<AudioSpec> {
        self.spec
    }

    /// Hands on interleaved `samples`. Float recordings may hold infinities; nobody after us
    /// wants to meet one, so they become silence.
    pub(crate) fn push(&mut self, spec: AudioSpec, samples: &mut [f32]) -> Result<(), DecodeError> {
        if let (units @ 1.., per_second @ 1..) = std::mem::take(&mut self.skip_time) {
            self.skip += u64::from(units) * u64::from(spec.sample_rate) / u64::from(per_second);
        }
        let given = samples.len() as u64 / u64::from(spec.channels);
        let dropped = given.min(self.skip);
        self.skip -= dropped;
        let frames = (given - dropped).min(self.limit.saturating_sub(self.frames));
        if frames == 0 {
            return Ok(());
        }
        if self.spec.is_some_and(|known| known != spec) {
            return Err(DecodeError::unsupported("its channels or its sample rate change in the middle"));
        }
        self.spec = Some(spec);
        self.frames += frames;
        if self.frames > MAX_SECONDS * u64::from(spec.sample_rate) {
            return Err(DecodeError::TooLong);
        }
        let width = usize::from(spec.channels);
        let (from, count) = (dropped as usize * width, frames as usize * width);
        let samples = samples.get_mut(from..from + count).unwrap_or_default();
        for sample in samples.iter_mut().filter(|s| !s.is_finite()) {
            *sample = 0.0;
        }
        (self.on_samples)(&spec, samples);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_hold() {
        assert!(AudioSpec::new(0, 8_000).is_err() && AudioSpec::new(9, 8_000).is_err());
        assert!(AudioSpec::new(1, 3_999).is_err() && AudioSpec::new(1, 192_001).is_err());
        let (mut seen, mono) = (Vec::new(), AudioSpec::new(1, 4_000).unwrap());
        let mut keep = |_: &AudioSpec, s: &[f32]| seen.extend_from_slice(s);
        let mut sink = Sink::new(&mut keep);
        sink.skip(3);
        sink.limit(3);
        sink.push(mono, &mut [9.0, 9.0]).unwrap();
        sink.push(mono, &mut [9.0, 0.5, f32::NAN]).unwrap();
        sink.push(mono, &mut [0.25, 1.0]).unwrap();
        assert_eq!(sink.frames(), 3);
        assert_eq!(seen, [0.5, 0.0, 0.25]);
    }

    #[test]
    fn a_day_is_the_most() {
        let mono = AudioSpec::new(1, 4_000).unwrap();
        let mut ignore = |_: &AudioSpec, _: &[f32]| ();
        let mut sink = Sink::new(&mut ignore);
        let mut hour = vec![0.0; 4_000 * 3_600];
        for _ in 0..24 {
            sink.push(mono, &mut hour).unwrap();
        }
        assert!(matches!(sink.push(mono, &mut [0.0]), Err(DecodeError::TooLong)));
    }
}
