-- Which calls have which texts, made in the background of many calls at once: a segment tells of the calls whose documents are first..last. What is stored or changed later is looked
-- at until the next is made. Bytes as Texts/TextSegment has them.
CREATE TABLE text_segments (
    segment INTEGER PRIMARY KEY AUTOINCREMENT, -- never given twice: who remembers one knows whether it is still there
    first   INTEGER NOT NULL,  -- call_documents.document
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
    calls BLOB    NOT NULL     -- the calls that have each of them
);

-- Calls that are others now than a segment tells.
CREATE TABLE text_stale (
    document INTEGER PRIMARY KEY
);

CREATE TRIGGER text_stale_delete AFTER DELETE ON calls WHEN EXISTS (SELECT 1 FROM text_segments s WHERE OLD.document BETWEEN s.first AND s.last) BEGIN
    INSERT OR IGNORE INTO text_stale (document) VALUES (OLD.document);
END;
