//! Builders: events of a small contact centre on Monday, 2 March 2026, told by the clock (UTC).

use std::collections::HashMap;
use touchline_analysis::sessions::{ContactFacts, HandleTime, WorkSession, customer};
use touchline_model::Timestamp;
use touchline_model::events::*;

/// `11:02` or `11:02:30.5` on that day, or a whole instant.
pub(crate) fn t(text: &str) -> Timestamp {
    let whole = match (text.contains('T'), text.matches(':').count()) {
        (true, _) => text.to_owned(),
        (false, 1) => format!("2026-03-02T{text}:00Z"),
        (false, _) => format!("2026-03-02T{text}Z"),
    };
    whole.parse().unwrap()
}

/// What is remembered of a contact, so that each event can say it again.
#[derive(Clone, Debug)]
struct Known {
    channel: ContactChannel,
    conversation: String,
    customer: String,
    assignee: Assignee,
}

/// Events in the order in which they arrived.
#[derive(Clone, Debug)]
pub(crate) struct Log {
    pub(crate) events: Vec<Event>,
    known: HashMap<String, Known>,
    /// The customer of what comes next.
    pub(crate) customer: String,
    /// The conversation of what comes next.
    pub(crate) conversation: String,
    /// The inbox in which contacts start.
    pub(crate) inbox: String,
}

impl Default for Log {
    fn default() -> Self {
        let (customer, conversation, inbox) = ("kim".into(), "v".into(), "sales".into());
        Self { events: Vec::new(), known: HashMap::new(), customer, conversation, inbox }
    }
}

pub(crate) fn system() -> Initiator {
    Initiator::Other(OtherInitiator::System, String::new())
}
pub(crate) fn agent(id: &str) -> Initiator {
    Initiator::Agent(id.into())
}

impl Log {
    pub(crate) fn push(&mut self, at: &str, initiator: Initiator, content: EventContent) -> &mut Self {
        let id = format!("e-{}", self.events.len()).as_str().into();
        self.events.push(Event { id, timestamp: t(at), initiator, content });
        self
    }

    pub(crate) fn contact(&mut self, at: &str, id: &str, who: Initiator, change: ContactChange) -> &mut Self {
        let known = self.known.get_mut(id).expect("the contact was begun");
        let assignee_before = known.assignee.clone();
        match &change {
            ContactChange::OfferAccepted { agent_id } => known.assignee.agent_id = Some(agent_id.clone()),
            ContactChange::Transferred { assignee, .. } => known.assignee = assignee.clone(),
            _ => {}
        }
        let contact = ContactEvent {
            contact_id: id.into(),
            channel: known.channel,
            conversation_id: known.conversation.as_str().into(),
            customer_id: known.customer.as_str().into(),
            assignee_before,
            change,
        };
        self.push(at, who, EventContent::Contact(contact))
    }

    pub(crate) fn begins(
        &mut self,
        at: &str,
        id: &str,
        channel: ContactChannel,
        who: Initiator,
        due: Option<&str>,
    ) -> &mut Self {
        let known = Known {
            channel,
            conversation: self.conversation.clone(),
            customer: self.customer.clone(),
            assignee: Assignee { inbox_id: self.inbox.as_str().into(), agent_id: None },
        };
        self.known.insert(id.to_owned(), known);
        let change = ContactChange::Started {
            due_at: due.map(t),
            entry_point: Some("+15550100".into()),
            final_ivr_selection: Some("2".into()),
        };
        self.contact(at, id, who, change)
    }
    /// The customer begins a contact.
    pub(crate) fn starts(&mut self, at: &str, id: &str, channel: ContactChannel) -> &mut Self {
        let customer = Initiator::Customer(self.customer.as_str().into());
        self.begins(at, id, channel, customer, None)
    }
    /// An agent begins a contact.
    pub(crate) fn reaches_out(
        &mut self,
        at: &str,
        id: &str,
        channel: ContactChannel,
        who: &str,
    ) -> &mut Self {
        self.begins(at, id, channel, agent(who), None)
    }
    pub(crate) fn offered(&mut self, at: &str, id: &str, to: &str) -> &mut Self {
        self.contact(at, id, system(), ContactChange::Offered { agent_id: to.into(), match_reasons: vec![] })
    }
    pub(crate) fn accepted(&mut self, at: &str, id: &str, by: &str) -> &mut Self {
        self.contact(at, id, agent(by), ContactChange::OfferAccepted { agent_id: by.into() })
    }
    pub(crate) fn rejected(&mut self, at: &str, id: &str, by: &str, reason: RejectReason) -> &mut Self {
        self.contact(at, id, agent(by), ContactChange::OfferRejected { agent_id: by.into(), reason })
    }
    pub(crate) fn joined(&mut self, at: &str, id: &str, by: &str) -> &mut Self {
        self.contact(at, id, agent(by), ContactChange::Joined)
    }
    pub(crate) fn sent(&mut self, at: &str, id: &str, by: Initiator) -> &mut Self {
        self.contact(at, id, by, ContactChange::MessageSent { message_id: "m".into() })
    }
    pub(crate) fn hold(&mut self, at: &str, id: &str, by: &str) -> &mut Self {
        self.contact(at, id, agent(by), ContactChange::HoldStarted { reason: HoldReason::Manual })
    }
    pub(crate) fn unhold(&mut self, at: &str, id: &str, by: &str) -> &mut Self {
        self.contact(at, id, agent(by), ContactChange::HoldEnded { reason: HoldReason::Manual })
    }
    pub(crate) fn transferred(
        &mut self,
        at: &str,
        id: &str,
        by: &str,
        inbox: &str,
        to: Option<&str>,
    ) -> &mut Self {
        let assignee = Assignee { inbox_id: inbox.into(), agent_id: to.map(Into::into) };
        let (reason, transfer_type) = (TransferReason::Manual, TransferType::Cold);
        self.contact(at, id, agent(by), ContactChange::Transferred { assignee, reason, transfer_type })
    }
    pub(crate) fn fulfilled(&mut self, at: &str, id: &str) -> &mut Self {
        let fulfilled_type = FulfilledType::Responded;
        self.contact(at, id, system(), ContactChange::Fulfilled { fulfilled_type })
    }
    pub(crate) fn ends(&mut self, at: &str, id: &str) -> &mut Self {
        let (status, reason) = (ContactStatus::Answered, Some(EndReason::AgentEnded));
        self.contact(at, id, system(), ContactChange::Ended { status, reason })
    }
    pub(crate) fn conversation(
        &mut self,
        at: &str,
        by: &str,
        id: &str,
        change: ConversationChange,
    ) -> &mut Self {
        let customer_id = Some(self.customer.as_str().into());
        let event = ConversationEvent { conversation_id: id.into(), customer_id, change };
        self.push(at, agent(by), EventContent::Conversation(event))
    }
    pub(crate) fn closed(&mut self, at: &str) -> &mut Self {
        let id = self.conversation.clone();
        self.conversation(at, "ana", &id, ConversationChange::Closed { assignee: None })
    }
    /// An agent looks at the customer; recorded when the look ends.
    pub(crate) fn looks(&mut self, who: &str, from: &str, to: &str) -> &mut Self {
        let view = AgentView {
            agent_id: who.into(),
            customer_id: self.customer.as_str().into(),
            conversation_id: self.conversation.as_str().into(),
            start_at: t(from),
            end_at: t(to),
        };
        self.push(to, system(), EventContent::View(view))
    }
    pub(crate) fn merged(&mut self, at: &str, gone: &str, stays: &str) -> &mut Self {
        let content =
            EventContent::CustomerMerged { customer_id: gone.into(), into_customer_id: stays.into() };
        self.push(at, system(), content)
    }
    /// An agent's status changes; recorded a second later.
    pub(crate) fn status(&mut self, at: &str, who: &str, change: AgentStatusChange) -> &mut Self {
        let event = AgentStatusEvent {
            agent_id: who.into(),
            occurred_at: t(at),
            change,
            active_reason: None,
            away_reason: None,
            away_at: None,
        };
        self.push(at, agent(who), EventContent::AgentStatus(event));
        let recorded = &mut self.events.last_mut().unwrap().timestamp;
        *recorded = recorded.plus_secs(1);
        self
    }
    pub(crate) fn available(&mut self, at: &str, who: &str, available_for: &[ChannelType]) -> &mut Self {
        let available_for = available_for.to_vec();
        self.push(
            at,
            agent(who),
            EventContent::Availability { agent_id: who.into(), available_for, occurred_at: None },
        )
    }
    pub(crate) fn task(&mut self, at: &str, who: &str, change: TaskChange) -> &mut Self {
        self.push(at, agent(who), EventContent::Task { task_id: "t".into(), change })
    }

    /// All contacts, by views.
    pub(crate) fn facts(&self, horizon: &str) -> Vec<ContactFacts> {
        customer(&self.events, HandleTime::Views, t(horizon))
    }
    /// One contact, by views.
    pub(crate) fn seen(&self, id: &str, horizon: &str) -> ContactFacts {
        one(self.facts(horizon), id)
    }
    /// One contact, by assignment.
    pub(crate) fn assigned(&self, id: &str, horizon: &str) -> ContactFacts {
        one(customer(&self.events, HandleTime::Assignment, t(horizon)), id)
    }
}

pub(crate) fn one(facts: Vec<ContactFacts>, id: &str) -> ContactFacts {
    facts
        .into_iter()
        .find(|facts| facts.contact_id.as_str() == id)
        .unwrap_or_else(|| panic!("no contact {id}"))
}

/// `ana 60/10/0`: agent, handle, after-contact and unknown seconds; `-` for nobody and for what is not known.
pub(crate) fn row(session: &WorkSession) -> String {
    let agent = session.agent_id.as_ref().map_or("-", |agent| agent.as_str());
    match session.times {
        Some(times) => format!("{agent} {}/{}/{}", times.handle, times.after_contact, times.unknown),
        None => format!("{agent} -"),
    }
}

/// The rows of a contact, separated by commas.
pub(crate) fn rows(facts: &ContactFacts) -> String {
    facts.sessions.iter().map(row).collect::<Vec<_>>().join(", ")
}

/// The intervals of a contact: `ana Handle 09:00:00-09:01:00`.
pub(crate) fn intervals(facts: &ContactFacts) -> Vec<String> {
    let clock = |at: Timestamp| at.to_string()[11..19].to_owned();
    let shown = |i: &touchline_analysis::sessions::Interval| {
        format!("{} {:?} {}-{}", i.agent_id, i.kind, clock(i.start), clock(i.end))
    };
    facts.intervals.iter().map(shown).collect()
}
