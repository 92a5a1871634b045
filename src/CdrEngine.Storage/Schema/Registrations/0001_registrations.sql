-- Registrations as they stand, their history, and what else the desk knows. One file: it holds states, not a growing past.
CREATE TABLE registrations (
    number          INTEGER PRIMARY KEY,
    id              TEXT    NOT NULL UNIQUE,
    aor             TEXT    NOT NULL,
    user            TEXT,
    state           INTEGER NOT NULL, -- RegistrationState
    contact         TEXT,
    source          BLOB,             -- address as seen, 4 or 16 bytes
    user_agent      TEXT,             -- lower case, for the filter
    instance        TEXT,
    mac             TEXT,
    realm           TEXT,
    expires_at      INTEGER NOT NULL, -- microseconds since 1970, UTC, as all times; 0 where it is not bound
    last_seen_at    INTEGER NOT NULL,
    tenant          TEXT,
    contact_key     TEXT    NOT NULL, -- what the machine knows the contact by
    contact_user    TEXT,
    contact_address BLOB,
    chunks          BLOB    NOT NULL, -- packets of its last exchange, as the packet log encodes it
    json            BLOB    NOT NULL
);

CREATE INDEX registrations_by_last_seen ON registrations (last_seen_at, id);
CREATE INDEX registrations_by_aor ON registrations (aor, id);
CREATE INDEX registrations_by_user ON registrations (user);
CREATE INDEX registrations_by_expiry ON registrations (expires_at, id);
CREATE INDEX registrations_by_source ON registrations (source);

CREATE TABLE registration_events (
    registration TEXT    NOT NULL,
    sequence     INTEGER NOT NULL,
    json         BLOB    NOT NULL,
    PRIMARY KEY (registration, sequence)
) WITHOUT ROWID;

CREATE TABLE peers (
    id               TEXT    PRIMARY KEY,
    address          BLOB    NOT NULL,
    direction        INTEGER NOT NULL,
    method           TEXT    NOT NULL,
    event            TEXT    NOT NULL,
    last_at          INTEGER NOT NULL,
    unanswered_since INTEGER,
    tenant           TEXT,
    json             BLOB    NOT NULL
);

CREATE INDEX peers_by_last ON peers (last_at, id);

CREATE TABLE mailboxes (
    account TEXT    PRIMARY KEY,
    at      INTEGER NOT NULL,
    waiting INTEGER NOT NULL,
    tenant  TEXT,
    json    BLOB    NOT NULL
);

-- Conversations that may go on: what the desk begins with.
CREATE TABLE conversations (
    id         TEXT    PRIMARY KEY,
    started_at INTEGER NOT NULL,
    ended_at   INTEGER NOT NULL,
    first      TEXT    NOT NULL,
    second     TEXT    NOT NULL
) WITHOUT ROWID;

CREATE INDEX conversations_by_end ON conversations (ended_at);
