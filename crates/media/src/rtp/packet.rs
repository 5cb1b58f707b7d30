//! One RTP packet, read in place and written out (RFC 3550, section 5.1; header extensions RFC 8285).

use thiserror::Error;

/// The longest datagram that is read as RTP, in bytes: an Ethernet frame, with some room. Nothing on a call is longer.
pub const MAX_PACKET: usize = 2048;

const FIXED_HEADER: usize = 12;
const ONE_BYTE_PROFILE: u16 = 0xBEDE;

/// Why a datagram is no RTP packet.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum RtpError {
    /// Shorter than its header says.
    #[error("the packet is cut")]
    Cut,
    /// Longer than [`MAX_PACKET`], or a list that does not fit its count field.
    #[error("the packet is too long")]
    TooLong,
    /// The version is not 2.
    #[error("not RTP version 2")]
    Version,
    /// The padding count is zero or covers more than the payload.
    #[error("the padding does not fit")]
    Padding,
}

/// A header extension as it stands in the packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extension<'a> {
    /// The 16 bits "defined by profile"; 0xBEDE for one-byte elements (RFC 8285, section 4.2).
    pub profile: u16,
    /// The extension's bytes; a multiple of four.
    pub data: &'a [u8],
}

impl<'a> Extension<'a> {
    /// The elements inside, as (id, bytes); nothing if the profile is none of RFC 8285.
    pub fn elements(&self) -> ExtensionElements<'a> {
        let one_byte = self.profile == ONE_BYTE_PROFILE;
        let known = one_byte || self.profile & 0xFFF0 == 0x1000;
        ExtensionElements { one_byte, rest: if known { self.data } else { &[] } }
    }
}

/// The elements of a header extension; a damaged one ends the list.
#[derive(Clone, Debug)]
pub struct ExtensionElements<'a> {
    one_byte: bool,
    rest: &'a [u8],
}

impl<'a> Iterator for ExtensionElements<'a> {
    type Item = (u8, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        while let Some((&first, after)) = self.rest.split_first() {
            if first == 0 {
                self.rest = after; // padding between elements
                continue;
            }
            let (id, length, after) = if self.one_byte {
                (first >> 4, usize::from(first & 0x0F) + 1, after)
            } else {
                let (&length, after) = after.split_first()?;
                (first, usize::from(length), after)
            };
            if self.one_byte && id == 15 {
                break; // reserved: stop reading (RFC 8285, section 4.2)
            }
            let Some((data, after)) = after.split_at_checked(length) else { break };
            self.rest = after;
            return Some((id, data));
        }
        self.rest = &[];
        None
    }
}

/// An RTP packet that borrows its lists from the datagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packet<'a> {
    /// The marker bit: for sound, the first packet after a pause (RFC 3551, section 4.1).
    pub marker: bool,
    /// The payload type, 0 to 127.
    pub payload_type: u8,
    /// The sequence number; wraps.
    pub sequence: u16,
    /// The time of the first sample, in units of the payload's clock; wraps.
    pub timestamp: u32,
    /// Who sends.
    pub ssrc: u32,
    /// The contributing sources, four bytes each.
    pub csrc: &'a [u8],
    /// The header extension, if there is one.
    pub extension: Option<Extension<'a>>,
    /// What is carried, without padding.
    pub payload: &'a [u8],
}

impl<'a> Packet<'a> {
    /// Reads a datagram.
    ///
    /// # Errors
    /// Anything whose lengths do not add up; see [`RtpError`].
    pub fn parse(datagram: &'a [u8]) -> Result<Self, RtpError> {
        if datagram.len() > MAX_PACKET {
            return Err(RtpError::TooLong);
        }
        let (header, rest) = datagram.split_first_chunk::<FIXED_HEADER>().ok_or(RtpError::Cut)?;
        let [first, second, s0, s1, t0, t1, t2, t3, c0, c1, c2, c3] = *header;
        if first >> 6 != 2 {
            return Err(RtpError::Version);
        }
        let sources = usize::from(first & 0x0F) * 4;
        let (csrc, mut rest) = rest.split_at_checked(sources).ok_or(RtpError::Cut)?;
        let mut extension = None;
        if first & 0x10 != 0 {
            let (head, after) = rest.split_first_chunk::<4>().ok_or(RtpError::Cut)?;
            let [p0, p1, l0, l1] = *head;
            let length = usize::from(u16::from_be_bytes([l0, l1])) * 4;
            let (data, after) = after.split_at_checked(length).ok_or(RtpError::Cut)?;
            extension = Some(Extension { profile: u16::from_be_bytes([p0, p1]), data });
            rest = after;
        }
        if first & 0x20 != 0 {
            let padding = usize::from(*rest.last().ok_or(RtpError::Padding)?);
            let kept = rest.len().checked_sub(padding).filter(|_| padding > 0).ok_or(RtpError::Padding)?;
            rest = rest.get(..kept).ok_or(RtpError::Padding)?;
        }
        Ok(Self {
            marker: second & 0x80 != 0,
            payload_type: second & 0x7F,
            sequence: u16::from_be_bytes([s0, s1]),
            timestamp: u32::from_be_bytes([t0, t1, t2, t3]),
            ssrc: u32::from_be_bytes([c0, c1, c2, c3]),
            csrc,
            extension,
            payload: rest,
        })
    }

    /// Appends the packet to `out`, without padding.
    ///
    /// # Errors
    /// [`RtpError::TooLong`] if more than 15 sources, an extension that is no multiple of four bytes, or more than
    /// [`MAX_PACKET`] bytes in all; `out` is then as before.
    pub fn write(&self, out: &mut Vec<u8>) -> Result<(), RtpError> {
        let sources = self.csrc.len() / 4;
        let extended = self.extension.map_or(0, |extension| 4 + extension.data.len());
        let length = FIXED_HEADER + self.csrc.len() + extended + self.payload.len();
        let count = u8::try_from(sources).ok().filter(|count| *count < 16).ok_or(RtpError::TooLong)?;
        if !self.csrc.len().is_multiple_of(4) || !extended.is_multiple_of(4) || length > MAX_PACKET {
            return Err(RtpError::TooLong);
        }
        out.reserve(length);
        out.push(0x80 | u8::from(self.extension.is_some()) << 4 | count);
        out.push(u8::from(self.marker) << 7 | self.payload_type & 0x7F);
        out.extend_from_slice(&self.sequence.to_be_bytes());
        out.extend_from_slice(&self.timestamp.to_be_bytes());
        out.extend_from_slice(&self.ssrc.to_be_bytes());
        out.extend_from_slice(self.csrc);
        if let Some(extension) = self.extension {
            let words = u16::try_from(extension.data.len() / 4).map_err(|_| RtpError::TooLong)?;
            out.extend_from_slice(&extension.profile.to_be_bytes());
            out.extend_from_slice(&words.to_be_bytes());
            out.extend_from_slice(extension.data);
        }
        out.extend_from_slice(self.payload);
        Ok(())
    }

    /// Where the payload starts in the datagram that this packet was read from: the header's length in bytes.
    pub fn header_length(&self) -> usize {
        FIXED_HEADER + self.csrc.len() + self.extension.map_or(0, |extension| 4 + extension.data.len())
    }
}

/// Whether a datagram on a shared port is RTCP and not RTP (RFC 5761, section 4).
pub fn is_rtcp(datagram: &[u8]) -> bool {
    matches!(datagram, [first, 192..=223, ..] if first >> 6 == 2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::{collection::vec, prelude::*};

    #[test]
    fn a_plain_packet_is_read_field_by_field() {
        let datagram = [0x80, 0x88, 0x12, 0x34, 0xDE, 0xCA, 0xFB, 0xAD, 0xCA, 0xFE, 0xBA, 0xBE, 1, 2, 3];
        let packet = Packet::parse(&datagram).unwrap();
        assert!(packet.marker);
        assert_eq!(packet.payload_type, 8);
        assert_eq!(packet.sequence, 0x1234);
        assert_eq!(packet.timestamp, 0xDECA_FBAD);
        assert_eq!(packet.ssrc, 0xCAFE_BABE);
        assert_eq!(packet.payload, [1, 2, 3]);
        assert_eq!(packet.header_length(), 12);
    }

    #[test]
    fn sources_extension_and_padding_are_kept_apart_from_the_sound() {
        let mut datagram = vec![0x80 | 0x20 | 0x10 | 2, 0, 0, 1, 0, 0, 0, 160, 0, 0, 0, 9];
        datagram.extend([0, 0, 0, 21, 0, 0, 0, 22]); // two contributing sources
        datagram.extend([0xBE, 0xDE, 0, 1, 0x10, 0x7F, 0, 0]); // element 1: a level of -127
        datagram.extend([7, 7, 7, 0, 0, 3]); // three bytes of sound, three of padding
        let packet = Packet::parse(&datagram).unwrap();
        assert_eq!(packet.csrc, [0, 0, 0, 21, 0, 0, 0, 22]);
        let elements: Vec<_> = packet.extension.unwrap().elements().collect();
        assert_eq!(elements, [(1, &[0x7F][..])]);
        assert_eq!(packet.payload, [7, 7, 7]);
        assert_eq!(packet.header_length(), 28);
    }

    #[test]
    fn two_byte_elements_are_read_and_a_damaged_one_ends_the_list() {
        let data = [5, 2, 0xAA, 0xBB, 0, 6, 200, 1];
        let extension = Extension { profile: 0x1000, data: &data };
        assert_eq!(extension.elements().collect::<Vec<_>>(), [(5, &[0xAA, 0xBB][..])]);
        assert_eq!(Extension { profile: 0x4242, data: &data }.elements().count(), 0);
    }

    #[test]
    fn malformed_packets_are_refused_with_the_reason() {
        let plain = [0x80, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1];
        let with_first = |first: u8, tail: &[u8]| {
            let mut datagram = plain.to_vec();
            datagram[0] = first;
            datagram.extend_from_slice(tail);
            Packet::parse(&datagram).map(|_| ()).unwrap_err()
        };
        assert_eq!(Packet::parse(&plain[..11]), Err(RtpError::Cut));
        assert_eq!(with_first(0x40, &[]), RtpError::Version);
        assert_eq!(with_first(0x81, &[0, 0, 0]), RtpError::Cut);
        assert_eq!(with_first(0x90, &[0xBE, 0xDE, 0, 2, 0, 0, 0, 0]), RtpError::Cut);
        assert_eq!(with_first(0xA0, &[]), RtpError::Padding);
        assert_eq!(with_first(0xA0, &[1, 2, 0]), RtpError::Padding);
        assert_eq!(with_first(0xA0, &[1, 2, 9]), RtpError::Padding);
        assert_eq!(Packet::parse(&[0x80; MAX_PACKET + 1]), Err(RtpError::TooLong));
    }

    #[test]
    fn reports_and_sound_share_a_port_and_are_told_apart() {
        assert!(is_rtcp(&[0x80, 200, 0, 6]));
        assert!(is_rtcp(&[0x81, 203, 0, 1]));
        assert!(!is_rtcp(&[0x80, 0x80, 0, 6])); // PCMU with the marker
        assert!(!is_rtcp(&[0x80, 0x80 | 101, 0, 6])); // a telephone-event with the marker
        assert!(!is_rtcp(&[0x00, 200]));
        assert!(!is_rtcp(&[]));
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(mut bytes in vec(any::<u8>(), 0..300), versioned: bool) {
            if let Some(first) = bytes.first_mut().filter(|_| versioned) {
                *first = *first & 0x3F | 0x80;
            }
            if let Ok(packet) = Packet::parse(&bytes) {
                let elements = packet.extension.map_or(0, |extension| extension.elements().count());
                prop_assert!(elements <= bytes.len());
                prop_assert!(packet.header_length() + packet.payload.len() <= bytes.len());
            }
        }

        #[test]
        fn what_is_written_reads_the_same(
            marker: bool, payload_type in 0u8..128, sequence: u16, timestamp: u32, ssrc: u32,
            csrc in vec(any::<[u8; 4]>(), 0..16), extension in proptest::option::of((any::<u16>(), vec(any::<[u8; 4]>(), 0..9))),
            payload in vec(any::<u8>(), 0..400),
        ) {
            let csrc = csrc.concat();
            let extension = extension.map(|(profile, words)| (profile, words.concat()));
            let packet = Packet {
                marker, payload_type, sequence, timestamp, ssrc, csrc: &csrc, payload: &payload,
                extension: extension.as_ref().map(|(profile, data)| Extension { profile: *profile, data }),
            };
            let mut bytes = Vec::new();
            packet.write(&mut bytes).unwrap();
            prop_assert_eq!(Packet::parse(&bytes), Ok(packet));
        }
    }
}
