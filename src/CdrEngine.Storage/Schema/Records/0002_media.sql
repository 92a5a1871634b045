-- The media sessions (m-lines) of the calls, in order of the list that is asked for most: by the start of the call, so that a call and its
-- sessions are always in the same file. What is shown of one is read from the call's document.
CREATE TABLE media_sessions (
    started_at INTEGER NOT NULL, -- of the call
    id         BLOB    NOT NULL, -- of the call
    session    INTEGER NOT NULL, -- position of the m-line
    document   INTEGER NOT NULL, -- call_documents.document
    type       INTEGER NOT NULL,
    flags      INTEGER NOT NULL,
    mos        REAL,             -- worst ten seconds of either side
    codecs     TEXT    NOT NULL, -- |pcmu/8000|opus/48000|, lower case
    addresses  TEXT    NOT NULL, -- |192.0.2.1|2001:db8::1|, announced or seen
    tenant     TEXT,
    PRIMARY KEY (started_at, id, session)
) WITHOUT ROWID;

CREATE INDEX media_sessions_by_call ON media_sessions (id);

-- The recordings there are, were, or will be. Few beside the calls, so they may have a table with indexes.
CREATE TABLE recordings (
    document       INTEGER PRIMARY KEY, -- call_documents.document
    started_at     INTEGER NOT NULL,    -- of the call
    id             BLOB    NOT NULL,    -- of the call
    state          INTEGER NOT NULL,
    reason         TEXT,
    bytes          INTEGER NOT NULL,
    duration_ms    INTEGER NOT NULL,
    sample_rate    INTEGER NOT NULL,    -- Hz
    channels       INTEGER NOT NULL,
    attempts       INTEGER NOT NULL,
    created_at     INTEGER NOT NULL,    -- wall time
    tenant         TEXT
);

CREATE UNIQUE INDEX recordings_by_time ON recordings (started_at, id);
CREATE INDEX recordings_open ON recordings (started_at, id) WHERE state = 1;
