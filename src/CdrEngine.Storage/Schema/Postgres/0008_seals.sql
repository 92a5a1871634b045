-- What days that are over tell in memory, without a call being looked at (docs/decisions/0037). A seal is of the calls as they are as long as its day names it; whoever changes calls of the
-- day takes the name away, and the next pass makes a new one.
ALTER TABLE record_days ADD COLUMN seal bigint NOT NULL DEFAULT 0; -- of text_numbers; 0 for none

CREATE TABLE day_seals (
    day   date   NOT NULL,
    name  text COLLATE "C" NOT NULL,
    seal  bigint NOT NULL,
    value bytea  NOT NULL,
    PRIMARY KEY (day, name)
);

-- A day that was dropped and comes back has none of the versions that it had.
ALTER TABLE record_days ALTER COLUMN version SET DEFAULT nextval('text_numbers') * 1000000000;

-- Days that are over get indexes over media sessions too.
UPDATE record_days SET is_sealed = false;
