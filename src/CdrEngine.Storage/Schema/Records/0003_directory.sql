-- What the directory says of a call, as far as it is asked for. Numbers in full international form and users lead to a call as its other numbers do: by
-- rows of call_numbers; here they stand so that those rows can be found again.
ALTER TABLE calls ADD COLUMN context INTEGER;
ALTER TABLE calls ADD COLUMN caller_e164 TEXT;
ALTER TABLE calls ADD COLUMN callee_e164 TEXT;
ALTER TABLE calls ADD COLUMN caller_user INTEGER;
ALTER TABLE calls ADD COLUMN callee_user INTEGER;
