-- Which messages have which texts, as of calls (Records/0007), and what a day that is over is asked without being opened.
CREATE TABLE text_segments (
    segment INTEGER PRIMARY KEY AUTOINCREMENT, -- never given twice: who remembers one knows whether it is still there
    first   INTEGER NOT NULL,  -- message_documents.document
    last    INTEGER NOT NULL,
    fields  BLOB    NOT NULL   -- where the texts of each field end
);

CREATE TABLE text_grams (
    gram  INTEGER PRIMARY KEY, -- segment << 24 | three bytes
    terms BLOB    NOT NULL     -- the texts that have them
);

CREATE TABLE text_terms (
    chunk INTEGER PRIMARY KEY, -- segment << 32 | number of the chunk
    texts BLOB    NOT NULL,
    calls BLOB    NOT NULL     -- the messages that have each of them
);

-- Messages that are others now than a segment tells.
CREATE TABLE text_stale (
    document INTEGER PRIMARY KEY
);

CREATE TRIGGER text_stale_update AFTER UPDATE OF search ON message_documents
WHEN OLD.search IS NOT NEW.search AND EXISTS (SELECT 1 FROM text_segments s WHERE OLD.document BETWEEN s.first AND s.last) BEGIN
    INSERT OR IGNORE INTO text_stale (document) VALUES (OLD.document);
END;

CREATE TRIGGER text_stale_delete AFTER DELETE ON message_documents WHEN EXISTS (SELECT 1 FROM text_segments s WHERE OLD.document BETWEEN s.first AND s.last) BEGIN
    INSERT OR IGNORE INTO text_stale (document) VALUES (OLD.document);
END;

CREATE TABLE message_seal (
    name  TEXT NOT NULL PRIMARY KEY,
    value BLOB NOT NULL
) WITHOUT ROWID;
