//! A floor with telephones that are pretended.

use crate::world::{Browser, World};
use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};
use touchline_app::live::{
    CallControl, CallingFrom, NewDevice, Order, Target,
    board::{AgentState, Command, DeviceId, LineId, Signal},
};
use touchline_model::{Caller, Role, TenantId, Timestamp, User};

/// Telephones that do nothing by themselves.
#[derive(Default)]
pub(crate) struct Phones {
    lines: Mutex<BTreeMap<String, LineId>>,
    orders: Mutex<Vec<Order>>,
    /// How loud lines are, and how often that was asked.
    levels: Mutex<BTreeMap<LineId, u8>>,
    asked: AtomicUsize,
}

impl CallControl for Phones {
    fn carry_out(&self, _: &TenantId, orders: Vec<Order>) {
        for order in &orders {
            if let Order::Invite { line, to: Target::Device(device), .. } = order {
                self.lines.lock().unwrap().insert(device.0.clone(), *line);
            }
        }
        self.orders.lock().unwrap().extend(orders);
    }

    fn level(&self, _: &TenantId, line: LineId) -> Option<u8> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        self.levels.lock().unwrap().get(&line).copied()
    }
}

/// A floor: people at telephones, whose ids are theirs with `d-` before it.
pub(crate) struct Floor {
    pub(crate) world: World,
    pub(crate) phones: Arc<Phones>,
}

impl Floor {
    pub(crate) async fn new() -> Self {
        let (world, phones) = (World::new().await, Arc::new(Phones::default()));
        world.app.live().attach_lines(phones.clone());
        Self { world, phones }
    }

    pub(crate) fn tenant(&self) -> TenantId {
        self.world.admin.tenant.clone()
    }

    pub(crate) async fn user(&self, id: &str, name: &str, team: Option<&str>) {
        let user = User {
            id: id.into(),
            email: format!("{id}@example.com"),
            first_name: name.to_owned(),
            active: true,
            team_id: team.map(Into::into),
            ..User::default()
        };
        self.world.app.put_one(&self.world.admin, user).await.unwrap();
    }

    pub(crate) async fn phone(&self, id: &str, user: Option<&str>, number: &str) {
        let device = NewDevice {
            id: Some(format!("d-{id}")),
            user: user.map(Into::into),
            number: number.to_owned(),
            sip_user: None,
            public: false,
        };
        self.world.app.create_device(&self.world.admin, device).await.unwrap();
        self.world.app.live().reachable(&self.tenant(), &DeviceId(format!("d-{id}")), true);
    }

    /// Somebody with a telephone, at work there and ready.
    pub(crate) async fn agent(&self, id: &str, name: &str, number: &str, team: Option<&str>) {
        self.user(id, name, team).await;
        self.phone(id, Some(id), number).await;
        self.does(id, Command::Start);
        self.does(id, Command::State(AgentState::Ready));
    }

    /// A supervisor with a browser, a name and a telephone.
    pub(crate) async fn supervisor(&self, id: &str, name: &str, number: &str) -> Browser<'_> {
        let browser = self.world.browser(id, Role::Coach).await;
        self.user(id, name, None).await;
        self.phone(id, Some(id), number).await;
        browser
    }

    pub(crate) fn does(&self, user: &str, command: Command) {
        let caller = Caller { user: Some(user.into()), ..self.world.admin.clone() };
        self.world.app.live().command(&caller, command).unwrap();
    }

    /// A customer calls a number from outside.
    pub(crate) fn customer_calls(&self, number: &str) {
        let line = self.world.app.live().call_in(&self.tenant(), CallingFrom::Device("d-c".into()), number);
        self.phones.lines.lock().unwrap().insert("d-c".to_owned(), line.unwrap());
    }

    pub(crate) fn answers(&self, id: &str) {
        let line = self.line(id);
        self.world.app.live().signal(&self.tenant(), Signal::Answered(line));
    }

    /// A telephone hangs up.
    pub(crate) fn hangs_up(&self, id: &str) {
        let line = self.line(id);
        self.world.app.live().signal(&self.tenant(), Signal::HungUp(line));
    }

    /// A telephone's sound is so loud from now on.
    pub(crate) fn sounds(&self, id: &str, level: u8) {
        let line = self.line(id);
        self.phones.levels.lock().unwrap().insert(line, level);
    }

    /// How often somebody asked how loud a line is.
    pub(crate) fn asked(&self) -> usize {
        self.phones.asked.load(Ordering::Relaxed)
    }

    /// The call that somebody is on.
    pub(crate) fn call_of(&self, user: &str) -> String {
        let caller = Caller { user: Some(user.into()), ..self.world.admin.clone() };
        self.world.app.live().call_views(&caller)[0].call.to_string()
    }

    pub(crate) fn line(&self, id: &str) -> LineId {
        self.phones.lines.lock().unwrap()[&format!("d-{id}")]
    }

    /// What telephones were asked to do since the last look.
    pub(crate) fn orders(&self) -> Vec<Order> {
        std::mem::take(&mut *self.phones.orders.lock().unwrap())
    }

    pub(crate) fn passes(&self, secs: i64) {
        use touchline_model::Clock;
        let now: Timestamp = self.world.clock.now();
        self.world.clock.set(now.plus_secs(secs));
    }
}

/// The tile of a telephone.
pub(crate) fn tile(page: &str, id: &str) -> String {
    let (_, rest) = page
        .split_once(&format!("data-part=\"tile d-{id}\""))
        .unwrap_or_else(|| panic!("no tile of {id}: {page}"));
    rest.split_once("</article>").unwrap().0.to_owned()
}

/// The telephones on the wall, in their order.
pub(crate) fn order(page: &str) -> Vec<&str> {
    page.split("data-part=\"tile d-").skip(1).map(|it| it.split_once('"').unwrap().0).collect()
}

pub(crate) fn press<'a>(device: &'a str, mode: &'a str) -> [(&'static str, &'a str); 2] {
    [("device", device), ("mode", mode)]
}
