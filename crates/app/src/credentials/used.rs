//! When credentials were last used. Known in memory at once, written every few minutes: a request costs no write.

use crate::App;
use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};
use touchline_model::{CredentialId, TenantId, Timestamp};
use touchline_store::Credential;

/// `last_used_at` is written when what is written is older than this many seconds.
const WRITE_SECS: i64 = 300;

#[derive(Clone, Copy)]
struct Use {
    seen: Timestamp,
    written: Option<Timestamp>,
}

/// When this node saw each credential. There are no more of them than credentials that fitted.
#[derive(Default)]
pub struct Used(Mutex<HashMap<(TenantId, CredentialId), Use>>);

impl Used {
    /// When this node last saw a credential.
    pub(super) fn seen(&self, tenant: &TenantId, id: &CredentialId) -> Option<Timestamp> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(&(tenant.clone(), id.clone())).map(|it| it.seen)
    }

    /// Remembers a use. Whether it is time to write it; of many requests at once only one is told so.
    fn note(&self, credential: &Credential, now: Timestamp) -> bool {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (credential.tenant.clone(), credential.id.clone());
        let it = known.entry(key).or_insert(Use { seen: now, written: None });
        it.seen = it.seen.max(now);
        // What the store says may come from another node.
        it.written = it.written.max(credential.last_used_at);
        let due = it.written.is_none_or(|at| at.plus_secs(WRITE_SECS) <= now);
        if due {
            it.written = Some(now);
        }
        due
    }
}

impl App {
    /// Remembers that a credential was used. A store that cannot be written now keeps nobody from reading.
    pub(super) async fn credential_used(&self, credential: &Credential) {
        let now = self.clock.now();
        if self.used.note(credential, now)
            && let Err(error) = self.store.credential_used(&credential.tenant, &credential.id, now).await
        {
            tracing::warn!(%error, "the use of a credential could not be noted");
        }
    }
}
