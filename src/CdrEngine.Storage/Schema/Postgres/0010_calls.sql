-- The calls of days that are over as lists in memory have them (docs/decisions/0041): their order, numbers, sessions, codecs, flags, scores and addresses. Beside day_seals, with a partition for
-- each month, as numbers are among them: what was purged is in no file of a partition that was written anew.
CREATE TABLE day_calls (
    day   date   NOT NULL,
    name  text COLLATE "C" NOT NULL,
    seal  bigint NOT NULL, -- counts as long as the day names it
    value bytea  NOT NULL,
    PRIMARY KEY (day, name)
) PARTITION BY RANGE (day);

-- Seals are made anew in the background.
UPDATE record_days SET seal = 0;
