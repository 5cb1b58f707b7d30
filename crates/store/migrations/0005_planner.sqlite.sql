-- How selective indexes are, as SQLite's planner is to believe it: one tenant has nearly all rows of a table, so that the
-- tenant alone finds nothing. Without this it reads the whole of a table that is kept in the order of its key, rather
-- than go through a second index. Rows of the index, then rows for each further column that is given. Nothing else
-- writes here: the truth about a small table would be wrong when it has grown.
ANALYZE event_families;
DELETE FROM sqlite_stat1;
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('events', 'sqlite_autoindex_events_1', '1000000 1000000 100 1'),
    ('events', 'events_id', '1000000 1000000 1'),
    ('events', 'events_family', '1000000 1000000 500 10 1'),
    ('events', 'events_counts', '1000 1000 1 1 1'),
    ('events', 'events_status', '100000 100000 1000 250 1 1 1'),
    ('events', 'events_starts', '100000 100000 1 1'),
    ('events', 'events_views', '100000 100000 1'),
    ('event_families', 'event_families', '1000000 1000000 1'),
    ('event_families', 'event_families_state', '1000000 1000000 1000 1'),
    ('event_families', 'event_families_settled', '1000000 1000000 2'),
    ('event_families', 'event_families_changed', '1000000 1000000 10'),
    ('event_families', 'event_families_open', '1000 1000 1'),
    ('contact_facts', 'contact_facts', '1000000 1000000 2 1'),
    ('contact_facts', 'contact_facts_created', '1000000 1000000 2 1'),
    ('contact_facts', 'contact_facts_family', '1000000 1000000 2'),
    ('agent_work', 'agent_work', '1000000 1000000 2 1 1'),
    ('agent_work', 'agent_work_family', '1000000 1000000 2'),
    ('shares', 'sqlite_autoindex_shares_1', '1000000 1000000 1'),
    ('shares', 'shares_feed', '1000000 1000000 2 1'),
    ('shares', 'shares_created', '1000000 1000000 2 1'),
    ('shares', 'shares_contact', '1000000 1000000 2');
ANALYZE sqlite_schema;
