//! What happened, in order of arrival (migration 0003). Events are never changed; reports are worked out from them
//! (store::facts). `families` says which customers are one.

pub(crate) mod families;

pub use families::NodeSort;

use crate::{BadRow, Batch, Row, Store, StoreError, Value, sql::id_list};
use std::borrow::Cow;
use touchline_model::{Event, EventContent, EventKind, Kind, Seq, TenantId, Timestamp};

/// An event's place in the order of arrival: the number of the change that brought it, and its place among those that
/// came with it.
pub type Arrival = (Seq, i64);

/// An event with its place.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredEvent {
    /// When it arrived.
    pub arrival: Arrival,
    /// The event.
    pub event: Event,
}

/// An event to be kept.
#[derive(Clone, Debug)]
pub struct NewEvent<'a> {
    /// The event.
    pub event: Cow<'a, Event>,
    /// The customers whom it concerns, as one number; none for what happens to agents and tasks.
    pub family: Option<i64>,
    /// Derived by us from a contact.
    pub own: bool,
}

macro_rules! row {
    () => {
        "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
    };
}
macro_rules! insert {
    ($first:expr $(, $more:expr)*) => {
        concat!(
            "INSERT INTO events (tenant, seq, part, id, kind, family, contact, agent, recorded_at, happened_at, \
             settled_at, counts, status, own, body) VALUES ",
            $first $(, ", ", $more)*
        )
    };
}
const INSERT: &str = insert!(row!());
/// Many events are written so many at a time: a database finds the next place sooner than a place.
const TOGETHER: usize = 8;
const INSERT_TOGETHER: &str = insert!(row!(), row!(), row!(), row!(), row!(), row!(), row!(), row!());
const BY_ID: &str = "SELECT seq, part, body, own FROM events WHERE tenant = ? \
     AND id IN (SELECT value FROM json_each(?))";
const AFTER: &str = "SELECT seq, part, body FROM events WHERE tenant = ? AND (seq, part) > (?, ?) \
     ORDER BY seq, part LIMIT ?";
const OF_FAMILIES: &str = "SELECT seq, part, body, family FROM events WHERE tenant = ? \
     AND family IN (SELECT CAST(value AS BIGINT) FROM json_each(?)) AND recorded_at <= ? AND seq <= ? \
     ORDER BY family, seq, part";
const TOLD: &str = "SELECT DISTINCT contact FROM events WHERE tenant = ? \
     AND family IN (SELECT CAST(value AS BIGINT) FROM json_each(?)) AND own = 0 \
     AND contact IN (SELECT value FROM json_each(?))";
const DROP_OWN: &str = "DELETE FROM events WHERE tenant = ? AND family = ? AND contact = ? AND own = 1";
const FIRST_VIEW: &str = "SELECT MIN(recorded_at) FROM events WHERE tenant = ? AND kind = 'X_AGENT_VIEW'";
// What concerns contacts and conversations is counted from what is worked out of their families.
const COUNTED: &str = "SELECT seq, part, body FROM events WHERE tenant = ? AND counts = 1 AND family IS NULL \
     AND (happened_at, seq, part) > (?, ?, ?) AND happened_at < ? AND recorded_at <= ? AND seq <= ? \
     ORDER BY happened_at, seq, part LIMIT ?";
const LAST_STATUS: &str = "SELECT seq, part, body, happened_at FROM events WHERE tenant = ? AND agent = ? \
     AND kind = ? AND status = 1 AND happened_at < ? AND recorded_at <= ? AND seq <= ? \
     ORDER BY happened_at DESC, seq DESC, part DESC LIMIT 1";
const STATUS_BETWEEN: &str = "SELECT seq, part, body FROM events WHERE tenant = ? AND agent = ? AND status = 1 \
     AND kind IN ('AGENT_STATUS/LOGGED_IN', 'AGENT_STATUS/LOGGED_OUT', 'AGENT_STATUS/WENT_AWAY', \
     'AGENT_STATUS/RETURNED_FROM_AWAY') AND happened_at >= ? AND happened_at < ? AND recorded_at <= ? AND seq <= ? \
     ORDER BY happened_at, seq, part";
const ZONE: &str = "SELECT time_zone FROM tenants WHERE tenant = ?";
const SET_ZONE: &str = "UPDATE tenants SET time_zone = ? WHERE tenant = ?";

/// When an event was recorded, and from when on nothing that it tells of changes any more.
pub fn span_of(event: &Event) -> (Timestamp, Timestamp) {
    match &event.content {
        EventContent::View(view) => (event.timestamp, event.timestamp.max(view.end_at)),
        _ => (event.timestamp, event.timestamp),
    }
}

fn changes_status(event: &Event) -> bool {
    matches!(event.content, EventContent::AgentStatus(_) | EventContent::Availability { .. })
}

/// Whether the summary of agents counts this kind of event (contract gladly §6). What is of a family is counted with
/// what is worked out of it, and needs no place in the index of those that count.
fn counts(event: &Event) -> bool {
    use EventKind as K;
    let kind = matches!(
        event.kind(),
        K::ContactStarted
            | K::ContactOffered
            | K::ContactOfferAccepted
            | K::ContactOfferRejected
            | K::ContactMessageSent
            | K::ContactTransferred
            | K::ContactEnded
            | K::ConversationClosed
    );
    let whose = kind || changes_status(event) || matches!(event.content, EventContent::Task { .. });
    whose && event.agent_id().is_some()
}

fn stored(row: &Row<'_>) -> Result<StoredEvent, BadRow> {
    Ok(StoredEvent { arrival: (row.int(0)?, row.int(1)?), event: row.json(2)? })
}

impl Batch {
    /// Keeps events. They become one change, whose id is that of the last of them; a conflict means that one of the ids
    /// is taken.
    pub fn add_events(&mut self, events: &[NewEvent<'_>]) -> &mut Self {
        let ([first, rest @ ..], Some(last)) = (events, events.last()) else { return self };
        let mut params = Vec::new();
        self.event(first, 0, &mut params);
        self.note(INSERT, params, Kind::Event, last.event.id.0.clone(), "put");
        let mut part = 1;
        for some in rest.chunks(TOGETHER) {
            let (sql, at_once) =
                if some.len() == TOGETHER { (INSERT_TOGETHER, TOGETHER) } else { (INSERT, 1) };
            for some in some.chunks(at_once) {
                let mut params = Vec::new();
                for event in some {
                    self.event(event, part, &mut params);
                    part += 1;
                }
                self.run(sql, params);
            }
        }
        self
    }

    fn event(&self, NewEvent { event, family, own }: &NewEvent<'_>, part: i64, params: &mut Vec<Value>) {
        params.extend([
            Value::Text(self.tenant.0.clone()),
            Value::Seq,
            part.into(),
            event.id.as_str().into(),
            event.kind().name().into(),
            (*family).into(),
            event.contact_id().map(touchline_model::ContactId::as_str).into(),
            event.agent_id().map(touchline_model::UserId::as_str).into(),
            event.timestamp.into(),
            event.happened_at().into(),
            span_of(event).1.into(),
            (family.is_none() && counts(event)).into(),
            changes_status(event).into(),
            (*own).into(),
            crate::sql::json(event.as_ref()),
        ]);
    }

    /// Drops what was derived from a contact.
    pub fn drop_own_events(&mut self, family: i64, contact: &str) -> &mut Self {
        let params = vec![Value::Text(self.tenant.0.clone()), family.into(), contact.into()];
        self.run(DROP_OWN, params)
    }

    /// Sets the organisation's time zone, an IANA name.
    pub fn set_time_zone(&mut self, zone: &str) -> &mut Self {
        let tenant = Value::Text(self.tenant.0.clone());
        self.run(SET_ZONE, vec![zone.into(), tenant])
    }
}

impl Store {
    /// The events with these ids, and whether each was derived by us; no order.
    pub async fn events_by_id<T: AsRef<str> + Sync>(
        &self,
        tenant: &TenantId,
        ids: &[T],
    ) -> Result<Vec<(StoredEvent, bool)>, StoreError> {
        self.query(BY_ID, vec![tenant.as_str().into(), id_list(ids)], |row| Ok((stored(row)?, row.flag(3)?)))
            .await
    }

    /// Events that arrived after a place, in order.
    pub async fn events_after(
        &self,
        tenant: &TenantId,
        after: Arrival,
        limit: usize,
    ) -> Result<Vec<StoredEvent>, StoreError> {
        let params = vec![tenant.as_str().into(), after.0.into(), after.1.into(), (limit as i64).into()];
        self.query(AFTER, params, stored).await
    }

    /// Events of families that were recorded by `recorded` and arrived by `arrived`: family by family, each in order of
    /// arrival.
    pub async fn events_of_families(
        &self,
        tenant: &TenantId,
        families: &[i64],
        recorded: Timestamp,
        arrived: Seq,
    ) -> Result<Vec<(i64, Event)>, StoreError> {
        let params =
            vec![tenant.as_str().into(), crate::sql::json(families), recorded.into(), arrived.into()];
        self.query(OF_FAMILIES, params, |row| Ok((row.int(3)?, row.json(2)?))).await
    }

    /// Those of the contacts about which somebody else has told events. Their families have to be named.
    pub async fn told_contacts(
        &self,
        tenant: &TenantId,
        families: &[i64],
        contacts: &[String],
    ) -> Result<Vec<String>, StoreError> {
        let params = vec![tenant.as_str().into(), crate::sql::json(families), id_list(contacts)];
        self.query(TOLD, params, |row| row.string(0)).await
    }

    /// When the first view of a customer by an agent was recorded.
    pub async fn first_view(&self, tenant: &TenantId) -> Result<Option<Timestamp>, StoreError> {
        let first = self.first(FIRST_VIEW, vec![tenant.as_str().into()], |row| row.maybe_time(0)).await?;
        Ok(first.flatten())
    }

    /// Events that count for agents and concern no customer, in order of happening, after a place in that order and before an instant, as far
    /// as recorded and arrived.
    pub async fn counted_events(
        &self,
        tenant: &TenantId,
        after: (Timestamp, Arrival),
        before: Timestamp,
        known: Known,
        limit: usize,
    ) -> Result<Vec<StoredEvent>, StoreError> {
        let (at, (seq, part)) = after;
        let Known { recorded, arrived } = known;
        let mut params = vec![tenant.as_str().into(), at.into(), seq.into(), part.into(), before.into()];
        params.extend([recorded.into(), arrived.into(), (limit as i64).into()]);
        self.query(COUNTED, params, stored).await
    }

    /// The last event of a kind that changed an agent's status before an instant.
    pub async fn last_status(
        &self,
        tenant: &TenantId,
        agent: &str,
        kind: EventKind,
        before: Timestamp,
        known: Known,
    ) -> Result<Option<StoredEvent>, StoreError> {
        let params = vec![
            tenant.as_str().into(),
            agent.into(),
            kind.name().into(),
            before.into(),
            known.recorded.into(),
            known.arrived.into(),
        ];
        self.first(LAST_STATUS, params, stored).await
    }

    /// Log-ins, log-outs and absences of an agent in `[from, before)`, in order of happening.
    pub async fn status_between(
        &self,
        tenant: &TenantId,
        agent: &str,
        from: Timestamp,
        before: Timestamp,
        known: Known,
    ) -> Result<Vec<StoredEvent>, StoreError> {
        let params = vec![
            tenant.as_str().into(),
            agent.into(),
            from.into(),
            before.into(),
            known.recorded.into(),
            known.arrived.into(),
        ];
        self.query(STATUS_BETWEEN, params, stored).await
    }

    /// The organisation's time zone, an IANA name.
    pub async fn time_zone(&self, tenant: &TenantId) -> Result<Option<String>, StoreError> {
        self.first(ZONE, vec![tenant.as_str().into()], |row| row.string(0)).await
    }
}

/// What is known of the world: what was recorded by an instant, and had arrived here with a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    /// Recorded by this instant.
    pub recorded: Timestamp,
    /// Arrived with this change or an earlier one.
    pub arrived: Seq,
}

pub(crate) const STATEMENTS: &[&str] = &[
    INSERT,
    INSERT_TOGETHER,
    BY_ID,
    AFTER,
    OF_FAMILIES,
    TOLD,
    DROP_OWN,
    FIRST_VIEW,
    COUNTED,
    LAST_STATUS,
    STATUS_BETWEEN,
    ZONE,
    SET_ZONE,
];
