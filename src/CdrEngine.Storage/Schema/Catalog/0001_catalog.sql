-- What is known beside the days.
CREATE TABLE settings (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE imported_files (
    fingerprint TEXT PRIMARY KEY, -- made by the importer from the file's bytes
    path        TEXT    NOT NULL, -- as it was given
    bytes       INTEGER NOT NULL,
    packets     INTEGER NOT NULL,
    calls       INTEGER NOT NULL
) WITHOUT ROWID;
