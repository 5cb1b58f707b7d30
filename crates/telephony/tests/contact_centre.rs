//! The whole of it: telephones, the real app with its store, and what is left of a call when it is over.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

#[path = "phone/earpiece.rs"]
#[allow(dead_code, unreachable_pub, reason = "other tests use the rest of it")]
mod earpiece;
#[path = "phone/sip.rs"]
#[allow(dead_code, unreachable_pub, reason = "other tests use the rest of it")]
mod sip;

use serde_json::{Value, json};
use sip::{Message, Phone};
use std::{net::SocketAddr, sync::Arc, time::Duration};
use tokio::runtime::Runtime;
use touchline_app::{
    App, Limits, SystemEntropy,
    live::{
        ChangeTelephony, LiveSettings, NewDevice,
        board::{AgentState, Command, Given, Mode, WatchWish},
    },
    people::NewLogin,
    store::{Blobs, Store},
};
use touchline_model::{Caller, Contact, ContactState, Direction, Role, SystemClock, Tenant, Timestamp, User};
use touchline_telephony::endpoint::{Endpoint, EndpointRules};

const CUSTOMER: f64 = 433.0;
const ANA: f64 = 787.0;
const SUE: f64 = 1153.0;

struct World {
    runtime: Runtime,
    app: App,
    admin: Caller,
    server: SocketAddr,
    endpoint: Endpoint,
    _folder: tempfile::TempDir,
}

fn caller(user: &str, role: Role) -> Caller {
    Caller {
        user: Some(user.into()),
        own_only: role.own_only(),
        abilities: role.abilities(),
        ..Caller::system("acme".into(), &format!("user:{user}"))
    }
}

impl World {
    /// An organisation with a trunk, an agent and a coach; telephones come later.
    fn new(plan: Value) -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let (app, admin, endpoint) = runtime.block_on(async {
            let clock = Arc::new(SystemClock);
            let store = Store::open_sqlite(&folder.path().join("touchline.db"), clock.clone()).await.unwrap();
            let blobs = Blobs::open(&folder.path().join("recordings")).unwrap();
            let app = App::new(store, blobs, clock.clone(), Arc::new(SystemEntropy), Limits::default());
            let mut settings = LiveSettings::default();
            settings.monitoring.auto_answer_supervisor = Some(true);
            let app = app.with_live(settings);
            let admin = Caller::system("acme".into(), "cli");
            let tenant = Tenant { id: "acme".into(), name: "Acme".into(), created_at: Timestamp::default() };
            assert!(app.store().create_tenant(&tenant).await.unwrap());
            for (id, role) in [("ana", Role::Agent), ("sue", Role::Coach)] {
                let email = format!("{id}@example.com");
                let user =
                    User { id: id.into(), email, first_name: id.into(), active: true, ..User::default() };
                app.put_one(&admin, user).await.unwrap();
                let login = NewLogin { user: id.to_owned(), role, password: None, reset: false };
                app.put_login(&admin, login).await.unwrap();
            }
            let change: ChangeTelephony =
                serde_json::from_value(json!({ "version": 0, "plan": plan })).unwrap();
            app.change_telephony(&admin, change).await.unwrap();
            let live = app.live();
            live.start().await.unwrap();
            let listen = "127.0.0.1:0".parse().unwrap();
            let recordings = folder.path().join("live-recordings");
            let mut rules = EndpointRules::new(listen, recordings, clock, Arc::new(SystemEntropy));
            rules.ports = 48_200..=48_299;
            let endpoint = Endpoint::start(rules, Arc::new(live.clone())).await.unwrap();
            live.attach_lines(endpoint.control());
            tokio::spawn(async move { live.run().await });
            (app, admin, endpoint)
        });
        let server = endpoint.udp()[0];
        Self { runtime, app, admin, server, endpoint, _folder: folder }
    }

    /// Somebody gets a telephone, plugs it in and begins to work.
    fn works(&self, user: &str, role: Role, number: &str, hertz: f64) -> Phone {
        let new = NewDevice { user: Some(user.into()), number: number.into(), ..NewDevice::default() };
        let made = self.runtime.block_on(self.app.create_device(&self.admin, new)).unwrap();
        let mut phone = Phone::new(self.server, &made.device.sip_user, hertz).with_password(&made.password);
        assert_eq!(phone.register(600).status(), 200);
        let live = self.app.live();
        live.command(&caller(user, role), Command::Start).unwrap();
        live.command(&caller(user, role), Command::State(AgentState::Ready)).unwrap();
        phone
    }

    fn contact(&self, id: &str) -> Contact {
        let tenant = "acme".into();
        let stored = self.app.store().get::<Contact>(&tenant, id);
        self.runtime.block_on(stored).unwrap().unwrap().value
    }
}

// covers(sip): T1, M1, M6
#[test]
fn a_customer_calls_is_coached_for_and_becomes_a_contact_with_a_recording() {
    // The trunk's port is not known before; calls go out in another test.
    let world = World::new(json!({
        "dialling": { "country_code": "44" },
        "users": [
            { "number": "5001", "user": "ana", "public": "+442079460001" },
            { "number": "5005", "user": "sue" },
        ],
        "trunks": [{ "name": "provider", "server": "127.0.0.3:5060", "addresses": ["127.0.0.3"] }],
    }));
    let mut ana = world.works("ana", Role::Agent, "5001", ANA);
    let mut sue = world.works("sue", Role::Coach, "5005", SUE);
    let mut customer = Phone::at("127.0.0.3", world.server, "+442079460100", CUSTOMER);
    let sdp = customer.sdp("sendrecv", 1);
    let mut call = customer.call_with("+442079460001", &[], &sdp);
    let mut incoming = ana.ringing();
    assert!(incoming.invite.get("From").contains("+442079460100"), "{:?}", incoming.invite);
    customer.rings_there(&call);
    ana.answer(&mut incoming);
    customer.answered(&mut call);
    let live = world.app.live();
    let id = live.call_views(&caller("ana", Role::Agent))[0].call;
    let target = live.device_views(&caller("ana", Role::Agent))[0].device.id.clone();
    let wish = WatchWish {
        mode: Mode::Coach,
        target: Some(Some(target)),
        number: None,
        scope: Given::Absent,
        once: Given::Absent,
    };
    live.command(&caller("sue", Role::Coach), Command::Watch(wish)).unwrap();
    let mut watching = sue.ringing();
    sue.answer(&mut watching);
    // A busy machine takes its time until all of it is heard, and the customer never hears the whisper.
    let begin = std::time::Instant::now();
    loop {
        let at_customer = customer.sound.listen(Duration::from_secs(1), &[ANA, SUE]);
        let at_ana = ana.sound.listen(Duration::from_millis(900), &[CUSTOMER, SUE]);
        println!("customer {at_customer:?}, agent {at_ana:?}");
        assert!(at_customer[1] < -40.0, "{at_customer:?}");
        if at_customer[0] > -14.0 && at_customer[1] < -60.0 && at_ana[0] > -14.0 && at_ana[1] > -14.0 {
            break;
        }
        assert!(begin.elapsed() < Duration::from_secs(120), "{at_customer:?} {at_ana:?}");
    }
    customer.hang_up(&mut call);
    ana.hung_up(&incoming);
    sue.hung_up(&watching);
    let gone = |it: &Message| it.start.starts_with("INVITE");
    ana.never(Duration::from_millis(100), gone);
    let begin = std::time::Instant::now();
    let contact = loop {
        let contact = world.contact(&id.to_string());
        if contact.original_path.as_ref() == Some(&format!("{id}.wav")) {
            break contact;
        }
        assert!(begin.elapsed() < Duration::from_secs(10), "{contact:?}");
        std::thread::sleep(Duration::from_millis(100));
    };
    assert_eq!((contact.direction, contact.agent_id), (Direction::Inbound, Some("ana".into())));
    assert_eq!(contact.metadata["customer_number"], json!("+442079460100"));
    assert!(!contact.metadata.contains_key("cut"));
    // The recording is read to its last sample by the same jobs as an upload.
    world.runtime.block_on(world.app.work_until_idle()).unwrap();
    let read = world.contact(&id.to_string());
    assert!(read.state.as_ref().unwrap().is(ContactState::COMPLETE), "{read:?}");
    // They have spoken for 1.9 seconds, and a little longer while telephones took their time.
    assert!(read.duration.secs() > 1.8, "{read:?}");
    let World { runtime, endpoint, .. } = world;
    runtime.block_on(endpoint.stop());
}
