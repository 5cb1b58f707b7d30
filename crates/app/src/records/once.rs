//! Idempotency keys: a request that is sent again because its answer was lost makes nothing twice.

use super::{Put, PutStatus};
use crate::{App, AppError, credentials::sha256_hex};
use serde::Serialize;
use touchline_model::{Caller, Kind, validate};
use touchline_store::Batch;

/// An idempotency key together with what was asked for, so that the same key for something else is noticed.
pub(crate) struct Key {
    key: String,
    asked: String,
}

impl Key {
    /// `item` is what was sent, before it got an id.
    pub(crate) fn new<T: Serialize>(kind: Kind, key: &str, item: &T) -> Result<Self, AppError> {
        validate::id("Idempotency-Key", key)?;
        let sent = serde_json::to_string(item).map_err(|e| AppError::Internal(Box::new(e)))?;
        Ok(Self { key: format!("{kind}:{key}"), asked: sha256_hex(&sent) })
    }

    /// Remembers what was made. The batch becomes a conflict if the key was used meanwhile.
    pub(crate) fn remember(&self, batch: &mut Batch, id: &str) {
        batch.put_idempotency(&self.key, &format!("{} {id}", self.asked));
    }
}

/// The refusal of a second record with the same id.
pub(crate) fn taken(kind: Kind, id: &str) -> AppError {
    AppError::Conflict(format!("there already is another {kind} `{id}`"))
}

impl App {
    /// What a key has made before.
    pub(crate) async fn made_before(
        &self,
        caller: &Caller,
        key: Option<&Key>,
    ) -> Result<Option<Put>, AppError> {
        let Some(key) = key else { return Ok(None) };
        let made = self.store.idempotency(&caller.tenant, &key.key).await?;
        match made.as_deref().and_then(|made| made.split_once(' ')) {
            None => Ok(None),
            Some((asked, id)) if asked == key.asked => {
                Ok(Some(Put { id: id.to_owned(), status: PutStatus::Unchanged }))
            }
            Some(_) => Err(AppError::Conflict("this Idempotency-Key was used for something else".to_owned())),
        }
    }
}
