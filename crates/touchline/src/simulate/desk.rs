//! How a simulated agent logs in: over HTTP, as a voice client does (contract genesys-voice §2, §3.1).

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::{Method, Request, StatusCode, client::conn::http1, header};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use std::{net::SocketAddr, time::Duration};
use tokio::net::TcpStream;

/// How long the server may take to answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// Somebody's session.
pub(super) struct Desk {
    server: SocketAddr,
    basic: String,
    device: String,
    cookie: String,
    token: String,
}

impl Desk {
    /// For somebody with a password, who works at a telephone.
    pub(super) fn new(server: SocketAddr, email: &str, password: &str, device: &str) -> Self {
        let basic = format!("Basic {}", STANDARD.encode(format!("{email}:{password}")));
        Self { server, basic, device: device.to_owned(), cookie: String::new(), token: String::new() }
    }

    /// Begins a session, and work.
    pub(super) async fn begin(&mut self) -> Result<(), String> {
        (self.cookie, self.token) = (String::new(), String::new());
        self.ask(Method::GET, "/api/v2/me", None).await?;
        self.wants(
            "/api/v2/me",
            json!({ "operationName": "StartContactCenterSession", "channels": ["voice"] }),
        )
        .await
    }

    /// Is ready for calls.
    pub(super) async fn ready(&mut self) -> Result<(), String> {
        self.wants("/api/v2/me/channels/voice", json!({ "operationName": "Ready" })).await
    }

    /// Takes part in the calls of a telephone, until told otherwise; `how` is the name of the operation.
    pub(super) async fn watch(&mut self, how: &str, device: &str) -> Result<(), String> {
        let target = format!("/api/v2/devices/{device}");
        self.wants(&self.own_device(), json!({ "operationName": how, "targetDeviceUri": target })).await
    }

    /// Watches nobody any more.
    pub(super) async fn unwatch(&mut self) -> Result<(), String> {
        self.wants(&self.own_device(), json!({ "operationName": "CancelSupervisorMonitoring" })).await
    }

    /// Ends work, and the session.
    pub(super) async fn end(&mut self) -> Result<(), String> {
        self.wants("/api/v2/me", json!({ "operationName": "EndContactCenterSession" })).await
    }

    /// Keeps the session alive: half an hour of silence ends it.
    pub(super) async fn shows_up(&mut self) -> Result<(), String> {
        self.ask(Method::GET, "/api/v2/me", None).await
    }

    fn own_device(&self) -> String {
        format!("/api/v2/me/devices/{}", self.device)
    }

    async fn wants(&mut self, path: &str, body: Value) -> Result<(), String> {
        self.ask(Method::POST, path, Some(body)).await
    }

    /// Asks, and takes over what an answer says of the session.
    async fn ask(&mut self, method: Method, path: &str, body: Option<Value>) -> Result<(), String> {
        let asked = tokio::time::timeout(PATIENCE, self.exchange(method, path, body)).await;
        asked.unwrap_or_else(|_| Err("no answer".to_owned())).map_err(|e| format!("{path}: {e}"))
    }

    async fn exchange(&mut self, method: Method, path: &str, body: Option<Value>) -> Result<(), String> {
        fn text(error: impl std::fmt::Display) -> String {
            error.to_string()
        }
        let stream = TcpStream::connect(self.server).await.map_err(text)?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(text)?;
        // Ends with the sender.
        tokio::spawn(connection);
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, self.server.to_string())
            .header(header::CONTENT_TYPE, "application/json");
        request = match self.cookie.is_empty() {
            true => request.header(header::AUTHORIZATION, &self.basic),
            false => request.header(header::COOKIE, &self.cookie).header("X-CSRF-TOKEN", &self.token),
        };
        let body = body.map(|it| it.to_string()).unwrap_or_default();
        let request = request.body(Full::new(Bytes::from(body))).map_err(text)?;
        let answer = sender.send_request(request).await.map_err(text)?;
        let (head, body) = answer.into_parts();
        let of = |name: &str| head.headers.get(name).and_then(|it| it.to_str().ok()).map(str::to_owned);
        if let Some(cookie) = of("set-cookie") {
            self.cookie = cookie.split(';').next().unwrap_or_default().to_owned();
        }
        if let Some(token) = of("x-csrf-token") {
            self.token = token;
        }
        let body = body.collect().await.map_err(text)?.to_bytes();
        match head.status {
            StatusCode::OK => Ok(()),
            status => Err(format!("{status} {}", String::from_utf8_lossy(&body))),
        }
    }
}
