//! What goes on by itself: deadlines, writing, and following changes that other nodes make.

use super::Live;
use crate::AppError;
use std::{collections::HashMap, time::Duration};
use touchline_model::TenantId;
use touchline_store::Batch;

/// How often changes of settings by other nodes are looked for.
const FOLLOW: Duration = Duration::from_secs(2);
/// How many times as seldom the directory is read again where anything has changed at all.
const DIRECTORY: u32 = 15;
/// How often it is noted that this node is alive, while calls go on.
const ALIVE: Duration = Duration::from_secs(5);
/// How long is slept at most: a clock may be set.
const LONGEST: Duration = Duration::from_secs(10);
/// And at least: what is due and cannot be done must not keep a core busy.
const SHORTEST: Duration = Duration::from_millis(5);

impl Live {
    /// Does what is due, writes what happened, and follows changes of settings, until it is dropped.
    pub async fn run(&self) {
        while let Err(error) = self.start().await {
            tracing::warn!(%error, "live calls cannot begin yet");
            tokio::time::sleep(FOLLOW).await;
        }
        tokio::join!(self.keep_deadlines(), self.keep_writing(), self.follow(), self.stay_alive());
    }

    /// Ends the calls with which this node was killed, and reads what organisations have set. [`Live::run`] does it; who
    /// needs the numbers before that does it first.
    ///
    /// # Errors
    /// The store could not be read or written.
    pub async fn start(&self) -> Result<(), AppError> {
        self.recover().await?;
        for (tenant, _) in self.app.store.telephony_versions().await? {
            self.reload(&tenant).await?;
        }
        self.written().await;
        Ok(())
    }

    /// The server stops, and its telephones have gone: whoever is at work is so no longer. Waits until that is written.
    pub async fn close(&self) {
        let now = self.now();
        for tenant in self.boards().each(|tenant, _| Some(tenant.clone())) {
            self.boards().change(&tenant, |board| {
                board.now = now;
                board.close();
            });
        }
        self.written().await;
    }

    /// Does what is due now.
    pub fn poll(&self) {
        self.boards().poll(self.now());
    }

    async fn keep_deadlines(&self) {
        loop {
            let until = self.boards().next_deadline().map(|at| at.micros() - self.now().micros());
            let pause = match until {
                None => LONGEST,
                Some(micros) => {
                    let micros = u64::try_from(micros).unwrap_or_default();
                    Duration::from_micros(micros).clamp(SHORTEST, LONGEST)
                }
            };
            tokio::select! {
                () = tokio::time::sleep(pause) => self.poll(),
                () = self.boards().due.notified() => {}
            }
        }
    }

    async fn keep_writing(&self) {
        loop {
            self.boards().to_write.notified().await;
            self.written().await;
        }
    }

    async fn follow(&self) {
        // Where the directory was when it was read last.
        let mut read: HashMap<TenantId, i64> = HashMap::new();
        let mut turn: u32 = 0;
        loop {
            tokio::time::sleep(FOLLOW).await;
            turn = turn.wrapping_add(1);
            if let Err(error) = self.follow_once(&mut read, turn.is_multiple_of(DIRECTORY)).await {
                tracing::warn!(%error, "changes of numbers and telephones could not be followed");
            }
        }
    }

    async fn follow_once(&self, read: &mut HashMap<TenantId, i64>, directory: bool) -> Result<(), AppError> {
        for (tenant, version) in self.app.store.telephony_versions().await? {
            let known = self.boards().read(&tenant, |board| board.known.version);
            let mut stale = known != Some(version);
            if directory && let Some(state) = self.app.store.tenant_state(&tenant).await? {
                stale |= read.insert(tenant.clone(), state.seq) != Some(state.seq);
            }
            if stale {
                self.reload(&tenant).await?;
            }
        }
        Ok(())
    }

    async fn stay_alive(&self) {
        let node = self.boards().settings().node.clone();
        loop {
            tokio::time::sleep(ALIVE).await;
            let busy = self.boards().each(|tenant, board| {
                (!board.notes.is_empty() || board.presence.anybody()).then(|| tenant.clone())
            });
            for tenant in busy {
                let mut batch = Batch::new(&tenant);
                batch.open_calls_seen(&node, self.now());
                if let Err(error) = self.app.store.apply(batch).await {
                    tracing::warn!(%error, %tenant, "it could not be noted that calls go on");
                }
            }
        }
    }
}
