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
