//! A contact, told as events.

use serde_json::{Value, json};

/// Who does something: `agent:ana`, `customer:cu1`, `system:`.
pub(crate) fn by(who: &str) -> Value {
    let (kind, id) = who.split_once(':').unwrap();
    json!({ "type": kind.to_uppercase(), "id": id })
}

/// Any event.
pub(crate) fn event(id: &str, kind: &str, time: &str, who: &str, content: Value) -> Value {
    json!({ "id": id, "type": kind, "timestamp": time, "initiator": by(who), "content": content })
}

/// The events of a contact, with the assignee just before each of them.
pub(crate) struct Thread {
    id: String,
    channel: &'static str,
    customer: String,
    inbox: String,
    agent: Option<String>,
    pub(crate) events: Vec<Value>,
}

impl Thread {
    /// A contact of a customer in an inbox, in the conversation `v-<customer>`.
    pub(crate) fn new(id: &str, channel: &'static str, customer: &str, inbox: &str) -> Self {
        let (id, customer, inbox) = (id.to_owned(), customer.to_owned(), inbox.to_owned());
        Self { id, channel, customer, inbox, agent: None, events: vec![] }
    }

    fn assignee(&self) -> Value {
        match &self.agent {
            Some(agent) => json!({ "inboxId": self.inbox, "agentId": agent }),
            None => json!({ "inboxId": self.inbox }),
        }
    }

    /// Something happens to it: `kind` is what follows `CONTACT/`.
    pub(crate) fn at(mut self, time: &str, kind: &str, who: &str, extra: Value) -> Self {
        let mut content = json!({
            "contactId": self.id, "channel": self.channel, "customerId": self.customer,
            "conversationId": format!("v-{}", self.customer), "context": { "assignee": self.assignee() },
        });
        for (name, value) in extra.as_object().unwrap() {
            content[name] = value.clone();
        }
        let id = format!("{}-{}", self.id, self.events.len());
        if kind == "OFFER_ACCEPTED" {
            self.agent = content["agentId"].as_str().map(str::to_owned);
        }
        if kind == "TRANSFERRED" {
            self.inbox = content["assignee"]["inboxId"].as_str().unwrap().to_owned();
            self.agent = content["assignee"]["agentId"].as_str().map(str::to_owned);
        }
        self.events.push(event(&id, &format!("CONTACT/{kind}"), time, who, content));
        self
    }

    /// The customer begins it.
    pub(crate) fn starts(self, time: &str) -> Self {
        let who = format!("customer:{}", self.customer);
        self.at(time, "STARTED", &who, json!({}))
    }
    /// One of us begins it.
    pub(crate) fn started_by(mut self, agent: &str, time: &str) -> Self {
        self.agent = Some(agent.to_owned());
        self.at(time, "STARTED", &format!("agent:{agent}"), json!({}))
    }
    /// It is offered to an agent, who takes it.
    pub(crate) fn accepted(self, agent: &str, offered: &str, accepted: &str) -> Self {
        let extra = json!({ "agentId": agent });
        self.at(offered, "OFFERED", "system:", extra.clone()).at(
            accepted,
            "OFFER_ACCEPTED",
            &format!("agent:{agent}"),
            extra,
        )
    }
    /// It ends well.
    pub(crate) fn ends(self, time: &str) -> Self {
        self.at(time, "ENDED", "system:", json!({ "status": "ANSWERED" }))
    }
}

/// An agent has a customer's profile on the screen for a while.
pub(crate) fn view(id: &str, agent: &str, customer: &str, start: &str, end: &str) -> Value {
    let content = json!({ "agentId": agent, "customerId": customer, "conversationId": format!("v-{customer}"),
        "startAt": start, "endAt": end });
    event(id, "X_AGENT_VIEW", end, "system:", content)
}
