//! The way of one message from a socket to the library.

use super::{
    Flow,
    acks::Acks,
    flow::transport,
    gate::{Gate, Known, Sender, target_of},
    message,
};
use crate::{
    digest::{DigestRules, Verifier},
    endpoint::Exchange,
    guard::{Door, Guard, MessageKind, Passed, Peer, Rules, Transport, Verdict},
    limits::{LimitRules, Limits},
    registrar::FlowId,
};
use rsipstack::{
    EndpointBuilder,
    sip::{Method, Request, Response, SipMessage},
    transaction::{
        Endpoint, TransactionReceiver,
        endpoint::{EndpointInnerRef, EndpointOption},
        key::{TransactionKey, TransactionRole},
    },
    transport::SipConnection,
};
use std::{
    collections::{HashMap, HashSet},
    net::{IpAddr, SocketAddr},
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, atomic::AtomicU64},
};
use tokio_rustls::rustls::ClientConfig;
use touchline_app::{Entropy, live::SIP_REALM};
use touchline_model::Clock;

/// What the wire needs from outside.
pub(crate) struct WireRules {
    pub(crate) exchange: Arc<dyn Exchange>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn Entropy>,
    /// The address that telephones are told instead of the socket's.
    pub(crate) advertised: Option<IpAddr>,
    pub(crate) guard: Rules,
    pub(crate) limits: LimitRules,
    /// Whose certificates of trunks are believed, if not those that the operating system believes.
    pub(crate) trunk_tls: Option<Arc<ClientConfig>>,
    /// Told of each connection that has closed.
    pub(crate) closed: Box<dyn Fn(FlowId) + Send + Sync>,
}

/// A request that begins something and may.
#[derive(Clone, Debug)]
pub(crate) struct Admitted {
    /// Who sends it.
    pub(crate) sender: Sender,
    /// The way back.
    pub(crate) flow: Flow,
    /// The Request-URI as it was sent.
    pub(crate) target: String,
}

/// All sockets, and the library behind them.
pub(crate) struct Wire {
    pub(super) rules: WireRules,
    pub(super) endpoint: Endpoint,
    pub(super) gate: Mutex<Gate>,
    acks: Mutex<Acks>,
    admitted: Mutex<HashMap<TransactionKey, Admitted>>,
    /// Our tags of all dialogs that there are.
    pub(super) tags: Mutex<HashSet<String>>,
    pub(super) flows: Mutex<HashMap<FlowId, Flow>>,
    pub(super) sockets: Mutex<Vec<Flow>>,
    pub(super) last_flow: AtomicU64,
    /// Ports for connections.
    pub(super) listening: Mutex<Vec<(Transport, u16)>>,
    pub(super) native_tls: OnceLock<Arc<ClientConfig>>,
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Wire {
    /// The library without sockets, and the receiver of what begins; it ends with the returned wire.
    pub(crate) fn new(rules: WireRules) -> (Arc<Self>, Option<TransactionReceiver>) {
        let mut secrets = [0; 48];
        rules.entropy.fill(&mut secrets);
        let (guard_secret, digest_secret) = secrets.split_at(16);
        let guard = Guard::new(rules.guard.clone(), guard_secret.try_into().unwrap_or_default());
        let verifier =
            Verifier::new(DigestRules::new(SIP_REALM), digest_secret.try_into().unwrap_or_default());
        let door = Door::new(guard, Limits::new(rules.limits.clone()));
        // The acknowledgement of an answer is ours, for only we know the way back to a telephone behind a router.
        let option = EndpointOption { auto_ack_2xx: false, ..EndpointOption::default() };
        let endpoint = EndpointBuilder::new()
            .with_user_agent(concat!("Touchline/", env!("CARGO_PKG_VERSION")))
            .with_option(option)
            .build();
        let incoming = endpoint.incoming_transactions().ok();
        let wire = Arc::new(Self {
            rules,
            endpoint,
            gate: Mutex::new(Gate { door, verifier }),
            acks: Mutex::default(),
            admitted: Mutex::default(),
            tags: Mutex::default(),
            flows: Mutex::default(),
            sockets: Mutex::default(),
            last_flow: AtomicU64::new(0),
            listening: Mutex::default(),
            native_tls: OnceLock::new(),
        });
        let library = wire.endpoint.inner.clone();
        tokio::spawn(async move {
            if let Err(error) = library.serve().await {
                tracing::error!(%error, "the SIP library has ended");
            }
        });
        (wire, incoming)
    }

    /// The library.
    pub(crate) fn library(&self) -> EndpointInnerRef {
        self.endpoint.inner.clone()
    }

    /// Stops the library's timers; sockets end with their tasks.
    pub(crate) fn shut_down(&self) {
        self.endpoint.shutdown();
    }

    /// Sets the networks that have no limits, besides those that were configured.
    pub(crate) fn trust(&self, trunks: Vec<(IpAddr, u8)>) {
        let all = self.rules.limits.trusted.iter().copied().chain(trunks).collect();
        lock(&self.gate).door.limits().trust(all);
    }

    /// Letters that nobody can guess, for tags, branches and Call-IDs.
    pub(crate) fn token(&self) -> String {
        let mut bytes = [0; 12];
        self.rules.entropy.fill(&mut bytes);
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// A dialog begins, with this tag of ours.
    pub(crate) fn begin(&self, tag: &str) {
        lock(&self.tags).insert(tag.to_owned());
    }

    /// A dialog is over.
    pub(crate) fn end(&self, tag: &str) {
        lock(&self.tags).remove(tag);
    }

    /// Who sent the request that began a transaction.
    pub(crate) fn admitted(&self, key: &TransactionKey) -> Option<Admitted> {
        lock(&self.admitted).remove(key)
    }

    /// An answer was acknowledged; if it comes again, so does this.
    pub(crate) async fn acknowledge(&self, response: &Response, ack: Request, flow: &Flow) {
        lock(&self.acks).keep(response, ack.clone(), flow.clone(), self.rules.clock.now());
        flow.send(ack.into()).await;
    }

    /// A connection by its number, or the socket from which an address is reached.
    pub(crate) fn flow(&self, id: Option<FlowId>, peer: Peer) -> Option<Flow> {
        if let Some(id) = id {
            return lock(&self.flows).get(&id).cloned();
        }
        let sockets = lock(&self.sockets);
        let fits = |flow: &&Flow| flow.local.is_ipv6() == peer.address.is_ipv6();
        let socket = sockets.iter().find(fits)?;
        let mut flow = socket.towards(peer.address);
        flow.local.set_ip(self.local(socket.local.ip(), peer.address.ip()));
        Some(flow)
    }

    /// Our address as a peer knows it: what is advertised, or the one from which it is reached.
    pub(super) fn local(&self, bound: IpAddr, peer: IpAddr) -> IpAddr {
        let peer = peer.to_canonical();
        match self.rules.advertised {
            Some(advertised) if !peer.is_loopback() => advertised,
            _ if !bound.is_unspecified() => bound.to_canonical(),
            _ => towards(peer).unwrap_or(bound).to_canonical(),
        }
    }

    /// One message has come; the way back is only looked for if somebody is to hear of it.
    pub(super) async fn receive(&self, bytes: &[u8], peer: Peer, way_back: impl FnOnce() -> Flow) {
        let now = self.rules.clock.now();
        let verdict = lock(&self.gate).door.receive(bytes, peer, now);
        match verdict {
            Verdict::Pass(passed) => self.passed(&passed, &way_back()).await,
            Verdict::Answer(answer) => way_back().send_bytes(answer.bytes, answer.to).await,
            Verdict::Drop(why) => tracing::trace!(?why, peer = %peer.address, "dropped at the door"),
        }
    }

    /// It is SIP, and not too much of it.
    async fn passed(&self, passed: &Passed, flow: &Flow) {
        let message = match SipMessage::try_from(passed.bytes.as_slice()) {
            Ok(message) => message,
            Err(error) => {
                tracing::debug!(%error, peer = %flow.peer.address, "the library cannot read it");
                return;
            }
        };
        let named = transport(flow.peer.transport);
        let message = match SipConnection::update_msg_received(message, flow.peer.address, named) {
            Ok(message) => message,
            Err(error) => {
                tracing::debug!(%error, peer = %flow.peer.address, "no way back");
                return;
            }
        };
        match &message {
            SipMessage::Response(response) => {
                let answers = matches!(passed.kind, MessageKind::Response(200..=299))
                    && message::value(&response.headers, "CSeq").is_some_and(|it| it.ends_with("INVITE"));
                let again = answers.then(|| lock(&self.acks).again(response)).flatten();
                if let Some((ack, way)) = again {
                    return way.send(ack).await;
                }
            }
            SipMessage::Request(request) => {
                if !self.admit(request, &passed.bytes, flow).await {
                    return;
                }
            }
        }
        let connection = flow.connection();
        if let Err(error) =
            self.endpoint.inner.on_received_message(message, connection, &flow.destination()).await
        {
            tracing::debug!(%error, peer = %flow.peer.address, "the library refuses it");
        }
    }

    /// Whether a request may reach the library; if not, it was answered.
    async fn admit(&self, request: &Request, passed: &[u8], flow: &Flow) -> bool {
        let Ok(key) = TransactionKey::from_request(request, TransactionRole::Server) else { return false };
        let library = &self.endpoint.inner;
        let known =
            library.transactions.get(&key).is_some() || library.finished_transactions.get(&key).is_some();
        if known || request.method == Method::Ack {
            return true;
        }
        let refusal = match message::tag(&request.headers, "To") {
            Some(tag) if lock(&self.tags).contains(&tag) => return true,
            Some(_) => Some((481, "Call/Transaction Does Not Exist", vec![])),
            None if request.method == Method::Cancel => {
                Some((481, "Call/Transaction Does Not Exist", vec![]))
            }
            None if request.method == Method::Options => Some((
                200,
                "OK",
                vec![
                    format!("Allow: {ALLOW}"),
                    "Accept: application/sdp".into(),
                    format!("Supported: {SUPPORTED}"),
                ],
            )),
            None => None,
        };
        if let Some((code, phrase, lines)) = refusal {
            let reply = lock(&self.gate).door.guard().reply(passed, flow.peer, code, phrase, &lines);
            if let Some(reply) = reply {
                flow.send_bytes(reply.bytes, reply.to).await;
            }
            return false;
        }
        let exchange = &self.rules.exchange;
        let ip = flow.peer.address.ip().to_canonical();
        // A browser at a trunk's address is no trunk, whatever page it shows.
        let is_browser = matches!(flow.peer.transport, Transport::Ws | Transport::Wss);
        let trunk = self.trunk_of(flow.id).or_else(|| exchange.trunk_at(ip).filter(|_| !is_browser));
        let trunk = trunk.filter(|_| request.method != Method::Register);
        let mut random = [0; 8];
        self.rules.entropy.fill(&mut random);
        let identified = {
            let account = |user: &str| exchange.account(user);
            let known = Known { account: &account, trunk };
            let now = self.rules.clock.now();
            lock(&self.gate).identify(request, passed, flow.peer, &known, now, random)
        };
        match identified {
            Ok(sender) => {
                let target = target_of(passed).to_owned();
                lock(&self.admitted).insert(key, Admitted { sender, flow: flow.clone(), target });
                true
            }
            Err(reply) => {
                if let Some(reply) = reply {
                    flow.send_bytes(reply.bytes, reply.to).await;
                }
                false
            }
        }
    }
}

/// Methods that telephones may use.
pub(crate) const ALLOW: &str =
    "INVITE, ACK, CANCEL, BYE, OPTIONS, REGISTER, PRACK, UPDATE, REFER, INFO, NOTIFY";
/// Extensions that are understood.
pub(crate) const SUPPORTED: &str = "100rel, replaces, timer";

/// The address from which a peer is reached. Nothing is sent.
fn towards(peer: IpAddr) -> Option<IpAddr> {
    let any: SocketAddr = if peer.is_ipv6() {
        (std::net::Ipv6Addr::UNSPECIFIED, 0).into()
    } else {
        (std::net::Ipv4Addr::UNSPECIFIED, 0).into()
    };
    let socket = std::net::UdpSocket::bind(any).ok()?;
    socket.connect((peer, 9)).ok()?;
    socket.local_addr().ok().map(|address| address.ip())
}
