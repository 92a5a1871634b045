-- Reports that clients defined, and what came of them. Times are microseconds since 1970, UTC.
CREATE TABLE reports (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant        TEXT,             -- null where it counts everybody's calls
    name          TEXT    NOT NULL,
    type          TEXT    NOT NULL,
    email         TEXT,
    format        TEXT    NOT NULL,
    range         TEXT    NOT NULL,
    range_from    INTEGER,
    range_to      INTEGER,
    cron          TEXT,
    filter        TEXT    NOT NULL, -- JSON
    status        TEXT    NOT NULL,
    created_at    INTEGER NOT NULL,
    revision      INTEGER NOT NULL, -- one more with each change
    next_run_at   INTEGER,          -- null where nothing is to be done
    running_until INTEGER           -- whoever makes it has until then; null where nobody does
);

CREATE INDEX reports_by_next_run ON reports (next_run_at) WHERE next_run_at IS NOT NULL;
CREATE INDEX reports_by_tenant ON reports (tenant);

CREATE TABLE results (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    report       INTEGER NOT NULL,
    tenant       TEXT,
    name         TEXT    NOT NULL,
    type         TEXT    NOT NULL,
    format       TEXT    NOT NULL,
    completed_at INTEGER NOT NULL,
    file_name    TEXT    NOT NULL,
    file_size    INTEGER NOT NULL,
    key          TEXT    NOT NULL,
    email        TEXT,              -- who is to be sent it
    mail_at      INTEGER,           -- when to try to send it; null where nothing is to be sent any more
    mail_tries   INTEGER NOT NULL DEFAULT 0
);

CREATE UNIQUE INDEX results_by_key ON results (key);
CREATE INDEX results_by_tenant ON results (tenant);
CREATE INDEX results_by_time ON results (completed_at);
CREATE INDEX results_by_mail ON results (mail_at) WHERE mail_at IS NOT NULL;

-- Apart, so that lists do not read over them.
CREATE TABLE files (
    result  INTEGER PRIMARY KEY,
    content BLOB NOT NULL
);
