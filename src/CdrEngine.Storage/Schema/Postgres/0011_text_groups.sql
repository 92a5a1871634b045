-- Texts of many days put together (docs/decisions/0045): the bytes that files have on SQLite, in parts that fill a page each. A group is of days of one month, and never changed; its number is never
-- given to another.
CREATE TABLE text_groups (
    number    bigint  NOT NULL PRIMARY KEY, -- of text_numbers
    day       date    NOT NULL,             -- its first
    last_day  date    NOT NULL,
    days      integer NOT NULL,
    directory bigint  NOT NULL,             -- where it begins
    size      bigint  NOT NULL              -- bytes of all parts
);

CREATE TABLE text_group_parts (
    day    date    NOT NULL, -- the first of its group
    number bigint  NOT NULL,
    part   integer NOT NULL,
    value  bytea   NOT NULL,
    PRIMARY KEY (number, part, day)
) PARTITION BY RANGE (day);
ALTER TABLE text_group_parts ALTER COLUMN value SET STORAGE PLAIN;

-- The group that tells of a day as long as the day names the seal that the group was made of; 0 for none.
ALTER TABLE record_days ADD COLUMN texts bigint NOT NULL DEFAULT 0;
