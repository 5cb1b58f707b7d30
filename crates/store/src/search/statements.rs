//! The statements of the search, and what PostgreSQL is told where its text search differs.

/// What PostgreSQL is told instead of a statement: another text with the same parameters, or nothing at all when the
/// statement serves SQLite's index only.
pub(crate) fn in_postgres(sql: &str) -> Option<&'static str> {
    Some(match sql {
        DELETE_TERMS | PUT_DOC => "",
        PUT_TERMS => {
            "INSERT INTO search_docs (tenant, contact, started_at, terms) \
             VALUES ($1, $2, $3, array_to_tsvector(string_to_array($4::text, ' ')))"
        }
        WORDS_BEFORE => {
            "SELECT started_at, contact FROM search_docs WHERE terms @@ ($1::text)::tsquery \
             AND started_at >= $2::bigint * 1000000 AND started_at < ($3::bigint + 1) * 1000000 AND tenant = $4 \
             ORDER BY started_at DESC, contact LIMIT $5"
        }
        WORDS_IN_SECOND => {
            "SELECT started_at, contact FROM search_docs WHERE terms @@ ($1::text)::tsquery \
             AND started_at >= $2::bigint * 1000000 AND started_at < ($3::bigint + 1) * 1000000 AND tenant = $4 \
             AND started_at <= $5 AND (started_at < $6 OR contact > $7) \
             ORDER BY started_at DESC, contact LIMIT $8"
        }
        _ => return None,
    })
}

// The engine needs the terms of a document once more to take it out.
pub(super) const DELETE_TERMS: &str = "INSERT INTO search_words (search_words, rowid, terms) \
     SELECT 'delete', doc, ? || ' ' || extra FROM search_docs WHERE tenant = ? AND contact = ?";
pub(super) const DELETE_DOC: &str = "DELETE FROM search_docs WHERE tenant = ? AND contact = ?";
pub(super) const PUT_DOC: &str = "INSERT INTO search_docs (doc, tenant, contact, started_at, extra) VALUES \
     ((SELECT COALESCE(MAX(doc) + 1, ?) FROM search_docs WHERE doc BETWEEN ? AND ?), ?, ?, ?, ?)";
// VALUES, not SELECT: a statement of many rows makes the engine write its collected terms before each.
pub(super) const PUT_TERMS: &str = "INSERT INTO search_words (rowid, terms) VALUES \
     ((SELECT doc FROM search_docs WHERE tenant = ? AND contact = ? AND started_at = ?), ?)";

macro_rules! words {
    ($condition:literal) => {
        concat!(
            "SELECT d.started_at, d.contact FROM search_words w CROSS JOIN search_docs d ON d.doc = w.rowid \
             WHERE w.search_words MATCH replace(replace(?, '&', ' AND '), '|', ' OR ') \
             AND w.rowid BETWEEN ? << 24 AND (? << 24) + 16777215 AND d.tenant = ? ",
            $condition
        )
    };
}
pub(super) const WORDS_BEFORE: &str = words!("ORDER BY w.rowid DESC LIMIT ?");
pub(super) const WORDS_IN_SECOND: &str = words!(
    "AND d.started_at <= ? AND (d.started_at < ? OR d.contact > ?) ORDER BY d.started_at DESC, d.contact LIMIT ?"
);

macro_rules! newest {
    ($from:literal, $id:literal) => {
        concat!(
            "SELECT started_at, ",
            $id,
            " FROM ",
            $from,
            " AND started_at >= ? AND started_at <= ? \
             AND (started_at < ? OR ",
            $id,
            " > ?) ORDER BY started_at DESC, ",
            $id,
            " LIMIT ?"
        )
    };
}
pub(super) const NEWEST: &str = newest!("contacts WHERE tenant = ?", "id");
pub(super) const NEWEST_OF_AGENT: &str = newest!("contacts WHERE tenant = ? AND agent = ?", "id");
pub(super) const NEWEST_BY_FIELD: &str = newest!("contact_fields WHERE tenant = ? AND key = ?", "contact");
pub(super) const NEWEST_BY_TOPIC: &str =
    newest!("topic_contacts WHERE tenant = ? AND generation = ? AND topic = ?", "contact");

pub(super) const FACTS: &str = "SELECT started_at, id, agent, channel, direction, state, duration, seq FROM contacts \
     WHERE tenant = ? AND id IN (SELECT value FROM json_each(?))";
pub(super) const SPOKEN: &str = "SELECT t.contact, t.body, a.speakers FROM transcripts t \
     LEFT JOIN analyses a ON a.tenant = t.tenant AND a.contact = t.contact \
     WHERE t.tenant = ? AND t.contact IN (SELECT value FROM json_each(?))";
// Neither engine reads the words for this.
pub(super) const SPOKEN_BYTES: &str = "SELECT contact, CAST(LENGTH(body) AS BIGINT) FROM transcripts \
     WHERE tenant = ? AND contact IN (SELECT value FROM json_each(?))";
pub(super) const STATS: &str =
    "SELECT contact, stats FROM analyses WHERE tenant = ? AND contact IN (SELECT value FROM json_each(?))";
pub(super) const COMMENTED: &str = "SELECT DISTINCT contact FROM feedback WHERE tenant = ? AND contact IN \
     (SELECT value FROM json_each(?))";
pub(super) const EVALUATED: &str = "SELECT DISTINCT contact FROM evaluations WHERE tenant = ? AND contact IN \
     (SELECT value FROM json_each(?))";
pub(super) const USERS_IN: &str = "SELECT id FROM users WHERE tenant = ? AND \
     (team IN (SELECT value FROM json_each(?)) OR department IN (SELECT value FROM json_each(?)))";

pub(super) const VISIBLE: &str = "SELECT generation FROM topic_sets WHERE tenant = ? AND state = 'visible' \
     ORDER BY generation DESC LIMIT 1";
pub(super) const WITH_TOPICS: &str = "SELECT DISTINCT contact FROM topic_contacts WHERE tenant = ? AND generation = ? \
     AND topic IN (SELECT CAST(value AS BIGINT) FROM json_each(?)) \
     AND contact IN (SELECT value FROM json_each(?))";
pub(super) const PUT_TOPICS: &str = "INSERT INTO topic_contacts (tenant, contact, generation, topic, started_at) \
     SELECT c.tenant, c.id, CAST(? AS BIGINT), CAST(value AS BIGINT), c.started_at FROM json_each(?), contacts c \
     WHERE c.tenant = ? AND c.id = ?";
pub(super) const MOVE_TOPICS: &str =
    "UPDATE topic_contacts SET started_at = ? WHERE tenant = ? AND contact = ?";
pub(super) const DELETE_TOPICS: &str =
    "DELETE FROM topic_contacts WHERE tenant = ? AND contact = ? AND generation = ?";
pub(super) const DELETE_ALL_TOPICS: &str = "DELETE FROM topic_contacts WHERE tenant = ? AND contact = ?";
// In steps, as with the results themselves.
pub(super) const DROP_TOPICS: &str = "DELETE FROM topic_contacts WHERE tenant = ? AND generation < ? AND contact IN \
     (SELECT contact FROM topic_contacts WHERE tenant = ? AND generation < ? LIMIT 5000) RETURNING 1";

pub(crate) const STATEMENTS: &[&str] = &[
    DELETE_TERMS,
    DELETE_DOC,
    PUT_DOC,
    PUT_TERMS,
    WORDS_BEFORE,
    WORDS_IN_SECOND,
    NEWEST,
    NEWEST_OF_AGENT,
    NEWEST_BY_FIELD,
    NEWEST_BY_TOPIC,
    FACTS,
    SPOKEN,
    SPOKEN_BYTES,
    STATS,
    COMMENTED,
    EVALUATED,
    USERS_IN,
    VISIBLE,
    WITH_TOPICS,
    PUT_TOPICS,
    MOVE_TOPICS,
    DELETE_TOPICS,
    DELETE_ALL_TOPICS,
    DROP_TOPICS,
];
