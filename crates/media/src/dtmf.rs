//! Digits on a call (RFC 4733). They come beside the sound and never get into the mix.

use std::{collections::VecDeque, time::Duration};

/// Digits by event code (RFC 4733, table 3).
const DIGITS: &[u8; 16] = b"0123456789*#ABCD";
/// A digit of which nothing more is heard for so long is over; its end was lost.
const SILENT: Duration = Duration::from_millis(200);
/// A digit is sent for 100 ms, and a pause of 60 ms after it.
const SOUNDING: u16 = 5;
const REST: u16 = 3;
const UNITS: u16 = 160;

/// The payload of one telephone-event packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event {
    /// The event's code; 0 to 15 are digits.
    pub code: u8,
    /// Whether it is over.
    pub end: bool,
    /// The level in -dBm0, 0 to 63.
    pub volume: u8,
    /// For how long it has lasted, in units of the RTP clock.
    pub duration: u16,
}

impl Event {
    /// Reads a payload; more than one event in it is redundancy.
    pub fn parse(payload: &[u8]) -> Option<Self> {
        let [code, flags, high, low] = *payload.first_chunk::<4>()?;
        let duration = u16::from_be_bytes([high, low]);
        Some(Self { code, end: flags & 0x80 != 0, volume: flags & 0x3F, duration })
    }

    /// The payload.
    pub fn bytes(self) -> [u8; 4] {
        let [high, low] = self.duration.to_be_bytes();
        [self.code, u8::from(self.end) << 7 | self.volume & 0x3F, high, low]
    }

    /// The digit, if it is one.
    pub fn digit(self) -> Option<char> {
        DIGITS.get(usize::from(self.code)).copied().map(char::from)
    }
}

/// What a caller did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    /// A key went down.
    Pressed(char),
    /// A key went up after so long.
    Released(char, Duration),
}

/// Makes one press of the many packets of a digit.
#[derive(Clone, Debug, Default)]
pub struct Receiver {
    last: Option<Press>,
}

#[derive(Clone, Copy, Debug)]
struct Press {
    timestamp: u32,
    digit: char,
    duration: u16,
    over: bool,
    heard: Duration,
}

impl Receiver {
    /// A packet has come at `now`, with this RTP timestamp: all packets of one press share it.
    pub fn push(&mut self, now: Duration, timestamp: u32, payload: &[u8]) -> Option<Key> {
        let event = Event::parse(payload)?;
        let digit = event.digit()?;
        if let Some(last) = &mut self.last {
            let age = timestamp.wrapping_sub(last.timestamp);
            // After 0xFFFF units a long press goes on under another timestamp (RFC 4733, section 2.5.1.3).
            let goes_on = age == u32::from(u16::MAX) && !last.over && last.digit == digit;
            if age == 0 || goes_on {
                last.timestamp = timestamp;
                last.heard = now;
                last.duration = last.duration.max(event.duration);
                let ends = event.end && !last.over;
                last.over |= event.end;
                return ends.then(|| last.released());
            }
            if age.cast_signed() < 0 {
                return None; // an old packet of the press before
            }
        }
        self.last = Some(Press { timestamp, digit, duration: event.duration, over: event.end, heard: now });
        Some(Key::Pressed(digit))
    }

    /// Time goes by: gives the key whose end was lost. To be called once a tick.
    pub fn tick(&mut self, now: Duration) -> Option<Key> {
        let last =
            self.last.as_mut().filter(|last| !last.over && now.saturating_sub(last.heard) >= SILENT)?;
        last.over = true;
        Some(last.released())
    }
}

impl Press {
    fn released(&self) -> Key {
        Key::Released(self.digit, Duration::from_micros(u64::from(self.duration) * 125))
    }
}

/// One packet to be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outgoing {
    /// The first packet of a press.
    pub marker: bool,
    /// The RTP timestamp of the press.
    pub timestamp: u32,
    /// What it carries.
    pub payload: [u8; 4],
}

/// Sends digits, one packet a tick, in place of sound.
#[derive(Clone, Debug, Default)]
pub struct Sender {
    codes: VecDeque<u8>,
    tick: u16,
    timestamp: u32,
}

impl Sender {
    /// At most so many digits wait.
    pub const MOST: usize = 128;

    /// Appends digits.
    ///
    /// # Errors
    /// The first character that is no digit (0-9, *, #, A-D), or the one for which there is no more room; then none
    /// is sent.
    pub fn send(&mut self, digits: &str) -> Result<(), char> {
        let mut codes = Vec::new();
        for digit in digits.chars() {
            let code = DIGITS.iter().position(|known| char::from(*known) == digit.to_ascii_uppercase());
            let room = self.codes.len() + codes.len() < Self::MOST;
            codes.push(code.filter(|_| room).and_then(|code| u8::try_from(code).ok()).ok_or(digit)?);
        }
        self.codes.extend(codes);
        Ok(())
    }

    /// Whether there is something to be sent: then no sound goes to this leg.
    pub fn busy(&self) -> bool {
        !self.codes.is_empty()
    }

    /// The next tick's packet, if any; `now` is the timestamp that sound would have.
    pub fn tick(&mut self, now: u32) -> Option<Outgoing> {
        let code = *self.codes.front()?;
        if self.tick == 0 {
            self.timestamp = now;
        }
        let place = self.tick;
        self.tick += 1;
        // The last packet goes three times, because it matters most (RFC 4733, section 2.5.1.4).
        let end = place >= SOUNDING;
        if place >= SOUNDING + 3 {
            if self.tick >= SOUNDING + 3 + REST {
                self.tick = 0;
                self.codes.pop_front();
            }
            return None;
        }
        let duration = (place + 1).min(SOUNDING) * UNITS;
        let payload = Event { code, end, volume: 10, duration }.bytes();
        Some(Outgoing { marker: place == 0, timestamp: self.timestamp, payload })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn milliseconds(value: u64) -> Duration {
        Duration::from_millis(value)
    }

    #[test]
    fn digits_that_are_sent_are_received_once_each() {
        let mut sender = Sender::default();
        sender.send("159#").unwrap();
        let (mut receiver, mut keys, mut packets) = (Receiver::default(), Vec::new(), 0);
        for tick in 0..60u32 {
            let now = milliseconds(u64::from(tick) * 20);
            if let Some(packet) = sender.tick(8000 + tick * 160) {
                packets += 1;
                // Every packet comes twice.
                keys.extend(receiver.push(now, packet.timestamp, &packet.payload));
                keys.extend(receiver.push(now, packet.timestamp, &packet.payload));
            }
            keys.extend(receiver.tick(now));
        }
        let expected: Vec<Key> = "159#"
            .chars()
            .flat_map(|digit| [Key::Pressed(digit), Key::Released(digit, milliseconds(100))])
            .collect();
        assert_eq!(keys, expected);
        assert_eq!(packets, 4 * 8);
        assert!(!sender.busy());
    }

    #[test]
    fn a_press_is_known_by_any_of_its_packets() {
        let mut sender = Sender::default();
        sender.send("7").unwrap();
        let packets: Vec<Outgoing> = (0..8).filter_map(|tick| sender.tick(tick * 160)).collect();
        assert_eq!(packets.len(), 8);
        for packet in packets {
            let mut receiver = Receiver::default();
            assert_eq!(
                receiver.push(Duration::ZERO, packet.timestamp, &packet.payload),
                Some(Key::Pressed('7'))
            );
        }
    }

    #[test]
    fn a_key_whose_end_is_lost_goes_up_after_a_while() {
        let mut receiver = Receiver::default();
        let event = Event { code: 10, end: false, volume: 10, duration: 480 };
        assert_eq!(receiver.push(milliseconds(0), 1000, &event.bytes()), Some(Key::Pressed('*')));
        assert_eq!(receiver.tick(milliseconds(199)), None);
        assert_eq!(receiver.tick(milliseconds(200)), Some(Key::Released('*', milliseconds(60))));
        assert_eq!(receiver.tick(milliseconds(400)), None);
        // Its end, late after all, is no second press.
        let end = Event { end: true, ..event };
        assert_eq!(receiver.push(milliseconds(420), 1000, &end.bytes()), None);
    }

    #[test]
    fn a_packet_of_the_press_before_changes_nothing() {
        let mut receiver = Receiver::default();
        let event = |code| Event { code, end: false, volume: 10, duration: 160 }.bytes();
        receiver.push(Duration::ZERO, u32::MAX - 100, &event(1));
        assert_eq!(receiver.push(Duration::ZERO, 500, &event(2)), Some(Key::Pressed('2')));
        assert_eq!(receiver.push(Duration::ZERO, u32::MAX - 100, &event(1)), None);
    }

    #[test]
    fn a_very_long_press_is_one_press() {
        let mut receiver = Receiver::default();
        let event = |duration| Event { code: 0, end: false, volume: 10, duration }.bytes();
        assert_eq!(receiver.push(Duration::ZERO, 0, &event(u16::MAX)), Some(Key::Pressed('0')));
        assert_eq!(receiver.push(Duration::ZERO, 65_535, &event(160)), None);
    }

    #[test]
    fn what_is_no_digit_is_neither_sent_nor_reported() {
        let mut sender = Sender::default();
        assert_eq!(sender.send("12x"), Err('x'));
        assert!(!sender.busy(), "all or nothing");
        assert_eq!(sender.send(&"1".repeat(Sender::MOST + 1)), Err('1'));
        let mut receiver = Receiver::default();
        let flash = Event { code: 16, end: false, volume: 0, duration: 160 };
        assert_eq!(receiver.push(Duration::ZERO, 0, &flash.bytes()), None);
        assert_eq!(receiver.push(Duration::ZERO, 0, &[1, 2, 3]), None);
    }

    proptest::proptest! {
        #[test]
        fn any_payload_is_read_and_written_the_same(bytes: [u8; 4]) {
            let event = Event::parse(&bytes).unwrap();
            let again = event.bytes();
            // The reserved bit is not kept.
            proptest::prop_assert_eq!(again, [bytes[0], bytes[1] & 0xBF, bytes[2], bytes[3]]);
        }
    }
}
