-- What the pages need, in the words that both engines share (see 0001 for the conventions).

-- People who sign in to the pages.
CREATE TABLE logins (
    tenant       TEXT NOT NULL,
    user_id      TEXT NOT NULL,
    email        TEXT NOT NULL,            -- lower case; opens one log-in of the whole server
    role         TEXT NOT NULL,
    password     TEXT,                     -- argon2id; NULL: only through the identity provider
    failures     INTEGER NOT NULL,         -- wrong passwords since the last right one
    locked_until INTEGER,
    created_at   INTEGER NOT NULL,
    PRIMARY KEY (tenant, user_id)
) STRICT;
CREATE UNIQUE INDEX logins_email ON logins (email);

CREATE TABLE web_sessions (
    tenant     TEXT NOT NULL,
    id         TEXT NOT NULL,
    token      TEXT NOT NULL,              -- SHA-256 of what the cookie holds
    user_id    TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    seen_at    INTEGER NOT NULL,           -- to about five minutes
    expires_at INTEGER NOT NULL,
    source     TEXT NOT NULL,              -- address at sign-in
    browser    TEXT NOT NULL,              -- what the browser says it is
    PRIMARY KEY (tenant, id)
) STRICT;
CREATE UNIQUE INDEX web_sessions_token ON web_sessions (token);
CREATE INDEX web_sessions_user ON web_sessions (tenant, user_id);

-- Addresses that hear of changes (Standard Webhooks), and what was sent to them.
CREATE TABLE webhooks (
    tenant        TEXT NOT NULL,
    id            TEXT NOT NULL,
    url           TEXT NOT NULL,
    name          TEXT NOT NULL,
    events        TEXT NOT NULL,           -- JSON list of event types
    active        INTEGER NOT NULL,
    paused_at     INTEGER,                 -- when the server itself stopped sending, and why
    paused_reason TEXT,
    secrets       TEXT NOT NULL,           -- JSON list, the newest first: in clear, because they sign
    cursor        INTEGER NOT NULL,        -- changes up to this one have become deliveries
    created_at    INTEGER NOT NULL,
    last_at       INTEGER,                 -- last attempt
    failing_since INTEGER,                 -- first failure after the last success
    PRIMARY KEY (tenant, id)
) STRICT;

CREATE TABLE webhook_deliveries (
    tenant     TEXT NOT NULL,
    id         TEXT NOT NULL,              -- also the header `webhook-id`; sorts by time of making
    webhook    TEXT NOT NULL,
    event      TEXT NOT NULL,
    body       TEXT NOT NULL,              -- sent byte for byte
    state      TEXT NOT NULL,              -- waiting, delivered, dead
    attempts   INTEGER NOT NULL,
    next_at    INTEGER NOT NULL,           -- not before; while it is being sent, when the attempt counts as lost
    status     INTEGER,                    -- of the last attempt: HTTP status, beginning of the answer, what went wrong
    response   TEXT,
    error      TEXT,
    took       INTEGER,                    -- microseconds
    created_at INTEGER NOT NULL,
    last_at    INTEGER,
    PRIMARY KEY (tenant, id)
) STRICT;
CREATE INDEX webhook_deliveries_list ON webhook_deliveries (tenant, webhook, id);
CREATE INDEX webhook_deliveries_due ON webhook_deliveries (tenant, webhook, next_at) WHERE state = 'waiting';
CREATE INDEX webhook_deliveries_old ON webhook_deliveries (created_at);

-- Jobs: attempts only ever grow and fence; failures are counted by themselves. Tenants take turns.
ALTER TABLE jobs ADD COLUMN failures INTEGER NOT NULL DEFAULT 0; -- since it last got on
ALTER TABLE jobs ADD COLUMN running INTEGER NOT NULL DEFAULT 0; -- 1 while it is leased
CREATE INDEX jobs_turn ON jobs (tenant, dead, due_at);

-- Finding calls. An agent's, newest first.
CREATE INDEX contacts_agent ON contacts (tenant, agent, started_at, id);

-- In which contacts the topics of a set were found; follows topic_results.
CREATE TABLE topic_contacts (
    tenant     TEXT NOT NULL,
    contact    TEXT NOT NULL,
    generation INTEGER NOT NULL,
    topic      INTEGER NOT NULL,
    started_at INTEGER NOT NULL,           -- of the contact
    PRIMARY KEY (tenant, contact, generation, topic)
) STRICT, WITHOUT ROWID;
CREATE INDEX topic_contacts_newest ON topic_contacts (tenant, generation, topic, started_at, contact);

-- Administration. When a credential was last used, to about five minutes; and entries of the audit trail by who, what
-- and to what (by when they are found without an index: later entries have later times).
ALTER TABLE credentials ADD COLUMN last_used_at INTEGER;
CREATE INDEX audit_actor ON audit (tenant, actor, n);
CREATE INDEX audit_action ON audit (tenant, action, n);
CREATE INDEX audit_object ON audit (tenant, object, n);

-- The page of a call: what hangs on a contact, and what the waveform of its recording is drawn from.
CREATE INDEX shares_contact ON shares (tenant, contact);
CREATE INDEX listens_listener ON listens (tenant, listener, started_at);
CREATE TABLE peaks (
    tenant TEXT NOT NULL,
    sha256 TEXT NOT NULL,                  -- of the recording
    body   BLOB NOT NULL,                  -- version byte, then the compact form (speech::Peaks)
    PRIMARY KEY (tenant, sha256)
) STRICT;

-- The first page. How much there was a day and a week; follows contacts, analyses and topic_contacts in every batch
-- (store::overview).
ALTER TABLE analyses ADD COLUMN internal INTEGER NOT NULL DEFAULT 0; -- microseconds of talk; with the results
ALTER TABLE analyses ADD COLUMN external INTEGER NOT NULL DEFAULT 0;
CREATE TABLE contact_days (
    tenant   TEXT NOT NULL,
    day      INTEGER NOT NULL,             -- days since 1970-01-01, UTC
    agent    TEXT NOT NULL,                -- empty: nobody
    contacts INTEGER NOT NULL,
    analysed INTEGER NOT NULL,             -- those with results of the analysis
    internal INTEGER NOT NULL,             -- microseconds of talk in those
    external INTEGER NOT NULL,
    PRIMARY KEY (tenant, day, agent)
) STRICT, WITHOUT ROWID;
INSERT INTO contact_days (tenant, day, agent, contacts, analysed, internal, external)
    SELECT c.tenant, c.started_at / 86400000000, COALESCE(c.agent, ''), COUNT(*), COUNT(a.contact), 0, 0
    FROM contacts c LEFT JOIN analyses a ON a.tenant = c.tenant AND a.contact = c.id
    GROUP BY c.tenant, c.started_at / 86400000000, COALESCE(c.agent, '');
CREATE TABLE topic_weeks (
    tenant     TEXT NOT NULL,
    generation INTEGER NOT NULL,
    week       INTEGER NOT NULL,           -- weeks since Monday 1969-12-29, UTC
    topic      INTEGER NOT NULL,
    contacts   INTEGER NOT NULL,
    PRIMARY KEY (tenant, generation, week, topic)
) STRICT, WITHOUT ROWID;
CREATE INDEX contacts_failed ON contacts (tenant) WHERE state IN ('CONVERTER_REJECTED', 'TRANSCRIPTION_FAILED');
CREATE INDEX evaluations_agent ON evaluations (tenant, agent, scored_at);

-- Imports that people began in the pages; their files lie in the data folder.
CREATE TABLE imports (
    tenant     TEXT NOT NULL,
    id         TEXT NOT NULL,              -- sorts by time of making
    state      TEXT NOT NULL,              -- staged, running, done, failed
    actor      TEXT NOT NULL,              -- who ordered it, and with which abilities it works
    user_id    TEXT,
    source     TEXT NOT NULL,
    abilities  TEXT NOT NULL,              -- JSON list
    files      INTEGER NOT NULL,
    bytes      INTEGER NOT NULL,
    name       TEXT NOT NULL,
    options    TEXT NOT NULL,              -- JSON
    progress   TEXT,                       -- JSON
    report     TEXT,                       -- JSON
    error      TEXT,
    runs       INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    PRIMARY KEY (tenant, id)
) STRICT;
