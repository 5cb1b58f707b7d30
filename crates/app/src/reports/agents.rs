//! The Agent Summary report: events and stretches of work, both in order of time, become rows.

use super::{AgentInfo, AgentSummaryQuery, AgentSummaryRow, known::View, project::kind_of};
use crate::AppError;
use futures::{StreamExt, TryStreamExt, stream};
use std::{
    collections::{HashMap, HashSet, VecDeque},
    sync::Arc,
};
use touchline_analysis::sessions::{AgentRow, AgentStatus, AgentSummary, Buckets, Interval};
use touchline_model::{ContactId, Event, EventKind, Timestamp, UserId};
use touchline_store::IntervalRow;

/// Rows that are given out together, about.
const ROWS: usize = 1_000;
/// Agents whose status at the start is looked up at once.
const AT_ONCE: usize = 8;
/// No kept stretch is longer.
const DAY_SECS: i64 = 86_400;

/// Makes the report once.
pub(super) struct Agents {
    view: View,
    summary: Option<AgentSummary<Buckets>>,
    agents: HashMap<UserId, Arc<AgentInfo>>,
    end: Timestamp,
    events: VecDeque<Event>,
    /// Where the next page of events begins; `None` after the last.
    next_event: Option<(Timestamp, (i64, i64))>,
    work: Work,
}

/// Stretches of work in order.
struct Work {
    /// What was read and worked out, in order.
    ready: VecDeque<Interval>,
    /// Worked out on the spot, in order, for later.
    waiting: Vec<Interval>,
    /// The contacts of which all was worked out on the spot.
    whole: HashSet<ContactId>,
    /// Before this instant every kept stretch was read; `None` after the last.
    next: Option<Timestamp>,
}

impl Agents {
    /// `agents` come in the order of the rows of a bucket.
    pub(super) async fn new(
        view: View,
        query: &AgentSummaryQuery,
        agents: Vec<AgentInfo>,
    ) -> Result<Self, AppError> {
        let start = query.window.start;
        // Ids of their own: a future that borrows from the list could not be sent between threads.
        let ids: Vec<UserId> = agents.iter().map(|agent| agent.id.clone()).collect();
        let statuses: Vec<(UserId, AgentStatus)> = stream::iter(ids)
            .map(|agent| status_at(&view, agent, start))
            .buffered(AT_ONCE)
            .try_collect()
            .await?;
        let buckets = query.level.buckets(query.zone.clone(), query.window);
        let summary = AgentSummary::new(statuses, buckets, view.known.recorded);
        let (mut waiting, mut whole) = (Vec::new(), HashSet::new());
        let take = |_, facts: super::ContactFacts| {
            waiting.extend(facts.intervals);
            whole.insert(facts.contact_id);
        };
        view.work_out(&view.first(), take).await?;
        waiting.retain(|it| it.end > start && it.start < query.window.end);
        waiting.sort_unstable();
        let work = Work { ready: VecDeque::new(), waiting, whole, next: Some(start.plus_secs(-DAY_SECS)) };
        Ok(Self {
            summary: Some(summary),
            agents: agents.into_iter().map(|it| (it.id.clone(), Arc::new(it))).collect(),
            end: query.window.end,
            events: VecDeque::new(),
            next_event: Some((start, (i64::MIN, i64::MIN))),
            view,
            work,
        })
    }

    /// The next rows in order; `None` after the last.
    pub(super) async fn next(&mut self) -> Result<Option<Vec<AgentSummaryRow>>, AppError> {
        let Some(mut summary) = self.summary.take() else { return Ok(None) };
        let mut rows = Vec::new();
        let agents = &self.agents;
        let disorder = |error| AppError::Internal(Box::new(error));
        loop {
            if self.events.is_empty() {
                more_events(&self.view, &mut self.next_event, self.end, &mut self.events).await?;
            }
            if self.work.ready.is_empty() {
                self.work.more(&mut self.view, self.end).await?;
            }
            match (self.events.front(), self.work.ready.front()) {
                (None, None) => {
                    summary.finish(&mut |row| push(&mut rows, agents, row));
                    return Ok(Some(rows));
                }
                (Some(event), work) if work.is_none_or(|work| event.happened_at() < work.start) => {
                    summary.event(event, &mut |row| push(&mut rows, agents, row)).map_err(disorder)?;
                    self.events.pop_front();
                }
                (_, Some(work)) => {
                    summary.interval(work, &mut |row| push(&mut rows, agents, row)).map_err(disorder)?;
                    self.work.ready.pop_front();
                }
                // Taken by the second arm, whose condition holds without work.
                (Some(_), None) => {}
            }
            if rows.len() >= ROWS {
                self.summary = Some(summary);
                return Ok(Some(rows));
            }
        }
    }
}

fn push(rows: &mut Vec<AgentSummaryRow>, agents: &HashMap<UserId, Arc<AgentInfo>>, row: AgentRow<'_>) {
    if let Some(agent) = agents.get(row.agent_id) {
        rows.push(AgentSummaryRow { bucket: row.bucket, agent: agent.clone(), figures: row.figures.clone() });
    }
}

/// An agent's status just before an instant.
async fn status_at(view: &View, agent: UserId, at: Timestamp) -> Result<(UserId, AgentStatus), AppError> {
    let View { store, tenant, known, .. } = view;
    let mut status = AgentStatus::default();
    let available =
        store.last_status(tenant, agent.as_str(), EventKind::AgentAvailabilityUpdated, at, *known).await?;
    if let Some(it) = &available {
        status.apply(&it.event.content);
    }
    let out = store.last_status(tenant, agent.as_str(), EventKind::AgentLoggedOut, at, *known).await?;
    // Whatever was before the last departure does not matter.
    let from = out.map_or(Timestamp::from_micros(i64::MIN), |it| it.event.happened_at());
    for it in store.status_between(tenant, agent.as_str(), from, at, *known).await? {
        status.apply(&it.event.content);
    }
    Ok((agent, status))
}

async fn more_events(
    view: &View,
    next: &mut Option<(Timestamp, (i64, i64))>,
    end: Timestamp,
    into: &mut VecDeque<Event>,
) -> Result<(), AppError> {
    let Some(after) = *next else { return Ok(()) };
    let found = view.store.counted_events(&view.tenant, after, end, view.known, view.page_rows).await?;
    *next =
        found.last().filter(|_| found.len() == view.page_rows).map(|it| (it.event.happened_at(), it.arrival));
    into.extend(found.into_iter().map(|it| it.event));
    Ok(())
}

impl Work {
    async fn more(&mut self, view: &mut View, end: Timestamp) -> Result<(), AppError> {
        while self.ready.is_empty() {
            let Some(after) = self.next else {
                self.ready.extend(std::mem::take(&mut self.waiting));
                return Ok(());
            };
            let (rows, last) = page(view, after, end).await?;
            let mut fresh = view.overtaken().await?;
            let mut kept = Vec::with_capacity(rows.len());
            for row in rows {
                match interval(&row, view)? {
                    Some(it) => kept.push((row, it)),
                    None if view.live.insert(row.family) => fresh.push(row.family),
                    None => {}
                }
            }
            if !fresh.is_empty() {
                // What began before was given out as it was kept, which is the same.
                let mut more = Vec::new();
                let take = |_, facts: super::ContactFacts| {
                    if self.whole.insert(facts.contact_id) {
                        more.extend(facts.intervals);
                    }
                };
                view.work_out(&fresh, take).await?;
                self.waiting.extend(more.into_iter().filter_map(|it| rest_of(it, after, end)));
                self.waiting.sort_unstable();
            }
            let mut ready: Vec<Interval> = kept
                .into_iter()
                .filter(|(row, _)| !view.live.contains(&row.family))
                .map(|(_, it)| it)
                .collect();
            // Of what waits, what begins no later than what was read.
            let due =
                last.map_or(self.waiting.len(), |last| self.waiting.partition_point(|it| it.start < last));
            ready.extend(self.waiting.drain(..due));
            ready.sort_unstable();
            self.ready.extend(ready);
            self.next = last;
        }
        Ok(())
    }
}

/// Kept stretches from an instant on: all that begin before the instant that is given with them, or all there are.
async fn page(
    view: &View,
    from: Timestamp,
    end: Timestamp,
) -> Result<(Vec<IntervalRow>, Option<Timestamp>), AppError> {
    let mut size = view.page_rows;
    loop {
        let after = (from, i64::MIN, i64::MIN);
        let mut rows = view.store.work_intervals(&view.tenant, after, end, size).await?;
        let Some(last) = rows.last().map(|it| it.start_at).filter(|_| rows.len() == size) else {
            return Ok((rows, None));
        };
        // Of those that begin with the last, some may be missing.
        rows.retain(|row| row.start_at < last);
        if !rows.is_empty() {
            return Ok((rows, Some(last)));
        }
        size *= 2;
    }
}

/// What of an interval was not given out, when everything that began before `before` was, cut at midnights.
fn rest_of(mut it: Interval, before: Timestamp, end: Timestamp) -> Option<Interval> {
    if it.start < before {
        let day = DAY_SECS * 1_000_000;
        let midnight = before.micros().saturating_add(day - 1).div_euclid(day).saturating_mul(day);
        it.start = Timestamp::from_micros(midnight);
    }
    (it.start < it.end && it.start < end).then_some(it)
}

/// `None` when it was worked out otherwise.
fn interval(row: &IntervalRow, view: &View) -> Result<Option<Interval>, AppError> {
    let Some(kind) = kind_of(row.kind, view.mode) else { return Ok(None) };
    let damaged =
        || AppError::Internal(format!("a kept stretch of work has the channel `{}`", row.channel).into());
    Ok(Some(Interval {
        start: row.start_at,
        end: row.end_at,
        agent_id: row.agent.as_str().into(),
        channel: row.channel.parse().map_err(|()| damaged())?,
        kind,
    }))
}
