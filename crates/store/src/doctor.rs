//! What must always hold between tables. Used by `doctor` and by the crash tests.

use crate::{Store, StoreError};
use std::collections::{HashMap, HashSet};
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
const PAYLOADS: &str = "SELECT payload FROM jobs WHERE tenant = ?";

/// Findings of one kind that are told at most.
const TOLD: usize = 20;

/// What a row says: an id, or the numbers of a tenant's changes.
enum Fact {
    Id(String),
    /// What a job has to do.
    Payload(serde_json::Value),
    Numbers(i64, i64, i64),
}

impl Fact {
    fn id(self) -> Option<String> {
        match self {
            Self::Id(id) => Some(id),
            Self::Payload(_) | Self::Numbers(..) => None,
        }
    }
}

fn ids(facts: Vec<Fact>) -> impl Iterator<Item = String> {
    facts.into_iter().filter_map(Fact::id)
}

/// The contacts that a job's payload names.
fn named(payload: &serde_json::Value) -> impl Iterator<Item = &str> {
    let many = payload.get("contacts").and_then(|list| list.as_array()).into_iter().flatten();
    many.chain(payload.get("contact")).filter_map(|id| id.as_str())
}

impl Store {
    /// What does not fit together in a tenant: each a sentence. Empty when all is well. Everything is read of one
    /// moment, so that what others are writing meanwhile is never taken for a fault.
    pub async fn inconsistencies(&self, tenant: &TenantId) -> Result<Vec<String>, StoreError> {
        let reads = STATEMENTS.iter().map(|sql| (*sql, vec![tenant.as_str().into()])).collect();
        let facts = self.query_together(reads, |n, row| {
            Ok(match STATEMENTS.get(n) {
                Some(&NUMBERS) => Fact::Numbers(row.int(0)?, row.int(1)?, row.int(2)?),
                Some(&PAYLOADS) => Fact::Payload(row.json(0)?),
                _ => Fact::Id(row.string(0)?),
            })
        });
        let mut facts: HashMap<&str, Vec<Fact>> = STATEMENTS.iter().copied().zip(facts.await?).collect();
        let mut of = |sql: &str| facts.remove(sql).unwrap_or_default();
        let mut found = Vec::new();
        for fact in of(NUMBERS) {
            if let Fact::Numbers(seq, last, count) = fact
                && (seq != last || seq != count)
            {
                found.push(format!("{seq} changes were numbered, but {count} are there, the last is {last}"));
            }
        }
        for (sql, what) in [
            (UNNUMBERED, "has no change with its number"),
            (LOST_TRANSCRIPTS, "has a transcript but is not there"),
            (LOST_ANALYSES, "has results but no transcript"),
        ] {
            found.extend(ids(of(sql)).map(|id| format!("contact `{id}` {what}")));
        }
        let payloads = of(PAYLOADS);
        let waiting: HashSet<&str> = payloads
            .iter()
            .flat_map(|fact| match fact {
                Fact::Payload(payload) => Some(named(payload)),
                Fact::Id(_) | Fact::Numbers(..) => None,
            })
            .flatten()
            .collect();
        for (sql, what) in [
            (UNFINISHED, "waits in the pipeline, but there is no job for it"),
            (NOT_ANALYSED, "is not analysed, but there is no job for it"),
            (NOT_MATCHED, "was not matched against the visible topics"),
        ] {
            let lost = ids(of(sql)).filter(|id| !waiting.contains(id.as_str())).take(TOLD);
            found.extend(lost.map(|id| format!("contact `{id}` {what}")));
        }
        Ok(found)
    }
}

pub(crate) const STATEMENTS: &[&str] =
    &[NUMBERS, UNNUMBERED, LOST_TRANSCRIPTS, LOST_ANALYSES, PAYLOADS, UNFINISHED, NOT_ANALYSED, NOT_MATCHED];
