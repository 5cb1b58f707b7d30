//! What is worked out of events (migration 0003). A family of customers is worked out as a whole, over all its events;
//! the result holds at every horizon at or after the family's `settled_at`, and until another event of it arrives.

use crate::{BadRow, Batch, Row, Store, StoreError, Value};
use touchline_model::{Seq, TenantId, Timestamp};

/// How a family was worked out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WorkedOut {
    /// With handle time by assignment.
    Assignment = 1,
    /// With handle time by views.
    Views = 2,
}

/// The facts of one contact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FactsRow {
    /// Its end; while it is open its start.
    pub anchor: Timestamp,
    /// The contact.
    pub contact: String,
    /// Its family.
    pub family: i64,
    /// Its start.
    pub created_at: Timestamp,
    /// Everything, in a compact form that the app knows.
    pub body: Vec<u8>,
}

/// What agents did for one contact within a day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkRow {
    /// When the first of it began.
    pub start_at: Timestamp,
    /// Its family.
    pub family: i64,
    /// Tells those of a family apart that began together.
    pub n: i64,
    /// All of it, in a compact form that the app knows.
    pub body: Vec<u8>,
}

/// A family that has to be worked out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StaleFamily {
    /// Which.
    pub family: i64,
    /// The change that brought its last event; held with the result.
    pub changed: Seq,
}

// Until it is worked out, nobody knows whether all of its contacts have ended: it counts as open.
const TOUCH: &str = "INSERT INTO event_families (tenant, family, first_at, settled_at, changed, state, open) \
     VALUES (?, ?, ?, ?, ?, 0, 1) ON CONFLICT (tenant, family) DO UPDATE SET state = 0, open = 1, \
     changed = excluded.changed, \
     first_at = CASE WHEN excluded.first_at < event_families.first_at THEN excluded.first_at \
     ELSE event_families.first_at END, \
     settled_at = CASE WHEN excluded.settled_at > event_families.settled_at THEN excluded.settled_at \
     ELSE event_families.settled_at END";
const STALE_AGAIN: &str =
    "UPDATE event_families SET state = 0, open = 1, changed = ? WHERE tenant = ? AND family = ?";
const DONE: &str =
    "UPDATE event_families SET state = ?, open = ? WHERE tenant = ? AND family = ? AND changed = ?";
const DROP_FAMILY: &str = "DELETE FROM event_families WHERE tenant = ? AND family = ?";
const DROP_FAMILY_IF: &str = "DELETE FROM event_families WHERE tenant = ? AND family = ? AND changed = ?";
const DROP_NODES: &str = "DELETE FROM event_nodes WHERE tenant = ? AND family = ?";
const DROP_FACTS: &str = "DELETE FROM contact_facts WHERE tenant = ? AND family = ?";
const DROP_WORK: &str = "DELETE FROM agent_work WHERE tenant = ? AND family = ?";
const PUT_FACTS: &str = "INSERT INTO contact_facts (tenant, anchor, contact, family, created_at, body) \
     VALUES (?, ?, ?, ?, ?, ?)";
const PUT_WORK: &str = "INSERT INTO agent_work (tenant, start_at, family, n, body) VALUES (?, ?, ?, ?, ?)";
const STALE: &str =
    "SELECT family, changed FROM event_families WHERE tenant = ? AND state = ? ORDER BY family LIMIT ?";
const ALL_STALE: &str = "UPDATE event_families SET state = 0 WHERE tenant = ?";
const STRAY_FACTS: &str = "DELETE FROM contact_facts WHERE tenant = ? \
     AND family NOT IN (SELECT family FROM event_families WHERE tenant = ?)";
const STRAY_WORK: &str = "DELETE FROM agent_work WHERE tenant = ? \
     AND family NOT IN (SELECT family FROM event_families WHERE tenant = ?)";
// Each in its own index; the window leaves out what cannot matter.
const UNSETTLED: &str = "SELECT family FROM event_families WHERE tenant = ? AND settled_at > ? AND settled_at >= ? \
     AND first_at < ? AND first_at <= ?";
const NOT_DONE: &str = "SELECT family FROM event_families WHERE tenant = ? AND state = ? AND settled_at >= ? \
     AND first_at < ? AND first_at <= ?";
const OPEN: &str =
    "SELECT family FROM event_families WHERE tenant = ? AND open = 1 AND first_at < ? AND first_at <= ?";
const CHANGED: &str = "SELECT family, changed FROM event_families WHERE tenant = ? AND changed > ?";
const BY_ANCHOR: &str = "SELECT anchor, contact, family, created_at, body FROM contact_facts WHERE tenant = ? \
     AND (anchor, contact) > (?, ?) AND anchor < ? ORDER BY anchor, contact LIMIT ?";
const BY_START: &str = "SELECT anchor, contact, family, created_at, body FROM contact_facts WHERE tenant = ? \
     AND (created_at, contact) > (?, ?) AND created_at < ? ORDER BY created_at, contact LIMIT ?";
const WORK: &str = "SELECT start_at, family, body FROM agent_work WHERE tenant = ? AND start_at >= ? AND start_at < ? \
     ORDER BY start_at, family, n LIMIT ?";

/// The facts of many contacts, in order. A report reads millions of them: none has memory of its own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FactsPage {
    rows: Vec<Kept>,
    contacts: String,
    bodies: Vec<u8>,
}

/// One of a page: where its contact's id and its body end.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Kept {
    anchor: Timestamp,
    created_at: Timestamp,
    family: i64,
    contact_end: usize,
    body_end: usize,
}

/// The facts of one contact, borrowed from a page; as in [`FactsRow`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FactsRef<'a> {
    /// Its end; while it is open its start.
    pub anchor: Timestamp,
    /// The contact.
    pub contact: &'a str,
    /// Its family.
    pub family: i64,
    /// Its start.
    pub created_at: Timestamp,
    /// Everything, in a compact form that the app knows.
    pub body: &'a [u8],
}

impl FactsPage {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// One of them, by its place from 0.
    pub fn get(&self, place: usize) -> Option<FactsRef<'_>> {
        let row = self.rows.get(place)?;
        let before = place.checked_sub(1).and_then(|before| self.rows.get(before));
        let (contact, body) = before.map_or((0, 0), |before| (before.contact_end, before.body_end));
        Some(FactsRef {
            anchor: row.anchor,
            contact: &self.contacts[contact..row.contact_end],
            family: row.family,
            created_at: row.created_at,
            body: &self.bodies[body..row.body_end],
        })
    }

    /// All of them, in order.
    pub fn iter(&self) -> impl Iterator<Item = FactsRef<'_>> {
        (0..self.len()).filter_map(|place| self.get(place))
    }

    fn add(&mut self, row: &Row<'_>) -> Result<(), BadRow> {
        let (anchor, family, created_at) = (row.time(0)?, row.int(2)?, row.time(3)?);
        self.contacts.push_str(row.text(1)?);
        self.bodies.extend_from_slice(row.bytes(4)?);
        let (contact_end, body_end) = (self.contacts.len(), self.bodies.len());
        self.rows.push(Kept { anchor, created_at, family, contact_end, body_end });
        Ok(())
    }
}

impl FactsRef<'_> {
    /// The same with memory of its own.
    pub fn to_row(self) -> FactsRow {
        let Self { anchor, contact, family, created_at, body } = self;
        FactsRow { anchor, contact: contact.to_owned(), family, created_at, body: body.to_vec() }
    }
}

/// What agents did for many contacts, in order of beginning.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WorkPage {
    /// When it began, which family it is of, and where its body ends.
    rows: Vec<(Timestamp, i64, usize)>,
    bodies: Vec<u8>,
}

impl WorkPage {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// When the last one began.
    pub fn last(&self) -> Option<Timestamp> {
        self.rows.last().map(|row| row.0)
    }

    /// Leaves out what begins at an instant or later.
    pub fn end_before(&mut self, instant: Timestamp) {
        self.rows.retain(|row| row.0 < instant);
    }

    /// Each one: when it began, its family, and its body as in [`WorkRow`].
    pub fn iter(&self) -> impl Iterator<Item = (Timestamp, i64, &[u8])> {
        let mut from = 0;
        self.rows.iter().map(move |(start_at, family, to)| {
            let body = &self.bodies[from..*to];
            from = *to;
            (*start_at, *family, body)
        })
    }
}

impl Batch {
    fn family(&self, family: i64) -> Vec<Value> {
        vec![Value::Text(self.tenant.0.clone()), family.into()]
    }

    /// Something of a family happened between these instants: it has to be worked out again. Counts as part of the
    /// change that was added to the batch last.
    pub fn touch_family(&mut self, family: i64, first: Timestamp, settled: Timestamp) -> &mut Self {
        let mut params = self.family(family);
        params.extend([first.into(), settled.into(), Value::Seq]);
        self.run(TOUCH, params)
    }

    /// The same, when events of it were dropped.
    pub fn family_lost_events(&mut self, family: i64) -> &mut Self {
        let tenant = Value::Text(self.tenant.0.clone());
        self.run(STALE_AGAIN, vec![Value::Seq, tenant, family.into()])
    }

    /// Writes what was worked out of a family. A conflict means that another event of it arrived meanwhile.
    pub fn put_family(
        &mut self,
        stale: StaleFamily,
        how: WorkedOut,
        open: bool,
        facts: &[FactsRow],
        work: &[WorkRow],
    ) -> &mut Self {
        let tenant = Value::Text(self.tenant.0.clone());
        let family = stale.family;
        let state = how as i64;
        self.run(DONE, vec![state.into(), open.into(), tenant.clone(), family.into(), stale.changed.into()])
            .expect(1);
        self.drop_facts(family);
        for it in facts {
            let mut params = vec![tenant.clone(), it.anchor.into(), (&it.contact).into(), family.into()];
            params.extend([it.created_at.into(), it.body.clone().into()]);
            self.run(PUT_FACTS, params);
        }
        for it in work {
            let mut params = vec![tenant.clone(), it.start_at.into(), family.into(), it.n.into()];
            params.push(it.body.clone().into());
            self.run(PUT_WORK, params);
        }
        self
    }

    fn drop_facts(&mut self, family: i64) -> &mut Self {
        let (facts, work) = (self.family(family), self.family(family));
        self.run(DROP_FACTS, facts).run(DROP_WORK, work)
    }

    /// Drops a family without events. A conflict means that an event of it arrived meanwhile.
    pub fn drop_empty_family(&mut self, stale: StaleFamily) -> &mut Self {
        let mut family = self.family(stale.family);
        family.push(stale.changed.into());
        let nodes = self.family(stale.family);
        self.run(DROP_FAMILY_IF, family).expect(1).run(DROP_NODES, nodes);
        self.drop_facts(stale.family)
    }

    /// Drops what was worked out of a family that is part of another now.
    pub(crate) fn forget_family(&mut self, family: i64) -> &mut Self {
        let params = self.family(family);
        self.run(DROP_FAMILY, params);
        self.drop_facts(family)
    }

    /// Has every family worked out again. What is kept of them stays until then; strays go at once.
    pub fn distrust_facts(&mut self) -> &mut Self {
        let tenant = Value::Text(self.tenant.0.clone());
        for sql in [STRAY_FACTS, STRAY_WORK] {
            self.run(sql, vec![tenant.clone(), tenant.clone()]);
        }
        self.run(ALL_STALE, vec![tenant])
    }
}

/// A stretch of time for which a report asks, and as of when.
#[derive(Clone, Copy, Debug)]
pub struct Asked {
    /// From here.
    pub from: Timestamp,
    /// To here, which does not belong to it.
    pub to: Timestamp,
    /// As of when.
    pub horizon: Timestamp,
}

impl Store {
    /// Families that have to be worked out: those with new events (`how` absent), or those that were worked out in
    /// one way.
    pub async fn stale_families(
        &self,
        tenant: &TenantId,
        how: Option<WorkedOut>,
        limit: usize,
    ) -> Result<Vec<StaleFamily>, StoreError> {
        let state = how.map_or(0, |how| how as i64);
        let params = vec![tenant.as_str().into(), state.into(), (limit as i64).into()];
        self.query(STALE, params, |row| Ok(StaleFamily { family: row.int(0)?, changed: row.int(1)? })).await
    }

    /// Families of which what was worked out does not hold for what is asked, because they are not settled at the
    /// horizon, or were not worked out in this way. With `open`, also those with open contacts.
    pub async fn live_families(
        &self,
        tenant: &TenantId,
        asked: Asked,
        how: WorkedOut,
        open: bool,
    ) -> Result<Vec<i64>, StoreError> {
        let Asked { from, to, horizon } = asked;
        let tenant = || Value::from(tenant.as_str());
        let other = if how == WorkedOut::Views { WorkedOut::Assignment } else { WorkedOut::Views };
        let bounds = [from.into(), to.into(), horizon.into()];
        let with = |first: Value| [&[tenant(), first], &bounds[..]].concat();
        let mut reads = vec![
            (UNSETTLED, with(horizon.into())),
            (NOT_DONE, with(0_i64.into())),
            (NOT_DONE, with((other as i64).into())),
        ];
        if open {
            reads.push((OPEN, vec![tenant(), to.into(), horizon.into()]));
        }
        let found = self.query_together(reads, |_, row| row.int(0)).await?;
        let mut all = found.concat();
        all.sort_unstable();
        all.dedup();
        Ok(all)
    }

    /// Families of which events arrived or went after a change, with the change.
    pub async fn changed_families(
        &self,
        tenant: &TenantId,
        after: Seq,
    ) -> Result<Vec<(i64, Seq)>, StoreError> {
        let params = vec![tenant.as_str().into(), after.into()];
        self.query(CHANGED, params, |row| Ok((row.int(0)?, row.int(1)?))).await
    }

    /// Facts by anchor and contact, after a place in that order and before an instant.
    pub async fn facts_by_anchor(
        &self,
        tenant: &TenantId,
        after: (Timestamp, &str),
        before: Timestamp,
        limit: usize,
    ) -> Result<FactsPage, StoreError> {
        self.facts(BY_ANCHOR, page(tenant, after, before, limit), limit).await
    }

    /// Facts by start and contact, likewise.
    pub async fn facts_by_start(
        &self,
        tenant: &TenantId,
        after: (Timestamp, &str),
        before: Timestamp,
        limit: usize,
    ) -> Result<FactsPage, StoreError> {
        self.facts(BY_START, page(tenant, after, before, limit), limit).await
    }

    async fn facts(
        &self,
        sql: &'static str,
        params: Vec<Value>,
        limit: usize,
    ) -> Result<FactsPage, StoreError> {
        // Room for what is usual; more when there is more.
        let few = limit.min(8_192);
        let page = FactsPage {
            rows: Vec::with_capacity(few),
            contacts: String::with_capacity(few * 40),
            bodies: Vec::with_capacity(few * 320),
        };
        self.gather(sql, params, page, FactsPage::add).await
    }

    /// What agents did for contacts in `[from, before)`, in order of beginning.
    pub async fn agent_work(
        &self,
        tenant: &TenantId,
        from: Timestamp,
        before: Timestamp,
        limit: usize,
    ) -> Result<WorkPage, StoreError> {
        let params = vec![tenant.as_str().into(), from.into(), before.into(), (limit as i64).into()];
        let few = limit.min(8_192);
        let page = WorkPage { rows: Vec::with_capacity(few), bodies: Vec::with_capacity(few * 96) };
        self.gather(WORK, params, page, |page, row| {
            page.bodies.extend_from_slice(row.bytes(2)?);
            page.rows.push((row.time(0)?, row.int(1)?, page.bodies.len()));
            Ok(())
        })
        .await
    }
}

fn page(tenant: &TenantId, after: (Timestamp, &str), before: Timestamp, limit: usize) -> Vec<Value> {
    vec![tenant.as_str().into(), after.0.into(), after.1.into(), before.into(), (limit as i64).into()]
}

pub(crate) const STATEMENTS: &[&str] = &[
    TOUCH,
    STALE_AGAIN,
    DONE,
    DROP_FAMILY,
    DROP_FAMILY_IF,
    DROP_NODES,
    DROP_FACTS,
    DROP_WORK,
    PUT_FACTS,
    PUT_WORK,
    STALE,
    ALL_STALE,
    STRAY_FACTS,
    STRAY_WORK,
    UNSETTLED,
    NOT_DONE,
    OPEN,
    CHANGED,
    BY_ANCHOR,
    BY_START,
    WORK,
];
