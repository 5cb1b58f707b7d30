//! Ways to the other side: a socket and an address, or a connection.

use super::connect::Opened;
use crate::{
    guard::{Peer, Transport},
    registrar::FlowId,
};
use rsipstack::{
    sip::{self, SipMessage},
    transport::{SipAddr, SipConnection},
};
use std::{net::SocketAddr, sync::Arc};
use tokio::{net::UdpSocket, sync::mpsc};

/// What can be sent without the library.
#[derive(Clone, Debug)]
pub(super) enum Raw {
    Socket(Arc<UdpSocket>),
    Stream(mpsc::Sender<Vec<u8>>),
}

/// A way to the other side.
#[derive(Clone, Debug)]
pub(crate) struct Flow {
    pub(super) connection: SipConnection,
    pub(super) raw: Raw,
    /// Where the other side is, and how it is reached.
    pub(crate) peer: Peer,
    /// Our own address as the other side knows it.
    pub(crate) local: SocketAddr,
    /// Of a connection.
    pub(crate) id: Option<FlowId>,
    /// To which trunk we have opened it.
    pub(super) trunk: Option<Arc<Opened>>,
}

impl Flow {
    /// The library's name for this way.
    pub(crate) fn connection(&self) -> SipConnection {
        self.connection.clone()
    }

    /// The library's name for the other end.
    pub(crate) fn destination(&self) -> SipAddr {
        SipAddr { r#type: Some(transport(self.peer.transport)), addr: self.peer.address.into() }
    }

    /// Sends a message of the library's, without a transaction.
    pub(crate) async fn send(&self, message: SipMessage) {
        if let Err(error) = self.connection.send(message, Some(&self.destination())).await {
            tracing::debug!(%error, peer = %self.peer.address, "not sent");
        }
    }

    /// Sends bytes; for a datagram `to` says where to.
    pub(super) async fn send_bytes(&self, bytes: Vec<u8>, to: SocketAddr) {
        match &self.raw {
            Raw::Socket(socket) => {
                if let Err(error) = socket.send_to(&bytes, to).await {
                    tracing::debug!(%error, %to, "not sent");
                }
            }
            // Who does not read what it is told is told nothing more.
            Raw::Stream(stream) => drop(stream.try_send(bytes)),
        }
    }

    /// Whether messages can still be sent.
    pub(crate) fn is_open(&self) -> bool {
        match &self.raw {
            Raw::Socket(_) => true,
            Raw::Stream(stream) => !stream.is_closed(),
        }
    }

    /// The transport as it stands in a Via.
    pub(crate) fn via_name(&self) -> &'static str {
        match self.peer.transport {
            Transport::Udp => "UDP",
            Transport::Tcp => "TCP",
            Transport::Tls => "TLS",
            Transport::Ws => "WS",
            Transport::Wss => "WSS",
        }
    }

    /// Our Contact on this way (RFC 3261 §8.1.1.8).
    pub(crate) fn contact(&self) -> String {
        self.contact_of("touchline")
    }

    /// The same in the name of a user, whose name is escaped already.
    pub(crate) fn contact_of(&self, user: &str) -> String {
        let transport = match self.peer.transport {
            Transport::Udp => "",
            Transport::Tcp => ";transport=tcp",
            Transport::Tls => ";transport=tls",
            Transport::Ws | Transport::Wss => ";transport=ws",
        };
        format!("<sip:{user}@{}{transport}>", self.local)
    }

    /// Waits until a connection has closed; for ever where there is none.
    pub(crate) async fn closed(&self) {
        match &self.raw {
            Raw::Socket(_) => std::future::pending().await,
            Raw::Stream(stream) => stream.closed().await,
        }
    }

    /// The same socket to another address; over a connection nobody else can be reached.
    pub(crate) fn towards(&self, address: SocketAddr) -> Self {
        match self.raw {
            Raw::Socket(_) => Self { peer: Peer { address, ..self.peer }, ..self.clone() },
            Raw::Stream(_) => self.clone(),
        }
    }
}

/// The library's word for a transport.
pub(super) fn transport(transport: Transport) -> sip::Transport {
    match transport {
        Transport::Udp => sip::Transport::Udp,
        Transport::Tcp => sip::Transport::Tcp,
        Transport::Tls => sip::Transport::Tls,
        Transport::Ws => sip::Transport::Ws,
        Transport::Wss => sip::Transport::Wss,
    }
}
