//! A store filled with the work of many days, without sending every event through the front door: what is kept of
//! each customer is worked out from the customer's events by the same function that the server uses, and written by
//! the same batches. Events are kept only for the days that the summary of agents asks for, and only where it counts
//! them; so this store must not be rebuilt from its events. That both ways lead to the same report is asserted on a
//! small store that went through the front door ([`crate::centre`] makes the events of both).

use crate::{
    Server,
    centre::{A_DAY, AGENTS, agent, contact, sessions_of, shift},
    program,
};
use std::{borrow::Cow, path::Path, process::Command, sync::Arc};
use touchline_app::reports::{HandleTime, keep_family};
use touchline_model::{Event, EventKind, Inbox, SystemClock, TenantId, User};
use touchline_store::{Batch, NewEvent, StaleFamily, Store, WorkedOut, span_of};

/// Families that are written together.
const STEP: u64 = 2_000;

/// What the summary of agents counts of a contact.
const COUNTED: [EventKind; 6] = [
    EventKind::ContactStarted,
    EventKind::ContactOffered,
    EventKind::ContactOfferAccepted,
    EventKind::ContactTransferred,
    EventKind::ContactEnded,
    EventKind::ConversationClosed,
];

/// What the front door is opened with.
pub struct Keys {
    /// `Authorization` header of the native API.
    pub native: String,
    /// `Authorization` header of the Gladly dialect.
    pub gladly: String,
}

fn run(data: &Path, args: &[&str]) -> String {
    let made = Command::new(program()).args(args).arg("--data").arg(data).output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    String::from_utf8(made.stdout).unwrap()
}

/// Makes a tenant in a new data folder, with a key for each dialect.
pub fn keys(data: &Path) -> Keys {
    let token = |text: &str| text.split_whitespace().find(|word| word.starts_with("tl_")).unwrap().to_owned();
    let native = token(&run(data, &["tenant", "create", "acme"]));
    let made = run(
        data,
        &["key", "create", "--tenant", "acme", "--dialect", "gladly", "--login", "bench@example.com"],
    );
    let secret =
        made.lines().find_map(|line| line.strip_prefix("API token")).unwrap_or_else(|| panic!("{made}"));
    let both = base64(format!("bench@example.com:{}", secret.trim()).as_bytes());
    Keys { native: format!("Authorization: Bearer {native}"), gladly: format!("Authorization: Basic {both}") }
}

fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for part in bytes.chunks(3) {
        let n = part.iter().fold(0_u32, |n, byte| n << 8 | u32::from(*byte)) << (8 * (3 - part.len()));
        for at in 0..4 {
            let letter = LETTERS[(n >> (18 - 6 * at) & 63) as usize];
            out.push(if at <= part.len() { char::from(letter) } else { '=' });
        }
    }
    out
}

/// A server whose reports have no cap: the program, or what the environment variable SERVE names (`serve.rs`).
pub fn serve(data: &Path) -> Server {
    if let Some(program) = std::env::var_os("SERVE") {
        let mut command = Command::new(program);
        command.arg(data);
        return Server::spawn(command);
    }
    let config = data.join("bench.toml");
    let text = "[reports]\nhandle_time_source = \"views\"\n[gladly]\nreport_row_cap = 0\n";
    std::fs::write(&config, text).unwrap();
    Server::start_with(data, &["--config", config.to_str().unwrap()])
}

/// The contacts from the first one on that have so many work sessions.
pub fn contacts_of(sessions: u64) -> u64 {
    let (mut contacts, mut found) = (0, 0);
    while found < sessions {
        found += sessions_of(contacts);
        contacts += 1;
    }
    assert_eq!(found, sessions);
    contacts
}

/// The people and the inboxes.
pub async fn directory(store: &Store, tenant: &TenantId) {
    let mut batch = Batch::new(tenant);
    for n in 0..AGENTS {
        let id = agent(n);
        let email = format!("{id}@example.com");
        batch.put(&User { id: id.as_str().into(), email, active: true, ..User::default() });
    }
    for n in 0..20 {
        let agent_ids =
            (0..AGENTS).filter(|agent| agent % 20 == n).map(|n| agent(n).as_str().into()).collect();
        let (id, name) = (format!("inbox-{n:02}").as_str().into(), format!("Inbox {n}"));
        batch.put(&Inbox { id, name, disabled: false, agent_ids });
    }
    store.apply(batch).await.unwrap();
}

/// Fills the store of a tenant that was made by [`keys`]: so many work sessions, and the events that the summary of
/// agents counts for the first days.
pub async fn fill(data: &Path, sessions: u64, days: u64) {
    let store = Store::open_sqlite(&data.join("touchline.db"), Arc::new(SystemClock)).await.unwrap();
    let tenant = TenantId("acme".to_owned());
    directory(&store, &tenant).await;
    // Which events count is known to the store.
    for day in 0..days {
        let events: Vec<Event> = (0..AGENTS).flat_map(|n| shift(n, day as i64)).collect();
        let new: Vec<NewEvent<'_>> =
            events.into_iter().map(|event| NewEvent { event: Cow::Owned(event), family: None, own: false }).collect();
        let mut batch = Batch::new(&tenant);
        batch.add_events(&new);
        store.apply(batch).await.unwrap();
    }
    let contacts = contacts_of(sessions);
    let started = std::time::Instant::now();
    let mut from = 0;
    while from < contacts {
        let to = (from + STEP).min(contacts);
        // Which number the next change gets is known: nobody else writes.
        let seq = store.tenant_state(&tenant).await.unwrap().unwrap().seq;
        let all: Vec<(u64, Vec<Event>)> = (from..to).map(|n| (n, contact(n))).collect();
        let mut batch = Batch::new(&tenant);
        let kept: Vec<NewEvent<'_>> = all
            .iter()
            .filter(|(n, _)| n / AGENTS / A_DAY < days)
            .flat_map(|(n, events)| events.iter().map(|event| (*n, event)))
            .filter(|(_, event)| COUNTED.contains(&event.kind()))
            .map(|(n, event)| NewEvent { event: Cow::Borrowed(event), family: Some(n as i64 + 1), own: false })
            .collect();
        let changed = seq + i64::from(!kept.is_empty());
        batch.add_events(&kept);
        for (n, events) in &all {
            let family = *n as i64 + 1;
            let spans = events.iter().map(span_of);
            let first = events.iter().map(|it| it.timestamp).min().unwrap();
            batch.touch_family(family, first, spans.map(|it| it.1).max().unwrap());
            keep_family(&mut batch, StaleFamily { family, changed }, events, HandleTime::Views).unwrap();
        }
        store.apply(batch).await.unwrap();
        if from / 500_000 != to / 500_000 {
            eprintln!("loaded {to} of {contacts} contacts after {:.0} s", started.elapsed().as_secs_f64());
        }
        from = to;
    }
    assert!(store.stale_families(&tenant, None, 1).await.unwrap().is_empty());
    assert!(store.stale_families(&tenant, Some(WorkedOut::Assignment), 1).await.unwrap().is_empty());
    store.close().await;
}
