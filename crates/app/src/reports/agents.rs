//! The Agent Summary report: events and stretches of work, both in order of time, become rows.

use super::{
    AgentInfo, AgentSummaryQuery, AgentSummaryRow,
    known::{Ahead, View},
    work::{DAY, Deed, Of, What, done, readable, unpack},
};
use crate::AppError;
use futures::{StreamExt, TryStreamExt, stream};
use std::{
    collections::{BTreeSet, HashMap, HashSet, VecDeque},
    iter::Peekable,
    sync::Arc,
};
use touchline_analysis::sessions::{AgentRow, AgentStatus, AgentSummary, Buckets, Mark, Span};
use touchline_model::{Event, EventKind, Timestamp, UserId, events::ContactChannel};
use touchline_store::{Arrival, StoreError, StoredEvent, WorkPage};

/// Rows that are given out together, about.
const ROWS: usize = 1_000;
/// Agents whose status at the start is looked up at once.
const AT_ONCE: usize = 8;

/// Kept work, and before which instant it is all there is; `None` when it is all to the end.
type WorkRead = (WorkPage, Option<Timestamp>);

/// Makes the report once. While one page of what it is made of is being used, the next one is read, and no further.
pub(super) struct Agents {
    view: View,
    summary: Option<AgentSummary<Buckets>>,
    /// The same buckets; of those before, the rows were given out.
    buckets: Peekable<Buckets>,
    agents: HashMap<UserId, Arc<AgentInfo>>,
    events: Events,
    work: Work,
}

/// What happened to agents alone, in order.
struct Events {
    ready: VecDeque<Event>,
    /// The next page; `None` after the last.
    next: Option<Ahead<Vec<StoredEvent>>>,
    end: Timestamp,
}

/// What agents did for contacts, in order.
struct Work {
    /// What was read and worked out, in order.
    ready: VecDeque<Thing>,
    /// The same, in order, for later.
    waiting: Vec<Thing>,
    /// The contacts (true) and conversations of which all was worked out on the spot.
    whole: HashSet<(bool, String)>,
    /// All kept work that began before this instant was read, and the next page; `None` after the last.
    next: Option<(Timestamp, Ahead<WorkRead>)>,
    end: Timestamp,
}

/// What one of the agents of the report did.
#[derive(Clone, Copy)]
struct Thing {
    start: Timestamp,
    end: Timestamp,
    place: usize,
    channel: Option<ContactChannel>,
    what: What,
}

type Summary = AgentSummary<Buckets>;

impl Agents {
    /// `agents` come in the order of the rows of a bucket.
    pub(super) async fn new(
        view: View,
        query: &AgentSummaryQuery,
        agents: Vec<AgentInfo>,
    ) -> Result<Self, AppError> {
        let (start, end) = (query.window.start, query.window.end);
        // Ids of their own: a future that borrows from the list could not be sent between threads.
        let ids: Vec<UserId> = agents.iter().map(|agent| agent.id.clone()).collect();
        let statuses: Vec<(UserId, AgentStatus)> = stream::iter(ids)
            .map(|agent| status_at(&view, agent, start))
            .buffered(AT_ONCE)
            .try_collect()
            .await?;
        let buckets = query.level.buckets(query.zone.clone(), query.window);
        let summary = AgentSummary::new(statuses, buckets.clone(), view.known.recorded);
        // No day is longer: what began before is over.
        let from = Timestamp::from_micros(start.micros().saturating_sub(DAY));
        let mut work = Work {
            ready: VecDeque::new(),
            waiting: Vec::new(),
            whole: HashSet::new(),
            next: Some((from, read_work(&view, from, end))),
            end,
        };
        work.work_out(&view, &view.first(), from, &summary).await?;
        work.waiting.sort_by_key(|it| it.start);
        let before_all = (i64::MIN, i64::MIN);
        let next = Some(read_events(&view, (start, before_all), end));
        Ok(Self {
            summary: Some(summary),
            buckets: buckets.peekable(),
            agents: agents.into_iter().map(|it| (it.id.clone(), Arc::new(it))).collect(),
            events: Events { ready: VecDeque::new(), next, end },
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
            if self.events.ready.is_empty() {
                self.events.more(&self.view).await?;
            }
            if self.work.ready.is_empty() {
                self.work.more(&mut self.view, &summary).await?;
            }
            // As long as both are there: which is next is then known.
            loop {
                let (event, thing) = (self.events.ready.front(), self.work.ready.front());
                let horizon = self.view.known.recorded;
                // One bucket after the other: of a long time in which nothing happens there are many rows.
                let now = event.map(Event::happened_at).into_iter().chain(thing.map(|it| it.start)).min();
                let over = |bucket: &Span| bucket.end <= now.unwrap_or(horizon).min(horizon);
                if let Some(bucket) = self.buckets.next_if(over) {
                    summary
                        .mark(None, bucket.end, Mark::ConversationClosed, None, &mut |row| {
                            push(&mut rows, agents, row);
                        })
                        .map_err(disorder)?;
                    if rows.len() >= ROWS {
                        break;
                    }
                    continue;
                }
                let first = event.filter(|event| thing.is_none_or(|thing| event.happened_at() < thing.start));
                if let Some(event) = first {
                    summary.event(event, &mut |row| push(&mut rows, agents, row)).map_err(disorder)?;
                    self.events.ready.pop_front();
                } else if let Some(thing) = self.work.ready.pop_front() {
                    thing.tell(&mut summary, &mut |row| push(&mut rows, agents, row)).map_err(disorder)?;
                }
                if (self.events.ready.is_empty() && self.events.next.is_some())
                    || (self.work.ready.is_empty() && self.work.unfinished())
                    || (self.events.ready.is_empty() && self.work.ready.is_empty())
                {
                    break;
                }
            }
            if rows.len() < ROWS
                && self.events.ready.is_empty()
                && self.events.next.is_none()
                && self.work.ready.is_empty()
                && !self.work.unfinished()
            {
                summary.finish(&mut |row| push(&mut rows, agents, row));
                return Ok(Some(rows));
            }
            if rows.len() >= ROWS {
                self.summary = Some(summary);
                return Ok(Some(rows));
            }
        }
    }
}

impl Thing {
    fn of(deed: &Deed<'_>, place: usize) -> Self {
        Self { start: deed.start, end: deed.end, place, channel: deed.channel, what: deed.what }
    }

    fn tell(
        self,
        summary: &mut Summary,
        emit: &mut impl FnMut(AgentRow<'_>),
    ) -> Result<(), touchline_analysis::sessions::OutOfOrder> {
        match (self.what, self.channel) {
            (What::Work(kind), Some(channel)) => {
                summary.work(Some(self.place), Span::new(self.start, self.end), channel, kind, emit)
            }
            // Work always has a channel.
            (What::Work(_), None) => Ok(()),
            (What::Mark(mark), channel) => summary.mark(Some(self.place), self.start, mark, channel, emit),
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

/// Begins to read events after a place in their order.
fn read_events(view: &View, after: (Timestamp, Arrival), end: Timestamp) -> Ahead<Vec<StoredEvent>> {
    let View { store, tenant, known, page_rows, .. } = view.clone_for_reading();
    Ahead::begin(async move { store.counted_events(&tenant, after, end, known, page_rows).await })
}

impl Events {
    async fn more(&mut self, view: &View) -> Result<(), AppError> {
        let Some(next) = self.next.take() else { return Ok(()) };
        let found = next.done().await?;
        if let Some(last) = found.last().filter(|_| found.len() == view.page_rows) {
            self.next = Some(read_events(view, (last.event.happened_at(), last.arrival), self.end));
        }
        self.ready.extend(found.into_iter().map(|it| it.event));
        Ok(())
    }
}

/// Begins to read kept work from an instant on: all that begins before the instant that is given with it, or all
/// there is.
fn read_work(view: &View, from: Timestamp, end: Timestamp) -> Ahead<WorkRead> {
    let View { store, tenant, page_rows, .. } = view.clone_for_reading();
    Ahead::begin(async move {
        let mut size = page_rows;
        loop {
            let mut page = store.agent_work(&tenant, from, end, size).await?;
            let Some(last) = page.last().filter(|_| page.len() == size) else {
                return Ok::<_, StoreError>((page, None));
            };
            // Of those that begin with the last, some may be missing.
            page.end_before(last);
            if !page.is_empty() {
                return Ok((page, Some(last)));
            }
            size *= 2;
        }
    })
}

impl Work {
    /// Whether more may come when what is ready is used up.
    fn unfinished(&self) -> bool {
        self.next.is_some() || !self.waiting.is_empty()
    }

    async fn more(&mut self, view: &mut View, summary: &Summary) -> Result<(), AppError> {
        while self.ready.is_empty() {
            let Some((after, next)) = self.next.take() else {
                self.ready.extend(std::mem::take(&mut self.waiting));
                return Ok(());
            };
            let (mut page, mut last) = next.done().await?;
            loop {
                let mut fresh = view.overtaken().await?;
                let otherwise: BTreeSet<i64> = page
                    .iter()
                    .filter(|(_, family, body)| !readable(body, view.mode) && !view.live.contains(family))
                    .map(|(_, family, _)| family)
                    .collect();
                view.live.extend(&otherwise);
                fresh.extend(otherwise);
                self.work_out(view, &fresh, after, summary).await?;
                if fresh.is_empty() || !view.joined().await? {
                    break;
                }
                // A family that became part of a fresh one would stand in the page under its old number; and one whose
                // events were to be read is found in the other.
                (page, last) = read_work(view, after, self.end).done().await?;
            }
            self.next = last.map(|last| (last, read_work(view, last, self.end)));
            self.keep(&page, view, summary)?;
            // Of all, what begins before what was not read.
            self.waiting.sort_by_key(|it| it.start);
            let due =
                last.map_or(self.waiting.len(), |last| self.waiting.partition_point(|it| it.start < last));
            self.ready.extend(self.waiting.drain(..due));
        }
        Ok(())
    }

    /// Takes what is kept and holds.
    fn keep(&mut self, page: &WorkPage, view: &View, summary: &Summary) -> Result<(), AppError> {
        for (start, _, body) in page.iter().filter(|(_, family, _)| !view.live.contains(family)) {
            // Mostly one agent after the other.
            let mut last: Option<(*const u8, Option<usize>)> = None;
            unpack(start, body, |deed| {
                let text = deed.agent.as_ptr();
                let place = match last {
                    Some((known, place)) if known == text => place,
                    _ => summary.place(deed.agent),
                };
                last = Some((text, place));
                self.waiting.extend(place.map(|place| Thing::of(&deed, place)));
            })?;
        }
        Ok(())
    }

    /// Works families out on the spot, and takes what is not part of what was kept and given out, which is the same:
    /// what was done for a contact on a day is read together.
    async fn work_out(
        &mut self,
        view: &View,
        families: &[i64],
        after: Timestamp,
        summary: &Summary,
    ) -> Result<(), AppError> {
        let (whole, waiting, end) = (&mut self.whole, &mut self.waiting, self.end);
        view.work_out_each(families, |events, contacts| {
            for unit in done(events, &contacts, Some((after, end))) {
                let of = match unit.of {
                    Of::Contact(id) => (true, id.to_owned()),
                    Of::Conversation(id) => (false, id.to_owned()),
                };
                if !whole.insert(of) {
                    continue;
                }
                let days = unit.days.iter().filter(|day| day.first().is_some_and(|it| it.start >= after));
                waiting.extend(
                    days.flatten()
                        .filter_map(|deed| summary.place(deed.agent).map(|place| Thing::of(deed, place))),
                );
            }
        })
        .await
    }
}
