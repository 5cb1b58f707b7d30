use std::io::{Read, Seek, SeekFrom};

use super::{le32, le64};
use crate::{AudioFormat, DecodeError, source::Window};

/// A page of an OGG file (RFC 3533).
#[derive(Debug)]
pub(crate) struct Page {
    flags: u8,
    /// Position in the codec's time at the end of the last packet that ends here; -1 for none.
    pub(crate) granule: i64,
    serial: u32,
    sequence: u32,
    lacing: Vec<u8>,
    body: Vec<u8>,
}

impl Page {
    const CONTINUED: u8 = 1;
    const FIRST: u8 = 2;
    const LAST: u8 = 4;

    pub(crate) const fn is_last(&self) -> bool {
        self.flags & Self::LAST != 0
    }
}

/// The codec of the first stream of Vorbis or Opus among the pages at the start of a file.
pub(crate) fn codec_in(head: &[u8]) -> Option<AudioFormat> {
    let mut rest = head;
    while rest.starts_with(b"OggS") {
        let segments = usize::from(*rest.get(26)?);
        let lacing = rest.get(27..27 + segments)?;
        let body_len: usize = lacing.iter().map(|len| usize::from(*len)).sum();
        let body = rest.get(27 + segments..)?;
        if let Some(format) = codec_of(body) {
            return Some(format);
        }
        rest = body.get(body_len..)?;
    }
    None
}

fn codec_of(packet: &[u8]) -> Option<AudioFormat> {
    if packet.starts_with(b"OpusHead") {
        Some(AudioFormat::OggOpus)
    } else if packet.starts_with(b"\x01vorbis") {
        Some(AudioFormat::OggVorbis)
    } else {
        None
    }
}

/// What a whole OGG file says about its sound.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Summary {
    /// The stream that holds the sound.
    pub(crate) serial: u32,
    /// The position at its end.
    pub(crate) last_granule: i64,
}

/// Reads every page: all there, none damaged, none missing, and the last one says it is the last.
pub(crate) fn survey<R: Read + Seek>(
    format: AudioFormat,
    source: &mut Window<R>,
) -> Result<Summary, DecodeError> {
    let mut found: Option<Summary> = None;
    let (mut ended, mut next) = (false, 0_u32);
    let mut pages = Pages::new(format, source)?;
    while let Some(page) = pages.next_page()? {
        let first = page.flags & Page::FIRST != 0;
        match &mut found {
            None if first && codec_of(&page.body) == Some(format) => {
                found = Some(Summary { serial: page.serial, last_granule: 0 });
            }
            None => continue,
            Some(_) if first && codec_of(&page.body).is_some() => {
                return Err(DecodeError::unsupported("it is several OGG recordings in one file"));
            }
            Some(summary) if summary.serial != page.serial => continue,
            Some(_) if ended || page.sequence != next => {
                return Err(DecodeError::corrupt(format, "a part in the middle is missing"));
            }
            Some(summary) => {
                if page.granule >= 0 {
                    summary.last_granule = page.granule;
                }
            }
        }
        next = page.sequence.wrapping_add(1);
        ended = page.is_last();
    }
    match found {
        Some(summary) if ended => Ok(summary),
        Some(_) => Err(DecodeError::truncated(format, "its last page is missing")),
        None => Err(DecodeError::NotAudio),
    }
}

/// Reads pages one after the other, checking each one's sum.
pub(crate) struct Pages<'a, R> {
    format: AudioFormat,
    source: &'a mut Window<R>,
    left: u64,
}

impl<'a, R: Read + Seek> Pages<'a, R> {
    pub(crate) fn new(format: AudioFormat, source: &'a mut Window<R>) -> Result<Self, DecodeError> {
        source.seek(SeekFrom::Start(0)).map_err(DecodeError::Read)?;
        Ok(Self { format, left: source.len(), source })
    }

    fn take(&mut self, count: usize) -> Result<Vec<u8>, DecodeError> {
        if self.left < count as u64 {
            return Err(DecodeError::truncated(self.format, "it ends within a page"));
        }
        self.left -= count as u64;
        let mut bytes = vec![0; count];
        self.source.read_exact(&mut bytes).map_err(|error| DecodeError::reading(self.format, error))?;
        Ok(bytes)
    }

    /// The next page; `None` at the end of the file.
    pub(crate) fn next_page(&mut self) -> Result<Option<Page>, DecodeError> {
        if self.left == 0 {
            return Ok(None);
        }
        let format = self.format;
        let corrupt = || DecodeError::corrupt(format, "a page does not add up");
        let header = self.take(27)?;
        if !header.starts_with(b"OggS\0") {
            return Err(corrupt());
        }
        let lacing = self.take(usize::from(header[26]))?;
        let body = self.take(lacing.iter().map(|len| usize::from(*len)).sum())?;
        let mut zeroed = header.clone();
        zeroed[22..26].fill(0);
        let sum = [&zeroed, &lacing, &body].into_iter().fold(0, |sum, part| crc(sum, part));
        if Some(sum) != le32(&header, 22) {
            return Err(corrupt());
        }
        Ok(Some(Page {
            flags: header[5],
            granule: le64(&header, 6).unwrap_or(0).cast_signed(),
            serial: le32(&header, 14).unwrap_or(0),
            sequence: le32(&header, 18).unwrap_or(0),
            lacing,
            body,
        }))
    }
}

/// Puts the packets of one stream together again.
pub(crate) struct Packets {
    serial: u32,
    unfinished: Vec<u8>,
}

/// More than any packet of Opus: 255 streams of 48 frames of 1,275 bytes would be, but 8 channels
/// cannot need as much. Keeps a damaged file from being collected into one packet.
const MAX_PACKET: usize = 1 << 20;

impl Packets {
    pub(crate) const fn of(serial: u32) -> Self {
        Self { serial, unfinished: Vec::new() }
    }

    /// The packets that end on `page`.
    pub(crate) fn ending_on(&mut self, page: &Page) -> Vec<Vec<u8>> {
        let mut packets = Vec::new();
        if page.serial != self.serial {
            return packets;
        }
        if page.flags & Page::CONTINUED == 0 {
            self.unfinished.clear();
        }
        let mut at = 0;
        for len in &page.lacing {
            let end = at + usize::from(*len);
            if self.unfinished.len() < MAX_PACKET {
                self.unfinished.extend_from_slice(page.body.get(at..end).unwrap_or_default());
            }
            at = end;
            if *len < 255 {
                packets.push(std::mem::take(&mut self.unfinished));
            }
        }
        packets
    }
}

/// The checksum of OGG: CRC-32 with polynomial 0x04c11db7, neither reflected nor inverted.
fn crc(sum: u32, bytes: &[u8]) -> u32 {
    const TABLE: [u32; 256] = {
        let (mut table, mut index) = ([0; 256], 0);
        while index < 256 {
            let (mut value, mut bit) = ((index as u32) << 24, 0);
            while bit < 8 {
                value = (value << 1) ^ (if value >> 31 == 1 { 0x04c1_1db7 } else { 0 });
                bit += 1;
            }
            table[index] = value;
            index += 1;
        }
        table
    };
    bytes.iter().fold(sum, |sum, byte| (sum << 8) ^ TABLE[usize::from((sum >> 24) as u8 ^ byte)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_the_one_of_ogg() {
        // CRC-32/MPEG-2 without its initial value; "123456789" from the catalogue of CRCs.
        assert_eq!(crc(0, b"123456789"), 0x89a1_897f);
    }

    #[test]
    fn packets_over_pages_are_joined() {
        let page = |flags, lacing: &[u8], body: usize| Page {
            flags,
            granule: 0,
            serial: 7,
            sequence: 0,
            lacing: lacing.to_vec(),
            body: vec![1; body],
        };
        let mut packets = Packets::of(7);
        let lens = |p: Vec<Vec<u8>>| p.iter().map(Vec::len).collect::<Vec<_>>();
        assert_eq!(lens(packets.ending_on(&page(0, &[3, 255], 258))), [3]);
        assert_eq!(lens(packets.ending_on(&page(Page::CONTINUED, &[2, 0], 2))), [257, 0]);
        packets.ending_on(&page(0, &[255], 255));
        assert_eq!(lens(packets.ending_on(&page(0, &[4], 4))), [4], "the start was never ended");
    }
}
