use std::io::{Read, Seek};

use super::{le16, le32, le64};
use crate::{AudioFormat::Wav, DecodeError, source::Window};

/// How the samples of a WAV file are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Coding {
    /// Whole numbers, unsigned; one byte.
    U8,
    /// Whole numbers, signed; two bytes.
    S16,
    /// Whole numbers, signed; three bytes.
    S24,
    /// Whole numbers, signed; four bytes.
    S32,
    /// IEEE, four bytes.
    F32,
    /// IEEE, eight bytes.
    F64,
    /// G.711 mu-law.
    MuLaw,
    /// G.711 A-law.
    ALaw,
    /// ADPCM of Microsoft or the IMA, in blocks of so many bytes that hold so many frames.
    Adpcm { block: u16, frames: u16, microsoft: bool },
}

impl Coding {
    /// Bytes of one sample; none where samples share bytes.
    pub(crate) const fn width(self) -> Option<usize> {
        Some(match self {
            Self::U8 | Self::MuLaw | Self::ALaw => 1,
            Self::S16 => 2,
            Self::S24 => 3,
            Self::S32 | Self::F32 => 4,
            Self::F64 => 8,
            Self::Adpcm { .. } => return None,
        })
    }
}

/// Where the samples are and what they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Layout {
    pub(crate) coding: Coding,
    pub(crate) channels: u16,
    pub(crate) sample_rate: u32,
    /// First byte of the samples.
    pub(crate) data_at: u64,
    /// Bytes of samples, whole frames only.
    pub(crate) data_len: u64,
}

/// Sizes that recorders write when they cannot go back to fill in the real one: nothing, all
/// ones, and the largest round number below 2 GiB (SoX).
const fn is_placeholder(size: u32) -> bool {
    size == 0 || size == u32::MAX || (size >= 0x7fff_f000 && size <= 0x7fff_ffff)
}

/// Walks the chunks up to the samples.
pub(crate) fn survey<R: Read + Seek>(source: &mut Window<R>) -> Result<Layout, DecodeError> {
    let read = |error| DecodeError::reading(Wav, error);
    let (total, mut at, mut format, mut long) = (source.len(), 12, None, None);
    loop {
        let header = source.peek(at, 8).map_err(read)?;
        let Some(size) = le32(&header, 4) else {
            return Err(DecodeError::truncated(Wav, "it has no samples after its header"));
        };
        let (body, here) = (at + 8, total - at - 8);
        match &header[..4] {
            b"fmt " => {
                let fields = source.peek(body, size.min(64) as usize).map_err(read)?;
                format = Some(parse_format(&fields)?);
            }
            // RF64: the real size of the samples, for recordings over 4 GiB.
            b"ds64" => long = le64(&source.peek(body, 16).map_err(read)?, 8),
            b"data" => {
                let (coding, channels, sample_rate, align) = format
                    .ok_or_else(|| DecodeError::corrupt(Wav, "its samples come before their description"))?;
                let declared = match (size, long) {
                    (u32::MAX, Some(long)) if long > 0 => Some(long),
                    (0, _) if here > 0 && ends_in_chunks(source, body).map_err(read)? => Some(0),
                    (size, _) if is_placeholder(size) && here != u64::from(size) => None,
                    (size, _) => Some(u64::from(size)),
                };
                let data_len = match declared {
                    Some(declared) if declared > here => {
                        return Err(DecodeError::truncated(
                            Wav,
                            format!("only {here} of {declared} bytes of sound are there"),
                        ));
                    }
                    Some(declared) => declared,
                    None => here,
                };
                let data_len = data_len - data_len % u64::from(align);
                return Ok(Layout { coding, channels, sample_rate, data_at: body, data_len });
            }
            _ => {}
        }
        // Chunks start at even places.
        at = body + u64::from(size) + u64::from(size & 1);
        if at > total {
            return Err(DecodeError::truncated(Wav, "it ends within its header"));
        }
    }
}

/// A header as plain as can be for ADPCM, to stand right before the samples: what recorders write
/// there varies, and the decoder takes it literally. `None` for more than a header can say.
pub(crate) fn plain_header(layout: &Layout) -> Option<Vec<u8>> {
    let Coding::Adpcm { block, frames, microsoft } = layout.coding else { return None };
    let data_len = u32::try_from(layout.data_len).ok()?;
    let (tag, extra): (u16, &[i16]) = match microsoft {
        // The predictors' coefficients are always these.
        true => (2, &[7, 256, 0, 512, -256, 0, 0, 192, 64, 240, 0, 460, -208, 392, -232]),
        false => (0x11, &[]),
    };
    let extra_len = 2 + 2 * u16::try_from(extra.len()).ok()?;
    let mut header = b"RIFF\xff\xff\xff\xffWAVEfmt ".to_vec();
    header.extend((18 + u32::from(extra_len)).to_le_bytes());
    header.extend(tag.to_le_bytes());
    header.extend(layout.channels.to_le_bytes());
    header.extend(layout.sample_rate.to_le_bytes());
    header.extend([0; 4]);
    for word in [block, 4, extra_len, frames] {
        header.extend(word.to_le_bytes());
    }
    extra.iter().for_each(|word| header.extend(word.to_le_bytes()));
    header.extend(b"data");
    header.extend(data_len.to_le_bytes());
    Some(header)
}

/// Whether what follows an empty data chunk is other chunks, so that it really is empty.
fn ends_in_chunks<R: Read + Seek>(source: &mut Window<R>, mut at: u64) -> std::io::Result<bool> {
    for _ in 0..64 {
        let header = source.peek(at, 8)?;
        let Some(size) = le32(&header, 4) else { return Ok(at == source.len()) };
        if !header[..4].iter().all(|b| b.is_ascii_graphic() || *b == b' ') {
            return Ok(false);
        }
        at += 8 + u64::from(size) + u64::from(size & 1);
    }
    Ok(false)
}

/// Coding, channels, sample rate and bytes of a frame (or block) from a `fmt ` chunk.
fn parse_format(fields: &[u8]) -> Result<(Coding, u16, u32, u16), DecodeError> {
    let corrupt = |what: &str| DecodeError::corrupt(Wav, what);
    let word = |at| le16(fields, at).ok_or_else(|| corrupt("its description is too short"));
    let (mut tag, channels, align, bits) = (word(0)?, word(2)?, word(12)?, word(14)?);
    let sample_rate = le32(fields, 4).unwrap_or(0);
    if tag == 0xfffe {
        tag = word(24)?; // WAVE_FORMAT_EXTENSIBLE: the sub-format starts with the plain tag
    }
    let coding = match (tag, bits) {
        (1, 1..=8) => Coding::U8,
        (1, 9..=16) => Coding::S16,
        (1, 17..=24) => Coding::S24,
        (1, 25..=32) => Coding::S32,
        (3, 32) => Coding::F32,
        (3, 64) => Coding::F64,
        (6, _) => Coding::ALaw,
        (7, _) => Coding::MuLaw,
        (2 | 0x11, 4) => Coding::Adpcm { block: align, frames: word(18)?, microsoft: tag == 2 },
        _ => {
            return Err(DecodeError::unsupported(format!(
                "its WAV coding {tag:#06x} with {bits} bits is not known"
            )));
        }
    };
    if channels == 0 || align == 0 {
        return Err(corrupt("its description makes no sense"));
    }
    match coding.width() {
        // Recorders often leave the wrong frame size for 8-bit codings; ours follows from the rest.
        Some(width) => {
            let align = usize::from(channels).saturating_mul(width).min(usize::from(u16::MAX));
            Ok((coding, channels, sample_rate, align as u16))
        }
        None => Ok((coding, channels, sample_rate, align)),
    }
}

/// Turns stored samples into floats from -1 to 1, appended to `out`. `bytes` holds whole samples.
pub(crate) fn to_floats(coding: Coding, bytes: &[u8], out: &mut Vec<f32>) {
    match coding {
        Coding::U8 => out.extend(bytes.iter().map(|b| (f32::from(*b) - 128.0) / 128.0)),
        Coding::MuLaw => out.extend(bytes.iter().map(|b| f32::from(mu_law(*b)) / 32_768.0)),
        Coding::ALaw => out.extend(bytes.iter().map(|b| f32::from(a_law(*b)) / 32_768.0)),
        Coding::S16 => {
            out.extend(bytes.as_chunks().0.iter().map(|b| f32::from(i16::from_le_bytes(*b)) / 32_768.0))
        }
        Coding::S24 => out.extend(
            bytes
                .as_chunks()
                .0
                .iter()
                .map(|[a, b, c]| (i32::from_le_bytes([0, *a, *b, *c]) >> 8) as f32 / 8_388_608.0),
        ),
        Coding::S32 => {
            out.extend(bytes.as_chunks().0.iter().map(|b| i32::from_le_bytes(*b) as f32 / 2_147_483_648.0))
        }
        Coding::F32 => out.extend(bytes.as_chunks().0.iter().map(|b| f32::from_le_bytes(*b))),
        Coding::F64 => {
            out.extend(bytes.as_chunks().0.iter().map(|b| f64::from_le_bytes(*b) as f32));
        }
        Coding::Adpcm { .. } => {}
    }
}

/// G.711 mu-law to 16 bits.
const fn mu_law(byte: u8) -> i16 {
    let byte = !byte;
    let magnitude = ((((byte & 0x0f) as i16) << 3) + 0x84) << ((byte & 0x70) >> 4);
    if byte & 0x80 == 0 { magnitude - 0x84 } else { 0x84 - magnitude }
}

/// G.711 A-law to 16 bits.
const fn a_law(byte: u8) -> i16 {
    let byte = byte ^ 0x55;
    let (step, segment) = (((byte & 0x0f) as i16) << 4, (byte & 0x70) >> 4);
    let magnitude = match segment {
        0 => step + 8,
        _ => (step + 0x108) << (segment - 1),
    };
    if byte & 0x80 == 0 { -magnitude } else { magnitude }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn g711_matches_the_recommendation() {
        // Ends and middles of the tables of ITU-T G.711.
        assert_eq!([0x00, 0x80, 0x7f, 0xff, 0x8f].map(mu_law), [-32_124, 32_124, 0, 0, 16_764]);
        assert_eq!([0x2a, 0xaa, 0x55, 0xd5, 0x80].map(a_law), [-32_256, 32_256, -8, 8, 5_504]);
    }

    #[test]
    fn whole_numbers_become_floats() {
        let floats = |coding, bytes: &[u8]| {
            let mut out = Vec::new();
            to_floats(coding, bytes, &mut out);
            out
        };
        assert_eq!(floats(Coding::U8, &[0, 128, 192]), [-1.0, 0.0, 0.5]);
        assert_eq!(floats(Coding::S16, &[0, 0x80, 0, 0x40]), [-1.0, 0.5]);
        assert_eq!(floats(Coding::S24, &[0, 0, 0x80, 0, 0, 0x40]), [-1.0, 0.5]);
        assert_eq!(floats(Coding::S32, &[0, 0, 0, 0xc0]), [-0.5]);
        assert_eq!(floats(Coding::F64, &0.25_f64.to_le_bytes()), [0.25]);
    }
}
