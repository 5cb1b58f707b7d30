//! The Agent Summary report: what each agent did in each bucket (contract gladly §6).

use super::{AgentStatus, Figures, Interval, IntervalKind, Micros, Span};
use std::collections::HashMap;
use touchline_model::events::{
    AgentStatusChange as Status, ContactChange, ContactChannel, ConversationChange, Event, EventContent,
    RejectReason, TaskChange,
};
use touchline_model::{Timestamp, UserId};

/// What the report counts of contacts and conversations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mark {
    /// A contact begun.
    Started,
    /// A contact offered.
    Offered,
    /// An offer taken.
    Accepted,
    /// An offer refused.
    Declined,
    /// An offer not reacted to.
    Missed,
    /// A message sent.
    MessageSent,
    /// A contact handed on.
    Transferred,
    /// A contact that ended.
    Ended,
    /// A conversation closed.
    ConversationClosed,
}

impl Mark {
    /// All of them, in an order that does not change.
    pub const ALL: [Self; 9] = [
        Self::Started,
        Self::Offered,
        Self::Accepted,
        Self::Declined,
        Self::Missed,
        Self::MessageSent,
        Self::Transferred,
        Self::Ended,
        Self::ConversationClosed,
    ];

    /// What an event counts as, if it is about a contact or a conversation and counts at all.
    pub const fn of(event: &Event) -> Option<Self> {
        Some(match &event.content {
            EventContent::Contact(contact) => match &contact.change {
                ContactChange::Started { .. } => Self::Started,
                ContactChange::Offered { .. } => Self::Offered,
                ContactChange::OfferAccepted { .. } => Self::Accepted,
                ContactChange::OfferRejected { reason: RejectReason::Declined, .. } => Self::Declined,
                ContactChange::OfferRejected { .. } => Self::Missed,
                ContactChange::MessageSent { .. } => Self::MessageSent,
                ContactChange::Transferred { .. } => Self::Transferred,
                ContactChange::Ended { .. } => Self::Ended,
                _ => return None,
            },
            EventContent::Conversation(conversation) => match conversation.change {
                ConversationChange::Closed { .. } => Self::ConversationClosed,
                _ => return None,
            },
            _ => return None,
        })
    }
}

/// Counts events and clips spans into buckets while both stream by in order of time. What it holds is bounded by the
/// number of agents and the intervals that run at one instant.
///
/// A row is given out as soon as its bucket is over, bucket by bucket, in each in the order of the agents; only for
/// agents with something in it (contract gladly X-18). Contact events whose contact is still parked must be left out
/// (contract gladly R-15): they count nowhere, and only the caller can know.
#[derive(Debug)]
pub struct AgentSummary<B> {
    agents: Vec<Agent>,
    by_id: HashMap<String, usize>,
    bucket: Option<Span>,
    later: B,
    horizon: Timestamp,
    seen: Timestamp,
}

/// One agent while time goes by.
#[derive(Debug)]
struct Agent {
    id: UserId,
    status: AgentStatus,
    /// Up to when the status is accounted for.
    since: Timestamp,
    figures: Figures,
    touched: bool,
    /// Intervals that go on after the bucket.
    running: Vec<(Span, ContactChannel, IntervalKind)>,
}

/// A row: an agent in a bucket.
#[derive(Clone, Copy, Debug)]
pub struct AgentRow<'a> {
    /// The bucket.
    pub bucket: Span,
    /// The agent.
    pub agent_id: &'a UserId,
    /// The figures.
    pub figures: &'a Figures,
}

/// Something was handed in that is older than what came before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{given} was given after {seen}")]
pub struct OutOfOrder {
    /// The time of what was handed in.
    pub given: Timestamp,
    /// The latest time before.
    pub seen: Timestamp,
}

impl<B: Iterator<Item = Span>> AgentSummary<B> {
    /// For these agents, in this order, over these buckets, which are sorted and do not overlap. Each agent comes with
    /// a status that was worked out before; without one, everything since the agent's first login has to be pushed, for
    /// only what is pushed is known.
    pub fn new(
        agents: impl IntoIterator<Item = (UserId, AgentStatus)>,
        buckets: B,
        horizon: Timestamp,
    ) -> Self {
        let mut later = buckets;
        let bucket = later.next();
        let since = bucket.map_or(horizon, |bucket| bucket.start);
        let agent = |(id, status)| Agent {
            id,
            status,
            since,
            figures: Figures::default(),
            touched: false,
            running: Vec::new(),
        };
        let agents: Vec<Agent> = agents.into_iter().map(agent).collect();
        let by_id = agents.iter().enumerate().map(|(at, agent)| (agent.id.0.clone(), at)).collect();
        Self { agents, by_id, bucket, later, horizon, seen: Timestamp::from_micros(i64::MIN) }
    }

    /// Takes an event, of any kind and anybody, at the time it happened ([`Event::happened_at`]; contract gladly R-18).
    /// What was recorded or happened after the horizon is ignored.
    pub fn event(&mut self, event: &Event, emit: &mut impl FnMut(AgentRow<'_>)) -> Result<(), OutOfOrder> {
        let at = event.happened_at();
        if at > self.horizon || event.timestamp > self.horizon {
            return Ok(());
        }
        self.advance(at, emit)?;
        let Some(agent) = event.agent_id().and_then(|id| self.place(id.as_str())) else { return Ok(()) };
        let agent = &mut self.agents[agent];
        if let EventContent::AgentStatus(_) | EventContent::Availability { .. } = &event.content {
            if let Some(bucket) = self.bucket {
                agent.pass(bucket, at);
            }
            agent.status.apply(&event.content);
        }
        if self.bucket.is_some_and(|bucket| bucket.start <= at) {
            agent.count(event);
        }
        Ok(())
    }

    /// An agent's place in the order of the agents.
    pub fn place(&self, agent: &str) -> Option<usize> {
        self.by_id.get(agent).copied()
    }

    /// Takes an interval of somebody's work, at its start.
    pub fn interval(
        &mut self,
        interval: &Interval,
        emit: &mut impl FnMut(AgentRow<'_>),
    ) -> Result<(), OutOfOrder> {
        let span = Span::new(interval.start, interval.end);
        let place = self.place(interval.agent_id.as_str());
        self.work(place, span, interval.channel, interval.kind, emit)
    }

    /// The same of the agent at a [`Self::place`].
    pub fn work(
        &mut self,
        place: Option<usize>,
        span: Span,
        channel: ContactChannel,
        kind: IntervalKind,
        emit: &mut impl FnMut(AgentRow<'_>),
    ) -> Result<(), OutOfOrder> {
        if span.start > self.horizon {
            return Ok(());
        }
        self.advance(span.start, emit)?;
        if let (Some(bucket), Some(agent)) = (self.bucket, place.and_then(|at| self.agents.get_mut(at))) {
            agent.work(bucket, (Span::new(span.start, span.end.min(self.horizon)), channel, kind));
        }
        Ok(())
    }

    /// Takes what [`Mark::of`] makes of an event of the agent at a [`Self::place`], instead of the event, at the time
    /// it happened; with the contact's channel. What happened after the horizon is ignored.
    pub fn mark(
        &mut self,
        place: Option<usize>,
        at: Timestamp,
        mark: Mark,
        channel: Option<ContactChannel>,
        emit: &mut impl FnMut(AgentRow<'_>),
    ) -> Result<(), OutOfOrder> {
        if at > self.horizon {
            return Ok(());
        }
        self.advance(at, emit)?;
        if let Some(agent) = place.and_then(|at| self.agents.get_mut(at))
            && self.bucket.is_some_and(|bucket| bucket.start <= at)
        {
            agent.mark(mark, channel);
        }
        Ok(())
    }

    /// Gives out the rest. What is still open ends with the horizon (contract gladly X-18).
    pub fn finish(mut self, emit: &mut impl FnMut(AgentRow<'_>)) {
        while let Some(bucket) = self.bucket.filter(|bucket| bucket.start <= self.horizon) {
            self.close(bucket, emit);
        }
    }

    fn advance(&mut self, to: Timestamp, emit: &mut impl FnMut(AgentRow<'_>)) -> Result<(), OutOfOrder> {
        if to < self.seen {
            return Err(OutOfOrder { given: to, seen: self.seen });
        }
        self.seen = to;
        while let Some(bucket) = self.bucket.filter(|bucket| bucket.end <= to) {
            self.close(bucket, emit);
        }
        Ok(())
    }

    fn close(&mut self, bucket: Span, emit: &mut impl FnMut(AgentRow<'_>)) {
        self.bucket = self.later.next();
        for agent in &mut self.agents {
            agent.pass(bucket, bucket.end.min(self.horizon));
            if agent.touched {
                emit(AgentRow { bucket, agent_id: &agent.id, figures: &agent.figures });
                agent.touched = false;
                agent.figures = Figures::default();
            }
            if let Some(next) = self.bucket {
                agent.since = next.start;
                for work in std::mem::take(&mut agent.running) {
                    agent.work(next, work);
                }
            }
        }
    }
}

impl Agent {
    /// Time goes by until `to` with the status as it is.
    fn pass(&mut self, bucket: Span, to: Timestamp) {
        let passed = Span::new(self.since.max(bucket.start), to.min(bucket.end));
        self.since = self.since.max(to);
        if passed.start >= passed.end || !self.status.logged_in {
            return;
        }
        self.touched = true;
        let long = passed.length();
        self.figures.logged_in_time += long;
        if self.status.away {
            self.figures.away_time += long;
            return;
        }
        if self.status.available.contains(&true) {
            self.figures.available_any += long;
        }
        for (time, available) in self.figures.available.iter_mut().zip(self.status.available) {
            *time += if available { long } else { Micros(0) };
        }
    }

    fn work(&mut self, bucket: Span, work: (Span, ContactChannel, IntervalKind)) {
        let (span, channel, kind) = work;
        if let Some(now) = span.common(bucket) {
            self.touched = true;
            match kind {
                IntervalKind::Handle => self.figures.handle.add(channel, now.length()),
                IntervalKind::AfterContact => self.figures.after_contact.add(channel, now.length()),
                IntervalKind::Hold => self.figures.hold += now.length(),
            }
        }
        if span.end > bucket.end {
            self.running.push(work);
        }
    }

    fn count(&mut self, event: &Event) {
        if let Some(mark) = Mark::of(event) {
            let channel = match &event.content {
                EventContent::Contact(contact) => Some(contact.channel),
                _ => None,
            };
            return self.mark(mark, channel);
        }
        let figures = &mut self.figures;
        let counter = match &event.content {
            EventContent::AgentStatus(status) => match status.change {
                Status::LoggedIn => &mut figures.logged_in,
                Status::LoggedOut => &mut figures.logged_out,
                Status::WentAway => &mut figures.went_away,
                Status::ReturnedFromAway => &mut figures.returned_from_away,
                Status::ChangedActiveReason => &mut figures.changed_active_reason,
            },
            EventContent::Task { change, .. } => match change {
                TaskChange::Created => &mut figures.task_created,
                TaskChange::Closed => &mut figures.task_closed,
                TaskChange::Reopened => &mut figures.task_reopened,
                TaskChange::CommentAdded => &mut figures.task_commented_on,
                TaskChange::ContentUpdated => &mut figures.task_content_updated,
                TaskChange::DueDateUpdated => &mut figures.task_due_date_updated,
            },
            _ => return,
        };
        *counter += 1;
        self.touched = true;
    }

    fn mark(&mut self, mark: Mark, channel: Option<ContactChannel>) {
        let figures = &mut self.figures;
        self.touched = true;
        let by_channel = match mark {
            Mark::Started => &mut figures.started,
            Mark::Offered => &mut figures.offered,
            Mark::Accepted => &mut figures.accepted,
            Mark::Declined => &mut figures.declined,
            Mark::Missed => &mut figures.missed,
            Mark::MessageSent => &mut figures.message_sent,
            Mark::Transferred => return figures.transferred += 1,
            Mark::Ended => return figures.ended += 1,
            Mark::ConversationClosed => return figures.conversation_closed += 1,
        };
        if let Some(channel) = channel {
            by_channel.add(channel, 1);
        }
    }
}
