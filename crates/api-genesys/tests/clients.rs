//! Voice clients with libraries that nobody here wrote (npm `cometd`, `cometd-nodejs-client`, `faye`), against the
//! dialect on a real port, over live calls whose telephones are played by the test. `cargo xtask test` installs the
//! libraries.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may end here")]

use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, VecDeque},
    io::{BufRead, BufReader},
    net::SocketAddr,
    path::Path,
    process::{Child, Command, Stdio},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
        mpsc,
    },
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use touchline_api_genesys::{Dialect, GenesysConfig};
use touchline_app::{
    App, Limits, SystemEntropy,
    live::{
        CallControl, CallingFrom, NewDevice, Order, Target,
        board::{LineId, Signal},
    },
    people::NewLogin,
    store::{Blobs, Store},
};
use touchline_http::push::{Hub, PushLimits, Settings, Standard};
use touchline_model::{Caller, Role, SystemClock, Tenant, TenantId, User};

const PASSWORD: &str = "correct horse battery";

fn tenant() -> TenantId {
    "acme".into()
}

/// Telephones that do nothing by themselves; the newest line to each.
#[derive(Default)]
struct Phones(Mutex<BTreeMap<String, LineId>>);

impl CallControl for Phones {
    fn carry_out(&self, _: &TenantId, orders: Vec<Order>) {
        for order in orders {
            if let Order::Invite { line, to: Target::Device(device), .. } = order {
                self.0.lock().unwrap().insert(device.0, line);
            }
        }
    }
}

/// The dialect on a port.
struct Site {
    app: App,
    address: SocketAddr,
    phones: Arc<Phones>,
    hub: Hub,
    /// Dropped when the server is to stop.
    running: tokio::sync::oneshot::Sender<()>,
    _folder: tempfile::TempDir,
}

impl Site {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(SystemClock);
        let store = Store::open_sqlite(&folder.path().join("touchline.db"), clock.clone()).await.unwrap();
        let blobs = Blobs::open(&folder.path().join("recordings")).unwrap();
        let app = App::new(store, blobs, clock, Arc::new(SystemEntropy), Limits::default());
        let acme = Tenant { id: tenant(), name: "Acme".to_owned(), created_at: app.clock().now() };
        assert!(app.store().create_tenant(&acme).await.unwrap());
        let system = Caller::system(tenant(), "test");
        for (name, number, role) in
            [("s", "5005", Some(Role::Coach)), ("a", "5001", Some(Role::Agent)), ("c", "5000", None)]
        {
            if let Some(role) = role {
                let person = json!({ "id": name, "email": format!("{name}@acme.example") });
                app.put_one::<User>(&system, serde_json::from_value(person).unwrap()).await.unwrap();
                let login =
                    NewLogin { user: name.into(), role, password: Some(PASSWORD.into()), reset: false };
                app.put_login(&system, login).await.unwrap();
            }
            let user = role.map(|_| name.into());
            let device = NewDevice {
                id: Some(name.into()),
                user,
                number: number.into(),
                sip_user: None,
                public: false,
            };
            app.create_device(&system, device).await.unwrap();
        }
        let phones = Arc::new(Phones::default());
        app.live().attach_lines(phones.clone());
        app.live().start().await.unwrap();
        for device in ["s", "a", "c"] {
            app.live().reachable(&tenant(), &device.into(), true);
        }
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (hub, running) = serve(&app, listener, address);
        Self { app, address, phones, hub, running, _folder: folder }
    }

    /// Another process takes the place of this one: what is in memory is lost, the store stays.
    async fn restart(self) -> Self {
        let Self { app, address, phones, hub, running, _folder } = self;
        drop((hub, running));
        let listener = loop {
            match TcpListener::bind(address).await {
                Ok(listener) => break listener,
                Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        };
        let (hub, running) = serve(&app, listener, address);
        Self { app, address, phones, hub, running, _folder }
    }

    fn answers(&self, device: &str) {
        // An order may be on its way still.
        let until = Instant::now() + Duration::from_secs(5);
        let line = loop {
            if let Some(line) = self.phones.0.lock().unwrap().get(device) {
                break *line;
            }
            assert!(Instant::now() < until, "nobody calls {device}");
        };
        self.app.live().signal(&tenant(), Signal::Answered(line));
    }

    fn customer_calls(&self) -> LineId {
        self.app.live().call_in(&tenant(), CallingFrom::Device("c".into()), "5001").unwrap()
    }

    /// A client; `through` is where its notifications come from.
    fn client(&self, user: &str, library: &str, transport: &str, through: SocketAddr, more: Value) -> Client {
        let mut options = json!({
            "library": library, "transport": transport, "user": format!("{user}@acme.example"), "password": PASSWORD,
            "api": format!("http://{}/api/v2", self.address),
            "notifications": format!("http://{through}/api/v2/notifications"),
        });
        options.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        Client::start(&options)
    }
}

fn serve(app: &App, listener: TcpListener, address: SocketAddr) -> (Hub, tokio::sync::oneshot::Sender<()>) {
    let settings = Settings::default();
    let policy = Standard::new(&settings);
    let hub =
        Hub::new(settings, PushLimits::default(), policy, Arc::new(SystemClock), |bytes| rand::fill(bytes));
    let own_url = format!("http://{address}/api/v2");
    let dialect = Dialect::new(app.clone(), hub.clone(), GenesysConfig::default(), &own_url);
    app.live().attach_announcer(Arc::new(hub.clone()));
    let (running, stopped) = tokio::sync::oneshot::channel::<()>();
    let (timers, stopping) = (hub.clone(), hub.clone());
    let timers = tokio::spawn(async move { timers.run().await });
    tokio::spawn(async move {
        let stop = async {
            let _dropped = stopped.await;
            stopping.shutdown();
        };
        touchline_http::serve(listener, dialect.router(), stop).await;
        timers.abort();
    });
    (hub, running)
}

/// A program with one of the libraries.
struct Client {
    child: Child,
    lines: mpsc::Receiver<Value>,
    /// Messages that came while something else was waited for.
    early: VecDeque<Value>,
    /// Everything that it has said.
    said: Vec<String>,
}

impl Client {
    fn start(options: &Value) -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../clients");
        assert!(
            folder.join("node_modules/cometd").exists() && folder.join("node_modules/faye").exists(),
            "the Node clients are not installed: run `cargo xtask test` once"
        );
        let mut command = Command::new("node");
        command.arg(folder.join("cometd-node/listen.mjs")).arg(options.to_string());
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (sender, lines) = mpsc::channel();
        let out = BufReader::new(child.stdout.take().unwrap());
        std::thread::spawn(move || {
            for line in out.lines().map_while(Result::ok) {
                // What is no JSON is the library's log.
                match serde_json::from_str(&line) {
                    Ok(value) => drop(sender.send(value)),
                    Err(_) => eprintln!("{line}"),
                }
            }
        });
        Self { child, lines, early: VecDeque::new(), said: vec![] }
    }

    /// The next line, within half a minute.
    async fn next(&mut self) -> Value {
        let until = Instant::now() + Duration::from_secs(30);
        loop {
            match self.lines.try_recv() {
                Ok(line) => {
                    self.said.push(line.to_string());
                    return line;
                }
                Err(mpsc::TryRecvError::Empty) => {
                    assert!(Instant::now() < until, "the client says nothing more: {:?}", self.said);
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
                Err(mpsc::TryRecvError::Disconnected) => panic!("the client has ended"),
            }
        }
    }

    /// Waits for an event; messages that come before are kept.
    async fn until(&mut self, event: &str) -> Value {
        loop {
            let line = self.next().await;
            if line["event"] == event {
                return line;
            }
            if line["event"] == "message" {
                self.early.push_back(line);
            }
        }
    }

    async fn message(&mut self) -> Value {
        match self.early.pop_front() {
            Some(message) => message,
            None => self.until("message").await,
        }
    }

    /// The next message in short words.
    async fn told(&mut self) -> String {
        let message = self.message().await;
        let data = &message["data"];
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        match data["messageType"].as_str().unwrap() {
            "DeviceStateChangeMessage" => {
                let device = &data["devices"][0];
                format!(
                    "device {} {}",
                    text(&device["userState"]["displayName"]),
                    text(&device["supervisorMonitoringState"]["state"])
                )
            }
            "ChannelStateChangeMessageV2" => "channel".to_owned(),
            "CallStateChangeMessage" => {
                let call = &data["call"];
                let others: Vec<String> = call["participants"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|it| text(&it["phoneNumber"]))
                    .collect();
                format!("{} {} {}", text(&data["notificationType"]), text(&call["state"]), others.join(","))
            }
            other => panic!("{other}"),
        }
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Stands between a client and the server, and cuts answers off before they arrive: one in so many, drawn by chance.
async fn cutting_proxy(to: SocketAddr, one_in: u32, seed: u64) -> (SocketAddr, Arc<AtomicU32>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let cuts = Arc::new(AtomicU32::new(0));
    let (chance, seen) = (Arc::new(Mutex::new(StdRng::seed_from_u64(seed))), cuts.clone());
    tokio::spawn(async move {
        loop {
            let (client, _) = listener.accept().await.unwrap();
            let (chance, cuts) = (chance.clone(), seen.clone());
            tokio::spawn(async move {
                let Ok(server) = TcpStream::connect(to).await else { return };
                let ((mut from_client, mut to_client), (mut from_server, mut to_server)) =
                    (client.into_split(), server.into_split());
                let up = tokio::spawn(async move { tokio::io::copy(&mut from_client, &mut to_server).await });
                let mut buffer = vec![0; 65_536];
                while let Ok(read @ 1..) = from_server.read(&mut buffer).await {
                    if chance.lock().unwrap().random_ratio(1, one_in) {
                        cuts.fetch_add(1, Ordering::SeqCst);
                        break;
                    }
                    if to_client.write_all(&buffer[..read]).await.is_err() {
                        break;
                    }
                }
                up.abort();
            });
        }
    });
    (address, cuts)
}

/// Log-in, handshake, subscription, first connect, voice session, and a coached call.
async fn a_coached_call(library: &str, transport: &str) {
    let site = Site::new().await;
    let start = json!({ "start": true });
    let mut s = site.client("s", library, transport, site.address, start.clone());
    let mut a = site.client("a", "cometd", "long-polling", site.address, start);
    for client in [&mut s, &mut a] {
        assert_eq!(client.until("started").await["statusCode"], 0);
        assert_eq!(client.told().await, "device Not Ready ");
        assert_eq!(client.told().await, "channel");
    }
    let http = reqwest::Client::new();
    let api = format!("http://{}/api/v2", site.address);
    let me = http.get(format!("{api}/me")).basic_auth("s@acme.example", Some(PASSWORD)).send().await.unwrap();
    let token = me.headers()["x-csrf-token"].clone();
    let cookie = me.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    let coach = json!({ "operationName": "Coach", "targetDeviceUri": format!("{api}/devices/a") });
    let answer =
        http.post(format!("{api}/me/devices/s")).header("x-csrf-token", token).header("cookie", cookie);
    let answer = answer.json(&coach).send().await.unwrap();
    assert_eq!(answer.json::<Value>().await.unwrap(), json!({ "statusCode": 0 }));
    assert_eq!(s.told().await, "device Not Ready Coach");
    let customer = site.customer_calls();
    assert_eq!(a.told().await, "StatusChange Ringing 5000");
    site.answers("a");
    assert_eq!(a.told().await, "StatusChange Established 5000");
    assert_eq!(s.told().await, "StatusChange Ringing 5000,5001");
    site.answers("s");
    assert_eq!(s.told().await, "StatusChange Established 5000,5001");
    assert_eq!(a.told().await, "ParticipantsUpdated Established 5000,5005");
    site.app.live().signal(&tenant(), Signal::HungUp(customer));
    for client in [&mut s, &mut a] {
        let released = client.told().await;
        assert!(released.starts_with("StatusChange Released"), "{released}");
    }
}

// covers(bayeux): S12.2, S11
// covers(genesys): T-4, T-6, S2, S6, S7.2
#[tokio::test(flavor = "multi_thread")]
async fn cometd_hears_a_coached_call_by_long_polling() {
    a_coached_call("cometd", "long-polling").await;
}

// covers(bayeux): S12.2, S6.2
#[tokio::test(flavor = "multi_thread")]
async fn cometd_hears_a_coached_call_on_a_web_socket() {
    a_coached_call("cometd", "websocket").await;
}

// covers(bayeux): S12.2, B23
#[tokio::test(flavor = "multi_thread")]
async fn faye_hears_a_coached_call_on_a_web_socket() {
    a_coached_call("faye", "websocket").await;
}

// covers(bayeux): S12.2, B06
#[tokio::test(flavor = "multi_thread")]
async fn faye_hears_a_coached_call_by_long_polling() {
    a_coached_call("faye", "long-polling").await;
}

/// Numbers one after the other until it is enough, and what the client made of them.
async fn numbered(site: &Site, client: &mut Client, enough: impl Fn(u32) -> bool + Send + 'static) {
    let hub = site.hub.clone();
    let telling = tokio::spawn(async move {
        let mut told = 0;
        while !enough(told) {
            hub.publish(&tenant(), &"s".into(), "/v2/me/calls", &json!({ "n": told }));
            // Now in bursts, now with pauses in which connects are held.
            tokio::time::sleep(Duration::from_millis(if told % 7 == 0 { 60 } else { 3 })).await;
            told += 1;
        }
        hub.publish(&tenant(), &"s".into(), "/v2/me/calls", &json!({ "n": told, "last": true }));
    });
    for n in 0.. {
        let message = client.message().await;
        assert_eq!(message["data"]["n"], n, "each once and in order");
        if message["data"]["last"] == true {
            break;
        }
    }
    telling.await.unwrap();
}

// npm `faye` has no acknowledgements: what is on its way when a connection breaks is lost to it by design, so it is not
// among those who are cut off here.
// covers(bayeux): S12.2, S9.1, T-CometDAckExtensionTest, T-SimulatedNetworkFailureTest
// covers(genesys): S6.3
#[tokio::test(flavor = "multi_thread")]
async fn with_acknowledgements_any_answer_may_be_lost_and_no_message_is() {
    for (transport, one_in) in [("long-polling", 3), ("websocket", 11)] {
        let seed =
            std::env::var("TOUCHLINE_SEED").ok().map_or_else(rand::random, |seed| seed.parse().unwrap());
        // Shown when the test fails.
        println!("{transport}: to cut the same answers, TOUCHLINE_SEED={seed}");
        let site = Site::new().await;
        let (proxy, cuts) = cutting_proxy(site.address, one_in, seed).await;
        let mut s = site.client(
            "s",
            "cometd",
            transport,
            proxy,
            json!({ "ack": true, "log": std::env::var("TOUCHLINE_TEST_LOG").unwrap_or("error".into()) }),
        );
        s.until("ready").await;
        let (cuts, before) = (cuts.clone(), cuts.load(Ordering::SeqCst));
        numbered(&site, &mut s, move |told| told >= 250 && cuts.load(Ordering::SeqCst) >= before + 10).await;
    }
}

// covers(bayeux): S12.2
#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_events_arrive_in_order() {
    for (library, transport) in [("cometd", "long-polling"), ("faye", "websocket")] {
        let site = Site::new().await;
        let mut s = site.client("s", library, transport, site.address, json!({ "ack": true }));
        s.until("ready").await;
        let hub = &site.hub;
        for n in 0..1_000 {
            assert_eq!(hub.publish(&tenant(), &"s".into(), "/v2/me/calls", &json!({ "n": n })), 1);
        }
        for n in 0..1_000 {
            assert_eq!(s.message().await["data"]["n"], n, "{library}");
        }
    }
}

// covers(bayeux): S12.2, R-2, T-CometDRedeployTest
#[tokio::test(flavor = "multi_thread")]
async fn after_a_restart_clients_go_on_without_logging_in() {
    for (library, transport) in [("cometd", "long-polling"), ("cometd", "websocket"), ("faye", "websocket")] {
        let mut site = Site::new().await;
        let mut s = site.client("s", library, transport, site.address, json!({}));
        s.until("ready").await;
        site = site.restart().await;
        // Until the client has subscribed anew, nobody hears.
        let until = Instant::now() + Duration::from_secs(30);
        while site.hub.publish(&tenant(), &"s".into(), "/v2/me/calls", &json!({ "after": "restart" })) == 0 {
            assert!(Instant::now() < until, "{library} {transport} does not come back");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        assert_eq!(s.message().await["data"]["after"], "restart", "{library} {transport}");
    }
}
