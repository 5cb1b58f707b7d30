//! The sound of one line: its sockets, and all that stands between packets and frames.

use super::{Source, level::Level, ports::Pair};
use std::{
    io,
    net::{IpAddr, SocketAddr},
    time::Duration,
};
use touchline_media::{
    FRAME, Frame, SILENCE,
    codec::Encoder,
    dtmf,
    jitter::JitterBuffer,
    rtcp::{self, NtpTime, Reception, Report, Schedule},
    rtp::{Outgoing, Packet},
    sdp::{Agreed, Carries},
    srtp::{Inbound, Outbound},
};

/// The longest datagram that is read; longer ones are cut, and then refused.
pub(super) const LONGEST: usize = 2048;
/// No more datagrams are read from a socket at once: a flood at one line must not cost the others their tick.
const AT_ONCE: usize = 64;

/// Random numbers for a new leg.
#[derive(Clone, Copy, Debug)]
pub(super) struct Dice {
    pub(super) ssrc: u32,
    pub(super) sequence: u16,
    pub(super) timestamp: u32,
    pub(super) seed: u32,
}

/// What was agreed on, with what follows from it.
struct Spoken {
    agreed: Agreed,
    encoder: Encoder,
    opens: Option<Inbound>,
    seals: Option<Outbound>,
}

/// One line's sound.
pub(super) struct Leg {
    pub(super) rtp: mio::net::UdpSocket,
    pub(super) rtcp: mio::net::UdpSocket,
    source: Source,
    report_source: Source,
    spoken: Option<Spoken>,
    buffer: JitterBuffer,
    outgoing: Outgoing,
    reception: Reception,
    schedule: Schedule,
    keys: dtmf::Receiver,
    keypad: dtmf::Sender,
    scratch: Vec<u8>,
    /// What the line says in this tick.
    pub(super) voice: Frame,
    /// Waits for the first sound.
    pub(super) when_heard: Option<super::Heard>,
    /// How loud that is, for who looks on.
    level: Level,
    /// Digits pressed since the last tick.
    pub(super) pressed: String,
    /// What the line is to hear in this tick, and from how good a seat.
    pub(super) hears: Frame,
    pub(super) seat: u8,
    /// Packets that were not let in: from elsewhere, not authentic, or no packets at all.
    pub(super) refused: u64,
    random: u32,
}

impl Leg {
    pub(super) fn new(pair: Pair, dice: Dice, now: Duration, level: Level) -> Self {
        Self {
            rtp: mio::net::UdpSocket::from_std(pair.rtp),
            rtcp: mio::net::UdpSocket::from_std(pair.rtcp),
            source: Source::default(),
            report_source: Source::default(),
            spoken: None,
            buffer: JitterBuffer::new(touchline_media::codec::Codec::Pcma, dice.seed),
            outgoing: Outgoing::new(dice.ssrc, dice.sequence, dice.timestamp),
            reception: Reception::new(touchline_media::RATE),
            schedule: Schedule::new(now, f64::from(dice.seed % 1000) / 1000.0),
            keys: dtmf::Receiver::default(),
            keypad: dtmf::Sender::default(),
            scratch: Vec::with_capacity(LONGEST),
            voice: SILENCE,
            level,
            when_heard: None,
            pressed: String::new(),
            hears: SILENCE,
            seat: 0,
            refused: 0,
            random: dice.seed | 1,
        }
    }

    /// Both sides have agreed, for the first time or again. What stays as it was goes on without a break.
    pub(super) fn describe(&mut self, agreed: Agreed, signalling: Option<IpAddr>) {
        self.source.name(agreed.remote, signalling);
        self.report_source.name(agreed.rtcp, signalling);
        self.buffer.set_codec(agreed.codec);
        let before = self.spoken.take();
        let same_codec = before.as_ref().is_some_and(|it| it.agreed.codec == agreed.codec);
        let same_keys = before.as_ref().is_some_and(|it| it.agreed.keys == agreed.keys);
        let (encoder, opens, seals) = match before {
            Some(it) if same_codec && same_keys => (it.encoder, it.opens, it.seals),
            other => {
                let encoder = match other {
                    Some(it) if same_codec => it.encoder,
                    _ => Encoder::new(agreed.codec),
                };
                let opens = agreed.keys.map(|keys| Inbound::new(keys.suite, &keys.theirs));
                let seals = agreed.keys.map(|keys| Outbound::new(keys.suite, &keys.ours));
                (encoder, opens, seals)
            }
        };
        self.spoken = Some(Spoken { agreed, encoder, opens, seals });
    }

    /// Sends digits down the line; what is no digit is not sent.
    pub(super) fn dial(&mut self, digits: &str) {
        let _refused = self.keypad.send(digits);
    }

    /// Reads what has come for sound.
    pub(super) fn read_sound(&mut self, now: Duration, bytes: &mut [u8; LONGEST]) {
        for _ in 0..AT_ONCE {
            match self.rtp.recv_from(bytes) {
                Ok((length, from)) => {
                    let datagram = bytes.get(..length).unwrap_or_default();
                    if self.packet(now, datagram, from).is_none() {
                        self.refused += 1;
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                // An unreachable port of the other side is told by ICMP, and says nothing about us.
                Err(_) => {}
            }
        }
    }

    /// Reads what has come as reports.
    pub(super) fn read_reports(&mut self, now: Duration, bytes: &mut [u8; LONGEST]) {
        for _ in 0..AT_ONCE {
            match self.rtcp.recv_from(bytes) {
                Ok((length, from)) if self.report_source.accepts(from) => {
                    if self.report(now, bytes.get(..length).unwrap_or_default()).is_none() {
                        self.refused += 1;
                    }
                }
                Ok(_) => self.refused += 1,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Err(_) => {}
            }
        }
    }

    fn packet(&mut self, now: Duration, datagram: &[u8], from: SocketAddr) -> Option<()> {
        let spoken = self.spoken.as_mut()?;
        // A forged packet must not even teach us its address.
        let mut source = self.source.clone();
        if !source.accepts(from) {
            return None;
        }
        let is_report = matches!(datagram.get(1), Some(192..=223));
        if is_report {
            return spoken.agreed.rtcp_mux.then_some(()).and_then(|()| self.report(now, datagram));
        }
        self.scratch.clear();
        self.scratch.extend_from_slice(datagram);
        if let Some(opens) = &mut spoken.opens {
            opens.open(&mut self.scratch).ok()?;
        }
        let packet = Packet::parse(&self.scratch).ok()?;
        let carries = spoken.agreed.carries(packet.payload_type);
        if carries == Carries::Unknown {
            return None;
        }
        self.source = source;
        self.reception.packet(now, &packet);
        match carries {
            Carries::Sound if spoken.agreed.direction.receives() => {
                self.buffer.push(now, &packet);
                if let Some(heard) = self.when_heard.take() {
                    heard();
                }
            }
            Carries::Digits => {
                if let Some(dtmf::Key::Pressed(digit)) = self.keys.push(now, packet.timestamp, packet.payload)
                {
                    self.pressed.push(digit);
                }
            }
            Carries::Noise => self.buffer.pause(packet.payload.first().copied().unwrap_or(70) & 0x7F),
            Carries::Sound | Carries::Unknown => {}
        }
        Some(())
    }

    fn report(&mut self, now: Duration, datagram: &[u8]) -> Option<()> {
        let mut opened = datagram.to_vec();
        if let Some(opens) = self.spoken.as_mut().and_then(|it| it.opens.as_mut()) {
            opens.open_report(&mut opened).ok()?;
        }
        let report = rtcp::parse(&opened).ok()?;
        if let Some(sender) = report.sender {
            self.reception.sender_report(now, sender.ntp);
        }
        Some(())
    }

    /// The next 20 ms of what the line says.
    pub(super) fn pull(&mut self, now: Duration) {
        let mut voice = SILENCE;
        self.buffer.pull(now, &mut voice);
        self.level.put(&voice);
        self.voice = voice;
        self.keys.tick(now);
        (self.hears, self.seat) = (SILENCE, 0);
    }

    /// Sends the next 20 ms of what the line hears, or of the digits that are dialled into it; a report when it is due.
    pub(super) fn send(&mut self, now: Duration, ntp: impl FnOnce() -> NtpTime) {
        // What nobody was there to hear is gone.
        self.pressed.clear();
        let Some(spoken) = &mut self.spoken else { return };
        let agreed = &spoken.agreed;
        let silent = self.seat == 0 || !agreed.direction.sends();
        self.scratch.clear();
        let units = FRAME as u32;
        match agreed.dtmf.filter(|_| self.keypad.busy()) {
            Some(payload_type) => {
                if let Some(event) = self.keypad.tick(self.outgoing.timestamp()) {
                    let _too_long = self.outgoing.event(
                        payload_type,
                        event.marker,
                        event.timestamp,
                        &event.payload,
                        &mut self.scratch,
                    );
                }
                self.outgoing.pass(units);
            }
            None if silent => {
                self.outgoing.pass(units);
                self.outgoing.mark();
            }
            None => {
                let payload = spoken.encoder.encode(&self.hears);
                let _too_long = self.outgoing.sound(agreed.payload_type, &payload, units, &mut self.scratch);
            }
        }
        if let Some(to) = self.source.destination().filter(|_| !self.scratch.is_empty()) {
            let sealed = spoken.seals.as_mut().is_none_or(|seals| seals.protect(&mut self.scratch).is_ok());
            if sealed {
                // A full buffer or an unreachable port costs this packet, as on any network.
                let _lost = self.rtp.send_to(&self.scratch, to);
            }
        }
        self.random = self.random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let scattered = f64::from(self.random >> 16) / 65_536.0;
        if self.schedule.report(now, scattered) {
            self.send_report(now, ntp(), false);
        }
    }

    /// Reports how the other side's sound arrives; at the end, says goodbye.
    pub(super) fn send_report(&mut self, now: Duration, ntp: NtpTime, gone: bool) {
        let Some(spoken) = &mut self.spoken else { return };
        let (packets, octets) = self.outgoing.sent();
        let ssrc = self.outgoing.ssrc();
        let sender =
            (packets > 0).then(|| rtcp::Sender { ntp, rtp: self.outgoing.timestamp(), packets, octets });
        let report = Report {
            ssrc,
            sender,
            blocks: self.reception.block(now).into_iter().collect(),
            name: Some(format!("{ssrc:08x}@touchline")),
            gone: if gone { vec![ssrc] } else { vec![] },
        };
        let mut bytes = Vec::new();
        rtcp::write(&report, &mut bytes);
        if spoken.seals.as_mut().is_some_and(|seals| seals.protect_report(&mut bytes).is_err()) {
            return;
        }
        let (socket, to) = if spoken.agreed.rtcp_mux {
            (&self.rtp, self.source.destination())
        } else {
            (&self.rtcp, self.report_source.destination())
        };
        if let Some(to) = to {
            let _lost = socket.send_to(&bytes, to);
        }
    }
}
