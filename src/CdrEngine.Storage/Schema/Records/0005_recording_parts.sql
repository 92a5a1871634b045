-- Why a part of a recording is silent although there were packets.
ALTER TABLE recordings ADD COLUMN part_reason TEXT;
