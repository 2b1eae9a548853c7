-- Each write of a key has a version of its own, which the next change of the key compares.
ALTER TABLE kv ADD COLUMN version TEXT NOT NULL DEFAULT '0';
