//! Datagrams.

use super::{
    Flow,
    flow::Raw,
    inlet::{Wire, lock},
};
use crate::guard::{Peer, Transport};
use rsipstack::transport::{SipConnection, udp::UdpConnection};
use std::{io, net::SocketAddr, sync::Arc};
use tokio::net::UdpSocket;

/// What the system keeps for us while we look at something else, in bytes: registrations of a large office come at once.
const KEPT: usize = 4 << 20;
/// A datagram cannot be longer.
const LONGEST: usize = 65_535;

impl Wire {
    /// Listens for datagrams; gives the address, in which a port of 0 has become a real one.
    ///
    /// # Errors
    /// The address cannot be had.
    pub(crate) async fn listen_udp(self: &Arc<Self>, address: SocketAddr) -> io::Result<SocketAddr> {
        let family = if address.is_ipv6() { socket2::Domain::IPV6 } else { socket2::Domain::IPV4 };
        let socket = socket2::Socket::new(family, socket2::Type::DGRAM, None)?;
        if address.is_ipv6() {
            socket.set_only_v6(true)?;
        }
        // As much of it as the system allows.
        let _less = socket.set_recv_buffer_size(KEPT);
        socket.set_nonblocking(true)?;
        socket.bind(&address.into())?;
        let socket = Arc::new(UdpSocket::from_std(socket.into())?);
        let local = socket.local_addr()?;
        let library =
            UdpConnection::from_socket(socket.clone(), None, None).await.map_err(io::Error::other)?;
        let peer = Peer { address: local, transport: Transport::Udp };
        let connection = SipConnection::Udp(library);
        let template =
            Flow { connection, raw: Raw::Socket(socket.clone()), peer, local, id: None, trunk: None };
        lock(&self.sockets).push(template.clone());
        let wire = Arc::downgrade(self);
        tokio::spawn(async move {
            let mut bytes = vec![0; LONGEST];
            loop {
                let (length, from) = match socket.recv_from(&mut bytes).await {
                    Ok(came) => came,
                    Err(error) => {
                        // Told by ICMP about something that was sent before.
                        tracing::trace!(%error, "no datagram");
                        tokio::task::yield_now().await;
                        continue;
                    }
                };
                let Some(wire) = wire.upgrade() else { return };
                let peer = Peer { address: from, transport: Transport::Udp };
                let way_back = || {
                    let mut flow = template.towards(from);
                    flow.local.set_ip(wire.local(local.ip(), from.ip()));
                    flow
                };
                wire.receive(bytes.get(..length).unwrap_or_default(), peer, way_back).await;
            }
        });
        Ok(local)
    }
}
