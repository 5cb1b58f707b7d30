//! A server with the transports and nothing else, and clients that know no more of Bayeux than JSON.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use futures::{SinkExt, StreamExt};
use http::{HeaderValue, StatusCode};
use serde_json::{Value, json};
use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{Error, Message, client::IntoClientRequest},
};
use touchline_http::{
    Limits, basic_credentials,
    push::{Entrance, Hub, Identity, Knock, PushLimits, Settings, Standard, Turned, Visitor, cookie, routes},
    serve_with,
};
use touchline_model::SystemClock;

/// Whoever has the password `open` may come in, as whoever they say. The cookie `S` names the HTTP session; a POST with
/// the header `x-forged` lacks its token.
#[derive(Clone, Default)]
pub(crate) struct Door {
    pub(crate) heard: Arc<Mutex<Vec<bool>>>,
}

impl Entrance for Door {
    async fn enter(&self, knock: Knock<'_>) -> Result<Visitor, Turned> {
        let challenge = Some(HeaderValue::from_static("Basic realm=\"api\""));
        let found = basic_credentials(knock.headers).filter(|(_, password)| password == "open");
        let (user, _) = found.ok_or(Turned::Stranger(challenge))?;
        if knock.headers.contains_key("x-forged") && !knock.upgrade {
            return Err(Turned::Forbidden("Missing or invalid Csrf token"));
        }
        let mut visitor = Visitor::new(Identity::new("acme", &user));
        visitor.http_session = cookie(knock.headers, "S").map(Into::into);
        visitor.headers.insert("x-csrf-header", HeaderValue::from_static("X-CSRF-TOKEN"));
        Ok(visitor)
    }
    fn heard(&self, _: &Visitor, heartbeat: bool) {
        self.heard.lock().unwrap().push(heartbeat);
    }
    fn allows_origin(&self, origin: &str) -> bool {
        origin == "https://desk.example"
    }
}

pub(crate) struct World {
    pub(crate) hub: Hub,
    pub(crate) door: Door,
    pub(crate) address: SocketAddr,
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(Settings { test_channels: true, ..Settings::default() }).await
    }

    pub(crate) async fn with(settings: Settings) -> Self {
        Self::with_limits(settings, PushLimits::default()).await
    }

    pub(crate) async fn with_limits(settings: Settings, limits: PushLimits) -> Self {
        let policy = Standard::new(&settings);
        let hub = Hub::new(settings, limits, policy, Arc::new(SystemClock), |bytes| rand::fill(bytes));
        let running = hub.clone();
        tokio::spawn(async move { running.run().await });
        let door = Door::default();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = touchline_http::envelope(routes(&hub, "/api/v2/notifications", door.clone()));
        let limits = Limits { max_connections: 5_000, ..Limits::default() };
        tokio::spawn(serve_with(limits, listener, router, std::future::pending()));
        Self { hub, door, address }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/api/v2/notifications", self.address)
    }

    pub(crate) fn client(&self, user: &str) -> Client {
        Client {
            url: self.url(),
            user: user.to_owned(),
            session: None,
            cookie: None,
            id: String::new(),
            http: reqwest::Client::new(),
        }
    }

    pub(crate) fn tell(&self, user: &str, channel: &str, data: &Value) -> usize {
        self.hub.publish(&"acme".into(), &user.into(), channel, data)
    }

    /// Waits until so many connects are held.
    pub(crate) async fn held(&self, count: usize) {
        let until = tokio::time::Instant::now() + Duration::from_secs(5);
        while self.hub.stats().held != count {
            assert!(tokio::time::Instant::now() < until, "held: {:?}", self.hub.stats());
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    /// Opens a web socket as `user`, with more headers.
    pub(crate) async fn socket(
        &self,
        user: &str,
        headers: &[(&'static str, &str)],
    ) -> Result<Socket, StatusCode> {
        let mut request =
            format!("ws://{}/api/v2/notifications", self.address).into_client_request().unwrap();
        if !user.is_empty() {
            request.headers_mut().insert("authorization", basic(user).parse().unwrap());
        }
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse().unwrap());
        }
        let stream = TcpStream::connect(self.address).await.unwrap();
        match tokio_tungstenite::client_async(request, stream).await {
            Ok((stream, response)) => Ok(Socket { stream, response, id: String::new() }),
            Err(Error::Http(response)) => Err(response.status()),
            Err(other) => panic!("{other}"),
        }
    }
}

pub(crate) fn basic(user: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{user}:open")))
}

/// A client that long-polls, with a cookie jar for one cookie.
#[derive(Clone)]
pub(crate) struct Client {
    pub(crate) url: String,
    pub(crate) user: String,
    pub(crate) session: Option<&'static str>,
    pub(crate) cookie: Option<String>,
    pub(crate) id: String,
    pub(crate) http: reqwest::Client,
}

impl Client {
    /// A POST of anything, not yet sent.
    pub(crate) fn request(&self, suffix: &str) -> reqwest::RequestBuilder {
        let request =
            self.http.post(format!("{}{suffix}", self.url)).header("authorization", basic(&self.user));
        let session = self.session.map(|name| format!("S={name}"));
        let cookies: Vec<_> = session.into_iter().chain(self.cookie.clone()).collect();
        if cookies.is_empty() { request } else { request.header("cookie", cookies.join("; ")) }
    }

    pub(crate) async fn send(&mut self, messages: &Value) -> reqwest::Response {
        let response = self.request("").header("content-type", "application/json").body(messages.to_string());
        let response = response.send().await.unwrap();
        if let Some(given) = response.headers().get("set-cookie") {
            self.cookie = given.to_str().unwrap().split(';').next().map(str::to_owned);
        }
        response
    }

    /// Sends messages and reads the replies of a good answer.
    pub(crate) async fn ask(&mut self, messages: &Value) -> Vec<Value> {
        let response = self.send(messages).await;
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "application/json;charset=UTF-8");
        response.json().await.unwrap()
    }

    pub(crate) fn meta(&self, what: &str, more: Value) -> Value {
        message(&self.id, what, more)
    }

    pub(crate) async fn handshake(&mut self) -> Value {
        let replies = self.ask(&json!([handshake("long-polling")])).await;
        assert_eq!(replies.len(), 1, "{replies:?}");
        self.id = replies[0]["clientId"].as_str().unwrap().to_owned();
        replies[0].clone()
    }

    pub(crate) async fn subscribe(&mut self, channel: &str) {
        let message = self.meta("subscribe", json!({ "subscription": channel }));
        let replies = self.ask(&json!([message])).await;
        assert_eq!(replies[0]["successful"], true, "{replies:?}");
    }

    pub(crate) async fn connect(&mut self) -> Vec<Value> {
        let message = self.meta("connect", json!({ "connectionType": "long-polling" }));
        self.ask(&json!([message])).await
    }

    /// Handshake, subscription, and the first connect, which returns at once.
    pub(crate) async fn bring_up(&mut self, channel: &str) {
        self.handshake().await;
        self.subscribe(channel).await;
        assert_eq!(self.connect().await.len(), 1);
    }

    /// A connect that waits, in a task of its own.
    pub(crate) fn hold(&self) -> tokio::task::JoinHandle<Vec<Value>> {
        let mut other = self.clone();
        tokio::spawn(async move { other.connect().await })
    }
}

pub(crate) fn handshake(transport: &str) -> Value {
    json!({ "id": "1", "channel": "/meta/handshake", "version": "1.0", "supportedConnectionTypes": [transport] })
}

pub(crate) fn message(client: &str, what: &str, more: Value) -> Value {
    let mut message = json!({ "id": "7", "channel": format!("/meta/{what}"), "clientId": client });
    message.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    message
}

/// A client on a web socket.
pub(crate) struct Socket {
    pub(crate) stream: WebSocketStream<TcpStream>,
    pub(crate) response: tokio_tungstenite::tungstenite::handshake::client::Response,
    pub(crate) id: String,
}

impl Socket {
    pub(crate) async fn say(&mut self, message: Message) {
        self.stream.send(message).await.unwrap();
    }

    pub(crate) async fn send(&mut self, messages: &Value) {
        self.say(Message::text(messages.to_string())).await;
    }

    /// The next frame, which must come soon.
    pub(crate) async fn frame(&mut self) -> Vec<Value> {
        match self.next().await {
            Message::Text(text) => serde_json::from_str(&text).unwrap(),
            other => panic!("{other:?}"),
        }
    }

    pub(crate) async fn next(&mut self) -> Message {
        let next = tokio::time::timeout(Duration::from_secs(5), self.stream.next());
        next.await.expect("a frame").expect("no end").unwrap()
    }

    /// The code with which the socket is closed.
    pub(crate) async fn closed(&mut self) -> u16 {
        match self.next().await {
            Message::Close(Some(frame)) => frame.code.into(),
            other => panic!("{other:?}"),
        }
    }

    pub(crate) async fn bring_up(&mut self, channel: &str) {
        self.send(&json!([handshake("websocket")])).await;
        self.id = self.frame().await[0]["clientId"].as_str().unwrap().to_owned();
        let subscribe = message(&self.id, "subscribe", json!({ "subscription": channel }));
        let connect = self.connect();
        self.send(&json!([subscribe])).await;
        assert_eq!(self.frame().await[0]["successful"], true);
        self.send(&json!([connect])).await;
        assert_eq!(self.frame().await[0]["successful"], true);
    }

    pub(crate) fn connect(&self) -> Value {
        message(&self.id, "connect", json!({ "connectionType": "websocket" }))
    }
}
