use std::io::{Read, Seek};

use super::be64;
use crate::{AudioFormat::Flac, DecodeError, source::Window};

/// Frames (samples of one channel) that the file says it has; `None` where it does not say.
/// From STREAMINFO (RFC 9639, section 8.2), which always comes first.
pub(crate) fn survey<R: Read + Seek>(source: &mut Window<R>) -> Result<Option<u64>, DecodeError> {
    let head = source.peek(0, 42).map_err(|error| DecodeError::reading(Flac, error))?;
    if head.len() < 42 {
        return Err(DecodeError::truncated(Flac, "it ends within its header"));
    }
    if head[4] & 0x7f != 0 || head[5..8] != [0, 0, 34] {
        return Err(DecodeError::corrupt(Flac, "its header is not the one of a FLAC file"));
    }
    let frames = be64(&head, 18).unwrap_or(0) & 0x000f_ffff_ffff;
    // The header may be followed by pictures; each block says how long it is.
    let mut at = 4;
    loop {
        let block = source.peek(at, 4).map_err(|error| DecodeError::reading(Flac, error))?;
        let Some(&[kind, a, b, c]) = block.first_chunk() else {
            return Err(DecodeError::truncated(Flac, "it ends within its header"));
        };
        at += 4 + u64::from(u32::from_be_bytes([0, a, b, c]));
        if at > source.len() {
            return Err(DecodeError::truncated(Flac, "it ends within its header"));
        }
        if kind & 0x80 != 0 {
            break;
        }
    }
    if at == source.len() {
        return Err(match frames {
            0 => DecodeError::Empty,
            _ => DecodeError::truncated(Flac, "it ends after its header"),
        });
    }
    Ok((frames > 0).then_some(frames))
}
