//! The bytes of a recording go when no contact names them any more. A job does it, because a contact is erased for good
//! even if the power fails between the commit and the removal.

use super::{Failure, Outcome, jobs, payload};
use crate::App;
use serde::Deserialize;
use touchline_model::Caller;
use touchline_store::{Batch, Job};

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

    /// Goes into the batch after which a contact no longer names this recording.
    pub(crate) fn forget_recording_later(&self, batch: &mut Batch, sha256: &str) {
        let now = self.clock.now();
        batch.enqueue(&jobs::forget_recording(crate::entropy::new_id(&*self.entropy, now), sha256, now));
    }
}
