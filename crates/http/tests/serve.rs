//! The listener over real sockets.
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests are tests")]

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::routing::{get, post};
use futures::{StreamExt, stream};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use touchline_http::{JSON, Limits, serve_with, stream_array};

/// Told when the body of an answer is dropped.
type Gone = std::sync::Arc<tokio::sync::Notify>;

struct Endless(Gone);
impl Drop for Endless {
    fn drop(&mut self) {
        self.0.notify_one();
    }
}

fn router() -> Router {
    router_with(Gone::default())
}

fn router_with(gone: Gone) -> Router {
    let endless = async move || {
        let kept = Endless(gone.clone());
        Body::from_stream(stream::repeat_with(move || {
            let _ = &kept;
            Ok::<_, std::convert::Infallible>(vec![b'x'; 50_000])
        }))
    };
    Router::new()
        .route("/endless", get(endless))
        .route(
            "/events",
            get(async || {
                // Silent for long, then one event.
                let late = stream::once(async {
                    tokio::time::sleep(Duration::from_millis(1_500)).await;
                    Ok::<_, std::convert::Infallible>("data: at last\n\n")
                });
                Body::from_stream(stream::iter([Ok("data: begin\n\n")]).chain(late))
            }),
        )
        .route(
            "/length",
            post(async |body: Body| match axum::body::to_bytes(body, usize::MAX).await {
                Ok(bytes) => format!("got {}", bytes.len()),
                Err(error) => format!("broke off: {error}"),
            }),
        )
        .route(
            "/thinks",
            post(async |body: Body| {
                let mut parts = body.into_data_stream();
                let first = parts.next().await.unwrap().unwrap().len();
                tokio::time::sleep(Duration::from_millis(900)).await;
                let rest = parts.fold(0, async |sum, part| sum + part.unwrap().len()).await;
                format!("got {first} and {rest}")
            }),
        )
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
    start_with(limits, router()).await
}

async fn start_with(limits: Limits, router: Router) -> (SocketAddr, oneshot::Sender<()>, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let task = tokio::spawn(serve_with(limits, listener, router, async {
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

#[tokio::test]
async fn connections_beyond_the_limit_wait_for_a_place() {
    let (address, _stop, _task) = start(Limits { max_connections: 2, ..Limits::default() }).await;
    let first = send(address, "GET /stuck HTTP/1.1\r\nhost: x\r\n\r\n").await;
    let _second = send(address, "GET /stuck HTTP/1.1\r\nhost: x\r\n\r\n").await;
    let mut third = send(address, "GET /slow HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await;
    let mut byte = [0];
    let early = tokio::time::timeout(Duration::from_millis(700), third.read(&mut byte)).await;
    assert!(early.is_err(), "there was a third place");
    drop(first);
    assert!(receive(third).await.ends_with("slow"), "a place that is free again is taken");
    // Many who come and go leave no place taken.
    for _ in 0..20 {
        let stream = send(address, "GET /peer HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await;
        assert!(receive(stream).await.starts_with("HTTP/1.1 200"));
    }
}

#[tokio::test]
async fn a_stop_does_not_wait_for_a_place() {
    let (address, stop, task) = start(Limits { max_connections: 1, ..quick() }).await;
    let _stuck = send(address, "GET /stuck HTTP/1.1\r\nhost: x\r\n\r\n").await;
    let waiting = send(address, "GET /peer HTTP/1.1\r\nhost: x\r\n\r\n").await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    stop.send(()).unwrap();
    tokio::time::timeout(Duration::from_secs(5), task).await.unwrap().unwrap();
    assert_eq!(receive(waiting).await, "");
}

fn post_head(path: &str, length: usize) -> String {
    format!("POST {path} HTTP/1.1\r\nhost: x\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n")
}

fn impatient() -> Limits {
    let wait = Duration::from_millis(500);
    Limits { body_read: wait, write: wait, ..Limits::default() }
}

#[tokio::test]
async fn a_body_that_stops_is_given_up() {
    let (address, _stop, _task) = start(impatient()).await;
    for (head, begun) in [
        (post_head("/length", 10), "12345"),
        (post_head("/length", 10), ""),
        ("POST /length HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n".to_owned(), "3\r\nab"),
    ] {
        let started = Instant::now();
        let answer = receive(send(address, &format!("{head}{begun}")).await).await;
        assert!(answer.contains("broke off: "), "{answer}");
        let waited = started.elapsed();
        assert!(waited >= Duration::from_millis(450) && waited < Duration::from_secs(5), "{waited:?}");
    }
}

#[tokio::test]
async fn a_body_that_stops_is_given_up_on_http2_and_only_that() {
    let (address, _stop, _task) = start(impatient()).await;
    let stream = TcpStream::connect(address).await.unwrap();
    let (mut client, connection) = hyper::client::conn::http2::handshake::<_, _, Body>(
        hyper_util::rt::TokioExecutor::new(),
        hyper_util::rt::TokioIo::new(stream),
    )
    .await
    .unwrap();
    tokio::spawn(connection);
    let stops = stream::once(async { Ok::<_, String>("12345") }).chain(stream::pending());
    let request = http::Request::post("http://x/length").body(Body::from_stream(stops)).unwrap();
    let response = client.send_request(request).await.unwrap();
    let text = axum::body::to_bytes(Body::new(response.into_body()), 1_000).await.unwrap();
    assert!(text.starts_with(b"broke off: "), "{text:?}");
    let request = http::Request::get("http://x/peer").body(Body::empty()).unwrap();
    assert_eq!(client.send_request(request).await.unwrap().status(), 200, "others on the connection go on");
}

#[tokio::test]
async fn a_slow_body_that_moves_arrives() {
    let (address, _stop, _task) = start(impatient()).await;
    let mut stream = send(address, &post_head("/length", 12)).await;
    for _ in 0..12 {
        tokio::time::sleep(Duration::from_millis(150)).await; // 1.8 s in all
        stream.write_all(b"x").await.unwrap();
    }
    assert!(receive(stream).await.ends_with("got 12"));
}

#[tokio::test]
async fn a_handler_may_think_between_two_parts_of_a_body() {
    let (address, _stop, _task) = start(impatient()).await;
    let mut stream = send(address, &(post_head("/thinks", 8) + "1234")).await;
    tokio::time::sleep(Duration::from_millis(700)).await;
    stream.write_all(b"5678").await.unwrap();
    let answer = receive(stream).await;
    assert!(answer.ends_with("got 4 and 4"), "{answer}");
}

#[tokio::test]
async fn an_answer_that_nobody_takes_is_given_up() {
    let gone = Gone::default();
    let (address, _stop, _task) = start_with(impatient(), router_with(gone.clone())).await;
    let started = Instant::now();
    let stream = send(address, "GET /endless HTTP/1.1\r\nhost: x\r\n\r\n").await;
    let given_up = tokio::time::timeout(Duration::from_secs(8), gone.notified()).await;
    assert!(given_up.is_ok(), "it is still kept for a client that does not read");
    assert!(started.elapsed() >= Duration::from_millis(450));
    drop(stream);
}

#[tokio::test]
async fn a_slow_reader_gets_everything() {
    let gone = Gone::default();
    let (address, _stop, _task) = start_with(impatient(), router_with(gone.clone())).await;
    let mut stream = send(address, "GET /endless HTTP/1.1\r\nhost: x\r\n\r\n").await;
    let mut part = vec![0; 256 * 1024];
    let (started, mut read) = (Instant::now(), 0);
    while started.elapsed() < Duration::from_secs(4) {
        let count = stream.read(&mut part).await.unwrap();
        assert!(count > 0, "closed after {read} bytes and {:?}", started.elapsed());
        read += count;
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(read > 8_000_000, "{read}: more than all buffers, or the test says nothing");
    assert!(futures::FutureExt::now_or_never(gone.notified()).is_none());
}

#[tokio::test]
async fn silence_that_is_ours_is_no_reason_to_close() {
    let (address, _stop, _task) = start(impatient()).await;
    let stream = send(address, "GET /events HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await;
    let answer = receive(stream).await;
    assert!(answer.contains("begin") && answer.contains("at last"), "{answer}");
}
