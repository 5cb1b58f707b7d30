//! Creating, changing, reading and deleting the records of a tenant, with the rules of each kind.

mod once;
mod rules;

pub(crate) use once::{Key, taken};
pub use rules::Ruled;

use crate::{App, AppError, audit::counted, entropy, require};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::HashMap;
use touchline_model::{Caller, Stored, TenantId};
use touchline_store::{AuditNote, Batch, StoreError};

/// What became of one record that was put.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PutStatus {
    /// It is new.
    Created,
    /// It was there and is different now.
    Updated,
    /// It was there just so.
    Unchanged,
}

/// What became of one record that was put.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Put {
    /// Its id, made if none was given.
    pub id: String,
    /// New, changed, or as it was.
    pub status: PutStatus,
}

/// One answer a record, in the order given.
pub type PutResults = Vec<Result<Put, AppError>>;

/// How often a use case reads and decides again when somebody else was faster.
pub(crate) const ATTEMPTS: usize = 20;

impl App {
    /// Creates or replaces records. Good ones are written together; each bad one gets its own error.
    pub async fn put_many<T: Ruled>(
        &self,
        caller: &Caller,
        mut items: Vec<T>,
    ) -> Result<PutResults, AppError> {
        require(caller, T::WRITE)?;
        self.give_ids(&caller.tenant, &mut items).await?;
        for _ in 0..ATTEMPTS {
            match self.try_put(caller, &items, None).await {
                Err(AppError::Conflict(_)) => {}
                other => return other,
            }
        }
        Err(AppError::Conflict("others keep changing the same records; try again".to_owned()))
    }

    /// Creates or replaces one record.
    pub async fn put_one<T: Ruled>(&self, caller: &Caller, item: T) -> Result<Put, AppError> {
        let mut results = self.put_many(caller, vec![item]).await?;
        results.pop().unwrap_or_else(|| Err(AppError::Internal("no result for a record".into())))
    }

    /// Creates one record, which must be new or just so already. With an idempotency key it is created once: the same
    /// key again finds what it made, whatever became of it since; the same key with something else is a conflict.
    pub async fn create<T: Ruled>(
        &self,
        caller: &Caller,
        key: Option<&str>,
        mut item: T,
    ) -> Result<Put, AppError> {
        require(caller, T::WRITE)?;
        let key = key.map(|key| Key::new(T::KIND, key, &item)).transpose()?;
        self.give_ids(&caller.tenant, std::slice::from_mut(&mut item)).await?;
        for _ in 0..ATTEMPTS {
            if let Some(made) = self.made_before(caller, key.as_ref()).await? {
                return Ok(made);
            }
            match self.try_put(caller, std::slice::from_ref(&item), Some(key.as_ref())).await {
                // Either others changed the same record, or another request used the same key.
                Err(AppError::Conflict(_)) => {}
                Err(other) => return Err(other),
                Ok(mut results) => {
                    return results
                        .pop()
                        .unwrap_or_else(|| Err(AppError::Internal("no result for a record".into())));
                }
            }
        }
        Err(AppError::Conflict("others keep changing the same record; try again".to_owned()))
    }

    async fn give_ids<T: Ruled>(&self, tenant: &TenantId, items: &mut [T]) -> Result<(), AppError> {
        let unnamed = |item: &T| matches!(item.id().as_str(), "" | "0");
        let wanted = items.iter().filter(|item| unnamed(item)).count();
        if wanted == 0 {
            return Ok(());
        }
        let mut number = if T::NUMERIC { self.store.next_numbers(tenant, wanted).await? } else { 0 };
        for item in items.iter_mut().filter(|item| unnamed(item)) {
            if T::NUMERIC {
                item.set_id(&number.to_string());
                number += 1;
            } else {
                item.set_id(&entropy::new_id(&*self.entropy, self.clock.now()));
            }
        }
        Ok(())
    }

    /// The first broken rule of each record, if any.
    async fn check_rules<T: Ruled>(
        &self,
        tenant: &TenantId,
        items: &[T],
    ) -> Result<Vec<Option<AppError>>, AppError> {
        let mut faults: Vec<_> =
            items.iter().map(|item| item.validate().err().map(AppError::Invalid)).collect();
        let references = T::check(self, tenant, items).await?;
        for (fault, reference) in faults.iter_mut().zip(references) {
            if fault.is_none() {
                *fault = reference.map(AppError::Invalid);
            }
        }
        Ok(faults)
    }

    /// `create`: the records must be new; an idempotency key is remembered with them.
    async fn try_put<T: Ruled>(
        &self,
        caller: &Caller,
        items: &[T],
        create: Option<Option<&Key>>,
    ) -> Result<PutResults, AppError> {
        let tenant = &caller.tenant;
        let mut faults = self.check_rules(tenant, items).await?;
        let ids: Vec<String> = items.iter().map(touchline_model::Record::id).collect();
        let existing = self.store.get_many::<T>(tenant, &ids).await?;
        let mut known: HashMap<String, T> =
            existing.into_iter().map(|it| (it.value.id(), it.value)).collect();
        let (mut batch, mut changed) = (Batch::new(tenant), Vec::new());
        let mut results = Vec::with_capacity(items.len());
        for (item, id) in items.iter().zip(ids) {
            if let Some(fault) = faults[results.len()].take() {
                results.push(Err(fault));
                continue;
            }
            let item = item.clone().settled();
            let status = match known.get(&id) {
                None => PutStatus::Created,
                Some(before) if *before == item => PutStatus::Unchanged,
                Some(_) => PutStatus::Updated,
            };
            if create.is_some() && status == PutStatus::Updated {
                results.push(Err(taken(T::KIND, &id)));
                continue;
            }
            if let Some(Some(key)) = create {
                key.remember(&mut batch, &id);
            }
            if status != PutStatus::Unchanged {
                match status {
                    // Not `put`: somebody may be creating the same record at this moment.
                    PutStatus::Created => batch.insert(&item),
                    _ => batch.put(&item),
                };
                changed.push(item.clone());
                known.insert(id.clone(), item);
            }
            results.push(Ok(Put { id, status }));
        }
        if changed.is_empty() {
            self.store.apply(batch).await?;
            return Ok(results);
        }
        T::also(self, tenant, &mut batch, &changed).await?;
        let ids: Vec<String> = changed.iter().map(touchline_model::Record::id).collect();
        let object = ids.first().cloned().unwrap_or_default();
        let verb = concat_verb::<T>();
        batch.audit(AuditNote::new(caller, verb, object, counted(T::KIND, &ids)));
        self.store.apply(batch).await?;
        Ok(results)
    }

    /// One record.
    pub async fn get<T: Ruled>(&self, caller: &Caller, id: &str) -> Result<Stored<T>, AppError> {
        require(caller, T::READ)?;
        self.record(caller, id).await
    }

    async fn record<T: Ruled>(&self, caller: &Caller, id: &str) -> Result<Stored<T>, AppError> {
        let found = match id.contains('\0') {
            true => None,
            false => self.store.get::<T>(&caller.tenant, id).await?,
        };
        found.ok_or_else(|| AppError::NotFound { kind: T::KIND, id: id.to_owned() })
    }

    /// Records in the order of their ids, after one of them.
    pub async fn list<T: Ruled>(
        &self,
        caller: &Caller,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Stored<T>>, AppError> {
        require(caller, T::READ)?;
        Ok(self.store.list::<T>(&caller.tenant, after, limit).await?)
    }

    /// Every record of a kind, for directories that are small by nature.
    pub async fn all<T: Ruled>(&self, caller: &Caller) -> Result<Vec<T>, AppError> {
        require(caller, T::READ)?;
        self.everything(&caller.tenant).await
    }

    /// The records with these ids, in no order; ids that do not exist are left out.
    pub async fn some<T: Ruled>(&self, caller: &Caller, ids: &[String]) -> Result<Vec<T>, AppError> {
        require(caller, T::READ)?;
        let found = self.store.get_many::<T>(&caller.tenant, ids).await?;
        Ok(found.into_iter().map(|it| it.value).collect())
    }

    pub(crate) async fn everything<T: Ruled>(&self, tenant: &TenantId) -> Result<Vec<T>, AppError> {
        let mut all: Vec<T> = Vec::new();
        loop {
            let after = all.last().map(touchline_model::Record::id);
            let page = self.store.list::<T>(tenant, after.as_deref(), 1_000).await?;
            if page.is_empty() {
                return Ok(all);
            }
            all.extend(page.into_iter().map(|it| it.value));
        }
    }

    /// Records whose last change lies after a position, in commit order.
    pub async fn feed<T: Ruled>(
        &self,
        caller: &Caller,
        after: touchline_store::Position,
        limit: usize,
    ) -> Result<Vec<Stored<T>>, AppError> {
        require(caller, T::READ)?;
        Ok(self.store.feed::<T>(&caller.tenant, after, limit).await?)
    }

    /// Deletes a record.
    pub async fn delete<T: Ruled>(&self, caller: &Caller, id: &str) -> Result<(), AppError> {
        require(caller, T::WRITE)?;
        for _ in 0..ATTEMPTS {
            let value = self.record::<T>(caller, id).await?.value;
            // As it is stored: a number may have been written in several ways.
            let id = value.id();
            T::may_delete(self, &caller.tenant, &value).await?;
            let mut batch = Batch::new(&caller.tenant);
            batch.delete::<T>(&id);
            T::also(self, &caller.tenant, &mut batch, &[value]).await?;
            batch.audit(AuditNote::new(caller, "record.delete", id, T::KIND.name()));
            match self.store.apply(batch).await {
                Err(StoreError::Conflict) => {}
                Err(error) => return Err(error.into()),
                Ok(_) => return Ok(()),
            }
        }
        Err(AppError::Conflict("others keep changing this record; try again".to_owned()))
    }
}

fn concat_verb<T: Ruled>() -> &'static str {
    use touchline_model::Kind;
    match T::KIND {
        Kind::User => "user.put",
        Kind::Group => "group.put",
        Kind::Inbox => "inbox.put",
        Kind::Contact => "contact.put",
        Kind::Topic => "topic.put",
        Kind::Scorecard => "scorecard.put",
        Kind::Evaluation => "evaluation.put",
        Kind::Feedback => "feedback.put",
        Kind::Share => "share.put",
        Kind::Listen => "listen.put",
        Kind::Plan => "plan.put",
        Kind::Session => "session.put",
        Kind::Kpi => "kpi.put",
        Kind::Observation => "observation.put",
        Kind::Event => "event.put",
        Kind::Credential => "credential.put",
    }
}
