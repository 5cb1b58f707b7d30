//! Contacts in order, most of them as they are kept, some worked out on the spot, as one stream: the Work Sessions and
//! the Contact Export report.

use super::{
    ContactFacts, Window,
    kept::{Kept, readable},
    known::{Ahead, View},
};
use crate::AppError;
use std::collections::{BTreeMap, BTreeSet};
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

/// Goes through the contacts of a window once. While one page is being used, the next one is read, and no further.
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
    size: usize,
    /// The page after the position, and how many rows it was to have.
    ahead: Option<(usize, Ahead<FactsPage>)>,
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
                    let contact = Kept::read(row.body)?;
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
            size: view.page_rows.min(FIRST),
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
            ahead: None,
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
        let (size, ahead) = self.ahead.take().unwrap_or_else(|| self.read());
        let kept = ahead.done().await?;
        let last = kept.len().checked_sub(1).filter(|_| kept.len() == size);
        let last = last.and_then(|last| kept.get(last)).map(|row| self.place_of(row));
        // After the rows were read: whatever they know too much is known to be so.
        let mut otherwise = BTreeSet::new();
        for row in kept.iter().filter(|row| self.known(row)) {
            if !readable(row.body, self.view.mode) && !self.view.live.contains(&row.family) {
                otherwise.insert(row.family);
            }
        }
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
            Some(last) => {
                self.position = last.clone();
                self.size = self.view.page_rows;
                self.ahead = Some(self.read());
            }
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

    /// Begins to read the page after the position.
    fn read(&self) -> (usize, Ahead<FactsPage>) {
        let (at, contact) = self.position.clone();
        let (store, tenant) = (self.view.store.clone(), self.view.tenant.clone());
        let (end, size, order) = (self.window.end, self.size, self.order);
        let reading = async move {
            match order {
                Order::Anchor => store.facts_by_anchor(&tenant, (at, &contact), end, size).await,
                Order::Start => store.facts_by_start(&tenant, (at, &contact), end, size).await,
            }
        };
        (size, Ahead::begin(reading))
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
