use std::fmt;

use crate::containers::{mp3, ogg};

/// How many bytes from the start [`recognise`] wants to see, when there are as many.
pub const HEAD_BYTES: usize = 4096;

/// The kinds of recording that are decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AudioFormat {
    /// RIFF/WAVE: PCM, float, G.711, IMA or Microsoft ADPCM.
    Wav,
    /// MPEG-1, -2 or -2.5 layer III, with or without ID3 tags.
    Mp3,
    /// Vorbis in OGG.
    OggVorbis,
    /// Opus in OGG (RFC 7845).
    OggOpus,
    /// Native FLAC.
    Flac,
    /// AAC-LC or ALAC in MPEG-4 (ISO 14496-12).
    M4a,
}

impl AudioFormat {
    /// The media type to serve such a recording with. Both kinds of OGG are `audio/ogg`; Opus
    /// names its codec (RFC 7845, section 9), since not every player of one plays the other.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Wav => "audio/wav",
            Self::Mp3 => "audio/mpeg",
            Self::OggVorbis => "audio/ogg",
            Self::OggOpus => "audio/ogg; codecs=opus",
            Self::Flac => "audio/flac",
            Self::M4a => "audio/mp4",
        }
    }
}

/// The name a person knows the format by.
impl fmt::Display for AudioFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Wav => "WAV",
            Self::Mp3 => "MP3",
            Self::OggVorbis => "OGG Vorbis",
            Self::OggOpus => "OGG Opus",
            Self::Flac => "FLAC",
            Self::M4a => "M4A",
        })
    }
}

/// Tells the format from the first bytes of a file: [`HEAD_BYTES`] of them, or all if it has
/// fewer. `None` for anything else. A longer ID3v2 tag hides what follows it; such a file is taken
/// for MP3 here, while [`crate::decode`] looks behind the tag.
pub fn recognise(head: &[u8]) -> Option<AudioFormat> {
    let body = match id3v2_len(head) {
        Some(tag) => match usize::try_from(tag).ok().and_then(|tag| head.get(tag..)) {
            Some(body) if !body.is_empty() => body,
            _ => return Some(AudioFormat::Mp3),
        },
        None => head,
    };
    recognise_untagged(body)
}

/// As [`recognise`], for bytes that do not start with an ID3v2 tag.
pub(crate) fn recognise_untagged(head: &[u8]) -> Option<AudioFormat> {
    if matches!(head.get(..4), Some(b"RIFF" | b"RF64")) && head.get(8..12) == Some(b"WAVE") {
        Some(AudioFormat::Wav)
    } else if head.starts_with(b"fLaC") {
        Some(AudioFormat::Flac)
    } else if head.starts_with(b"OggS") {
        ogg::codec_in(head)
    } else if head.get(4..8) == Some(b"ftyp") {
        is_audio_brand(head).then_some(AudioFormat::M4a)
    } else {
        mp3::first_frame(head).map(|_| AudioFormat::Mp3)
    }
}

/// Length in bytes of the ID3v2 tag at the start of `head`, header and footer included.
pub(crate) fn id3v2_len(head: &[u8]) -> Option<u64> {
    let header =
        head.get(..10).filter(|h| h.starts_with(b"ID3") && (2..=4).contains(&h[3]) && h[4] < 0xff)?;
    let size = &header[6..10];
    if size.iter().any(|byte| byte & 0x80 != 0) {
        return None;
    }
    let body = size.iter().fold(0_u64, |sum, byte| (sum << 7) | u64::from(*byte));
    let footer = if header[5] & 0x10 == 0 { 0 } else { 10 };
    Some(10 + body + footer)
}

/// Pictures (HEIC, AVIF) and QuickTime films share the container, so the brands decide.
fn is_audio_brand(head: &[u8]) -> bool {
    const BRANDS: [&[u8; 3]; 9] = [b"M4A", b"M4B", b"mp4", b"iso", b"3gp", b"3g2", b"F4A", b"das", b"MSN"];
    let size = head.get(..4).map_or(0, |b| u32::from_be_bytes([b[0], b[1], b[2], b[3]]) as usize);
    let brands = head.get(8..size.clamp(12, head.len().max(12))).unwrap_or_default();
    let known = |brand: &[u8]| BRANDS.iter().any(|b| brand.starts_with(*b));
    // The second group of four is a version, not a brand, but never looks like one.
    brands.chunks_exact(4).any(known)
        && !brands.chunks_exact(4).any(|b| b.starts_with(b"hei") || b.starts_with(b"avi") || b == b"mif1")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_audio_is_recognised() {
        let wav = b"RIFF\x24\0\0\0WAVEfmt ";
        assert_eq!(recognise(wav), Some(AudioFormat::Wav));
        assert_eq!(recognise(b"fLaC\0\0\0\x22"), Some(AudioFormat::Flac));
        assert_eq!(recognise(b"\0\0\0\x18ftypM4A \0\0\0\0M4A mp42"), Some(AudioFormat::M4a));
        for other in [
            b"".as_slice(),
            b"RIFF\x24\0\0\0AVI LIST",
            b"\0\0\0\x18ftypheic\0\0\0\0mif1heic",
            b"\0\0\0\x14ftypqt  \0\0\0\0qt  ",
            b"Guten Tag, hier ist keine Aufnahme.",
            b"%PDF-1.7",
            b"\xff\xd8\xff\xe0\0\x10JFIF",
            b"\xff\xfb",
            b"OggS",
        ] {
            assert_eq!(recognise(other), None, "{other:?}");
        }
    }

    #[test]
    fn a_tag_is_looked_behind() {
        let mut tagged = b"ID3\x04\0\0\0\0\0\x05hello".to_vec();
        assert_eq!(id3v2_len(&tagged), Some(15));
        tagged.extend_from_slice(b"fLaC");
        assert_eq!(recognise(&tagged), Some(AudioFormat::Flac));
        tagged.truncate(15);
        tagged.extend_from_slice(b"just text");
        assert_eq!(recognise(&tagged), None);
        assert_eq!(recognise(b"ID3\x04\0\0\0\x7f\0\0"), Some(AudioFormat::Mp3));
        assert_eq!(id3v2_len(b"ID3 is a kind of tag"), None);
    }

    #[test]
    fn random_bytes_are_not_mp3() {
        // xorshift: the same bytes on every run
        let mut state = 0x2545_f491_4f6c_dd1d_u64;
        let mut taken = 0;
        for _ in 0..2_000 {
            let head: Vec<u8> = (0..HEAD_BYTES)
                .map(|_| {
                    state ^= state << 13;
                    state ^= state >> 7;
                    state ^= state << 17;
                    state.to_le_bytes()[3]
                })
                .collect();
            taken += usize::from(recognise(&head).is_some());
        }
        assert_eq!(taken, 0);
    }
}
