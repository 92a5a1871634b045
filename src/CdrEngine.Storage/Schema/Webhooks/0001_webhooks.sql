-- Who is told of events, and what waits to be told. Times are microseconds since 1970, UTC.
CREATE TABLE endpoints (
    id           TEXT    PRIMARY KEY,
    json         BLOB    NOT NULL,   -- as it was set up, UTF-8
    held_by      TEXT,               -- which process sends to it
    held_until   INTEGER NOT NULL DEFAULT 0,
    failures     INTEGER NOT NULL DEFAULT 0, -- in a row
    open_until   INTEGER,            -- nothing is sent until then
    last_at      INTEGER,
    last_status  INTEGER,
    last_error   TEXT
) WITHOUT ROWID;

CREATE TABLE deliveries (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    endpoint   TEXT    NOT NULL,
    thing      TEXT    NOT NULL,     -- events of the same thing go out in order
    event      TEXT    NOT NULL,
    created_at INTEGER NOT NULL,
    due_at     INTEGER NOT NULL,
    attempts   INTEGER NOT NULL DEFAULT 0,
    body       BLOB    NOT NULL
);

CREATE INDEX deliveries_by_thing ON deliveries (endpoint, thing, id);
CREATE INDEX deliveries_by_due ON deliveries (endpoint, due_at);

CREATE TABLE dead_letters (
    id         INTEGER PRIMARY KEY,  -- as it was among the deliveries
    endpoint   TEXT    NOT NULL,
    thing      TEXT    NOT NULL,
    event      TEXT    NOT NULL,
    created_at INTEGER NOT NULL,
    died_at    INTEGER NOT NULL,
    attempts   INTEGER NOT NULL,
    status     INTEGER,              -- last answer; null where there was none
    error      TEXT    NOT NULL,
    body       BLOB    NOT NULL
);

CREATE INDEX dead_letters_by_endpoint ON dead_letters (endpoint, id);
