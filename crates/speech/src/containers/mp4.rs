use std::io::{Read, Seek};

use super::{be32, be64};
use crate::{AudioFormat::M4a, DecodeError, source::Window};

/// How far into its track the recording starts: units and how many of them make a second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Start {
    pub(crate) units: u32,
    pub(crate) per_second: u32,
}

/// Goes over the boxes of the file: all whole, and both the index and the sound are there.
/// Returns where the recording starts, if the file says so: encoders of AAC put silence first.
pub(crate) fn survey<R: Read + Seek>(source: &mut Window<R>) -> Result<Option<Start>, DecodeError> {
    let total = source.len();
    let (mut at, mut index, mut sound, mut start) = (0, false, false, None);
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
            Some(b"moov") => {
                index = true;
                let len = usize::try_from(size).unwrap_or(usize::MAX).min(MAX_INDEX);
                let moov = source.peek(at, len).map_err(|e| DecodeError::reading(M4a, e))?;
                start = moov.get(8..).and_then(first_edit);
            }
            Some(b"mdat") => sound = true,
            _ => {}
        }
        at = match at.checked_add(size) {
            Some(next) if next <= total => next,
            _ => return Err(DecodeError::truncated(M4a, "it ends within one of its parts")),
        };
    }
    match (index, sound) {
        (true, true) => Ok(start),
        (false, _) => Err(DecodeError::truncated(M4a, "its index is missing")),
        (true, false) => Err(DecodeError::truncated(M4a, "its sound is missing")),
    }
}

/// More than the index of a day of sound needs before its tables.
const MAX_INDEX: usize = 1 << 20;

/// The contents of the boxes called `name` inside `parent`.
fn inside<'a>(mut parent: &'a [u8], name: &'a [u8; 4]) -> impl Iterator<Item = &'a [u8]> {
    std::iter::from_fn(move || {
        while let Some(size) = be32(parent, 0).map(|size| size as usize).filter(|size| *size >= 8) {
            let (whole, rest) = parent.split_at(size.min(parent.len()));
            parent = rest;
            if whole.get(4..8) == Some(name) {
                return whole.get(8..);
            }
        }
        None
    })
}

/// The edit list of the first track of sound (ISO 14496-12, section 8.6.6), if it just leaves out
/// a start.
fn first_edit(moov: &[u8]) -> Option<Start> {
    let track = inside(moov, b"trak").find(|track| {
        let handler = inside(track, b"mdia").next().and_then(|mdia| inside(mdia, b"hdlr").next());
        handler.and_then(|handler| handler.get(8..12)) == Some(b"soun")
    })?;
    let list = inside(inside(track, b"edts").next()?, b"elst").next()?;
    let header = inside(inside(track, b"mdia").next()?, b"mdhd").next()?;
    let (per_second, units) = (
        be32(header, if header.first()? == &0 { 12 } else { 20 })?,
        if list.first()? == &0 { u64::from(be32(list, 12)?) } else { be64(list, 16)? },
    );
    let units = u32::try_from(units).ok()?;
    // A second is far more than any encoder's delay: what is longer was edited by somebody.
    (be32(list, 4) == Some(1) && units <= per_second).then_some(Start { units, per_second })
}
