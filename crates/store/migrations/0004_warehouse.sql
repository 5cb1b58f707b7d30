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
