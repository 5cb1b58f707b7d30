//! The bytes of a recording go when no contact names them any more. A job does it, because a contact is erased for good
//! even if the power fails between the commit and the removal.

use super::{Failure, Outcome, jobs, payload};
use crate::{App, AppError};
use serde::Deserialize;
use std::collections::HashSet;
use touchline_model::{Caller, TenantId};
use touchline_store::{Batch, Job, Lying};

/// Seconds after which a file that nothing names is taken for forgotten, rather than on its way to being named.
const FORGOTTEN: i64 = 86_400;
/// Seconds that a file may lie before anybody is told of it.
const ARRIVING: i64 = 60;

/// Files among the recordings that no contact names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Litter {
    /// How many.
    pub files: u64,
    /// Their size in all.
    pub bytes: u64,
}

#[derive(Deserialize)]
struct Bytes {
    sha256: String,
}

impl App {
    pub(super) async fn forget_recording(&self, caller: &Caller, job: &Job) -> Result<Outcome, Failure> {
        let Bytes { sha256 } = payload(job)?;
        self.drop_recording(caller, &sha256).await?;
        let mut batch = Batch::new(&caller.tenant);
        batch.finish(job);
        self.end(batch).await
    }

    /// What a crash between keeping bytes and naming them has left of a tenant's recordings. Harmless: upkeep removes
    /// it after a day.
    pub async fn litter(&self, tenant: &TenantId) -> Result<Litter, AppError> {
        let mut all = Litter::default();
        for shelf in 0..=u8::MAX {
            for it in self.unnamed(tenant, shelf, ARRIVING).await? {
                all.files += 1;
                all.bytes += it.bytes;
            }
        }
        Ok(all)
    }

    /// Removes what no contact names and nobody has written to for a day; how much it was.
    pub async fn forget_litter(&self) -> Result<Litter, AppError> {
        self.blobs.forget_half_received().await?;
        let mut all = Litter::default();
        for tenant in self.store.tenants().await? {
            let caller = Caller::system(tenant.id.clone(), "upkeep");
            for shelf in 0..=u8::MAX {
                for it in self.unnamed(&tenant.id, shelf, FORGOTTEN).await? {
                    if it.is_whole() {
                        // Asks once more, while nobody can name it.
                        self.drop_recording(&caller, &it.name).await?;
                    } else {
                        self.blobs.remove_part(&tenant.id, shelf, &it).await?;
                    }
                    all.files += 1;
                    all.bytes += it.bytes;
                }
            }
        }
        if all.files > 0 {
            tracing::info!(files = all.files, bytes = all.bytes, "removed recordings that no contact names");
        }
        Ok(all)
    }

    /// Files of a shelf that no contact names and that have been lying for longer than `secs`.
    async fn unnamed(&self, tenant: &TenantId, shelf: u8, secs: i64) -> Result<Vec<Lying>, AppError> {
        let before = self.clock.now().plus_secs(-secs);
        let mut lying = self.blobs.shelf(tenant, shelf).await?;
        lying.retain(|it| it.modified < before);
        let whole: Vec<String> = lying.iter().filter(|it| it.is_whole()).map(|it| it.name.clone()).collect();
        if !whole.is_empty() {
            let named: HashSet<String> =
                self.store.named_recordings(tenant, &whole).await?.into_iter().collect();
            lying.retain(|it| !named.contains(&it.name));
        }
        Ok(lying)
    }

    /// Goes into the batch after which a contact no longer names this recording.
    pub(crate) fn forget_recording_later(&self, batch: &mut Batch, sha256: &str) {
        let now = self.clock.now();
        batch.enqueue(&jobs::forget_recording(crate::entropy::new_id(&*self.entropy, now), sha256, now));
    }
}
