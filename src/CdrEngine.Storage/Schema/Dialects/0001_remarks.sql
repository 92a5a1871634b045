-- What clients of the dialects wrote about calls: nothing of it was on the wire. Ids begin with their day, so what belongs to days that are gone is a range.
CREATE TABLE call_remarks (
    call                TEXT    NOT NULL PRIMARY KEY, -- id of the record
    info                TEXT,
    notes               TEXT,
    transcript          TEXT,
    transcript_speakers TEXT,
    summary             TEXT,
    sentiment           TEXT,
    score               INTEGER,
    metadata            TEXT,
    folder              INTEGER NOT NULL, -- 0 inbox, 1 old, 2 trash
    heard               INTEGER NOT NULL,
    deleted             INTEGER NOT NULL, -- the voice message, not the call
    changed_at          INTEGER NOT NULL, -- microseconds since 1970, UTC
    changed_by          TEXT    NOT NULL
) WITHOUT ROWID;

-- Secrets that open one recording for a time.
CREATE TABLE recording_links (
    call    TEXT    NOT NULL PRIMARY KEY,
    secret  TEXT    NOT NULL,
    expires INTEGER NOT NULL
) WITHOUT ROWID;

CREATE UNIQUE INDEX recording_links_by_secret ON recording_links (secret);
CREATE INDEX recording_links_by_expiry ON recording_links (expires);

-- Lists that were cleared: what began before is shown no more.
CREATE TABLE cleared_lists (
    list       INTEGER NOT NULL,
    tenant     TEXT    NOT NULL, -- '' for all
    at         INTEGER NOT NULL,
    cleared_by TEXT    NOT NULL,
    PRIMARY KEY (list, tenant)
) WITHOUT ROWID;

-- Messages that were deleted, with what lists of messages are counted by.
CREATE TABLE hidden_messages (
    id           TEXT    NOT NULL PRIMARY KEY,
    started_at   INTEGER NOT NULL,
    kind         INTEGER NOT NULL,
    outcome      INTEGER NOT NULL,
    conversation TEXT    NOT NULL,
    from_number  TEXT,
    to_number    TEXT,
    tenant       TEXT,
    hidden_at    INTEGER NOT NULL,
    hidden_by    TEXT    NOT NULL
) WITHOUT ROWID;

CREATE INDEX hidden_messages_by_conversation ON hidden_messages (conversation);
