-- What supervisors said to agents alone in a call, where that is kept (store::contacts::whispers). The bytes lie among the
-- recordings, under their SHA-256; nothing but this row leads to them.
CREATE TABLE whispers (
    tenant     TEXT NOT NULL,
    contact    TEXT NOT NULL,
    sha256     TEXT NOT NULL,
    bytes      INTEGER NOT NULL,
    media_type TEXT NOT NULL,
    kept_at    INTEGER NOT NULL,
    PRIMARY KEY (tenant, contact)
) STRICT;
CREATE INDEX whispers_sha256 ON whispers (tenant, sha256);
