//! The cast of the contract (genesys-voice §0): S supervises, A and B are agents, C is a customer. And what each of them
//! is told, in short words.

use axum::{
    Router,
    body::Body,
    http::{HeaderMap, Request, StatusCode},
};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};
use touchline_api_genesys::{Dialect, GenesysConfig, NOTIFICATIONS};
use touchline_app::{
    App, Limits, SystemEntropy,
    live::{
        CallControl, CallingFrom, LiveSettings, NewDevice, Order, Target,
        board::{LineId, Signal},
    },
    people::NewLogin,
    store::{Blobs, Store},
};
use touchline_http::push::{Hub, PushLimits, Settings, Standard};
use touchline_model::{Caller, FakeClock, Role, Tenant, TenantId, Timestamp, User};
use touchline_testkit::dialect::basic;
use tower::ServiceExt;

/// The prefix of all addresses, which is nobody's host.
pub(crate) const OWN: &str = "http://127.0.0.1:8080/api/v2";
pub(crate) const PASSWORD: &str = "correct horse battery";
/// Name, number, device and role of everybody (contract §0); who has no role is nobody of us.
pub(crate) const CAST: [(&str, &str, &str, Option<Role>); 5] = [
    ("S", "5005", "efe1ab32-53f9-43ce-b65e-5768c61f7d4a", Some(Role::Manager)),
    ("T", "5006", "0a1ab32f-53f9-43ce-b65e-5768c61f7d4b", Some(Role::Coach)),
    ("A", "5001", "9c14cad7-17c4-48d0-8492-7cf0ff92c224", Some(Role::Agent)),
    ("B", "5002", "74152ed8-858f-4a33-9e96-36213a678d30", Some(Role::Agent)),
    ("C", "5000", "c0000000-0000-4000-8000-000000000000", None),
];

pub(crate) fn device_of(name: &str) -> &'static str {
    CAST.iter().find(|it| it.0 == name).unwrap().2
}

pub(crate) fn email(name: &str) -> String {
    format!("{}@acme.example", name.to_lowercase())
}

/// Telephones that do nothing by themselves.
#[derive(Default)]
pub(crate) struct Phones {
    lines: Mutex<BTreeMap<String, LineId>>,
    pub(crate) asked: Mutex<Vec<Order>>,
}

impl CallControl for Phones {
    fn carry_out(&self, _: &TenantId, orders: Vec<Order>) {
        for order in &orders {
            if let Order::Invite { line, to: Target::Device(device), .. } = order {
                let name = CAST.iter().find(|it| it.2 == device.0).unwrap().0;
                self.lines.lock().unwrap().insert(name.to_owned(), *line);
            }
        }
        self.asked.lock().unwrap().extend(orders);
    }
}

pub(crate) struct World {
    pub(crate) app: App,
    pub(crate) clock: Arc<FakeClock>,
    pub(crate) dialect: Dialect,
    pub(crate) hub: Hub,
    pub(crate) router: Router,
    pub(crate) phones: Arc<Phones>,
    pub(crate) system: Caller,
    pub(crate) _folder: tempfile::TempDir,
}

pub(crate) fn tenant() -> TenantId {
    "acme".into()
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(GenesysConfig::default(), LiveSettings::default()).await
    }

    pub(crate) async fn with(config: GenesysConfig, live: LiveSettings) -> Self {
        let start: Timestamp = "2026-03-02T10:00:00Z".parse().unwrap();
        let clock = Arc::new(FakeClock::at(start));
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open_sqlite(&folder.path().join("touchline.db"), clock.clone()).await.unwrap();
        let blobs = Blobs::open(&folder.path().join("recordings")).unwrap();
        let app =
            App::new(store, blobs, clock.clone(), Arc::new(SystemEntropy), Limits::default()).with_live(live);
        let acme = Tenant { id: tenant(), name: "Acme".to_owned(), created_at: start };
        assert!(app.store().create_tenant(&acme).await.unwrap());
        let system = Caller::system(tenant(), "test");
        for (name, number, device, role) in CAST {
            let user = role.is_some().then(|| name.to_lowercase().as_str().into());
            if let Some(role) = role {
                let person = json!({ "id": name.to_lowercase(), "email": email(name), "first_name": name, "last_name": "Test" });
                let person: User = serde_json::from_value(person).unwrap();
                app.put_one(&system, person).await.unwrap();
                let login = NewLogin {
                    user: name.to_lowercase(),
                    role,
                    password: Some(PASSWORD.into()),
                    reset: false,
                };
                app.put_login(&system, login).await.unwrap();
            }
            let device = NewDevice {
                id: Some(device.into()),
                user,
                number: number.into(),
                sip_user: None,
                public: false,
            };
            app.create_device(&system, device).await.unwrap();
        }
        let hub_settings = Settings { max_sessions_per_browser: -1, ..Settings::default() };
        let policy = Standard::new(&hub_settings);
        let hub = Hub::new(hub_settings, PushLimits::default(), policy, clock.clone(), |bytes| {
            bytes.fill_with(rand::random)
        });
        let running = hub.clone();
        tokio::spawn(async move { running.run().await });
        let dialect = Dialect::new(app.clone(), hub.clone(), config, OWN);
        let phones = Arc::new(Phones::default());
        let lives = app.live();
        lives.attach_lines(phones.clone());
        lives.attach_announcer(Arc::new(hub.clone()));
        lives.start().await.unwrap();
        for (_, _, device, _) in CAST {
            lives.reachable(&tenant(), &device.into(), true);
        }
        let router = dialect.router();
        Self { app, clock, dialect, hub, router, phones, system, _folder: folder }
    }

    /// Somebody who has logged in, listens and is at work, and has been told so.
    pub(crate) async fn at_work(&self, name: &'static str) -> Client<'_> {
        let mut client = self.logged_in(name).await;
        client.listen("/v2/me/*").await;
        client.start().await;
        client.told().await;
        client
    }

    /// Somebody who has logged in and has a CSRF token.
    pub(crate) async fn logged_in(&self, name: &'static str) -> Client<'_> {
        let mut client = self.stranger(name);
        let (status, _) = client.get("/me").await;
        assert_eq!(status, 200);
        client.basic = None;
        client
    }

    /// Somebody who has a password, and nothing else yet.
    pub(crate) fn stranger(&self, name: &'static str) -> Client<'_> {
        let basic = Some(basic(&email(name), PASSWORD));
        Client { world: self, name, basic, cookies: BTreeMap::new(), csrf: None, id: String::new() }
    }

    pub(crate) fn line(&self, name: &str) -> LineId {
        self.phones.lines.lock().unwrap()[name]
    }

    pub(crate) fn signal(&self, signal: Signal) {
        self.app.live().signal(&tenant(), signal);
    }

    pub(crate) fn answers(&self, name: &str) {
        self.signal(Signal::Answered(self.line(name)));
    }

    pub(crate) fn hangs_up(&self, name: &str) {
        self.signal(Signal::HungUp(self.line(name)));
    }

    /// The customer dials a telephone; its owner picks up if `answered`.
    pub(crate) fn customer_calls(&self, name: &str, answered: bool) {
        let number = CAST.iter().find(|it| it.0 == name).unwrap().1;
        let from = CallingFrom::Device(device_of("C").into());
        let line = self.app.live().call_in(&tenant(), from, number).unwrap();
        self.phones.lines.lock().unwrap().insert("C".to_owned(), line);
        if answered {
            self.answers(name);
        }
    }

    pub(crate) fn passes(&self, secs: i64) {
        use touchline_model::Clock;
        self.clock.set(self.clock.now().plus_secs(secs));
        self.app.live().poll();
    }

    /// What the telephones were asked to do since the last look.
    pub(crate) fn asked(&self) -> Vec<Order> {
        std::mem::take(&mut *self.phones.asked.lock().unwrap())
    }
}

/// A client: a program with a cookie jar.
#[derive(Clone)]
pub(crate) struct Client<'a> {
    pub(crate) world: &'a World,
    pub(crate) name: &'static str,
    pub(crate) basic: Option<String>,
    pub(crate) cookies: BTreeMap<String, String>,
    pub(crate) csrf: Option<String>,
    /// Of the session on the notification endpoint.
    pub(crate) id: String,
}

/// An answer, read to its end.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Client<'_> {
    pub(crate) fn request(&self, method: &str, path: &str) -> axum::http::request::Builder {
        let mut request = Request::builder().method(method).uri(path);
        if let Some(basic) = &self.basic {
            request = request.header("authorization", basic);
        }
        if !self.cookies.is_empty() {
            let all: Vec<String> =
                self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            request = request.header("cookie", all.join("; "));
        }
        match &self.csrf {
            Some(token) if method != "GET" => request.header("X-CSRF-TOKEN", token),
            _ => request,
        }
    }

    /// Sends a request, and keeps what an HTTP client keeps.
    pub(crate) async fn ask(&mut self, request: Request<Body>) -> Answer {
        let response = self.world.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        for cookie in parts.headers.get_all("set-cookie") {
            let (name, value) = cookie.to_str().unwrap().split(';').next().unwrap().split_once('=').unwrap();
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
        if let Some(token) = parts.headers.get("x-csrf-token") {
            assert_eq!(parts.headers["x-csrf-header"], "X-CSRF-TOKEN");
            self.csrf = Some(token.to_str().unwrap().to_owned());
        }
        let text = String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap();
        Answer { status: parts.status, headers: parts.headers, text }
    }

    pub(crate) async fn get(&mut self, path: &str) -> (u16, Value) {
        let request = self.request("GET", &format!("/api/v2{path}")).body(Body::empty()).unwrap();
        let answer = self.ask(request).await;
        (
            answer.status.as_u16(),
            serde_json::from_str(&answer.text).unwrap_or_else(|_| panic!("{}", answer.text)),
        )
    }

    /// The value under a name of a good answer.
    pub(crate) async fn found(&mut self, path: &str, name: &str) -> Value {
        let (status, body) = self.get(path).await;
        assert_eq!((status, &body["statusCode"]), (200, &json!(0)), "{path}: {body}");
        assert!(body.get("statusMessage").is_none(), "{body}");
        body[name].clone()
    }

    pub(crate) async fn send(&mut self, path: &str, body: &str) -> (u16, Value) {
        let request =
            self.request("POST", &format!("/api/v2{path}")).header("content-type", "application/json");
        let answer = self.ask(request.body(Body::from(body.to_owned())).unwrap()).await;
        (
            answer.status.as_u16(),
            serde_json::from_str(&answer.text).unwrap_or_else(|_| panic!("{}", answer.text)),
        )
    }

    /// An operation that is accepted.
    pub(crate) async fn does(&mut self, path: &str, body: Value) {
        let (status, answer) = self.send(path, &body.to_string()).await;
        assert_eq!((status, answer), (200, json!({ "statusCode": 0 })), "{path} {body}");
    }

    /// The code of an operation that is refused; the refusal has a sentence, and nothing else.
    pub(crate) async fn refused(&mut self, path: &str, body: Value) -> u64 {
        let (status, answer) = self.send(path, &body.to_string()).await;
        assert!(status >= 400 && answer.as_object().unwrap().len() == 2, "{path} {body}: {status} {answer}");
        assert!(!answer["statusMessage"].as_str().unwrap().is_empty());
        answer["statusCode"].as_u64().unwrap()
    }

    pub(crate) async fn start(&mut self) {
        self.does("/me", json!({ "operationName": "StartContactCenterSession", "channels": ["voice"] }))
            .await;
    }

    /// The path of the own telephone.
    pub(crate) fn device(&self) -> String {
        format!("/me/devices/{}", device_of(self.name))
    }

    /// An operation of the own telephone.
    pub(crate) async fn at_device(&mut self, body: Value) {
        self.does(&self.device(), body).await;
    }

    /// Watches somebody.
    pub(crate) async fn watches(&mut self, operation: &str, target: &str, more: Value) {
        let mut body = json!({ "operationName": operation, "targetDeviceUri": format!("{OWN}/devices/{}", device_of(target)) });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        self.at_device(body).await;
    }

    /// The path of the one call that the client is on, in this state.
    pub(crate) async fn call(&mut self, state: &str) -> String {
        let calls = self.found(&format!("/me/calls?fields=*&state={state}"), "calls").await;
        assert_eq!(calls.as_array().unwrap().len(), 1, "{} has one call {state}: {calls}", self.name);
        format!("/me/calls/{}", calls[0]["id"].as_str().unwrap())
    }

    /// An operation of the one call in a state.
    pub(crate) async fn on_call(&mut self, state: &str, body: Value) {
        let path = self.call(state).await;
        self.does(&path, body).await;
    }

    // --- notifications -------------------------------------------------------------------------

    pub(crate) async fn bayeux(&mut self, messages: Value) -> Vec<Value> {
        let request = self.request("POST", NOTIFICATIONS).header("content-type", "application/json");
        let answer = self.ask(request.body(Body::from(messages.to_string())).unwrap()).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        serde_json::from_str(&answer.text).unwrap()
    }

    /// Handshake, subscription, first connect: as clients do it (§2).
    pub(crate) async fn listen(&mut self, channel: &str) {
        let types = json!(["long-polling"]);
        let handshake = json!([{ "id": "1", "channel": "/meta/handshake", "version": "1.0", "supportedConnectionTypes": types }]);
        let replies = self.bayeux(handshake).await;
        self.id = replies[0]["clientId"].as_str().unwrap().to_owned();
        let subscribe = json!([{ "id": "2", "channel": "/meta/subscribe", "clientId": self.id, "subscription": channel }]);
        assert_eq!(self.bayeux(subscribe).await[0]["successful"], true);
        assert_eq!(self.connect().await.len(), 1);
    }

    pub(crate) async fn connect(&mut self) -> Vec<Value> {
        let connect = json!([{ "id": "3", "channel": "/meta/connect", "clientId": self.id, "connectionType": "long-polling", "advice": { "timeout": 0 } }]);
        self.bayeux(connect).await
    }

    /// The messages since the last look, whole.
    pub(crate) async fn messages(&mut self) -> Vec<Value> {
        let mut all = self.connect().await;
        assert_eq!(all.pop().unwrap()["channel"], "/meta/connect");
        all
    }

    /// The same in short words, `call StatusChange Ringing [C,A]`.
    pub(crate) async fn told(&mut self) -> Vec<String> {
        self.messages().await.iter().map(short).collect()
    }
}

/// A message in short words.
pub(crate) fn short(message: &Value) -> String {
    let data = &message["data"];
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    match data["messageType"].as_str().unwrap() {
        "DeviceStateChangeMessage" => {
            assert_eq!(message["channel"], "/v2/me/devices");
            let device = &data["devices"][0];
            let watch = match device.get("supervisorMonitoringState") {
                Some(watch) => {
                    format!(" {} {} {}", text(&watch["state"]), text(&watch["mode"]), text(&watch["scope"]))
                }
                None => String::new(),
            };
            format!(
                "device {} {}{watch}",
                text(&device["deviceState"]),
                text(&device["userState"]["displayName"])
            )
        }
        "ChannelStateChangeMessageV2" => {
            assert_eq!(message["channel"], "/v2/me/channels");
            format!("channel {}", text(&data["channels"][0]["userState"]["displayName"]))
        }
        "ErrorMessage" => {
            assert_eq!(
                (&message["channel"], &data["notificationType"]),
                (&json!("/v2/me/calls"), &json!("Error"))
            );
            format!("failed {} {}", text(&data["operationName"]), data["errorCode"])
        }
        "CallStateChangeMessage" => {
            assert_eq!(message["channel"], "/v2/me/calls");
            format!("call {} {}", text(&data["notificationType"]), of_call(&data["call"]))
        }
        other => panic!("{other}"),
    }
}

/// A call in short words.
pub(crate) fn of_call(call: &Value) -> String {
    let state = call["state"].as_str().unwrap();
    if state == "Released" {
        assert_eq!(call["capabilities"], json!([]));
        return state.to_owned();
    }
    let name = |it: &Value| {
        let number = it["phoneNumber"].as_str().unwrap();
        CAST.iter().find(|it| it.1 == number).map_or(number, |it| it.0).to_owned()
    };
    let others: Vec<String> = call["participants"].as_array().unwrap().iter().map(name).collect();
    let mut text = format!("{state} [{}]", others.join(","));
    if call["callType"] == "Consult" {
        text.push_str(" consult");
    }
    if call["mute"] == "On" {
        text.push_str(" muted");
    }
    for (field, word) in [
        ("supervisorListeningIn", " supervised"),
        ("monitoredUserMuted", " silenced"),
        ("monitoring", " monitoring"),
    ] {
        if call[field] == true {
            text.push_str(word);
        }
    }
    text
}
