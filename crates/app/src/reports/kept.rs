//! The facts of a contact as reports read them: borrowed, because a report has millions. How they lie in the store is in
//! [`super::packed`].

use touchline_analysis::sessions::{
    Accepted, ContactFacts, Ended, Fulfilled, Micros, SessionTimes, WorkSession, within_sla,
};
use touchline_model::{
    Direction, Timestamp,
    events::{ContactChannel, ContactStatus, EndReason, FulfilledType, InitiatorKind},
};

/// Times are microseconds; intervals are kept by themselves.
pub(super) struct Kept<'a> {
    pub(super) contact: &'a str,
    pub(super) conversation: &'a str,
    pub(super) customer: &'a str,
    pub(super) channel: ContactChannel,
    pub(super) direction: Direction,
    pub(super) initiator: InitiatorKind,
    pub(super) created_at: i64,
    pub(super) inbox_created: &'a str,
    pub(super) entry_point: Option<&'a str>,
    pub(super) final_ivr_selection: Option<&'a str>,
    pub(super) due_at: Option<i64>,
    pub(super) routed_at: Option<i64>,
    pub(super) first_accepted: Option<(&'a str, i64, &'a str)>,
    pub(super) fulfilled: Option<(i64, FulfilledType)>,
    pub(super) ended: Option<(i64, ContactStatus, Option<EndReason>)>,
    pub(super) inbox_current: &'a str,
    pub(super) agent_current: Option<&'a str>,
    pub(super) transfers: u64,
    pub(super) hold: i64,
    pub(super) sessions: Vec<KeptSession<'a>>,
}

pub(super) struct KeptSession<'a> {
    pub(super) id: Option<&'a str>,
    pub(super) agent: Option<&'a str>,
    pub(super) accepted: Option<(i64, &'a str)>,
    pub(super) times: Option<(i64, i64, i64)>,
}

impl<'a> Kept<'a> {
    /// What would be kept of these facts.
    pub(super) fn of(facts: &'a ContactFacts) -> Self {
        let session = |it: &'a WorkSession| KeptSession {
            id: it.id.as_deref(),
            agent: it.agent_id.as_ref().map(|id| id.as_str()),
            accepted: it.accepted.as_ref().map(|(at, inbox)| (at.micros(), inbox.as_str())),
            times: it.times.map(|it| (it.handle.0, it.after_contact.0, it.unknown.0)),
        };
        Self {
            contact: facts.contact_id.as_str(),
            conversation: facts.conversation_id.as_str(),
            customer: facts.customer_id.as_str(),
            channel: facts.channel,
            direction: facts.direction,
            initiator: facts.initiator,
            created_at: facts.created_at.micros(),
            inbox_created: facts.inbox_created.as_str(),
            entry_point: facts.entry_point.as_deref(),
            final_ivr_selection: facts.final_ivr_selection.as_deref(),
            due_at: facts.due_at.map(Timestamp::micros),
            routed_at: facts.routed_at.map(Timestamp::micros),
            first_accepted: facts
                .first_accepted
                .as_ref()
                .map(|it| (it.agent_id.as_str(), it.at.micros(), it.inbox_id.as_str())),
            fulfilled: facts.fulfilled.map(|it| (it.at.micros(), it.how)),
            ended: facts.ended.map(|it| (it.at.micros(), it.status, it.reason)),
            inbox_current: facts.inbox_current.as_str(),
            agent_current: facts.agent_current.as_ref().map(|id| id.as_str()),
            transfers: facts.transfers,
            hold: facts.hold.0,
            sessions: facts.sessions.iter().map(session).collect(),
        }
    }

    /// Whether its service level was met (contract gladly X-24).
    pub(super) fn within_sla(&self) -> Option<bool> {
        let at = Timestamp::from_micros;
        within_sla(self.fulfilled.map(|it| at(it.0)), self.due_at.map(at))
    }

    /// The facts with memory of their own, without intervals.
    pub(super) fn to_facts(&self) -> ContactFacts {
        let at = Timestamp::from_micros;
        let session = |it: &KeptSession<'_>| WorkSession {
            id: it.id.map(str::to_owned),
            agent_id: it.agent.map(Into::into),
            accepted: it.accepted.map(|(time, inbox)| (at(time), inbox.into())),
            times: it.times.map(|(handle, after_contact, unknown)| SessionTimes {
                handle: Micros(handle),
                after_contact: Micros(after_contact),
                unknown: Micros(unknown),
            }),
        };
        ContactFacts {
            contact_id: self.contact.into(),
            conversation_id: self.conversation.into(),
            customer_id: self.customer.into(),
            channel: self.channel,
            direction: self.direction,
            initiator: self.initiator,
            created_at: at(self.created_at),
            inbox_created: self.inbox_created.into(),
            entry_point: self.entry_point.map(str::to_owned),
            final_ivr_selection: self.final_ivr_selection.map(str::to_owned),
            due_at: self.due_at.map(at),
            routed_at: self.routed_at.map(at),
            first_accepted: self.first_accepted.map(|(agent, time, inbox)| Accepted {
                agent_id: agent.into(),
                at: at(time),
                inbox_id: inbox.into(),
            }),
            fulfilled: self.fulfilled.map(|(time, how)| Fulfilled { at: at(time), how }),
            ended: self.ended.map(|(time, status, reason)| Ended { at: at(time), status, reason }),
            inbox_current: self.inbox_current.into(),
            agent_current: self.agent_current.map(Into::into),
            transfers: self.transfers,
            hold: Micros(self.hold),
            sessions: self.sessions.iter().map(session).collect(),
            intervals: Vec::new(),
        }
    }
}
