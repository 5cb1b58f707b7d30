//! The listener: HTTP/1.1 and HTTP/2 on one port, limits against slow and greedy clients, an orderly stop.

use std::future::Future;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use http::Request;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use crate::patience::{Impatient, Unread};

/// What the system buffers of an answer. It says that there is room again only when a third is: with the megabytes that
/// it takes by itself, a client that reads slowly would look like one that does not read.
const SEND_BUFFER: usize = 256 * 1024;

/// Limits of the listener.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Time for the head of a request to arrive, also between two requests of one connection.
    pub header_read: Duration,
    /// Most headers of a request.
    pub max_headers: usize,
    /// Most bytes of a request's head.
    pub max_head_bytes: u32,
    /// Most requests at a time on one HTTP/2 connection.
    pub max_streams: u32,
    /// Most open connections. Further ones wait, unanswered, until one of them is closed.
    pub max_connections: usize,
    /// Longest wait for the next bytes of a request's body, while somebody wants to read them.
    pub body_read: Duration,
    /// Longest wait of bytes of an answer for a client that takes none of them.
    pub write: Duration,
    /// Time that running requests get to finish when the server stops.
    pub drain: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            header_read: Duration::from_secs(30),
            max_headers: 100,
            max_head_bytes: 64 * 1024,
            max_streams: 128,
            max_connections: 1_024,
            body_read: Duration::from_secs(30),
            write: Duration::from_secs(60),
            drain: Duration::from_secs(10),
        }
    }
}

/// Serves until `shutdown` completes, then lets running requests finish for at most 10 s. Handlers find the
/// peer's address as `ConnectInfo<SocketAddr>`.
///
/// Who sends nothing, or takes nothing, is given up after a while ([`Limits`]). A handler may think, and a stream of
/// events may be silent, for as long as they like.
pub async fn serve(listener: TcpListener, router: Router, shutdown: impl Future<Output = ()>) {
    serve_with(Limits::default(), listener, router, shutdown).await;
}

/// [`serve`] with other limits.
pub async fn serve_with(
    limits: Limits,
    listener: TcpListener,
    router: Router,
    shutdown: impl Future<Output = ()>,
) {
    let builder = Arc::new(builder(limits));
    let graceful = GracefulShutdown::new();
    let close = CancellationToken::new();
    let room = Arc::new(Semaphore::new(limits.max_connections.min(Semaphore::MAX_PERMITS)));
    let mut was_full = false;
    let mut shutdown = pin!(shutdown);
    loop {
        let is_full = room.available_permits() == 0;
        if is_full && !was_full {
            tracing::warn!(connections = limits.max_connections, "further connections have to wait");
        }
        was_full = is_full;
        // Room first: who has to wait then does so in the system's queue, and costs us no file.
        let accepted = async {
            let place = room.clone().acquire_owned().await;
            (place, listener.accept().await)
        };
        let (place, stream, peer) = tokio::select! {
            () = &mut shutdown => break,
            (place, accepted) = accepted => match accepted {
                Ok((stream, peer)) => (place, stream, peer),
                Err(error) => {
                    // Mostly too many open files: give connections time to close instead of spinning.
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    continue;
                }
            },
        };
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, %peer, "no TCP_NODELAY");
        }
        if let Err(error) = socket2::SockRef::from(&stream).set_send_buffer_size(SEND_BUFFER) {
            tracing::debug!(%error, %peer, "no SO_SNDBUF");
        }
        let task = connection(
            builder.clone(),
            graceful.watcher(),
            close.clone(),
            limits,
            stream,
            peer,
            router.clone(),
        );
        tokio::spawn(async move {
            task.await;
            drop(place);
        });
    }
    drop(listener);
    if tokio::time::timeout(limits.drain, graceful.shutdown()).await.is_err() {
        tracing::warn!(seconds = limits.drain.as_secs(), "closing connections that did not finish in time");
    }
    close.cancel();
}

fn builder(limits: Limits) -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.header_read)
        .max_headers(limits.max_headers)
        .max_buf_size(limits.max_head_bytes as usize);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_header_list_size(limits.max_head_bytes)
        .max_concurrent_streams(limits.max_streams)
        .keep_alive_interval(limits.header_read)
        .keep_alive_timeout(limits.header_read);
    builder
}

async fn connection(
    builder: Arc<Builder<TokioExecutor>>,
    watcher: hyper_util::server::graceful::Watcher,
    close: CancellationToken,
    limits: Limits,
    stream: TcpStream,
    peer: SocketAddr,
    router: Router,
) {
    let started = Arc::new(AtomicBool::new(false));
    let seen = started.clone();
    let service = service_fn(move |mut request: Request<Incoming>| {
        seen.store(true, Ordering::Relaxed);
        request.extensions_mut().insert(ConnectInfo(peer));
        router.clone().oneshot(request.map(|body| Body::new(Impatient::new(body, limits.body_read))))
    });
    let stream = TokioIo::new(Unread::new(stream, limits.write));
    let serving = builder.serve_connection_with_upgrades(stream, service);
    let mut serving = pin!(watcher.watch(serving.into_owned()));
    // The header time-out starts after the protocol is recognised; a client that says nothing is closed here.
    let silent = async {
        tokio::time::sleep(limits.header_read).await;
        if started.load(Ordering::Relaxed) {
            std::future::pending::<()>().await;
        }
    };
    tokio::select! {
        served = &mut serving => if let Err(error) = served {
            tracing::debug!(%peer, error, "connection ended");
        },
        () = silent => tracing::debug!(%peer, "no request in time"),
        () = close.cancelled() => {}
    }
}
