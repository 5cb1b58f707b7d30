//! Somebody else's server, for what this one sends.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may end here")]

use axum::{Router, body::Bytes, extract::State, http::HeaderMap, http::StatusCode as Status, routing::post};
use serde_json::{Value, json};
use std::{
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

/// What came in.
#[derive(Clone, Debug)]
pub(crate) struct Event {
    pub(crate) headers: Value,
    pub(crate) body: String,
    pub(crate) json: Value,
}

impl Event {
    pub(crate) fn id(&self) -> &str {
        self.headers["webhook-id"].as_str().unwrap()
    }
    pub(crate) fn is(&self, event: &str, record: &str) -> bool {
        self.json["type"] == event && self.json["data"]["id"] == record
    }
}

/// Somebody else's server, which does as it is told.
#[derive(Clone)]
pub(crate) struct Receiver {
    pub(crate) url: String,
    events: Arc<Mutex<Vec<Event>>>,
    /// How it answers: status, and after how long.
    manner: Arc<Mutex<(u16, Duration)>>,
}

impl Receiver {
    pub(crate) async fn open() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        let manner = Arc::new(Mutex::new((200, Duration::ZERO)));
        let receiver = Self { url, events: Arc::default(), manner };
        let router = Router::new().route("/hook", post(Self::take)).with_state(receiver.clone());
        tokio::spawn(async { axum::serve(listener, router).await });
        receiver
    }

    async fn take(State(it): State<Self>, headers: HeaderMap, body: Bytes) -> (Status, &'static str) {
        let headers: Value =
            headers.iter().map(|(name, value)| (name.to_string(), json!(value.to_str().unwrap()))).collect();
        let body = String::from_utf8(body.to_vec()).unwrap();
        let json = serde_json::from_str(&body).unwrap();
        it.events.lock().unwrap().push(Event { headers, body, json });
        let (status, pause) = *it.manner.lock().unwrap();
        tokio::time::sleep(pause).await;
        (Status::from_u16(status).unwrap(), "said the receiver")
    }

    pub(crate) fn answers(&self, status: u16, pause: Duration) {
        *self.manner.lock().unwrap() = (status, pause);
    }
    pub(crate) fn events(&self) -> Vec<Event> {
        self.events.lock().unwrap().clone()
    }
    pub(crate) fn forget(&self) {
        self.events.lock().unwrap().clear();
    }

    /// Waits for an event.
    pub(crate) async fn hears(&self, event: &str, record: &str) -> Event {
        let heard = async || self.events().into_iter().find(|it| it.is(event, record));
        until(&format!("{event} of {record}"), heard).await
    }
}

/// Waits until something is there.
pub(crate) async fn until<T>(what: &str, found: impl AsyncFn() -> Option<T>) -> T {
    let deadline = Instant::now() + Duration::from_secs(40);
    loop {
        if let Some(found) = found().await {
            return found;
        }
        assert!(Instant::now() < deadline, "never: {what}");
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
}
