//! The stream that one leg is sent.

use super::{Packet, RtpError};

/// Numbers the packets of one stream. Supervision comes and goes without touching it: source, payload type and the
/// line of timestamps stay as they are (contract genesys-voice §8.2, 3).
#[derive(Clone, Debug)]
pub struct Outgoing {
    ssrc: u32,
    sequence: u16,
    timestamp: u32,
    marker: bool,
    packets: u32,
    octets: u32,
}

impl Outgoing {
    /// A stream with a random source, sequence number and timestamp (RFC 3550, section 5.1), drawn by the caller.
    pub fn new(ssrc: u32, sequence: u16, timestamp: u32) -> Self {
        Self { ssrc, sequence, timestamp, marker: true, packets: 0, octets: 0 }
    }

    /// Appends the next packet of sound to `out` and moves on by `units` of the payload's clock (160 for 20 ms).
    ///
    /// # Errors
    /// A payload that is too long; see [`Packet::write`].
    pub fn sound(
        &mut self,
        payload_type: u8,
        payload: &[u8],
        units: u32,
        out: &mut Vec<u8>,
    ) -> Result<(), RtpError> {
        let marker = std::mem::take(&mut self.marker);
        self.write(payload_type, marker, self.timestamp, payload, out)?;
        self.pass(units);
        Ok(())
    }

    /// Appends a packet of an event that began at `timestamp` (RFC 4733, section 2.2.1). Time goes on by
    /// [`pass`](Self::pass), not here: the packets of one event share a timestamp.
    ///
    /// # Errors
    /// A payload that is too long; see [`Packet::write`].
    pub fn event(
        &mut self,
        payload_type: u8,
        marker: bool,
        timestamp: u32,
        payload: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<(), RtpError> {
        self.write(payload_type, marker, timestamp, payload, out)
    }

    /// Time goes by without a packet of sound.
    pub fn pass(&mut self, units: u32) {
        self.timestamp = self.timestamp.wrapping_add(units);
    }

    /// The next packet of sound starts after a pause: it carries the marker.
    pub fn mark(&mut self) {
        self.marker = true;
    }

    /// Who sends.
    pub fn ssrc(&self) -> u32 {
        self.ssrc
    }

    /// The timestamp of the next packet of sound.
    pub fn timestamp(&self) -> u32 {
        self.timestamp
    }

    /// Packets and payload bytes sent, as a sender report counts them (RFC 3550, section 6.4.1).
    pub fn sent(&self) -> (u32, u32) {
        (self.packets, self.octets)
    }

    fn write(
        &mut self,
        payload_type: u8,
        marker: bool,
        timestamp: u32,
        payload: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<(), RtpError> {
        let (ssrc, sequence) = (self.ssrc, self.sequence);
        Packet { marker, payload_type, sequence, timestamp, ssrc, csrc: &[], extension: None, payload }
            .write(out)?;
        self.sequence = self.sequence.wrapping_add(1);
        self.packets = self.packets.wrapping_add(1);
        self.octets = self.octets.wrapping_add(u32::try_from(payload.len()).unwrap_or(u32::MAX));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_are_numbered_across_both_wraps_and_only_the_first_is_marked() {
        let mut stream = Outgoing::new(7, 65_535, u32::MAX - 159);
        let mut seen = Vec::new();
        for _ in 0..3 {
            let mut datagram = Vec::new();
            stream.sound(0, &[0xFF; 160], 160, &mut datagram).unwrap();
            let packet = Packet::parse(&datagram).unwrap();
            seen.push((packet.sequence, packet.timestamp, packet.marker));
        }
        assert_eq!(seen, [(65_535, u32::MAX - 159, true), (0, 0, false), (1, 160, false)]);
        assert_eq!(stream.sent(), (3, 480));
    }

    #[test]
    fn an_event_keeps_its_timestamp_while_sound_moves_on() {
        let mut stream = Outgoing::new(7, 10, 1000);
        let mut datagram = Vec::new();
        stream.event(101, true, 1000, &[5, 10, 0, 160], &mut datagram).unwrap();
        stream.pass(160);
        let packet = Packet::parse(&datagram).unwrap();
        assert_eq!((packet.sequence, packet.timestamp, packet.payload_type), (10, 1000, 101));
        assert_eq!(stream.timestamp(), 1160);
    }
}
