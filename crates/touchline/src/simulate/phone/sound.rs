//! The sound of a simulated telephone: real packets, 50 a second, to the server on this machine.

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::{net::UdpSocket, task::AbortHandle, time::Instant};
use touchline_media::{codec::Codec, rtp::Outgoing};

/// Bytes of a packet, and units of the payload's clock: 20 ms.
const FRAME: usize = 160;
/// G.711 mu-law of silence.
const SILENCE: u8 = 0xFF;
/// Packets that are sent at once after the machine has slept; what is older is left out.
const AT_ONCE: u32 = 5;

#[derive(Default)]
struct Inside {
    to: Option<SocketAddr>,
    voice: Arc<[u8]>,
    at: usize,
}

/// Speaks, and throws away what it hears.
pub(crate) struct Sound {
    /// Where it wants to be spoken to.
    pub(crate) port: u16,
    inside: Arc<Mutex<Inside>>,
    task: AbortHandle,
}

impl Drop for Sound {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Sound {
    /// Silent, until it knows to whom it speaks.
    pub(crate) async fn open(source: u32) -> std::io::Result<Self> {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let port = socket.local_addr()?.port();
        let inside = Arc::new(Mutex::new(Inside::default()));
        let task = tokio::spawn(run(socket, source, inside.clone())).abort_handle();
        Ok(Self { port, inside, task })
    }

    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends to this port of this machine from now on; silence, until there is something to say.
    pub(crate) fn connect(&self, port: u16) {
        self.inside().to = Some((Ipv4Addr::LOCALHOST, port).into());
    }

    /// Says this, mu-law at 8 kHz, from its beginning.
    pub(crate) fn say(&self, voice: Arc<[u8]>) {
        let mut inside = self.inside();
        (inside.voice, inside.at) = (voice, 0);
    }

    /// Sends nothing any more.
    pub(crate) fn disconnect(&self) {
        *self.inside() = Inside::default();
    }
}

async fn run(socket: UdpSocket, source: u32, inside: Arc<Mutex<Inside>>) {
    let mut stream = Outgoing::new(source, source as u16, source.rotate_left(7));
    let mut tick = tokio::time::interval(Duration::from_millis(20));
    let (began, mut sent) = (Instant::now(), 0_u32);
    let mut heard = [0; touchline_media::rtp::MAX_PACKET];
    loop {
        tokio::select! {
            _ = socket.recv_from(&mut heard) => continue,
            _ = tick.tick() => {}
        }
        let due = u32::try_from(began.elapsed().as_millis() / 20).unwrap_or(u32::MAX);
        let late = due.saturating_sub(sent).saturating_sub(AT_ONCE);
        stream.pass(late.saturating_mul(FRAME as u32));
        sent = sent.saturating_add(late);
        while sent < due {
            sent += 1;
            let (to, frame) = {
                let mut inside = inside.lock().unwrap_or_else(PoisonError::into_inner);
                let mut frame = [SILENCE; FRAME];
                let said = inside.voice.get(inside.at..).unwrap_or_default();
                frame.iter_mut().zip(said).for_each(|(to, from)| *to = *from);
                inside.at = inside.at.saturating_add(FRAME);
                (inside.to, frame)
            };
            let mut packet = Vec::with_capacity(FRAME + 12);
            let Some(to) = to else {
                stream.pass(FRAME as u32);
                continue;
            };
            if stream.sound(Codec::Pcmu.payload_type(), &frame, FRAME as u32, &mut packet).is_ok() {
                // What does not go out is lost, as it is on the way.
                let _lost = socket.try_send_to(&packet, to);
            }
        }
    }
}
