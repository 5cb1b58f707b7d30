//! What happened in the contact centre: how long customers waited, who was offered what, holds, transfers, callers who
//! gave up, and when agents came, paused and left.

use crate::dice::{Dice, mix};
use crate::people::{Agent, TEAMS};
use crate::{DemoContact, Options};
use std::collections::BTreeMap;
use touchline_model::{
    Channel, ContactChannel, ContactId, CustomerId, Direction, Event, EventContent, Inbox, InboxId,
    Initiator, Timestamp, UserId,
    events::{
        AgentStatusChange, AgentStatusEvent, AgentView, Assignee, ChannelType, ContactChange, ContactEvent,
        ContactStatus, ConversationChange, ConversationEvent, EndReason, FulfilledType, HoldReason,
        OtherInitiator, RejectReason, StatusReason, TransferReason, TransferType,
    },
};

const DAY: i64 = 86_400_000_000;
const SECOND: i64 = 1_000_000;

/// One inbox for each queue, with those who work in it.
pub(crate) fn inboxes(agents: &[Agent]) -> Vec<Inbox> {
    let mut inboxes: BTreeMap<&str, Inbox> = BTreeMap::new();
    for agent in agents {
        let name = TEAMS[agent.team].queue.name();
        let inbox = inboxes.entry(name).or_insert_with(|| Inbox {
            id: inbox_id(name),
            name: format!("{}{}", name[..1].to_uppercase(), &name[1..]),
            disabled: false,
            agent_ids: vec![],
        });
        inbox.agent_ids.push(agent.user.id.clone());
    }
    inboxes.into_values().collect()
}

fn inbox_id(queue: &str) -> InboxId {
    format!("in-{}", queue.replace(' ', "-")).into()
}

/// What is written down, in the order in which it was recorded.
pub(crate) fn events(options: &Options, contacts: &[DemoContact], agents: &[Agent]) -> Vec<Event> {
    let mut book = Book { events: vec![] };
    for (at, it) in contacts.iter().enumerate() {
        let mut dice = Dice::new(mix(options.seed, 700_000 + at as u64));
        let own = it.contact.agent_id.as_ref();
        let Some(agent) = agents.iter().position(|agent| Some(&agent.user.id) == own) else { continue };
        Story::new(it, agent, agents, &mut dice).tell(&mut book, &mut dice);
    }
    shifts(options, contacts, agents, &mut book);
    book.events.sort_by(|one, other| (one.timestamp, &one.id).cmp(&(other.timestamp, &other.id)));
    book.events
}

struct Book {
    events: Vec<Event>,
}

impl Book {
    fn note(&mut self, id: String, at: i64, initiator: Initiator, content: EventContent) {
        let timestamp = Timestamp::from_micros(at);
        self.events.push(Event { id: id.into(), timestamp, initiator, content });
    }
}

fn system() -> Initiator {
    Initiator::Other(OtherInitiator::System, String::new())
}

/// One contact as the queue and its agent saw it.
struct Story<'a> {
    id: ContactId,
    customer: CustomerId,
    channel: ContactChannel,
    outbound: bool,
    /// When the agent had it, and when it was over.
    answered: i64,
    ended: i64,
    inbox: InboxId,
    agent: &'a UserId,
    /// Somebody of the same team.
    colleague: &'a UserId,
    /// Somebody of another queue, and that queue.
    elsewhere: (&'a UserId, InboxId),
    steps: usize,
    assignee: Assignee,
}

impl<'a> Story<'a> {
    fn new(it: &DemoContact, agent: usize, agents: &'a [Agent], dice: &mut Dice) -> Self {
        let contact = &it.contact;
        let team = agents[agent].team;
        let queue = TEAMS[team].queue.name();
        let others = |same: bool| -> Vec<usize> {
            let fits = |at: &usize| (agents[*at].team == team) == same && *at != agent;
            (0..agents.len()).filter(fits).collect()
        };
        let (near, far) = (others(true), others(false));
        let far = far[dice.index(far.len())];
        let inbox = inbox_id(queue);
        let customer = contact.metadata.get("customer_id").and_then(|id| id.as_str()).unwrap_or("unknown");
        let answered = contact.started_at.micros();
        Self {
            id: contact.id.clone(),
            customer: customer.into(),
            channel: match contact.channel {
                Channel::Call => ContactChannel::PhoneCall,
                Channel::Chat => ContactChannel::Chat,
                Channel::Mail => ContactChannel::Email,
            },
            outbound: contact.direction == Direction::Outbound,
            answered,
            ended: answered + contact.duration.micros().max(SECOND),
            agent: &agents[agent].user.id,
            colleague: &agents[near[dice.index(near.len())]].user.id,
            elsewhere: (&agents[far].user.id, inbox_id(TEAMS[agents[far].team].queue.name())),
            steps: 0,
            assignee: Assignee { inbox_id: inbox.clone(), agent_id: None },
            inbox,
        }
    }

    fn conversation(&self) -> String {
        format!("v-{}", self.id.as_str())
    }

    fn step(&mut self, book: &mut Book, at: i64, initiator: Initiator, change: ContactChange) {
        self.steps += 1;
        let content = ContactEvent {
            contact_id: self.id.clone(),
            channel: self.channel,
            conversation_id: self.conversation().into(),
            customer_id: self.customer.clone(),
            assignee_before: self.assignee.clone(),
            change,
        };
        let id = format!("{}-{:02}", self.id.as_str(), self.steps);
        book.note(id, at, initiator, EventContent::Contact(content));
    }

    fn by_agent(&self) -> Initiator {
        Initiator::Agent(self.agent.clone())
    }

    /// Seconds that a customer waits, and those in which the service level wants an answer.
    fn patience(&self, dice: &mut Dice) -> (i64, i64) {
        let (usual, due) = match self.channel {
            ContactChannel::PhoneCall => (22.0, 60),
            ContactChannel::Chat => (35.0, 120),
            _ => (2_400.0, 4 * 3_600),
        };
        // Mondays, and the weeks after the price letter, are when the waiting is.
        let hour = self.answered.rem_euclid(DAY) / 3_600_000_000;
        let rush = if (9..12).contains(&hour) { 1.7 } else { 1.0 };
        ((usual * rush * (0.8 * dice.normal()).exp()) as i64, due)
    }

    fn tell(mut self, book: &mut Book, dice: &mut Dice) {
        let (waited, due) = self.patience(dice);
        let began = if self.outbound { self.answered } else { self.answered - waited * SECOND };
        let starter = match self.outbound {
            true => self.by_agent(),
            false => Initiator::Customer(self.customer.clone()),
        };
        let created = ConversationEvent {
            conversation_id: self.conversation().into(),
            customer_id: Some(self.customer.clone()),
            change: ConversationChange::Created { assignee: Some(self.assignee.clone()) },
        };
        let thread = self.conversation();
        book.note(
            format!("{thread}-created"),
            began,
            starter.clone(),
            EventContent::Conversation(created.clone()),
        );
        let started = ContactChange::Started {
            due_at: (!self.outbound).then(|| Timestamp::from_micros(began + due * SECOND)),
            entry_point: (!self.outbound).then(|| match self.channel {
                ContactChannel::PhoneCall => "+442079460100".to_owned(),
                ContactChannel::Chat => "website".to_owned(),
                _ => "help@larkmoor.example.com".to_owned(),
            }),
            final_ivr_selection: (!self.outbound && self.channel == ContactChannel::PhoneCall)
                .then(|| self.inbox.as_str().trim_start_matches("in-").to_owned()),
        };
        if self.outbound {
            self.assignee.agent_id = Some(self.agent.clone());
            self.step(book, began, starter, started);
        } else {
            self.step(book, began, starter, started);
            self.offers(book, began, waited, dice);
        }
        self.step(
            book,
            self.answered + SECOND,
            self.by_agent(),
            ContactChange::Fulfilled { fulfilled_type: FulfilledType::Responded },
        );
        self.middle(book, dice);
        let ended =
            ContactChange::Ended { status: ContactStatus::Answered, reason: Some(EndReason::AgentEnded) };
        let last = self.assignee.agent_id.clone().map_or_else(system, Initiator::Agent);
        self.step(book, self.ended, last, ended);
        let closed = self.ended + dice.int(15, 150) * SECOND;
        let change = ConversationChange::Closed { assignee: Some(self.assignee.clone()) };
        let closing = ConversationEvent { change, ..created };
        book.note(format!("{thread}-closed"), closed, self.by_agent(), EventContent::Conversation(closing));
        let view = AgentView {
            agent_id: self.agent.clone(),
            customer_id: self.customer.clone(),
            conversation_id: thread.as_str().into(),
            start_at: Timestamp::from_micros(self.answered),
            end_at: Timestamp::from_micros(closed),
        };
        book.note(format!("{thread}-view"), closed, self.by_agent(), EventContent::View(view));
        if !self.outbound && self.channel == ContactChannel::PhoneCall && dice.chance(0.05) {
            self.give_up(book, began, dice);
        }
    }

    /// Offered to a colleague who did not take it, perhaps, and to the agent.
    fn offers(&mut self, book: &mut Book, began: i64, waited: i64, dice: &mut Dice) {
        let rings = (waited / 3).clamp(1, 12) * SECOND;
        if waited > 20 && dice.chance(0.14) {
            let (colleague, at) = (self.colleague.clone(), began + rings);
            let offered = ContactChange::Offered { agent_id: colleague.clone(), match_reasons: vec![] };
            self.step(book, at, system(), offered);
            let reason = if dice.chance(0.7) { RejectReason::Missed } else { RejectReason::Declined };
            let change = ContactChange::OfferRejected { agent_id: colleague, reason };
            self.step(book, at + rings, system(), change);
        }
        let agent_id = self.agent.clone();
        let offered = ContactChange::Offered { agent_id: agent_id.clone(), match_reasons: vec![] };
        self.step(book, self.answered - (rings / 3).min(4 * SECOND), system(), offered);
        self.step(book, self.answered, self.by_agent(), ContactChange::OfferAccepted { agent_id });
        self.assignee.agent_id = Some(self.agent.clone());
    }

    /// Holds; or a colleague of another queue who had the call first.
    fn middle(&mut self, book: &mut Book, dice: &mut Dice) {
        let length = self.ended - self.answered;
        if self.channel != ContactChannel::PhoneCall || length < 120 * SECOND {
            return;
        }
        if dice.chance(0.24) {
            let from = self.answered + length / 3;
            let to = from + dice.int(15, 80).min(length / SECOND / 3) * SECOND;
            let reason = HoldReason::Manual;
            self.step(book, from, self.by_agent(), ContactChange::HoldStarted { reason });
            self.step(book, to, self.by_agent(), ContactChange::HoldEnded { reason });
        }
        if dice.chance(0.05) {
            let (colleague, inbox) = self.elsewhere.clone();
            let assignee = Assignee { inbox_id: inbox, agent_id: Some(colleague.clone()) };
            let at = self.ended - length / 8;
            let change = ContactChange::Transferred {
                assignee: assignee.clone(),
                reason: TransferReason::Manual,
                transfer_type: if dice.chance(0.5) { TransferType::Warm } else { TransferType::Cold },
            };
            self.step(book, at, self.by_agent(), change);
            self.assignee = assignee;
            let accepted = ContactChange::OfferAccepted { agent_id: colleague.clone() };
            self.step(book, at + SECOND, Initiator::Agent(colleague.clone()), accepted);
        }
    }

    /// Another caller of that hour, who waited and gave up: a contact that nobody ever heard.
    fn give_up(&self, book: &mut Book, began: i64, dice: &mut Dice) {
        let number = dice.digits(8);
        let mut lost = Story {
            id: format!("gave-up-{}-{number}", &self.id.as_str()[..8]).into(),
            customer: format!("LM-{number}").into(),
            assignee: Assignee { inbox_id: self.inbox.clone(), agent_id: None },
            inbox: self.inbox.clone(),
            elsewhere: self.elsewhere.clone(),
            steps: 0,
            ..*self
        };
        let due_at = Some(Timestamp::from_micros(began + 60 * SECOND));
        let started = ContactChange::Started {
            due_at,
            entry_point: Some("+442079460100".to_owned()),
            final_ivr_selection: None,
        };
        let caller = || Initiator::Customer(format!("LM-{number}").as_str().into());
        lost.step(book, began, caller(), started);
        let ended = ContactChange::Ended {
            status: ContactStatus::Abandoned,
            reason: Some(EndReason::CustomerAbandoned),
        };
        lost.step(book, began + dice.int(25, 240) * SECOND, caller(), ended);
    }
}

/// When agents came, paused and left: around the contacts that they had.
fn shifts(options: &Options, contacts: &[DemoContact], agents: &[Agent], book: &mut Book) {
    for (at, agent) in agents.iter().enumerate() {
        let mut days: BTreeMap<i64, Vec<(i64, i64)>> = BTreeMap::new();
        for it in contacts.iter().filter(|it| it.contact.agent_id.as_ref() == Some(&agent.user.id)) {
            let from = it.contact.started_at.micros();
            let to = from + it.contact.duration.micros();
            days.entry(from.div_euclid(DAY)).or_default().push((from, to));
        }
        for (day, mut busy) in days {
            let mut dice = Dice::new(mix(options.seed, 900_000 + (at as i64 * 100_000 + day) as u64));
            busy.sort_unstable();
            let first = busy.first().map_or(day * DAY, |it| it.0);
            let last = busy.iter().map(|it| it.1).max().unwrap_or(first);
            let morning = day * DAY + 8 * 3_600 * SECOND + dice.int(-600, 900) * SECOND;
            let evening = day * DAY + 16 * 3_600 * SECOND + dice.int(-300, 1_800) * SECOND;
            let came = morning.min(first - dice.int(300, 900) * SECOND);
            // Nobody's day reaches over midnight here, and nobody leaves in the future.
            let end_of_day = ((day + 1) * DAY - 60 * SECOND).min(options.today.micros() - SECOND);
            let left = evening.max(last + dice.int(120, 900) * SECOND).min(end_of_day).max(last);
            Shift { agent: &agent.user.id, day, steps: 0 }.tell(book, (came, left), &busy, &mut dice);
        }
    }
}

struct Shift<'a> {
    agent: &'a UserId,
    day: i64,
    steps: usize,
}

impl Shift<'_> {
    fn id(&mut self) -> String {
        self.steps += 1;
        format!("{}-{}-{:02}", self.agent.as_str(), self.day, self.steps)
    }

    fn status(&mut self, book: &mut Book, at: i64, change: AgentStatusChange, why: Option<&str>) {
        let id = self.id();
        let reason =
            |text: &str| StatusReason { id: text.to_lowercase().replace(' ', "-"), name: text.to_owned() };
        let away = change == AgentStatusChange::WentAway;
        let status = AgentStatusEvent {
            agent_id: self.agent.clone(),
            occurred_at: Timestamp::from_micros(at),
            change,
            active_reason: why.filter(|_| !away).map(reason),
            away_reason: why.filter(|_| away).map(reason),
            away_at: None,
        };
        book.note(id, at, Initiator::Agent(self.agent.clone()), EventContent::AgentStatus(status));
    }

    fn tell(mut self, book: &mut Book, (came, left): (i64, i64), busy: &[(i64, i64)], dice: &mut Dice) {
        use AgentStatusChange::{ChangedActiveReason, LoggedIn, LoggedOut, ReturnedFromAway, WentAway};
        self.status(book, came, LoggedIn, Some("Contacts"));
        let id = self.id();
        let available_for = match dice.int(0, 3) {
            0 => vec![ChannelType::Voice],
            1 => vec![ChannelType::Mail, ChannelType::Voice],
            _ => vec![ChannelType::Mail, ChannelType::Messaging, ChannelType::Voice],
        };
        let content =
            EventContent::Availability { agent_id: self.agent.clone(), available_for, occurred_at: None };
        book.note(id, came + 5 * SECOND, Initiator::Agent(self.agent.clone()), content);
        for (hour, minutes, why) in [(2, 15, "Break"), (4, 35, "Lunch"), (6, 15, "Break")] {
            let length = (minutes + dice.int(-3, 6)) * 60 * SECOND;
            let wanted = came + hour * 3_600 * SECOND + dice.int(-900, 900) * SECOND;
            // Not while a customer is there; then later, or not at all.
            let free = (0..6).map(|turn| wanted + turn * 600 * SECOND).find(|from| {
                let to = from + length;
                to < left - 600 * SECOND && busy.iter().all(|it| it.1 + 120 * SECOND < *from || it.0 > to)
            });
            let Some(from) = free else { continue };
            self.status(book, from, WentAway, Some(why));
            self.status(book, from + length, ReturnedFromAway, Some("Contacts"));
        }
        if dice.chance(0.2) {
            self.status(book, left - 1_500 * SECOND, ChangedActiveReason, Some("Paperwork"));
        }
        self.status(book, left, LoggedOut, None);
    }
}
