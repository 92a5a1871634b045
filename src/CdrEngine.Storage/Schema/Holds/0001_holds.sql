-- Legal holds. Beside the days, since a hold outlives what retention does to them.
CREATE TABLE holds (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    what       TEXT    NOT NULL, -- what it was placed on, in words: a call, a session, a query
    reason     TEXT    NOT NULL,
    placed_by  TEXT    NOT NULL,
    placed_at  INTEGER NOT NULL, -- microseconds since 1970, UTC
    tenant     TEXT              -- whose token placed it; null for an operator of all
);

CREATE TABLE held_calls (
    call TEXT    NOT NULL, -- id of the record
    hold INTEGER NOT NULL REFERENCES holds (id),
    PRIMARY KEY (call, hold)
) WITHOUT ROWID;

CREATE INDEX held_calls_by_hold ON held_calls (hold);

-- Calls whose packets were copied out of shared segments: the run of the packet log that has the copy. Kept until no hold is on the call.
CREATE TABLE copied_calls (
    call       TEXT    NOT NULL PRIMARY KEY,
    packet_run INTEGER NOT NULL
) WITHOUT ROWID;
