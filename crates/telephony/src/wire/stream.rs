//! Connections: TCP, and TLS over it. What browsers put into them is in [`super::websocket`].

use super::{
    Flow,
    connect::Opened,
    flow::Raw,
    inlet::{Wire, lock},
    websocket::Origins,
};
use crate::{
    guard::{
        Peer, Transport,
        framer::{Frame, Framer, PONG},
    },
    registrar::FlowId,
};
use rsipstack::transport::{SipAddr, SipConnection, TransportEvent, channel::ChannelConnection};
use std::{
    io,
    net::SocketAddr,
    sync::{Arc, Weak, atomic::Ordering},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::mpsc,
};
use tokio_rustls::{TlsAcceptor, rustls::ServerConfig};

/// Messages that wait for a peer who does not read.
const WAITING: usize = 64;
/// A connection on which nothing comes for so long is closed; telephones send keep-alives or register every few minutes.
const IDLE: Duration = Duration::from_secs(3700);
/// So long a handshake or a single write may take.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);
/// Connections from all the world together.
const MOST: usize = 10_000;

/// What is spoken over connections to an address.
#[derive(Clone)]
pub(crate) enum Speaks {
    /// SIP over TCP; over TLS if there is a certificate.
    Sip(Option<Arc<ServerConfig>>),
    /// SIP over WebSocket. If there is a certificate, encrypted as well: whoever begins with a TLS handshake means that.
    Web(Origins, Option<Arc<ServerConfig>>),
}

/// To be called when a connection has closed.
pub(super) type End = Box<dyn FnOnce(&Weak<Wire>) + Send>;

/// A connection that is open from now on.
pub(super) struct Connection {
    pub(super) flow: Flow,
    /// What the library sends.
    pub(super) messages: mpsc::Receiver<TransportEvent>,
    /// What is sent without it.
    pub(super) bytes: mpsc::Receiver<Vec<u8>>,
    pub(super) end: End,
}

impl Wire {
    /// Listens for connections.
    ///
    /// # Errors
    /// The address cannot be had.
    pub(crate) async fn listen_tcp(
        self: &Arc<Self>,
        address: SocketAddr,
        speaks: Speaks,
    ) -> io::Result<SocketAddr> {
        let listener = TcpListener::bind(address).await?;
        let local = listener.local_addr()?;
        if let Speaks::Sip(tls) = &speaks {
            let transport = if tls.is_some() { Transport::Tls } else { Transport::Tcp };
            lock(&self.listening).push((transport, local.port()));
        }
        let wire = Arc::downgrade(self);
        tokio::spawn(async move {
            loop {
                let Ok((stream, peer)) = listener.accept().await else {
                    // No more descriptors; some will come back.
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    continue;
                };
                let Some(wire) = wire.upgrade() else { return };
                if lock(&wire.flows).len() >= MOST {
                    continue;
                }
                let speaks = speaks.clone();
                tokio::spawn(async move {
                    if let Err(error) = wire.accepted(stream, peer, local.port(), speaks).await {
                        tracing::debug!(%error, %peer, "no connection came of it");
                    }
                });
            }
        });
        Ok(local)
    }

    async fn accepted(
        self: Arc<Self>,
        stream: TcpStream,
        address: SocketAddr,
        port: u16,
        speaks: Speaks,
    ) -> io::Result<()> {
        let _delayed = stream.set_nodelay(true);
        let local = SocketAddr::new(self.local(stream.local_addr()?.ip(), address.ip()), port);
        let peer = |transport| Peer { address, transport };
        match speaks {
            Speaks::Sip(None) => {
                self.serve(stream, self.connection(peer(Transport::Tcp), local, None).await?)
            }
            Speaks::Sip(Some(tls)) => {
                let stream = in_time(TlsAcceptor::from(tls).accept(stream)).await?;
                self.serve(stream, self.connection(peer(Transport::Tls), local, None).await?);
            }
            Speaks::Web(origins, Some(tls)) if in_time(begins_tls(&stream)).await? => {
                let stream = in_time(TlsAcceptor::from(tls).accept(stream)).await?;
                self.serve_web(stream, &origins, peer(Transport::Wss), local).await?;
            }
            Speaks::Web(origins, _) => self.serve_web(stream, &origins, peer(Transport::Ws), local).await?,
        }
        Ok(())
    }

    /// A connection begins: from now on it can be found by its number.
    pub(super) async fn connection(
        &self,
        peer: Peer,
        local: SocketAddr,
        trunk: Option<Arc<Opened>>,
    ) -> io::Result<Connection> {
        let id = FlowId(self.last_flow.fetch_add(1, Ordering::Relaxed) + 1);
        let (_never, nothing) = mpsc::unbounded_channel();
        let (to_write, messages) = mpsc::channel(WAITING);
        let (raw, bytes) = mpsc::channel(WAITING);
        let address = SipAddr::from(peer.address);
        let channel = ChannelConnection::create_connection_bounded(nothing, to_write, address, None)
            .await
            .map_err(io::Error::other)?;
        let connection = SipConnection::Channel(channel);
        let flow = Flow { connection, raw: Raw::Stream(raw), peer, local, id: Some(id), trunk };
        lock(&self.flows).insert(id, flow.clone());
        let end = Box::new(move |wire: &Weak<Self>| {
            if let Some(wire) = wire.upgrade() {
                lock(&wire.flows).remove(&id);
                (wire.rules.closed)(id);
            }
        });
        Ok(Connection { flow, messages, bytes, end })
    }

    /// Reads and writes a connection from now on.
    pub(super) fn serve<S>(self: &Arc<Self>, stream: S, connection: Connection)
    where
        S: AsyncRead + AsyncWrite + Send + 'static,
    {
        let Connection { flow, messages, bytes, end } = connection;
        let (read, write) = tokio::io::split(stream);
        let writer = tokio::spawn(write_all(write, messages, bytes));
        let wire = Arc::downgrade(self);
        tokio::spawn(async move {
            read_all(read, &wire, &flow).await;
            writer.abort();
            end(&wire);
        });
    }
}

/// A handshake must not take for ever.
pub(super) async fn in_time<T>(step: impl Future<Output = io::Result<T>>) -> io::Result<T> {
    tokio::time::timeout(PATIENCE, step).await?
}

/// Whether the other side begins with a handshake of TLS: its first byte says so (RFC 8446 §5.1), and no request of HTTP
/// begins with that one.
async fn begins_tls(stream: &TcpStream) -> io::Result<bool> {
    let mut first = [0];
    stream.peek(&mut first).await?;
    Ok(first == [0x16])
}

async fn write_all<W: AsyncWrite + Unpin>(
    mut write: W,
    mut messages: mpsc::Receiver<TransportEvent>,
    mut bytes: mpsc::Receiver<Vec<u8>>,
) {
    loop {
        let next = tokio::select! {
            Some(event) = messages.recv() => match event {
                TransportEvent::Incoming(message, ..) => message.to_bytes(),
                TransportEvent::New(_) | TransportEvent::Closed(_) => continue,
            },
            Some(bytes) = bytes.recv() => bytes,
            else => return,
        };
        let written = async {
            write.write_all(&next).await?;
            write.flush().await
        };
        match tokio::time::timeout(PATIENCE, written).await {
            Ok(Ok(())) => {}
            _ => return,
        }
    }
}

async fn read_all<R: AsyncRead + Unpin>(mut read: R, wire: &Weak<Wire>, flow: &Flow) {
    let mut bytes = vec![0; 16 * 1024];
    let Some(mut framer) = wire.upgrade().map(|wire| Framer::new(&wire.rules.guard)) else { return };
    loop {
        // A message that has begun must come to its end in time, or many slow senders would keep many buffers.
        let patience = if framer.deadline().is_some() {
            Duration::from_secs(crate::guard::framer::PATIENCE_SECS.unsigned_abs())
        } else {
            IDLE
        };
        let length = match tokio::time::timeout(patience, read.read(&mut bytes)).await {
            Ok(Ok(length)) if length > 0 => length,
            _ => return,
        };
        let Some(wire) = wire.upgrade() else { return };
        let now = wire.rules.clock.now();
        if framer.deadline().is_some_and(|deadline| deadline < now) {
            return;
        }
        for frame in framer.feed(bytes.get(..length).unwrap_or_default(), now) {
            match frame {
                Frame::Message(message) => wire.receive(&message, flow.peer, || flow.clone()).await,
                Frame::Ping => flow.send_bytes(PONG.to_vec(), flow.peer.address).await,
                Frame::Broken(rest) => {
                    wire.receive(&rest, flow.peer, || flow.clone()).await;
                    return;
                }
            }
        }
    }
}
