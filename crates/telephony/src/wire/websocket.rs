//! SIP over WebSocket (RFC 7118): the telephones of browsers. One message of SIP is one message of WebSocket.

use super::{
    inlet::Wire,
    stream::{Connection, PATIENCE, in_time},
};
use crate::guard::{
    Peer,
    framer::{PATIENCE_SECS, PONG},
};
use futures::{
    SinkExt, StreamExt,
    stream::{SplitSink, SplitStream},
};
use rsipstack::transport::TransportEvent;
use std::{
    io,
    net::SocketAddr,
    pin::Pin,
    sync::{
        Arc, Weak,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    sync::mpsc,
    time::Instant,
};
use tokio_tungstenite::{
    WebSocketStream, accept_hdr_async_with_config,
    tungstenite::{
        Message,
        handshake::server::{ErrorResponse, Request, Response},
        http::{HeaderValue, StatusCode, header},
        protocol::WebSocketConfig,
    },
};

/// The name of the protocol (RFC 7118 §4).
const SIP: &str = "sip";
/// So often we ask whether anybody is there; browsers cannot, and routers forget a silent connection within minutes.
const PING: Duration = Duration::from_secs(30);
/// Nothing has come for so long, not even an answer to our questions.
const SILENT: Duration = Duration::from_secs(600);

/// Whose pages may connect. A page cannot lie about its origin, and other programs name none.
#[derive(Clone, Debug, Default)]
pub(crate) struct Origins(pub(crate) Vec<String>);

impl Origins {
    /// Who names no origin is no page. Pages from this host may connect, on whatever port they are served; others only if
    /// they are listed. No page of anybody's shall make its visitors' browsers try passwords here (RFC 6455 §10.2).
    fn admit(&self, origin: Option<&str>, host: Option<&str>) -> bool {
        let Some(origin) = origin else { return true };
        let listed = |it: &String| it == "*" || it.trim_end_matches('/').eq_ignore_ascii_case(origin);
        let page = origin.split_once("://").map(|(_, rest)| name(rest));
        self.0.iter().any(listed)
            || page.zip(host.map(name)).is_some_and(|(page, host)| page.eq_ignore_ascii_case(host))
    }
}

/// A host without its port.
fn name(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    }
}

#[expect(clippy::result_large_err, reason = "the library wants it so")]
fn shake(origins: &Origins, request: &Request, mut response: Response) -> Result<Response, ErrorResponse> {
    let refuse = |status: StatusCode, why: &str| {
        let mut refusal = ErrorResponse::new(Some(why.to_owned()));
        *refusal.status_mut() = status;
        Err(refusal)
    };
    let field = |name| request.headers().get(name).and_then(|it: &HeaderValue| it.to_str().ok());
    if request.headers().contains_key(header::ORIGIN) && field(header::ORIGIN).is_none()
        || !origins.admit(field(header::ORIGIN), field(header::HOST))
    {
        return refuse(StatusCode::FORBIDDEN, "pages from there may not connect\n");
    }
    let offered = request.headers().get_all(header::SEC_WEBSOCKET_PROTOCOL).iter();
    let mut offered = offered.filter_map(|it| it.to_str().ok()).flat_map(|it| it.split(','));
    if !offered.any(|it| it.trim().eq_ignore_ascii_case(SIP)) {
        return refuse(StatusCode::BAD_REQUEST, "the protocol spoken here is `sip` (RFC 7118)\n");
    }
    response.headers_mut().insert(header::SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(SIP));
    Ok(response)
}

impl Wire {
    #[expect(clippy::result_large_err, reason = "the library wants it so")]
    /// Shakes hands, and reads and writes the connection from then on.
    pub(super) async fn serve_web<S>(
        self: &Arc<Self>,
        stream: S,
        origins: &Origins,
        peer: Peer,
        local: SocketAddr,
    ) -> io::Result<()>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let longest = self.rules.guard.max_message;
        // Each connection keeps its buffers while it is silent.
        let config = WebSocketConfig::default()
            .max_message_size(Some(longest))
            .max_frame_size(Some(longest))
            .read_buffer_size(4_096)
            .write_buffer_size(0)
            .max_write_buffer_size(4 * longest.max(1));
        let (origins, arrived) = (origins.clone(), Arc::new(AtomicU64::new(0)));
        let counted = Counted { inner: stream, arrived: arrived.clone() };
        let shaken = accept_hdr_async_with_config(
            counted,
            move |request: &Request, response| shake(&origins, request, response),
            Some(config),
        );
        let web = in_time(async { shaken.await.map_err(io::Error::other) }).await?;
        let Connection { flow, messages, bytes, end } = self.connection(peer, local, None).await?;
        let (write, read) = web.split();
        let writer = tokio::spawn(write_all(write, messages, bytes));
        let wire = Arc::downgrade(self);
        tokio::spawn(async move {
            read_all(read, &wire, &flow, &arrived).await;
            writer.abort();
            end(&wire);
        });
        Ok(())
    }
}

/// What is sent over a connection: as text where it is, for scripts like that better.
fn packed(bytes: Vec<u8>) -> Message {
    match String::from_utf8(bytes) {
        Ok(text) => Message::Text(text.into()),
        Err(error) => Message::Binary(error.into_bytes().into()),
    }
}

async fn write_all<S: AsyncRead + AsyncWrite + Unpin>(
    mut write: SplitSink<WebSocketStream<S>, Message>,
    mut messages: mpsc::Receiver<TransportEvent>,
    mut bytes: mpsc::Receiver<Vec<u8>>,
) {
    let mut ping = tokio::time::interval_at(Instant::now() + PING, PING);
    loop {
        let next = tokio::select! {
            Some(event) = messages.recv() => match event {
                TransportEvent::Incoming(message, ..) => packed(message.to_bytes()),
                TransportEvent::New(_) | TransportEvent::Closed(_) => continue,
            },
            Some(bytes) = bytes.recv() => packed(bytes),
            _ = ping.tick() => Message::Ping(Vec::new().into()),
            else => return,
        };
        match tokio::time::timeout(PATIENCE, write.send(next)).await {
            Ok(Ok(())) => {}
            _ => return,
        }
    }
}

async fn read_all<S: AsyncRead + AsyncWrite + Unpin>(
    mut read: SplitStream<WebSocketStream<S>>,
    wire: &Weak<Wire>,
    flow: &super::Flow,
    arrived: &AtomicU64,
) {
    let patience = Duration::from_secs(PATIENCE_SECS.unsigned_abs());
    let (mut whole, mut begun, mut quiet) = (arrived.load(Ordering::Relaxed), false, Duration::ZERO);
    loop {
        let message = match tokio::time::timeout(patience, read.next()).await {
            Ok(Some(Ok(message))) => message,
            Ok(_) => return,
            // A message that has begun must come to its end in time, or many slow senders would keep many buffers.
            Err(_) if arrived.load(Ordering::Relaxed) != whole => {
                if std::mem::replace(&mut begun, true) {
                    return;
                }
                continue;
            }
            Err(_) => {
                quiet += patience;
                if quiet > SILENT {
                    return;
                }
                continue;
            }
        };
        (whole, begun, quiet) = (arrived.load(Ordering::Relaxed), false, Duration::ZERO);
        let Some(wire) = wire.upgrade() else { return };
        let bytes = match &message {
            Message::Text(text) => text.as_bytes(),
            Message::Binary(bytes) => bytes.as_ref(),
            Message::Close(_) => return,
            Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => continue,
        };
        match bytes {
            // RFC 5626 §3.5.1.
            b"\r\n\r\n" => flow.send_bytes(PONG.to_vec(), flow.peer.address).await,
            message => wire.receive(message, flow.peer, || flow.clone()).await,
        }
    }
}

/// Counts what arrives, so that a message that never ends is noticed.
struct Counted<S> {
    inner: S,
    arrived: Arc<AtomicU64>,
}

impl<S: AsyncRead + Unpin> AsyncRead for Counted<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let polled = Pin::new(&mut self.inner).poll_read(context, buffer);
        let more = buffer.filled().len().saturating_sub(before);
        self.arrived.fetch_add(more as u64, Ordering::Relaxed);
        polled
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Counted<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::Origins;

    #[test]
    fn pages_of_this_host_and_listed_ones_may_connect() {
        let none = Origins::default();
        let listed = Origins(vec!["https://phone.example/".into()]);
        for (origin, host, own, with_list) in [
            (None, Some("pbx.example:8089"), true, true),
            (Some("https://pbx.example"), Some("pbx.example:8089"), true, true),
            (Some("http://PBX.example:8080"), Some("pbx.example"), true, true),
            (Some("https://[2001:db8::1]"), Some("[2001:db8::1]:8089"), true, true),
            (Some("https://[2001:db8::1]"), Some("[2001:db8::2]:8089"), false, false),
            (Some("https://phone.example"), Some("pbx.example:8089"), false, true),
            (Some("https://phone.example:444"), Some("pbx.example:8089"), false, false),
            (Some("https://pbx.example.evil.example"), Some("pbx.example:8089"), false, false),
            (Some("null"), Some("pbx.example:8089"), false, false),
            (Some("https://pbx.example"), None, false, false),
        ] {
            assert_eq!(none.admit(origin, host), own, "{origin:?}");
            assert_eq!(listed.admit(origin, host), with_list, "{origin:?}");
        }
        assert!(Origins(vec!["*".into()]).admit(Some("null"), None));
    }
}
