//! The rules of each kind of record that go beyond its own fields.

use crate::{App, AppError, pipeline};
use std::collections::HashMap;
use touchline_model::{
    Ability, CoachingSession, Evaluation, Feedback, Group, Inbox, Invalid, Kpi, Listen, Observation, Plan,
    Scorecard, Share, TenantId, Topic,
};
use touchline_store::{Batch, Table};

/// A kind of record with its rules.
pub trait Ruled: Table {
    /// Needed to read it.
    const READ: Ability;
    /// Needed to write it.
    const WRITE: Ability;

    /// The record as it is kept, with equal things written equally.
    #[must_use]
    fn settled(self) -> Self {
        self
    }
    /// Checks what it refers to: one answer a record.
    fn check(
        _app: &App,
        _tenant: &TenantId,
        items: &[Self],
    ) -> impl Future<Output = Result<Vec<Option<Invalid>>, AppError>> + Send {
        let none = vec![None; items.len()];
        async { Ok(none) }
    }
    /// Whether it may be deleted.
    fn may_delete(
        _app: &App,
        _tenant: &TenantId,
        _item: &Self,
    ) -> impl Future<Output = Result<(), AppError>> + Send {
        async { Ok(()) }
    }
    /// What else is written when such records are put or deleted.
    fn also(
        _app: &App,
        _tenant: &TenantId,
        _batch: &mut Batch,
        _items: &[Self],
    ) -> impl Future<Output = Result<(), AppError>> + Send {
        async { Ok(()) }
    }
}

macro_rules! plain {
    ($($type:ty: $read:ident / $write:ident),+ $(,)?) => {$(
        impl Ruled for $type {
            const READ: Ability = Ability::$read;
            const WRITE: Ability = Ability::$write;
        }
    )+};
}
plain! {
    Group: ReadDirectory / WriteDirectory,
    Feedback: ReadCoaching / WriteCoaching,
    Share: ReadCoaching / WriteCoaching,
    Kpi: ReadCoaching / WriteCoaching,
}

impl Ruled for Inbox {
    const READ: Ability = Ability::ReadDirectory;
    const WRITE: Ability = Ability::WriteDirectory;

    /// Names are unique (contract gladly §7.2).
    async fn check(app: &App, tenant: &TenantId, items: &[Self]) -> Result<Vec<Option<Invalid>>, AppError> {
        let known = app.everything::<Self>(tenant).await?;
        let mut names: HashMap<String, String> =
            known.iter().map(|it| (it.id.0.clone(), it.name.clone())).collect();
        let mut owners: HashMap<String, String> = known.into_iter().map(|it| (it.name, it.id.0)).collect();
        let mut faults = Vec::with_capacity(items.len());
        // In the order in which they are written: a name that was given up is free.
        for Self { id, name, .. } in items {
            let owner = owners.get(name).filter(|owner| *owner != id.as_str());
            faults.push(owner.map(|it| Invalid::new("name", format!("inbox `{it}` has this name"))));
            if faults.last().is_some_and(Option::is_none) {
                if let Some(before) = names.insert(id.0.clone(), name.clone()) {
                    owners.remove(&before);
                }
                owners.insert(name.clone(), id.0.clone());
            }
        }
        Ok(faults)
    }
}

impl Ruled for Observation {
    const READ: Ability = Ability::ReadCoaching;
    const WRITE: Ability = Ability::WriteCoaching;

    async fn check(app: &App, tenant: &TenantId, items: &[Self]) -> Result<Vec<Option<Invalid>>, AppError> {
        let ids: Vec<String> = items.iter().map(|item| item.kpi_id.to_string()).collect();
        let known = app.store.get_many::<Kpi>(tenant, &ids).await?;
        Ok(items
            .iter()
            .map(|item| match known.iter().any(|kpi| kpi.value.id == item.kpi_id) {
                true => None,
                false => Some(Invalid::new("kpi_id", format!("there is no KPI {}", item.kpi_id))),
            })
            .collect())
    }
}

impl Ruled for Scorecard {
    const READ: Ability = Ability::ReadQuality;
    const WRITE: Ability = Ability::WriteQuality;

    async fn check(app: &App, tenant: &TenantId, items: &[Self]) -> Result<Vec<Option<Invalid>>, AppError> {
        let ids: Vec<String> = items.iter().map(|item| item.id.0.clone()).collect();
        let known = app.store.get_many::<Self>(tenant, &ids).await?;
        let mut faults = Vec::with_capacity(items.len());
        for item in items {
            let before = known.iter().find(|it| it.value.id == item.id);
            let narrower = before.is_some_and(|before| {
                let kept = |question: &touchline_model::Question| {
                    item.questions.iter().any(|it| it.id == question.id)
                };
                before.value.scheme != item.scheme || !before.value.questions.iter().all(kept)
            });
            let fault = narrower && app.store.scorecard_used(tenant, item.id.as_str()).await?;
            let reason = "evaluations use this scorecard: its scheme and questions cannot be taken away; make a new one";
            faults.push(fault.then(|| Invalid::new("questions", reason)));
        }
        Ok(faults)
    }

    async fn may_delete(app: &App, tenant: &TenantId, item: &Self) -> Result<(), AppError> {
        match app.store.scorecard_used(tenant, item.id.as_str()).await? {
            true => Err(AppError::Conflict(
                "evaluations use this scorecard: set `active` to false instead".to_owned(),
            )),
            false => Ok(()),
        }
    }
}

impl Ruled for Evaluation {
    const READ: Ability = Ability::ReadQuality;
    const WRITE: Ability = Ability::WriteQuality;

    async fn check(app: &App, tenant: &TenantId, items: &[Self]) -> Result<Vec<Option<Invalid>>, AppError> {
        let mut ids: Vec<String> = items.iter().map(|item| item.scorecard_id.0.clone()).collect();
        ids.sort_unstable();
        ids.dedup();
        let scorecards = app.store.get_many::<Scorecard>(tenant, &ids).await?;
        Ok(items
            .iter()
            .map(|item| match scorecards.iter().find(|it| it.value.id == item.scorecard_id) {
                Some(scorecard) => item.fits(&scorecard.value).err(),
                None => Some(Invalid::new(
                    "scorecard_id",
                    format!("there is no scorecard `{}`", item.scorecard_id),
                )),
            })
            .collect())
    }
}

impl Ruled for Topic {
    const READ: Ability = Ability::ReadQuality;
    const WRITE: Ability = Ability::WriteQuality;

    /// A change of topics has the whole store matched again.
    async fn also(app: &App, tenant: &TenantId, batch: &mut Batch, _items: &[Self]) -> Result<(), AppError> {
        let (epoch, _) = app.store.topic_sets(tenant).await?;
        batch.move_topic_epoch(epoch).enqueue(&pipeline::rematch_soon(app.clock.now()));
        Ok(())
    }
}

impl Ruled for Plan {
    const READ: Ability = Ability::ReadCoaching;
    const WRITE: Ability = Ability::WriteCoaching;

    fn settled(mut self) -> Self {
        let mut seen = std::collections::HashSet::new();
        self.skills.retain(|skill| seen.insert(skill.clone()));
        self
    }

    /// Every skill name of a tenant has one number (contract c360 R-13).
    async fn also(app: &App, tenant: &TenantId, batch: &mut Batch, items: &[Self]) -> Result<(), AppError> {
        let mut names: Vec<String> = items.iter().flat_map(|plan| plan.skills.iter().cloned()).collect();
        names.sort_unstable();
        names.dedup();
        let known = app.store.skills(tenant, &names).await?;
        names.retain(|name| !known.iter().any(|(have, _)| have == name));
        if !names.is_empty() {
            let first = app.store.next_numbers(tenant, names.len()).await?;
            for (name, number) in names.iter().zip(first..) {
                batch.put_skill(name, number);
            }
        }
        Ok(())
    }
}

impl Ruled for Listen {
    const READ: Ability = Ability::ReadCoaching;
    const WRITE: Ability = Ability::WriteCoaching;

    /// A day's sum is worked out from what is there: a stretch of listening may change its length, never its place.
    async fn check(app: &App, tenant: &TenantId, items: &[Self]) -> Result<Vec<Option<Invalid>>, AppError> {
        let ids: Vec<String> = items.iter().map(|item| item.id.0.clone()).collect();
        let known = app.store.get_many::<Self>(tenant, &ids).await?;
        let moved = |item: &Self| {
            let before = known.iter().find(|it| it.value.id == item.id);
            before.is_some_and(|it| {
                let it = &it.value;
                (it.day(), &it.contact_id, &it.listener_id)
                    != (item.day(), &item.contact_id, &item.listener_id)
            })
        };
        let reason = "a listen keeps its day, contact and listener; set its duration to 0 and make another";
        Ok(items.iter().map(|item| moved(item).then(|| Invalid::new("id", reason))).collect())
    }

    async fn may_delete(_app: &App, _tenant: &TenantId, _item: &Self) -> Result<(), AppError> {
        Err(AppError::Conflict("listening is counted by day: set `duration` to 0 instead".to_owned()))
    }

    /// Listening is added up by day in the night after.
    async fn also(app: &App, _tenant: &TenantId, batch: &mut Batch, _items: &[Self]) -> Result<(), AppError> {
        batch.enqueue(&pipeline::listens_tonight(app.clock.now()));
        Ok(())
    }
}

impl Ruled for CoachingSession {
    const READ: Ability = Ability::ReadCoaching;
    const WRITE: Ability = Ability::WriteCoaching;

    /// A plan counts its completed sessions, so a reader of plans must hear of them.
    async fn also(app: &App, tenant: &TenantId, batch: &mut Batch, items: &[Self]) -> Result<(), AppError> {
        let mut plans: Vec<String> = items.iter().map(|session| session.plan_id.to_string()).collect();
        plans.sort_unstable();
        plans.dedup();
        for plan in app.store.get_many::<Plan>(tenant, &plans).await? {
            batch.touch_plan(plan.value.id.0);
        }
        Ok(())
    }
}
