-- One day of messages. Rows are short and in order of the list; documents lie apart.
CREATE TABLE messages (
    started_at    INTEGER NOT NULL, -- microseconds since 1970, UTC
    id            BLOB    NOT NULL, -- the 12 bytes behind the hyphen of the id
    document      INTEGER NOT NULL,
    kind          INTEGER NOT NULL,
    outcome       INTEGER NOT NULL,
    from_number   TEXT,
    to_number     TEXT,
    conversation  TEXT    NOT NULL,
    sip_call_hash INTEGER NOT NULL,
    in_call       INTEGER NOT NULL,
    tenant        TEXT,
    PRIMARY KEY (started_at, id)
) WITHOUT ROWID;

CREATE INDEX messages_by_id ON messages (id);
CREATE INDEX messages_by_conversation ON messages (conversation, started_at);
CREATE INDEX messages_by_sip_call ON messages (sip_call_hash);
CREATE INDEX messages_by_from ON messages (from_number, started_at);
CREATE INDEX messages_by_to ON messages (to_number, started_at);

CREATE TABLE message_documents (
    document INTEGER PRIMARY KEY,
    search   TEXT NOT NULL, -- text and URIs, lower case
    chunks   BLOB NOT NULL, -- where its packets lie, as the packet log encodes it
    json     BLOB NOT NULL
);

-- Conversations that began on this day. When they ended and how many messages they have is told by the messages.
CREATE TABLE conversations (
    started_at INTEGER NOT NULL,
    id         TEXT    NOT NULL,
    first      TEXT    NOT NULL,
    second     TEXT    NOT NULL,
    tenant     TEXT,
    PRIMARY KEY (started_at, id)
) WITHOUT ROWID;

CREATE UNIQUE INDEX conversations_by_id ON conversations (id);
CREATE INDEX conversations_by_first ON conversations (first, started_at);
CREATE INDEX conversations_by_second ON conversations (second, started_at);
