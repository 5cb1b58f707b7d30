-- Events, and what reports are worked out from them (store::events, store::facts). As everywhere: tenant first, times
-- in microseconds UTC.

-- The zone of reports and dates, an IANA name; and a number that moves when customers turn out to be one.
ALTER TABLE tenants ADD COLUMN time_zone TEXT NOT NULL DEFAULT 'UTC';
ALTER TABLE tenants ADD COLUMN family_epoch INTEGER NOT NULL DEFAULT 0;

CREATE TABLE inboxes (
    tenant   TEXT NOT NULL,
    id       TEXT NOT NULL,
    name     TEXT NOT NULL,
    disabled INTEGER NOT NULL,
    agents   TEXT NOT NULL,                -- JSON list
    modified INTEGER NOT NULL,
    seq      INTEGER NOT NULL,
    PRIMARY KEY (tenant, id)
) STRICT;
CREATE UNIQUE INDEX inboxes_feed ON inboxes (tenant, modified, seq);
CREATE UNIQUE INDEX inboxes_name ON inboxes (tenant, name);

-- What happened, in order of arrival: the number of the change that brought it, and its place among those that came
-- with it. Never changed; only our own about a contact are replaced when the contact changes, and erasing removes.
CREATE TABLE events (
    tenant      TEXT NOT NULL,
    seq         INTEGER NOT NULL,
    part        INTEGER NOT NULL,
    id          TEXT NOT NULL,
    kind        TEXT NOT NULL,
    family      INTEGER,                   -- the customer, and all who are one with that customer; follows event_nodes
    contact     TEXT,
    agent       TEXT,                      -- for whom it counts
    recorded_at INTEGER NOT NULL,
    happened_at INTEGER NOT NULL,
    settled_at  INTEGER NOT NULL,          -- later nothing about it changes: recorded, and a view it tells of is over
    counts      INTEGER NOT NULL,          -- 1: the summary of the agent counts it
    status      INTEGER NOT NULL,          -- 1: it changes an agent's status
    own         INTEGER NOT NULL,          -- 1: derived by us from a contact
    body        TEXT NOT NULL,             -- JSON
    PRIMARY KEY (tenant, seq, part)
) STRICT;
CREATE UNIQUE INDEX events_id ON events (tenant, id);
CREATE INDEX events_family ON events (tenant, family, seq, part);
CREATE INDEX events_counts ON events (tenant, happened_at, seq, part) WHERE counts = 1;
CREATE INDEX events_status ON events (tenant, agent, kind, happened_at, seq, part) WHERE status = 1;
CREATE INDEX events_starts ON events (tenant, contact, recorded_at) WHERE kind = 'CONTACT/STARTED';
CREATE INDEX events_views ON events (tenant, recorded_at) WHERE kind = 'X_AGENT_VIEW';

-- Which contacts, conversations and customers belong together: whatever one event names is of one family.
CREATE TABLE event_nodes (
    tenant TEXT NOT NULL,
    sort   TEXT NOT NULL,                  -- contact, conversation, customer
    id     TEXT NOT NULL,
    family INTEGER NOT NULL,
    PRIMARY KEY (tenant, sort, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX event_nodes_family ON event_nodes (tenant, family);

-- What is worked out of each family: valid at every horizon at or after settled_at.
CREATE TABLE event_families (
    tenant     TEXT NOT NULL,
    family     INTEGER NOT NULL,
    first_at   INTEGER NOT NULL,           -- its events were recorded from here
    settled_at INTEGER NOT NULL,           -- up to here
    changed    INTEGER NOT NULL,           -- number of the change that brought its last event
    state      INTEGER NOT NULL,           -- 0 to be worked out again; 1 worked out by assignment, 2 by views
    open       INTEGER NOT NULL,           -- 1: a contact of it had not ended
    PRIMARY KEY (tenant, family)
) STRICT, WITHOUT ROWID;
CREATE INDEX event_families_state ON event_families (tenant, state, family);
CREATE INDEX event_families_settled ON event_families (tenant, settled_at);
CREATE INDEX event_families_changed ON event_families (tenant, changed);
CREATE INDEX event_families_open ON event_families (tenant, family) WHERE open = 1;

CREATE TABLE contact_facts (
    tenant     TEXT NOT NULL,
    anchor     INTEGER NOT NULL,           -- its end, while it is open its start
    contact    TEXT NOT NULL,
    family     INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    body       BLOB NOT NULL,              -- the compact form of its facts and work sessions (app::reports)
    PRIMARY KEY (tenant, anchor, contact)
) STRICT, WITHOUT ROWID;
CREATE INDEX contact_facts_created ON contact_facts (tenant, created_at, contact);
CREATE INDEX contact_facts_family ON contact_facts (tenant, family);

-- When agents worked, of contacts that have ended; cut at midnights UTC, so that none is longer than a day.
CREATE TABLE work_intervals (
    tenant   TEXT NOT NULL,
    start_at INTEGER NOT NULL,
    family   INTEGER NOT NULL,
    n        INTEGER NOT NULL,             -- tells those of a family apart that start together
    end_at   INTEGER NOT NULL,
    agent    TEXT NOT NULL,
    channel  TEXT NOT NULL,
    kind     INTEGER NOT NULL,
    PRIMARY KEY (tenant, start_at, family, n)
) STRICT, WITHOUT ROWID;
CREATE INDEX work_intervals_family ON work_intervals (tenant, family);
