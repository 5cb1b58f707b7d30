//! The listener over real sockets.
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests are tests")]

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::ConnectInfo;
use axum::routing::get;
use futures::stream;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use touchline_http::{JSON, Limits, serve_with, stream_array};

fn router() -> Router {
    Router::new()
        .route("/peer", get(async |ConnectInfo(peer): ConnectInfo<SocketAddr>| peer.to_string()))
        .route(
            "/slow",
            get(async || {
                tokio::time::sleep(Duration::from_millis(300)).await;
                "slow"
            }),
        )
        .route("/stuck", get(std::future::pending::<()>))
        .route(
            "/broken",
            get(async || {
                let rows = [Ok((0..20_000_u32).collect()), Err("disk gone")];
                stream_array(JSON, stream::iter(rows)).await
            }),
        )
}

async fn start(limits: Limits) -> (SocketAddr, oneshot::Sender<()>, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let task = tokio::spawn(serve_with(limits, listener, router(), async {
        stopped.await.ok();
    }));
    (address, stop, task)
}

async fn send(address: SocketAddr, text: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(text.as_bytes()).await.unwrap();
    stream
}

/// Everything until the server closes; a reset counts as a close.
async fn receive(mut stream: TcpStream) -> String {
    let mut bytes = Vec::new();
    let read = tokio::time::timeout(Duration::from_secs(10), stream.read_to_end(&mut bytes)).await;
    assert!(read.is_ok(), "the server did not close the connection");
    String::from_utf8_lossy(&bytes).into_owned()
}

fn quick() -> Limits {
    Limits { header_read: Duration::from_millis(300), drain: Duration::from_millis(600), ..Limits::default() }
}

#[tokio::test]
async fn handlers_know_the_peer() {
    let (address, _stop, _task) = start(Limits::default()).await;
    let stream = send(address, "GET /peer HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await;
    let local = stream.local_addr().unwrap().to_string();
    let answer = receive(stream).await;
    assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with(&local), "{answer}");
}

#[tokio::test]
async fn http2_without_upgrade() {
    let (address, _stop, _task) = start(Limits::default()).await;
    let stream = TcpStream::connect(address).await.unwrap();
    let (mut client, connection) = hyper::client::conn::http2::handshake::<_, _, axum::body::Body>(
        hyper_util::rt::TokioExecutor::new(),
        hyper_util::rt::TokioIo::new(stream),
    )
    .await
    .unwrap();
    tokio::spawn(connection);
    let request = http::Request::get("http://x/slow").body(axum::body::Body::empty()).unwrap();
    let response = client.send_request(request).await.unwrap();
    assert_eq!((response.status().as_u16(), response.version()), (200, http::Version::HTTP_2));
}

#[tokio::test]
async fn a_broken_stream_is_never_a_complete_answer() {
    let (address, _stop, _task) = start(Limits::default()).await;
    let answer = receive(send(address, "GET /broken HTTP/1.1\r\nhost: x\r\n\r\n").await).await;
    assert!(
        answer.starts_with("HTTP/1.1 200") && answer.contains("transfer-encoding: chunked"),
        "{answer:.200}"
    );
    assert!(answer.len() > 40_000, "{}", answer.len());
    assert!(!answer.ends_with("0\r\n\r\n"), "the last chunk would make it complete");
}

#[tokio::test]
async fn silent_and_slow_clients_are_closed() {
    let (address, _stop, _task) = start(quick()).await;
    for text in
        ["", "P", "PRI * HTTP", "GET /peer HTTP/1.1\r\nhost:", "GET /peer HTTP/1.1\r\nhost: x\r\n\r\n"]
    {
        let started = Instant::now();
        receive(send(address, text).await).await;
        assert!(started.elapsed() < Duration::from_secs(5), "{text:?} took {:?}", started.elapsed());
    }
}

#[tokio::test]
async fn too_many_or_too_large_headers_are_refused() {
    let (address, _stop, _task) = start(Limits::default()).await;
    let many = "a: b\r\n".repeat(150);
    let answer = receive(send(address, &format!("GET /peer HTTP/1.1\r\n{many}\r\n")).await).await;
    assert!(answer.starts_with("HTTP/1.1 431"), "{answer}");
    let answer =
        receive(send(address, &format!("GET /peer HTTP/1.1\r\na: {}\r\n\r\n", "x".repeat(70_000))).await)
            .await;
    assert!(answer.starts_with("HTTP/1.1 431") || answer.is_empty(), "{answer}");
}

#[tokio::test]
async fn a_stop_lets_running_requests_finish() {
    let (address, stop, task) = start(quick()).await;
    let stream = send(address, "GET /slow HTTP/1.1\r\nhost: x\r\n\r\n").await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    stop.send(()).unwrap();
    assert!(receive(stream).await.ends_with("slow"));
    task.await.unwrap();
    assert!(TcpStream::connect(address).await.is_err(), "nobody listens any more");
}

#[tokio::test]
async fn a_stop_does_not_wait_for_ever() {
    let (address, stop, task) = start(quick()).await;
    let stream = send(address, "GET /stuck HTTP/1.1\r\nhost: x\r\n\r\n").await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    let started = Instant::now();
    stop.send(()).unwrap();
    task.await.unwrap();
    let waited = started.elapsed();
    assert!(waited >= Duration::from_millis(500) && waited < Duration::from_secs(5), "{waited:?}");
    assert_eq!(receive(stream).await, "");
}
