//! The loudest sample of each short stretch of a recording: what a waveform is drawn from.

use std::io::{Read, Seek};

use crate::{AudioInfo, AudioSpec, DecodeError, MAX_CHANNELS, decode};

/// A channel has at most so many stretches; when there are more, two become one.
const MOST: usize = 4_096;
/// Stretches of a second, to begin with.
const A_SECOND: u32 = 100;
/// Version of the form that is kept.
const VERSION: u8 = 1;
/// Bytes before the stretches in that form.
const HEADER: usize = 1 + 1 + 4 + 8 + 8;

/// The loudest sample of each stretch, channel by channel; at most 4,096 stretches of equal length, whatever the length
/// of the recording.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peaks {
    /// Frames a second, in Hz, of the decoded recording.
    pub sample_rate: u32,
    /// Samples of one channel.
    pub frames: u64,
    /// Frames of one stretch; the last may be shorter.
    pub frames_per_stretch: u64,
    /// Loudest sample of each stretch, 0 (silence) to 255 (full scale), for each channel.
    pub channels: Vec<Vec<u8>>,
}

impl Peaks {
    /// Length of the recording, in seconds.
    pub fn secs(&self) -> f64 {
        self.frames as f64 / f64::from(self.sample_rate.max(1))
    }

    /// Length of one stretch, in seconds.
    pub fn stretch_secs(&self) -> f64 {
        self.frames_per_stretch as f64 / f64::from(self.sample_rate.max(1))
    }

    /// The loudest of a channel in `columns` parts of equal length, 0 to 255. Empty for a channel that there is not.
    pub fn columns(&self, channel: usize, columns: usize) -> Vec<u8> {
        let Some(all) = self.channels.get(channel).filter(|all| !all.is_empty()) else { return vec![] };
        let part = |n: usize| {
            let from = n * all.len() / columns;
            let to = ((n + 1) * all.len() / columns).max(from + 1);
            all.get(from..to.min(all.len())).and_then(|part| part.iter().max()).copied().unwrap_or(0)
        };
        (0..columns).map(part).collect()
    }

    /// How loud a channel is on average between two times in seconds, 0 to 255; `None` outside.
    pub fn level(&self, channel: usize, from: f64, to: f64) -> Option<f64> {
        let stretch = self.stretch_secs();
        let all = self.channels.get(channel)?;
        // Times are bounded by the recording; the casts saturate anyway.
        let first = (from / stretch).floor().max(0.0) as usize;
        let end = ((to / stretch).ceil().max(0.0) as usize).clamp(first, all.len().max(first));
        let part = all.get(first..end).filter(|part| !part.is_empty())?;
        Some(part.iter().map(|it| f64::from(*it)).sum::<f64>() / part.len() as f64)
    }

    /// The compact form that is kept: version, channels, sample rate, frames, frames of a stretch (little endian), then
    /// the stretches, channel by channel.
    pub fn to_bytes(&self) -> Vec<u8> {
        let all: usize = self.channels.iter().map(Vec::len).sum();
        let mut bytes = Vec::with_capacity(HEADER + all);
        bytes.extend([VERSION, u8::try_from(self.channels.len()).unwrap_or(u8::MAX)]);
        bytes.extend(self.sample_rate.to_le_bytes());
        bytes.extend(self.frames.to_le_bytes());
        bytes.extend(self.frames_per_stretch.to_le_bytes());
        for channel in &self.channels {
            bytes.extend(channel);
        }
        bytes
    }

    /// Reads the compact form; `None` for anything else.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (header, body) = bytes.split_at_checked(HEADER)?;
        let channels = usize::from(*header.get(1)?);
        let sample_rate = u32::from_le_bytes(header.get(2..6)?.try_into().ok()?);
        let frames = u64::from_le_bytes(header.get(6..14)?.try_into().ok()?);
        let frames_per_stretch = u64::from_le_bytes(header.get(14..22)?.try_into().ok()?);
        let sound = header.first() == Some(&VERSION)
            && (1..=usize::from(MAX_CHANNELS)).contains(&channels)
            && sample_rate > 0
            && frames_per_stretch > 0
            && body.len() as u64 == frames.div_ceil(frames_per_stretch) * channels as u64;
        sound.then(|| Self {
            sample_rate,
            frames,
            frames_per_stretch,
            channels: body.chunks(body.len().div_ceil(channels).max(1)).map(<[u8]>::to_vec).collect(),
        })
    }
}

/// Takes samples piece by piece, in memory that does not grow with the recording.
#[derive(Debug, Default)]
struct Meter {
    spec: Option<AudioSpec>,
    frames_per_stretch: u64,
    /// Frames in the stretch that is not complete.
    inside: u64,
    frames: u64,
    now: Vec<f32>,
    done: Vec<Vec<u8>>,
}

impl Meter {
    fn push(&mut self, spec: &AudioSpec, samples: &[f32]) {
        if self.spec.is_none() {
            self.spec = Some(*spec);
            self.frames_per_stretch = u64::from(spec.sample_rate / A_SECOND).max(1);
            self.now = vec![0.0; usize::from(spec.channels)];
            self.done = vec![Vec::with_capacity(MOST); usize::from(spec.channels)];
        }
        for frame in samples.chunks_exact(usize::from(spec.channels)) {
            for (loudest, sample) in self.now.iter_mut().zip(frame) {
                *loudest = loudest.max(sample.abs());
            }
            self.inside += 1;
            self.frames += 1;
            if self.inside == self.frames_per_stretch {
                self.close();
            }
        }
    }

    fn close(&mut self) {
        for (channel, loudest) in self.done.iter_mut().zip(&mut self.now) {
            // Within 0 to 255, so the cast only drops the fraction.
            channel.push((loudest.min(1.0) * 255.0).round() as u8);
            *loudest = 0.0;
        }
        self.inside = 0;
        if self.done.first().is_some_and(|channel| channel.len() == MOST) {
            self.frames_per_stretch *= 2;
            for channel in &mut self.done {
                *channel = channel.chunks(2).filter_map(|two| two.iter().max().copied()).collect();
            }
        }
    }

    fn finish(mut self) -> Peaks {
        if self.inside > 0 {
            self.close();
        }
        Peaks {
            sample_rate: self.spec.map_or(0, |spec| spec.sample_rate),
            frames: self.frames,
            frames_per_stretch: self.frames_per_stretch,
            channels: self.done,
        }
    }
}

/// Decodes a whole recording, in bounded memory, to learn that it is sound, how long it is, and what it looks like.
///
/// # Errors
/// As [`decode`].
pub fn measure<R: Read + Seek + Send + Sync + 'static>(source: R) -> Result<(AudioInfo, Peaks), DecodeError> {
    let mut meter = Meter::default();
    let info = decode(source, &mut |spec, samples| meter.push(spec, samples))?;
    Ok((info, meter.finish()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MONO: AudioSpec = AudioSpec { channels: 1, sample_rate: 8_000 };
    const STEREO: AudioSpec = AudioSpec { channels: 2, sample_rate: 8_000 };

    #[test]
    fn each_stretch_says_how_loud_its_loudest_sample_was() {
        let mut meter = Meter::default();
        // 25 ms of stereo: left is loud once in the second stretch, right a little all the time.
        let samples: Vec<f32> = (0..200).flat_map(|n| [if n == 100 { -0.8 } else { 0.0 }, 0.2]).collect();
        // In two pieces that do not end with a stretch.
        meter.push(&STEREO, &samples[..66]);
        meter.push(&STEREO, &samples[66..]);
        let peaks = meter.finish();
        assert_eq!(peaks.channels, [vec![0, 204, 0], vec![51, 51, 51]]);
        assert_eq!((peaks.frames, peaks.frames_per_stretch, peaks.secs()), (200, 80, 0.025));
        assert_eq!(peaks.columns(0, 3), [0, 204, 0]);
        assert_eq!(peaks.columns(0, 6), [0, 0, 204, 204, 0, 0], "more columns than stretches");
        assert_eq!(peaks.columns(0, 1), [204]);
        assert_eq!(peaks.columns(2, 4), [0_u8; 0], "there is no third channel");
        assert_eq!(peaks.level(0, 0.01, 0.02), Some(204.0));
        assert_eq!(peaks.level(0, 1.0, 2.0), None, "after the end");
    }

    #[test]
    fn a_long_recording_has_no_more_stretches_than_a_short_one() {
        let mut meter = Meter::default();
        let second = vec![0.5; 8_000];
        for _ in 0..7_200 {
            meter.push(&MONO, &second);
        }
        meter.push(&MONO, &[1.0]);
        let peaks = meter.finish();
        let count = peaks.channels[0].len();
        assert!((MOST / 2..=MOST).contains(&count), "{count} stretches");
        assert_eq!(count as u64, peaks.frames.div_ceil(peaks.frames_per_stretch));
        assert!((peaks.secs() - 7_200.0).abs() < 0.001);
        assert_eq!(peaks.channels[0].last(), Some(&255), "the last sample is the loudest");
        assert!(peaks.channels[0][..count - 1].iter().all(|it| *it == 128));
    }

    #[test]
    fn no_length_is_lost_when_stretches_are_put_together() {
        for frames in [1, 79, 80, 81, 4_096 * 80 - 1, 4_096 * 80, 4_096 * 80 + 1, 4_095 * 80 + 1] {
            let mut meter = Meter::default();
            meter.push(&MONO, &vec![0.1; frames]);
            let peaks = meter.finish();
            let expected = (frames as u64).div_ceil(peaks.frames_per_stretch);
            assert_eq!(peaks.channels[0].len() as u64, expected, "{frames} frames");
            assert_eq!(Peaks::from_bytes(&peaks.to_bytes()), Some(peaks), "{frames} frames");
        }
    }

    #[test]
    fn damaged_peaks_are_refused() {
        let mut meter = Meter::default();
        meter.push(&STEREO, &[0.5; 400]);
        let bytes = meter.finish().to_bytes();
        assert!(Peaks::from_bytes(&bytes).is_some());
        for cut in 0..bytes.len() {
            assert_eq!(Peaks::from_bytes(&bytes[..cut]), None, "cut after {cut}");
        }
        let mut other = bytes;
        other[0] = 9;
        assert_eq!(Peaks::from_bytes(&other), None, "another version");
    }
}
