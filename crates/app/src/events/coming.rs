//! Batches of events that are on their way into the store. While one is being written the next one is decided, and has
//! to know what the first says about families. It does not have to be right about it: what it took from here it holds
//! the store to, so that a batch which did not arrive is noticed.

use super::families::Node;
use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::{
    sync::{OwnedRwLockReadGuard, RwLock},
    time::Instant,
};
use touchline_model::TenantId;
use touchline_store::NodeSort;

/// So long after the last events it is quiet.
const QUIET: Duration = Duration::from_secs(2);
/// What can wait waits no longer than this.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// What is on its way, by tenant.
#[derive(Default)]
pub(crate) struct Ways {
    tenants: Mutex<HashMap<TenantId, Arc<Way>>>,
    rush: Mutex<Rush>,
}

#[derive(Default)]
struct Rush {
    /// When events came last.
    last: Option<Instant>,
    /// Since when something waits for the end of it.
    put_off: Option<Instant>,
}

/// To which families things belong.
pub(super) type Belonging = BTreeMap<NodeSort, HashMap<String, i64>>;

/// What a batch brings: one of its events, and what belongs where.
type Says = Arc<(String, Belonging)>;

/// What is on its way of one tenant.
#[derive(Default)]
pub(super) struct Way {
    /// Held by who decides about events: one after the other.
    pub(super) turn: tokio::sync::Mutex<()>,
    /// Read by each batch that is on its way. Who has the turn and may write here is alone.
    pub(super) road: Arc<RwLock<()>>,
    coming: Mutex<Vec<(u64, Says)>>,
}

/// Which families things will belong to.
#[derive(Clone, Default)]
pub(super) struct Coming(Vec<Says>);

impl Coming {
    /// To which family something will belong; the later batch knows better.
    pub(super) fn family_of(&self, (sort, id): Node<'_>) -> Option<i64> {
        self.0.iter().rev().find_map(|says| says.1.get(&sort)?.get(id).copied())
    }

    /// An event of the batch that is to arrive last.
    pub(super) fn last_event(&self) -> Option<&str> {
        self.0.last().map(|says| says.0.as_str())
    }
}

/// A batch that is on its way, until this is dropped.
pub(super) struct OnItsWay {
    way: Arc<Way>,
    number: u64,
    _road: OwnedRwLockReadGuard<()>,
}

impl Drop for OnItsWay {
    fn drop(&mut self) {
        self.way.list().retain(|(number, _)| *number != self.number);
    }
}

impl Ways {
    /// That of a tenant. Events come: there is a rush.
    pub(super) fn of(&self, tenant: &TenantId) -> Arc<Way> {
        self.rush.lock().unwrap_or_else(PoisonError::into_inner).last = Some(Instant::now());
        let mut tenants = self.tenants.lock().unwrap_or_else(PoisonError::into_inner);
        tenants.entry(tenant.clone()).or_default().clone()
    }

    /// Whether so much comes in that what can wait should: it would be done again for the next events of the same
    /// customers, and slows down who sends.
    pub(crate) fn are_crowded(&self) -> bool {
        let now = Instant::now();
        let mut rush = self.rush.lock().unwrap_or_else(PoisonError::into_inner);
        let crowded = rush.last.is_some_and(|last| now - last < QUIET);
        crowded && now - *rush.put_off.get_or_insert(now) < LONGEST_WAIT
    }

    /// What waited is done.
    pub(crate) fn caught_up(&self) {
        self.rush.lock().unwrap_or_else(PoisonError::into_inner).put_off = None;
    }
}

impl Way {
    fn list(&self) -> MutexGuard<'_, Vec<(u64, Says)>> {
        self.coming.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is on its way now.
    pub(super) fn coming(&self) -> Coming {
        Coming(self.list().iter().map(|(_, says)| says.clone()).collect())
    }

    /// A batch sets out with an event, and says so about these things. Only who has the turn may call this.
    pub(super) async fn sets_out(self: &Arc<Self>, event: String, nodes: Belonging) -> OnItsWay {
        let road = self.road.clone().read_owned().await;
        let mut list = self.list();
        let number = list.last().map_or(0, |(number, _)| number + 1);
        list.push((number, Arc::new((event, nodes))));
        OnItsWay { way: self.clone(), number, _road: road }
    }
}
