//! Lines of a file one at a time, in bounded memory, read by a thread of their own.

use std::{
    collections::VecDeque,
    io::{self, BufRead, BufReader, Read},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};
use tokio::sync::mpsc;

/// Lines that are written together.
pub(crate) const STEP: usize = 500;
/// Bytes of lines that are written together: contacts may carry long transcripts.
const STEP_BYTES: usize = 8 << 20;

/// Where a file is read from.
pub(crate) type Source = Box<dyn Read + Send>;

/// A line without its end.
pub(crate) struct Line {
    /// From 1.
    pub(crate) number: u64,
    /// The bytes, or how many there were when they are too many.
    pub(crate) content: Result<Vec<u8>, u64>,
}

/// What one line, or one record of several lines, holds.
pub(crate) struct Given<T> {
    /// The first line, from 1.
    pub(crate) line: u64,
    /// The bytes, for telling a repetition from a contradiction.
    pub(crate) raw: Vec<u8>,
    /// What was read, or why it cannot be.
    pub(crate) item: Result<T, String>,
    /// What it says of itself even where it cannot be read.
    pub(crate) about: About,
}

/// What can be told of a line that may be refused.
#[derive(Clone, Debug, Default)]
pub(crate) struct About {
    /// Its id; empty when it has none that can be read.
    pub(crate) id: String,
    /// The recording that it names.
    pub(crate) recording: Option<String>,
}

/// Reads lines that end in LF or CR LF; a byte order mark before the first is dropped.
pub(crate) struct Lines {
    source: BufReader<Source>,
    number: u64,
    limit: usize,
    back: VecDeque<Line>,
    done: Arc<AtomicU64>,
}

impl Lines {
    /// `limit` is the longest line in bytes; `done` counts the bytes that were read.
    pub(crate) fn new(source: Source, limit: usize, done: Arc<AtomicU64>) -> Self {
        Self {
            source: BufReader::with_capacity(1 << 18, source),
            number: 0,
            limit,
            back: VecDeque::new(),
            done,
        }
    }

    /// Lines to be read once more, in their order.
    pub(crate) fn put_back(&mut self, lines: Vec<Line>) {
        for line in lines.into_iter().rev() {
            self.back.push_front(line);
        }
    }

    /// The next line.
    pub(crate) fn next(&mut self) -> io::Result<Option<Line>> {
        if let Some(line) = self.back.pop_front() {
            return Ok(Some(line));
        }
        let (mut text, mut length, mut ended) = (Vec::new(), 0_u64, false);
        while !ended {
            let available = match self.source.fill_buf() {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                other => other?,
            };
            if available.is_empty() {
                break;
            }
            let (part, used) = match available.iter().position(|byte| *byte == b'\n') {
                Some(at) => (&available[..at], at + 1),
                None => (available, available.len()),
            };
            ended = used > part.len();
            length += part.len() as u64;
            // The rest of a line that is too long is skipped, not kept.
            if length <= self.limit as u64 {
                text.extend_from_slice(part);
            }
            self.source.consume(used);
            self.done.fetch_add(used as u64, Ordering::Relaxed);
        }
        if !ended && length == 0 {
            return Ok(None);
        }
        self.number += 1;
        if length > self.limit as u64 {
            return Ok(Some(Line { number: self.number, content: Err(length) }));
        }
        if text.last() == Some(&b'\r') {
            text.pop();
        }
        if self.number == 1 && text.starts_with(b"\xEF\xBB\xBF") {
            text.drain(..3);
        }
        Ok(Some(Line { number: self.number, content: Ok(text) }))
    }

    /// Why a line of `length` bytes is refused.
    pub(crate) fn too_long(&self, length: u64) -> String {
        format!("is {length} bytes long, at most {} are read", self.limit)
    }
}

/// Text, if it is any.
pub(crate) fn utf8(bytes: &[u8]) -> Result<&str, String> {
    std::str::from_utf8(bytes).map_err(|e| format!("is not UTF-8 text (byte {})", e.valid_up_to() + 1))
}

/// Reads ahead in a thread: at most two steps are in memory.
pub(crate) fn ahead<T: Send + 'static>(
    mut next: impl FnMut() -> io::Result<Option<Given<T>>> + Send + 'static,
) -> mpsc::Receiver<io::Result<Vec<Given<T>>>> {
    let (sender, receiver) = mpsc::channel(1);
    tokio::task::spawn_blocking(move || {
        loop {
            let (mut step, mut bytes, mut over) = (Vec::new(), 0, None);
            while step.len() < STEP && bytes < STEP_BYTES && over.is_none() {
                match next() {
                    Ok(Some(given)) => {
                        bytes += given.raw.len();
                        step.push(given);
                    }
                    Ok(None) => over = Some(None),
                    Err(error) => over = Some(Some(error)),
                }
            }
            // Whoever listens may have given up.
            if !step.is_empty() && sender.blocking_send(Ok(step)).is_err() {
                return;
            }
            if let Some(end) = over {
                if let Some(error) = end {
                    let _ = sender.blocking_send(Err(error));
                }
                return;
            }
        }
    });
    receiver
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &'static [u8], limit: usize) -> Vec<(u64, Result<String, u64>)> {
        let mut lines = Lines::new(Box::new(text), limit, Arc::default());
        let mut all = Vec::new();
        while let Some(line) = lines.next().unwrap() {
            all.push((line.number, line.content.map(|it| String::from_utf8(it).unwrap())));
        }
        all
    }

    #[test]
    fn lines_end_in_lf_or_cr_lf_or_with_the_file() {
        let ok = |n, text: &str| (n, Ok(text.to_owned()));
        assert_eq!(read(b"\xEF\xBB\xBFa\r\n\nb", 10), [ok(1, "a"), ok(2, ""), ok(3, "b")]);
        assert_eq!(read(b"a\n", 10), [ok(1, "a")]);
        assert_eq!(read(b"", 10), []);
    }

    #[test]
    fn a_line_that_is_too_long_is_skipped_whole() {
        let ok = |n, text: &str| (n, Ok(text.to_owned()));
        assert_eq!(read(b"abcdef\nxyz\n", 5), [(1, Err(6)), ok(2, "xyz")]);
    }

    #[test]
    fn lines_can_be_read_once_more() {
        let mut lines = Lines::new(Box::new(&b"a\nb\nc\n"[..]), 10, Arc::default());
        let (a, b) = (lines.next().unwrap().unwrap(), lines.next().unwrap().unwrap());
        lines.put_back(vec![a, b]);
        let numbers: Vec<_> = std::iter::from_fn(|| lines.next().unwrap()).map(|it| it.number).collect();
        assert_eq!(numbers, [1, 2, 3]);
    }
}
