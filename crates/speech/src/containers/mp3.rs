use std::io::{Read, Seek};

use super::{be32, le32};
use crate::{AudioFormat::Mp3, DecodeError, source::Window};

/// What the four bytes before each MP3 frame say (ISO 11172-3 and 13818-3, layer III).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Frame {
    /// Version and sample rate: the same in all frames of a recording.
    kind: (u8, u8),
    mono: bool,
    crc: bool,
    /// Bytes to the next frame.
    pub(crate) len: usize,
    /// Frames of sound (samples of one channel).
    samples: u32,
}

impl Frame {
    /// `None` if these are not the four bytes of a layer III frame of known length.
    pub(crate) fn parse(bytes: &[u8]) -> Option<Self> {
        const KBITS_1: [usize; 15] = [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320];
        const KBITS_2: [usize; 15] = [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160];
        let &[sync, kind, rates, mode] = bytes.first_chunk()?;
        let (version, layer) = ((kind >> 3) & 3, (kind >> 1) & 3);
        if sync != 0xff || kind < 0xe0 || version == 1 || layer != 1 || mode & 3 == 2 {
            return None;
        }
        let (bitrate, rate) = (usize::from(rates >> 4), (rates >> 2) & 3);
        let hertz = *[44_100, 48_000, 32_000].get(usize::from(rate))?;
        // Version 3 is MPEG-1, 2 is MPEG-2 at half the rate, 0 is MPEG-2.5 at a quarter.
        let (table, samples, hertz) = match version {
            3 => (KBITS_1, 1152, hertz),
            2 => (KBITS_2, 576, hertz / 2),
            _ => (KBITS_2, 576, hertz / 4),
        };
        let bits = *table.get(bitrate).filter(|bits| **bits > 0)? * 1_000;
        let len = samples as usize / 8 * bits / hertz + usize::from(rates >> 1 & 1);
        Some(Self { kind: (version, rate), mono: mode >> 6 == 3, crc: kind & 1 == 0, len, samples })
    }

    fn follows(self, other: Self) -> bool {
        self.kind == other.kind && self.mono == other.mono
    }

    /// Where the encoder's own header (`Xing`, `Info`) stands in the first frame.
    fn tag_at(self) -> usize {
        let side = match (self.kind.0 == 3, self.mono) {
            (true, false) => 32,
            (true, true) | (false, false) => 17,
            (false, true) => 9,
        };
        4 + side + if self.crc { 2 } else { 0 }
    }
}

/// Where the first frame is. At the very start (zeros aside) one more frame must follow or the
/// file must end; elsewhere, in what a recorder of streams caught in mid-frame, two more must.
pub(crate) fn first_frame(head: &[u8]) -> Option<usize> {
    let start = head.iter().position(|byte| *byte != 0)?;
    (start..head.len().saturating_sub(3)).find(|at| {
        let wanted = if *at == start { 1 } else { 2 };
        chain(head, *at, wanted)
    })
}

/// Whether a frame at `at` is followed by `wanted` more of its kind.
fn chain(bytes: &[u8], at: usize, wanted: usize) -> bool {
    let Some(first) = bytes.get(at..).and_then(Frame::parse) else { return false };
    let (mut next, mut seen) = (at + first.len, 0);
    while seen < wanted {
        if next == bytes.len() && seen + 1 >= wanted {
            return true;
        }
        match bytes.get(next..).and_then(Frame::parse) {
            Some(frame) if frame.follows(first) => (next, seen) = (next + frame.len, seen + 1),
            _ => return false,
        }
    }
    true
}

/// Where the sound is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Layout {
    /// First byte of the first frame with sound.
    pub(crate) start: u64,
    /// One past the last byte of the last.
    pub(crate) end: u64,
    /// Frames of sound that the encoder put before the recording, with the decoder's own delay.
    pub(crate) skip: u64,
    /// Frames of sound of the recording itself; `None` where the file does not say.
    pub(crate) frames: Option<u64>,
}

/// How much of the file is held at a time while looking from frame to frame.
const STEP: usize = 1 << 16;

/// Goes from frame to frame to the end of the file. `source` starts behind any ID3v2 tag.
pub(crate) fn survey<R: Read + Seek>(source: &mut Window<R>) -> Result<Layout, DecodeError> {
    let read = |error| DecodeError::reading(Mp3, error);
    let end = without_tags(source).map_err(read)?;
    source.narrow(0, end).map_err(read)?;
    let head = source.peek(0, crate::HEAD_BYTES).map_err(read)?;
    let begin = first_frame(&head).ok_or(DecodeError::NotAudio)?;
    let tag = EncoderTag::parse(&head[begin..]);
    let first = Frame::parse(&head[begin..]).ok_or(DecodeError::NotAudio)?;
    let (mut at, mut count) = (begin as u64, 0_u64);
    let (mut held, mut held_at) = (head, 0_u64);
    let mut last_end = at;
    while at < end {
        let within = (at - held_at) as usize;
        if within + 4 > held.len() && held_at + (held.len() as u64) < end {
            (held, held_at) = (source.peek(at, STEP).map_err(read)?, at);
            continue;
        }
        let bytes = &held[within.min(held.len())..];
        match Frame::parse(bytes) {
            Some(frame) if frame.kind == first.kind => {
                if at + frame.len as u64 > end {
                    return Err(DecodeError::truncated(Mp3, "it ends within a frame"));
                }
                at += frame.len as u64;
                (count, last_end) = (count + 1, at);
            }
            _ => match resynchronise(source, at, first).map_err(read)? {
                Some(next) => at = next,
                None => break,
            },
        }
    }
    let tail = source.peek(last_end, 4).map_err(read)?;
    if (1..4).contains(&tail.len()) && tail[0] == 0xff {
        return Err(DecodeError::truncated(Mp3, "it ends within a frame"));
    }
    let mut layout = Layout { start: begin as u64, end: last_end, skip: 0, frames: None };
    let Some(tag) = tag else { return Ok(layout) };
    tag.check(count - 1, last_end - begin as u64)?;
    layout.start += first.len as u64;
    if let Some((delay, padding)) = tag.gaps
        && tag.frames.is_none_or(|frames| frames == count - 1)
    {
        // 529: what every decoder of layer III adds in front.
        layout.skip = u64::from(delay) + 529;
        let all = (count - 1) * u64::from(first.samples);
        layout.frames = all.checked_sub(u64::from(delay) + u64::from(padding)).filter(|n| *n > 0);
    }
    Ok(layout)
}

/// The next place after `at` where two frames like `first` follow each other. Frames lost on the
/// way cost 26 ms each; that is how the format is meant to survive a bad transmission.
fn resynchronise<R: Read + Seek>(
    source: &mut Window<R>,
    at: u64,
    first: Frame,
) -> std::io::Result<Option<u64>> {
    let mut from = at + 1;
    loop {
        let held = source.peek(from, STEP)?;
        let found = (0..held.len().saturating_sub(3))
            .find(|at| Frame::parse(&held[*at..]).is_some_and(|f| f.follows(first)) && chain(&held, *at, 1));
        match found {
            Some(place) => return Ok(Some(from + place as u64)),
            None if held.len() < STEP => return Ok(None),
            // A frame across the edge is seen whole the next time.
            None => from += (STEP - 4_096) as u64,
        }
    }
}

/// The length of the file without the tags at its end (ID3v1, APE).
fn without_tags<R: Read + Seek>(source: &mut Window<R>) -> std::io::Result<u64> {
    let mut end = source.len();
    if end >= 128 && source.peek(end - 128, 3)? == b"TAG" {
        end -= 128;
    }
    if end >= 32 {
        let footer = source.peek(end - 32, 32)?;
        if footer.starts_with(b"APETAGEX") {
            let body = u64::from(le32(&footer, 12).unwrap_or(0));
            let header = if footer[23] & 0x80 == 0 { 0 } else { 32 };
            end = end.saturating_sub(body + header);
        }
    }
    Ok(end)
}

/// The header that encoders hide in a first, silent frame.
#[derive(Clone, Copy, Debug)]
struct EncoderTag {
    /// Frames after this one.
    frames: Option<u64>,
    /// Bytes from this frame on.
    bytes: Option<u64>,
    /// Frames of sound added in front and behind (LAME).
    gaps: Option<(u16, u16)>,
}

impl EncoderTag {
    fn parse(bytes: &[u8]) -> Option<Self> {
        let frame = Frame::parse(bytes)?;
        let tag = bytes.get(frame.tag_at()..frame.len.min(bytes.len()))?;
        if !tag.starts_with(b"Xing") && !tag.starts_with(b"Info") {
            return None;
        }
        let (flags, mut at) = (be32(tag, 4)?, 8);
        let mut field = |bit: u32, len: usize| {
            (flags & bit != 0).then(|| {
                at += len;
                at - len
            })
        };
        let frames = field(1, 4).and_then(|at| be32(tag, at)).map(u64::from);
        let size = field(2, 4).and_then(|at| be32(tag, at)).map(u64::from);
        field(4, 100);
        field(8, 4);
        let lame = tag.get(at..at + 24).filter(|l| l.starts_with(b"LAME") || l.starts_with(b"Lav"));
        let gaps = lame.map(|lame| {
            let [a, b, c] = [lame[21], lame[22], lame[23]].map(u16::from);
            (a << 4 | b >> 4, (b & 0x0f) << 8 | c)
        });
        Some(Self { frames, bytes: size, gaps })
    }

    /// Compares with what is there: `frames` after this one, `bytes` from it on. Some encoders
    /// count this frame too, so one frame alone proves nothing.
    fn check(self, frames: u64, bytes: u64) -> Result<(), DecodeError> {
        let missing = self.frames.map_or(0, |declared| declared.saturating_sub(frames));
        let short = self.bytes.is_some_and(|declared| bytes < declared);
        let long = self.bytes.is_some_and(|declared| bytes >= declared);
        if missing > 1 && !long || missing > 0 && short {
            let all = self.frames.unwrap_or(0);
            return Err(DecodeError::truncated(Mp3, format!("only {frames} of {all} frames are there")));
        }
        if missing > 1 {
            return Err(DecodeError::corrupt(Mp3, format!("{missing} frames cannot be read")));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frame_lengths_follow_the_standard() {
        // 128 kbit/s at 44.1 kHz: 417 bytes, 418 with padding.
        assert_eq!(Frame::parse(&[0xff, 0xfb, 0x90, 0x00]).map(|f| f.len), Some(417));
        assert_eq!(Frame::parse(&[0xff, 0xfb, 0x92, 0x00]).map(|f| f.len), Some(418));
        // MPEG-2.5, 8 kbit/s at 8 kHz
        assert_eq!(Frame::parse(&[0xff, 0xe3, 0x18, 0xc0]).map(|f| f.len), Some(72));
        for other in [
            [0xff, 0xfd, 0x90, 0x00], // layer II
            [0xff, 0xf1, 0x50, 0x80], // AAC in ADTS
            [0xff, 0xfb, 0xf0, 0x00], // no such bit rate
            [0xff, 0xfb, 0x9c, 0x00], // no such sample rate
            [0xff, 0xff, 0xff, 0xff],
        ] {
            assert_eq!(Frame::parse(&other), None);
        }
    }

    #[test]
    fn one_header_is_not_enough() {
        let mut head = vec![0xff, 0xfb, 0x90, 0x00];
        head.resize(600, 0x55);
        assert_eq!(first_frame(&head), None);
        head[417..421].copy_from_slice(&[0xff, 0xfb, 0x90, 0x00]);
        assert_eq!(first_frame(&head), Some(0));
        head.truncate(417);
        assert_eq!(first_frame(&head), Some(0), "a file of a single frame");
    }
}
