//! The nightly sum of listening: one row a day, contact and listener (contract c360 X-19).

use super::{ATTEMPTS, Failure, Outcome, jobs};
use crate::{App, AppError, require};
use touchline_model::{Ability, Caller, Timestamp, time::eastern};
use touchline_store::{Batch, Job, ListenDay};

/// Days that are summed and written together.
const STEP: usize = 200;

impl App {
    /// Has past days added up at once instead of in the coming night: after loading history.
    pub async fn count_listens_now(&self, caller: &Caller) -> Result<(), AppError> {
        require(caller, Ability::Administer)?;
        let mut batch = Batch::new(&caller.tenant);
        batch.enqueue(&jobs::listens_now(self.clock.now()));
        self.store.apply(batch).await?;
        Ok(())
    }

    pub(super) async fn count_listens(&self, caller: &Caller, job: &Job) -> Result<Outcome, Failure> {
        let tenant = &caller.tenant;
        let now = self.clock.now();
        let today = eastern(now).date().to_string();
        let mut overtaken = 0;
        while overtaken < ATTEMPTS {
            let open = self.store.open_listen_days(tenant, &today, STEP).await?;
            let mut batch = Batch::new(tenant);
            let contacts: Vec<String> = open.iter().map(|(_, contact, _)| contact.clone()).collect();
            let rows = self.store.contact_rows(tenant, &contacts).await?;
            let gone = self.store.tombstones(tenant, &contacts).await?;
            for (day, contact, listener) in &open {
                let row = rows.iter().find(|row| row.contact.value.id.as_str() == contact);
                let agent = row.and_then(|row| row.contact.value.agent_id.as_ref().map(|id| id.0.clone()));
                let agent = agent
                    .or_else(|| gone.iter().find(|it| &it.id == contact).and_then(|it| it.agent.clone()));
                batch.put_listen_day(&ListenDay {
                    day: day.clone(),
                    contact: contact.clone(),
                    listener: listener.clone(),
                    agent,
                    duration: self.store.listen_sum(tenant, day, contact, listener).await?,
                    modified: Timestamp::default(),
                    seq: 0,
                });
            }
            let done = open.len() < STEP;
            if done {
                // Listening of today is waiting already, or a correction will come: look again tomorrow.
                batch.enqueue(&jobs::listens_tonight(now)).finish(job);
            } else {
                batch.keep(job, self.lease_end(), &job.payload);
            }
            match self.written(batch).await? {
                true if done => return Ok(Outcome::Done),
                true => overtaken = 0,
                // A listen arrived between the sum and the write: sum again.
                false => overtaken += 1,
            }
        }
        Ok(Outcome::Lost)
    }
}
