//! Which customers are one. Whatever one event names belongs together: a contact, its conversation, its customer, and
//! what was merged into what. Such a family is worked out as a whole, because one contact's times depend on the others
//! of the same customer (contract gladly X-8).

use super::coming::Coming;
use std::collections::{BTreeMap, HashMap};
use touchline_model::{
    Event, EventContent, TenantId, Timestamp,
    events::{ConversationChange, ConversationEvent},
};
use touchline_store::{Batch, NodeSort, Store, StoreError};

/// What stands before the contact's id in the conversation and the customer of a contact that came without events.
pub(super) const OWN_PREFIX: &str = "contact:";

/// The contact of a conversation or a customer of our own making.
pub(crate) fn own_contact(id: &str) -> Option<&str> {
    id.strip_prefix(OWN_PREFIX)
}

/// A thing that events name.
pub(super) type Node<'a> = (NodeSort, &'a str);

/// The families that some events touch, while they are being joined.
pub(crate) struct Families<'a> {
    epoch: i64,
    nodes: HashMap<Node<'a>, Place>,
    /// Things that are on their way into the store: this holds only if they arrive.
    assumed: Vec<(Node<'a>, i64)>,
    /// Each family's number, and whether the store has it.
    numbers: Vec<(i64, bool)>,
    /// Which family each one has become part of; itself at first.
    into: Vec<usize>,
}

/// Where a thing is.
#[derive(Clone, Copy)]
struct Place {
    /// Its family, as a position in `numbers`.
    family: usize,
    /// Whether the store has it, or has it on its way.
    stored: bool,
}

/// Everything that an event names. Our own conversations and customers stand for their contacts.
pub(crate) fn nodes_of(event: &Event) -> Vec<Node<'_>> {
    fn node(sort: NodeSort, id: &str) -> Node<'_> {
        match own_contact(id) {
            Some(contact) if sort != NodeSort::Contact => (NodeSort::Contact, contact),
            _ => (sort, id),
        }
    }
    let mut nodes = Vec::new();
    if let Some(id) = event.customer_id() {
        nodes.push(node(NodeSort::Customer, id.as_str()));
    }
    if let Some(id) = event.conversation_id() {
        nodes.push(node(NodeSort::Conversation, id.as_str()));
    }
    if let Some(id) = event.contact_id() {
        nodes.push(node(NodeSort::Contact, id.as_str()));
    }
    match &event.content {
        EventContent::CustomerMerged { into_customer_id, .. } => {
            nodes.push(node(NodeSort::Customer, into_customer_id.as_str()));
        }
        EventContent::Conversation(ConversationEvent {
            change: ConversationChange::Merged { into_conversation_id },
            ..
        }) => nodes.push(node(NodeSort::Conversation, into_conversation_id.as_str())),
        _ => {}
    }
    nodes
}

/// Bits of a family's number that tell it from others of the same hour.
const WITHIN_HOUR: u32 = 42;
/// Hours up to the year 2089.
const LAST_HOUR: i64 = (1 << 20) - 1;

/// The number of a family that begins with this thing, first heard of in an event of this time. Two that happen to get
/// the same are worked out together, which does no harm.
///
/// The hour stands first: what comes together then lies together in every index of families, and a batch writes a few
/// pages of them instead of a page for each family.
pub(crate) fn number(sort: NodeSort, id: &str, first: Timestamp) -> i64 {
    let hash = uuid::Uuid::new_v5(&uuid::Uuid::NAMESPACE_OID, format!("{}/{id}", sort.name()).as_bytes());
    let (high, _) = hash.as_u64_pair();
    let within = i64::try_from(high >> (64 - WITHIN_HOUR)).unwrap_or_default();
    let hour = (first.micros() / 3_600_000_000).clamp(0, LAST_HOUR);
    hour << WITHIN_HOUR | within
}

impl<'a> Families<'a> {
    /// What the store knows of everything that events name, or will know once what is on its way has arrived.
    pub(super) async fn read(
        store: &Store,
        tenant: &TenantId,
        named: &[Vec<Node<'a>>],
        coming: &Coming,
    ) -> Result<Self, StoreError> {
        // Before the nodes: what is read of them is held by it.
        let epoch = store.family_epoch(tenant).await?;
        let mut wanted: BTreeMap<NodeSort, Vec<&'a str>> = BTreeMap::new();
        for (sort, id) in named.iter().flatten() {
            wanted.entry(*sort).or_default().push(id);
        }
        let mut families =
            Self { epoch, nodes: HashMap::new(), assumed: vec![], numbers: vec![], into: vec![] };
        let mut known: HashMap<i64, usize> = HashMap::new();
        for (sort, mut ids) in wanted {
            ids.sort_unstable();
            ids.dedup();
            let found: HashMap<String, i64> =
                store.event_nodes(tenant, sort, &ids).await?.into_iter().collect();
            for id in ids {
                let node = (sort, id);
                let number = match found.get(id) {
                    Some(number) => *number,
                    None => {
                        let Some(number) = coming.family_of(node) else { continue };
                        families.assumed.push((node, number));
                        number
                    }
                };
                let family = *known.entry(number).or_insert_with(|| families.add(number, true));
                families.nodes.insert(node, Place { family, stored: true });
            }
        }
        Ok(families)
    }

    /// Makes everything that an event names one family; which, to be asked by [`Self::of`] once all are joined.
    pub(super) fn join(&mut self, nodes: &[Node<'a>], first: Timestamp) -> Option<usize> {
        let mut here = None;
        for node in nodes {
            let there = match (self.nodes.get(node), here) {
                (Some(place), _) => self.root(place.family),
                (None, here) => {
                    let family = here.unwrap_or_else(|| self.begin(number(node.0, node.1, first)));
                    self.nodes.insert(*node, Place { family, stored: false });
                    family
                }
            };
            here = Some(here.map_or(there, |here| self.unite(here, there)));
        }
        here
    }

    fn begin(&mut self, number: i64) -> usize {
        // A family that is there by this number, by accident or because it began with the same thing.
        if let Some(at) = self.numbers.iter().position(|it| it.0 == number) {
            return self.root(at);
        }
        self.add(number, false)
    }

    fn add(&mut self, number: i64, stored: bool) -> usize {
        self.numbers.push((number, stored));
        self.into.push(self.into.len());
        self.into.len() - 1
    }

    fn root(&self, mut at: usize) -> usize {
        while self.into[at] != at {
            at = self.into[at];
        }
        at
    }

    fn unite(&mut self, one: usize, other: usize) -> usize {
        let (one, other) = (self.root(one), self.root(other));
        // What is in the store stays: nothing has to be moved then.
        let (stays, goes) =
            if self.numbers[other].1 && !self.numbers[one].1 { (other, one) } else { (one, other) };
        self.into[goes] = stays;
        stays
    }

    /// The number of a family.
    pub(super) fn of(&self, family: usize) -> i64 {
        self.numbers[self.root(family)].0
    }

    /// Whether the store knew this contact.
    pub(super) fn knew_contact(&self, contact: &str) -> bool {
        self.nodes.get(&(NodeSort::Contact, contact)).is_some_and(|place| place.stored)
    }

    /// The family of a contact.
    pub(super) fn of_contact(&self, contact: &str) -> Option<i64> {
        self.nodes.get(&(NodeSort::Contact, contact)).map(|place| self.of(place.family))
    }

    /// Writes what is new: things, and families that became one.
    pub(super) fn write(&self, batch: &mut Batch) {
        let mut gone: Vec<(i64, i64)> = (0..self.numbers.len())
            .map(|at| (self.numbers[at], self.of(at)))
            .filter(|((before, stored), now)| *stored && before != now)
            .map(|((before, _), now)| (before, now))
            .collect();
        gone.sort_unstable();
        match gone.is_empty() {
            true => batch.hold_families(self.epoch),
            false => batch.move_family_epoch(self.epoch),
        };
        // Before they are moved.
        for sort in NodeSort::ALL {
            let of_sort = self.assumed.iter().filter(|((it, _), _)| *it == sort);
            let held: Vec<(&str, i64)> = of_sort.map(|((_, id), family)| (*id, *family)).collect();
            if !held.is_empty() {
                batch.hold_nodes(sort, &held);
            }
        }
        for (before, now) in gone {
            batch.join_families(before, now);
        }
        // Always in the same order, so that two writers wait for each other instead of blocking each other.
        let mut fresh: Vec<(Node<'_>, i64)> = self.fresh().collect();
        fresh.sort_unstable();
        for ((sort, id), family) in fresh {
            batch.put_node(sort, id, family);
        }
    }

    /// Things that the store is to hear of.
    pub(super) fn fresh(&self) -> impl Iterator<Item = (Node<'a>, i64)> {
        let new = self.nodes.iter().filter(|(_, place)| !place.stored);
        new.map(|(node, place)| (*node, self.of(place.family)))
    }

    /// For each family: from when to when the events lie.
    pub(super) fn touched(
        &self,
        events: &[&Event],
        of_each: &[Option<usize>],
    ) -> Vec<(i64, Timestamp, Timestamp)> {
        let mut spans: BTreeMap<i64, (Timestamp, Timestamp)> = BTreeMap::new();
        for (event, family) in events.iter().zip(of_each) {
            let Some(family) = family else { continue };
            let (first, last) = touchline_store::span_of(event);
            let span = spans.entry(self.of(*family)).or_insert((first, last));
            *span = (span.0.min(first), span.1.max(last));
        }
        spans.into_iter().map(|(family, (first, last))| (family, first, last)).collect()
    }
}
