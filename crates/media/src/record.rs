//! The bytes of a recording that is playable at any cut.
//!
//! Sound is appended; from time to time, and always after the sound that it counts, the header is written anew. So the
//! header never promises more than is there: of a killed server's file every player plays all but the last moments, and
//! [`repair`] brings those back.

use crate::RATE;
use std::collections::VecDeque;
use thiserror::Error;

/// Bytes before the sound.
pub const HEADER: usize = 44;
/// The most bytes of sound in a file: what its 32-bit sizes can count, in whole moments of any number of tracks.
const MOST: u64 = 0xFFFF_FF00;

/// Bytes to be written at a place of the file. The order of writes matters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Write {
    /// From here.
    pub offset: u64,
    /// These.
    pub bytes: Vec<u8>,
}

/// Why no more can be recorded, or a file cannot be repaired.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum RecordError {
    /// The file has its 4 GiB: 37 hours of two tracks.
    #[error("the recording is full")]
    Full,
    /// The tracks of one tick differ in number from the recording's, or in length among themselves.
    #[error("the tracks do not fit the recording")]
    Tracks,
    /// Not a recording of ours.
    #[error("not a recording that can be repaired")]
    Foreign,
}

/// Writes one recording: 16-bit linear at [`RATE`], one channel a track.
#[derive(Clone, Debug)]
pub struct Recorder {
    channels: u16,
    /// Bytes between two writes.
    every: usize,
    written: u64,
    pending: Vec<u8>,
    writes: VecDeque<Write>,
}

impl Recorder {
    /// A recording of `channels` tracks (2 for customer and agent, 1 for the coach) that is written every
    /// `milliseconds`: what a cut may cost at most, before it is repaired. The first write is an empty, valid file.
    pub fn new(channels: u16, milliseconds: u32) -> Self {
        let channels = channels.clamp(1, 8);
        let every = (RATE / 1000 * milliseconds.clamp(20, 10_000)) as usize * usize::from(channels) * 2;
        let first = Write { offset: 0, bytes: header(channels, 0).to_vec() };
        Self { channels, every, written: 0, pending: Vec::new(), writes: VecDeque::from([first]) }
    }

    /// Appends a tick: left (customer), right (agent), or the one track.
    ///
    /// # Errors
    /// [`RecordError::Tracks`], [`RecordError::Full`]; nothing is appended then.
    pub fn push(&mut self, tracks: &[&[i16]]) -> Result<(), RecordError> {
        let Some(first) = tracks.first().filter(|_| tracks.len() == usize::from(self.channels)) else {
            return Err(RecordError::Tracks);
        };
        if tracks.iter().any(|track| track.len() != first.len()) {
            return Err(RecordError::Tracks);
        }
        let more = (first.len() * tracks.len() * 2) as u64;
        if self.written + self.pending.len() as u64 + more > MOST {
            return Err(RecordError::Full);
        }
        for index in 0..first.len() {
            for sample in tracks.iter().filter_map(|track| track.get(index)) {
                self.pending.extend_from_slice(&sample.to_le_bytes());
            }
        }
        if self.pending.len() >= self.every {
            self.flush();
        }
        Ok(())
    }

    /// The next thing to write, in order; none if all is written.
    pub fn next_write(&mut self) -> Option<Write> {
        self.writes.pop_front()
    }

    /// Hands out what is pending; to be called at the end, and then [`next_write`](Self::next_write) until there is none.
    pub fn flush(&mut self) {
        if self.pending.is_empty() {
            return;
        }
        let bytes = std::mem::replace(&mut self.pending, Vec::with_capacity(self.every));
        let offset = HEADER as u64 + self.written;
        self.written += bytes.len() as u64;
        self.writes.push_back(Write { offset, bytes });
        self.writes.push_back(Write { offset: 0, bytes: header(self.channels, self.written).to_vec() });
    }

    /// Samples of each track so far.
    pub fn samples(&self) -> u64 {
        (self.written + self.pending.len() as u64) / (u64::from(self.channels) * 2)
    }
}

/// What a cut file needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repair {
    /// The header to be written at its start; none if it is right already.
    pub header: Option<Write>,
    /// The length to which the file is to be cut: a moment that is only half there goes.
    pub length: u64,
    /// Samples of each track.
    pub samples: u64,
}

/// Looks at the first bytes of a file of `length` bytes and says how to make the most of it.
///
/// # Errors
/// [`RecordError::Foreign`] if it did not begin as a [`Recorder`]'s.
pub fn repair(start: &[u8], length: u64) -> Result<Repair, RecordError> {
    let start = start.first_chunk::<HEADER>().ok_or(RecordError::Foreign)?;
    let channels = u16::from_le_bytes([start[22], start[23]]);
    let mut plain = header(channels, 0);
    // All but the two sizes has to be ours.
    for sizes in [4..8, 40..44] {
        plain[sizes.clone()].copy_from_slice(&start[sizes]);
    }
    if plain != *start || !(1..=8).contains(&channels) || length < HEADER as u64 {
        return Err(RecordError::Foreign);
    }
    let moment = u64::from(channels) * 2;
    let sound = (length - HEADER as u64).min(MOST) / moment * moment;
    let right = header(channels, sound);
    let header = (right != *start).then(|| Write { offset: 0, bytes: right.to_vec() });
    Ok(Repair { header, length: HEADER as u64 + sound, samples: sound / moment })
}

/// A WAVE header (RIFF, `fmt ` with PCM, `data`).
fn header(channels: u16, sound: u64) -> [u8; HEADER] {
    let sound = u32::try_from(sound).unwrap_or(u32::MAX - 36);
    let moment = channels.saturating_mul(2);
    let mut header = [0; HEADER];
    let parts: [(usize, &[u8]); 13] = [
        (0, b"RIFF"),
        (4, &(sound + 36).to_le_bytes()),
        (8, b"WAVE"),
        (12, b"fmt "),
        (16, &16u32.to_le_bytes()),
        (20, &1u16.to_le_bytes()),
        (22, &channels.to_le_bytes()),
        (24, &RATE.to_le_bytes()),
        (28, &(RATE * u32::from(moment)).to_le_bytes()),
        (32, &moment.to_le_bytes()),
        (34, &16u16.to_le_bytes()),
        (36, b"data"),
        (40, &sound.to_le_bytes()),
    ];
    for (at, bytes) in parts {
        header[at..at + bytes.len()].copy_from_slice(bytes);
    }
    header
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{FRAME, tone::sine_tick};

    /// What is on the disk after the first `most` writes, the last of which was cut after `part` bytes.
    fn disk(writes: &[Write], most: usize, part: usize) -> Vec<u8> {
        let mut disk = Vec::new();
        for (index, write) in writes.iter().enumerate().take(most) {
            let bytes =
                if index + 1 == most { &write.bytes[..part.min(write.bytes.len())] } else { &write.bytes };
            let offset = write.offset as usize;
            disk.resize(disk.len().max(offset + bytes.len()), 0);
            disk[offset..offset + bytes.len()].copy_from_slice(bytes);
        }
        disk
    }

    fn recorded(ticks: usize) -> Vec<Write> {
        let mut recorder = Recorder::new(2, 100);
        let mut writes = Vec::new();
        for tick in 0..ticks {
            recorder.push(&[&sine_tick(433.0, -12.0, tick), &sine_tick(787.0, -12.0, tick)]).unwrap();
            writes.extend(std::iter::from_fn(|| recorder.next_write()));
        }
        recorder.flush();
        writes.extend(std::iter::from_fn(|| recorder.next_write()));
        assert_eq!(recorder.samples(), (ticks * FRAME) as u64);
        writes
    }

    fn said(disk: &[u8]) -> usize {
        u32::from_le_bytes(disk[40..44].try_into().unwrap()) as usize
    }

    #[test]
    fn a_whole_recording_has_both_tracks_and_needs_no_repair() {
        let writes = recorded(52);
        let disk = disk(&writes, writes.len(), usize::MAX);
        assert_eq!(disk.len(), HEADER + 52 * FRAME * 4);
        assert_eq!(said(&disk), disk.len() - HEADER);
        assert_eq!(&disk[..4], b"RIFF");
        let (left, right) = (sine_tick(433.0, -12.0, 51), sine_tick(787.0, -12.0, 51));
        let last = disk.last_chunk::<4>().unwrap();
        assert_eq!(i16::from_le_bytes([last[0], last[1]]), left[FRAME - 1]);
        assert_eq!(i16::from_le_bytes([last[2], last[3]]), right[FRAME - 1]);
        let repair = repair(&disk, disk.len() as u64).unwrap();
        assert_eq!(repair, Repair { header: None, length: disk.len() as u64, samples: 52 * FRAME as u64 });
    }

    #[test]
    fn a_file_cut_anywhere_is_playable_and_a_repair_loses_nothing_that_was_written() {
        let writes = recorded(12);
        for most in 1..=writes.len() {
            for part in [1, 43, 44, 45, 46, 47, 48, 1001, usize::MAX] {
                let mut disk = disk(&writes, most, part);
                if disk.len() < HEADER {
                    assert_eq!(repair(&disk, disk.len() as u64), Err(RecordError::Foreign));
                    continue;
                }
                // Playable as it is: all that the header promises is there.
                assert!(said(&disk) <= disk.len() - HEADER, "{most} {part}");
                let repair = repair(&disk, disk.len() as u64).unwrap();
                disk.truncate(repair.length as usize);
                if let Some(write) = repair.header {
                    disk[..HEADER].copy_from_slice(&write.bytes);
                }
                assert_eq!(said(&disk), disk.len() - HEADER, "{most} {part}");
                assert_eq!(repair.samples as usize * 4, disk.len() - HEADER);
            }
        }
    }

    #[test]
    fn a_header_written_halfway_still_counts_no_more_than_is_there() {
        // The four bytes of a size may be torn; sizes only grow, and the sound was there before.
        let (old, new) = (header(2, 0x0000_FF00), header(2, 0x0001_0200));
        for torn in 40..44 {
            let mut both = old;
            both[..torn].copy_from_slice(&new[..torn]);
            let file = 44 + 0x0001_0200;
            let repair = repair(&both, file).unwrap();
            assert_eq!(repair.length, file);
            assert_eq!(
                repair.header.map(|write| write.bytes),
                (torn < 43).then(|| new.to_vec()).filter(|_| both != new)
            );
        }
    }

    #[test]
    fn foreign_files_and_wrong_tracks_are_refused() {
        assert_eq!(repair(b"RIFF", 4), Err(RecordError::Foreign));
        assert_eq!(repair(&[0; 44], 100), Err(RecordError::Foreign));
        let mut other_rate = header(2, 0);
        other_rate[24] ^= 1;
        assert_eq!(repair(&other_rate, 100), Err(RecordError::Foreign));
        let mut recorder = Recorder::new(2, 100);
        assert_eq!(recorder.push(&[&[1, 2]]), Err(RecordError::Tracks));
        assert_eq!(recorder.push(&[&[1, 2], &[1]]), Err(RecordError::Tracks));
        assert_eq!(recorder.samples(), 0);
    }

    #[test]
    fn a_recording_ends_before_its_sizes_wrap() {
        let mut recorder = Recorder::new(2, 100);
        recorder.written = MOST - 640;
        assert_eq!(recorder.push(&[&[0; FRAME], &[0; FRAME]]), Ok(()));
        assert_eq!(recorder.push(&[&[0; FRAME], &[0; FRAME]]), Err(RecordError::Full));
    }

    proptest::proptest! {
        #[test]
        fn any_start_is_judged_without_a_panic(start in proptest::collection::vec(proptest::num::u8::ANY, 0..60), length: u64) {
            let _any = repair(&start, length);
            let mut ours = header(2, 0).to_vec();
            ours.splice(40.., start);
            let _any = repair(&ours, length);
        }
    }
}
