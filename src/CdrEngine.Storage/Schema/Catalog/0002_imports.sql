-- Files are imported together, and a call may begin in one and end in the next: what is remembered is the import, with its files.
CREATE TABLE imports (
    import     INTEGER PRIMARY KEY,
    conditions TEXT    NOT NULL, -- digest of the program and of the settings that records depend on
    packet_run INTEGER NOT NULL, -- run of the packet log that has its packets; 0 where none were kept
    segments   INTEGER NOT NULL, -- segments of that run
    days       TEXT    NOT NULL  -- days that have its records, yyyy-MM-dd, a blank between
);

ALTER TABLE imported_files ADD COLUMN import INTEGER NOT NULL DEFAULT 0; -- imports.import, the last that read it
