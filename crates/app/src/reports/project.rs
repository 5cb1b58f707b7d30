//! Keeping what reports need worked out: family by family, from all its events. Nothing depends on it but speed; what
//! is not worked out yet, reports work out themselves.

use super::{
    known::{TOGETHER, by_family, fold, worked_out},
    packed, work,
};
use crate::{App, AppError, require};
use std::collections::HashMap;
use touchline_analysis::sessions::HandleTime;
use touchline_model::{Ability, Caller, Event, Seq, TenantId, Timestamp};
use touchline_store::{AuditNote, Batch, FactsRow, StaleFamily, StoreError, WorkedOut};

/// Every event is older.
const END_OF_TIME: Timestamp = Timestamp::from_micros(i64::MAX);
/// A report works out so many families itself rather than having them worked out for good first.
const FEW: usize = 500;

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
        self.update_reports_while(tenant, || true).await
    }

    async fn update_reports_while(
        &self,
        tenant: &TenantId,
        go_on: impl Fn() -> bool,
    ) -> Result<usize, AppError> {
        self.derive_events(tenant).await?;
        let mut done = 0;
        loop {
            if !go_on() {
                return Ok(done);
            }
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

    /// Works out what has changed in every tenant, but not while many events come in. Who asks for a report meanwhile
    /// has it worked out.
    pub(crate) async fn update_all_reports(&self) -> Result<(), AppError> {
        let calm = || !self.ways.are_crowded();
        for tenant in self.store.tenants().await? {
            if !calm() {
                return Ok(());
            }
            self.update_reports_while(&tenant.id, calm).await?;
        }
        if calm() {
            self.ways.caught_up();
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
    let mut facts = Vec::with_capacity(contacts.len());
    for contact in &contacts {
        facts.push(FactsRow {
            anchor: contact.anchor(),
            contact: contact.contact_id.0.clone(),
            family: stale.family,
            created_at: contact.created_at,
            body: packed::encode(contact, mode)?,
        });
    }
    let open = contacts.iter().any(work::never_kept);
    let work = work::rows(events, &contacts, stale.family, mode)?;
    batch.put_family(stale, worked_out(mode), open, &facts, &work);
    Ok(())
}
