-- The alerts that retention can remove, in the order of their creation.
CREATE INDEX alert_index_resolved ON alert_index (place) WHERE status = 'resolved';

-- The files of the archive. What a file has beyond these bytes was not entered, and its rows are still in the store.
CREATE TABLE archive_file (
  name TEXT PRIMARY KEY,
  bytes INTEGER NOT NULL,
  line_count INTEGER NOT NULL,
  sha256 TEXT NOT NULL,
  changed_at INTEGER NOT NULL
) WITHOUT ROWID;
