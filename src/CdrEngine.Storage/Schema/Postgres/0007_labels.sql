-- Names, domains and the like as they are shown, for those calls that no segment of texts tells of. The records of days that were written before are read for it once, some at a time.
ALTER TABLE call_documents ADD COLUMN labels text COLLATE "C"; -- CallLabels, a line each; null where the record was not read for it yet
UPDATE record_days SET is_told = false;

-- Segments tell of labels from now on: all are made anew.
UPDATE record_days SET is_sealed = false;
DELETE FROM text_segments;
DELETE FROM text_stale;
DELETE FROM message_text_segments;
DELETE FROM message_text_stale;
DO $$
BEGIN
    EXECUTE 'TRUNCATE text_grams, text_terms, message_text_grams, message_text_terms';
END
$$;
