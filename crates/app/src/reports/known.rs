//! What a report may know: up to which instant, up to which change, and how handle time is found. With it families
//! are worked out, one after the other, from their events.

use super::{ContactFacts, HandleTimeSource, Micros};
use crate::{App, AppError};
use std::collections::HashSet;
use tokio::task::JoinHandle;
use touchline_analysis::sessions::{HandleTime, customer};
use touchline_model::{Event, Seq, TenantId, Timestamp};
use touchline_store::{Asked, Known, Store, StoreError, WorkedOut};

/// Families that are read and worked out together.
pub(super) const TOGETHER: usize = 100;

/// One report's view of the world. What arrives while it is being read does not change it.
#[derive(Clone)]
pub(super) struct View {
    pub(super) store: Store,
    pub(super) tenant: TenantId,
    pub(super) known: Known,
    pub(super) mode: HandleTime,
    /// Families whose kept facts do not hold here.
    pub(super) live: HashSet<i64>,
    /// Kept rows that are read together.
    pub(super) page_rows: usize,
    /// Changes up to this one were looked at.
    seen: Seq,
    /// How often families had been joined at the last look.
    joined: i64,
}

/// Something that is being read while what came before it is used. Dropped, it stops.
pub(super) struct Ahead<T>(JoinHandle<Result<T, StoreError>>);

impl<T: Send + 'static> Ahead<T> {
    /// Begins to read.
    pub(super) fn begin(reading: impl Future<Output = Result<T, StoreError>> + Send + 'static) -> Self {
        Self(tokio::spawn(reading))
    }

    /// What was read.
    pub(super) async fn done(mut self) -> Result<T, StoreError> {
        let stopped = |_| StoreError::Unavailable("a report's reading was stopped".to_owned());
        (&mut self.0).await.map_err(stopped)?
    }
}

impl<T> Drop for Ahead<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// How what is kept was worked out.
pub(super) const fn worked_out(mode: HandleTime) -> WorkedOut {
    match mode {
        HandleTime::Views => WorkedOut::Views,
        HandleTime::Assignment => WorkedOut::Assignment,
    }
}

/// The facts of the contacts of a family, at most as far as `horizon`.
pub(super) fn fold(events: &[Event], mode: HandleTime, horizon: Timestamp) -> Vec<ContactFacts> {
    let mut facts = customer(events, mode, horizon);
    for contact in facts.iter_mut().filter(|it| it.ended.is_none()) {
        // Nobody may see it before the end, and it would depend on the horizon.
        contact.hold = Micros(0);
    }
    facts
}

/// Cuts what was read of several families into families.
pub(super) fn by_family(events: Vec<(i64, Event)>) -> Vec<(i64, Vec<Event>)> {
    let mut all: Vec<(i64, Vec<Event>)> = Vec::new();
    for (family, event) in events {
        match all.last_mut() {
            Some((last, of)) if *last == family => of.push(event),
            _ => all.push((family, vec![event])),
        }
    }
    all
}

impl App {
    /// How handle time is found at a horizon (contract gladly ).
    pub(super) async fn mode(&self, tenant: &TenantId, horizon: Timestamp) -> Result<HandleTime, StoreError> {
        let source = self.reports.handle_time_source;
        if source != HandleTimeSource::Auto {
            return Ok(source.resolve(false));
        }
        let first = self.store.first_view(tenant).await?;
        Ok(source.resolve(first.is_some_and(|first| first <= horizon)))
    }

    /// The view of a report over a stretch of time. With `open`, open contacts are worked out up to the horizon.
    pub(super) async fn view(&self, tenant: &TenantId, asked: Asked, open: bool) -> Result<View, AppError> {
        let mode = self.mode(tenant, asked.horizon).await?;
        self.catch_up(tenant).await?;
        // Before anything is read of families.
        let joined = self.store.family_epoch(tenant).await?;
        let state = self.store.tenant_state(tenant).await?;
        let arrived = state.map_or(0, |state| state.seq);
        let live = self.store.live_families(tenant, asked, worked_out(mode), open).await?;
        Ok(View {
            store: self.store.clone(),
            tenant: tenant.clone(),
            known: Known { recorded: asked.horizon, arrived },
            mode,
            live: live.into_iter().collect(),
            page_rows: self.reports.page_rows.max(1),
            seen: arrived,
            joined,
        })
    }
}

impl View {
    /// The same for a reader beside it, who looks at no family.
    pub(super) fn clone_for_reading(&self) -> Self {
        let (store, tenant) = (self.store.clone(), self.tenant.clone());
        let Self { known, mode, page_rows, seen, joined, .. } = *self;
        Self { store, tenant, known, mode, live: HashSet::new(), page_rows, seen, joined }
    }

    /// The families that have to be worked out from the start, in order.
    pub(super) fn first(&self) -> Vec<i64> {
        let mut all: Vec<i64> = self.live.iter().copied().collect();
        all.sort_unstable();
        all
    }

    /// Families of which events arrived since the last look. What is kept of them may tell of what this report must not
    /// know: from now on they count as live.
    pub(super) async fn overtaken(&mut self) -> Result<Vec<i64>, AppError> {
        let changed = self.store.changed_families(&self.tenant, self.seen).await?;
        let mut fresh = Vec::new();
        for (family, seq) in changed {
            self.seen = self.seen.max(seq);
            // Also one that was live before: another may have become part of it.
            self.live.insert(family);
            fresh.push(family);
        }
        Ok(fresh)
    }

    /// Whether families were joined since the last look. What was read by their numbers may then be missing, or be
    /// there twice.
    pub(super) async fn joined(&mut self) -> Result<bool, AppError> {
        let before = std::mem::replace(&mut self.joined, self.store.family_epoch(&self.tenant).await?);
        Ok(before != self.joined)
    }

    /// Works families out and hands over the facts of each contact.
    pub(super) async fn work_out(
        &self,
        families: &[i64],
        mut take: impl FnMut(ContactFacts),
    ) -> Result<(), AppError> {
        self.work_out_each(families, |_, contacts| contacts.into_iter().for_each(&mut take)).await
    }

    /// Works families out and hands over, for each, its events and the facts of its contacts.
    pub(super) async fn work_out_each(
        &self,
        families: &[i64],
        mut take: impl FnMut(&[Event], Vec<ContactFacts>),
    ) -> Result<(), AppError> {
        let Known { recorded, arrived } = self.known;
        for some in families.chunks(TOGETHER) {
            let events = self.store.events_of_families(&self.tenant, some, recorded, arrived).await?;
            for (_, events) in by_family(events) {
                take(&events, fold(&events, self.mode, recorded));
            }
            // Many families are much arithmetic.
            tokio::task::yield_now().await;
        }
        Ok(())
    }
}
