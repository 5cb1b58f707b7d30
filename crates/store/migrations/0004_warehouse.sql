-- Own events: how far contacts have been looked at for the events that they tell of themselves (app::events::own), as a
-- place in the order of their changes.
ALTER TABLE tenants ADD COLUMN own_at INTEGER NOT NULL DEFAULT -1;
ALTER TABLE tenants ADD COLUMN own_seq INTEGER NOT NULL DEFAULT -1;

-- Exports at fixed times (store::schedules, app::exports). When one is due stands in its job; `version` says which job
-- that is, so that a change makes the one before it idle.
CREATE TABLE export_schedules (
    tenant      TEXT NOT NULL,
    id          TEXT NOT NULL,
    name        TEXT NOT NULL,
    dataset     TEXT NOT NULL,
    format      TEXT NOT NULL,
    every       TEXT NOT NULL,             -- hour, day, week
    minute      INTEGER NOT NULL,          -- of the day
    weekday     INTEGER,                   -- 1 is Monday
    zone        TEXT NOT NULL,             -- of the time above
    day_zone    TEXT NOT NULL,             -- of the days of the export
    since       TEXT NOT NULL,             -- YYYY-MM-DD
    folder      TEXT NOT NULL,             -- below the destination of the tenant
    closed_only INTEGER NOT NULL,
    active      INTEGER NOT NULL,
    version     INTEGER NOT NULL,
    next_at     INTEGER,
    last_run    TEXT,                      -- JSON: how the last run went
    created_by  TEXT NOT NULL,
    created_at  INTEGER NOT NULL,
    PRIMARY KEY (tenant, id)
) STRICT;

-- Reports (store::facts): what agents did for contacts, packed, with what the summary of agents counts; instead of
-- work_intervals. What is kept is worked out again. Only what concerns agents alone is still counted from the events.
DROP TABLE work_intervals;
CREATE TABLE agent_work (
    tenant   TEXT NOT NULL,
    start_at INTEGER NOT NULL,             -- of the first of it
    family   INTEGER NOT NULL,
    n        INTEGER NOT NULL,             -- tells those of a family apart that start together
    body     BLOB NOT NULL,                -- one contact's work within a day, UTC (app::reports)
    PRIMARY KEY (tenant, start_at, family, n)
) STRICT, WITHOUT ROWID;
CREATE INDEX agent_work_family ON agent_work (tenant, family);
UPDATE event_families SET state = 0;
DROP INDEX events_counts;
CREATE INDEX events_counts ON events (tenant, happened_at, seq, part) WHERE counts = 1 AND family IS NULL;
