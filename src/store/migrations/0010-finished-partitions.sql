-- The time at which a partition was finished, for example an object that was read to its end. Its row is removed later.
ALTER TABLE source_cursor ADD COLUMN done_at INTEGER;
CREATE INDEX source_cursor_done ON source_cursor (done_at) WHERE done_at IS NOT NULL;
