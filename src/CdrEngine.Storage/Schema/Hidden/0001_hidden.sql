-- Calls that were deleted and not purged yet. Beside the days, which are written by the engine alone; readers attach this file.
CREATE TABLE hidden_calls (
    day       INTEGER NOT NULL, -- days since 0001-01-01
    id        BLOB    NOT NULL, -- the 12 bytes behind the hyphen of the record's id
    hidden_at INTEGER NOT NULL, -- microseconds since 1970, UTC
    hidden_by TEXT    NOT NULL,
    PRIMARY KEY (day, id)
) WITHOUT ROWID;

CREATE INDEX hidden_calls_by_time ON hidden_calls (hidden_at);

-- Everything of a day that was stored by then: one row for each day, instead of one for each call.
CREATE TABLE hidden_days (
    day       INTEGER NOT NULL,
    tenant    TEXT    NOT NULL, -- '' for all tenants
    document  INTEGER NOT NULL, -- calls up to this call_documents.document, which are numbered in order of storing
    hidden_at INTEGER NOT NULL,
    hidden_by TEXT    NOT NULL,
    PRIMARY KEY (day, tenant)
) WITHOUT ROWID;
