//! A server of a test's own on a loopback port, with the clock in the test's hand.

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use std::{net::SocketAddr, path::Path, sync::Arc};
use touchline_app::{
    App, Limits, SystemEntropy,
    credentials::NewCredential,
    store::{Blobs, Store},
};
use touchline_model::{Ability, Caller, Clock, FakeClock, Tenant, Timestamp};

pub(crate) const START: &str = "2026-03-01T09:30:00Z";

pub(crate) struct World {
    pub(crate) app: App,
    pub(crate) clock: Arc<FakeClock>,
    pub(crate) address: SocketAddr,
    /// Token of the tenant `acme` with every ability of a tenant.
    pub(crate) token: String,
    pub(crate) folder: tempfile::TempDir,
    client: reqwest::Client,
}

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) bytes: Vec<u8>,
}

impl Answer {
    pub(crate) async fn of(request: RequestBuilder) -> Self {
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Self { status, headers, bytes: response.bytes().await.unwrap().to_vec() }
    }
    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.bytes).unwrap()
    }
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap_or_else(|e| panic!("{e}: {}", self.text()))
    }
    pub(crate) fn lines(&self) -> Vec<Value> {
        self.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
    /// The answer, which must have this status.
    #[track_caller]
    pub(crate) fn is(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", String::from_utf8_lossy(&self.bytes));
        self
    }
    /// The problem, which must have this status; checks the envelope of RFC 9457 on the way.
    #[track_caller]
    pub(crate) fn problem(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", String::from_utf8_lossy(&self.bytes));
        assert_eq!(self.header("content-type"), "application/problem+json");
        let problem = self.json();
        assert_eq!(problem["status"], status);
        assert_eq!(problem["request_id"], self.header("x-request-id"));
        for text in ["type", "title", "detail"] {
            assert!(problem[text].as_str().is_some_and(|text| !text.is_empty()), "{problem}");
        }
        problem
    }
}

impl World {
    pub(crate) async fn sqlite() -> Self {
        Self::sqlite_in(tempfile::tempdir().unwrap(), Limits::default()).await
    }

    pub(crate) async fn sqlite_in(folder: tempfile::TempDir, limits: Limits) -> Self {
        let clock = Arc::new(FakeClock::at(time(START)));
        let store = Store::open_sqlite(&folder.path().join("touchline.db"), clock.clone()).await.unwrap();
        Self::over(store, clock, folder, limits).await
    }

    pub(crate) async fn postgres() -> Self {
        let clock = Arc::new(FakeClock::at(time(START)));
        let url = touchline_testkit::postgres::fresh_database().await;
        let store = Store::open_postgres(&url, clock.clone()).await.unwrap();
        Self::over(store, clock, tempfile::tempdir().unwrap(), Limits::default()).await
    }

    async fn over(store: Store, clock: Arc<FakeClock>, folder: tempfile::TempDir, limits: Limits) -> Self {
        let blobs = Blobs::open(&folder.path().join("blobs")).unwrap();
        let app = App::new(store, blobs, clock.clone(), Arc::new(SystemEntropy), limits);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = touchline_api_native::router(app.clone());
        tokio::spawn(touchline_http::serve(listener, router, std::future::pending()));
        let mut world =
            Self { app, clock, address, token: String::new(), folder, client: reqwest::Client::new() };
        world.token = world.add_tenant("acme").await;
        world
    }

    /// The same organisation behind a server whose scheduled exports go somewhere.
    pub(crate) async fn exporting_to(self, destination: touchline_app::store::Destination) -> Self {
        let app = self.app.clone().with_exports(Some(destination));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = touchline_api_native::router(app.clone());
        tokio::spawn(touchline_http::serve(listener, router, std::future::pending()));
        Self { app, address, ..self }
    }

    /// Makes a tenant; its token with every ability of a tenant.
    pub(crate) async fn add_tenant(&self, id: &str) -> String {
        let tenant = Tenant { id: id.into(), name: format!("{id} Ltd"), created_at: self.clock.now() };
        assert!(self.app.store().create_tenant(&tenant).await.unwrap());
        self.token_of(id, Ability::all_of_tenant()).await
    }

    /// A token of a tenant with some abilities.
    pub(crate) async fn token_of(
        &self,
        tenant: &str,
        abilities: impl IntoIterator<Item = Ability>,
    ) -> String {
        let new = NewCredential {
            dialect: "native".to_owned(),
            name: "test".to_owned(),
            login: None,
            secret: None,
            abilities: Some(abilities.into_iter().collect()),
            can_delete: false,
        };
        self.app.create_credential(&Caller::system(tenant.into(), "test"), new).await.unwrap().secret
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}/api/touchline/v1{path}", self.address)
    }

    pub(crate) fn request_as(&self, token: &str, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, self.url(path)).bearer_auth(token)
    }
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.request_as(&self.token, method, path)
    }
    pub(crate) async fn get(&self, path: &str) -> Answer {
        Answer::of(self.request(Method::GET, path)).await
    }
    pub(crate) async fn put(&self, path: &str, body: &Value) -> Answer {
        Answer::of(self.request(Method::PUT, path).json(body)).await
    }
    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        Answer::of(self.request(Method::POST, path).json(body)).await
    }
    pub(crate) async fn patch(&self, path: &str, body: &Value) -> Answer {
        Answer::of(self.request(Method::PATCH, path).json(body)).await
    }
    pub(crate) async fn delete(&self, path: &str) -> Answer {
        Answer::of(self.request(Method::DELETE, path)).await
    }
    /// Sends lines as they are; the report.
    pub(crate) async fn bulk(&self, path: &str, lines: impl Into<reqwest::Body>) -> Vec<Value> {
        let request = self.request(Method::POST, path).header("content-type", "application/x-ndjson");
        let answer = Answer::of(request.body(lines)).await.is(200);
        assert_eq!(answer.header("content-type"), "application/x-ndjson; charset=utf-8");
        answer.lines()
    }
    /// Every id of a list, page by page.
    pub(crate) async fn ids(&self, path: &str, limit: usize) -> Vec<String> {
        let (mut ids, mut cursor) = (vec![], String::new());
        loop {
            let page = self.get(&format!("{path}?limit={limit}{cursor}")).await.is(200).json();
            let items = page["items"].as_array().unwrap();
            assert!(items.len() <= limit);
            ids.extend(items.iter().map(|item| match &item["id"] {
                Value::String(id) => id.clone(),
                number => number.to_string(),
            }));
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return ids,
            }
        }
    }
    /// Runs the jobs that are due.
    pub(crate) async fn work(&self) {
        self.app.work_until_idle().await.unwrap();
    }
    /// Connects, sends the head of a request that has a body to follow, and leaves the rest to the test.
    pub(crate) async fn begin(&self, method: &str, path: &str, headers: &str) -> tokio::net::TcpStream {
        use tokio::io::AsyncWriteExt;
        let mut stream = tokio::net::TcpStream::connect(self.address).await.unwrap();
        let head = format!(
            "{method} /api/touchline/v1{path} HTTP/1.1\r\nHost: test\r\nAuthorization: Bearer {}\r\n{headers}\r\n",
            self.token
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        stream
    }
}

pub(crate) fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// A contact that is as short as can be.
pub(crate) fn contact(id: &str) -> Value {
    json!({ "id": id, "started_at": "2026-02-28T10:00:00Z" })
}

/// Words of `speaker` from second `from` on, one a second.
pub(crate) fn words(speaker: u16, from: u32, text: &str) -> Vec<Value> {
    let word = |(at, word): (usize, &str)| {
        let start = from + u32::try_from(at).unwrap();
        json!({ "start": start, "end": f64::from(start) + 0.5, "text": word, "speaker": speaker })
    };
    text.split(' ').enumerate().map(word).collect()
}

/// A WAV file of a tone: 8,000 Hz, 16 bit, one channel.
pub(crate) fn wav(seconds: f64) -> Vec<u8> {
    let samples = (seconds * 8_000.0) as u32;
    let data = samples * 2;
    let mut file = Vec::new();
    file.extend(b"RIFF");
    file.extend((36 + data).to_le_bytes());
    file.extend(b"WAVEfmt ");
    file.extend(16_u32.to_le_bytes());
    for half in [1_u16, 1] {
        file.extend(half.to_le_bytes());
    }
    file.extend(8_000_u32.to_le_bytes());
    file.extend(16_000_u32.to_le_bytes());
    for half in [2_u16, 16] {
        file.extend(half.to_le_bytes());
    }
    file.extend(b"data");
    file.extend(data.to_le_bytes());
    for n in 0..samples {
        let level = (f64::from(n) * 440.0 * std::f64::consts::TAU / 8_000.0).sin() * 8_000.0;
        file.extend((level as i16).to_le_bytes());
    }
    file
}

/// Every file below a folder.
pub(crate) fn files(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut found = vec![];
    for entry in std::fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => found.extend(files(&path)),
            false => found.push(path),
        }
    }
    found
}
