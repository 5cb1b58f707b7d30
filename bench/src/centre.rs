//! A contact centre: what happens there, as events, the same each time.
//!
//! Agents work on weekdays and weekends alike, eight hours a day, and take a contact every quarter of an hour. Every
//! fifth contact goes on to a colleague, so that five contacts have six work sessions.

use touchline_model::{
    ContactChannel, Event, EventContent, Initiator, Timestamp,
    events::{
        AgentStatusChange, AgentStatusEvent, AgentView, Assignee, ChannelType, ContactChange, ContactEvent,
        ContactStatus, ConversationChange, ConversationEvent, EndReason, FulfilledType, OtherInitiator,
        StatusReason, TransferReason, TransferType,
    },
};

/// How many agents there are.
pub const AGENTS: u64 = 1_000;
/// Contacts of an agent a day.
pub const A_DAY: u64 = 30;
/// 2026-01-01T00:00:00Z in microseconds.
pub const BEGIN: i64 = 1_767_225_600_000_000;
/// In microseconds.
pub const SECOND: i64 = 1_000_000;
/// In microseconds.
pub const DAY: i64 = 86_400 * SECOND;

/// The name of an agent.
pub fn agent(n: u64) -> String {
    format!("agent-{:04}", n % AGENTS)
}

/// A number that looks drawn.
fn drawn(n: u64, salt: u64, below: u64) -> i64 {
    let mut x = n.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ salt.wrapping_mul(0xD1B5_4A32_D192_ED03);
    x = (x ^ (x >> 32)).wrapping_mul(0xD6E8_FEB8_6659_FD93);
    ((x ^ (x >> 32)) % below) as i64
}

fn at(micros: i64) -> Timestamp {
    Timestamp::from_micros(micros)
}

fn by(agent: &str) -> Initiator {
    Initiator::Agent(agent.into())
}

/// How many work sessions a contact has.
pub const fn sessions_of(n: u64) -> u64 {
    if n % 5 == 4 { 2 } else { 1 }
}

/// When the contact was queued.
fn begin_of(n: u64) -> i64 {
    let (agent, slot) = (n % AGENTS, n / AGENTS);
    let (day, of_day) = ((slot / A_DAY) as i64, (slot % A_DAY) as i64);
    let shift = 6 * 3_600 + (agent as i64 * 37) % (8 * 3_600);
    BEGIN + day * DAY + (shift + of_day * 930 + drawn(n, 1, 60)) * SECOND + drawn(n, 2, 1_000) * 1_000
}

/// Everything that happens to one contact, in order, with the views of it.
pub fn contact(n: u64) -> Vec<Event> {
    let (me, other) = (agent(n), agent(n + 371));
    let channel = [
        ContactChannel::PhoneCall,
        ContactChannel::Chat,
        ContactChannel::Email,
        ContactChannel::Sms,
        ContactChannel::Whatsapp,
    ][(n % 7).min(4) as usize];
    let inbox = format!("inbox-{:02}", n % 20);
    let customer = format!("customer-{:08}", drawn(n, 3, 100_000_000));
    let (id, conversation) = (format!("contact-{n:09}"), format!("conversation-{n:09}"));
    let began = begin_of(n);
    let accepted = began + (5 + drawn(n, 4, 55)) * SECOND + 250_000;
    let ended = accepted + (90 + drawn(n, 5, 600)) * SECOND + drawn(n, 6, 1_000) * 1_000;
    let closed = ended + (10 + drawn(n, 7, 110)) * SECOND;
    let outbound = n % 6 == 5;
    let mut assignee = Assignee { inbox_id: inbox.as_str().into(), agent_id: None };
    let mut events = Vec::with_capacity(10);
    let mut note = |events: &mut Vec<Event>, when: i64, initiator: Initiator, content: EventContent| {
        let event = format!("{id}-{:02}", events.len());
        events.push(Event { id: event.into(), timestamp: at(when), initiator, content });
    };
    let about = |assignee: &Assignee, change: ContactChange| {
        EventContent::Contact(ContactEvent {
            contact_id: id.as_str().into(),
            channel,
            conversation_id: conversation.as_str().into(),
            customer_id: customer.as_str().into(),
            assignee_before: assignee.clone(),
            change,
        })
    };
    let system = || Initiator::Other(OtherInitiator::System, String::new());
    let started = ContactChange::Started {
        due_at: (!outbound).then(|| at(began + 90 * SECOND)),
        entry_point: (!outbound).then(|| "+442079460100".to_owned()),
        final_ivr_selection: None,
    };
    if outbound {
        assignee.agent_id = Some(me.as_str().into());
        note(&mut events, began, by(&me), about(&assignee, started));
    } else {
        note(&mut events, began, Initiator::Customer(customer.as_str().into()), about(&assignee, started));
        let offered = ContactChange::Offered { agent_id: me.as_str().into(), match_reasons: vec![] };
        note(&mut events, accepted - 4 * SECOND, system(), about(&assignee, offered));
        let taken = ContactChange::OfferAccepted { agent_id: me.as_str().into() };
        note(&mut events, accepted, by(&me), about(&assignee, taken));
        assignee.agent_id = Some(me.as_str().into());
    }
    let fulfilled = ContactChange::Fulfilled { fulfilled_type: FulfilledType::Responded };
    note(&mut events, accepted + SECOND, by(&me), about(&assignee, fulfilled));
    let mut last = me.clone();
    let mut view = |events: &mut Vec<Event>, agent: &str, from: i64, to: i64| {
        let content = EventContent::View(AgentView {
            agent_id: agent.into(),
            customer_id: customer.as_str().into(),
            conversation_id: conversation.as_str().into(),
            start_at: at(from),
            end_at: at(to),
        });
        note(events, to, by(agent), content);
    };
    if sessions_of(n) == 2 {
        let moved = ended - (ended - accepted) / 3;
        view(&mut events, &me, accepted, moved);
        let next = Assignee {
            inbox_id: format!("inbox-{:02}", (n + 7) % 20).into(),
            agent_id: Some(other.as_str().into()),
        };
        let change = ContactChange::Transferred {
            assignee: next.clone(),
            reason: TransferReason::Manual,
            transfer_type: TransferType::Warm,
        };
        note(&mut events, moved, by(&me), about(&assignee, change));
        assignee = next;
        let taken = ContactChange::OfferAccepted { agent_id: other.as_str().into() };
        note(&mut events, moved + SECOND, by(&other), about(&assignee, taken));
        last = other;
        view(&mut events, &last, moved + SECOND, closed);
    } else {
        view(&mut events, &last, accepted, closed);
    }
    let over = ContactChange::Ended { status: ContactStatus::Answered, reason: Some(EndReason::AgentEnded) };
    note(&mut events, ended, by(&last), about(&assignee, over));
    let closing = EventContent::Conversation(ConversationEvent {
        conversation_id: conversation.as_str().into(),
        customer_id: Some(customer.as_str().into()),
        change: ConversationChange::Closed { assignee: Some(assignee.clone()) },
    });
    note(&mut events, closed, by(&last), closing);
    events
}

/// When an agent comes, pauses, returns and leaves on a day.
pub fn shift(n: u64, day: i64) -> Vec<Event> {
    use AgentStatusChange::{LoggedIn, LoggedOut, ReturnedFromAway, WentAway};
    let me = agent(n);
    let mut events = Vec::with_capacity(8);
    let from = BEGIN + day * DAY + (6 * 3_600 - 600 + (n as i64 * 37) % (8 * 3_600)) * SECOND;
    let mut note = |when: i64, content: EventContent| {
        let id = format!("{me}-{day:03}-{:02}", events.len());
        events.push(Event { id: id.into(), timestamp: at(when), initiator: by(&me), content });
    };
    let status = |when: i64, change: AgentStatusChange| {
        EventContent::AgentStatus(AgentStatusEvent {
            agent_id: me.as_str().into(),
            occurred_at: at(when),
            change,
            active_reason: None,
            away_reason: (change == WentAway)
                .then(|| StatusReason { id: "break".to_owned(), name: "Break".to_owned() }),
            away_at: None,
        })
    };
    let available = |for_what: Vec<ChannelType>| EventContent::Availability {
        agent_id: me.as_str().into(),
        available_for: for_what,
        occurred_at: None,
    };
    note(from, status(from, LoggedIn));
    let kinds = [ChannelType::Mail, ChannelType::Messaging, ChannelType::Voice];
    note(from + 5 * SECOND, available(kinds[..1 + (n % 3) as usize].to_vec()));
    for (n, hour) in [2, 4, 6].into_iter().enumerate() {
        let away = from + (hour * 3_600 + drawn(n as u64, day as u64, 900)) * SECOND;
        let back = away + (600 + drawn(n as u64, day as u64 + 50, 900)) * SECOND;
        note(away, status(away, WentAway));
        note(back, status(back, ReturnedFromAway));
    }
    let left = from + (8 * 3_600 + 1_500) * SECOND;
    note(left, status(left, LoggedOut));
    events
}
