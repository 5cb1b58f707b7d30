//! What happened, told by hand: one Sunday on which the clocks of Berlin go from two to three.

use crate::world::World;
use serde_json::{Value, json};
use touchline_model::{Caller, Event, Group, Inbox, User};

/// Monday noon, when everything of that Sunday is settled.
pub(crate) const MONDAY: &str = "2026-03-30T12:00:00Z";
/// The Sunday.
pub(crate) const SUNDAY: &str = "from=2026-03-29&to=2026-03-29&zone=Europe/Berlin";

/// An event; `who` is `agent:ana`, `customer:cu1`, `system:`.
pub(crate) fn event(id: &str, kind: &str, time: &str, who: &str, content: Value) -> Value {
    let (type_, who) = who.split_once(':').unwrap();
    let initiator = json!({ "type": type_.to_uppercase(), "id": who });
    json!({ "id": id, "type": kind, "timestamp": time, "initiator": initiator, "content": content })
}

/// A contact of the customer `cu-<id>`, told step by step.
pub(crate) struct Thread {
    id: String,
    channel: &'static str,
    inbox: &'static str,
    agent: Option<String>,
    pub(crate) events: Vec<Value>,
}

impl Thread {
    pub(crate) fn new(id: &str, channel: &'static str, inbox: &'static str) -> Self {
        Self { id: id.to_owned(), channel, inbox, agent: None, events: vec![] }
    }

    /// `kind` is what follows `CONTACT/`.
    pub(crate) fn at(mut self, time: &str, kind: &str, who: &str, extra: Value) -> Self {
        let assignee = match &self.agent {
            Some(agent) => json!({ "inboxId": self.inbox, "agentId": agent }),
            None => json!({ "inboxId": self.inbox }),
        };
        let mut content = json!({
            "contactId": self.id, "channel": self.channel, "customerId": format!("cu-{}", self.id),
            "conversationId": format!("v-{}", self.id), "context": { "assignee": assignee },
        });
        for (name, value) in extra.as_object().unwrap() {
            content[name] = value.clone();
        }
        if kind == "OFFER_ACCEPTED" {
            self.agent = content["agentId"].as_str().map(str::to_owned);
        }
        let id = format!("{}-{}", self.id, self.events.len());
        self.events.push(event(&id, &format!("CONTACT/{kind}"), time, who, content));
        self
    }

    /// The customer begins it.
    pub(crate) fn starts(self, time: &str, extra: Value) -> Self {
        let who = format!("customer:cu-{}", self.id);
        self.at(time, "STARTED", &who, extra)
    }
    pub(crate) fn accepted(self, agent: &str, time: &str) -> Self {
        let who = format!("agent:{agent}");
        self.at(time, "OFFERED", "system:", json!({ "agentId": agent })).at(
            time,
            "OFFER_ACCEPTED",
            &who,
            json!({ "agentId": agent }),
        )
    }
    pub(crate) fn fulfilled(self, time: &str) -> Self {
        self.at(time, "FULFILLED", "system:", json!({ "fulfilledType": "RESPONDED" }))
    }
    pub(crate) fn ends(self, time: &str, status: &str) -> Self {
        self.at(time, "ENDED", "system:", json!({ "status": status }))
    }
    /// Its agent has the customer on the screen for a while.
    pub(crate) fn seen_by(mut self, agent: &str, start: &str, end: &str) -> Self {
        let content = json!({ "agentId": agent, "customerId": format!("cu-{}", self.id),
            "conversationId": format!("v-{}", self.id), "startAt": start, "endAt": end });
        self.events.push(event(&format!("{}-view", self.id), "X_AGENT_VIEW", end, "system:", content));
        self
    }
}

/// An agent's status changes.
pub(crate) fn status(id: &str, agent: &str, kind: &str, time: &str) -> Value {
    let content = json!({ "agentId": agent, "occurredAt": time });
    event(id, &format!("AGENT_STATUS/{kind}"), time, &format!("agent:{agent}"), content)
}

/// The Sunday, with what runs into it and out of it.
pub(crate) fn sunday() -> Vec<Value> {
    let threads = [
        // Begins on Saturday a second before midnight, ends on Sunday: 591 s of work.
        Thread::new("c-0", "PHONE_CALL", "i-new")
            .starts("2026-03-28T22:59:59Z", json!({}))
            .accepted("ana", "2026-03-28T23:00:09Z")
            .ends("2026-03-28T23:10:00Z", "ANSWERED")
            .seen_by("ana", "2026-03-28T23:00:09Z", "2026-03-28T23:10:00Z"),
        // Across the hour that there was not: waits 20 s, 900 s of work and 60 s afterwards.
        Thread::new("c-1", "PHONE_CALL", "i-new")
            .starts("2026-03-29T00:50:00Z", json!({ "dueAt": "2026-03-29T00:51:00Z" }))
            .accepted("ana", "2026-03-29T00:50:20Z")
            .fulfilled("2026-03-29T00:50:21Z")
            .ends("2026-03-29T01:05:20Z", "ANSWERED")
            .seen_by("ana", "2026-03-29T00:50:20Z", "2026-03-29T01:06:20Z"),
        // Waits 100 s, which is too long; 300 s of work.
        Thread::new("c-2", "PHONE_CALL", "i-bill")
            .starts("2026-03-29T01:10:00Z", json!({ "dueAt": "2026-03-29T01:11:00Z" }))
            .accepted("bo", "2026-03-29T01:11:40Z")
            .fulfilled("2026-03-29T01:11:41Z")
            .ends("2026-03-29T01:16:40Z", "ANSWERED")
            .seen_by("bo", "2026-03-29T01:11:40Z", "2026-03-29T01:16:40Z"),
        // Nobody takes it.
        Thread::new("c-3", "CHAT", "i-new")
            .starts("2026-03-29T07:00:00Z", json!({ "entryPoint": "=HYPERLINK(\"x\")" }))
            .ends("2026-03-29T07:05:00Z", "UNANSWERED"),
        // A second before midnight, and still open.
        Thread::new("c-4", "EMAIL", "i-new").starts("2026-03-29T21:59:59Z", json!({})),
        // Monday.
        Thread::new("c-5", "PHONE_CALL", "i-new")
            .starts("2026-03-29T22:00:00Z", json!({}))
            .accepted("ana", "2026-03-29T22:00:10Z")
            .ends("2026-03-29T22:01:10Z", "ANSWERED")
            .seen_by("ana", "2026-03-29T22:00:10Z", "2026-03-29T22:01:10Z"),
    ];
    let mut all: Vec<Value> = threads.into_iter().flat_map(|it| it.events).collect();
    let voice = json!({ "agentId": "ana", "availableFor": ["VOICE"] });
    all.extend([
        // From half past one to four, which is an hour and a half; away for a quarter of an hour.
        status("s-1", "ana", "LOGGED_IN", "2026-03-29T00:30:00Z"),
        event("s-2", "AGENT_AVAILABILITY/UPDATED", "2026-03-29T00:30:00Z", "agent:ana", voice),
        status("s-3", "ana", "WENT_AWAY", "2026-03-29T01:00:00Z"),
        status("s-4", "ana", "RETURNED_FROM_AWAY", "2026-03-29T01:15:00Z"),
        status("s-5", "ana", "LOGGED_OUT", "2026-03-29T02:00:00Z"),
        // Came on Saturday and never left: all of the Sunday's 23 hours.
        status("s-6", "bo", "LOGGED_IN", "2026-03-28T22:30:00Z"),
    ]);
    all
}

impl World {
    /// Sends events, as the native API takes them.
    pub(crate) async fn happens(&self, events: Vec<Value>) {
        self.happens_to(&self.admin, events).await;
    }

    pub(crate) async fn happens_to(&self, caller: &Caller, events: Vec<Value>) {
        let read = |event: Value| -> Event {
            serde_json::from_value(event.clone()).unwrap_or_else(|error| panic!("{error}: {event}"))
        };
        let events = events.into_iter().map(read).collect();
        for result in self.app.put_events(caller, events).await.unwrap() {
            result.unwrap();
        }
    }

    /// Two agents, one of them in a team; two inboxes; and Monday noon.
    pub(crate) async fn opens_a_centre(&self) {
        self.clock.set(MONDAY.parse().unwrap());
        let team = Group { id: "t-1".into(), name: "Phones".to_owned(), active: true, ..Group::default() };
        self.app.put_one(&self.admin, team).await.unwrap();
        for (id, first, last, team) in [("ana", "Ana", "Ruiz", Some("t-1")), ("bo", "Bo", "Lind", None)] {
            let user = User {
                id: id.into(),
                first_name: first.to_owned(),
                last_name: last.to_owned(),
                email: format!("{id}@example.com"),
                team_id: team.map(Into::into),
                active: true,
                ..User::default()
            };
            self.app.put_one(&self.admin, user).await.unwrap();
        }
        for (id, name) in [("i-new", "New"), ("i-bill", "Billing")] {
            let inbox = Inbox { id: id.into(), name: name.to_owned(), ..Inbox::default() };
            self.app.put_one(&self.admin, inbox).await.unwrap();
        }
    }
}
