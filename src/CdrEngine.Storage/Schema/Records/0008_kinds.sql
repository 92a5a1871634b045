-- What each side sent, and what makes a conversation of another kind of a call (traits), are part of what calls have in common. The records of a day that was written before tell it:
-- they are read once, and the sums are made anew.
ALTER TABLE call_profiles ADD COLUMN caller_codec TEXT NOT NULL DEFAULT ''; -- upper case, without clock rate; '' for none
ALTER TABLE call_profiles ADD COLUMN callee_codec TEXT NOT NULL DEFAULT '';
DROP INDEX call_profiles_by_content;
CREATE UNIQUE INDEX call_profiles_by_content ON call_profiles (tenant, disposition, direction, sip_status, cause, hangup_by, context, trunk, traits, reroute, caller_codec, callee_codec);
