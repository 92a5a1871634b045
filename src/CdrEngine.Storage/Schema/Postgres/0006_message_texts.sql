-- Which messages have which texts, as of calls (0003).
CREATE TABLE message_text_segments (
    day            date   NOT NULL,
    segment        bigint NOT NULL, -- of text_numbers
    first_document bigint NOT NULL,
    last_document  bigint NOT NULL,
    fields         bytea  NOT NULL, -- where the texts of each field end
    grams          bytea  NOT NULL, -- a bit for each gram that any text has
    windows        bytea  NOT NULL, -- the same of runs of six bytes
    keys           bytea  NOT NULL, -- the same of numbers, conversations and Call-IDs
    PRIMARY KEY (day, segment)
);

CREATE TABLE message_text_grams (
    day     date    NOT NULL,
    segment bigint  NOT NULL,
    gram    integer NOT NULL, -- three bytes
    terms   bytea   NOT NULL, -- the texts that have them
    PRIMARY KEY (day, segment, gram)
) PARTITION BY RANGE (day);

CREATE TABLE message_text_terms (
    day     date    NOT NULL,
    segment bigint  NOT NULL,
    chunk   integer NOT NULL,
    texts   bytea   NOT NULL,
    calls   bytea   NOT NULL, -- the messages that have each of them
    PRIMARY KEY (day, segment, chunk)
) PARTITION BY RANGE (day);

-- Messages that are others now than a segment tells.
CREATE TABLE message_text_stale (
    day      date   NOT NULL,
    document bigint NOT NULL,
    PRIMARY KEY (day, document)
);

SELECT make_partition('message_text_grams', day), make_partition('message_text_terms', day) FROM message_days;

-- The document that was stored last: segments that tell of less are not all.
ALTER TABLE message_days ADD COLUMN last_document bigint NOT NULL DEFAULT 0;
UPDATE message_days d SET last_document = coalesce((SELECT max(m.document) FROM message_documents m WHERE m.day = d.day), 0);

-- One row: another number whenever what is said of voice messages changes, so that it is read once.
CREATE TABLE remark_state (
    version bigint NOT NULL
);

INSERT INTO remark_state VALUES (0);
