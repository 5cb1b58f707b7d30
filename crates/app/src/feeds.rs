//! Reading a feed in pages by minute and last id: contract c360, which other clients of minute-grained
//! feeds share.

use crate::{App, AppError};
use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};
use touchline_model::{Caller, Kind, Seq, TenantId, Timestamp};
use touchline_store::{Batch, Position, ServedPosition};

/// Remembered at least this long (contract c360 R-2 a), in seconds.
const MEMORY_SECS: i64 = 8 * 86_400;
/// Positions kept in memory before they are left to the store alone.
const IN_MEMORY: usize = 50_000;

/// Positions that pages ended at: in memory at once, in the store a moment later.
#[derive(Default)]
pub struct Served(Mutex<Memory>);

#[derive(Default)]
struct Memory {
    known: HashMap<(TenantId, String, String, String), ServedPosition>,
    unsaved: Vec<(TenantId, ServedPosition)>,
}

/// The position before every row whose time is in minute `since` or later (contract c360 R-3).
pub fn from_minute(since: Timestamp) -> Position {
    (Timestamp::from_micros(since.minute().micros().saturating_sub(1)), Seq::MAX)
}

/// A page being read: says how much to fetch next and which rows still belong to it.
#[derive(Clone, Copy, Debug)]
pub struct Page {
    after: Position,
    left: usize,
    /// The minute in which the page must not end, for operations without `last_id` (contract c360 R-4).
    hold: Option<Timestamp>,
    state: PageState,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum PageState {
    Filling,
    Extending,
    Done,
}

impl Page {
    /// A page of at most `limit` rows after a position.
    pub fn after(after: Position, limit: usize) -> Self {
        let state = if limit == 0 { PageState::Done } else { PageState::Filling };
        Self { after, left: limit, hold: None, state }
    }

    /// A page from minute `since` on, which is extended so that a client that can only repeat the last minute gets on.
    pub fn since(since: Timestamp, limit: usize) -> Self {
        Self { hold: Some(since.minute()), ..Self::after(from_minute(since), limit) }
    }

    /// After which position to fetch how many rows next (at most `chunk`); `None` when the page is complete.
    pub fn wants(&self, chunk: usize) -> Option<(Position, usize)> {
        match self.state {
            PageState::Filling => Some((self.after, self.left.min(chunk))),
            PageState::Extending => Some((self.after, chunk)),
            PageState::Done => None,
        }
    }

    /// Takes what was fetched for [`Self::wants`] and keeps the rows that belong to the page.
    pub fn take<T>(&mut self, asked: usize, mut rows: Vec<T>, position: impl Fn(&T) -> Position) -> Vec<T> {
        let complete = rows.len() < asked;
        if self.state == PageState::Extending {
            let hold = self.hold;
            let inside = rows.iter().take_while(|row| Some(position(row).0.minute()) == hold).count();
            if inside < rows.len() {
                rows.truncate(inside + 1);
                self.state = PageState::Done;
            }
        } else {
            self.left -= rows.len().min(self.left);
        }
        if let Some(last) = rows.last() {
            self.after = position(last);
        }
        if complete {
            self.state = PageState::Done;
        } else if self.state == PageState::Filling && self.left == 0 {
            let inside = self.hold == Some(self.after.0.minute());
            self.state = if inside { PageState::Extending } else { PageState::Done };
        }
        rows
    }
}

impl App {
    /// Where to go on after `last_id` in a feed of contacts by their last change (contract c360 R-2).
    pub async fn resume_contacts(
        &self,
        caller: &Caller,
        feed: &str,
        since: Timestamp,
        last_id: &str,
    ) -> Result<Position, AppError> {
        let minute = since.minute();
        if last_id.contains('\0') {
            return Ok(from_minute(since));
        }
        if let Some(position) = self.recall(caller, feed, since, last_id).await? {
            return Ok(position);
        }
        let changed = self
            .store
            .earliest_change(&caller.tenant, Kind::Contact, last_id, minute, minute.plus_secs(60))
            .await?;
        if let Some(position) = changed {
            return Ok(position);
        }
        let row = self.store.contact_row(&caller.tenant, last_id).await?;
        Ok(match row {
            Some(row) if row.contact.value.started_at.minute() == minute => {
                (row.contact.modified, row.contact.seq)
            }
            _ => from_minute(since),
        })
    }

    /// Where to go on after `last_id` in the feed of deleted contacts (contract c360 R-2). A tombstone never changes,
    /// so its one position serves for (a), (b) and (c).
    pub async fn resume_deleted(
        &self,
        caller: &Caller,
        since: Timestamp,
        last_id: &str,
    ) -> Result<Position, AppError> {
        let minute = since.minute();
        let found = match last_id.contains('\0') {
            true => vec![],
            false => self.store.tombstones(&caller.tenant, &[last_id.to_owned()]).await?,
        };
        Ok(match found.first() {
            Some(it) if it.deleted_at.minute() == minute || it.started_at.minute() == minute => {
                (it.deleted_at, it.seq)
            }
            _ => from_minute(since),
        })
    }

    async fn recall(
        &self,
        caller: &Caller,
        feed: &str,
        since: Timestamp,
        id: &str,
    ) -> Result<Option<Position>, AppError> {
        let key = (caller.tenant.clone(), caller.actor.clone(), feed.to_owned(), id.to_owned());
        let known = self.served.0.lock().unwrap_or_else(PoisonError::into_inner).known.get(&key).cloned();
        let known = match known {
            Some(known) => Some(known),
            None => self.store.served(&caller.tenant, &caller.actor, feed, id).await?,
        };
        let minute = since.minute();
        Ok(known
            .filter(|it| it.position.0.minute() == minute || it.started_at.minute() == minute)
            .map(|it| it.position))
    }

    /// Remembers that a page ended in this row (contract c360 R-2 a).
    pub fn remember_served(
        &self,
        caller: &Caller,
        feed: &str,
        id: &str,
        position: Position,
        started_at: Timestamp,
    ) {
        let served = ServedPosition {
            credential: caller.actor.clone(),
            feed: feed.to_owned(),
            id: id.to_owned(),
            position,
            started_at,
            served_at: self.clock.now(),
        };
        let mut memory = self.served.0.lock().unwrap_or_else(PoisonError::into_inner);
        if memory.known.len() >= IN_MEMORY {
            memory.known.clear();
        }
        let key = (caller.tenant.clone(), served.credential.clone(), served.feed.clone(), served.id.clone());
        memory.known.insert(key, served.clone());
        if memory.unsaved.len() < IN_MEMORY {
            memory.unsaved.push((caller.tenant.clone(), served));
        }
    }

    /// Saves what pages ended at, and forgets what is old. Losing some of it only costs repeats.
    pub(crate) async fn save_served(&self) -> Result<(), AppError> {
        let unsaved =
            std::mem::take(&mut self.served.0.lock().unwrap_or_else(PoisonError::into_inner).unsaved);
        let mut batches: HashMap<TenantId, Batch> = HashMap::new();
        for (tenant, it) in unsaved {
            batches.entry(tenant.clone()).or_insert_with(|| Batch::new(&tenant)).put_served(&it);
        }
        for batch in batches.into_values() {
            self.store.apply(batch).await?;
        }
        Ok(())
    }

    /// Forgets served positions and idempotency keys that are past their time.
    pub(crate) async fn forget_old(&self) -> Result<(), AppError> {
        let now = self.clock.now();
        for tenant in self.store.tenants().await? {
            let mut batch = Batch::new(&tenant.id);
            batch
                .forget_served(now.plus_secs(-MEMORY_SECS))
                .forget_idempotency(now.plus_secs(-86_400))
                .forget_web_sessions(now, now.plus_secs(-crate::people::IDLE_SECS));
            self.store.apply(batch).await?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pages over rows (minute, seq) until done, with a chunk size of 3.
    fn read(mut page: Page, all: &[(i64, i64)]) -> Vec<i64> {
        let at = |row: &(i64, i64)| (Timestamp::from_micros(row.0 * 60_000_000), row.1);
        let mut out = vec![];
        while let Some((after, asked)) = page.wants(3) {
            let rows: Vec<_> = all.iter().copied().filter(|row| at(row) > after).take(asked).collect();
            out.extend(page.take(asked, rows, at).iter().map(|row| row.1));
        }
        out
    }

    // covers(c360)
    #[test]
    fn a_page_never_ends_inside_the_minute_it_began_in() {
        let all: Vec<(i64, i64)> = (1..=10).map(|n| (5, n)).chain([(6, 11), (6, 12), (7, 13)]).collect();
        let since = |minute: i64| Timestamp::from_micros(minute * 60_000_000 + 59_000_000);
        assert_eq!(
            read(Page::since(since(5), 4), &all),
            (1..=11).collect::<Vec<_>>(),
            "whole minute and one row"
        );
        assert_eq!(
            read(Page::since(since(5), 10), &all),
            (1..=11).collect::<Vec<_>>(),
            "ends with the minute: one more"
        );
        assert_eq!(read(Page::since(since(4), 4), &all), vec![1, 2, 3, 4], "a later minute may be cut");
        assert_eq!(read(Page::since(since(6), 1), &all), vec![11, 12, 13]);
        assert_eq!(read(Page::since(since(7), 1), &all), vec![13], "the last minute comes again, whole");
        assert_eq!(read(Page::since(since(5), 0), &all), Vec::<i64>::new());
    }

    #[test]
    fn a_page_with_a_last_id_keeps_to_its_limit() {
        let all: Vec<(i64, i64)> = (1..=10).map(|n| (5, n)).collect();
        let after = (Timestamp::from_micros(5 * 60_000_000), 4);
        assert_eq!(read(Page::after(after, 4), &all), vec![5, 6, 7, 8]);
        assert_eq!(read(Page::after(after, 100), &all), vec![5, 6, 7, 8, 9, 10]);
    }
}
