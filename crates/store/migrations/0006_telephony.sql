-- Telephony (store::telephony, app::live). Numbers, supervision and recording of a tenant; `version` moves with every
-- change of this row or of a device, so that whoever keeps them in memory knows when to read again.
CREATE TABLE telephony (
    tenant   TEXT NOT NULL PRIMARY KEY,
    version  INTEGER NOT NULL,
    settings TEXT NOT NULL                 -- JSON (app::live::settings)
) STRICT;

-- Telephones. Of the password only digests are kept, which SIP needs (RFC 7616).
CREATE TABLE devices (
    tenant     TEXT NOT NULL,
    id         TEXT NOT NULL,
    user_id    TEXT,                       -- whose; NULL: somebody who is none of us, such as a telephone at the door
    number     TEXT NOT NULL,
    sip_user   TEXT NOT NULL,              -- lower case; names one telephone of the whole server
    ha1_md5    TEXT NOT NULL,
    ha1_sha256 TEXT NOT NULL,
    public     INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (tenant, id)
) STRICT;
CREATE UNIQUE INDEX devices_sip_user ON devices (sip_user);
CREATE UNIQUE INDEX devices_number ON devices (tenant, number);
CREATE INDEX devices_user ON devices (tenant, user_id);

-- Calls that go on. What is left of a node that starts is what it was killed with.
CREATE TABLE open_calls (
    tenant  TEXT NOT NULL,
    contact TEXT NOT NULL,
    node    TEXT NOT NULL,
    seen_at INTEGER NOT NULL,              -- when the node was alive for sure
    note    TEXT NOT NULL,                 -- JSON (app::live::notes): what is needed to end it
    PRIMARY KEY (tenant, contact)
) STRICT;
CREATE INDEX open_calls_node ON open_calls (node);
