-- Alerts that hide others while they are not resolved. A row ends with its alert, or with its time.
CREATE TABLE inhibitor (
  key TEXT NOT NULL,
  alert_id TEXT NOT NULL,
  at INTEGER NOT NULL,
  until INTEGER NOT NULL,
  PRIMARY KEY (key, alert_id)
) WITHOUT ROWID;
CREATE INDEX inhibitor_until ON inhibitor (key, until);
CREATE INDEX inhibitor_alert ON inhibitor (alert_id);
CREATE INDEX inhibitor_end ON inhibitor (until);
