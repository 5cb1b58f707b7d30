//! What was worked out from the words of contacts.

use crate::{
    BadRow, Batch, Store, StoreError,
    sql::{id_list, json},
    topics,
};
use std::collections::HashMap;
use touchline_model::{CallStats, MediaTime, Speaker, Summary, TenantId};

/// What the analysis found in the transcript of a contact.
#[derive(Clone, Debug, PartialEq)]
pub struct Analysis {
    /// Version of the algorithms.
    pub version: u32,
    /// Talk statistics.
    pub stats: CallStats,
    /// What it was about.
    pub summary: Summary,
    /// The transcript's speakers, recognised.
    pub speakers: Vec<Speaker>,
}

const OUTDATED: &str =
    "SELECT contact FROM analyses WHERE tenant = ? AND version < ? ORDER BY contact LIMIT ?";
const PUT_ANALYSIS: &str = "INSERT INTO analyses (tenant, contact, version, stats, summary, speakers, \
     internal, external) VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (tenant, contact) DO UPDATE SET \
     version = excluded.version, stats = excluded.stats, summary = excluded.summary, speakers = excluded.speakers, \
     internal = excluded.internal, external = excluded.external";
const DELETE_ANALYSIS: &str = "DELETE FROM analyses WHERE tenant = ? AND contact = ?";
const ANALYSES: &str = "SELECT contact, version, stats, summary, speakers FROM analyses \
     WHERE tenant = ? AND contact IN (SELECT value FROM json_each(?))";

impl Batch {
    /// Writes the results of the analysis of a contact.
    pub fn put_analysis(&mut self, id: &str, it: &Analysis) -> &mut Self {
        let params = vec![
            self.t(),
            id.into(),
            it.version.into(),
            json(&it.stats),
            json(&it.summary),
            json(&it.speakers),
            MediaTime::from_secs(it.stats.internal_talk_time).micros().into(),
            MediaTime::from_secs(it.stats.external_talk_time).micros().into(),
        ];
        self.count_contact(id);
        self.run(PUT_ANALYSIS, params)
    }

    /// Drops the results of the analysis of a contact.
    pub fn delete_analysis(&mut self, id: &str) -> &mut Self {
        self.count_contact(id);
        self.run(DELETE_ANALYSIS, vec![self.t(), id.into()])
    }

    /// Drops what was worked out from the words of a contact: they are gone or others.
    pub fn drop_results(&mut self, id: &str) -> &mut Self {
        self.count_contact(id);
        self.run(DELETE_ANALYSIS, vec![self.t(), id.into()]);
        self.forget_found(id);
        self.run(topics::DELETE_OF_CONTACT, vec![self.t(), id.into(), self.t()])
    }
}

impl Store {
    /// Contacts whose results come from algorithms older than `version`.
    pub async fn outdated(
        &self,
        tenant: &TenantId,
        version: u32,
        limit: usize,
    ) -> Result<Vec<String>, StoreError> {
        let params = vec![tenant.as_str().into(), version.into(), (limit as i64).into()];
        self.query(OUTDATED, params, |row| row.string(0)).await
    }

    /// The results of the analysis of these contacts; contacts without are left out.
    pub async fn analyses(
        &self,
        tenant: &TenantId,
        contacts: &[String],
    ) -> Result<HashMap<String, Analysis>, StoreError> {
        let found = self.query(ANALYSES, vec![tenant.as_str().into(), id_list(contacts)], |row| {
            let version = u32::try_from(row.int(1)?).map_err(|e| BadRow::new(1, e))?;
            let analysis =
                Analysis { version, stats: row.json(2)?, summary: row.json(3)?, speakers: row.json(4)? };
            Ok((row.string(0)?, analysis))
        });
        Ok(found.await?.into_iter().collect())
    }
}

pub(crate) const STATEMENTS: &[&str] = &[OUTDATED, PUT_ANALYSIS, DELETE_ANALYSIS, ANALYSES];
