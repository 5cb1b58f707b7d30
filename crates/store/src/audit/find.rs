//! Entries of the audit trail by who, what, to what and when; quick however long the trail is.

use super::{AuditEntry, entry};
use crate::{Store, StoreError, Value};
use touchline_model::{TenantId, Timestamp};

/// By what entries are looked up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuditBy<'a> {
    /// All of them.
    Number,
    /// Those of an actor.
    Actor(&'a str),
    /// Those of an action.
    Action(&'a str),
    /// Those about an object.
    Object(&'a str),
}

/// A part of the trail: entries between two numbers, which are left out themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AuditSpan {
    /// Entries have greater numbers.
    pub above: i64,
    /// Entries have smaller numbers.
    pub below: i64,
}

macro_rules! found {
    ($by:literal, $order:literal) => {
        concat!(
            "SELECT n, at, actor, source, action, object, detail, hash FROM audit \
             WHERE tenant = ? AND n > ? AND n < ?",
            $by,
            " ORDER BY n",
            $order,
            " LIMIT ?"
        )
    };
}
const ALL: &str = found!("", "");
const ALL_DOWN: &str = found!("", " DESC");
const ACTOR: &str = found!(" AND actor = ?", "");
const ACTOR_DOWN: &str = found!(" AND actor = ?", " DESC");
const ACTION: &str = found!(" AND action = ?", "");
const ACTION_DOWN: &str = found!(" AND action = ?", " DESC");
const OBJECT: &str = found!(" AND object = ?", "");
const OBJECT_DOWN: &str = found!(" AND object = ?", " DESC");
const AT: &str = "SELECT at FROM audit WHERE tenant = ? AND n >= ? ORDER BY n LIMIT 1";
const LAST: &str = "SELECT audit_n FROM tenants WHERE tenant = ?";
// One step from each action to the next: a list of distinct ones would read the whole trail.
const NEXT_ACTION: &str = "SELECT action FROM audit WHERE tenant = ? AND action > ? ORDER BY action LIMIT 1";

pub(crate) const STATEMENTS: &[&str] =
    &[ALL, ALL_DOWN, ACTOR, ACTOR_DOWN, ACTION, ACTION_DOWN, OBJECT, OBJECT_DOWN, AT, LAST, NEXT_ACTION];

impl Store {
    /// Entries of a part of the trail, by number upwards, or downwards with `newest_first`.
    pub async fn audit_rows(
        &self,
        tenant: &TenantId,
        by: AuditBy<'_>,
        span: AuditSpan,
        newest_first: bool,
        limit: usize,
    ) -> Result<Vec<AuditEntry>, StoreError> {
        let mut params: Vec<Value> = vec![tenant.as_str().into(), span.above.into(), span.below.into()];
        let (up, down) = match by {
            AuditBy::Number => (ALL, ALL_DOWN),
            AuditBy::Actor(actor) => {
                params.push(actor.into());
                (ACTOR, ACTOR_DOWN)
            }
            AuditBy::Action(action) => {
                params.push(action.into());
                (ACTION, ACTION_DOWN)
            }
            AuditBy::Object(object) => {
                params.push(object.into());
                (OBJECT, OBJECT_DOWN)
            }
        };
        params.push(i64::try_from(limit).unwrap_or(i64::MAX).into());
        self.query(if newest_first { down } else { up }, params, entry).await
    }

    /// Number of the first entry written at an instant or later; one more than the last when there is none. Times never
    /// go back along the trail, so some twenty single entries are read, and no index is needed.
    pub async fn audit_number_at(&self, tenant: &TenantId, at: Timestamp) -> Result<i64, StoreError> {
        let last = self.first(LAST, vec![tenant.as_str().into()], |row| row.int(0)).await?;
        let Some(last) = last else { return Err(StoreError::NoTenant(tenant.0.clone())) };
        let (mut low, mut high) = (1, last + 1);
        while low < high {
            let middle = low + (high - low) / 2;
            let params = vec![tenant.as_str().into(), middle.into()];
            match self.first(AT, params, |row| row.time(0)).await? {
                Some(found) if found < at => low = middle + 1,
                _ => high = middle,
            }
        }
        Ok(low)
    }

    /// The actions that occur in the trail, in alphabetical order, at most `most`.
    pub async fn audit_actions(&self, tenant: &TenantId, most: usize) -> Result<Vec<String>, StoreError> {
        let mut actions: Vec<String> = Vec::new();
        while actions.len() < most {
            let after = actions.last().map_or("", String::as_str);
            let params = vec![tenant.as_str().into(), after.into()];
            match self.first(NEXT_ACTION, params, |row| row.string(0)).await? {
                Some(action) => actions.push(action),
                None => break,
            }
        }
        Ok(actions)
    }
}
