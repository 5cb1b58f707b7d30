-- What the pages need of SQLite alone.

-- Finding calls by words (store::search). Documents are numbered so that a later one of the same tenant began later:
-- the second in which the contact began, then 24 bits that count within the second.
CREATE TABLE search_docs (
    doc        INTEGER NOT NULL PRIMARY KEY,
    tenant     TEXT NOT NULL,
    contact    TEXT NOT NULL,
    started_at INTEGER NOT NULL,           -- of the contact
    extra      TEXT NOT NULL               -- terms beside the words, needed again to take the document out
) STRICT;
CREATE UNIQUE INDEX search_docs_contact ON search_docs (tenant, contact);

-- Only which terms a document has: no text, no places. What is taken out is overwritten at once, not at the next merge.
CREATE VIRTUAL TABLE search_words USING fts5 (terms, content = '', columnsize = 0, detail = none, tokenize = 'ascii');
INSERT INTO search_words (search_words, rank) VALUES ('secure-delete', 1);
