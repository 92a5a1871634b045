-- What rules raised. Times are microseconds since 1970, UTC. The alert itself is the document; the columns are what lists ask for.
CREATE TABLE alerts (
    id              TEXT    PRIMARY KEY,
    raised_at       INTEGER NOT NULL,
    cleared_at      INTEGER,            -- null while it goes on
    acknowledged_at INTEGER,            -- these three stay, whatever is written later
    acknowledged_by TEXT,
    note            TEXT,
    rule            TEXT    NOT NULL,
    kind            INTEGER NOT NULL,
    severity        INTEGER NOT NULL,
    tenant          TEXT,
    json            BLOB    NOT NULL    -- native, UTF-8
) WITHOUT ROWID;

CREATE INDEX alerts_by_time ON alerts (raised_at, id);
CREATE INDEX alerts_by_tenant ON alerts (tenant, raised_at, id);
CREATE INDEX alerts_open ON alerts (raised_at, id) WHERE cleared_at IS NULL;

-- One row: what the evaluation goes on with.
CREATE TABLE evaluation (
    one   INTEGER PRIMARY KEY CHECK (one = 1),
    state BLOB    NOT NULL
);
