//! Contacts in order, most of them as they are kept, some worked out on the spot, as one stream: the Work Sessions and
//! the Contact Export report.

use super::{
    ContactFacts, Window,
    kept::Kept,
    known::{Ahead, View},
    packed,
};
use crate::AppError;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use touchline_model::Timestamp;
use touchline_store::{FactsPage, FactsRef};

/// Kept rows of the first page at most: the first byte is not to wait for a long one.
const FIRST: usize = 500;

/// By what contacts are ordered, and looked for in the window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// Their end, while they are open their start.
    Anchor,
    /// Their start.
    Start,
}

/// A contact's place.
type Place = (Timestamp, String);

/// Which contacts a report shows; absent when it shows all.
pub(super) type Wanted = Option<Arc<dyn Fn(&Kept<'_>) -> bool + Send + Sync>>;

/// Stretches that are read at the same time. A disk answers several questions as fast as one.
const AT_ONCE: usize = 3;

/// Shortest stretch, in microseconds: many contacts of one instant say nothing about what follows.
const SHORTEST: i64 = 1_000_000;

/// Goes through the contacts of a window once. While one page is being used, the next few are read, and no further.
pub(super) struct Contacts {
    view: View,
    order: Order,
    window: Window,
    wanted: Wanted,
    /// Contacts that matter at most; further ones need not be remembered.
    at_most: usize,
    /// Worked out on the spot, and not given out yet.
    waiting: BTreeMap<Place, Box<ContactFacts>>,
    position: Place,
    begun: bool,
    done: bool,
    /// What is being read after the position, in order.
    ahead: VecDeque<Stretch>,
    /// Where the next stretch begins.
    frontier: Place,
    /// How long the next stretch is, in microseconds: so that its rows fill most of a page. Not known before the first.
    length: Option<i64>,
}

/// A stretch of time that is being read as one page. Where it begins is the end of the one before it.
struct Stretch {
    from: Timestamp,
    before: Timestamp,
    size: usize,
    page: Ahead<Found>,
}

/// What was read.
struct Found {
    rows: FactsPage,
    /// Families of which rows are kept in another form or were worked out otherwise, and when these began.
    otherwise: Vec<(i64, Timestamp)>,
}

/// Contacts in order.
pub(super) struct Page {
    kept: FactsPage,
    items: Vec<Item>,
    wanted: Wanted,
}

enum Item {
    /// As it is kept: its place in the page.
    Kept(usize),
    /// Worked out on the spot.
    Live(Box<ContactFacts>),
}

impl Page {
    /// Hands over one contact after the other, until `take` wants no more.
    pub(super) fn each(&self, mut take: impl FnMut(&Kept<'_>) -> bool) -> Result<(), AppError> {
        for item in &self.items {
            let contact = match item {
                Item::Live(facts) => Kept::of(facts),
                Item::Kept(place) => {
                    let Some(row) = self.kept.get(*place) else { continue };
                    let contact = packed::read(row.body)?;
                    if self.wanted.as_ref().is_some_and(|wanted| !wanted(&contact)) {
                        continue;
                    }
                    contact
                }
            };
            if !take(&contact) {
                break;
            }
        }
        Ok(())
    }
}

impl Contacts {
    pub(super) fn new(
        view: View,
        order: Order,
        window: Window,
        wanted: Wanted,
        at_most: Option<usize>,
    ) -> Self {
        Self {
            view,
            order,
            window,
            wanted,
            at_most: at_most.unwrap_or(usize::MAX),
            waiting: BTreeMap::new(),
            // No contact has an empty id: this stands before all that began then.
            position: (window.start, String::new()),
            begun: false,
            done: false,
            ahead: VecDeque::new(),
            frontier: (window.start, String::new()),
            length: None,
        }
    }

    /// The next contacts in order; `None` after the last.
    pub(super) async fn next(&mut self) -> Result<Option<Page>, AppError> {
        if self.done {
            return Ok(None);
        }
        if !self.begun {
            self.begun = true;
            let first = self.view.first();
            self.work_out(&first).await?;
        }
        let Some((Found { rows: kept, otherwise }, last)) = self.read().await? else {
            self.done = true;
            return Ok(None);
        };
        // After the rows were read: whatever they know too much is known to be so.
        let known = otherwise.into_iter().filter(|(_, began)| *began <= self.view.known.recorded);
        let otherwise: BTreeSet<i64> =
            known.map(|(family, _)| family).filter(|family| !self.view.live.contains(family)).collect();
        self.view.live.extend(&otherwise);
        let mut fresh: Vec<i64> = otherwise.into_iter().collect();
        loop {
            fresh.extend(self.view.overtaken().await?);
            self.work_out(&fresh).await?;
            // One that became part of another before its events were read is found there, while it is not too late.
            if fresh.is_empty() || !self.view.joined().await? {
                break;
            }
            fresh.clear();
        }
        match &last {
            Some(last) => self.position = last.clone(),
            None => self.done = true,
        }
        let items = self.items(&kept, last.as_ref());
        Ok(Some(Page { kept, items, wanted: self.wanted.clone() }))
    }

    /// What of a page holds, and what was worked out on the spot up to its end, in order.
    fn items(&mut self, kept: &FactsPage, last: Option<&Place>) -> Vec<Item> {
        let mut items = Vec::with_capacity(kept.len());
        for (place, row) in kept.iter().enumerate() {
            if !self.known(&row) || self.view.live.contains(&row.family) {
                continue;
            }
            let here = (self.time_of(&row), row.contact);
            let mut live = false;
            while let Some(entry) = self.waiting.first_entry() {
                let (at, contact) = entry.key();
                let there = (*at, contact.as_str());
                if there > here {
                    break;
                }
                live |= there == here;
                items.push(Item::Live(entry.remove()));
            }
            // Both are there when its family became part of another one after the page was read.
            if !live {
                items.push(Item::Kept(place));
            }
        }
        while let Some(entry) = self.waiting.first_entry() {
            // Places are unique: all up to the last one of the page.
            if last.is_some_and(|last| entry.key() > last) {
                break;
            }
            items.push(Item::Live(entry.remove()));
        }
        items
    }

    /// What began later is not known yet; its family need not be among the live ones.
    fn known(&self, row: &FactsRef<'_>) -> bool {
        row.created_at <= self.view.known.recorded
    }

    /// The rows of the next stretch, and where it ended; absent for the last one. Has those after it read meanwhile.
    async fn read(&mut self) -> Result<Option<(Found, Option<Place>)>, AppError> {
        self.reach_out();
        let Some(Stretch { from, before, size, page }) = self.ahead.pop_front() else { return Ok(None) };
        let found = page.done().await?;
        let kept = &found.rows;
        let last = kept.len().checked_sub(1).filter(|_| kept.len() >= size);
        let full = last.and_then(|last| kept.get(last)).map(|row| self.place_of(row));
        let end = full.as_ref().map_or(before, |(last, _)| *last);
        let took = end.micros().saturating_sub(from.micros()).max(1);
        // Three quarters of a page leave room for what is not even. A stretch in which nothing happened says little.
        let wanted = i64::try_from(self.view.page_rows).unwrap_or(i64::MAX).saturating_mul(3) / 4;
        let rows = i64::try_from(kept.len()).unwrap_or(i64::MAX).max(1);
        let length = i128::from(took) * i128::from(wanted.max(1)) / i128::from(rows);
        let length =
            i64::try_from(length).unwrap_or(i64::MAX).clamp(SHORTEST, took.max(SHORTEST).saturating_mul(4));
        self.length = Some(length);
        if let Some(place) = &full {
            // There is more: all that was begun after it began in the wrong place.
            self.ahead.clear();
            self.frontier.clone_from(place);
        }
        self.reach_out();
        let end = full.or_else(|| (before < self.window.end).then(|| (before, String::new())));
        Ok(Some((found, end)))
    }

    /// Begins to read what comes next.
    fn reach_out(&mut self) {
        while self.ahead.len() < AT_ONCE && self.frontier.0 < self.window.end {
            // Of the first one nothing is known: a short page, wherever it ends.
            let (size, before) = match self.length {
                Some(length) => {
                    let end = Timestamp::from_micros(self.frontier.0.micros().saturating_add(length));
                    (self.view.page_rows, end.min(self.window.end))
                }
                None if self.ahead.is_empty() => (self.view.page_rows.min(FIRST), self.window.end),
                None => return,
            };
            let (from, contact) = std::mem::replace(&mut self.frontier, (before, String::new()));
            let (store, tenant, order) = (self.view.store.clone(), self.view.tenant.clone(), self.order);
            let mode = self.view.mode;
            let reading = async move {
                let rows = match order {
                    Order::Anchor => store.facts_by_anchor(&tenant, (from, &contact), before, size).await?,
                    Order::Start => store.facts_by_start(&tenant, (from, &contact), before, size).await?,
                };
                // Here, where the bytes have just been.
                let other = rows.iter().filter(|row| !packed::readable(row.body, mode));
                let otherwise = other.map(|row| (row.family, row.created_at)).collect();
                Ok(Found { rows, otherwise })
            };
            self.ahead.push_back(Stretch { from, before, size, page: Ahead::begin(reading) });
        }
    }

    fn time_of(&self, row: &FactsRef<'_>) -> Timestamp {
        if self.order == Order::Anchor { row.anchor } else { row.created_at }
    }

    fn place_of(&self, row: FactsRef<'_>) -> Place {
        (self.time_of(&row), row.contact.to_owned())
    }

    fn place(&self, facts: &ContactFacts) -> Place {
        let at = if self.order == Order::Anchor { facts.anchor() } else { facts.created_at };
        (at, facts.contact_id.0.clone())
    }

    /// Works out families on the spot, and remembers what of them comes after the position.
    async fn work_out(&mut self, families: &[i64]) -> Result<(), AppError> {
        if families.is_empty() {
            return Ok(());
        }
        let mut waiting = std::mem::take(&mut self.waiting);
        let this = &*self;
        let wanted =
            |facts: &ContactFacts| this.wanted.as_ref().is_none_or(|wanted| wanted(&Kept::of(facts)));
        let take = |mut facts: ContactFacts| {
            let place = this.place(&facts);
            if this.window.holds(place.0) && place > this.position && wanted(&facts) {
                facts.intervals = Vec::new();
                waiting.insert(place, Box::new(facts));
                if waiting.len() > this.at_most {
                    waiting.pop_last();
                }
            }
        };
        this.view.work_out(families, take).await?;
        self.waiting = waiting;
        Ok(())
    }
}
