//! The Agent Summary report: what each agent did in each bucket (contract gladly §6).

use super::{AgentStatus, Figures, Interval, IntervalKind, Micros, Span};
use std::collections::HashMap;
use touchline_model::events::{
    AgentStatusChange as Status, ContactChange, ContactChannel, ConversationChange, Event, EventContent,
    RejectReason, TaskChange,
};
use touchline_model::{Timestamp, UserId};

/// Counts events and clips spans into buckets while both stream by in order of time. What it holds is bounded by the
/// number of agents and the intervals that run at one instant.
///
/// A row is given out as soon as its bucket is over, bucket by bucket, in each in the order of the agents; only for
/// agents with something in it (contract gladly X-18). Contact events whose contact is still parked must be left out
/// (contract gladly R-15): they count nowhere, and only the caller can know.
#[derive(Debug)]
pub struct AgentSummary<B> {
    agents: Vec<Agent>,
    by_id: HashMap<UserId, usize>,
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
        let by_id = agents.iter().enumerate().map(|(at, agent)| (agent.id.clone(), at)).collect();
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
        let Some(agent) = event.agent_id().and_then(|id| self.by_id.get(id)).copied() else { return Ok(()) };
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

    /// Takes an interval of somebody's work, at its start.
    pub fn interval(
        &mut self,
        interval: &Interval,
        emit: &mut impl FnMut(AgentRow<'_>),
    ) -> Result<(), OutOfOrder> {
        if interval.start > self.horizon {
            return Ok(());
        }
        self.advance(interval.start, emit)?;
        if let (Some(bucket), Some(agent)) = (self.bucket, self.by_id.get(&interval.agent_id)) {
            let span = Span::new(interval.start, interval.end.min(self.horizon));
            self.agents[*agent].work(bucket, (span, interval.channel, interval.kind));
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
        let figures = &mut self.figures;
        let counter = match &event.content {
            EventContent::Contact(contact) => {
                let by_channel = match &contact.change {
                    ContactChange::Started { .. } => &mut figures.started,
                    ContactChange::Offered { .. } => &mut figures.offered,
                    ContactChange::OfferAccepted { .. } => &mut figures.accepted,
                    ContactChange::OfferRejected { reason: RejectReason::Declined, .. } => {
                        &mut figures.declined
                    }
                    ContactChange::OfferRejected { .. } => &mut figures.missed,
                    ContactChange::MessageSent { .. } => &mut figures.message_sent,
                    ContactChange::Transferred { .. } => return self.add(|figures| &mut figures.transferred),
                    ContactChange::Ended { .. } => return self.add(|figures| &mut figures.ended),
                    _ => return,
                };
                by_channel.add(contact.channel, 1);
                self.touched = true;
                return;
            }
            EventContent::Conversation(conversation) => match conversation.change {
                ConversationChange::Closed { .. } => &mut figures.conversation_closed,
                _ => return,
            },
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
            EventContent::Availability { .. }
            | EventContent::View(_)
            | EventContent::CustomerMerged { .. } => return,
        };
        *counter += 1;
        self.touched = true;
    }

    fn add(&mut self, counter: impl Fn(&mut Figures) -> &mut u64) {
        *counter(&mut self.figures) += 1;
        self.touched = true;
    }
}
