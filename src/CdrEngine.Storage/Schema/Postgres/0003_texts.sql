-- Which calls have which texts, made in the background of many calls at once: a segment tells of the calls of a day whose documents are first_document..last_document. What is stored or
-- changed later is looked at until the next is made. Bytes as Texts/TextSegment has them.
CREATE SEQUENCE text_numbers;

CREATE TABLE text_segments (
    day            date   NOT NULL,
    segment        bigint NOT NULL,
    first_document bigint NOT NULL,
    last_document  bigint NOT NULL,
    fields         bytea  NOT NULL, -- where the texts of each field end
    grams          bytea  NOT NULL, -- a bit for each gram that any text has
    PRIMARY KEY (day, segment)
);

CREATE TABLE text_grams (
    day     date    NOT NULL,
    segment bigint  NOT NULL,
    gram    integer NOT NULL, -- three bytes
    terms   bytea   NOT NULL, -- the texts that have them
    PRIMARY KEY (day, segment, gram)
) PARTITION BY RANGE (day);

CREATE TABLE text_terms (
    day     date    NOT NULL,
    segment bigint  NOT NULL,
    chunk   integer NOT NULL,
    texts   bytea   NOT NULL,
    calls   bytea   NOT NULL, -- the calls that have each of them
    PRIMARY KEY (day, segment, chunk)
) PARTITION BY RANGE (day);

-- Calls that are others now than a segment tells.
CREATE TABLE text_stale (
    day      date   NOT NULL,
    document bigint NOT NULL,
    PRIMARY KEY (day, document)
);

-- From now on days have these from the start; those there are get them here.
SELECT make_partition('text_grams', day), make_partition('text_terms', day) FROM record_days;
