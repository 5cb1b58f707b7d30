//! The facts of a contact as the store keeps them.

use super::known::worked_out;
use crate::AppError;
use serde::{Deserialize, Serialize};
use touchline_analysis::sessions::{
    Accepted, ContactFacts, Ended, Fulfilled, HandleTime, Micros, SessionTimes, WorkSession,
};
use touchline_model::{
    Direction, Timestamp,
    events::{ContactChannel, ContactStatus, EndReason, FulfilledType, InitiatorKind},
};

/// Version of the form below, its first byte; the second says how it was worked out.
const VERSION: u8 = 1;

/// Times are microseconds; intervals are kept by themselves.
#[derive(Serialize, Deserialize)]
struct Kept {
    contact: String,
    conversation: String,
    customer: String,
    channel: ContactChannel,
    direction: Direction,
    initiator: InitiatorKind,
    created_at: i64,
    inbox_created: String,
    entry_point: Option<String>,
    final_ivr_selection: Option<String>,
    due_at: Option<i64>,
    routed_at: Option<i64>,
    first_accepted: Option<(String, i64, String)>,
    fulfilled: Option<(i64, FulfilledType)>,
    ended: Option<(i64, ContactStatus, Option<EndReason>)>,
    inbox_current: String,
    agent_current: Option<String>,
    transfers: u64,
    hold: i64,
    sessions: Vec<KeptSession>,
}

#[derive(Serialize, Deserialize)]
struct KeptSession {
    id: Option<String>,
    agent: Option<String>,
    accepted: Option<(i64, String)>,
    times: Option<(i64, i64, i64)>,
}

/// The bytes to be kept.
pub(super) fn encode(facts: &ContactFacts, mode: HandleTime) -> Result<Vec<u8>, AppError> {
    let session = |it: &WorkSession| KeptSession {
        id: it.id.clone(),
        agent: it.agent_id.as_ref().map(|id| id.0.clone()),
        accepted: it.accepted.as_ref().map(|(at, inbox)| (at.micros(), inbox.0.clone())),
        times: it.times.map(|it| (it.handle.0, it.after_contact.0, it.unknown.0)),
    };
    let kept = Kept {
        contact: facts.contact_id.0.clone(),
        conversation: facts.conversation_id.0.clone(),
        customer: facts.customer_id.0.clone(),
        channel: facts.channel,
        direction: facts.direction,
        initiator: facts.initiator,
        created_at: facts.created_at.micros(),
        inbox_created: facts.inbox_created.0.clone(),
        entry_point: facts.entry_point.clone(),
        final_ivr_selection: facts.final_ivr_selection.clone(),
        due_at: facts.due_at.map(Timestamp::micros),
        routed_at: facts.routed_at.map(Timestamp::micros),
        first_accepted: facts
            .first_accepted
            .as_ref()
            .map(|it| (it.agent_id.0.clone(), it.at.micros(), it.inbox_id.0.clone())),
        fulfilled: facts.fulfilled.map(|it| (it.at.micros(), it.how)),
        ended: facts.ended.map(|it| (it.at.micros(), it.status, it.reason)),
        inbox_current: facts.inbox_current.0.clone(),
        agent_current: facts.agent_current.as_ref().map(|id| id.0.clone()),
        transfers: facts.transfers,
        hold: facts.hold.0,
        sessions: facts.sessions.iter().map(session).collect(),
    };
    postcard::to_extend(&kept, vec![VERSION, worked_out(mode) as u8])
        .map_err(|e| AppError::Internal(Box::new(e)))
}

/// The facts in these bytes, without intervals; `None` when they were worked out otherwise.
pub(super) fn decode(bytes: &[u8], mode: HandleTime) -> Result<Option<ContactFacts>, AppError> {
    let damaged = |what: &str| AppError::Internal(format!("kept facts of a contact {what}").into());
    let kept: Kept = match bytes {
        [VERSION, how, rest @ ..] if *how == worked_out(mode) as u8 => {
            postcard::from_bytes(rest).map_err(|_| damaged("are damaged"))?
        }
        _ => return Ok(None),
    };
    let at = Timestamp::from_micros;
    let session = |it: KeptSession| WorkSession {
        id: it.id,
        agent_id: it.agent.map(Into::into),
        accepted: it.accepted.map(|(time, inbox)| (at(time), inbox.into())),
        times: it.times.map(|(handle, after_contact, unknown)| SessionTimes {
            handle: Micros(handle),
            after_contact: Micros(after_contact),
            unknown: Micros(unknown),
        }),
    };
    Ok(Some(ContactFacts {
        contact_id: kept.contact.into(),
        conversation_id: kept.conversation.into(),
        customer_id: kept.customer.into(),
        channel: kept.channel,
        direction: kept.direction,
        initiator: kept.initiator,
        created_at: at(kept.created_at),
        inbox_created: kept.inbox_created.into(),
        entry_point: kept.entry_point,
        final_ivr_selection: kept.final_ivr_selection,
        due_at: kept.due_at.map(at),
        routed_at: kept.routed_at.map(at),
        first_accepted: kept.first_accepted.map(|(agent, time, inbox)| Accepted {
            agent_id: agent.into(),
            at: at(time),
            inbox_id: inbox.into(),
        }),
        fulfilled: kept.fulfilled.map(|(time, how)| Fulfilled { at: at(time), how }),
        ended: kept.ended.map(|(time, status, reason)| Ended { at: at(time), status, reason }),
        inbox_current: kept.inbox_current.into(),
        agent_current: kept.agent_current.map(Into::into),
        transfers: kept.transfers,
        hold: Micros(kept.hold),
        sessions: kept.sessions.into_iter().map(session).collect(),
        intervals: Vec::new(),
    }))
}
