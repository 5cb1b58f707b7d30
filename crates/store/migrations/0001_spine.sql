-- The spine. One text for both engines (design, decision 1): STRICT tables, TEXT ids, times as INTEGER microseconds
-- UTC, JSON as TEXT only for lists inside a record that nobody queries by. For PostgreSQL the loader turns INTEGER into
-- BIGINT, REAL into DOUBLE PRECISION, BLOB into BYTEA, TEXT into TEXT COLLATE "C", and drops STRICT.
-- Every primary key starts with the tenant (design, decision 4).

CREATE TABLE tenants (
    tenant      TEXT NOT NULL PRIMARY KEY,
    name        TEXT NOT NULL,
    created_at  INTEGER NOT NULL,
    seq         INTEGER NOT NULL,          -- last change number; its row lock orders the tenant's commits
    modified    INTEGER NOT NULL,          -- time of the last change; never goes back
    counter     INTEGER NOT NULL,          -- last numeric id given out
    topic_epoch INTEGER NOT NULL,          -- moves when a set of topics is made or becomes visible
    audit_n     INTEGER NOT NULL,          -- entries in the audit trail
    audit_hash  TEXT NOT NULL              -- hash of the last one
) STRICT;

CREATE TABLE changes (
    tenant  TEXT NOT NULL,
    seq     INTEGER NOT NULL,
    kind    TEXT NOT NULL,
    id      TEXT NOT NULL,
    op      TEXT NOT NULL,                 -- put, delete
    at      INTEGER NOT NULL,
    PRIMARY KEY (tenant, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX changes_at ON changes (tenant, at, seq);

CREATE TABLE users (
    tenant        TEXT NOT NULL,
    id            TEXT NOT NULL,
    email         TEXT NOT NULL,
    first_name    TEXT NOT NULL,
    last_name     TEXT NOT NULL,
    team          TEXT,
    department    TEXT,
    system_ids    TEXT NOT NULL,           -- JSON list
    phone_numbers TEXT NOT NULL,           -- JSON list
    active        INTEGER NOT NULL,
    modified      INTEGER NOT NULL,
    seq           INTEGER NOT NULL,
    PRIMARY KEY (tenant, id)
) STRICT;
CREATE INDEX users_feed ON users (tenant, modified, seq);

CREATE TABLE groups_ (
    tenant   TEXT NOT NULL,
    id       TEXT NOT NULL,
    name     TEXT NOT NULL,
    kind     TEXT NOT NULL,
    parent   TEXT,
    manager  TEXT,
    active   INTEGER NOT NULL,
    modified INTEGER NOT NULL,
    seq      INTEGER NOT NULL,
    PRIMARY KEY (tenant, id)
) STRICT;
CREATE INDEX groups_feed ON groups_ (tenant, modified, seq);

CREATE TABLE contacts (
    tenant        TEXT NOT NULL,
    id            TEXT NOT NULL,
    channel       TEXT NOT NULL,
    direction     TEXT NOT NULL,
    agent         TEXT,
    started_at    INTEGER NOT NULL,
    duration      INTEGER NOT NULL,        -- microseconds
    state         TEXT NOT NULL,
    original_path TEXT,
    metadata      TEXT NOT NULL,           -- JSON object
    crm_matches   TEXT NOT NULL,           -- JSON list
    audio_sha256  TEXT,
    audio_bytes   INTEGER,
    audio_type    TEXT,
    failure       TEXT,                    -- why the pipeline stopped, in words
    modified      INTEGER NOT NULL,
    seq           INTEGER NOT NULL,
    PRIMARY KEY (tenant, id)
) STRICT;
CREATE INDEX contacts_feed ON contacts (tenant, modified, seq);
CREATE INDEX contacts_started ON contacts (tenant, started_at, id);
CREATE INDEX contacts_audio ON contacts (tenant, audio_sha256) WHERE audio_sha256 IS NOT NULL;

CREATE TABLE transcripts (
    tenant   TEXT NOT NULL,
    contact  TEXT NOT NULL,
    body     BLOB NOT NULL,                -- version byte, then the compact form (store::transcripts)
    PRIMARY KEY (tenant, contact)
) STRICT;

CREATE TABLE analyses (
    tenant   TEXT NOT NULL,
    contact  TEXT NOT NULL,
    version  INTEGER NOT NULL,             -- of the algorithms, so that an upgrade can find old results
    stats    TEXT NOT NULL,                -- JSON
    summary  TEXT NOT NULL,                -- JSON
    speakers TEXT NOT NULL,                -- JSON list: the transcript's speakers, recognised
    PRIMARY KEY (tenant, contact)
) STRICT;
CREATE INDEX analyses_version ON analyses (tenant, version, contact);

-- Equality search over contact fields: `key` is 63 bits of SHA-256 of field and lower-cased value, so that rows stay
-- small; readers check the contact itself.
CREATE TABLE contact_fields (
    tenant     TEXT NOT NULL,
    key        INTEGER NOT NULL,
    started_at INTEGER NOT NULL,
    contact    TEXT NOT NULL,
    PRIMARY KEY (tenant, key, started_at, contact)
) STRICT, WITHOUT ROWID;

CREATE TABLE tombstones (
    tenant     TEXT NOT NULL,
    id         TEXT NOT NULL,
    agent      TEXT,
    started_at INTEGER NOT NULL,
    modified   INTEGER NOT NULL,           -- when it was deleted
    seq        INTEGER NOT NULL,
    PRIMARY KEY (tenant, id)
) STRICT;
CREATE INDEX tombstones_feed ON tombstones (tenant, modified, seq);

CREATE TABLE topics (
    tenant              TEXT NOT NULL,
    id                  INTEGER NOT NULL,
    name                TEXT NOT NULL,
    phrases             TEXT NOT NULL,     -- JSON list
    scope               TEXT NOT NULL,
    canonical_questions INTEGER NOT NULL,
    active              INTEGER NOT NULL,
    modified            INTEGER NOT NULL,
    seq                 INTEGER NOT NULL,
    PRIMARY KEY (tenant, id)
) STRICT;
CREATE INDEX topics_feed ON topics (tenant, modified, seq);

-- A set is what topics were at one moment. Results belong to a set; one set is visible, a newer one may be building.
CREATE TABLE topic_sets (
    tenant     TEXT NOT NULL,
    generation INTEGER NOT NULL,
    state      TEXT NOT NULL,              -- visible, building; dropped while its results are being removed
    topics     TEXT NOT NULL,              -- JSON list of topics
    walked     TEXT NOT NULL,              -- last contact id that the walk has done
    done       INTEGER NOT NULL,           -- contacts walked
    total      INTEGER NOT NULL,           -- contacts when the walk began
    PRIMARY KEY (tenant, generation)
) STRICT;

CREATE TABLE topic_results (
    tenant     TEXT NOT NULL,
    generation INTEGER NOT NULL,
    contact    TEXT NOT NULL,
    hits       BLOB NOT NULL,              -- version byte, then the compact form (store::topics)
    q_internal INTEGER NOT NULL,
    q_external INTEGER NOT NULL,
    q_unknown  INTEGER NOT NULL,
    PRIMARY KEY (tenant, generation, contact)
) STRICT;

CREATE TABLE scorecards (
    tenant    TEXT NOT NULL,
    id        TEXT NOT NULL,
    name      TEXT NOT NULL,
    scheme    TEXT NOT NULL,
    questions TEXT NOT NULL,               -- JSON list
    active    INTEGER NOT NULL,
    modified  INTEGER NOT NULL,
    seq       INTEGER NOT NULL,
    PRIMARY KEY (tenant, id)
) STRICT;
CREATE INDEX scorecards_feed ON scorecards (tenant, modified, seq);

CREATE TABLE evaluations (
    tenant    TEXT NOT NULL,
    id        TEXT NOT NULL,
    contact   TEXT NOT NULL,
    scorecard TEXT NOT NULL,
    reviewer  TEXT NOT NULL,
    agent     TEXT,
    scored_at INTEGER NOT NULL,
    answers   TEXT NOT NULL,               -- JSON list
    modified  INTEGER NOT NULL,
    seq       INTEGER NOT NULL,
    PRIMARY KEY (tenant, id)
) STRICT;
CREATE INDEX evaluations_feed ON evaluations (tenant, modified, seq);
CREATE INDEX evaluations_contact ON evaluations (tenant, contact);
CREATE INDEX evaluations_scorecard ON evaluations (tenant, scorecard);

CREATE TABLE feedback (
    tenant   TEXT NOT NULL,
    id       TEXT NOT NULL,
    contact  TEXT NOT NULL,
    author   TEXT NOT NULL,
    given_at INTEGER NOT NULL,
    kind     TEXT NOT NULL,
    text     TEXT,
    start    INTEGER NOT NULL,             -- microseconds
    end_     INTEGER,
    modified INTEGER NOT NULL,
    seq      INTEGER NOT NULL,
    PRIMARY KEY (tenant, id)
) STRICT;
CREATE INDEX feedback_feed ON feedback (tenant, modified, seq);
CREATE INDEX feedback_contact ON feedback (tenant, contact);

CREATE TABLE shares (
    tenant           TEXT NOT NULL,
    id               TEXT NOT NULL,
    contact          TEXT NOT NULL,
    author           TEXT NOT NULL,
    shared_at        INTEGER NOT NULL,
    recipient_ids    TEXT NOT NULL,        -- JSON list
    recipient_emails TEXT NOT NULL,        -- JSON list
    modified         INTEGER NOT NULL,
    seq              INTEGER NOT NULL,
    PRIMARY KEY (tenant, id)
) STRICT;
CREATE INDEX shares_feed ON shares (tenant, modified, seq);
CREATE INDEX shares_created ON shares (tenant, shared_at, seq);

CREATE TABLE listens (
    tenant     TEXT NOT NULL,
    id         TEXT NOT NULL,
    contact    TEXT NOT NULL,
    listener   TEXT NOT NULL,
    started_at INTEGER NOT NULL,
    duration   INTEGER NOT NULL,           -- microseconds
    day        TEXT NOT NULL,              -- YYYY-MM-DD where the nightly job counts (contract c360 X-19)
    counted    INTEGER NOT NULL,           -- whether the nightly job has seen this version of the row
    modified   INTEGER NOT NULL,
    seq        INTEGER NOT NULL,
    PRIMARY KEY (tenant, id)
) STRICT;
CREATE INDEX listens_feed ON listens (tenant, modified, seq);
CREATE INDEX listens_day ON listens (tenant, day, contact, listener);
CREATE INDEX listens_open ON listens (tenant, counted, day);

-- Listening time by day, contact and listener; written by the nightly job.
CREATE TABLE listen_days (
    tenant   TEXT NOT NULL,
    day      TEXT NOT NULL,
    contact  TEXT NOT NULL,
    listener TEXT NOT NULL,
    agent    TEXT,
    duration INTEGER NOT NULL,             -- microseconds
    modified INTEGER NOT NULL,
    seq      INTEGER NOT NULL,
    PRIMARY KEY (tenant, day, contact, listener)
) STRICT;
CREATE INDEX listen_days_feed ON listen_days (tenant, modified, seq);

CREATE TABLE plans (
    tenant           TEXT NOT NULL,
    id               INTEGER NOT NULL,
    name             TEXT NOT NULL,
    objective        TEXT NOT NULL,
    coach            TEXT NOT NULL,
    recipient        TEXT NOT NULL,
    starts_at        INTEGER NOT NULL,
    ends_at          INTEGER NOT NULL,
    completed_at     INTEGER,
    planned_sessions INTEGER NOT NULL,
    skills           TEXT NOT NULL,        -- JSON list of names
    modified         INTEGER NOT NULL,
    seq              INTEGER NOT NULL,
    PRIMARY KEY (tenant, id)
) STRICT;
CREATE INDEX plans_feed ON plans (tenant, modified, seq);

CREATE TABLE skills (
    tenant TEXT NOT NULL,
    name   TEXT NOT NULL,
    id     INTEGER NOT NULL,
    PRIMARY KEY (tenant, name)
) STRICT;

CREATE TABLE sessions (
    tenant       TEXT NOT NULL,
    id           INTEGER NOT NULL,
    plan         INTEGER NOT NULL,
    coach        TEXT NOT NULL,
    recipient    TEXT NOT NULL,
    scheduled_at INTEGER,
    started_at   INTEGER,
    ended_at     INTEGER,
    scores       TEXT NOT NULL,            -- JSON object
    call_reviews TEXT NOT NULL,            -- JSON list
    questions    TEXT NOT NULL,            -- JSON list
    comments     TEXT,
    modified     INTEGER NOT NULL,
    seq          INTEGER NOT NULL,
    PRIMARY KEY (tenant, id)
) STRICT;
CREATE INDEX sessions_feed ON sessions (tenant, modified, seq);
CREATE INDEX sessions_plan ON sessions (tenant, plan);

CREATE TABLE kpis (
    tenant      TEXT NOT NULL,
    id          INTEGER NOT NULL,
    description TEXT NOT NULL,
    frequency   TEXT NOT NULL,
    target      REAL NOT NULL,
    modified    INTEGER NOT NULL,
    seq         INTEGER NOT NULL,
    PRIMARY KEY (tenant, id)
) STRICT;
CREATE INDEX kpis_feed ON kpis (tenant, modified, seq);

CREATE TABLE observations (
    tenant      TEXT NOT NULL,
    id          TEXT NOT NULL,
    kpi         INTEGER NOT NULL,
    observer    TEXT NOT NULL,
    observed    TEXT NOT NULL,
    observed_at INTEGER NOT NULL,
    value       REAL NOT NULL,
    modified    INTEGER NOT NULL,
    seq         INTEGER NOT NULL,
    PRIMARY KEY (tenant, id)
) STRICT;
CREATE INDEX observations_feed ON observations (tenant, modified, seq);

CREATE TABLE credentials (
    tenant     TEXT NOT NULL,
    id         TEXT NOT NULL,
    dialect    TEXT NOT NULL,
    login      TEXT NOT NULL,              -- what the client shows first: user id, or the token's public part
    name       TEXT NOT NULL,
    secret     TEXT NOT NULL,              -- sha256:HEX of a generated key, or an argon2id string
    abilities  TEXT NOT NULL,              -- JSON list
    created_at INTEGER NOT NULL,
    revoked_at INTEGER,
    PRIMARY KEY (tenant, id)
) STRICT;
CREATE UNIQUE INDEX credentials_login ON credentials (dialect, login);

CREATE TABLE jobs (
    tenant     TEXT NOT NULL,
    id         TEXT NOT NULL,
    kind       TEXT NOT NULL,
    payload    TEXT NOT NULL,              -- JSON
    due_at     INTEGER NOT NULL,           -- when it may run; while it runs, when its lease ends
    attempts   INTEGER NOT NULL,           -- also the fencing token of the lease
    dead       INTEGER NOT NULL,           -- 1 in the dead-letter box
    error      TEXT,                       -- why the last attempt failed
    created_at INTEGER NOT NULL,
    PRIMARY KEY (tenant, id)
) STRICT;
CREATE INDEX jobs_due ON jobs (dead, due_at);

CREATE TABLE served_positions (
    tenant     TEXT NOT NULL,
    credential TEXT NOT NULL,
    feed       TEXT NOT NULL,
    id         TEXT NOT NULL,
    modified   INTEGER NOT NULL,           -- of the row as served
    seq        INTEGER NOT NULL,           -- of the row as served
    started_at INTEGER NOT NULL,           -- of the contact
    served_at  INTEGER NOT NULL,
    PRIMARY KEY (tenant, credential, feed, id)
) STRICT;
CREATE INDEX served_positions_age ON served_positions (tenant, served_at);

CREATE TABLE idempotency (
    tenant TEXT NOT NULL,
    key    TEXT NOT NULL,                  -- kind and the caller's key
    id     TEXT NOT NULL,                  -- what was made
    at     INTEGER NOT NULL,
    PRIMARY KEY (tenant, key)
) STRICT;

CREATE TABLE audit (
    tenant TEXT NOT NULL,
    n      INTEGER NOT NULL,
    at     INTEGER NOT NULL,
    actor  TEXT NOT NULL,
    source TEXT NOT NULL,
    action TEXT NOT NULL,
    object TEXT NOT NULL,
    detail TEXT NOT NULL,
    hash   TEXT NOT NULL,                  -- SHA-256 over the previous hash and all fields of this entry
    PRIMARY KEY (tenant, n)
) STRICT;
