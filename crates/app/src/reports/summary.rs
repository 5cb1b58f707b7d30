//! What is said of a report beside its rows: totals, and the figures of its charts. They are folded while the rows
//! stream by, so a long report takes no more memory than a short one: it grows with the days of the window, the agents
//! and the channels alone.
//!
//! A half hour is one of the window while the window is about a day, and one of the clock when it is longer: then 09:00
//! stands for nine o'clock on every day. So a day on which the clocks are moved has the half hours that it had.

mod half_hours;
mod rates;

pub use half_hours::HalfHours;
pub use rates::{Mean, Rate};

use super::{
    AgentInfo, AgentSummaryQuery, AgentSummaryRow, ContactExportQuery, ContactRow, Level, Micros, Rows, Span,
    Window, WorkSessionQuery, WorkSessionRow,
};
use crate::{App, AppError};
use futures::{StreamExt, TryStreamExt};
use half_hours::place;
use jiff::tz::TimeZone;
use std::{collections::HashMap, sync::Arc};
use touchline_model::{Caller, ContactId, Direction, UserId, events::ContactChannel};

/// Most days of a window that is summed up while somebody waits.
pub const LONGEST_DAYS: i32 = 31;
/// Agents that are told apart; what further ones did is summed up as one.
const MOST_AGENTS: usize = 5_000;

/// What began in a stretch of time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Arrivals {
    /// Contacts that were queued or begun in it.
    pub contacts: u64,
    /// How long the inbound ones of them waited for the first agent, where one took them.
    pub answer: Mean,
    /// The same of calls and chats alone, whose customers wait on the line. A mail that was answered the day after says
    /// nothing about them.
    pub live_answer: Mean,
    /// Which of them were fulfilled in time, where they were fulfilled and had a due date.
    pub sla: Rate,
}

impl Arrivals {
    fn add(&mut self, row: &ContactRow) {
        self.contacts += 1;
        let waited = row.facts.queued_to_accepted();
        self.answer.add(waited);
        if matches!(row.facts.channel, ContactChannel::PhoneCall | ContactChannel::Chat) {
            self.live_answer.add(waited);
        }
        self.sla.add(row.facts.within_sla());
    }
}

/// The Contact Export in figures.
#[derive(Clone, Debug)]
pub struct ContactSummary {
    /// All contacts.
    pub all: Arrivals,
    /// Those that customers and others began.
    pub inbound: u64,
    /// Those that have not ended.
    pub open: u64,
    /// How often they were transferred.
    pub transfers: u64,
    /// Handle time of those that have ended.
    pub handle: Micros,
    /// After-contact time of those that have ended.
    pub after_contact: Micros,
    /// Along the half hours.
    pub halves: Vec<Arrivals>,
    /// The half hours.
    pub half_hours: HalfHours,
    /// Along the days of the zone.
    pub days: Vec<(Span, Arrivals)>,
    /// Contacts of each channel that occurred.
    pub channels: Vec<(ContactChannel, u64)>,
    spans: Vec<Span>,
}

impl ContactSummary {
    /// Of nothing yet. The window should not be longer than [`LONGEST_DAYS`].
    pub fn new(window: Window, zone: &TimeZone) -> Self {
        let half_hours = HalfHours::new(window, zone);
        let spans: Vec<Span> = Level::Daily.buckets(zone.clone(), window).collect();
        Self {
            all: Arrivals::default(),
            inbound: 0,
            open: 0,
            transfers: 0,
            handle: Micros::default(),
            after_contact: Micros::default(),
            halves: vec![Arrivals::default(); half_hours.len()],
            half_hours,
            days: spans.iter().map(|span| (*span, Arrivals::default())).collect(),
            channels: Vec::new(),
            spans,
        }
    }

    /// Counts a row.
    pub fn add(&mut self, row: &ContactRow) {
        let facts = &row.facts;
        self.all.add(row);
        self.inbound += u64::from(facts.direction == Direction::Inbound);
        self.open += u64::from(facts.ended.is_none());
        self.transfers += facts.transfers;
        self.handle += facts.handle_time().unwrap_or_default();
        self.after_contact += facts.after_contact_time().unwrap_or_default();
        if let Some(half) = self.half_hours.at(facts.created_at) {
            self.halves[half].add(row);
        }
        if let Some(day) = place(&self.spans, facts.created_at) {
            self.days[day].1.add(row);
        }
        *of_channel(&mut self.channels, facts.channel) += 1;
    }
}

/// What is kept of a channel, which stand in the order of their rank.
fn of_channel<T: Default>(all: &mut Vec<(ContactChannel, T)>, channel: ContactChannel) -> &mut T {
    let at = match all.binary_search_by_key(&channel, |it| it.0) {
        Ok(at) => at,
        Err(at) => {
            all.insert(at, (channel, T::default()));
            at
        }
    };
    &mut all[at].1
}

/// Work on contacts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Worked {
    /// Work sessions: agents on contacts that have ended.
    pub sessions: u64,
    /// Handle time.
    pub handle: Micros,
    /// After-contact time.
    pub after_contact: Micros,
}

impl Worked {
    /// Handle and after-contact time together.
    pub fn long(&self) -> Micros {
        self.handle + self.after_contact
    }
    fn add(&mut self, row: &WorkSessionRow) {
        // Nobody's row says that nobody worked.
        if let (Some(handle), Some(_)) = (row.handle, &row.agent_id) {
            self.sessions += 1;
            self.handle += handle;
            self.after_contact += row.after_contact.unwrap_or_default();
        }
    }
}

/// What somebody worked, in all and on each channel.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AgentWork {
    /// In all.
    pub all: Worked,
    /// On each channel that occurred, by rank.
    pub channels: Vec<(ContactChannel, Worked)>,
}

/// The Work Sessions report in figures.
#[derive(Clone, Debug, Default)]
pub struct WorkSummary {
    /// Rows.
    pub rows: u64,
    /// Contacts in them.
    pub contacts: u64,
    /// Those of them that have not ended.
    pub open: u64,
    /// What was worked, in all and on each channel.
    pub work: AgentWork,
    /// Agents' time with customers that is no work on a contact.
    pub unknown: Micros,
    /// Contacts that were fulfilled in time.
    pub sla: Rate,
    /// What each agent worked, whoever worked longest first; nobody's rows are left out.
    pub agents: Vec<(UserId, AgentWork)>,
    /// Of agents beyond those that are told apart.
    pub other_agents: Worked,
    by_agent: HashMap<UserId, AgentWork>,
    last: Option<ContactId>,
}

impl WorkSummary {
    /// Counts a row. The rows of a contact must follow each other, as they do in the report.
    pub fn add(&mut self, row: &WorkSessionRow) {
        self.rows += 1;
        if self.last.as_ref() != Some(&row.contact_id) {
            self.last = Some(row.contact_id.clone());
            self.contacts += 1;
            self.open += u64::from(row.ended_at.is_none());
            self.sla.add(row.within_sla);
        }
        self.work.all.add(row);
        self.unknown += row.unknown.unwrap_or_default();
        of_channel(&mut self.work.channels, row.channel).add(row);
        let Some(agent) = &row.agent_id else { return };
        if !self.by_agent.contains_key(agent) && self.by_agent.len() >= MOST_AGENTS {
            self.other_agents.add(row);
            return;
        }
        let work = self.by_agent.entry(agent.clone()).or_default();
        work.all.add(row);
        of_channel(&mut work.channels, row.channel).add(row);
    }

    /// After the last row: puts the agents in order.
    #[must_use]
    pub fn finished(mut self) -> Self {
        self.agents = std::mem::take(&mut self.by_agent).into_iter().collect();
        self.agents.sort_by(|(a, one), (b, other)| (other.all.long(), a).cmp(&(one.all.long(), b)));
        self
    }
}

/// How an agent spent the time, and what came of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AgentTimes {
    /// Logged in.
    pub logged_in: Micros,
    /// Of that: available for anything.
    pub available: Micros,
    /// Of that: away.
    pub away: Micros,
    /// Contacts offered, accepted, declined and missed.
    pub offered: u64,
    /// Offers taken.
    pub accepted: u64,
    /// Offers refused.
    pub declined: u64,
    /// Offers not reacted to.
    pub missed: u64,
    /// Contacts that ended while they were this agent's.
    pub ended: u64,
    /// Handle time.
    pub handle: Micros,
    /// After-contact time.
    pub after_contact: Micros,
    /// Handle time of each channel that occurred, by rank.
    pub channels: Vec<(ContactChannel, Micros)>,
}

impl AgentTimes {
    /// Logged in, not away, and available for nothing.
    pub fn unavailable(&self) -> Micros {
        self.logged_in - self.away - self.available
    }
    fn add(&mut self, row: &AgentSummaryRow) {
        let figures = &row.figures;
        self.logged_in += figures.logged_in_time;
        self.available += figures.available_any;
        self.away += figures.away_time;
        self.offered += figures.offered.total;
        self.accepted += figures.accepted.total;
        self.declined += figures.declined.total;
        self.missed += figures.missed.total;
        self.ended += figures.ended;
        self.handle += figures.handle.total;
        self.after_contact += figures.after_contact.total;
        for channel in ContactChannel::ALL {
            let handle = figures.handle.of(*channel);
            if !handle.is_zero() {
                *of_channel(&mut self.channels, *channel) += handle;
            }
        }
    }
}

/// The Agent Summary in figures.
#[derive(Clone, Debug, Default)]
pub struct AgentsSummary {
    /// Rows: buckets of agents.
    pub rows: u64,
    /// Everybody together.
    pub all: AgentTimes,
    /// Each agent, whoever was logged in longest first.
    pub agents: Vec<(Arc<AgentInfo>, AgentTimes)>,
    by_agent: HashMap<UserId, (Arc<AgentInfo>, AgentTimes)>,
}

impl AgentsSummary {
    /// Counts a row.
    pub fn add(&mut self, row: &AgentSummaryRow) {
        self.rows += 1;
        self.all.add(row);
        // As many as the directory has.
        match self.by_agent.get_mut(&row.agent.id) {
            Some((_, times)) => times.add(row),
            None => {
                let mut times = AgentTimes::default();
                times.add(row);
                self.by_agent.insert(row.agent.id.clone(), (row.agent.clone(), times));
            }
        }
    }

    /// After the last row: puts the agents in order.
    #[must_use]
    pub fn finished(mut self) -> Self {
        self.agents = std::mem::take(&mut self.by_agent).into_values().collect();
        self.agents.sort_by(|(a, one), (b, other)| {
            (other.logged_in, &a.email, &a.id).cmp(&(one.logged_in, &b.email, &b.id))
        });
        self
    }
}

/// A report in figures, with its first rows.
#[derive(Clone, Debug)]
pub struct Told<S, R> {
    /// In figures: all of it.
    pub summary: S,
    /// The first rows.
    pub first: Vec<R>,
}

impl App {
    /// The Work Sessions report of a window in figures, with its first `shown` rows. `agent` narrows it to one of them.
    ///
    /// # Errors
    /// Those of [`App::work_sessions`].
    pub async fn work_sessions_told(
        &self,
        caller: &Caller,
        query: WorkSessionQuery,
        agent: Option<UserId>,
        shown: usize,
    ) -> Result<Told<WorkSummary, WorkSessionRow>, AppError> {
        let rows = sessions_of(self.work_sessions(caller, query).await?, agent);
        let told = fold(rows, WorkSummary::default(), shown, WorkSummary::add).await?;
        Ok(Told { summary: told.summary.finished(), first: told.first })
    }

    /// The Contact Export of a window in figures, with its first `shown` rows; half hours and days are those of `zone`.
    ///
    /// # Errors
    /// Those of [`App::contact_export`].
    pub async fn contacts_told(
        &self,
        caller: &Caller,
        query: ContactExportQuery,
        zone: &TimeZone,
        shown: usize,
    ) -> Result<Told<ContactSummary, ContactRow>, AppError> {
        let summary = ContactSummary::new(query.window, zone);
        fold(self.contact_export(caller, query).await?, summary, shown, ContactSummary::add).await
    }

    /// The Agent Summary of a window in figures, with its first `shown` rows. `agent` narrows it to one of them.
    ///
    /// # Errors
    /// Those of [`App::agent_summary`].
    pub async fn agents_told(
        &self,
        caller: &Caller,
        query: AgentSummaryQuery,
        agent: Option<UserId>,
        shown: usize,
    ) -> Result<Told<AgentsSummary, AgentSummaryRow>, AppError> {
        let rows = summary_of(self.agent_summary(caller, query).await?, agent);
        let told = fold(rows, AgentsSummary::default(), shown, AgentsSummary::add).await?;
        Ok(Told { summary: told.summary.finished(), first: told.first })
    }
}

/// The work sessions of one agent, or all.
pub fn sessions_of(rows: Rows<WorkSessionRow>, agent: Option<UserId>) -> Rows<WorkSessionRow> {
    let Some(agent) = agent else { return rows };
    rows.try_filter(move |row| std::future::ready(row.agent_id.as_ref() == Some(&agent))).boxed()
}

/// The buckets of one agent, or all.
pub fn summary_of(rows: Rows<AgentSummaryRow>, agent: Option<UserId>) -> Rows<AgentSummaryRow> {
    let Some(agent) = agent else { return rows };
    rows.try_filter(move |row| std::future::ready(row.agent.id == agent)).boxed()
}

async fn fold<S, R>(
    mut rows: Rows<R>,
    mut summary: S,
    shown: usize,
    add: impl Fn(&mut S, &R),
) -> Result<Told<S, R>, AppError> {
    let mut first = Vec::new();
    while let Some(row) = rows.try_next().await? {
        add(&mut summary, &row);
        if first.len() < shown {
            first.push(row);
        }
    }
    Ok(Told { summary, first })
}
