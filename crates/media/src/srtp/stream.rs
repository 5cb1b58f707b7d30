//! Both directions of one leg.

use super::{
    Master, SrtpError, Suite,
    derive::{Session, Use},
    replay::Window,
};
use std::fmt;

/// A leg that starts over takes a new source; more than this many is an attack on our memory.
const SOURCES: usize = 8;
/// Bytes of the tag behind a report, in both suites (RFC 4568, sections 6.2.1 and 6.2.2).
const REPORT_TAG: usize = 10;
/// Bytes of a report that stay readable: its first header and its source.
const REPORT_HEADER: usize = 8;
const ENCRYPTED: u32 = 0x8000_0000;

#[derive(Clone, Copy, Debug)]
struct Source {
    ssrc: u32,
    sound: Window,
    reports: Window,
}

struct Keys {
    suite: Suite,
    sound: Session,
    reports: Session,
    sources: Vec<Source>,
}

impl Keys {
    fn new(suite: Suite, master: &Master) -> Self {
        let (sound, reports) = (Session::new(master, Use::Sound), Session::new(master, Use::Reports));
        Self { suite, sound, reports, sources: Vec::new() }
    }

    fn source(&self, ssrc: u32) -> Result<Source, SrtpError> {
        let known = self.sources.iter().find(|source| source.ssrc == ssrc).copied();
        let room = self.sources.len() < SOURCES;
        known
            .or_else(|| room.then_some(Source { ssrc, sound: Window::default(), reports: Window::default() }))
            .ok_or(SrtpError::Sources)
    }

    fn keep(&mut self, source: Source) {
        match self.sources.iter_mut().find(|known| known.ssrc == source.ssrc) {
            Some(known) => *known = source,
            None => self.sources.push(source),
        }
    }
}

/// Protects what a leg is sent.
pub struct Outbound(Keys);

/// Checks and opens what comes from a leg.
pub struct Inbound(Keys);

impl fmt::Debug for Outbound {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Outbound").field("suite", &self.0.suite).finish_non_exhaustive()
    }
}

impl fmt::Debug for Inbound {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Inbound").field("suite", &self.0.suite).finish_non_exhaustive()
    }
}

impl Outbound {
    /// With our key.
    pub fn new(suite: Suite, master: &Master) -> Self {
        Self(Keys::new(suite, master))
    }

    /// Protects an RTP packet in place; it grows by the tag. Packets come in the order of their numbers.
    ///
    /// # Errors
    /// [`SrtpError::Cut`], [`SrtpError::Sources`], [`SrtpError::UsedUp`].
    pub fn protect(&mut self, packet: &mut Vec<u8>) -> Result<(), SrtpError> {
        let (header, sequence, ssrc) = head(packet)?;
        let mut source = self.0.source(ssrc)?;
        let index = index(source.sound.highest(), sequence)
            .filter(|index| *index < 1 << 48)
            .ok_or(SrtpError::UsedUp)?;
        if !source.sound.is_new(index) {
            return Err(SrtpError::Replayed); // the same key stream twice would show both
        }
        let payload = packet.get_mut(header..).ok_or(SrtpError::Cut)?;
        self.0.sound.apply(ssrc, index, payload);
        let tag = self.0.sound.tag(packet, &wraps(index));
        packet.extend(tag.iter().take(self.0.suite.tag()));
        source.sound.note(index);
        self.0.keep(source);
        Ok(())
    }

    /// Protects an RTCP packet in place; it grows by its number and the tag.
    ///
    /// # Errors
    /// [`SrtpError::Cut`], [`SrtpError::Sources`], [`SrtpError::UsedUp`].
    pub fn protect_report(&mut self, packet: &mut Vec<u8>) -> Result<(), SrtpError> {
        let ssrc = report_source(packet)?;
        let mut source = self.0.source(ssrc)?;
        let number = source.reports.highest().map_or(1, |last| last + 1);
        let number =
            u32::try_from(number).ok().filter(|number| *number < ENCRYPTED).ok_or(SrtpError::UsedUp)?;
        let payload = packet.get_mut(REPORT_HEADER..).ok_or(SrtpError::Cut)?;
        self.0.reports.apply(ssrc, u64::from(number), payload);
        packet.extend((ENCRYPTED | number).to_be_bytes());
        let tag = self.0.reports.tag(packet, &[]);
        packet.extend(tag.iter().take(REPORT_TAG));
        source.reports.note(u64::from(number));
        self.0.keep(source);
        Ok(())
    }
}

impl Inbound {
    /// With the key of the other side.
    pub fn new(suite: Suite, master: &Master) -> Self {
        Self(Keys::new(suite, master))
    }

    /// Checks and opens an RTP packet in place.
    ///
    /// # Errors
    /// See [`SrtpError`].
    pub fn open(&mut self, packet: &mut Vec<u8>) -> Result<(), SrtpError> {
        let (header, sequence, ssrc) = head(packet)?;
        let end = packet
            .len()
            .checked_sub(self.0.suite.tag())
            .filter(|end| *end >= header)
            .ok_or(SrtpError::Cut)?;
        let mut source = self.0.source(ssrc)?;
        // Before the first packet a lower number would be one from before the beginning.
        let index = index(source.sound.highest(), sequence).ok_or(SrtpError::Replayed)?;
        if !source.sound.is_new(index) {
            return Err(SrtpError::Replayed);
        }
        let (sealed, tag) = packet.split_at_checked(end).ok_or(SrtpError::Cut)?;
        if !self.0.sound.is_right(sealed, &wraps(index), tag) {
            return Err(SrtpError::Forged);
        }
        packet.truncate(end);
        let payload = packet.get_mut(header..).ok_or(SrtpError::Cut)?;
        self.0.sound.apply(ssrc, index, payload);
        // Only what is authentic moves the window or takes room.
        source.sound.note(index);
        self.0.keep(source);
        Ok(())
    }

    /// Checks and opens an RTCP packet in place.
    ///
    /// # Errors
    /// See [`SrtpError`].
    pub fn open_report(&mut self, packet: &mut Vec<u8>) -> Result<(), SrtpError> {
        let ssrc = report_source(packet)?;
        let end = packet
            .len()
            .checked_sub(REPORT_TAG + 4)
            .filter(|end| *end >= REPORT_HEADER)
            .ok_or(SrtpError::Cut)?;
        let (sealed, tag) = packet.split_at_checked(end + 4).ok_or(SrtpError::Cut)?;
        let number =
            sealed.last_chunk::<4>().map(|bytes| u32::from_be_bytes(*bytes)).ok_or(SrtpError::Cut)?;
        let mut source = self.0.source(ssrc)?;
        let index = u64::from(number & !ENCRYPTED);
        if !source.reports.is_new(index) {
            return Err(SrtpError::Replayed);
        }
        if !self.0.reports.is_right(sealed, &[], tag) {
            return Err(SrtpError::Forged);
        }
        packet.truncate(end);
        if number & ENCRYPTED != 0 {
            let payload = packet.get_mut(REPORT_HEADER..).ok_or(SrtpError::Cut)?;
            self.0.reports.apply(ssrc, index, payload);
        }
        source.reports.note(index);
        self.0.keep(source);
        Ok(())
    }
}

/// Where the payload starts, the sequence number and the source. Padding is inside what is encrypted, so the usual
/// reader cannot be used.
fn head(packet: &[u8]) -> Result<(usize, u16, u32), SrtpError> {
    let fixed = packet.first_chunk::<12>().filter(|fixed| fixed[0] >> 6 == 2).ok_or(SrtpError::Cut)?;
    let mut length = 12 + usize::from(fixed[0] & 0x0F) * 4;
    if fixed[0] & 0x10 != 0 {
        let words = packet.get(length + 2..length + 4).and_then(|bytes| bytes.first_chunk::<2>());
        length += 4 + usize::from(u16::from_be_bytes(*words.ok_or(SrtpError::Cut)?)) * 4;
    }
    if length > packet.len() {
        return Err(SrtpError::Cut);
    }
    let sequence = u16::from_be_bytes([fixed[2], fixed[3]]);
    Ok((length, sequence, u32::from_be_bytes([fixed[8], fixed[9], fixed[10], fixed[11]])))
}

fn report_source(packet: &[u8]) -> Result<u32, SrtpError> {
    let head =
        packet.first_chunk::<REPORT_HEADER>().filter(|head| head[0] >> 6 == 2).ok_or(SrtpError::Cut)?;
    Ok(u32::from_be_bytes([head[4], head[5], head[6], head[7]]))
}

/// The packet's number with the wraps above it: the nearest to the highest so far (RFC 3711, section 3.3.1); none if
/// that would be before the beginning.
fn index(highest: Option<u64>, sequence: u16) -> Option<u64> {
    let Some(highest) = highest else { return Some(u64::from(sequence)) };
    let step = i64::from(sequence.wrapping_sub(highest as u16).cast_signed());
    highest.checked_add_signed(step)
}

/// The number of wraps, as it stands behind the packet when the tag is made.
fn wraps(index: u64) -> [u8; 4] {
    ((index >> 16) as u32).to_be_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rtp::{Outgoing, Packet};

    fn hex(text: &str) -> Vec<u8> {
        text.as_bytes()
            .chunks(2)
            .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
            .collect()
    }

    fn master() -> Master {
        Master(hex("e1f97a0d3e018be0d64fa32c06de41390ec675ad498afeebb6960b3aabe6").try_into().unwrap())
    }

    fn both(suite: Suite) -> (Outbound, Inbound) {
        (Outbound::new(suite, &master()), Inbound::new(suite, &master()))
    }

    #[test]
    fn packets_are_protected_as_by_the_reference_implementation() {
        // The vectors that libsrtp checks itself with.
        let (mut outbound, mut inbound) = both(Suite::AesCm128HmacSha1_80);
        let plain = hex("800f1234decafbadcafebabeabababababababababababababababab");
        let mut packet = plain.clone();
        outbound.protect(&mut packet).unwrap();
        assert_eq!(
            packet,
            hex("800f1234decafbadcafebabe4e55dc4ce79978d88ca4d215949d2402b78d6acc99ea179b8dbb")
        );
        inbound.open(&mut packet).unwrap();
        assert_eq!(packet, plain);

        let plain = hex("81c8000bcafebabeabababababababababababababababab");
        let mut packet = plain.clone();
        outbound.protect_report(&mut packet).unwrap();
        assert_eq!(
            packet,
            hex("81c8000bcafebabe7128035be487b9bdbef89041f977a5a880000001993e08cd54d6c1230798")
        );
        inbound.open_report(&mut packet).unwrap();
        assert_eq!(packet, plain);
    }

    #[test]
    fn a_stream_is_opened_across_wraps_with_losses_and_out_of_order() {
        for suite in Suite::ALL {
            let (mut outbound, mut inbound) = both(suite);
            let mut stream = Outgoing::new(7, 65_000, 0);
            let mut packets = Vec::new();
            for index in 0..2000u32 {
                let mut packet = Vec::new();
                stream.sound(0, &index.to_be_bytes(), 160, &mut packet).unwrap();
                outbound.protect(&mut packet).unwrap();
                packets.push((index, packet));
            }
            for pair in packets.chunks_mut(2) {
                pair.reverse();
                for (index, packet) in pair.iter_mut().filter(|(index, _)| index % 10 != 3) {
                    assert_eq!(inbound.open(packet), Ok(()), "{index}");
                    assert_eq!(Packet::parse(packet).unwrap().payload, index.to_be_bytes());
                }
            }
        }
    }

    #[test]
    fn a_number_belongs_to_the_nearest_wrap() {
        assert_eq!(index(None, 65_000), Some(65_000));
        assert_eq!(index(Some(65_535), 0), Some(65_536));
        assert_eq!(index(Some(7 << 16), 65_535), Some((7 << 16) - 1));
        assert_eq!(index(Some(7 << 16 | 0xFFF0), 5), Some(8 << 16 | 5));
        assert_eq!(index(Some(3), 65_535), None, "before the beginning");
        assert_eq!(wraps(8 << 16 | 5), [0, 0, 0, 8]);
    }

    #[test]
    fn what_was_seen_forged_or_cut_is_refused_and_left_as_it_was() {
        let (mut outbound, mut inbound) = both(Suite::AesCm128HmacSha1_80);
        let mut sealed = hex("800f1234decafbadcafebabeabababababababababababababababab");
        outbound.protect(&mut sealed).unwrap();
        for place in 0..sealed.len() {
            let mut forged = sealed.clone();
            forged[place] ^= 1;
            let before = forged.clone();
            assert!(inbound.open(&mut forged).is_err(), "byte {place}");
            assert_eq!(forged, before);
        }
        for length in 0..22 {
            assert_eq!(inbound.open(&mut sealed[..length].to_vec()), Err(SrtpError::Cut), "{length}");
        }
        assert_eq!(
            Inbound::new(Suite::AesCm128HmacSha1_80, &Master([1; 30])).open(&mut sealed.clone()),
            Err(SrtpError::Forged)
        );
        assert_eq!(inbound.open(&mut sealed.clone()), Ok(()));
        assert_eq!(inbound.open(&mut sealed.clone()), Err(SrtpError::Replayed));
        let mut again = hex("800f1234decafbadcafebabe00");
        assert_eq!(outbound.protect(&mut again), Err(SrtpError::Replayed), "never the same key stream twice");
    }

    #[test]
    fn a_report_seen_before_is_refused_and_one_in_clear_is_only_checked() {
        let (mut outbound, mut inbound) = both(Suite::AesCm128HmacSha1_32);
        let plain = hex("80c90001cafebabe");
        let mut sealed = plain.clone();
        outbound.protect_report(&mut sealed).unwrap();
        assert_eq!(sealed.len(), 8 + 4 + 10);
        assert_eq!(inbound.open_report(&mut sealed.clone()), Ok(()));
        assert_eq!(inbound.open_report(&mut sealed), Err(SrtpError::Replayed));
        let mut clear = [plain.clone(), hex("00000009")].concat();
        let tag = outbound.0.reports.tag(&clear, &[]);
        clear.extend(&tag[..10]);
        assert_eq!(inbound.open_report(&mut clear), Ok(()));
        assert_eq!(clear, plain);
    }

    #[test]
    fn sources_under_one_key_are_bounded() {
        let (mut outbound, _) = both(Suite::AesCm128HmacSha1_80);
        for ssrc in 0..=SOURCES as u32 {
            let mut packet = Vec::new();
            Outgoing::new(ssrc, 1, 0).sound(0, &[1], 160, &mut packet).unwrap();
            let expected = if (ssrc as usize) < SOURCES { Ok(()) } else { Err(SrtpError::Sources) };
            assert_eq!(outbound.protect(&mut packet), expected);
        }
    }

    proptest::proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(mut bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..100), versioned: bool) {
            if let Some(first) = bytes.first_mut().filter(|_| versioned) {
                *first = *first & 0x3F | 0x80;
            }
            let (mut outbound, mut inbound) = both(Suite::AesCm128HmacSha1_80);
            proptest::prop_assert!(inbound.open(&mut bytes.clone()).is_err());
            proptest::prop_assert!(inbound.open_report(&mut bytes.clone()).is_err());
            let (mut sound, mut report) = (bytes.clone(), bytes.clone());
            if outbound.protect(&mut sound).is_ok() {
                inbound.open(&mut sound).unwrap();
                proptest::prop_assert_eq!(&sound, &bytes);
            }
            if outbound.protect_report(&mut report).is_ok() {
                inbound.open_report(&mut report).unwrap();
                proptest::prop_assert_eq!(&report, &bytes);
            }
        }
    }
}
