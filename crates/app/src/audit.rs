//! Reading the audit trail and the jobs.

mod find;
mod words;

pub use find::{AuditFound, AuditSearch};
pub(crate) use words::counted;

use crate::{App, AppError, require};
use touchline_model::{Ability, Caller};
use touchline_store::{AuditCheck, AuditEntry, AuditFault, AuditNote, Batch, Job};

impl App {
    /// Entries of the audit trail after number `after`.
    pub async fn audit_page(
        &self,
        caller: &Caller,
        after: i64,
        limit: usize,
    ) -> Result<Vec<AuditEntry>, AppError> {
        require(caller, Ability::Administer)?;
        Ok(self.store.audit_page(&caller.tenant, after, limit).await?)
    }

    /// Follows the whole chain; the first fault, if any.
    pub async fn audit_verify(&self, caller: &Caller) -> Result<Option<AuditFault>, AppError> {
        require(caller, Ability::Administer)?;
        Ok(self.store.audit_verify(&caller.tenant).await?)
    }

    /// Follows a part of the chain: about `most` entries after number `after`, whose own hash is taken for good. For
    /// trails so long that somebody should see how far the check is.
    pub async fn audit_check(
        &self,
        caller: &Caller,
        after: i64,
        most: usize,
    ) -> Result<AuditCheck, AppError> {
        require(caller, Ability::Administer)?;
        Ok(self.store.audit_check(&caller.tenant, after, most).await?)
    }

    /// Jobs that wait, run, or were put aside.
    pub async fn jobs(
        &self,
        caller: &Caller,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Job>, AppError> {
        require(caller, Ability::Administer)?;
        Ok(self.store.jobs_page(&caller.tenant, after, limit).await?)
    }

    /// Takes a job out of the dead-letter box. Whether there was such a job.
    pub async fn retry_job(&self, caller: &Caller, id: &str) -> Result<bool, AppError> {
        require(caller, Ability::Administer)?;
        let known = self.store.retry_job(&caller.tenant, id).await?;
        if known {
            self.note(caller, "job.retry", id, "").await?;
        }
        Ok(known)
    }

    /// Writes an entry of the audit trail on its own: for reads, before the content is handed out.
    pub(crate) async fn note(
        &self,
        caller: &Caller,
        action: &'static str,
        object: &str,
        detail: impl Into<String>,
    ) -> Result<(), AppError> {
        let mut batch = Batch::new(&caller.tenant);
        batch.audit(AuditNote::new(caller, action, object, detail));
        self.store.apply(batch).await?;
        Ok(())
    }
}
