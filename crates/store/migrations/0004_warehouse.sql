-- Own events: how far contacts have been looked at for the events that they tell of themselves (app::events::own), as a
-- place in the order of their changes.
ALTER TABLE tenants ADD COLUMN own_at INTEGER NOT NULL DEFAULT -1;
ALTER TABLE tenants ADD COLUMN own_seq INTEGER NOT NULL DEFAULT -1;
