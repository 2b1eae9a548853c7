-- The time up to which a partition was read and committed: what its broker had by then is in the store.
ALTER TABLE source_cursor ADD COLUMN caught_up_at INTEGER;
