-- What calls have in common, once for each different combination, and sums of their figures: by profile for the day, and by hour. Whoever inserts a call adds
-- to them in the same transaction, many calls at once; what is deleted or replaced is taken away by the trigger.
CREATE TABLE call_profiles (
    profile     INTEGER PRIMARY KEY,
    tenant      TEXT    NOT NULL, -- '' for none
    disposition INTEGER NOT NULL,
    direction   INTEGER NOT NULL, -- 9 for none
    sip_status  INTEGER NOT NULL, -- 0 for none
    cause       INTEGER NOT NULL, -- Q.850; -1 for none
    hangup_by   INTEGER NOT NULL,
    context     INTEGER NOT NULL, -- -1 for none
    trunk       TEXT    NOT NULL, -- '' for none
    traits      INTEGER NOT NULL, -- CallTraits
    reroute     INTEGER NOT NULL  -- RerouteReason
);

CREATE UNIQUE INDEX call_profiles_by_content ON call_profiles (tenant, disposition, direction, sip_status, cause, hangup_by, context, trunk, traits, reroute);

CREATE TABLE call_sums (
    hour          INTEGER NOT NULL, -- 0..23, UTC; 24 for the whole day
    profile       INTEGER NOT NULL,
    calls         INTEGER NOT NULL,
    answered      INTEGER NOT NULL,
    duration      INTEGER NOT NULL, -- microseconds, as all times
    billable      INTEGER NOT NULL,
    pdd           INTEGER NOT NULL,
    pdd_calls     INTEGER NOT NULL, -- calls that have one
    mos           INTEGER NOT NULL, -- millionths
    mos_calls     INTEGER NOT NULL,
    mos_below_403 INTEGER NOT NULL,
    mos_below_360 INTEGER NOT NULL,
    mos_below_310 INTEGER NOT NULL,
    mos_below_258 INTEGER NOT NULL,
    PRIMARY KEY (hour, profile)
) WITHOUT ROWID;

ALTER TABLE calls ADD COLUMN pdd_us INTEGER; -- post-dial delay; null for none
ALTER TABLE calls ADD COLUMN profile INTEGER; -- call_profiles.profile

-- Sums by outcome, which days that were sealed before had, are among these.
DROP TRIGGER IF EXISTS call_counts_insert;
DROP TRIGGER IF EXISTS call_counts_delete;
DROP TRIGGER IF EXISTS call_counts_update;
DROP TABLE IF EXISTS call_counts;

-- The rows may not be there yet: what the transaction inserted before is added at its end.
CREATE TRIGGER call_sums_delete AFTER DELETE ON calls WHEN OLD.profile IS NOT NULL BEGIN
    INSERT INTO call_sums
    SELECT h.hour, OLD.profile, -1, -(OLD.disposition = 1), -OLD.duration_us, -OLD.billsec_us, -ifnull(OLD.pdd_us, 0), -(OLD.pdd_us IS NOT NULL),
        -ifnull(CAST(OLD.mos * 1000000.0 + 0.5 AS INTEGER), 0), -(OLD.mos IS NOT NULL), -ifnull(OLD.mos < 4.03, 0), -ifnull(OLD.mos < 3.60, 0), -ifnull(OLD.mos < 3.10, 0),
        -ifnull(OLD.mos < 2.58, 0)
    FROM (SELECT OLD.started_at / 3600000000 % 24 AS hour UNION ALL SELECT 24) h
    WHERE true
    ON CONFLICT (hour, profile) DO UPDATE SET
        calls = calls + excluded.calls, answered = answered + excluded.answered, duration = duration + excluded.duration, billable = billable + excluded.billable,
        pdd = pdd + excluded.pdd, pdd_calls = pdd_calls + excluded.pdd_calls, mos = mos + excluded.mos, mos_calls = mos_calls + excluded.mos_calls,
        mos_below_403 = mos_below_403 + excluded.mos_below_403, mos_below_360 = mos_below_360 + excluded.mos_below_360,
        mos_below_310 = mos_below_310 + excluded.mos_below_310, mos_below_258 = mos_below_258 + excluded.mos_below_258;
END;
