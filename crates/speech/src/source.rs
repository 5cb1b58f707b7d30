//! A view of the file that the decoders read: a part of it, with a few bytes corrected.

use std::io::{self, Read, Seek, SeekFrom};

use symphonia::core::io::MediaSource;

/// The bytes `start..end` of `inner` as if they were all, with `patch` written over them.
///
/// This is how tags are hidden and the sizes a streaming recorder never filled in are put right,
/// without copying the recording.
pub(crate) struct Window<R> {
    inner: R,
    start: u64,
    end: u64,
    /// Relative to `start`.
    pos: u64,
    patch: Vec<(u64, Vec<u8>)>,
}

impl<R: Read + Seek> Window<R> {
    /// The whole of `inner`.
    pub(crate) fn whole(mut inner: R) -> io::Result<Self> {
        let end = inner.seek(SeekFrom::End(0))?;
        inner.seek(SeekFrom::Start(0))?;
        Ok(Self { inner, start: 0, end, pos: 0, patch: Vec::new() })
    }

    /// Length in bytes.
    pub(crate) const fn len(&self) -> u64 {
        self.end - self.start
    }

    /// Leaves only the bytes from `from` to before `to`, and goes to their start.
    pub(crate) fn narrow(&mut self, from: u64, to: u64) -> io::Result<()> {
        let to = to.min(self.len());
        self.end = self.start + to;
        self.start += from.min(to);
        self.seek(SeekFrom::Start(0)).map(drop)
    }

    /// From now on reads `bytes` at `at`.
    pub(crate) fn overlay(&mut self, at: u64, bytes: &[u8]) {
        self.patch.push((at, bytes.to_vec()));
    }

    /// Up to `count` bytes at `at`; fewer only where the window ends.
    pub(crate) fn peek(&mut self, at: u64, count: usize) -> io::Result<Vec<u8>> {
        self.seek(SeekFrom::Start(at))?;
        let mut bytes = Vec::with_capacity(count.min(1 << 16));
        self.by_ref().take(count as u64).read_to_end(&mut bytes)?;
        Ok(bytes)
    }
}

impl<R: Read + Seek> Read for Window<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.len().saturating_sub(self.pos)).unwrap_or(usize::MAX);
        let want = buf.len().min(left);
        let Some(buf) = buf.get_mut(..want).filter(|b| !b.is_empty()) else { return Ok(0) };
        let read = self.inner.read(buf)?;
        let here = self.pos..self.pos + read as u64;
        for (at, bytes) in &self.patch {
            for (place, byte) in (*at..).zip(bytes) {
                if here.contains(&place) {
                    buf[(place - here.start) as usize] = *byte;
                }
            }
        }
        self.pos = here.end;
        Ok(read)
    }
}

impl<R: Read + Seek> Seek for Window<R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let target = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(by) => self.len().checked_add_signed(by),
            SeekFrom::Current(by) => self.pos.checked_add_signed(by),
        };
        let outside = || io::Error::new(io::ErrorKind::InvalidInput, "a position before the start");
        let target = target.ok_or_else(outside)?;
        let absolute = self.start.checked_add(target).ok_or_else(outside)?;
        self.inner.seek(SeekFrom::Start(absolute))?;
        self.pos = target;
        Ok(target)
    }
}

impl<R: Read + Seek + Send + Sync> MediaSource for Window<R> {
    fn is_seekable(&self) -> bool {
        true
    }
    fn byte_len(&self) -> Option<u64> {
        Some(self.len())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    #[test]
    fn a_window_shows_a_part_with_corrections() -> io::Result<()> {
        let mut window = Window::whole(Cursor::new(b"0123456789".to_vec()))?;
        window.narrow(2, 8)?;
        window.overlay(1, b"XY");
        let mut all = String::new();
        window.read_to_string(&mut all)?;
        assert_eq!((all.as_str(), window.len()), ("2XY567", 6));
        assert_eq!(window.peek(2, 2)?, b"Y5");
        assert_eq!(window.peek(5, 9)?, b"7");
        assert!(window.seek(SeekFrom::End(-7)).is_err());
        Ok(())
    }
}
