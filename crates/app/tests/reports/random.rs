//! Random events in random order, kept in random steps: every report, at every horizon, says what it would say if it
//! were worked out from nothing but the events, all at once.
//!
//! Always the same cases, unless `TOUCHLINE_TEST_SEED` (a number) or `PROPTEST_CASES` says otherwise.

use crate::world::*;
use futures::{StreamExt, TryStreamExt};
use proptest::{
    collection::vec,
    prelude::*,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};
use serde_json::{Value, json};
use std::collections::HashSet;
use touchline_analysis::sessions::{
    AgentStatus, AgentSummary, ContactFacts, HandleTime, HandleTimeSource, customer,
};
use touchline_app::{
    App,
    reports::{
        AgentSummaryQuery, ContactExportQuery, Level, Micros, ReportSettings, Window, WorkSessionQuery,
    },
};
use touchline_model::*;

/// Something that happens, in small numbers, so that much of it meets.
#[derive(Clone, Debug)]
struct Happening {
    sort: u8,
    contact: u8,
    customer: u8,
    agent: u8,
    /// When it was recorded, in units of seven minutes: two days.
    at: i64,
    /// How long something lasted, likewise.
    long: i64,
}

#[derive(Clone, Debug)]
enum Step {
    /// So many more events arrive.
    Arrive(usize),
    /// What is there is kept.
    Keep,
    /// A report is read as of so many units after the start; so many rows, then everything else arrives and is kept.
    Read { horizon: i64, from: i64, long: i64, first: usize },
}

fn happenings() -> impl Strategy<Value = Vec<Happening>> {
    let one = (0..40_u8, 0..6_u8, 0..4_u8, 0..3_u8, 0..400_i64, 0..40_i64);
    vec(
        one.prop_map(|(sort, contact, customer, agent, at, long)| Happening {
            sort,
            contact,
            customer,
            agent,
            at,
            long,
        }),
        5..60,
    )
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => (1..25_usize).prop_map(Step::Arrive),
        2 => Just(Step::Keep),
        4 => (0..450_i64, 0..400_i64, 1..400_i64, 0..6_usize)
            .prop_map(|(horizon, from, long, first)| Step::Read { horizon, from, long, first }),
    ];
    vec(step, 3..14)
}

fn moment(units: i64) -> Timestamp {
    clock("00:00").plus_secs(units * 420)
}

impl Happening {
    fn event(&self, n: usize) -> Event {
        let (agent, by_agent) =
            (format!("u{}", self.agent), json!({ "type": "AGENT", "id": format!("u{}", self.agent) }));
        let (customer, thread) = (format!("p{}", self.customer), format!("t{}", self.contact % 4));
        let about = |more: Value| {
            // Most contacts keep their customer.
            let customer =
                if self.long % 8 == 7 { customer.clone() } else { format!("p{}", self.contact % 4) };
            let mut content = json!({
                "channel": if self.contact.is_multiple_of(2) { "PHONE_CALL" } else { "SMS" },
                "contactId": format!("c{}", self.contact), "conversationId": thread, "customerId": customer,
                "context": { "assignee": { "inboxId": "i1", "agentId": agent } },
            });
            for (key, value) in more.as_object().into_iter().flatten() {
                content[key] = value.clone();
            }
            content
        };
        let conversation = || json!({ "conversationId": thread, "customerId": customer });
        let status = || json!({ "agentId": agent, "occurredAt": moment(self.at - self.long % 3) });
        let someone = json!({ "type": "CUSTOMER", "id": customer });
        let (kind, initiator, content) = match self.sort {
            0..6 => {
                ("CONTACT/STARTED", if self.long % 2 == 0 { by_agent } else { someone }, about(json!({})))
            }
            6..9 => ("CONTACT/OFFER_ACCEPTED", by_agent, about(json!({ "agentId": agent }))),
            9 => ("CONTACT/OFFERED", someone, about(json!({ "agentId": agent }))),
            10 => ("CONTACT/MESSAGE_SENT", by_agent, {
                let mut content = about(json!({ "messageId": "m" }));
                content["channel"] = json!("SMS");
                content
            }),
            11..16 => ("CONTACT/ENDED", by_agent, about(json!({ "status": "ANSWERED" }))),
            16 => (
                "CONTACT/TRANSFERRED",
                by_agent,
                about(json!({ "assignee": { "inboxId": "i2", "agentId": "u0" }, "reason": "MANUAL",
                    "transferType": "WARM" })),
            ),
            17 => ("CONTACT/FULFILLED", by_agent, about(json!({ "fulfilledType": "RESPONDED" }))),
            18 | 19 => {
                let mut content = about(json!({ "reason": "MANUAL" }));
                content["channel"] = json!("PHONE_CALL");
                (
                    if self.sort == 18 { "CONTACT/HOLD_STARTED" } else { "CONTACT/HOLD_ENDED" },
                    by_agent,
                    content,
                )
            }
            20 | 21 => ("CONVERSATION/CLOSED", by_agent, conversation()),
            22 => (
                "CONVERSATION/MERGED",
                by_agent,
                json!({ "conversationId": thread, "intoConversationId": format!("t{}", self.customer) }),
            ),
            23 => (
                "CUSTOMER/MERGED",
                by_agent,
                json!({ "customerId": customer, "intoCustomerId": format!("p{}", self.contact % 4) }),
            ),
            24 | 25 => ("AGENT_STATUS/LOGGED_IN", by_agent, status()),
            26 => ("AGENT_STATUS/LOGGED_OUT", by_agent, status()),
            27 => ("AGENT_STATUS/WENT_AWAY", by_agent, status()),
            28 => ("AGENT_STATUS/RETURNED_FROM_AWAY", by_agent, status()),
            29 => (
                "AGENT_AVAILABILITY/UPDATED",
                by_agent,
                json!({ "agentId": agent, "availableFor": if self.long % 2 == 0 { json!(["VOICE"]) } else { json!([]) } }),
            ),
            30 => ("TASK/CREATED", by_agent, json!({ "taskId": "k" })),
            _ => (
                "X_AGENT_VIEW",
                by_agent,
                // Some are recorded before they are over.
                json!({ "agentId": agent, "customerId": customer, "conversationId": thread,
                    "startAt": moment(self.at - self.long), "endAt": moment(self.at + self.long % 5) }),
            ),
        };
        event(&json!({
            "id": format!("e{n}"), "type": kind, "timestamp": moment(self.at), "initiator": initiator,
            "content": content,
        }))
    }
}

/// The facts of every contact, from nothing but the events.
fn truth(arrived: &[Event], horizon: Timestamp, source: HandleTimeSource) -> (Vec<ContactFacts>, HandleTime) {
    let seen = arrived.iter().any(|it| it.kind() == EventKind::AgentView && it.timestamp <= horizon);
    let mode = source.resolve(seen);
    let mut all = customer(arrived, mode, horizon);
    for contact in all.iter_mut().filter(|it| it.ended.is_none()) {
        contact.hold = Micros(0);
    }
    (all, mode)
}

type Session = (Timestamp, String, Option<String>, String);

fn true_sessions(
    arrived: &[Event],
    horizon: Timestamp,
    window: Window,
    source: HandleTimeSource,
) -> Vec<Session> {
    let mut all = truth(arrived, horizon, source).0;
    all.retain(|it| window.holds_work_sessions(it));
    all.sort_by(|a, b| (a.anchor(), &a.contact_id).cmp(&(b.anchor(), &b.contact_id)));
    let of = |it: &ContactFacts| {
        let rows = it.sessions.iter().map(|session| {
            let times = session.times.map(|it| (it.handle, it.after_contact, it.unknown));
            let told =
                format!("{:?}", (&session.id, &session.accepted, times, it.routed_at, it.within_sla()));
            (it.anchor(), it.contact_id.0.clone(), session.agent_id.as_ref().map(|id| id.0.clone()), told)
        });
        rows.collect::<Vec<_>>()
    };
    all.iter().flat_map(of).collect()
}

fn session(row: touchline_app::reports::WorkSessionRow) -> Session {
    let times = row.handle.zip(row.after_contact).zip(row.unknown).map(|((a, b), c)| (a, b, c));
    let accepted = row.agent_accepted_at.zip(row.accepted_inbox_id.clone());
    let told = format!("{:?}", (&row.id, &accepted, times, row.routed_at, row.within_sla));
    (row.anchor(), row.contact_id.0.clone(), row.agent_id.map(|id| id.0), told)
}

fn true_summary(
    arrived: &[Event],
    horizon: Timestamp,
    query: &AgentSummaryQuery,
    source: HandleTimeSource,
) -> Vec<String> {
    let contacts = truth(arrived, horizon, source).0;
    let started: HashSet<&ContactId> = contacts.iter().map(|it| &it.contact_id).collect();
    let agents = (0..3).map(|n| (UserId(format!("u{n}")), AgentStatus::default()));
    let buckets = query.level.buckets(query.zone.clone(), query.window);
    let mut summary = AgentSummary::new(agents, buckets, horizon);
    enum It<'a> {
        Event(&'a Event),
        Interval(&'a touchline_analysis::sessions::Interval),
    }
    let mut all: Vec<(Timestamp, It<'_>)> = arrived
        .iter()
        .filter(|it| it.timestamp <= horizon && it.contact_id().is_none_or(|id| started.contains(id)))
        .map(|it| (it.happened_at(), It::Event(it)))
        .collect();
    all.extend(contacts.iter().flat_map(|it| &it.intervals).map(|it| (it.start, It::Interval(it))));
    all.sort_by_key(|(at, _)| *at);
    let mut rows = Vec::new();
    let mut emit = |row: touchline_analysis::sessions::AgentRow<'_>| {
        rows.push(format!("{:?}", (row.bucket, row.agent_id, row.figures)));
    };
    for (_, it) in &all {
        match it {
            It::Event(it) => summary.event(it, &mut emit).unwrap(),
            It::Interval(it) => summary.interval(it, &mut emit).unwrap(),
        }
    }
    summary.finish(&mut emit);
    rows
}

struct Run<'a> {
    app: &'a App,
    caller: Caller,
    source: HandleTimeSource,
    arrived: Vec<Event>,
    last: touchline_store::Arrival,
    later: std::vec::IntoIter<Event>,
}

impl Run<'_> {
    async fn arrive(&mut self, count: usize) {
        let some: Vec<Event> = self.later.by_ref().take(count).collect();
        // Several batches at once: while one is written, the next one is decided.
        let batches = some.chunks(some.len().div_ceil(3).max(1));
        let sent = batches.map(|batch| self.app.put_events(&self.caller, batch.to_vec()));
        for results in futures::future::join_all(sent).await {
            results.unwrap().into_iter().for_each(|result| _ = result.unwrap());
        }
        // In the order in which they have arrived.
        let new = self.app.events_after(&self.caller, self.last, 1_000).await.unwrap();
        assert_eq!(new.len(), some.len(), "each event once");
        self.last = new.last().map_or(self.last, |it| it.arrival);
        self.arrived.extend(new.into_iter().map(|it| it.event));
    }

    async fn keep(&self) {
        self.app.update_reports(&self.caller.tenant).await.unwrap();
    }

    /// Every report of a window as of a horizon is the truth.
    async fn check(&self, horizon: Timestamp, window: Window) {
        let (arrived, source) = (&self.arrived, self.source);
        let expected = true_sessions(arrived, horizon, window, source);
        let query = WorkSessionQuery { horizon: Some(horizon), ..sessions(window) };
        let rows = self.app.work_sessions(&self.caller, query).await.unwrap();
        let rows: Vec<Session> = rows.map_ok(session).try_collect().await.unwrap();
        assert_eq!(rows, expected, "work sessions as of {horizon}");

        let mut contacts = truth(arrived, horizon, source).0;
        contacts.retain(|it| window.holds_contact(it));
        contacts.sort_by(|a, b| (a.created_at, &a.contact_id).cmp(&(b.created_at, &b.contact_id)));
        contacts.iter_mut().for_each(|it| it.intervals.clear());
        let query = ContactExportQuery { horizon: Some(horizon), ..export(window) };
        let rows = self.app.contact_export(&self.caller, query).await.unwrap();
        let rows: Vec<ContactFacts> = rows.map_ok(|row| row.facts).try_collect().await.unwrap();
        assert_eq!(rows, contacts, "contact export as of {horizon}");

        let query = AgentSummaryQuery { horizon: Some(horizon), ..summary(window, Level::HalfHourly) };
        let expected = true_summary(arrived, horizon, &query, source);
        let rows = self.app.agent_summary(&self.caller, query).await.unwrap();
        let rows: Vec<String> = rows
            .map_ok(|row| format!("{:?}", (row.bucket, &row.agent.id, &row.figures)))
            .try_collect()
            .await
            .unwrap();
        assert_eq!(rows, expected, "agent summary as of {horizon}");
    }

    /// Reads while everything else arrives.
    async fn read(&mut self, horizon: Timestamp, window: Window, first: usize) {
        self.check(horizon, window).await;
        let expected = true_sessions(&self.arrived, horizon, window, self.source);
        let query = WorkSessionQuery { horizon: Some(horizon), ..sessions(window) };
        let mut rows = self.app.work_sessions(&self.caller, query).await.unwrap();
        let query = AgentSummaryQuery { horizon: Some(horizon), ..summary(window, Level::Daily) };
        let expected_summary = true_summary(&self.arrived, horizon, &query, self.source);
        let agents = self.app.agent_summary(&self.caller, query).await.unwrap();
        let mut read: Vec<Session> = Vec::new();
        for _ in 0..first {
            read.extend(rows.next().await.map(|row| session(row.unwrap())));
        }
        self.arrive(9).await;
        self.keep().await;
        let rest: Vec<Session> = rows.map_ok(session).try_collect().await.unwrap();
        read.extend(rest);
        assert_eq!(read, expected, "work sessions as of {horizon}, while others came");
        let agents: Vec<String> = agents
            .map_ok(|row| format!("{:?}", (row.bucket, &row.agent.id, &row.figures)))
            .try_collect()
            .await
            .unwrap();
        assert_eq!(agents, expected_summary, "agent summary as of {horizon}, while others came");
    }
}

async fn story(
    world: &World,
    name: &str,
    happenings: &[Happening],
    steps: &[Step],
    source: HandleTimeSource,
) {
    let settings = ReportSettings { handle_time_source: source, page_rows: 2, ..ReportSettings::default() };
    let app = world.app.clone().with_reports(settings);
    let caller = tenant(&app, name).await;
    for n in 0..3 {
        let user = json!({ "id": format!("u{n}"), "email": format!("u{n}@example.com") });
        app.put_one::<User>(&caller, serde_json::from_value(user).unwrap()).await.unwrap();
    }
    let events: Vec<Event> = happenings.iter().enumerate().map(|(n, it)| it.event(n)).collect();
    let mut run =
        Run { app: &app, caller, source, arrived: vec![], last: (0, -1), later: events.into_iter() };
    for step in steps {
        match step {
            Step::Arrive(count) => run.arrive(*count).await,
            Step::Keep => run.keep().await,
            Step::Read { horizon, from, long, first } => {
                let window = Window { start: moment(*from), end: moment(from + long) };
                run.read(moment(*horizon), window, *first).await;
            }
        }
    }
    run.arrive(usize::MAX).await;
    let whole = Window { start: moment(0), end: moment(1_000) };
    for kept in 0..3 {
        for horizon in [50, 200, 1_000] {
            run.check(moment(horizon), whole).await;
        }
        match kept {
            0 => run.keep().await,
            1 => _ = app.rebuild_reports(&run.caller).await.unwrap(),
            _ => {}
        }
    }
}

fn stories(world: impl AsyncFn() -> World, cases: u32) {
    let seed: u64 = std::env::var("TOUCHLINE_TEST_SEED").ok().and_then(|it| it.parse().ok()).unwrap_or(4);
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|it| it.parse().ok()).unwrap_or(cases);
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let config = Config { cases, failure_persistence: None, max_shrink_iters: 200, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &bytes));
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let world = runtime.block_on(world());
    let count = std::cell::Cell::new(0);
    runner
        .run(&(happenings(), steps(), 0..4_u8), |(happenings, steps, source)| {
            count.set(count.get() + 1);
            let source = match source {
                0 => HandleTimeSource::Assignment,
                1 => HandleTimeSource::Views,
                _ => HandleTimeSource::Auto,
            };
            runtime.block_on(story(&world, &format!("t{}", count.get()), &happenings, &steps, source));
            Ok(())
        })
        .unwrap();
}

#[test]
fn sqlite_reports_are_always_the_truth() {
    stories(World::sqlite, 150);
}

#[test]
fn postgres_reports_are_always_the_truth() {
    stories(World::postgres, 60);
}
