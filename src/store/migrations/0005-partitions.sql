-- The cursor of a partition is held under a lease, so that several daemons can share the partitions of a source. Other
-- cursors have no member and no lease.
ALTER TABLE source_cursor ADD COLUMN member TEXT;
ALTER TABLE source_cursor ADD COLUMN lease_until INTEGER;
-- The reason for which the partition is not read now.
ALTER TABLE source_cursor ADD COLUMN problem TEXT;
