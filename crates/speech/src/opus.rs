use std::io::{Read, Seek};

use ropus::{OPUS_INVALID_PACKET, OpusMSDecoder};

use crate::containers::{le16, ogg};
use crate::guard::guarded;
use crate::{AudioFormat::OggOpus, AudioSpec, DecodeError, sink::Sink, source::Window};

/// What Opus decodes to, whatever it was made from.
const SAMPLE_RATE: u32 = 48_000;
/// The longest packet, 120 ms, in frames.
const MAX_FRAMES: usize = 5_760;

/// The first packet of the stream (RFC 7845, section 5.1).
struct Header {
    channels: usize,
    /// Frames at the start that are not part of the recording.
    pre_skip: u64,
    /// What to multiply the samples with.
    gain: f32,
    streams: u8,
    coupled: u8,
    /// Which decoded channel goes to which channel of the recording; 255 is silence.
    mapping: Vec<u8>,
}

impl Header {
    fn parse(packet: &[u8]) -> Result<Self, DecodeError> {
        let corrupt = || DecodeError::corrupt(OggOpus, "its header makes no sense");
        let byte = |at: usize| packet.get(at).copied().ok_or_else(corrupt);
        let channels = usize::from(byte(9)?);
        AudioSpec::new(channels, SAMPLE_RATE)?;
        if byte(8)? >> 4 != 0 {
            return Err(DecodeError::unsupported("its version of Opus is not known"));
        }
        let (streams, coupled, mapping) = match (byte(18)?, channels) {
            (0, 1) => (1, 0, vec![0]),
            (0, 2) => (1, 1, vec![0, 1]),
            (1 | 255, _) => {
                let mapping = packet.get(21..21 + channels).ok_or_else(corrupt)?;
                (byte(19)?, byte(20)?, mapping.to_vec())
            }
            (0, _) => return Err(corrupt()),
            _ => return Err(DecodeError::unsupported("its arrangement of channels is not known")),
        };
        let gain = le16(packet, 16).unwrap_or(0).cast_signed();
        Ok(Self {
            channels,
            pre_skip: u64::from(le16(packet, 10).unwrap_or(0)),
            gain: 10_f32.powf(f32::from(gain) / (20.0 * 256.0)),
            streams,
            coupled,
            mapping,
        })
    }
}

/// Decodes an OGG Opus recording into `sink`.
pub(crate) fn decode<R: Read + Seek>(mut source: Window<R>, sink: &mut Sink<'_>) -> Result<(), DecodeError> {
    let summary = ogg::survey(OggOpus, &mut source)?;
    let mut packets = ogg::Packets::of(summary.serial);
    let mut pages = ogg::Pages::new(OggOpus, &mut source)?;
    let (mut seen, mut voice) = (0_u64, None);
    let mut decoded = 0_u64;
    while let Some(page) = pages.next_page()? {
        let ending = packets.ending_on(&page);
        let audio = usize::try_from(2_u64.saturating_sub(seen)).unwrap_or(0).min(ending.len());
        seen += ending.len() as u64;
        if let (None, Some(header)) = (&voice, ending.first()) {
            voice = Some(Voice::new(Header::parse(header)?)?);
        }
        let Some(voice) = &mut voice else { continue };
        let Some(ending) = ending.get(audio..).filter(|packets| !packets.is_empty()) else {
            continue;
        };
        if decoded == 0 {
            sink.skip(voice.header.pre_skip);
            // A stream cut out of a longer one starts later than at nothing.
            let here: u64 = ending.iter().map(|packet| frames_in(packet)).sum();
            let start = match u64::try_from(page.granule) {
                Ok(granule) if !page.is_last() => granule.saturating_sub(here),
                _ => 0,
            };
            let end = u64::try_from(summary.last_granule).unwrap_or(0);
            sink.limit(end.saturating_sub(start).saturating_sub(voice.header.pre_skip));
        }
        for packet in ending {
            decoded += voice.decode(packet, sink)?;
        }
    }
    Ok(())
}

/// The decoder and its buffer.
struct Voice {
    header: Header,
    spec: AudioSpec,
    decoder: OpusMSDecoder,
    pcm: Vec<i16>,
    samples: Vec<f32>,
}

impl Voice {
    fn new(header: Header) -> Result<Self, DecodeError> {
        let spec = AudioSpec::new(header.channels, SAMPLE_RATE)?;
        let decoder = OpusMSDecoder::new(
            SAMPLE_RATE.cast_signed(),
            i32::from(spec.channels),
            i32::from(header.streams),
            i32::from(header.coupled),
            &header.mapping,
        )
        .map_err(|_| DecodeError::corrupt(OggOpus, "its header makes no sense"))?;
        let pcm = vec![0; MAX_FRAMES * header.channels];
        Ok(Self { spec, decoder, pcm, samples: Vec::new(), header })
    }

    /// Decodes one packet into `sink`; returns how many frames it had.
    fn decode(&mut self, packet: &[u8], sink: &mut Sink<'_>) -> Result<u64, DecodeError> {
        if packet.is_empty() {
            return Err(DecodeError::corrupt(OggOpus, "a packet is empty"));
        }
        let len = i32::try_from(packet.len()).map_err(|_| explain(OPUS_INVALID_PACKET))?;
        let (decoder, pcm) = (&mut self.decoder, &mut self.pcm);
        let frames = guarded(OggOpus, || {
            decoder.decode(Some(packet), len, pcm, MAX_FRAMES as i32, false).map_err(explain)
        })?;
        let frames = usize::try_from(frames).unwrap_or(0);
        let pcm = self.pcm.get(..frames * self.header.channels).unwrap_or_default();
        let scale = self.header.gain / 32_768.0;
        self.samples.clear();
        self.samples.extend(pcm.iter().map(|sample| f32::from(*sample) * scale));
        sink.push(self.spec, &mut self.samples)?;
        Ok(frames as u64)
    }
}

/// Frames in a packet at 48 kHz, from its first bytes (RFC 6716, section 3.1).
fn frames_in(packet: &[u8]) -> u64 {
    let Some(toc) = packet.first() else { return 0 };
    let one = match toc >> 3 {
        config @ 0..12 => [480, 960, 1_920, 2_880][usize::from(config & 3)],
        config @ 12..16 => [480, 960][usize::from(config & 1)],
        config => [120, 240, 480, 960][usize::from(config & 3)],
    };
    let count = match toc & 3 {
        0 => 1,
        1 | 2 => 2,
        _ => u64::from(packet.get(1).copied().unwrap_or(0) & 0x3f),
    };
    one * count
}

fn explain(code: i32) -> DecodeError {
    DecodeError::corrupt(
        OggOpus,
        match code {
            OPUS_INVALID_PACKET => "a packet cannot be decoded".to_owned(),
            code => format!("a packet cannot be decoded (error {code})"),
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packet_lengths_follow_the_rfc() {
        assert_eq!(frames_in(&[0b0000_1000]), 960, "SILK, 20 ms");
        assert_eq!(frames_in(&[0b0110_0001]), 960, "hybrid, two of 10 ms");
        assert_eq!(frames_in(&[0b1000_0011, 48]), 5_760, "CELT, 48 of 2.5 ms");
        assert_eq!(frames_in(&[]), 0);
    }

    #[test]
    fn the_header_is_checked() {
        let mut header = b"OpusHead\x01\x02\x38\x01\x80\xbb\0\0\0\xfa\0".to_vec();
        let parsed = Header::parse(&header).unwrap();
        assert_eq!((parsed.channels, parsed.pre_skip, parsed.coupled), (2, 312, 1));
        assert!((parsed.gain - 0.5012).abs() < 0.001, "-6 dB is {}", parsed.gain);
        header[9] = 9;
        assert!(matches!(Header::parse(&header), Err(DecodeError::Unsupported { .. })));
        assert!(matches!(Header::parse(&header[..10]), Err(DecodeError::Unsupported { .. })));
        header[9] = 3;
        assert!(matches!(Header::parse(&header), Err(DecodeError::Corrupt { .. })));
    }
}
