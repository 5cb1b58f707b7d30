//! Which contacts, conversations and customers belong together (migration 0003), and how far contacts have been looked
//! at for the events that they tell of themselves (migration 0004).

use crate::{Batch, Position, Store, StoreError, Value, sql::id_list};
use touchline_model::{TenantId, Timestamp};

/// What an event can name that makes customers one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "each is the noun of that name")]
pub enum NodeSort {
    Contact,
    Conversation,
    Customer,
}

impl NodeSort {
    /// Every sort.
    pub const ALL: [Self; 3] = [Self::Contact, Self::Conversation, Self::Customer];
    /// The name in the store.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Contact => "contact",
            Self::Conversation => "conversation",
            Self::Customer => "customer",
        }
    }
}

const NODES: &str = "SELECT id, family FROM event_nodes WHERE tenant = ? AND sort = ? \
     AND id IN (SELECT value FROM json_each(?))";
const PUT_NODE: &str = "INSERT INTO event_nodes (tenant, sort, id, family) VALUES (?, ?, ?, ?)";
const DROP_NODE: &str = "DELETE FROM event_nodes WHERE tenant = ? AND sort = ? AND id = ?";
const NODES_OF: &str = "SELECT id FROM event_nodes WHERE tenant = ? AND family = ? AND sort = ? ORDER BY id";
const EPOCH: &str = "SELECT family_epoch FROM tenants WHERE tenant = ?";
const HOLD_EPOCH: &str = "UPDATE tenants SET seq = seq WHERE tenant = ? AND family_epoch = ?";
const HOLD_NODES: &str = "UPDATE tenants SET seq = seq WHERE tenant = ? AND NOT EXISTS (SELECT 1 FROM json_each(?) \
     WHERE NOT EXISTS (SELECT 1 FROM event_nodes WHERE tenant = ? AND sort = ? AND id = SUBSTR(value, 21) \
     AND family = CAST(SUBSTR(value, 1, 20) AS BIGINT)))";
const HOLD_EVENT: &str = "UPDATE tenants SET seq = seq WHERE tenant = ? AND EXISTS (SELECT 1 FROM events \
     WHERE tenant = ? AND id = ?)";
const MOVE_EPOCH: &str =
    "UPDATE tenants SET family_epoch = family_epoch + 1 WHERE tenant = ? AND family_epoch = ?";
const JOIN_EVENTS: &str = "UPDATE events SET family = ? WHERE tenant = ? AND family = ?";
const JOIN_NODES: &str = "UPDATE event_nodes SET family = ? WHERE tenant = ? AND family = ?";
const JOIN_BOUNDS: &str = "INSERT INTO event_families (tenant, family, first_at, settled_at, changed, state, open) \
     SELECT tenant, CAST(? AS BIGINT), first_at, settled_at, changed, 0, 1 FROM event_families \
     WHERE tenant = ? AND family = ? ON CONFLICT (tenant, family) DO UPDATE SET state = 0, open = 1, \
     first_at = CASE WHEN excluded.first_at < event_families.first_at THEN excluded.first_at \
     ELSE event_families.first_at END, \
     settled_at = CASE WHEN excluded.settled_at > event_families.settled_at THEN excluded.settled_at \
     ELSE event_families.settled_at END";
// The family as it is when the batch is written: it may have got its events a moment ago.
const ERASE_EVENTS: &str = "DELETE FROM events WHERE tenant = ? AND contact = ? AND family IN \
     (SELECT family FROM event_nodes WHERE tenant = ? AND sort = 'contact' AND id = ?)";
const ERASE_FACTS: &str = "UPDATE event_families SET state = 0, open = 1, changed = ? WHERE tenant = ? AND family IN \
     (SELECT family FROM event_nodes WHERE tenant = ? AND sort = 'contact' AND id = ?)";
const TOLD_SINCE: &str = "SELECT MIN(recorded_at) FROM events WHERE tenant = ? AND contact = ? AND family IN \
     (SELECT family FROM event_nodes WHERE tenant = ? AND sort = 'contact' AND id = ?)";
const HOLD_UNERASED: &str = "UPDATE tenants SET seq = seq WHERE tenant = ? AND NOT EXISTS (SELECT 1 FROM tombstones \
     WHERE tenant = ? AND id IN (SELECT value FROM json_each(?)))";
const HOLD_UNTOLD: &str = "UPDATE tenants SET seq = seq WHERE tenant = ? AND NOT EXISTS (SELECT 1 FROM events \
     WHERE tenant = ? AND family IN (SELECT CAST(value AS BIGINT) FROM json_each(?)) AND own = 0 \
     AND contact IN (SELECT value FROM json_each(?)))";
const OWN_UP_TO: &str = "SELECT own_at, own_seq FROM tenants WHERE tenant = ?";
const MOVE_OWN: &str =
    "UPDATE tenants SET own_at = ?, own_seq = ? WHERE tenant = ? AND own_at = ? AND own_seq = ?";

impl Batch {
    /// Says to which family something belongs. A conflict means that somebody else has said so.
    pub fn put_node(&mut self, sort: NodeSort, id: &str, family: i64) -> &mut Self {
        let tenant = Value::Text(self.tenant.0.clone());
        self.run(PUT_NODE, vec![tenant, sort.name().into(), id.into(), family.into()])
    }

    /// A conflict means that families were joined since the caller read the epoch.
    pub fn hold_families(&mut self, epoch: i64) -> &mut Self {
        let params = vec![Value::Text(self.tenant.0.clone()), epoch.into()];
        self.run(HOLD_EPOCH, params).expect(1)
    }

    /// A conflict means that one of these things does not belong to that family.
    pub fn hold_nodes(&mut self, sort: NodeSort, nodes: &[(&str, i64)]) -> &mut Self {
        let tenant = || Value::Text(self.tenant.0.clone());
        let all: Vec<String> = nodes.iter().map(|(id, family)| format!("{family:020}{id}")).collect();
        let params = vec![tenant(), id_list(&all), tenant(), sort.name().into()];
        self.run(HOLD_NODES, params).expect(1)
    }

    /// A conflict means that this event is not there (yet): events of one instant count in order of arrival.
    pub fn hold_event(&mut self, id: &str) -> &mut Self {
        let tenant = || Value::Text(self.tenant.0.clone());
        let params = vec![tenant(), tenant(), id.into()];
        self.run(HOLD_EVENT, params).expect(1)
    }

    /// Announces that this batch joins families; instead of [`Batch::hold_families`].
    pub fn move_family_epoch(&mut self, epoch: i64) -> &mut Self {
        let params = vec![Value::Text(self.tenant.0.clone()), epoch.into()];
        self.run(MOVE_EPOCH, params).expect(1)
    }

    /// Makes one family part of another; what was worked out of it is dropped.
    pub fn join_families(&mut self, gone: i64, stays: i64) -> &mut Self {
        let tenant = Value::Text(self.tenant.0.clone());
        for sql in [JOIN_EVENTS, JOIN_NODES, JOIN_BOUNDS] {
            self.run(sql, vec![stays.into(), tenant.clone(), gone.into()]);
        }
        self.forget_family(gone)
    }

    /// Drops every event of a contact that is erased, and has its family worked out again.
    pub fn erase_events(&mut self, contact: &str) -> &mut Self {
        let tenant = || Value::Text(self.tenant.0.clone());
        let (events, facts, node) = (
            vec![tenant(), contact.into(), tenant(), contact.into()],
            vec![Value::Seq, tenant(), tenant(), contact.into()],
            vec![tenant(), NodeSort::Contact.name().into(), contact.into()],
        );
        self.run(ERASE_EVENTS, events).run(ERASE_FACTS, facts).run(DROP_NODE, node)
    }

    /// A conflict means that one of these contacts was erased.
    pub fn hold_unerased(&mut self, contacts: &[String]) -> &mut Self {
        let tenant = || Value::Text(self.tenant.0.clone());
        let params = vec![tenant(), tenant(), id_list(contacts)];
        self.run(HOLD_UNERASED, params).expect(1)
    }

    /// A conflict means that somebody else has told of one of these contacts, which are given with their families.
    pub fn hold_untold(&mut self, contacts: &[(String, i64)]) -> &mut Self {
        let tenant = || Value::Text(self.tenant.0.clone());
        let (ids, families): (Vec<String>, Vec<i64>) = contacts.iter().cloned().unzip();
        let params = vec![tenant(), tenant(), crate::sql::json(&families), id_list(&ids)];
        self.run(HOLD_UNTOLD, params).expect(1)
    }

    /// Says that contacts were looked at for their own events up to a place. A conflict means that somebody else has
    /// done so meanwhile.
    pub fn move_own_events(&mut self, from: Position, to: Position) -> &mut Self {
        let tenant = Value::Text(self.tenant.0.clone());
        let params = vec![to.0.into(), to.1.into(), tenant, from.0.into(), from.1.into()];
        self.run(MOVE_OWN, params).expect(1)
    }
}

impl Store {
    /// To which families these things belong; unknown ones are left out.
    pub async fn event_nodes<T: AsRef<str> + Sync>(
        &self,
        tenant: &TenantId,
        sort: NodeSort,
        ids: &[T],
    ) -> Result<Vec<(String, i64)>, StoreError> {
        let params = vec![tenant.as_str().into(), sort.name().into(), id_list(ids)];
        self.query(NODES, params, |row| Ok((row.string(0)?, row.int(1)?))).await
    }

    /// The things of one sort that belong to a family, by id.
    pub async fn nodes_of_family(
        &self,
        tenant: &TenantId,
        family: i64,
        sort: NodeSort,
    ) -> Result<Vec<String>, StoreError> {
        let params = vec![tenant.as_str().into(), family.into(), sort.name().into()];
        self.query(NODES_OF, params, |row| row.string(0)).await
    }

    /// How often families were joined; read before nodes, and held with what is decided by them.
    pub async fn family_epoch(&self, tenant: &TenantId) -> Result<i64, StoreError> {
        let epoch = self.first(EPOCH, vec![tenant.as_str().into()], |row| row.int(0)).await?;
        epoch.ok_or_else(|| StoreError::NoTenant(tenant.0.clone()))
    }

    /// When the first event about a contact was recorded; `None` when no event tells of it.
    pub async fn told_since(
        &self,
        tenant: &TenantId,
        contact: &str,
    ) -> Result<Option<Timestamp>, StoreError> {
        let tenant = || Value::from(tenant.as_str());
        let params = vec![tenant(), contact.into(), tenant(), contact.into()];
        Ok(self.first(TOLD_SINCE, params, |row| row.maybe_time(0)).await?.flatten())
    }

    /// Up to which place in the order of their changes contacts have been looked at for their own events.
    pub async fn own_events_up_to(&self, tenant: &TenantId) -> Result<Position, StoreError> {
        let place =
            self.first(OWN_UP_TO, vec![tenant.as_str().into()], |row| Ok((row.time(0)?, row.int(1)?)));
        place.await?.ok_or_else(|| StoreError::NoTenant(tenant.0.clone()))
    }
}

pub(crate) const STATEMENTS: &[&str] = &[
    NODES,
    PUT_NODE,
    DROP_NODE,
    NODES_OF,
    EPOCH,
    HOLD_EPOCH,
    HOLD_NODES,
    HOLD_EVENT,
    MOVE_EPOCH,
    JOIN_EVENTS,
    JOIN_NODES,
    JOIN_BOUNDS,
    ERASE_EVENTS,
    ERASE_FACTS,
    TOLD_SINCE,
    HOLD_UNERASED,
    HOLD_UNTOLD,
    OWN_UP_TO,
    MOVE_OWN,
];
