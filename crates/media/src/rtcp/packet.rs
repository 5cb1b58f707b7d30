//! Compound packets: sender and receiver reports, names and goodbyes; everything else is passed over.

use thiserror::Error;

const SENDER_REPORT: u8 = 200;
const RECEIVER_REPORT: u8 = 201;
const SOURCE_DESCRIPTION: u8 = 202;
const GOODBYE: u8 = 203;
const CNAME: u8 = 1;

/// Why a datagram is no report.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum RtcpError {
    /// Shorter than it says.
    #[error("the report is cut")]
    Cut,
    /// Not version 2, or it does not begin with a report (RFC 3550, appendix A.2).
    #[error("not an RTCP packet")]
    Foreign,
}

/// Seconds since 1900 in the upper, fractions in the lower 32 bits. The caller makes it from its clock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NtpTime(pub u64);

impl NtpTime {
    /// From seconds and microseconds since 1970.
    pub fn from_unix(seconds: u64, microseconds: u32) -> Self {
        const TO_1900: u64 = 2_208_988_800;
        let fraction = (u64::from(microseconds.min(999_999)) << 32) / 1_000_000;
        Self(seconds.wrapping_add(TO_1900) << 32 | fraction)
    }

    /// The middle 32 bits, in which reports refer to each other: units of 1/65,536 s.
    pub fn middle(self) -> u32 {
        (self.0 >> 16) as u32
    }
}

/// What a sender says of itself (section 6.4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sender {
    /// When the report was sent.
    pub ntp: NtpTime,
    /// The same time in the stream's timestamps.
    pub rtp: u32,
    /// Packets sent.
    pub packets: u32,
    /// Bytes of payload sent.
    pub octets: u32,
}

/// How one stream arrives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Block {
    /// Whose stream.
    pub ssrc: u32,
    /// The share lost since the last report, of 256.
    pub fraction_lost: u8,
    /// Packets lost in all; negative if some came twice. 24 bits.
    pub lost: i32,
    /// The highest sequence number, with the number of wraps above it.
    pub highest: u32,
    /// Jitter, in units of the stream's clock.
    pub jitter: u32,
    /// The middle of the NTP time in the last sender report; 0 for none.
    pub last_report: u32,
    /// How long ago that was, in units of 1/65,536 s.
    pub delay: u32,
}

/// A compound packet, as far as we use it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Who reports.
    pub ssrc: u32,
    /// What it sends, if it does.
    pub sender: Option<Sender>,
    /// How streams arrive there.
    pub blocks: Vec<Block>,
    /// Its lasting name.
    pub name: Option<String>,
    /// Sources that have gone.
    pub gone: Vec<u32>,
}

/// Reads a compound packet.
///
/// # Errors
/// See [`RtcpError`].
pub fn parse(datagram: &[u8]) -> Result<Report, RtcpError> {
    let mut report = Report::default();
    let (mut rest, mut first) = (datagram, true);
    while !rest.is_empty() {
        let (head, _) = rest.split_first_chunk::<4>().ok_or(RtcpError::Cut)?;
        let [flags, kind, high, low] = *head;
        let length = (usize::from(u16::from_be_bytes([high, low])) + 1) * 4;
        let starts = matches!(kind, SENDER_REPORT | RECEIVER_REPORT);
        if flags >> 6 != 2 || first && !starts {
            return Err(RtcpError::Foreign);
        }
        let (packet, after) = rest.split_at_checked(length).ok_or(RtcpError::Cut)?;
        let body = packet.get(4..).ok_or(RtcpError::Cut)?;
        let count = usize::from(flags & 0x1F);
        match kind {
            SENDER_REPORT | RECEIVER_REPORT => read_report(kind, body, count, &mut report)?,
            SOURCE_DESCRIPTION => report.name = name(body).or(report.name),
            GOODBYE => report
                .gone
                .extend(body.as_chunks::<4>().0.iter().take(count).map(|id| u32::from_be_bytes(*id))),
            _ => {}
        }
        (rest, first) = (after, false);
    }
    if first { Err(RtcpError::Cut) } else { Ok(report) }
}

fn read_report(kind: u8, body: &[u8], count: usize, report: &mut Report) -> Result<(), RtcpError> {
    let mut words = body.as_chunks::<4>().0.iter().map(|word| u32::from_be_bytes(*word));
    let mut next = || words.next().ok_or(RtcpError::Cut);
    report.ssrc = next()?;
    if kind == SENDER_REPORT {
        let ntp = NtpTime(u64::from(next()?) << 32 | u64::from(next()?));
        report.sender = Some(Sender { ntp, rtp: next()?, packets: next()?, octets: next()? });
    }
    for _ in 0..count {
        let (ssrc, loss) = (next()?, next()?);
        let [fraction_lost, ..] = loss.to_be_bytes();
        report.blocks.push(Block {
            ssrc,
            fraction_lost,
            lost: (loss << 8).cast_signed() >> 8,
            highest: next()?,
            jitter: next()?,
            last_report: next()?,
            delay: next()?,
        });
    }
    Ok(())
}

/// The first chunk's CNAME.
fn name(body: &[u8]) -> Option<String> {
    let mut items = body.get(4..)?;
    while let [kind, length, after @ ..] = items {
        let (text, after) = after.split_at_checked(usize::from(*length))?;
        match *kind {
            0 => return None,
            CNAME => return Some(String::from_utf8_lossy(text).into_owned()),
            _ => items = after,
        }
    }
    None
}

/// Appends the packets of a report: the report itself, the name (cut at 255 bytes), the goodbyes. No more than 31 blocks
/// and goodbyes are written.
pub fn write(report: &Report, out: &mut Vec<u8>) {
    let blocks = report.blocks.get(..report.blocks.len().min(31)).unwrap_or_default();
    let kind = if report.sender.is_some() { SENDER_REPORT } else { RECEIVER_REPORT };
    packet(kind, blocks.len(), out, |out| {
        out.extend(report.ssrc.to_be_bytes());
        if let Some(sender) = report.sender {
            out.extend(sender.ntp.0.to_be_bytes());
            for word in [sender.rtp, sender.packets, sender.octets] {
                out.extend(word.to_be_bytes());
            }
        }
        for block in blocks {
            let lost = block.lost.clamp(-0x80_0000, 0x7F_FFFF).cast_unsigned() & 0xFF_FFFF;
            let loss = u32::from(block.fraction_lost) << 24 | lost;
            for word in [block.ssrc, loss, block.highest, block.jitter, block.last_report, block.delay] {
                out.extend(word.to_be_bytes());
            }
        }
    });
    if let Some(name) = &report.name {
        packet(SOURCE_DESCRIPTION, 1, out, |out| {
            let bytes = name.as_bytes();
            let length = u8::try_from(bytes.len()).unwrap_or(u8::MAX);
            out.extend(report.ssrc.to_be_bytes());
            out.extend([CNAME, length]);
            out.extend(bytes.iter().take(usize::from(length)));
            out.push(0); // the end of the items; more zeros fill the last word
        });
    }
    let gone = report.gone.get(..report.gone.len().min(31)).unwrap_or_default();
    if !gone.is_empty() {
        packet(GOODBYE, gone.len(), out, |out| gone.iter().for_each(|id| out.extend(id.to_be_bytes())));
    }
}

fn packet(kind: u8, count: usize, out: &mut Vec<u8>, body: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    out.extend([0x80 | count as u8, kind, 0, 0]); // count is at most 31
    body(out);
    out.resize(start + (out.len() - start).next_multiple_of(4), 0);
    let words = u16::try_from((out.len() - start) / 4 - 1).unwrap_or(u16::MAX);
    if let Some(place) = out.get_mut(start + 2..start + 4) {
        place.copy_from_slice(&words.to_be_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::{collection::vec, option, prelude::*};

    #[test]
    fn a_report_has_the_layout_of_the_standard() {
        let block = Block {
            ssrc: 2,
            fraction_lost: 64,
            lost: -1,
            highest: 0x0001_0005,
            jitter: 8,
            last_report: 3,
            delay: 4,
        };
        let report = Report {
            ssrc: 1,
            blocks: vec![block],
            name: Some("ab".into()),
            gone: vec![1],
            ..Report::default()
        };
        let mut bytes = Vec::new();
        write(&report, &mut bytes);
        assert_eq!(
            bytes,
            [
                0x81, 201, 0, 7, 0, 0, 0, 1, 0, 0, 0, 2, 64, 0xFF, 0xFF, 0xFF, 0, 1, 0, 5, 0, 0, 0, 8, 0, 0,
                0, 3, 0, 0, 0, 4, 0x81, 202, 0, 3, 0, 0, 0, 1, 1, 2, b'a', b'b', 0, 0, 0, 0, 0x81, 203, 0, 1,
                0, 0, 0, 1
            ]
        );
        assert_eq!(parse(&bytes), Ok(report));
    }

    #[test]
    fn unknown_packets_are_passed_over_and_wrong_ones_refused() {
        let plain = [0x80, 201, 0, 1, 0, 0, 0, 9];
        let with = |tail: &[u8]| parse(&[&plain, tail].concat());
        assert_eq!(with(&[0x80, 205, 0, 1, 1, 2, 3, 4]).map(|report| report.ssrc), Ok(9));
        assert_eq!(with(&[0x80, 204, 0, 9]), Err(RtcpError::Cut));
        assert_eq!(with(&[0x40, 201, 0, 0]), Err(RtcpError::Foreign));
        assert_eq!(parse(&[0x81, 203, 0, 1, 0, 0, 0, 1]), Err(RtcpError::Foreign), "no report comes first");
        assert_eq!(
            parse(&[0x82, 201, 0, 1, 0, 0, 0, 9]),
            Err(RtcpError::Cut),
            "two blocks promised, none there"
        );
        assert_eq!(parse(&[]), Err(RtcpError::Cut));
    }

    #[test]
    fn times_are_counted_from_1900() {
        let time = NtpTime::from_unix(0, 500_000);
        assert_eq!(time.0, 2_208_988_800 << 32 | 0x8000_0000);
        assert_eq!(time.middle(), 0x7E80_8000);
    }

    fn block() -> impl Strategy<Value = Block> {
        (any::<[u32; 5]>(), any::<u8>(), -0x80_0000..0x80_0000).prop_map(
            |([ssrc, highest, jitter, last_report, delay], fraction_lost, lost)| Block {
                ssrc,
                fraction_lost,
                lost,
                highest,
                jitter,
                last_report,
                delay,
            },
        )
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(bytes in vec(any::<u8>(), 0..200), kind in 200u8..204, words in 0u8..40) {
            let _any = parse(&bytes);
            let _any = parse(&[&[0x9F, kind, 0, words][..], &bytes].concat());
            let _any = parse(&[&[0x80, 201, 0, 1, 0, 0, 0, 9, 0x9F, kind, 0, words][..], &bytes].concat());
        }

        #[test]
        fn what_is_written_reads_the_same(
            ssrc: u32, sender in option::of(any::<(u64, u32, u32, u32)>()), blocks in vec(block(), 0..31),
            name in option::of("[a-z@.]{0,255}"), gone in vec(any::<u32>(), 0..31),
        ) {
            let sender = sender.map(|(ntp, rtp, packets, octets)| Sender { ntp: NtpTime(ntp), rtp, packets, octets });
            let report = Report { ssrc, sender, blocks, name, gone };
            let mut bytes = Vec::new();
            write(&report, &mut bytes);
            prop_assert!(crate::rtp::is_rtcp(&bytes));
            prop_assert_eq!(parse(&bytes), Ok(report));
        }
    }
}
