//! What a test's telephone speaks over: datagrams, a connection, or a WebSocket of the library that others use.

use super::fresh;
use futures::{SinkExt, StreamExt};
use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpListener, TcpStream, UdpSocket},
    sync::{
        Arc, Mutex,
        mpsc::{Receiver, Sender, channel},
    },
    time::Duration,
};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_tungstenite::{WebSocketStream, tungstenite};

/// So long one look for messages takes.
const LOOK: Duration = Duration::from_millis(20);

pub trait Way: Send {
    fn send(&self, text: &str);
    /// The next message, if one comes soon.
    fn next(&self) -> Option<Vec<u8>>;
    /// Our own address.
    fn address(&self) -> SocketAddr;
    /// The server is there from now on; over a connection nothing changes.
    fn towards(&mut self, _server: SocketAddr) {}
    /// What stands in a Via.
    fn via(&self) -> String;
    /// What stands in a Contact, behind the `@`.
    fn contact(&self) -> String;
    /// Whether what was said has to be said again.
    fn loses(&self) -> bool;
}

pub struct Datagrams {
    pub socket: UdpSocket,
    pub server: SocketAddr,
}

impl Way for Datagrams {
    fn towards(&mut self, server: SocketAddr) {
        self.server = server;
    }

    fn send(&self, text: &str) {
        let _lost = self.socket.send_to(text.as_bytes(), self.server);
    }

    fn next(&self) -> Option<Vec<u8>> {
        let mut bytes = vec![0; 65_535];
        let (length, _) = self.socket.recv_from(&mut bytes).ok()?;
        bytes.truncate(length);
        Some(bytes)
    }

    fn address(&self) -> SocketAddr {
        self.socket.local_addr().unwrap()
    }

    fn via(&self) -> String {
        format!("UDP {}", self.address())
    }

    fn contact(&self) -> String {
        self.address().to_string()
    }

    fn loses(&self) -> bool {
        true
    }
}

/// A browser's telephone: it knows no address of its own (RFC 7118 §5).
pub struct Web {
    name: String,
    address: SocketAddr,
    out: tokio::sync::mpsc::UnboundedSender<String>,
    came: Mutex<Receiver<Vec<u8>>>,
    secure: bool,
}

impl Web {
    /// Takes an open connection over.
    pub fn new<S>(
        runtime: &tokio::runtime::Runtime,
        stream: WebSocketStream<S>,
        address: SocketAddr,
        secure: bool,
    ) -> Self
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let (out, mut to_send) = tokio::sync::mpsc::unbounded_channel::<String>();
        let (arrived, came) = channel();
        let (mut write, mut read) = stream.split();
        let writer = runtime.spawn(async move {
            while let Some(text) = to_send.recv().await {
                if write.send(tungstenite::Message::Text(text.into())).await.is_err() {
                    return;
                }
            }
            let _gone = write.close().await;
        });
        runtime.spawn(async move {
            while let Some(Ok(message)) = read.next().await {
                if let tungstenite::Message::Text(text) = message {
                    let _gone = arrived.send(text.as_bytes().to_vec());
                }
            }
            writer.abort();
        });
        Self { name: format!("{}.invalid", fresh("x")), address, out, came: Mutex::new(came), secure }
    }
}

impl Way for Web {
    fn send(&self, text: &str) {
        let _gone = self.out.send(text.to_owned());
    }

    fn next(&self) -> Option<Vec<u8>> {
        self.came.lock().unwrap().recv_timeout(LOOK).ok()
    }

    fn address(&self) -> SocketAddr {
        self.address
    }

    fn via(&self) -> String {
        format!("{} {}", if self.secure { "WSS" } else { "WS" }, self.name)
    }

    fn contact(&self) -> String {
        format!("{};transport=ws", self.name)
    }

    fn loses(&self) -> bool {
        false
    }
}

/// Both directions of a connection.
pub trait ReadWrite: Read + Write + Send {}
impl<T: Read + Write + Send> ReadWrite for T {}

/// Where others connect to: a trunk's side of TCP, and of TLS by what `greet` makes of a connection.
pub struct Stream {
    address: SocketAddr,
    secure: bool,
    current: Arc<Mutex<Option<Sender<String>>>>,
    came: Mutex<Receiver<Vec<u8>>>,
}

impl Stream {
    /// Listens on a port of that address. Messages are sent over the connection that was made last.
    pub fn listen(
        ip: &str,
        secure: bool,
        greet: impl Fn(TcpStream) -> Option<Box<dyn ReadWrite>> + Send + 'static,
    ) -> Self {
        let listener = TcpListener::bind((ip, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let current = Arc::new(Mutex::new(None));
        let (arrived, came) = channel();
        let newest = current.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(stream) = stream else { return };
                stream.set_nodelay(true).unwrap();
                let raw = stream.try_clone().unwrap();
                let Some(stream) = greet(stream) else { continue };
                raw.set_read_timeout(Some(LOOK)).unwrap();
                let (out, to_send) = channel();
                *newest.lock().unwrap() = Some(out);
                let arrived = arrived.clone();
                std::thread::spawn(move || converse(stream, &to_send, &arrived));
            }
        });
        Self { address, secure, current, came: Mutex::new(came) }
    }
}

/// Reads and writes until the connection ends.
fn converse(mut stream: Box<dyn ReadWrite>, to_send: &Receiver<String>, arrived: &Sender<Vec<u8>>) {
    let (mut bytes, mut part) = (Vec::new(), [0; 8192]);
    loop {
        for text in to_send.try_iter() {
            if stream.write_all(text.as_bytes()).and_then(|()| stream.flush()).is_err() {
                return;
            }
        }
        match stream.read(&mut part) {
            Ok(0) => return,
            Ok(count) => bytes.extend_from_slice(&part[..count]),
            Err(error)
                if matches!(error.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut) => {}
            Err(_) => return,
        }
        while let Some(length) = whole(&bytes) {
            let message = bytes.drain(..length).collect();
            if arrived.send(message).is_err() {
                return;
            }
        }
    }
}

/// How long the first message is, if it is there.
fn whole(bytes: &[u8]) -> Option<usize> {
    let head = bytes.windows(4).position(|it| it == b"\r\n\r\n")? + 4;
    let text = std::str::from_utf8(&bytes[..head]).unwrap();
    let length = text.lines().find_map(|it| it.strip_prefix("Content-Length: ")).unwrap();
    let length = head + length.trim().parse::<usize>().unwrap();
    (bytes.len() >= length).then_some(length)
}

impl Way for Stream {
    fn send(&self, text: &str) {
        if let Some(current) = self.current.lock().unwrap().as_ref() {
            let _gone = current.send(text.to_owned());
        }
    }

    fn next(&self) -> Option<Vec<u8>> {
        self.came.lock().unwrap().recv_timeout(LOOK).ok()
    }

    fn address(&self) -> SocketAddr {
        self.address
    }

    fn via(&self) -> String {
        format!("{} {}", if self.secure { "TLS" } else { "TCP" }, self.address)
    }

    fn contact(&self) -> String {
        format!("{};transport={}", self.address, if self.secure { "tls" } else { "tcp" })
    }

    fn loses(&self) -> bool {
        false
    }
}
