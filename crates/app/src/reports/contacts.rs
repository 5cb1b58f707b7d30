//! Contacts in order, most of them as they are kept, some worked out on the spot, as one stream: the Work Sessions and
//! the Contact Export report.

use super::{ContactFacts, Window, kept, known::View};
use crate::AppError;
use std::collections::{BTreeMap, BTreeSet};
use touchline_model::Timestamp;
use touchline_store::FactsRow;

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

/// Which contacts a report shows.
pub(super) type Wanted = Box<dyn Fn(&ContactFacts) -> bool + Send + Sync>;

/// Goes through the contacts of a window once.
pub(super) struct Contacts {
    view: View,
    order: Order,
    window: Window,
    wanted: Wanted,
    /// Contacts that matter at most; further ones need not be remembered.
    at_most: usize,
    /// Worked out on the spot, and not given out yet.
    waiting: BTreeMap<Place, ContactFacts>,
    position: Place,
    begun: bool,
    done: bool,
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
        }
    }

    /// The next contacts in order; `None` after the last.
    pub(super) async fn next(&mut self) -> Result<Option<Vec<ContactFacts>>, AppError> {
        if self.done {
            return Ok(None);
        }
        if !self.begun {
            self.begun = true;
            let first = self.view.first();
            self.work_out(&first).await?;
        }
        let rows = self.page().await?;
        let last = rows.last().map(|row| self.place_of(row)).filter(|_| rows.len() == self.view.page_rows);
        // After the rows were read: whatever they know too much is known to be so.
        let mut fresh = self.view.overtaken().await?;
        let mut kept = Vec::with_capacity(rows.len());
        let mut otherwise = BTreeSet::new();
        // What began later is not known yet; its family need not be among the live ones.
        for row in rows.into_iter().filter(|row| row.created_at <= self.view.known.recorded) {
            match kept::decode(&row.body, self.view.mode)? {
                Some(facts) => kept.push((row.family, facts)),
                None if self.view.live.contains(&row.family) => {}
                None => _ = otherwise.insert(row.family),
            }
        }
        self.view.live.extend(&otherwise);
        fresh.extend(otherwise);
        self.work_out(&fresh).await?;
        kept.retain(|(family, facts)| !self.view.live.contains(family) && (self.wanted)(facts));
        for (_, facts) in kept {
            self.waiting.insert(self.place(&facts), facts);
        }
        let later = match &last {
            // Places are unique: all up to the last one of the page.
            Some(last) => {
                let mut later = self.waiting.split_off(last);
                if let Some(facts) = later.remove(last) {
                    self.waiting.insert(last.clone(), facts);
                }
                later
            }
            None => BTreeMap::new(),
        };
        let now = std::mem::replace(&mut self.waiting, later);
        match last {
            Some(last) => self.position = last,
            None => self.done = true,
        }
        Ok(Some(now.into_values().collect()))
    }

    async fn page(&self) -> Result<Vec<FactsRow>, AppError> {
        let after = (self.position.0, self.position.1.as_str());
        let View { store, tenant, page_rows, .. } = &self.view;
        let end = self.window.end;
        Ok(match self.order {
            Order::Anchor => store.facts_by_anchor(tenant, after, end, *page_rows).await?,
            Order::Start => store.facts_by_start(tenant, after, end, *page_rows).await?,
        })
    }

    fn place_of(&self, row: &FactsRow) -> Place {
        let at = if self.order == Order::Anchor { row.anchor } else { row.created_at };
        (at, row.contact.clone())
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
        let take = |_, mut facts: ContactFacts| {
            let place = this.place(&facts);
            if this.window.holds(place.0) && place > this.position && (this.wanted)(&facts) {
                facts.intervals = Vec::new();
                waiting.insert(place, facts);
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
