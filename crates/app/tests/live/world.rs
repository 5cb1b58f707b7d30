//! An office with a queue, a trunk and three telephones, and somebody who writes down what lines are asked to do.

use futures::TryStreamExt;
use serde_json::{Map, Value, json};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};
use touchline_app::{
    App, Limits, SystemEntropy,
    live::{
        Announcer, CallControl, CallingFrom, ChangeTelephony, DevicePassword, Live, LiveSettings, NewDevice,
        Order, Target,
        board::{AgentState, CallCommand, CallId, CallView, Command, LegState, LineId, Notice, Signal},
    },
    people::NewLogin,
    reports::{ContactExportQuery, ContactRow, ReportSettings, Window, WorkSessionQuery, WorkSessionRow},
};
use touchline_model::*;
use touchline_store::{Blobs, Store};

pub(crate) const START: &str = "2026-03-02T10:00:00Z";
pub(crate) const CUSTOMER: &str = "+442079460100";

/// Writes down what lines are asked to do, and what people are told.
#[derive(Default)]
pub(crate) struct Heard {
    orders: Mutex<Vec<Order>>,
    told: Mutex<Vec<(UserId, String)>>,
}

impl CallControl for Heard {
    fn carry_out(&self, tenant: &TenantId, orders: Vec<Order>) {
        assert_eq!(tenant.as_str(), "acme");
        self.orders.lock().unwrap().extend(orders);
    }
}

impl Announcer for Heard {
    fn announce(&self, _: &TenantId, user: &UserId, notice: &Notice) {
        let text = match notice {
            Notice::Call { view, .. } => format!("call {:?}", view.state),
            Notice::Device(view) => format!("device {:?}", view.state),
            Notice::Failed { tried, cause, .. } => format!("failed {tried:?} {cause:?}"),
        };
        self.told.lock().unwrap().push((user.clone(), text));
    }
}

pub(crate) struct World {
    pub(crate) app: App,
    pub(crate) live: Live,
    pub(crate) clock: Arc<FakeClock>,
    pub(crate) admin: Caller,
    pub(crate) heard: Arc<Heard>,
    /// Lines by whom they lead to, the newest.
    lines: BTreeMap<String, LineId>,
    pub(crate) folder: Arc<tempfile::TempDir>,
    url: Option<String>,
}

pub(crate) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// 500: Billing, with Ana and Ben; 600: the front desk, both at once; a trunk by which customers come.
pub(crate) fn plan() -> Value {
    json!({
        "dialling": { "country_code": "44" },
        "emergency": ["999"],
        "users": [
            { "number": "5001", "user": "ana", "public": "+442079460001" },
            { "number": "5002", "user": "ben", "outside": false },
            { "number": "5005", "user": "sue" },
        ],
        "groups": [{ "number": "600", "name": "Front desk", "members": ["5001", "5002"], "ring_secs": 20, "overflow": "500" }],
        "queues": [{ "number": "500", "name": "Billing", "members": ["ana", "ben"], "ring_secs": 15, "public": "+442079460500" }],
        "trunks": [{ "name": "provider", "server": "sip.provider.example", "addresses": ["192.0.2.0/28"],
            "caller_number": "+442079460000", "register": { "username": "pbx", "password": "s3cret" } }],
    })
}

pub(crate) fn device(id: &str, user: Option<&str>, number: &str) -> NewDevice {
    let (id, user) = (Some(id.to_owned()), user.map(Into::into));
    NewDevice { id, user, number: number.to_owned(), ..NewDevice::default() }
}

impl World {
    pub(crate) async fn sqlite() -> Self {
        Self::in_folder(Arc::new(tempfile::tempdir().unwrap()), None, at(START)).await.furnished().await
    }

    pub(crate) async fn postgres() -> Self {
        let url = touchline_testkit::postgres::fresh_database().await;
        Self::in_folder(Arc::new(tempfile::tempdir().unwrap()), Some(url), at(START)).await.furnished().await
    }

    async fn in_folder(folder: Arc<tempfile::TempDir>, url: Option<String>, now: Timestamp) -> Self {
        let clock = Arc::new(FakeClock::at(now));
        let store = match &url {
            None => Store::open_sqlite(&folder.path().join("touchline.db"), clock.clone()).await,
            Some(url) => Store::open_postgres(url, clock.clone()).await,
        };
        let blobs = Blobs::open(&folder.path().join("recordings")).unwrap();
        let app = App::new(store.unwrap(), blobs, clock.clone(), Arc::new(SystemEntropy), Limits::default());
        let app = app.with_live(LiveSettings::default());
        let app = app.with_reports(ReportSettings { latency_secs: 0, ..ReportSettings::default() });
        let admin = Caller::system("acme".into(), "cli");
        let (live, heard) = (app.live(), Arc::new(Heard::default()));
        live.attach_lines(heard.clone());
        live.attach_announcer(heard.clone());
        Self { app, live, clock, admin, heard, lines: BTreeMap::new(), folder, url }
    }

    async fn furnished(self) -> Self {
        let tenant = Tenant { id: "acme".into(), name: "Acme".to_owned(), created_at: at(START) };
        assert!(self.app.store().create_tenant(&tenant).await.unwrap());
        for (id, role) in [("ana", Role::Agent), ("ben", Role::Agent), ("sue", Role::Coach)] {
            let user = User {
                id: id.into(),
                email: format!("{id}@example.com"),
                first_name: id.to_owned(),
                active: true,
                ..User::default()
            };
            self.app.put_one(&self.admin, user).await.unwrap();
            let login = NewLogin { user: id.to_owned(), role, password: None, reset: false };
            self.app.put_login(&self.admin, login).await.unwrap();
        }
        let change: ChangeTelephony =
            serde_json::from_value(json!({ "version": 0, "plan": plan() })).unwrap();
        self.app.change_telephony(&self.admin, change).await.unwrap();
        for (id, user, number) in [
            ("A", Some("ana"), "5001"),
            ("B", Some("ben"), "5002"),
            ("S", Some("sue"), "5005"),
            ("C", None, "5000"),
        ] {
            self.make(device(id, user, number)).await;
            self.live.reachable(&"acme".into(), &id.into(), true);
        }
        self
    }

    pub(crate) async fn make(&self, device: NewDevice) -> DevicePassword {
        self.app.create_device(&self.admin, device).await.unwrap()
    }

    /// The same data under another server, as after the power has failed.
    pub(crate) async fn after_a_crash(self, secs: i64) -> Self {
        let now = self.clock.now().plus_secs(secs);
        let world = Self::in_folder(self.folder.clone(), self.url.clone(), now).await;
        world.live.start().await.unwrap();
        world
    }

    pub(crate) fn tenant(&self) -> TenantId {
        "acme".into()
    }

    pub(crate) fn caller(&self, user: &str) -> Caller {
        let role = if user == "sue" { Role::Coach } else { Role::Agent };
        let actor = format!("user:{user}");
        Caller {
            user: Some(user.into()),
            own_only: role.own_only(),
            abilities: role.abilities(),
            ..Caller::system("acme".into(), &actor)
        }
    }

    pub(crate) fn does(&self, user: &str, command: Command) {
        self.live.command(&self.caller(user), command).unwrap();
    }

    /// Begins work, ready for calls.
    pub(crate) fn is_ready(&self, user: &str) {
        self.does(user, Command::Start);
        self.does(user, Command::State(AgentState::Ready));
    }

    pub(crate) fn passes(&self, secs: i64) {
        self.clock.advance_secs(secs);
        self.live.poll();
    }

    /// What lines were asked to do since the last look, in short words.
    pub(crate) fn asked(&mut self) -> Vec<String> {
        let orders = std::mem::take(&mut *self.heard.orders.lock().unwrap());
        let mut all = vec![];
        for order in orders {
            let word = match order {
                Order::Invite { line, to, from, .. } => {
                    let (name, to) = match to {
                        Target::Device(device) => (device.0.clone(), device.0),
                        Target::Trunk { trunk, number } => (number.clone(), format!("{trunk} {number}")),
                    };
                    self.lines.insert(name, line);
                    let name = from.name.map(|it| format!(" {it}")).unwrap_or_default();
                    format!("invite {to} for {}{name}", from.number)
                }
                Order::Ringing(line) => format!("ringing {}", self.name(line)),
                Order::Early(line) => format!("early {}", self.name(line)),
                Order::Answer(line) => format!("answer {}", self.name(line)),
                Order::PickUp(line) => format!("pick up {}", self.name(line)),
                Order::HangUp { line, cause } => format!("hang up {} {cause:?}", self.name(line)),
                Order::Dtmf { digits, .. } => format!("digits {digits}"),
                Order::Seats { .. } | Order::Record { .. } => continue,
            };
            all.push(word);
        }
        all
    }

    fn name(&self, line: LineId) -> String {
        let found = self.lines.iter().find(|it| *it.1 == line);
        found.map_or_else(|| format!("{line:?}"), |it| it.0.clone())
    }

    /// What somebody was told since the last look.
    pub(crate) fn told(&self, user: &str) -> Vec<String> {
        let mut told = self.heard.told.lock().unwrap();
        let all = std::mem::take(&mut *told);
        let (own, rest) = all.into_iter().partition(|it: &(UserId, String)| it.0.as_str() == user);
        *told = rest;
        own.into_iter().map(|it| it.1).collect()
    }

    /// The customer calls through the trunk.
    pub(crate) fn customer_calls(&mut self, number: &str) {
        let from = CallingFrom::Trunk {
            name: "provider".to_owned(),
            number: CUSTOMER.to_owned(),
            display: Some("Mr C".to_owned()),
        };
        let line = self.live.call_in(&self.tenant(), from, number).unwrap();
        self.lines.insert("customer".to_owned(), line);
    }

    pub(crate) fn signal(&mut self, signal: Signal) {
        self.live.signal(&self.tenant(), signal);
    }

    pub(crate) fn line(&self, name: &str) -> LineId {
        *self.lines.get(name).unwrap_or_else(|| panic!("there is no line to {name}"))
    }

    pub(crate) fn answers(&mut self, name: &str) {
        self.asked_quietly();
        let line = self.line(name);
        self.signal(Signal::Answered(line));
    }

    pub(crate) fn hangs_up(&mut self, name: &str) {
        let line = self.line(name);
        self.signal(Signal::HungUp(line));
    }

    /// Learns the lines without taking the orders away.
    fn asked_quietly(&mut self) {
        let orders = self.heard.orders.lock().unwrap();
        for order in orders.iter() {
            if let Order::Invite { line, to: Target::Device(device), .. } = order {
                self.lines.insert(device.0.clone(), *line);
            }
        }
    }

    pub(crate) fn view(&self, user: &str) -> CallView {
        let views = self.live.call_views(&self.caller(user));
        assert_eq!(views.len(), 1, "{user}: {views:?}");
        views[0].clone()
    }

    pub(crate) fn view_in(&self, user: &str, state: LegState) -> CallView {
        let views = self.live.call_views(&self.caller(user));
        views.iter().find(|it| it.state == state).unwrap_or_else(|| panic!("{user}: {views:?}")).clone()
    }

    pub(crate) fn on_call(&self, user: &str, command: CallCommand) {
        let call = self.view(user).call;
        self.does(user, Command::Call(call, command));
    }

    pub(crate) fn transfers(&self, user: &str, to: &str) {
        self.on_call(user, CallCommand::Transfer(to.to_owned(), Map::new()));
    }

    fn window() -> Window {
        Window { start: at("2026-03-02T00:00:00Z"), end: at("2026-03-04T00:00:00Z") }
    }

    pub(crate) async fn sessions(&self) -> Vec<WorkSessionRow> {
        let query = WorkSessionQuery {
            window: Self::window(),
            channels: vec![],
            inboxes: vec![],
            teams: vec![],
            horizon: None,
            at_most: None,
        };
        self.app.work_sessions(&self.admin, query).await.unwrap().try_collect().await.unwrap()
    }

    pub(crate) async fn export(&self) -> Vec<ContactRow> {
        let query = ContactExportQuery {
            window: Self::window(),
            channels: vec![],
            inboxes: vec![],
            horizon: None,
            at_most: None,
        };
        self.app.contact_export(&self.admin, query).await.unwrap().try_collect().await.unwrap()
    }

    pub(crate) async fn contact(&self, call: CallId) -> Contact {
        self.app.store().get::<Contact>(&self.tenant(), &call.to_string()).await.unwrap().unwrap().value
    }
}
