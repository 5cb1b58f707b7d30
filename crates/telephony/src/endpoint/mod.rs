//! The telephone side of the server: sockets, registrations, trunks, and a task for each line.
//!
//! [`Endpoint::start`] opens everything. What the exchange wants comes in through [`Endpoint::control`]; what happens on
//! lines goes out through [`Exchange`].

mod exchange;
mod hub;
mod keeper;
mod registering;
mod trunks;

pub use exchange::{Exchange, Promised};

use crate::{
    guard,
    limits::LimitRules,
    line::{Dialog, Input},
    locate::{Names, SystemNames},
    registrar::{FlowId, Registrar, RegistrarRules},
    sound::{LineKey, SoundRules, Studio, left_behind},
    wire::{Origins, Speaks, Wire, WireRules},
};
use hub::Hub;
use rsipstack::transaction::transaction::Transaction;
use std::{
    collections::HashMap,
    io,
    net::{IpAddr, SocketAddr},
    ops::RangeInclusive,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::{
    sync::mpsc::{UnboundedSender, unbounded_channel},
    task::JoinHandle,
};
use tokio_rustls::rustls::{ClientConfig, ServerConfig};
use touchline_app::{
    Entropy,
    live::{CallControl, Order, board::LineId},
};
use touchline_media::{codec::Codec, sdp::Encryption, srtp};
use touchline_model::{Clock, TenantId};

/// Everything that an endpoint needs to know before it starts.
pub struct EndpointRules {
    /// Where datagrams come in; at most one address of each family.
    pub udp: Vec<SocketAddr>,
    /// Where connections come in.
    pub tcp: Vec<SocketAddr>,
    /// Where encrypted connections come in, and with which certificate.
    pub tls: Option<(Vec<SocketAddr>, Arc<ServerConfig>)>,
    /// Where telephones of browsers come in (RFC 7118).
    pub websocket: Option<WebSocketRules>,
    /// Where names of trunks are looked up.
    pub names: Arc<dyn Names>,
    /// A place of a trunk that has said nothing for so long is given up for the next one: a caller does not wait for the
    /// half minute that RFC 3263 §4.3 would allow.
    pub trunk_patience: Duration,
    /// Whose certificates of trunks are believed, if not those that the operating system believes.
    pub trunk_tls: Option<Arc<ClientConfig>>,
    /// The address that telephones elsewhere are told, if it is not the one that they see; for a server behind a router.
    pub advertised: Option<IpAddr>,
    /// Ports for sound, in pairs.
    pub ports: RangeInclusive<u16>,
    /// Where recordings are written while calls go on.
    pub recordings: PathBuf,
    /// What we speak, best first.
    pub codecs: Vec<Codec>,
    /// Whether sound is encrypted.
    pub encryption: Encryption,
    /// What a message may be.
    pub guard: guard::Rules,
    /// What one source may send; the networks of trunks have no limits, as they are in the plan at any time.
    pub limits: LimitRules,
    /// Lifetimes of registrations.
    pub registrar: RegistrarRules,
    /// The shortest session timer that we take, in seconds (RFC 4028 §5 says 90).
    pub session_least: u64,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
}

/// Where telephones of browsers come in, and whose.
#[derive(Clone, Debug, Default)]
pub struct WebSocketRules {
    /// Addresses.
    pub addresses: Vec<SocketAddr>,
    /// With a certificate, encrypted connections are served on the same addresses.
    pub tls: Option<Arc<ServerConfig>>,
    /// Origins of pages that may connect, such as `https://phone.example`, besides pages from the host that is connected
    /// to; `*` for all. Who names no origin is no page and may.
    pub origins: Vec<String>,
}

impl EndpointRules {
    /// The usual: one UDP and one TCP address, 10,000 ports, all codecs, encryption for who asks for it.
    pub fn new(
        listen: SocketAddr,
        recordings: PathBuf,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> Self {
        Self {
            udp: vec![listen],
            tcp: vec![listen],
            tls: None,
            websocket: None,
            names: Arc::new(SystemNames::default()),
            trunk_patience: Duration::from_secs(4),
            trunk_tls: None,
            advertised: None,
            ports: 20_000..=39_999,
            recordings,
            codecs: Codec::ALL.to_vec(),
            encryption: Encryption::IfAsked,
            guard: guard::Rules::default(),
            limits: LimitRules::default(),
            registrar: RegistrarRules::default(),
            session_least: 90,
            clock,
            entropy,
        }
    }
}

/// What comes to the hub.
pub(crate) enum Work {
    Orders(TenantId, Vec<Order>),
    Arrived(Box<Transaction>),
    LineOver(LineKey),
    FlowClosed(FlowId),
    Stop,
}

/// What lines and the hub share.
pub(crate) struct Shared {
    pub(crate) wire: Arc<Wire>,
    pub(crate) studio: Studio,
    pub(crate) exchange: Arc<dyn Exchange>,
    pub(crate) entropy: Arc<dyn Entropy>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) codecs: Vec<Codec>,
    pub(crate) encryption: Encryption,
    pub(crate) session_least: u64,
    pub(crate) names: Arc<dyn Names>,
    pub(crate) trunk_patience: Duration,
    registrar: Mutex<Registrar>,
    /// Dialogs by our tag.
    dialogs: Mutex<HashMap<String, Entry>>,
    work: UnboundedSender<Work>,
}

/// A dialog, as far as others have to find it.
#[derive(Clone)]
struct Entry {
    call_id: String,
    line: LineKey,
    inbox: UnboundedSender<Input>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    /// A dialog begins.
    pub(crate) fn begin(&self, dialog: &Dialog, line: &LineKey, inbox: UnboundedSender<Input>) {
        self.wire.begin(&dialog.local_tag);
        let entry = Entry { call_id: dialog.call_id.clone(), line: line.clone(), inbox };
        lock(&self.dialogs).insert(dialog.local_tag.clone(), entry);
    }

    /// A line and all of its dialogs are over.
    pub(crate) fn line_over(&self, line: &LineKey) {
        lock(&self.dialogs).retain(|tag, entry| {
            let stays = entry.line != *line;
            if !stays {
                self.wire.end(tag);
            }
            stays
        });
        let _stopping = self.work.send(Work::LineOver(line.clone()));
    }

    /// The line with a dialog of which somebody knows both tags.
    pub(crate) fn line_of(&self, call_id: &str, tags: &[String; 2]) -> Option<LineKey> {
        let dialogs = lock(&self.dialogs);
        let entries = tags.iter().filter_map(|tag| dialogs.get(tag));
        entries.filter(|entry| entry.call_id == call_id).map(|entry| entry.line.clone()).next()
    }

    /// A fresh key for sound.
    pub(crate) fn key(&self) -> srtp::Master {
        let mut key = [0; srtp::KEY];
        self.entropy.fill(&mut key);
        srtp::Master(key)
    }

    /// A fresh branch for a Via (RFC 3261 §8.1.1.7).
    pub(crate) fn branch(&self) -> String {
        format!("z9hG4bK{}", self.wire.token())
    }
}

/// Hands orders on to the hub, in order.
struct Control(UnboundedSender<Work>, Studio);

impl CallControl for Control {
    fn carry_out(&self, tenant: &TenantId, orders: Vec<Order>) {
        let _stopping = self.0.send(Work::Orders(tenant.clone(), orders));
    }

    fn level(&self, tenant: &TenantId, line: LineId) -> Option<u8> {
        self.1.level(&LineKey { tenant: tenant.clone(), line })
    }
}

/// A port that is free for datagrams and for connections, where both are to get the same.
fn free_port(ip: IpAddr) -> io::Result<u16> {
    let mut tries = 0;
    loop {
        let port = std::net::TcpListener::bind((ip, 0))?.local_addr()?.port();
        match std::net::UdpSocket::bind((ip, port)) {
            Ok(_) => return Ok(port),
            Err(error) if tries == 50 => return Err(error),
            Err(_) => tries += 1,
        }
    }
}

/// A running endpoint.
pub struct Endpoint {
    shared: Arc<Shared>,
    udp: Vec<SocketAddr>,
    tcp: Vec<SocketAddr>,
    tls: Vec<SocketAddr>,
    websocket: Vec<SocketAddr>,
    hub: JoinHandle<()>,
    keeper: JoinHandle<()>,
    trunks: JoinHandle<()>,
}

impl Endpoint {
    /// Opens all sockets and starts. Recordings that a killed server has left are handed to the exchange at once.
    ///
    /// # Errors
    /// An address that cannot be had, or a folder that cannot be written.
    pub async fn start(rules: EndpointRules, exchange: Arc<dyn Exchange>) -> io::Result<Self> {
        let left = left_behind(&rules.recordings)?;
        let (finished, recordings) = unbounded_channel();
        for recorded in left {
            let _kept = finished.send(recorded);
        }
        let sound = SoundRules {
            ports: rules.ports,
            recordings: rules.recordings,
            clock: rules.clock.clone(),
            entropy: rules.entropy.clone(),
        };
        let studio = Studio::start(sound, move |recorded| drop(finished.send(recorded)))?;
        let (work, todo) = unbounded_channel();
        let closed = work.clone();
        let (wire, incoming) = Wire::new(WireRules {
            exchange: exchange.clone(),
            clock: rules.clock.clone(),
            entropy: rules.entropy.clone(),
            advertised: rules.advertised,
            guard: rules.guard,
            limits: rules.limits,
            trunk_tls: rules.trunk_tls,
            closed: Box::new(move |flow| drop(closed.send(Work::FlowClosed(flow)))),
        });
        let shared = Arc::new(Shared {
            wire: wire.clone(),
            studio,
            exchange: exchange.clone(),
            entropy: rules.entropy,
            clock: rules.clock,
            codecs: rules.codecs,
            encryption: rules.encryption,
            session_least: rules.session_least,
            names: rules.names,
            trunk_patience: rules.trunk_patience,
            registrar: Mutex::new(Registrar::new(rules.registrar)),
            dialogs: Mutex::default(),
            work: work.clone(),
        });
        let (mut udp, mut tcp, mut tls, mut websocket) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for address in rules.udp {
            let tcp = rules.tcp.iter().any(|it| it.port() == 0);
            let port = if address.port() == 0 && tcp { free_port(address.ip())? } else { address.port() };
            udp.push(wire.listen_udp(SocketAddr::new(address.ip(), port)).await?);
        }
        for address in rules.tcp {
            // Where a port was left to the system, both transports get the same.
            let port = udp.first().filter(|_| address.port() == 0).map_or(address.port(), SocketAddr::port);
            tcp.push(wire.listen_tcp(SocketAddr::new(address.ip(), port), Speaks::Sip(None)).await?);
        }
        if let Some((addresses, certificate)) = rules.tls {
            for address in addresses {
                tls.push(wire.listen_tcp(address, Speaks::Sip(Some(certificate.clone()))).await?);
            }
        }
        if let Some(WebSocketRules { addresses, tls, origins }) = rules.websocket {
            for address in addresses {
                let speaks = Speaks::Web(Origins(origins.clone()), tls.clone());
                websocket.push(wire.listen_tcp(address, speaks).await?);
            }
        }
        if let Some(mut incoming) = incoming {
            tokio::spawn(async move {
                while let Some(transaction) = incoming.recv().await {
                    if work.send(Work::Arrived(Box::new(transaction))).is_err() {
                        return;
                    }
                }
            });
        }
        let hub = tokio::spawn(Hub::new(shared.clone()).run(todo));
        let keeper = tokio::spawn(keeper::keep(exchange, recordings));
        let trunks = tokio::spawn(trunks::register_all(shared.clone()));
        Ok(Self { shared, udp, tcp, tls, websocket, hub, keeper, trunks })
    }

    /// Where the exchange sends its orders.
    pub fn control(&self) -> Arc<dyn CallControl> {
        Arc::new(Control(self.shared.work.clone(), self.shared.studio.clone()))
    }

    /// Where datagrams come in.
    pub fn udp(&self) -> &[SocketAddr] {
        &self.udp
    }

    /// Where connections come in.
    pub fn tcp(&self) -> &[SocketAddr] {
        &self.tcp
    }

    /// Where encrypted connections come in.
    pub fn tls(&self) -> &[SocketAddr] {
        &self.tls
    }

    /// Where telephones of browsers come in.
    pub fn websocket(&self) -> &[SocketAddr] {
        &self.websocket
    }

    /// Users with telephones, and telephones, for the metrics.
    pub fn registered(&self) -> (usize, usize) {
        lock(&self.shared.registrar).size()
    }

    /// Transactions that go on, and answers that are kept in case a request comes again; for the metrics.
    pub fn transactions(&self) -> (usize, usize) {
        let stats = self.shared.wire.library().get_stats();
        (stats.running_transactions, stats.finished_transactions)
    }

    /// Hangs all lines up, completes all recordings and hands them over; returns when that is done, or after ten seconds.
    pub async fn stop(self) {
        self.trunks.abort();
        let _stopped = self.shared.work.send(Work::Stop);
        let _in_time = tokio::time::timeout(Duration::from_secs(2), self.hub).await;
        self.shared.studio.stop();
        if tokio::time::timeout(Duration::from_secs(8), self.keeper).await.is_err() {
            tracing::warn!("recordings are left for the next start");
        }
        self.shared.wire.shut_down();
    }
}
