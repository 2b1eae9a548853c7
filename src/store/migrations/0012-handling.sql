-- What was decided about alerts after their routes, one row for each decision.
CREATE TABLE handling (
  seq INTEGER PRIMARY KEY,
  alert_id TEXT NOT NULL REFERENCES alert (id) ON DELETE CASCADE,
  at INTEGER NOT NULL,
  steps TEXT NOT NULL
);
CREATE INDEX handling_alert ON handling (alert_id);

-- The silences that people made beside the files of the project.
CREATE TABLE silence (
  id TEXT PRIMARY KEY,
  version INTEGER NOT NULL,
  ends_at INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  created_by TEXT NOT NULL,
  body TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX silence_ends ON silence (ends_at);

-- The alerts that each silence hid, also those of the files, and the time of the last event that it hid of them.
CREATE TABLE silence_hit (
  silence_id TEXT NOT NULL,
  alert_id TEXT NOT NULL REFERENCES alert (id) ON DELETE CASCADE,
  at INTEGER NOT NULL,
  PRIMARY KEY (silence_id, alert_id)
) WITHOUT ROWID;
CREATE INDEX silence_hit_alert ON silence_hit (alert_id);

-- It has no row before the first change. It rises with every change of a rule that is kept in the store, so that a commit can compare what was decided by.
CREATE TABLE rules_version (one INTEGER PRIMARY KEY CHECK (one = 1), version INTEGER NOT NULL);
