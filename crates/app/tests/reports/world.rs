//! An organisation of a test's own, and short ways to say what happened.

use futures::TryStreamExt;
use jiff::tz::TimeZone;
use serde_json::{Value, json};
use std::sync::Arc;
use touchline_app::{
    App, AppError, Limits, SystemEntropy,
    records::PutStatus,
    reports::{
        AgentSummaryQuery, AgentSummaryRow, ContactExportQuery, ContactRow, Level, ReportSettings, Window,
        WorkSessionQuery, WorkSessionRow,
    },
};
use touchline_model::*;
use touchline_store::{Blobs, Store};

/// Now, at the start of each story.
pub(crate) const NOW: &str = "2026-03-02T00:00:00Z";

pub(crate) struct World {
    pub(crate) app: App,
    pub(crate) clock: Arc<FakeClock>,
    pub(crate) caller: Caller,
    _folder: tempfile::TempDir,
}

impl World {
    pub(crate) async fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(FakeClock::at(at(NOW)));
        let store = Store::open_sqlite(&folder.path().join("touchline.db"), clock.clone()).await.unwrap();
        Self::over(store, clock, folder).await
    }

    pub(crate) async fn postgres() -> Self {
        let clock = Arc::new(FakeClock::at(at(NOW)));
        let url = touchline_testkit::postgres::fresh_database().await;
        let store = Store::open_postgres(&url, clock.clone()).await.unwrap();
        Self::over(store, clock, tempfile::tempdir().unwrap()).await
    }

    async fn over(store: Store, clock: Arc<FakeClock>, folder: tempfile::TempDir) -> Self {
        let blobs = Blobs::open(&folder.path().join("recordings")).unwrap();
        let app = App::new(store, blobs, clock.clone(), Arc::new(SystemEntropy), Limits::default());
        let caller = tenant(&app, "acme").await;
        Self { app, clock, caller, _folder: folder }
    }

    /// The same organisation, with other settings of reports.
    pub(crate) fn with(self, reports: ReportSettings) -> Self {
        Self { app: self.app.with_reports(reports), ..self }
    }

    /// Sends events, all of which must be new.
    pub(crate) async fn tell(&self, events: &[Value]) {
        let events = events.iter().map(event).collect();
        for result in self.app.put_events(&self.caller, events).await.unwrap() {
            assert_eq!(result.unwrap().status, PutStatus::Created);
        }
    }

    /// Sends one event that may be there already.
    pub(crate) async fn tell_one(&self, it: &Value) -> Result<PutStatus, AppError> {
        let mut results = self.app.put_events(&self.caller, vec![event(it)]).await.unwrap();
        results.pop().unwrap().map(|it| it.status)
    }

    pub(crate) async fn person(&self, id: &str, team: Option<&str>) {
        let user =
            json!({ "id": id, "email": format!("{id}@example.com"), "first_name": id, "team_id": team });
        self.app.put_one::<User>(&self.caller, serde_json::from_value(user).unwrap()).await.unwrap();
    }

    pub(crate) async fn sessions(&self, query: WorkSessionQuery) -> Vec<WorkSessionRow> {
        self.app.work_sessions(&self.caller, query).await.unwrap().try_collect().await.unwrap()
    }

    pub(crate) async fn export(&self, query: ContactExportQuery) -> Vec<ContactRow> {
        self.app.contact_export(&self.caller, query).await.unwrap().try_collect().await.unwrap()
    }

    pub(crate) async fn summary(&self, query: AgentSummaryQuery) -> Vec<AgentSummaryRow> {
        self.app.agent_summary(&self.caller, query).await.unwrap().try_collect().await.unwrap()
    }
}

pub(crate) async fn tenant(app: &App, id: &str) -> Caller {
    let tenant = Tenant { id: id.into(), name: id.to_owned(), created_at: at(NOW) };
    assert!(app.store().create_tenant(&tenant).await.unwrap());
    Caller::system(tenant.id, "test")
}

pub(crate) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// A minute of 1 March 2026: `11:02`, or with seconds `11:02:30`.
pub(crate) fn clock(time: &str) -> Timestamp {
    let seconds = if time.len() == 5 { ":00" } else { "" };
    at(&format!("2026-03-01T{time}{seconds}Z"))
}

pub(crate) fn event(it: &Value) -> Event {
    serde_json::from_value(it.clone()).unwrap_or_else(|e| panic!("{e}: {it}"))
}

pub(crate) fn window(from: &str, to: &str) -> Window {
    Window { start: clock(from), end: clock(to) }
}

/// All work sessions of a window.
pub(crate) fn sessions(window: Window) -> WorkSessionQuery {
    WorkSessionQuery {
        window,
        channels: vec![],
        inboxes: vec![],
        teams: vec![],
        horizon: None,
        at_most: None,
    }
}

/// All contacts of a window.
pub(crate) fn export(window: Window) -> ContactExportQuery {
    ContactExportQuery { window, channels: vec![], inboxes: vec![], horizon: None, at_most: None }
}

/// Everybody in a window, UTC.
pub(crate) fn summary(window: Window, level: Level) -> AgentSummaryQuery {
    AgentSummaryQuery { window, zone: TimeZone::UTC, level, teams: vec![], horizon: None }
}

/// What happened to a contact, at a minute of 1 March: an event whose id is made of both. The contact `c1` is of the
/// customer `customer-c1`, and in the conversation `thread-c1`, unless `more` says otherwise.
pub(crate) fn contact(what: &str, id: &str, time: &str, more: Value) -> Value {
    let initiator = match more["by"].as_str() {
        Some(agent) => json!({ "type": "AGENT", "id": agent }),
        None => json!({ "type": "CUSTOMER", "id": format!("customer-{id}") }),
    };
    let mut content = json!({
        "channel": "CHAT", "contactId": id, "conversationId": format!("thread-{id}"),
        "customerId": format!("customer-{id}"), "context": { "assignee": { "inboxId": "i1" } },
    });
    for (key, value) in more.as_object().into_iter().flatten().filter(|(key, _)| *key != "by") {
        content[key] = value.clone();
    }
    json!({
        "id": format!("{id}-{what}-{time}"), "type": format!("CONTACT/{what}"), "timestamp": clock(time),
        "initiator": initiator, "content": content,
    })
}

/// A contact that an agent took one minute after its start.
pub(crate) fn taken(id: &str, start: &str, accepted: &str, ended: &str, agent: &str) -> Vec<Value> {
    let after = json!({ "assignee": { "inboxId": "i1", "agentId": agent } });
    vec![
        contact("STARTED", id, start, json!({})),
        contact("OFFER_ACCEPTED", id, accepted, json!({ "agentId": agent, "by": agent })),
        contact("ENDED", id, ended, json!({ "status": "ANSWERED", "context": after, "by": agent })),
    ]
}

/// A span during which an agent looked at the customer of a contact, recorded at its end.
pub(crate) fn view(agent: &str, of: &str, start: &str, end: &str) -> Value {
    json!({
        "id": format!("view-{agent}-{of}-{start}"), "type": "X_AGENT_VIEW", "timestamp": clock(end),
        "initiator": { "type": "SYSTEM", "id": "" },
        "content": {
            "agentId": agent, "customerId": format!("customer-{of}"), "conversationId": format!("thread-{of}"),
            "startAt": clock(start), "endAt": clock(end),
        },
    })
}

/// An agent came, went or changed.
pub(crate) fn status(what: &str, agent: &str, time: &str) -> Value {
    json!({
        "id": format!("{agent}-{what}-{time}"), "type": format!("AGENT_STATUS/{what}"), "timestamp": clock(time),
        "initiator": { "type": "AGENT", "id": agent },
        "content": { "agentId": agent, "occurredAt": clock(time) },
    })
}
