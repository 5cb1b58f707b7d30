//! Connections that we open: to trunks over TCP and TLS.

use super::{
    Flow,
    inlet::{Wire, lock},
    stream::in_time,
};
use crate::{
    guard::{Peer, Transport},
    locate::{Hop, Server},
    registrar::FlowId,
};
use std::{io, net::SocketAddr, sync::Arc, time::Duration};
use tokio::net::TcpStream;
use tokio_rustls::{
    TlsConnector,
    rustls::{ClientConfig, RootCertStore, crypto::ring, pki_types::ServerName},
};
use touchline_model::TenantId;

/// So long a connection may take to come about; then the next place is tried.
const CONNECT: Duration = Duration::from_secs(5);
/// So often we show that we are still there; routers forget silent connections (RFC 5626 §3.5.1).
const ALIVE: Duration = Duration::from_secs(60);

/// To which trunk a connection was opened, and where.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Opened {
    pub(crate) tenant: TenantId,
    pub(crate) name: String,
    /// As it stood in the plan.
    pub(crate) server: String,
    pub(crate) hop: Hop,
}

impl Wire {
    /// A way to a trunk: our socket for datagrams, or a connection, which is opened if there is none. `None` if it does
    /// not come about.
    pub(crate) async fn way_to(self: &Arc<Self>, to: &Arc<Opened>) -> Option<Flow> {
        let peer = Peer { address: to.hop.address, transport: to.hop.transport };
        if peer.transport == Transport::Udp {
            return self.flow(None, peer);
        }
        let open =
            lock(&self.flows).values().find(|it| it.trunk.as_ref() == Some(to) && it.is_open()).cloned();
        if open.is_some() {
            return open;
        }
        match tokio::time::timeout(CONNECT, self.connect(to, peer)).await {
            Ok(Ok(flow)) => Some(flow),
            Ok(Err(error)) => {
                tracing::warn!(trunk = %to.name, address = %peer.address, %error, "no connection");
                None
            }
            Err(_) => {
                tracing::warn!(trunk = %to.name, address = %peer.address, "no connection within {CONNECT:?}");
                None
            }
        }
    }

    /// The same way again, for a connection that has closed meanwhile.
    pub(crate) async fn reopened(self: &Arc<Self>, flow: &Flow) -> Option<Flow> {
        match &flow.trunk {
            _ if flow.is_open() => Some(flow.clone()),
            Some(to) => self.way_to(to).await,
            None => None,
        }
    }

    async fn connect(self: &Arc<Self>, to: &Arc<Opened>, peer: Peer) -> io::Result<Flow> {
        let stream = TcpStream::connect(peer.address).await?;
        let _delayed = stream.set_nodelay(true);
        let bound = stream.local_addr()?;
        // What we say of ourselves is where we listen, not where this one connection happens to begin (RFC 3261 §18.1.1).
        let listening =
            lock(&self.listening).iter().find(|(it, _)| *it == peer.transport).map(|(_, port)| *port);
        let ip = self.local(bound.ip(), peer.address.ip());
        let local = SocketAddr::new(ip, listening.unwrap_or(bound.port()));
        let flow = if peer.transport == Transport::Tls {
            let host = Server::read(&to.server).map(|it| it.host.to_owned()).unwrap_or_default();
            let name = ServerName::try_from(host).map_err(io::Error::other)?;
            let tls = TlsConnector::from(self.trunk_tls()?);
            let stream = in_time(tls.connect(name, stream)).await?;
            let connection = self.connection(peer, local, Some(to.clone())).await?;
            let flow = connection.flow.clone();
            self.serve(stream, connection);
            flow
        } else {
            let connection = self.connection(peer, local, Some(to.clone())).await?;
            let flow = connection.flow.clone();
            self.serve(stream, connection);
            flow
        };
        let alive = flow.clone();
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(ALIVE).await;
                if !alive.is_open() {
                    return;
                }
                alive.send_bytes(b"\r\n\r\n".to_vec(), alive.peer.address).await;
            }
        });
        Ok(flow)
    }

    /// The trunk to which we have opened this connection, if it is still in the plan as it was: whoever speaks there is
    /// the one whom we have chosen, and over TLS has proved it.
    pub(super) fn trunk_of(&self, id: Option<FlowId>) -> Option<(TenantId, String)> {
        let to = lock(&self.flows).get(&id?)?.trunk.clone()?;
        let same = |(tenant, trunk): &(TenantId, touchline_live::numbers::Trunk)| {
            *tenant == to.tenant && trunk.name == to.name && trunk.server == to.server
        };
        self.rules.exchange.trunks().iter().any(same).then(|| (to.tenant.clone(), to.name.clone()))
    }

    /// Whom we believe that it is a trunk: whom this machine's operator believes, unless it was said otherwise.
    fn trunk_tls(&self) -> io::Result<Arc<ClientConfig>> {
        if let Some(known) = self.rules.trunk_tls.as_ref().or_else(|| self.native_tls.get()) {
            return Ok(known.clone());
        }
        let mut roots = RootCertStore::empty();
        let found = rustls_native_certs::load_native_certs();
        let (_added, _ignored) = roots.add_parsable_certificates(found.certs);
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(io::Error::other)?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(self.native_tls.get_or_init(|| Arc::new(config)).clone())
    }
}
