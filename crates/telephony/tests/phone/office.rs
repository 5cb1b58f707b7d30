//! An exchange for tests: the real board, some telephones, and nothing of a store.

use std::{
    collections::HashMap,
    net::{IpAddr, SocketAddr},
    sync::{Arc, Mutex, OnceLock},
};
use tokio::{runtime::Runtime, sync::watch};
use touchline_app::{
    AppError, SystemEntropy,
    live::{CallControl, CallingFrom, Order, RecordedCall, SIP_REALM, Shown, SipAccount, Target},
};
use touchline_live::{
    Board, By, CallId, Command, Destination, Device, DeviceId, Effect, From, Given, LineId, Mode, Reach,
    Settings, Signal, WatchWish,
    numbers::{Refusal, Trunk},
};
use touchline_media::sdp::Encryption;
use touchline_model::{Clock, SystemClock, TenantId};
use touchline_telephony::{
    digest::Ha1,
    endpoint::{Endpoint, EndpointRules, Exchange, Promised},
};

/// User name, number, whether a supervisor.
const PEOPLE: [(&str, &str, bool); 5] = [
    ("carol", "1000", false),
    ("agnes", "1001", false),
    ("bert", "1002", false),
    ("susan", "1009", true),
    ("dora", "1003", false),
];

pub struct Office {
    board: Mutex<Board>,
    control: OnceLock<Arc<dyn CallControl>>,
    changed: watch::Sender<u64>,
    pub trunks: Mutex<Vec<Trunk>>,
    pub reachable: Mutex<HashMap<String, bool>>,
    pub recorded: Mutex<Vec<(CallId, RecordedCall)>>,
    pub signals: Mutex<Vec<Signal>>,
    /// Where recordings are kept, for the endpoint takes its files away.
    kept: tempfile::TempDir,
}

fn tenant() -> TenantId {
    "acme".into()
}

impl Office {
    fn new() -> Self {
        let mut n = 0;
        let settings = Settings {
            recording: true,
            auto_answer_supervisor: true,
            allow_switch_to_coach: true,
            ..Settings::default()
        };
        let mut board = Board::new(settings, move || {
            n += 1;
            n
        });
        let device = |(name, number, supervises): (&str, &str, bool)| Device {
            id: name.into(),
            number: number.into(),
            user: Some(name.into()),
            supervises,
            public: false,
        };
        let _told = board.configure(PEOPLE.map(device));
        let office = Self {
            board: Mutex::new(board),
            control: OnceLock::new(),
            changed: watch::Sender::new(0),
            trunks: Mutex::default(),
            reachable: Mutex::default(),
            recorded: Mutex::default(),
            signals: Mutex::default(),
            kept: tempfile::tempdir().unwrap(),
        };
        for (name, ..) in PEOPLE {
            office.command(name, Command::Start);
        }
        office
    }

    fn carry_out(&self, effects: Vec<Effect>) {
        let orders = effects.into_iter().filter_map(|effect| {
            Some(match effect {
                Effect::Invite { line, to, from, auto_answer, .. } => {
                    let to = match to {
                        Destination::Device(device) => Target::Device(device),
                        Destination::Outside(number) => Target::Trunk { trunk: "net".into(), number },
                    };
                    Order::Invite {
                        line,
                        to,
                        from: Shown { number: from, name: Some("Some \"One\"".into()) },
                        auto_answer,
                    }
                }
                Effect::Ringing(line) => Order::Ringing(line),
                Effect::Early(line) => Order::Early(line),
                Effect::Answer(line) => Order::Answer(line),
                Effect::PickUp(line) => Order::PickUp(line),
                Effect::HangUp { line, cause } => Order::HangUp { line, cause },
                Effect::Dtmf { line, digits } => Order::Dtmf { line, digits },
                Effect::Seats { call, seats, waiting } => Order::Seats { call, seats, waiting },
                Effect::Record { call, recording } => Order::Record { call, recording },
                _ => return None,
            })
        });
        let orders: Vec<Order> = orders.collect();
        if let Some(control) = self.control.get() {
            control.carry_out(&tenant(), orders);
        }
    }

    pub fn command(&self, name: &str, command: Command) {
        let by =
            By { user: name.into(), supervision: true, supervisor: name == "susan", reach: Reach::Everybody };
        // Effects leave in the order in which they were made.
        let mut board = self.board.lock().unwrap();
        let effects = board.command(SystemClock.now(), &by, command).unwrap();
        self.carry_out(effects);
    }

    pub fn set_trunks(&self, trunks: Vec<Trunk>) {
        *self.trunks.lock().unwrap() = trunks;
        self.changed.send_modify(|version| *version += 1);
    }

    pub fn watch(&self, mode: Mode, target: &str) {
        let target = Some(Some(DeviceId(target.to_owned())));
        let wish = WatchWish { mode, target, number: None, scope: Given::Absent, once: Given::Absent };
        self.command("susan", Command::Watch(wish));
    }

    /// The only call that somebody is on.
    pub fn call_of(&self, name: &str) -> CallId {
        let views = self.board.lock().unwrap().call_views(&name.into());
        assert_eq!(views.len(), 1, "{views:?}");
        views[0].call
    }
}

impl Exchange for Office {
    fn account(&self, user: &str) -> Option<SipAccount> {
        let (name, number, _) = PEOPLE.into_iter().find(|(name, ..)| *name == user)?;
        let hash = |ha1: Ha1| {
            // What is stored is what serde writes.
            let value = serde_json::to_value(ha1).unwrap();
            (value["md5"].as_str().unwrap().to_owned(), value["sha256"].as_str().unwrap().to_owned())
        };
        let (ha1_md5, ha1_sha256) = hash(Ha1::new(name, SIP_REALM, &format!("{name}-secret")));
        let realm = SIP_REALM.to_owned();
        Some(SipAccount {
            tenant: tenant(),
            device: name.into(),
            number: number.into(),
            ha1_md5,
            ha1_sha256,
            realm,
        })
    }

    fn trunk_at(&self, source: IpAddr) -> Option<(TenantId, String)> {
        let trunks = self.trunks.lock().unwrap();
        let trunk = trunks.iter().find(|trunk| trunk.addresses.contains(&source.to_string()))?;
        Some((tenant(), trunk.name.clone()))
    }

    fn trunks(&self) -> Vec<(TenantId, Trunk)> {
        self.trunks.lock().unwrap().iter().map(|trunk| (tenant(), trunk.clone())).collect()
    }

    fn trunk_networks(&self) -> Vec<(IpAddr, u8)> {
        let trunks = self.trunks.lock().unwrap();
        trunks.iter().flat_map(|it| &it.addresses).map(|it| (it.parse().unwrap(), 32)).collect()
    }

    fn changed(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    fn call_in(&self, _tenant: &TenantId, from: CallingFrom, dialled: &str) -> Result<LineId, Refusal> {
        let from = match from {
            CallingFrom::Device(device) => From::Device(device),
            CallingFrom::Trunk { number, .. } => From::Outside(number),
        };
        let outside = dialled.starts_with('+');
        if !outside && !PEOPLE.iter().any(|(_, number, _)| *number == dialled) {
            return Err(Refusal::Unknown);
        }
        let mut board = self.board.lock().unwrap();
        let line = board.offer_line(&from);
        let signal = Signal::Calls { line, from, number: dialled.into(), ring: Some(dialled.into()) };
        let effects = board.signal(SystemClock.now(), signal);
        self.carry_out(effects);
        Ok(line)
    }

    fn signal(&self, _tenant: &TenantId, signal: Signal) {
        self.signals.lock().unwrap().push(signal.clone());
        let mut board = self.board.lock().unwrap();
        let effects = board.signal(SystemClock.now(), signal);
        self.carry_out(effects);
    }

    fn reachable(&self, _tenant: &TenantId, device: &DeviceId, yes: bool) {
        self.reachable.lock().unwrap().insert(device.0.clone(), yes);
    }

    fn recorded(
        &self,
        _tenant: TenantId,
        call: CallId,
        recording: RecordedCall,
    ) -> Promised<'_, Result<(), AppError>> {
        let keep = |path: &std::path::PathBuf| {
            let name = format!("{:x}-{}", call.0, path.file_name().unwrap().display());
            let kept = self.kept.path().join(name);
            std::fs::copy(path, &kept).unwrap();
            std::fs::remove_file(path).unwrap();
            kept
        };
        let recording = RecordedCall {
            customer_facing: keep(&recording.customer_facing),
            coach: recording.coach.as_ref().map(keep),
            cut: recording.cut,
        };
        Box::pin(async move {
            self.recorded.lock().unwrap().push((call, recording));
            Ok(())
        })
    }
}

/// An endpoint with its exchange and its threads.
pub struct World {
    pub office: Arc<Office>,
    pub server: SocketAddr,
    pub tcp: SocketAddr,
    pub runtime: Runtime,
    pub endpoint: Option<Endpoint>,
    pub folder: tempfile::TempDir,
}

impl World {
    /// Ports for sound begin at `first_port`; each test has its own.
    pub fn new(first_port: u16) -> Self {
        Self::with(first_port, |_| {}, |_| {})
    }

    pub fn with(
        first_port: u16,
        rules_of: impl FnOnce(&mut EndpointRules),
        prepare: impl FnOnce(&Office),
    ) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let office = Arc::new(Office::new());
        prepare(&office);
        let recordings = folder.path().join("live-recordings");
        let listen = "127.0.0.1:0".parse().unwrap();
        let mut rules =
            EndpointRules::new(listen, recordings, Arc::new(SystemClock), Arc::new(SystemEntropy));
        rules.ports = first_port..=first_port + 99;
        rules.encryption = Encryption::IfAsked;
        rules_of(&mut rules);
        let endpoint = runtime.block_on(Endpoint::start(rules, office.clone())).unwrap();
        office.control.set(endpoint.control()).ok().unwrap();
        let (server, tcp) = (endpoint.udp()[0], endpoint.tcp()[0]);
        Self { office, server, tcp, runtime, endpoint: Some(endpoint), folder }
    }

    pub fn stop(&mut self) {
        let endpoint = self.endpoint.take().unwrap();
        self.runtime.block_on(endpoint.stop());
    }
}
