//! The HTTP client of webhooks: one request on a connection of its own, to an address that was looked at.
//!
//! It stands on hyper rather than on a client with a pool, redirects, cookies and proxies, because what matters is to
//! know which address is spoken to: the name is looked up here, each address that comes back is checked here, and the
//! connection goes to one of these addresses and nowhere else. A name that resolves to another address a moment later
//! changes nothing, and no proxy of the environment is asked.

use super::{ANSWER_BYTES, Answer, Outgoing, Sender, WebhookSettings, is_public, refusal};
use crate::tls;
use bytes::Bytes;
use futures::future::BoxFuture;
use http_body_util::{BodyExt, Full};
use hyper::{Request, body::Incoming, client::conn::http1, header};
use hyper_util::rt::TokioIo;
use std::{io, net::SocketAddr, sync::Arc, time::Duration};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};
use tokio_rustls::{
    TlsConnector,
    rustls::{RootCertStore, pki_types::ServerName},
};
use url::{Host, Url};

/// How a name becomes addresses.
type Lookup = Arc<dyn Fn(String, u16) -> BoxFuture<'static, io::Result<Vec<SocketAddr>>> + Send + Sync>;

/// How we call ourselves.
const USER_AGENT: &str = concat!("Touchline-Webhooks/", env!("CARGO_PKG_VERSION"));

/// Sends over HTTPS, and over HTTP where private addresses are allowed.
pub struct HttpSender {
    allow_private: bool,
    timeout: Duration,
    tls: TlsConnector,
    lookup: Lookup,
}

impl std::fmt::Debug for HttpSender {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "HttpSender(allow_private: {})", self.allow_private)
    }
}

impl HttpSender {
    /// Trusts whom the operating system trusts, so that an operator's own authority needs no setting here. Fails when
    /// TLS cannot be set up.
    pub fn new(settings: &WebhookSettings) -> Result<Self, String> {
        Self::trusting(settings, tls::system_roots())
    }

    /// Trusts these authorities.
    pub fn trusting(settings: &WebhookSettings, roots: RootCertStore) -> Result<Self, String> {
        let lookup: Lookup = Arc::new(|host, port| {
            Box::pin(async move { Ok(tokio::net::lookup_host((host, port)).await?.collect()) })
        });
        let timeout = Duration::from_secs(settings.timeout_secs.max(1));
        Ok(Self { allow_private: settings.allow_private, timeout, tls: tls::connector(roots)?, lookup })
    }

    async fn connect(&self, host: &Host<String>, port: u16) -> Result<TcpStream, String> {
        let found = match host {
            Host::Ipv4(ip) => vec![SocketAddr::from((*ip, port))],
            Host::Ipv6(ip) => vec![SocketAddr::from((*ip, port))],
            Host::Domain(name) => {
                let found = (self.lookup)(name.clone(), port).await;
                found.map_err(|_| format!("the name `{name}` cannot be looked up"))?
            }
        };
        let allowed = |address: &SocketAddr| self.allow_private || is_public(address.ip());
        let callable: Vec<SocketAddr> = found.into_iter().filter(allowed).collect();
        if callable.is_empty() {
            return Err("it has no address on the public internet, and this server calls no other".to_owned());
        }
        let stream =
            TcpStream::connect(&callable[..]).await.map_err(|e| format!("no connection: {}", plain(&e)))?;
        // What was connected to is what counts.
        match stream.peer_addr() {
            Ok(peer) if allowed(&peer) => Ok(stream),
            _ => Err("the connection went elsewhere".to_owned()),
        }
    }

    async fn exchange(&self, it: &Outgoing) -> Result<Answer, String> {
        // The rules may have become stricter since the address was made.
        if let Some(reason) = refusal(&it.url, self.allow_private) {
            return Err(format!("the URL {reason}"));
        }
        let url = Url::parse(&it.url).map_err(|e| e.to_string())?;
        let host = url.host().ok_or("the URL names no host")?.to_owned();
        let port = url.port_or_known_default().ok_or("the URL names no port")?;
        let stream = self.connect(&host, port).await?;
        let request = request(&url, it)?;
        if url.scheme() == "http" {
            return ask(stream, request).await;
        }
        let name = match &host {
            Host::Domain(name) => ServerName::try_from(name.clone()).map_err(|e| e.to_string())?,
            Host::Ipv4(ip) => ServerName::IpAddress((*ip).into()),
            Host::Ipv6(ip) => ServerName::IpAddress((*ip).into()),
        };
        let stream =
            self.tls.connect(name, stream).await.map_err(|e| format!("no secure connection: {e}"))?;
        ask(stream, request).await
    }
}

impl Sender for HttpSender {
    fn send<'a>(&'a self, it: &'a Outgoing) -> BoxFuture<'a, Result<Answer, String>> {
        Box::pin(async move {
            match tokio::time::timeout(self.timeout, self.exchange(it)).await {
                Ok(answer) => answer,
                Err(_) => Err(format!("no answer within {} seconds", self.timeout.as_secs())),
            }
        })
    }
}

fn request(url: &Url, it: &Outgoing) -> Result<Request<Full<Bytes>>, String> {
    // Every part of a parsed URL is ASCII.
    let authority = &url[url::Position::BeforeHost..url::Position::AfterPort];
    let target = &url[url::Position::BeforePath..url::Position::AfterQuery];
    Request::post(target)
        .header(header::HOST, authority)
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::USER_AGENT, USER_AGENT)
        .header(header::CONNECTION, "close")
        .header("webhook-id", &it.id)
        .header("webhook-timestamp", it.timestamp)
        .header("webhook-signature", &it.signature)
        .body(Full::new(Bytes::copy_from_slice(it.body.as_bytes())))
        .map_err(|e| e.to_string())
}

async fn ask(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    request: Request<Full<Bytes>>,
) -> Result<Answer, String> {
    let failed = |e: hyper::Error| format!("the connection broke: {e}");
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(failed)?;
    let talk = async {
        let response = sender.send_request(request).await.map_err(failed)?;
        let (head, body) = response.into_parts();
        let after = head.headers.get(header::RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
        Ok(Answer { status: head.status.as_u16(), body: beginning(body).await, retry_after: after })
    };
    // The connection moves only while somebody looks at it. When it ends first, what has come is still to be read.
    tokio::pin!(talk, connection);
    tokio::select! {
        answer = &mut talk => answer,
        _ = &mut connection => talk.await,
    }
}

/// The first bytes of a body as text. A body that breaks off is what came until then: the status has decided already.
async fn beginning(mut body: Incoming) -> String {
    let mut read = Vec::new();
    while let Some(Ok(frame)) = body.frame().await {
        let Ok(data) = frame.into_data() else { continue };
        let room = ANSWER_BYTES - read.len();
        read.extend_from_slice(&data[..data.len().min(room)]);
        if read.len() == ANSWER_BYTES {
            break;
        }
    }
    // PostgreSQL keeps no NUL.
    String::from_utf8_lossy(&read).replace('\0', "\u{fffd}")
}

/// An error without the addresses that some systems write into it.
fn plain(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => "refused".to_owned(),
        io::ErrorKind::TimedOut => "timed out".to_owned(),
        kind => kind.to_string(),
    }
}

#[cfg(test)]
#[path = "client_tests.rs"]
mod tests;
