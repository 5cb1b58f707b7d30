//! The sound of a test's telephone: a tone goes out, what comes in is kept.

use std::{
    net::{SocketAddr, UdpSocket},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};
use touchline_media::{
    RATE,
    codec::{Codec, Decoder, Encoder},
    dtmf,
    level::tone,
    rtp::{Outgoing, Packet},
    srtp::{Inbound, Outbound},
    tone::sine_tick,
};

/// The payload type of digits in all tests.
pub const DIGITS: u8 = 101;

#[derive(Default)]
struct Inside {
    to: Option<SocketAddr>,
    stopped: bool,
    heard: Vec<i16>,
    keypad: dtmf::Sender,
    digits: String,
    packets: u64,
    seals: Option<Outbound>,
    opens: Option<Inbound>,
}

/// Speaks a tone and listens.
pub struct Earpiece {
    pub port: u16,
    pub hertz: f64,
    inside: Arc<Mutex<Inside>>,
}

impl Earpiece {
    /// Begins to listen on an address; speaks at -12 dBFS as soon as it knows to whom.
    pub fn new(address: &str, hertz: f64) -> Self {
        let socket = UdpSocket::bind((address, 0)).unwrap();
        socket.set_read_timeout(Some(Duration::from_millis(1))).unwrap();
        let port = socket.local_addr().unwrap().port();
        let inside = Arc::new(Mutex::new(Inside::default()));
        let shared = inside.clone();
        std::thread::spawn(move || run(&socket, hertz, &shared));
        Self { port, hertz, inside }
    }

    pub fn speak_to(&self, to: SocketAddr) {
        self.inside.lock().unwrap().to = Some(to);
    }

    pub fn encrypt(&self, seals: Outbound, opens: Inbound) {
        let mut inside = self.inside.lock().unwrap();
        (inside.seals, inside.opens) = (Some(seals), Some(opens));
    }

    pub fn press(&self, digits: &str) {
        self.inside.lock().unwrap().keypad.send(digits).unwrap();
    }

    pub fn pressed(&self) -> String {
        self.inside.lock().unwrap().digits.clone()
    }

    /// Packets that have come.
    pub fn packets(&self) -> u64 {
        self.inside.lock().unwrap().packets
    }

    /// Listens for so long from now and gives the level of each tone, in dBFS; the floor if nothing came.
    pub fn listen(&self, time: Duration, hertz: &[f64]) -> Vec<f32> {
        let from = self.inside.lock().unwrap().heard.len();
        std::thread::sleep(time);
        let inside = self.inside.lock().unwrap();
        let new = inside.heard.get(from..).unwrap_or_default();
        hertz.iter().map(|hertz| tone(new, *hertz, RATE)).collect()
    }
}

impl Drop for Earpiece {
    fn drop(&mut self) {
        self.inside.lock().unwrap().stopped = true;
    }
}

fn run(socket: &UdpSocket, hertz: f64, shared: &Mutex<Inside>) {
    let (mut encoder, mut decoder) = (Encoder::new(Codec::Pcmu), Decoder::new(Codec::Pcmu));
    let mut stream = Outgoing::new(hertz as u32 + u32::from(socket.local_addr().unwrap().port()), 1, 1);
    let mut keys = dtmf::Receiver::default();
    let (begin, mut tick, mut bytes) = (Instant::now(), 0_u32, [0; 2048]);
    loop {
        while let Ok((length, _)) = socket.recv_from(&mut bytes) {
            let mut inside = shared.lock().unwrap();
            let mut datagram = bytes[..length].to_vec();
            if matches!(datagram.get(1), Some(192..=223)) {
                continue;
            }
            if let Some(opens) = &mut inside.opens {
                opens.open(&mut datagram).unwrap();
            }
            let packet = Packet::parse(&datagram).unwrap();
            inside.packets += 1;
            if packet.payload_type == DIGITS {
                if let Some(dtmf::Key::Pressed(digit)) =
                    keys.push(begin.elapsed(), packet.timestamp, packet.payload)
                {
                    inside.digits.push(digit);
                }
                continue;
            }
            assert_eq!(packet.payload_type, 0, "only what was agreed on");
            let mut heard = std::mem::take(&mut inside.heard);
            decoder.decode(packet.payload, &mut heard);
            inside.heard = heard;
        }
        if begin.elapsed() < Duration::from_millis(20) * tick {
            continue;
        }
        tick += 1;
        let mut inside = shared.lock().unwrap();
        if inside.stopped {
            return;
        }
        let Some(to) = inside.to else { continue };
        let mut out = Vec::new();
        if inside.keypad.busy() {
            if let Some(event) = inside.keypad.tick(stream.timestamp()) {
                stream.event(DIGITS, event.marker, event.timestamp, &event.payload, &mut out).unwrap();
            }
            stream.pass(160);
        } else {
            stream.sound(0, &encoder.encode(&sine_tick(hertz, -12.0, tick as usize)), 160, &mut out).unwrap();
        }
        if !out.is_empty() {
            if let Some(seals) = &mut inside.seals {
                seals.protect(&mut out).unwrap();
            }
            let _lost = socket.send_to(&out, to);
        }
    }
}
