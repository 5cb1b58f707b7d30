//! No statement reads the whole of a large table where it needs a few rows of it. Looked at in SQLite, whose planner
//! knows of tables only what migrations tell it.

use crate::world::World;
use touchline_store::Store;

/// Tables with a row or more for each contact or event.
const LARGE: [&str; 19] = [
    "agent_work",
    "analyses",
    "audit",
    "changes",
    "contact_facts",
    "contact_fields",
    "contacts",
    "evaluations",
    "event_families",
    "event_nodes",
    "events",
    "feedback",
    "listens",
    "search_docs",
    "shares",
    "topic_contacts",
    "topic_results",
    "transcripts",
    "webhook_deliveries",
];

/// How statements begin that walk along a table: in its own order up to a limit, or because they are about all of it.
const WALKS: [&str; 17] = [
    // Counted up to a limit; the newest of an index.
    "SELECT COUNT(*) FROM (SELECT 1 FROM ",
    "SELECT MAX(modified) FROM ",
    "SELECT at FROM changes WHERE tenant = ? AND seq = (SELECT seq FROM events",
    "SELECT at FROM changes WHERE tenant = ? ORDER BY seq DESC LIMIT 1",
    "SELECT f.contact, f.author, f.given_at, f.text, f.start FROM (SELECT * FROM feedback",
    // A partial index holds only what is looked for.
    "SELECT MIN(recorded_at) FROM events WHERE tenant = ? AND kind = 'X_AGENT_VIEW'",
    "SELECT family FROM event_families WHERE tenant = ? AND open = 1",
    // Walks from the newest contact on until it has found enough.
    "SELECT id FROM contacts WHERE tenant = ? AND state = ?",
    "SELECT id FROM contacts WHERE tenant = ? AND direction = ?",
    // When an operator has everything worked out again, or looked over.
    "UPDATE event_families SET state = 0 WHERE tenant = ?",
    "DELETE FROM contact_facts WHERE tenant = ? AND family NOT IN",
    "DELETE FROM agent_work WHERE tenant = ? AND family NOT IN",
    "SELECT COUNT(*) FROM contacts WHERE tenant = ?",
    "SELECT t.seq, COALESCE(MAX(c.seq), 0), COUNT(c.seq) FROM tenants",
    "SELECT c.id FROM contacts c ",
    "SELECT t.contact FROM transcripts t ",
    "SELECT a.contact FROM analyses a ",
];

#[tokio::test]
async fn no_statement_reads_a_whole_table_for_a_few_rows() {
    let world = World::sqlite().await;
    let connection = world.file();
    let mut walks = Vec::new();
    for sql in Store::statements() {
        // The lists of the other engine's own statements are empty here, and cannot be prepared.
        let Ok(mut plan) = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")) else { continue };
        for parameter in 1..=plan.parameter_count() {
            plan.raw_bind_parameter(parameter, rusqlite::types::Null).unwrap();
        }
        let mut rows = plan.raw_query();
        while let Some(row) = rows.next().unwrap() {
            let step: String = row.get("detail").unwrap();
            let words: Vec<&str> = step.split(' ').collect();
            let table = words.get(1).copied().unwrap_or_default();
            let by_tenant = step.ends_with("(tenant=?)") || step.ends_with("(tenant=? AND seq<?)");
            let whole = words[0] == "SCAN" || words[0] == "SEARCH" && by_tenant;
            // Some have a short name within their statement.
            let is_large = LARGE.iter().any(|large| {
                let named = [format!("{large} {table} "), format!("{large} AS {table} ")];
                *large == table || named.iter().any(|it| sql.contains(it))
            });
            if whole && is_large && !WALKS.iter().any(|it| sql.starts_with(it)) {
                walks.push(format!("{sql}\n    {step}"));
            }
        }
    }
    assert!(walks.is_empty(), "{}", walks.join("\n"));
}
