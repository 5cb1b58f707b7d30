//! What must always hold between tables. Used by `doctor` and by the crash tests.

use crate::{Store, StoreError};
use std::collections::HashSet;
use touchline_model::TenantId;

const NUMBERS: &str = "SELECT t.seq, COALESCE(MAX(c.seq), 0), COUNT(c.seq) FROM tenants t \
     LEFT JOIN changes c ON c.tenant = t.tenant WHERE t.tenant = ? GROUP BY t.tenant, t.seq";
const UNNUMBERED: &str = "SELECT c.id FROM contacts c LEFT JOIN changes h ON h.tenant = c.tenant AND h.seq = c.seq \
     AND h.id = c.id WHERE c.tenant = ? AND h.seq IS NULL ORDER BY c.id LIMIT 20";
const LOST_TRANSCRIPTS: &str = "SELECT t.contact FROM transcripts t LEFT JOIN contacts c ON c.tenant = t.tenant \
     AND c.id = t.contact WHERE t.tenant = ? AND c.id IS NULL ORDER BY t.contact LIMIT 20";
const LOST_ANALYSES: &str = "SELECT a.contact FROM analyses a LEFT JOIN transcripts t ON t.tenant = a.tenant \
     AND t.contact = a.contact WHERE a.tenant = ? AND t.contact IS NULL ORDER BY a.contact LIMIT 20";
const NOT_MATCHED: &str = "SELECT a.contact FROM analyses a JOIN topic_sets s ON s.tenant = a.tenant \
     AND s.state = 'visible' LEFT JOIN topic_results r ON r.tenant = a.tenant AND r.generation = s.generation \
     AND r.contact = a.contact WHERE a.tenant = ? AND r.contact IS NULL ORDER BY a.contact LIMIT 1000";
const UNFINISHED: &str = "SELECT c.id FROM contacts c WHERE c.tenant = ? AND (c.state = 'CONVERTING' \
     OR c.state = 'ANALYZING' OR (c.state = 'UPLOADED' AND c.audio_sha256 IS NOT NULL)) ORDER BY c.id";
const NOT_ANALYSED: &str = "SELECT t.contact FROM transcripts t LEFT JOIN analyses a ON a.tenant = t.tenant \
     AND a.contact = t.contact WHERE t.tenant = ? AND a.contact IS NULL ORDER BY t.contact";

impl Store {
    /// What does not fit together in a tenant: each a sentence. Empty when all is well.
    pub async fn inconsistencies(&self, tenant: &TenantId) -> Result<Vec<String>, StoreError> {
        let t = || vec![tenant.as_str().into()];
        let mut found = Vec::new();
        let numbers = self.first(NUMBERS, t(), |row| Ok((row.int(0)?, row.int(1)?, row.int(2)?))).await?;
        if let Some((seq, last, count)) = numbers
            && (seq != last || seq != count)
        {
            found.push(format!("{seq} changes were numbered, but {count} are there, the last is {last}"));
        }
        for (sql, what) in [
            (UNNUMBERED, "has no change with its number"),
            (LOST_TRANSCRIPTS, "has a transcript but is not there"),
            (LOST_ANALYSES, "has results but no transcript"),
        ] {
            let ids = self.query(sql, t(), |row| row.string(0)).await?;
            found.extend(ids.into_iter().map(|id| format!("contact `{id}` {what}")));
        }
        let jobs = self.jobs_page(tenant, None, usize::MAX >> 1).await?;
        let mut waiting = HashSet::new();
        for job in &jobs {
            let named = job.payload.get("contacts").and_then(|list| list.as_array()).into_iter().flatten();
            let named = named.chain(job.payload.get("contact"));
            waiting.extend(named.filter_map(|id| id.as_str()));
        }
        for (sql, what) in [(UNFINISHED, "waits in the pipeline"), (NOT_ANALYSED, "is not analysed")] {
            let ids = self.query(sql, t(), |row| row.string(0)).await?;
            let lost = ids.into_iter().filter(|id| !waiting.contains(id.as_str())).take(20);
            found.extend(lost.map(|id| format!("contact `{id}` {what}, but there is no job for it")));
        }
        let ids = self.query(NOT_MATCHED, t(), |row| row.string(0)).await?;
        let lost = ids.into_iter().filter(|id| !waiting.contains(id.as_str())).take(20);
        found.extend(lost.map(|id| format!("contact `{id}` was not matched against the visible topics")));
        Ok(found)
    }
}

pub(crate) const STATEMENTS: &[&str] =
    &[NUMBERS, UNNUMBERED, LOST_TRANSCRIPTS, LOST_ANALYSES, NOT_MATCHED, UNFINISHED, NOT_ANALYSED];
