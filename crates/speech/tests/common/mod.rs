//! Recordings made by the tests, and measures of what came out.
#![allow(dead_code, reason = "each test program uses some of it")]

use std::io::Cursor;
use std::path::PathBuf;

use touchline_speech::{AudioInfo, DecodeError, decode};

/// The recordings in `tests/fixtures`, all of a 440 Hz tone at half of full scale.
pub(crate) const FIXTURES: [&str; 6] =
    ["tone.mp3", "tone-vorbis.ogg", "tone.opus", "tone.flac", "tone-aac.m4a", "tone-alac.m4a"];

#[expect(clippy::panic, reason = "a test without its recording has nothing to say")]
pub(crate) fn fixture(name: &str) -> Vec<u8> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

pub(crate) fn decode_all(bytes: &[u8]) -> Result<(AudioInfo, Vec<f32>), DecodeError> {
    let mut samples = Vec::new();
    let info = decode(Cursor::new(bytes.to_vec()), &mut |_, s| samples.extend_from_slice(s))?;
    Ok((info, samples))
}

/// A sine of `hertz` at half of full scale.
pub(crate) fn tone(hertz: f64, rate: u32, frames: usize) -> Vec<f64> {
    let step = std::f64::consts::TAU * hertz / f64::from(rate);
    (0..frames).map(|n| 0.5 * (step * n as f64).sin()).collect()
}

/// A WAV file: `fmt` chunk, then `extra` chunks, then `data` declared as `declared` bytes long.
pub(crate) fn wav_of(fmt: &[u8], extra: &[u8], data: &[u8], declared: u32) -> Vec<u8> {
    let mut file = b"RIFF".to_vec();
    file.extend((4 + 8 + fmt.len() as u32 + extra.len() as u32 + 8 + data.len() as u32).to_le_bytes());
    file.extend(b"WAVEfmt ");
    file.extend((fmt.len() as u32).to_le_bytes());
    file.extend(fmt);
    file.extend(extra);
    file.extend(b"data");
    file.extend(declared.to_le_bytes());
    file.extend(data);
    file
}

/// A `fmt ` chunk of 16 bytes.
pub(crate) fn fmt(tag: u16, channels: u16, rate: u32, bits: u16) -> Vec<u8> {
    let align = channels * bits / 8;
    let mut chunk = tag.to_le_bytes().to_vec();
    chunk.extend(channels.to_le_bytes());
    chunk.extend(rate.to_le_bytes());
    chunk.extend((rate * u32::from(align)).to_le_bytes());
    chunk.extend(align.to_le_bytes());
    chunk.extend(bits.to_le_bytes());
    chunk
}

/// A 16-bit WAV file of interleaved samples.
pub(crate) fn wav16(channels: u16, rate: u32, samples: &[f64]) -> Vec<u8> {
    let data: Vec<u8> = samples.iter().flat_map(|s| ((s * 32_768.0).round() as i16).to_le_bytes()).collect();
    wav_of(&fmt(1, channels, rate, 16), &[], &data, data.len() as u32)
}

/// How loud `hertz` is in `samples`: the amplitude of a sine (Goertzel).
pub(crate) fn amplitude(samples: &[f32], rate: u32, hertz: f64) -> f64 {
    let step = std::f64::consts::TAU * hertz / f64::from(rate);
    let (re, im) = samples.iter().enumerate().fold((0.0, 0.0), |(re, im), (n, s)| {
        let (sin, cos) = (step * n as f64).sin_cos();
        (re + f64::from(*s) * cos, im + f64::from(*s) * sin)
    });
    2.0 * re.hypot(im) / samples.len() as f64
}

/// The root of the mean square.
pub(crate) fn level(samples: &[f32]) -> f64 {
    (samples.iter().map(|s| f64::from(*s).powi(2)).sum::<f64>() / samples.len() as f64).sqrt()
}

/// Checks that `samples` are the tone of the fixtures, apart from 50 ms at either end.
pub(crate) fn assert_tone(name: &str, samples: &[f32], rate: u32) {
    let edge = rate as usize / 20;
    let middle = &samples[edge..samples.len() - edge];
    let (tone, all) = (amplitude(middle, rate, 440.0), level(middle));
    assert!((tone - 0.5).abs() < 0.03, "{name}: 440 Hz has amplitude {tone}");
    assert!((all - 0.5 / 2_f64.sqrt()).abs() < 0.02, "{name}: level {all}");
    assert!(amplitude(middle, rate, 1_000.0) < 0.02, "{name}: something at 1,000 Hz");
}
