//! Connections: TCP, and TLS over it.

use super::{
    Flow,
    flow::Raw,
    inlet::{Wire, lock},
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
const PATIENCE: Duration = Duration::from_secs(10);
/// Connections from all the world together.
const MOST: usize = 10_000;

impl Wire {
    /// Listens for connections, encrypted ones if a configuration is given.
    ///
    /// # Errors
    /// The address cannot be had.
    pub(crate) async fn listen_tcp(
        self: &Arc<Self>,
        address: SocketAddr,
        tls: Option<Arc<ServerConfig>>,
    ) -> io::Result<SocketAddr> {
        let listener = TcpListener::bind(address).await?;
        let local = listener.local_addr()?;
        let acceptor = tls.map(TlsAcceptor::from);
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
                let acceptor = acceptor.clone();
                tokio::spawn(async move { wire.accepted(stream, peer, local.port(), acceptor).await });
            }
        });
        Ok(local)
    }

    async fn accepted(
        self: Arc<Self>,
        stream: TcpStream,
        peer: SocketAddr,
        port: u16,
        acceptor: Option<TlsAcceptor>,
    ) {
        let _delayed = stream.set_nodelay(true);
        let Ok(bound) = stream.local_addr() else { return };
        let local = SocketAddr::new(self.local(bound.ip(), peer.ip()), port);
        let served = match acceptor {
            None => self.serve(stream, Peer { address: peer, transport: Transport::Tcp }, local).await,
            Some(acceptor) => match tokio::time::timeout(PATIENCE, acceptor.accept(stream)).await {
                Ok(Ok(stream)) => {
                    self.serve(stream, Peer { address: peer, transport: Transport::Tls }, local).await
                }
                Ok(Err(error)) => Err(error),
                Err(elapsed) => Err(elapsed.into()),
            },
        };
        if let Err(error) = served {
            tracing::debug!(%error, %peer, "no connection came of it");
        }
    }

    /// Reads and writes a connection from now on.
    async fn serve<S>(self: &Arc<Self>, stream: S, peer: Peer, local: SocketAddr) -> io::Result<()>
    where
        S: AsyncRead + AsyncWrite + Send + 'static,
    {
        let id = FlowId(self.last_flow.fetch_add(1, Ordering::Relaxed) + 1);
        let (_never, nothing) = mpsc::unbounded_channel();
        let (to_write, messages) = mpsc::channel(WAITING);
        let (raw, bytes) = mpsc::channel(WAITING);
        let address = SipAddr::from(peer.address);
        let channel = ChannelConnection::create_connection_bounded(nothing, to_write, address, None)
            .await
            .map_err(io::Error::other)?;
        let connection = SipConnection::Channel(channel);
        let flow = Flow { connection, raw: Raw::Stream(raw), peer, local, id: Some(id) };
        lock(&self.flows).insert(id, flow.clone());
        let (read, write) = tokio::io::split(stream);
        let writer = tokio::spawn(write_all(write, messages, bytes));
        let (wire, shared) = (Arc::downgrade(self), flow.clone());
        tokio::spawn(async move {
            read_all(read, &wire, &shared).await;
            writer.abort();
            if let Some(wire) = wire.upgrade() {
                lock(&wire.flows).remove(&id);
                (wire.rules.closed)(id);
            }
        });
        Ok(())
    }
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
