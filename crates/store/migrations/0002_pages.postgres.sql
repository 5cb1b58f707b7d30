-- What the pages need of PostgreSQL alone.

-- Finding calls by words (store::search).
CREATE TABLE search_docs (
    tenant     TEXT COLLATE "C" NOT NULL,
    contact    TEXT COLLATE "C" NOT NULL,
    started_at BIGINT NOT NULL,
    terms      TSVECTOR NOT NULL,
    PRIMARY KEY (tenant, contact)
);
CREATE INDEX search_docs_terms ON search_docs USING gin (terms);
CREATE INDEX search_docs_started ON search_docs (tenant, started_at, contact);
