//! All events of one customer become the facts of each contact.

use super::contact::{Draft, of_contact};
use super::mergers::Mergers;
use super::overlap::{Runner, highest, outranked};
use super::span::{merge, touching, without};
use super::{
    ContactFacts, HandleTime, Interval, IntervalKind, Micros, SessionTimes, Span, WorkSession, session_id,
};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use touchline_model::events::{ContactEvent, ConversationChange, ConversationStatus, Event, EventContent};
use touchline_model::{ConversationId, CustomerId, Direction, Timestamp, UserId};

/// The facts of all contacts of one customer, by start and id.
///
/// `events` are all events of the customer in the order in which they arrived, and if customers were merged, those of
/// all who are one person by now. Only what was recorded up to the horizon is looked at (contract gladly X-5). Events
/// count by the time at which they were recorded; at the same time, in order of arrival (contract gladly R-14).
pub fn customer<'a>(
    events: impl IntoIterator<Item = &'a Event>,
    mode: HandleTime,
    horizon: Timestamp,
) -> Vec<ContactFacts> {
    let mut visible: Vec<&Event> = events.into_iter().filter(|event| event.timestamp <= horizon).collect();
    visible.sort_by_key(|event| event.timestamp);
    let history = History::read(&visible, horizon);
    let mut work = match mode {
        HandleTime::Views => history.by_views(),
        HandleTime::Assignment => history.by_assignment(),
    };
    history.drafts.iter().zip(work.drain(..)).map(|(draft, work)| facts(draft, work)).collect()
}

/// What is known of a customer: contacts, and what bears upon all of them.
struct History<'a> {
    /// By start and id.
    drafts: Vec<Draft<'a>>,
    /// Positions of the drafts of each customer, by start.
    of_customer: BTreeMap<&'a CustomerId, Vec<usize>>,
    /// When each conversation was closed, in order.
    closed: BTreeMap<&'a ConversationId, Vec<Timestamp>>,
    /// When which agent looked at which customer; sorted, disjoint, up to the horizon.
    views: BTreeMap<&'a CustomerId, BTreeMap<&'a UserId, Vec<Span>>>,
    customers: Mergers<'a, CustomerId>,
    conversations: Mergers<'a, ConversationId>,
    horizon: Timestamp,
    /// Contacts that lost the agent who began them (contract gladly 9.9, R-3).
    stacked: HashSet<usize>,
}

/// What agents did for a contact.
#[derive(Default)]
struct Work<'a> {
    /// Agents who have no part in it, although they began it.
    stacked: Option<&'a UserId>,
    handle: BTreeMap<&'a UserId, Vec<Span>>,
    afterwards: BTreeMap<&'a UserId, Vec<Span>>,
}

impl<'a> History<'a> {
    fn read(visible: &[&'a Event], horizon: Timestamp) -> Self {
        let mut of_contacts: HashMap<&str, Vec<(&'a Event, &'a ContactEvent)>> = HashMap::new();
        let (mut customers, mut conversations) = (Mergers::default(), Mergers::default());
        let mut closed: BTreeMap<_, Vec<Timestamp>> = BTreeMap::new();
        let mut views: BTreeMap<_, BTreeMap<_, Vec<Span>>> = BTreeMap::new();
        for event in visible.iter().copied() {
            let at = event.timestamp;
            if let Some((event, contact)) = of_contact(event) {
                of_contacts.entry(contact.contact_id.as_str()).or_default().push((event, contact));
                continue;
            }
            match &event.content {
                EventContent::Conversation(conversation) => match &conversation.change {
                    ConversationChange::Closed { .. }
                    | ConversationChange::StatusUpdated { status: ConversationStatus::Closed, .. } => {
                        closed.entry(&conversation.conversation_id).or_default().push(at);
                    }
                    ConversationChange::Merged { into_conversation_id } => {
                        conversations.add(at, &conversation.conversation_id, into_conversation_id);
                    }
                    _ => {}
                },
                EventContent::CustomerMerged { customer_id, into_customer_id } => {
                    customers.add(at, customer_id, into_customer_id);
                }
                EventContent::View(view) => {
                    let span = Span::new(view.start_at, view.end_at.min(horizon));
                    if span.start < span.end {
                        let of_agents = views.entry(&view.customer_id).or_default();
                        of_agents.entry(&view.agent_id).or_default().push(span);
                    }
                }
                _ => {}
            }
        }
        for spans in views.values_mut().flat_map(BTreeMap::values_mut) {
            *spans = merge(std::mem::take(spans));
        }
        let mut drafts: Vec<Draft<'a>> =
            of_contacts.values().filter_map(|events| Draft::read(events, horizon)).collect();
        drafts.sort_by_key(|draft| (draft.created_at, draft.start.contact_id.as_str()));
        let mut of_customer: BTreeMap<_, Vec<usize>> = BTreeMap::new();
        for (at, draft) in drafts.iter().enumerate() {
            of_customer.entry(draft.customer()).or_default().push(at);
        }
        let stacked = HashSet::new();
        let mut history =
            Self { drafts, of_customer, closed, views, customers, conversations, horizon, stacked };
        history.stacked = history.find_stacked();
        history
    }

    /// Contacts that count as those of `customer`, each from when on, cut to what is known.
    fn runners(&self, customer: &'a CustomerId) -> Vec<Runner<(u8, Timestamp, &'a str)>> {
        let kin = self.customers.kin(customer);
        let mut runners = Vec::new();
        for (id, since) in kin {
            for at in self.of_customer.get(id).into_iter().flatten().copied() {
                let draft = &self.drafts[at];
                let span = Span::new(draft.known.start.max(since), draft.known.end);
                // A contact may have no length; but one that was over before the merger is nobody's rival.
                if span.start < span.end || span == draft.known {
                    runners.push(Runner { at, span, rank: draft.rank() });
                }
            }
        }
        runners
    }

    /// Outbound contacts that run at the same time as a higher-ranking one of the same agent and customer.
    fn find_stacked(&self) -> HashSet<usize> {
        let mut stacked = HashSet::new();
        for customer in self.of_customer.keys() {
            let mut of_agents: BTreeMap<&UserId, Vec<_>> = BTreeMap::new();
            for runner in self.runners(customer) {
                if let Some(agent) = self.drafts[runner.at].starter {
                    of_agents.entry(agent).or_default().push(runner);
                }
            }
            for runners in of_agents.into_values().filter(|runners| runners.len() > 1) {
                let own = |at: &usize| self.drafts[*at].customer() == *customer;
                stacked.extend(outranked(runners).into_iter().filter(own));
            }
        }
        stacked
    }

    fn no_work(&self) -> Vec<Work<'a>> {
        let work = |(at, draft): (usize, &Draft<'a>)| Work {
            stacked: draft.starter.filter(|_| self.stacked.contains(&at)),
            ..Work::default()
        };
        self.drafts.iter().enumerate().map(work).collect()
    }

    fn by_assignment(&self) -> Vec<Work<'a>> {
        let mut all = self.no_work();
        for (draft, work) in self.drafts.iter().zip(&mut all) {
            for (agent, span) in &draft.assigned {
                if work.stacked != Some(agent) {
                    work.handle.entry(agent).or_default().extend(span.common(draft.known));
                }
            }
        }
        all
    }

    fn by_views(&self) -> Vec<Work<'a>> {
        let mut all = self.no_work();
        for (customer, own) in &self.of_customer {
            let open = highest(&self.runners(customer));
            let afterwards: Vec<(usize, Span)> =
                own.iter().filter_map(|at| self.after(*at).map(|after| (*at, after))).collect();
            let busy = merge(open.iter().map(|(span, _)| *span).collect());
            for (agent, views) in self.views_of(customer) {
                for view in &views {
                    let first = open.partition_point(|(span, _)| span.end <= view.start);
                    for (span, at) in open[first..].iter().take_while(|(span, _)| span.start < view.end) {
                        let work = &mut all[*at];
                        if self.drafts[*at].customer() == *customer && work.stacked != Some(agent) {
                            work.handle.entry(agent).or_default().extend(span.common(*view));
                        }
                    }
                }
                for (at, after) in &afterwards {
                    let seen = touching(&views, *after).iter().filter_map(|view| view.common(*after));
                    let free: Vec<Span> = seen.flat_map(|view| without(view, &busy)).collect();
                    let work = &mut all[*at];
                    if !free.is_empty() && work.stacked != Some(agent) {
                        work.afterwards.entry(agent).or_default().extend(free);
                    }
                }
            }
        }
        all
    }

    /// When which agent looked at this customer, under any name that the customer had by then.
    fn views_of(&self, customer: &'a CustomerId) -> BTreeMap<&'a UserId, Vec<Span>> {
        let mut views: BTreeMap<&UserId, Vec<Span>> = BTreeMap::new();
        for (id, since) in self.customers.kin(customer) {
            for (agent, spans) in self.views.get(id).into_iter().flatten() {
                let later = spans.iter().map(|span| Span::new(span.start.max(since), span.end));
                views.entry(agent).or_default().extend(later.filter(|span| span.start < span.end));
            }
        }
        if !self.customers.is_empty() {
            for spans in views.values_mut() {
                *spans = merge(std::mem::take(spans));
            }
        }
        views
    }

    /// The time after a contact: until its conversation is closed, the customer's next contact starts, or the horizon
    /// (contract gladly ).
    fn after(&self, at: usize) -> Option<Span> {
        let draft = &self.drafts[at];
        let ended = draft.ended?.at;
        let mut stop = self.horizon;
        let conversation = &draft.start.conversation_id;
        for (id, since) in self.conversations.kin(conversation) {
            let times = self.closed.get(id).map_or(&[][..], Vec::as_slice);
            let from = times.partition_point(|time| *time < ended.max(since));
            stop = times.get(from).map_or(stop, |time| stop.min(*time));
        }
        for (id, since) in self.customers.kin(draft.customer()) {
            let contacts = self.of_customer.get(id).map_or(&[][..], Vec::as_slice);
            let from = contacts.partition_point(|other| self.drafts[*other].created_at < ended.max(since));
            let next = contacts[from..].iter().find(|other| **other != at);
            stop = next.map_or(stop, |other| stop.min(self.drafts[*other].created_at));
        }
        (ended < stop).then_some(Span::new(ended, stop))
    }
}

fn sum(spans: Option<&Vec<Span>>) -> Micros {
    spans.into_iter().flatten().map(|span| span.length()).sum()
}

fn facts(draft: &Draft<'_>, work: Work<'_>) -> ContactFacts {
    let direction = draft.direction();
    let start = draft.start;
    ContactFacts {
        contact_id: start.contact_id.clone(),
        conversation_id: start.conversation_id.clone(),
        customer_id: start.customer_id.clone(),
        channel: start.channel,
        direction,
        initiator: draft.initiator,
        created_at: draft.created_at,
        inbox_created: start.assignee_before.inbox_id.clone(),
        entry_point: draft.entry_point.filter(|_| direction == Direction::Inbound).cloned(),
        final_ivr_selection: draft.final_ivr_selection.filter(|_| draft.is_call()).cloned(),
        due_at: draft.due_at,
        routed_at: draft.routed_at(),
        first_accepted: draft.accepted.first().cloned(),
        fulfilled: draft.fulfilled,
        ended: draft.ended,
        inbox_current: draft.inbox.clone(),
        agent_current: draft.agent.cloned(),
        transfers: draft.transfers,
        hold: draft.hold(),
        sessions: sessions(draft, &work),
        intervals: intervals(draft, &work),
    }
}

/// The rows of a contact in the Work Sessions report (contract gladly §4.3, X-11, R-6).
fn sessions(draft: &Draft<'_>, work: &Work<'_>) -> Vec<WorkSession> {
    if draft.ended.is_none() {
        return vec![WorkSession { id: None, agent_id: None, accepted: None, times: None }];
    }
    let contact = &draft.start.contact_id;
    let mut agents: BTreeSet<&UserId> = draft.workers.iter().copied().collect();
    agents
        .extend(work.handle.iter().filter(|(_, spans)| !sum(Some(spans)).is_zero()).map(|(agent, _)| *agent));
    agents.extend(work.afterwards.keys());
    if let Some(stacked) = work.stacked {
        agents.remove(stacked);
    }
    if agents.is_empty() {
        let times = Some(SessionTimes::default());
        return vec![WorkSession {
            id: Some(session_id(contact, None)),
            agent_id: None,
            accepted: None,
            times,
        }];
    }
    let session = |agent: &UserId| {
        let accepted = draft.accepted.iter().find(|accepted| accepted.agent_id == *agent);
        let (handle, afterwards) = (sum(work.handle.get(agent)), sum(work.afterwards.get(agent)));
        // Time after the contact is known for what it is only with those who had handled it (contract gladly X-8).
        let (after_contact, unknown) =
            if handle.is_zero() { (Micros(0), afterwards) } else { (afterwards, Micros(0)) };
        WorkSession {
            id: Some(session_id(contact, Some(agent))),
            agent_id: Some(agent.clone()),
            accepted: accepted.map(|accepted| (accepted.at, accepted.inbox_id.clone())),
            times: Some(SessionTimes { handle, after_contact, unknown }),
        }
    };
    agents.into_iter().map(session).collect()
}

fn intervals(draft: &Draft<'_>, work: &Work<'_>) -> Vec<Interval> {
    let channel = draft.start.channel;
    let interval = |agent: &UserId, span: &Span, kind| {
        let Span { start, end } = *span;
        Interval { start, end, agent_id: agent.clone(), channel, kind }
    };
    let mut all = Vec::new();
    for (agent, spans) in &work.handle {
        all.extend(spans.iter().map(|span| interval(agent, span, IntervalKind::Handle)));
    }
    for (agent, spans) in &work.afterwards {
        if !sum(work.handle.get(agent)).is_zero() {
            all.extend(spans.iter().map(|span| interval(agent, span, IntervalKind::AfterContact)));
        }
    }
    for (agent, span) in &draft.holds {
        if let Some(agent) = agent.filter(|agent| work.stacked != Some(agent))
            && span.start < span.end
        {
            all.push(interval(agent, span, IntervalKind::Hold));
        }
    }
    all.sort_unstable();
    all
}
