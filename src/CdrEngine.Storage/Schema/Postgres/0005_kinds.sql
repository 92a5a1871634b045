-- What each side sent, and further traits: what makes a conversation of another kind of a call. The records of days that were written before are read for it once, some at a time.
ALTER TABLE calls ADD COLUMN caller_codec text COLLATE "C"; -- upper case, without clock rate; '' for none; null where the record was not read for it yet
ALTER TABLE calls ADD COLUMN callee_codec text COLLATE "C";
ALTER TABLE calls ADD COLUMN kinds integer; -- those traits that make a conversation of another kind of it; null for none, as nearly always
ALTER TABLE record_days ADD COLUMN is_told boolean NOT NULL DEFAULT false;
ALTER TABLE record_days ALTER COLUMN is_told SET DEFAULT true;

-- Days that are over get indexes over them.
UPDATE record_days SET is_sealed = false;
