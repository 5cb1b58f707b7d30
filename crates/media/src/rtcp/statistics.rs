//! Loss, jitter and round trip (RFC 3550, sections 6.4.1 and A.1, A.3, A.8).

use super::{Block, NtpTime};
use crate::rtp::{Packet, Unwrapper16};
use std::time::Duration;

/// How a stream arrives, in words for people.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Quality {
    /// Packets that came.
    pub received: u64,
    /// Packets that did not; negative if some came twice.
    pub lost: i64,
    /// The variation of their way.
    pub jitter: Duration,
}

/// Watches one stream that comes in.
#[derive(Clone, Copy, Debug)]
pub struct Reception {
    ssrc: Option<u32>,
    sequences: Unwrapper16,
    first: i64,
    received: u64,
    expected_before: i64,
    received_before: u64,
    transit: Option<i64>,
    /// In sixteenths of a clock unit.
    jitter: i64,
    last_report: Option<(NtpTime, Duration)>,
    clock: u32,
}

impl Reception {
    /// A stream with this clock (8000 for all of our codecs).
    pub fn new(clock: u32) -> Self {
        Self {
            ssrc: None,
            sequences: Unwrapper16::default(),
            first: 0,
            received: 0,
            expected_before: 0,
            received_before: 0,
            transit: None,
            jitter: 0,
            last_report: None,
            clock: clock.max(1),
        }
    }

    /// A packet came. Another source begins a new count.
    pub fn packet(&mut self, now: Duration, packet: &Packet<'_>) {
        if self.ssrc != Some(packet.ssrc) {
            *self = Self { ssrc: Some(packet.ssrc), ..Self::new(self.clock) };
            self.first = i64::from(packet.sequence);
        }
        self.first = self.first.min(self.sequences.unwrap(packet.sequence));
        self.received += 1;
        let arrived = now.as_micros() * u128::from(self.clock) / 1_000_000;
        let transit = i64::from((arrived as u32).wrapping_sub(packet.timestamp).cast_signed());
        if let Some(before) = self.transit.replace(transit) {
            // The packets of an event share a timestamp; a jump of the sender's clock is no jitter either.
            let change = (transit - before).abs();
            if change < i64::from(self.clock) {
                self.jitter += change - ((self.jitter + 8) >> 4);
            }
        }
    }

    /// A sender report came from the stream's source.
    pub fn sender_report(&mut self, now: Duration, ntp: NtpTime) {
        self.last_report = Some((ntp, now));
    }

    /// The block for our next report; nothing if nothing has come.
    pub fn block(&mut self, now: Duration) -> Option<Block> {
        let ssrc = self.ssrc?;
        let expected = self.expected();
        let (due, came) = (expected - self.expected_before, self.received - self.received_before);
        let missing = due - i64::try_from(came).unwrap_or(i64::MAX);
        let fraction = if due > 0 && missing > 0 { (missing << 8) / due } else { 0 };
        (self.expected_before, self.received_before) = (expected, self.received);
        let (last_report, delay) = self.last_report.map_or((0, 0), |(ntp, at)| {
            let since = now.saturating_sub(at).as_micros() * 65_536 / 1_000_000;
            (ntp.middle(), u32::try_from(since).unwrap_or(u32::MAX))
        });
        Some(Block {
            ssrc,
            fraction_lost: u8::try_from(fraction).unwrap_or(u8::MAX),
            lost: self.lost().clamp(-0x80_0000, 0x7F_FFFF) as i32,
            // Sequence number and wraps: the low 32 bits.
            highest: self.sequences.highest().unwrap_or(0) as u32,
            jitter: u32::try_from(self.jitter >> 4).unwrap_or(0),
            last_report,
            delay,
        })
    }

    /// How the stream arrives.
    pub fn quality(&self) -> Quality {
        let units = u64::try_from(self.jitter >> 4).unwrap_or(0);
        let jitter = Duration::from_micros(units * 1_000_000 / u64::from(self.clock));
        Quality { received: self.received, lost: if self.ssrc.is_some() { self.lost() } else { 0 }, jitter }
    }

    /// The way to the other side and back, from a block in which it reports on us, that came at `now`.
    pub fn round_trip(now: NtpTime, block: &Block) -> Option<Duration> {
        if block.last_report == 0 {
            return None;
        }
        let units = now.middle().wrapping_sub(block.last_report).wrapping_sub(block.delay);
        // More than half of the range is a negative time: the other side's clock is wrong.
        (units < u32::MAX / 2).then(|| Duration::from_micros(u64::from(units) * 1_000_000 / 65_536))
    }

    fn expected(&self) -> i64 {
        self.sequences.highest().map_or(0, |highest| highest - self.first + 1)
    }

    fn lost(&self) -> i64 {
        self.expected() - i64::try_from(self.received).unwrap_or(i64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packet(sequence: u16, timestamp: u32) -> Packet<'static> {
        Packet {
            marker: false,
            payload_type: 0,
            sequence,
            timestamp,
            ssrc: 5,
            csrc: &[],
            extension: None,
            payload: &[0],
        }
    }

    #[test]
    fn every_fourth_packet_lost_is_reported_across_a_wrap() {
        let mut reception = Reception::new(8000);
        for index in 0..100u32 {
            if index % 4 != 2 {
                let sequence = 65_500u16.wrapping_add(index as u16);
                reception
                    .packet(Duration::from_millis(u64::from(index) * 20), &packet(sequence, index * 160));
            }
        }
        let block = reception.block(Duration::from_secs(2)).unwrap();
        assert_eq!((block.fraction_lost, block.lost), (64, 25));
        assert_eq!(block.highest, 65_536 + 63);
        assert_eq!((block.jitter, block.last_report, block.delay), (0, 0, 0));
        assert_eq!(reception.quality(), Quality { received: 75, lost: 25, jitter: Duration::ZERO });
        // Nothing new is missing in the next report.
        reception.packet(Duration::from_secs(2), &packet(64, 16_000));
        assert_eq!(reception.block(Duration::from_secs(2)).unwrap().fraction_lost, 0);
    }

    #[test]
    fn jitter_is_the_mean_change_of_the_way() {
        let mut reception = Reception::new(8000);
        for index in 0..1000u64 {
            let late = if index % 2 == 0 { 0 } else { 10 };
            reception
                .packet(Duration::from_millis(index * 20 + late), &packet(index as u16, index as u32 * 160));
        }
        let jitter = reception.quality().jitter;
        assert!((Duration::from_micros(9_000)..=Duration::from_millis(10)).contains(&jitter), "{jitter:?}");
    }

    #[test]
    fn duplicates_make_the_loss_negative() {
        let mut reception = Reception::new(8000);
        for index in 0..10u16 {
            reception.packet(Duration::ZERO, &packet(index / 2, 0));
        }
        assert_eq!(reception.block(Duration::ZERO).unwrap().lost, -5);
        assert_eq!(reception.quality().lost, -5);
    }

    #[test]
    fn the_round_trip_is_the_standards_example() {
        // RFC 3550, figure 2.
        let now = NtpTime(0x0000_B710_8000_0000);
        assert_eq!(now.middle(), 0xB710_8000);
        let block = Block {
            ssrc: 1,
            fraction_lost: 0,
            lost: 0,
            highest: 0,
            jitter: 0,
            last_report: 0xB705_2000,
            delay: 0x0005_4000,
        };
        assert_eq!(Reception::round_trip(now, &block), Some(Duration::from_micros(6_125_000)));
        assert_eq!(Reception::round_trip(now, &Block { last_report: 0, ..block }), None);
        assert_eq!(Reception::round_trip(now, &Block { delay: 0x00F0_0000, ..block }), None, "a wrong clock");
    }

    #[test]
    fn our_report_says_how_long_ago_theirs_came() {
        let mut reception = Reception::new(8000);
        reception.packet(Duration::ZERO, &packet(1, 0));
        reception.sender_report(Duration::from_secs(1), NtpTime(0x1234_5678_9ABC_DEF0));
        let block = reception.block(Duration::from_millis(3500)).unwrap();
        assert_eq!((block.last_report, block.delay), (0x5678_9ABC, 163_840));
    }
}
