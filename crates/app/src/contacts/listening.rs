//! How long somebody has listened to a recording, as the player tells.
//!
//! The player tells how many seconds it has really played since it last told. What is counted are stretches of real
//! time that have just passed, which never overlap: whatever a browser sends, nobody is said to have listened for longer
//! than time went by. An entry of the audit trail stands for the playback itself, so that these have none.

use crate::{App, AppError, entropy, pipeline, records::ATTEMPTS, require_own};
use touchline_model::{Ability, Caller, Invalid, Listen, MediaTime, Timestamp};
use touchline_store::{Batch, StoreError};

/// The longest stretch that is told of at once, in seconds; players tell more often.
const TOLD: f64 = 120.0;
/// Seconds between two stretches of the same contact that still make one: what passes between playing and telling.
const JOINED: i64 = 3;
/// How far back stretches are looked for, in seconds: longer than any of them.
const BACK: i64 = 2 * 86_400;

impl App {
    /// Notes that the caller has just listened to so many seconds of a contact's recording. Returns what was counted.
    ///
    /// # Errors
    /// [`AppError::NotAllowed`] for a caller who is no person; [`AppError::Missing`] for a contact without a recording.
    pub async fn listened(&self, caller: &Caller, id: &str, seconds: f64) -> Result<MediaTime, AppError> {
        require_own(caller, Ability::ReadRecordings)?;
        let listener = caller.user.as_ref().ok_or(AppError::NotAllowed(Ability::ReadRecordings))?;
        if !seconds.is_finite() || seconds < 0.0 {
            return Err(Invalid::new("seconds", "must be a number of seconds").into());
        }
        if self.contact_row(caller, id).await?.recording.is_none() {
            return Err(AppError::Missing { what: "recording of contact", id: id.to_owned() });
        }
        let told = MediaTime::from_secs(seconds.min(TOLD)).micros();
        for _ in 0..ATTEMPTS {
            let now = self.clock.now();
            let from = now.plus_secs(-BACK);
            let last = self.store.last_listen(&caller.tenant, listener.as_str(), from, now).await?;
            let last = last.map(|it| it.value);
            let end = last.as_ref().map(end_of).unwrap_or_default();
            let begin = Timestamp::from_micros((now.micros() - told).max(end.micros()));
            let counted = MediaTime::from_micros(now.micros() - begin.micros());
            if counted.micros() <= 0 {
                return Ok(MediaTime::default());
            }
            let fresh = Listen {
                id: entropy::new_id(&*self.entropy, now).into(),
                contact_id: id.into(),
                listener_id: listener.clone(),
                started_at: begin,
                duration: counted,
            };
            let listen = match last {
                Some(last) if goes_on(&last, &fresh) => Listen {
                    duration: MediaTime::from_micros(last.duration.micros() + counted.micros()),
                    ..last
                },
                _ => fresh,
            };
            let mut batch = Batch::new(&caller.tenant);
            batch
                .hold_listening(listener.as_str(), from, now, end)
                .put(&listen)
                .enqueue(&pipeline::listens_tonight(now));
            match self.store.apply(batch).await {
                // Another window of the same person told at the same moment.
                Err(StoreError::Conflict) => {}
                Err(error) => return Err(error.into()),
                Ok(_) => return Ok(counted),
            }
        }
        Err(AppError::Conflict("others keep telling of the same listener; try again".to_owned()))
    }
}

fn end_of(listen: &Listen) -> Timestamp {
    Timestamp::from_micros(listen.started_at.micros() + listen.duration.micros())
}

/// Whether a stretch goes on with the one before: of the same contact, at once, and on the same day.
fn goes_on(last: &Listen, next: &Listen) -> bool {
    last.contact_id == next.contact_id
        && next.started_at <= end_of(last).plus_secs(JOINED)
        && last.day() == next.day()
}
