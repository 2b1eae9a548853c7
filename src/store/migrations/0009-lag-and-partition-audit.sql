-- How many messages the reader of a partition had not read yet when it extended its lease last.
ALTER TABLE source_cursor ADD COLUMN lag INTEGER;

-- The audit also has partitions whose messages a person passed. SQLite cannot change a CHECK, so the table is copied.
CREATE TABLE new_audit (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  at INTEGER NOT NULL,
  actor TEXT NOT NULL,
  via TEXT NOT NULL,
  verb TEXT NOT NULL,
  subject_kind TEXT NOT NULL
    CHECK (subject_kind IN ('alert', 'silence', 'destination', 'detection', 'partition')),
  subject TEXT NOT NULL,
  before TEXT NOT NULL,
  after TEXT NOT NULL,
  note TEXT NOT NULL,
  origin TEXT,
  request_id TEXT
);
INSERT INTO new_audit (seq, at, actor, via, verb, subject_kind, subject, before, after, note, origin, request_id)
  SELECT seq, at, actor, via, verb, subject_kind, subject, before, after, note, origin, request_id FROM audit;
DROP TABLE audit;
ALTER TABLE new_audit RENAME TO audit;
CREATE INDEX audit_subject ON audit (subject_kind, subject);
CREATE UNIQUE INDEX audit_request ON audit (request_id) WHERE request_id IS NOT NULL;
