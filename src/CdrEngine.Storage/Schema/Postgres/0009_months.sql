-- What is looked for in all days has a partition for each month, and not for each day: a question about a year is then a few looks into twelve indexes, and not planned for 365 tables
-- (docs/decisions/0037). A partition is named for the first day of its month, for example day_numbers_20261101.

-- Which calls of days that are over have a number: as call_numbers tells, as long as the day names this seal.
CREATE TABLE day_numbers (
    number text COLLATE "C" NOT NULL,
    day    date    NOT NULL,
    seal   bigint  NOT NULL,
    calls  integer NOT NULL,
    rows   bytea,            -- in order of time; null where they are too many
    PRIMARY KEY (number, day)
) PARTITION BY RANGE (day);

-- Texts are noted anew in the background.
DROP TABLE text_grams, text_terms, message_text_grams, message_text_terms;

CREATE TABLE text_grams (
    day     date    NOT NULL,
    segment bigint  NOT NULL,
    gram    integer NOT NULL, -- three bytes
    terms   bytea   NOT NULL, -- the texts that have them
    PRIMARY KEY (gram, segment, day)
) PARTITION BY RANGE (day);

CREATE TABLE text_terms (
    day     date    NOT NULL,
    segment bigint  NOT NULL,
    chunk   integer NOT NULL,
    texts   bytea   NOT NULL,
    calls   bytea   NOT NULL, -- the calls that have each of them
    PRIMARY KEY (segment, chunk, day)
) PARTITION BY RANGE (day);

CREATE TABLE message_text_grams (LIKE text_grams INCLUDING ALL) PARTITION BY RANGE (day);
CREATE TABLE message_text_terms (LIKE text_terms INCLUDING ALL) PARTITION BY RANGE (day);

DELETE FROM text_segments;
DELETE FROM text_stale;
DELETE FROM message_text_segments;
DELETE FROM message_text_stale;
UPDATE record_days SET seal = 0;

-- Rows of a day are few among those of its month, and are removed by their day.
CREATE INDEX day_numbers_by_day ON day_numbers (day);
CREATE INDEX text_grams_by_day ON text_grams (day);
CREATE INDEX text_terms_by_day ON text_terms (day);
CREATE INDEX message_text_grams_by_day ON message_text_grams (day);
CREATE INDEX message_text_terms_by_day ON message_text_terms (day);

-- Makes the partition of a month where there is none.
CREATE FUNCTION make_month(parent text, first date) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    child text := parent || to_char(first, '_YYYYMMDD');
BEGIN
    IF to_regclass(child) IS NOT NULL THEN
        RETURN;
    END IF;
    EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING ALL)', child, parent);
    EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', parent, child, first, (first + interval '1 month')::date);
END
$$;
