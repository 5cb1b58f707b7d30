//! Codecs: one [`Encoder`] and one [`Decoder`] a leg. All of ours make 64 kbit/s, so 20 ms are 160 bytes in each.

mod g722;
mod halfband;

use crate::{FRAME, Frame};
use audio_codec_algorithms::{decode_alaw, decode_ulaw, encode_alaw, encode_ulaw};
use halfband::{Down, Up};

/// A codec that a leg may speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Codec {
    /// G.711 µ-law, 8 kHz.
    Pcmu,
    /// G.711 A-law, 8 kHz.
    Pcma,
    /// G.722 at 64 kbit/s, 16 kHz.
    G722,
}

impl Codec {
    /// All that we speak, those that cost least first.
    pub const ALL: [Self; 3] = [Self::Pcma, Self::Pcmu, Self::G722];

    /// The static payload type (RFC 3551, table 4).
    pub fn payload_type(self) -> u8 {
        match self {
            Self::Pcmu => 0,
            Self::Pcma => 8,
            Self::G722 => 9,
        }
    }

    /// The name in `a=rtpmap` (RFC 3551, table 4).
    pub fn name(self) -> &'static str {
        match self {
            Self::Pcmu => "PCMU",
            Self::Pcma => "PCMA",
            Self::G722 => "G722",
        }
    }

    /// The codec with this name in `a=rtpmap`, in any case.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|codec| codec.name().eq_ignore_ascii_case(name))
    }

    /// The codec with this static payload type.
    pub fn of_payload_type(payload_type: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|codec| codec.payload_type() == payload_type)
    }

    /// Units of the RTP clock a second. 8000 for G.722 too, by an old mistake that became the standard (RFC 3551,
    /// section 4.5.2). So in all of them a byte is a unit, and a unit is a sample of ours.
    pub fn clock(self) -> u32 {
        8000
    }
}

/// Turns what a leg shall hear into payloads.
#[derive(Clone, Debug)]
pub struct Encoder(Encoding);

#[derive(Clone, Debug)]
enum Encoding {
    Pcmu,
    Pcma,
    G722(Box<(Up, g722::Encoder)>),
}

impl Encoder {
    /// An encoder with no past.
    pub fn new(codec: Codec) -> Self {
        Self(match codec {
            Codec::Pcmu => Encoding::Pcmu,
            Codec::Pcma => Encoding::Pcma,
            Codec::G722 => Encoding::G722(Box::default()),
        })
    }

    /// The payload of one tick.
    pub fn encode(&mut self, frame: &Frame) -> [u8; FRAME] {
        match &mut self.0 {
            Encoding::Pcmu => frame.map(encode_ulaw),
            Encoding::Pcma => frame.map(encode_alaw),
            Encoding::G722(parts) => {
                let (up, encoder) = parts.as_mut();
                frame.map(|sample| encoder.encode(up.convert(sample)))
            }
        }
    }
}

/// Turns payloads that came from a leg into samples.
#[derive(Clone, Debug)]
pub struct Decoder(Decoding);

#[derive(Clone, Debug)]
enum Decoding {
    Pcmu,
    Pcma,
    G722(Box<(g722::Decoder, Down)>),
}

impl Decoder {
    /// A decoder with no past.
    pub fn new(codec: Codec) -> Self {
        Self(match codec {
            Codec::Pcmu => Decoding::Pcmu,
            Codec::Pcma => Decoding::Pcma,
            Codec::G722 => Decoding::G722(Box::default()),
        })
    }

    /// Appends the samples of a payload: one a byte, whatever the codec and the length.
    pub fn decode(&mut self, payload: &[u8], out: &mut Vec<i16>) {
        match &mut self.0 {
            Decoding::Pcmu => out.extend(payload.iter().map(|byte| decode_ulaw(*byte))),
            Decoding::Pcma => out.extend(payload.iter().map(|byte| decode_alaw(*byte))),
            Decoding::G722(parts) => {
                let (decoder, down) = parts.as_mut();
                out.extend(payload.iter().map(|byte| down.convert(decoder.decode(*byte))));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        RATE,
        level::{measure, tone},
        tone::sine_tick,
    };

    /// What comes out at the other end of a line, after its first second.
    fn through(codec: Codec, hertz: f64, level: f64) -> Vec<i16> {
        let (mut encoder, mut decoder) = (Encoder::new(codec), Decoder::new(codec));
        let mut heard = Vec::new();
        for tick in 0..150 {
            decoder.decode(&encoder.encode(&sine_tick(hertz, level, tick)), &mut heard);
        }
        assert_eq!(heard.len(), 150 * FRAME);
        heard.split_off(8000)
    }

    #[test]
    fn every_codec_carries_a_tone_at_its_level_with_little_noise() {
        for codec in Codec::ALL {
            for hertz in [433.0, 787.0, 1153.0, 3000.0] {
                let heard = through(codec, hertz, -12.0);
                let level = tone(&heard, hertz, RATE);
                assert!((level + 12.0).abs() < 0.3, "{codec:?} {hertz} Hz: {level} dBFS");
                let total = 10f64.powf(f64::from(measure(&heard).rms) / 10.0);
                let signal = 10f64.powf(f64::from(level) / 10.0);
                let ratio = 10.0 * (signal / (total - signal).max(1e-12)).log10();
                assert!(ratio > 33.0, "{codec:?} {hertz} Hz: signal to noise {ratio} dB");
            }
        }
    }

    #[test]
    fn silence_stays_silent() {
        for codec in Codec::ALL {
            let (mut encoder, mut decoder) = (Encoder::new(codec), Decoder::new(codec));
            let mut heard = Vec::new();
            for _ in 0..20 {
                decoder.decode(&encoder.encode(&crate::SILENCE), &mut heard);
            }
            assert!(heard.iter().all(|sample| sample.abs() <= 8), "{codec:?}");
        }
    }

    #[test]
    fn g711_gives_every_byte_back() {
        for codec in [Codec::Pcmu, Codec::Pcma] {
            let all: Vec<u8> = (0..=255).filter(|byte| *byte != 0x7F).collect(); // µ-law has a negative zero
            let (mut samples, mut encoder) = (Vec::new(), Encoder::new(codec));
            Decoder::new(codec).decode(&all, &mut samples);
            let mut frame = crate::SILENCE;
            for (bytes, samples) in all.chunks(FRAME).zip(samples.chunks(FRAME)) {
                frame[..samples.len()].copy_from_slice(samples);
                assert_eq!(encoder.encode(&frame)[..bytes.len()], *bytes, "{codec:?}");
            }
        }
    }

    #[test]
    fn codecs_are_found_by_name_and_by_number() {
        assert_eq!(Codec::named("pcmu"), Some(Codec::Pcmu));
        assert_eq!(Codec::of_payload_type(9), Some(Codec::G722));
        assert_eq!(Codec::named("opus"), None);
        assert_eq!(Codec::of_payload_type(18), None);
        for codec in Codec::ALL {
            assert_eq!(codec.clock(), RATE);
        }
    }

    #[test]
    fn the_loudest_sound_does_not_wrap() {
        for codec in Codec::ALL {
            let heard = through(codec, 433.0, 0.0);
            let step = heard.windows(2).map(|pair| (i32::from(pair[1]) - i32::from(pair[0])).abs()).max();
            assert!(step.unwrap() < 14_000, "{codec:?}: {step:?}");
        }
    }
}
