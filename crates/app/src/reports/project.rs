//! Keeping what reports need worked out: family by family, from all its events. Nothing depends on it but speed; what
//! is not worked out yet, reports work out themselves.

use super::{
    ContactFacts, kept,
    known::{TOGETHER, by_family, fold, worked_out},
};
use crate::{App, AppError, require};
use std::collections::HashMap;
use touchline_analysis::sessions::{HandleTime, IntervalKind};
use touchline_model::{Ability, Caller, Event, Seq, TenantId, Timestamp};
use touchline_store::{AuditNote, Batch, FactsRow, IntervalRow, StaleFamily, StoreError, WorkedOut};

/// Every event is older.
const END_OF_TIME: Timestamp = Timestamp::from_micros(i64::MAX);
/// A report works out so many families itself rather than having them worked out for good first.
const FEW: usize = 500;
const DAY: i64 = 86_400_000_000;

impl App {
    /// Works out everything anew from the events: for operators who do not trust what is kept, and after an upgrade.
    /// How many families of customers there are.
    pub async fn rebuild_reports(&self, caller: &Caller) -> Result<usize, AppError> {
        require(caller, Ability::Administer)?;
        let mut batch = Batch::new(&caller.tenant);
        batch.distrust_facts().audit(AuditNote::new(caller, "reports.rebuild", "", ""));
        self.store.apply(batch).await?;
        self.update_reports(&caller.tenant).await
    }

    /// Works out what has changed. How many families that were.
    pub async fn update_reports(&self, tenant: &TenantId) -> Result<usize, AppError> {
        self.derive_events(tenant).await?;
        let mut done = 0;
        loop {
            let mode = self.mode(tenant, self.report_horizon()).await?;
            let other = match worked_out(mode) {
                WorkedOut::Views => WorkedOut::Assignment,
                WorkedOut::Assignment => WorkedOut::Views,
            };
            let mut stale = self.store.stale_families(tenant, None, TOGETHER).await?;
            if stale.is_empty() {
                stale = self.store.stale_families(tenant, Some(other), TOGETHER).await?;
            }
            if stale.is_empty() {
                return Ok(done);
            }
            done += stale.len();
            self.project(tenant, &stale, mode).await?;
        }
    }

    /// Before a report: it must not work out everything itself, again and again.
    pub(super) async fn catch_up(&self, tenant: &TenantId) -> Result<(), AppError> {
        self.derive_events(tenant).await?;
        if self.store.stale_families(tenant, None, FEW).await?.len() == FEW {
            self.update_reports(tenant).await?;
        }
        Ok(())
    }

    /// Works out what has changed in every tenant.
    pub(crate) async fn update_all_reports(&self) -> Result<(), AppError> {
        for tenant in self.store.tenants().await? {
            self.update_reports(&tenant.id).await?;
        }
        Ok(())
    }

    async fn project(
        &self,
        tenant: &TenantId,
        stale: &[StaleFamily],
        mode: HandleTime,
    ) -> Result<(), AppError> {
        let families: Vec<i64> = stale.iter().map(|it| it.family).collect();
        let events = self.store.events_of_families(tenant, &families, END_OF_TIME, Seq::MAX).await?;
        let events: HashMap<i64, Vec<Event>> = by_family(events).into_iter().collect();
        let of = |family: i64| events.get(&family).map_or(&[][..], Vec::as_slice);
        let mut batch = Batch::new(tenant);
        for family in stale {
            keep_family(&mut batch, *family, of(family.family), mode)?;
        }
        match self.store.apply(batch).await {
            // Of one of them another event has arrived: it stays to be worked out, the others must not wait for it.
            Err(StoreError::Conflict) => {}
            other => return Ok(other.map(|_| ())?),
        }
        for family in stale {
            let mut batch = Batch::new(tenant);
            keep_family(&mut batch, *family, of(family.family), mode)?;
            match self.store.apply(batch).await {
                Ok(_) | Err(StoreError::Conflict) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }
}

/// Works a family out from all its events, in order of arrival, and writes what is kept of it; drops it when there are
/// none. [`App::update_reports`] does this for every family of which something has arrived.
///
/// # Errors
/// [`AppError::Internal`] when the facts cannot be written down.
pub fn keep_family(
    batch: &mut Batch,
    stale: StaleFamily,
    events: &[Event],
    mode: HandleTime,
) -> Result<(), AppError> {
    if events.is_empty() {
        batch.drop_empty_family(stale);
        return Ok(());
    }
    let contacts = fold(events, mode, END_OF_TIME);
    let (mut facts, mut intervals) = (Vec::with_capacity(contacts.len()), Vec::new());
    for contact in &contacts {
        facts.push(FactsRow {
            anchor: contact.anchor(),
            contact: contact.contact_id.0.clone(),
            family: stale.family,
            created_at: contact.created_at,
            body: kept::encode(contact, mode)?,
        });
        if contact.ended.is_some() {
            cut(contact, stale.family, mode, &mut intervals);
        }
    }
    let open = contacts.iter().any(|contact| contact.ended.is_none());
    batch.put_family(stale, worked_out(mode), open, &facts, &intervals);
    Ok(())
}

/// What kind of interval it is and how it was worked out, as one number.
const fn kind_number(kind: IntervalKind, mode: HandleTime) -> i64 {
    let kind = match kind {
        IntervalKind::Handle => 0,
        IntervalKind::AfterContact => 1,
        IntervalKind::Hold => 2,
    };
    10 * worked_out(mode) as i64 + kind
}

/// The other way round; `None` for what was worked out otherwise.
pub(super) const fn kind_of(number: i64, mode: HandleTime) -> Option<IntervalKind> {
    Some(match number - 10 * worked_out(mode) as i64 {
        0 => IntervalKind::Handle,
        1 => IntervalKind::AfterContact,
        2 => IntervalKind::Hold,
        _ => return None,
    })
}

/// The intervals of a contact, cut at midnights UTC: a report that begins at some instant finds all that go on then
/// by looking a day back.
fn cut(contact: &ContactFacts, family: i64, mode: HandleTime, into: &mut Vec<IntervalRow>) {
    for interval in &contact.intervals {
        let (mut start, end) = (interval.start.micros(), interval.end.micros());
        while start < end {
            let midnight = start.div_euclid(DAY).saturating_add(1).saturating_mul(DAY);
            let stop = end.min(midnight);
            into.push(IntervalRow {
                start_at: Timestamp::from_micros(start),
                family,
                n: i64::try_from(into.len()).unwrap_or(i64::MAX),
                end_at: Timestamp::from_micros(stop),
                agent: interval.agent_id.0.clone(),
                channel: interval.channel.name().to_owned(),
                kind: kind_number(interval.kind, mode),
            });
            start = stop;
        }
    }
}
