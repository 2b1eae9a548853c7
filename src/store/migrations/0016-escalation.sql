-- The steps that are taken unless a person acknowledges or resolves an alert in time.
CREATE TABLE escalation (
  alert_id TEXT NOT NULL REFERENCES alert (id) ON DELETE CASCADE,
  destination_key TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('step', 'release')),
  step INTEGER NOT NULL,
  unless TEXT NOT NULL CHECK (unless IN ('acknowledged', 'resolved')),
  after_ms INTEGER NOT NULL,
  due INTEGER,
  state TEXT NOT NULL CHECK (state IN ('waiting', 'sent', 'ended', 'missed')),
  round INTEGER NOT NULL,
  lease_token TEXT,
  lease_until INTEGER,
  reason TEXT NOT NULL,
  PRIMARY KEY (alert_id, destination_key, kind, step)
) WITHOUT ROWID;
CREATE INDEX escalation_due ON escalation (due) WHERE state = 'waiting' AND due IS NOT NULL;
CREATE INDEX escalation_state ON escalation (state, kind);
