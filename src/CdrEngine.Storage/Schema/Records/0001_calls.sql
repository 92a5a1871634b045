-- One day of calls. The table itself is in order of the list that is asked for most, so that the newest page and every filter that has no
-- index of its own read neighbouring pages. Its rows are kept short: documents and texts lie apart.
CREATE TABLE calls (
    started_at    INTEGER NOT NULL, -- microseconds since 1970, UTC; so are all times
    id            BLOB    NOT NULL, -- the 12 bytes behind the hyphen of the record's id; the day before it is this file's name
    document      INTEGER NOT NULL, -- call_documents.document
    revision      INTEGER NOT NULL, -- 0 final, 1 updated
    duration_us   INTEGER NOT NULL,
    billsec_us    INTEGER NOT NULL,
    disposition   INTEGER NOT NULL,
    direction     INTEGER,
    flags         INTEGER NOT NULL,
    mos           REAL,             -- of the worst stream
    caller_number TEXT,
    callee_number TEXT,
    dialled       TEXT,
    caller_ip     BLOB,             -- 4 or 16 bytes
    callee_ip     BLOB,
    codecs        TEXT    NOT NULL, -- |pcmu/8000|opus/48000|, lower case
    sip_call_hash INTEGER NOT NULL,
    session_id    TEXT,             -- null where the call is its own session
    tenant        TEXT,
    PRIMARY KEY (started_at, id)
) WITHOUT ROWID;

-- Not UNIQUE, though ids are (the one writer looks before it inserts): SQLite would take a unique index for a join on both columns of the
-- primary key, and then look up the row as a second step.
CREATE INDEX calls_by_id ON calls (id);
CREATE INDEX calls_by_sip_call ON calls (sip_call_hash);
CREATE INDEX calls_by_session ON calls (session_id) WHERE session_id IS NOT NULL;

-- Any number of a call leads to it: one row for each different number. An index for each of caller, callee and dialled would cost three.
CREATE TABLE call_numbers (
    number     TEXT    NOT NULL,
    started_at INTEGER NOT NULL,
    id         BLOB    NOT NULL,
    roles      INTEGER NOT NULL, -- 1 caller, 2 callee, 4 dialled, added up
    PRIMARY KEY (number, started_at, id)
) WITHOUT ROWID;

CREATE TABLE call_documents (
    document    INTEGER PRIMARY KEY,
    sip_call_id TEXT NOT NULL,
    search      TEXT NOT NULL, -- what a text search looks at, lower case, one item a line
    json        BLOB NOT NULL  -- the native record, UTF-8
);

CREATE TABLE call_chunks (
    document INTEGER PRIMARY KEY,
    chunks   BLOB NOT NULL -- where the call's packets lie, as the packet log encodes it
);
