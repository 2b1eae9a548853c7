-- The status of each alert, who changed what, and updates: deliveries that say at a destination what happened to an
-- alert that it has got before.
CREATE TABLE alert_status (
  alert_id TEXT PRIMARY KEY REFERENCES alert (id) ON DELETE CASCADE,
  version INTEGER NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('open', 'acknowledged', 'resolved')),
  reason TEXT,
  assignee TEXT NOT NULL,
  changed_at INTEGER NOT NULL,
  changed_by TEXT NOT NULL,
  CHECK ((status = 'resolved') = (reason IS NOT NULL))
) WITHOUT ROWID;

-- AUTOINCREMENT: readers continue behind the last number that they saw, so a number must never come twice.
CREATE TABLE audit (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  at INTEGER NOT NULL,
  actor TEXT NOT NULL,
  via TEXT NOT NULL,
  verb TEXT NOT NULL,
  subject_kind TEXT NOT NULL CHECK (subject_kind IN ('alert', 'silence', 'destination', 'detection')),
  subject TEXT NOT NULL,
  before TEXT NOT NULL,
  after TEXT NOT NULL,
  note TEXT NOT NULL,
  origin TEXT,
  request_id TEXT
);
CREATE INDEX audit_subject ON audit (subject_kind, subject);
CREATE UNIQUE INDEX audit_request ON audit (request_id) WHERE request_id IS NOT NULL;

INSERT INTO alert_status (alert_id, version, status, reason, assignee, changed_at, changed_by)
  SELECT id, 1, CASE severity WHEN 'INFO' THEN 'resolved' ELSE 'open' END,
    CASE severity WHEN 'INFO' THEN 'info' END, '', created_at, 'system' FROM alert;
INSERT INTO audit (at, actor, via, verb, subject_kind, subject, before, after, note)
  SELECT created_at, 'system', 'system', 'created', 'alert', id, '',
    CASE severity WHEN 'INFO' THEN 'resolved: info' ELSE 'open' END, '' FROM alert ORDER BY seq;

-- Which destinations get updates, so that every process that changes an alert can make them in the same transaction.
-- A row is found by the key of the first delivery, which can be an earlier name of the destination.
CREATE TABLE update_subscription (
  first_key TEXT PRIMARY KEY,
  destination_key TEXT NOT NULL,
  destination TEXT NOT NULL,
  events TEXT NOT NULL,
  repeat_every_ms INTEGER NOT NULL
) WITHOUT ROWID;

-- SQLite cannot change a CHECK, so the table is copied. The references of other tables are by name and stay.
CREATE TABLE new_delivery (
  seq INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  kind TEXT NOT NULL CHECK (kind IN ('single', 'digest', 'update')),
  destination_key TEXT NOT NULL,
  destination TEXT NOT NULL,
  state TEXT NOT NULL CHECK (
    state IN ('pending', 'sending', 'delivered', 'waiting', 'queued', 'dead', 'orphaned', 'withdrawn')
  ),
  due INTEGER NOT NULL,
  lease_token TEXT,
  lease_until INTEGER,
  attempts INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  paused_ms INTEGER NOT NULL,
  reason TEXT NOT NULL,
  message TEXT NOT NULL,
  update_of TEXT REFERENCES delivery (id) ON DELETE CASCADE,
  update_body TEXT,
  remote_reference TEXT,
  CHECK ((state = 'sending') = (lease_token IS NOT NULL AND lease_until IS NOT NULL)),
  CHECK ((kind = 'update') = (update_of IS NOT NULL AND update_body IS NOT NULL)),
  CHECK (state <> 'queued' OR kind = 'update')
);
INSERT INTO new_delivery (seq, id, kind, destination_key, destination, state, due, lease_token, lease_until, attempts,
    created_at, paused_ms, reason, message)
  SELECT seq, id, kind, destination_key, destination, state, due, lease_token, lease_until, attempts, created_at,
    paused_ms, reason, message FROM delivery;
DROP TABLE delivery;
ALTER TABLE new_delivery RENAME TO delivery;
CREATE INDEX delivery_due ON delivery (destination_key, due) WHERE state IN ('pending', 'waiting');
CREATE INDEX delivery_lease ON delivery (destination_key, lease_until) WHERE state = 'sending';
CREATE INDEX delivery_state ON delivery (state, created_at);
CREATE INDEX delivery_created ON delivery (created_at);
CREATE INDEX delivery_update ON delivery (update_of, seq) WHERE update_of IS NOT NULL;
