use std::io::{Read, Seek};

use super::{be32, be64};
use crate::{AudioFormat::M4a, DecodeError, source::Window};

/// Goes over the boxes of the file: all whole, and both the index and the sound are there.
pub(crate) fn survey<R: Read + Seek>(source: &mut Window<R>) -> Result<(), DecodeError> {
    let total = source.len();
    let (mut at, mut index, mut sound) = (0, false, false);
    while at < total {
        let header = source.peek(at, 16).map_err(|error| DecodeError::reading(M4a, error))?;
        let size = match (be32(&header, 0), be64(&header, 8)) {
            (Some(0), _) => total - at, // to the end of the file
            (Some(1), Some(size)) => size,
            (Some(size), _) => u64::from(size),
            (None, _) => u64::MAX,
        };
        if size < 8 {
            return Err(DecodeError::corrupt(M4a, "a part has an impossible length"));
        }
        match header.get(4..8) {
            Some(b"moov") => index = true,
            Some(b"mdat") => sound = true,
            _ => {}
        }
        at = match at.checked_add(size) {
            Some(next) if next <= total => next,
            _ => return Err(DecodeError::truncated(M4a, "it ends within one of its parts")),
        };
    }
    match (index, sound) {
        (true, true) => Ok(()),
        (false, _) => Err(DecodeError::truncated(M4a, "its index is missing")),
        (true, false) => Err(DecodeError::truncated(M4a, "its sound is missing")),
    }
}
