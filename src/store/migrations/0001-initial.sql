-- Append-only: a released migration is never edited; the next change is the next file.
-- Rows that are only looked up by key are versioned JSON documents; rows that are searched have columns.
-- Times are epoch milliseconds.

CREATE TABLE source_cursor (source TEXT PRIMARY KEY, cursor TEXT NOT NULL) WITHOUT ROWID;

CREATE TABLE seen (id TEXT PRIMARY KEY, until INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX seen_until ON seen (until);

CREATE TABLE alert_group (key TEXT PRIMARY KEY, version INTEGER NOT NULL, body TEXT NOT NULL);
CREATE TABLE limiter (key TEXT PRIMARY KEY, version INTEGER NOT NULL, body TEXT NOT NULL);
CREATE TABLE destination_state (key TEXT PRIMARY KEY, version INTEGER NOT NULL, body TEXT NOT NULL);

-- Frozen at creation. What later events add is apart, so that counting one rewrites a short row.
CREATE TABLE alert (
  seq INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  group_key TEXT NOT NULL,
  detection TEXT NOT NULL,
  kind TEXT NOT NULL,
  severity TEXT NOT NULL,
  title TEXT NOT NULL,
  dedup TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  reference TEXT NOT NULL,
  route TEXT NOT NULL,
  notification TEXT NOT NULL
);
CREATE INDEX alert_created ON alert (created_at);
CREATE INDEX alert_detection ON alert (detection, created_at);

CREATE TABLE alert_progress (
  alert_id TEXT PRIMARY KEY REFERENCES alert (id) ON DELETE CASCADE,
  events INTEGER NOT NULL,
  last_event_at INTEGER NOT NULL,
  log_types TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE divergence (
  seq INTEGER PRIMARY KEY,
  alert_id TEXT NOT NULL REFERENCES alert (id) ON DELETE CASCADE,
  body TEXT NOT NULL
);
CREATE INDEX divergence_alert ON divergence (alert_id);

-- AUTOINCREMENT: correlation reads behind its own cursor, so an id must never come twice.
CREATE TABLE signal (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  detection TEXT NOT NULL,
  at INTEGER NOT NULL,
  row_id TEXT NOT NULL,
  log_type TEXT NOT NULL,
  alert_id TEXT,
  context TEXT NOT NULL,
  recorded_at INTEGER NOT NULL
);
CREATE INDEX signal_recorded ON signal (recorded_at);

CREATE TABLE delivery (
  seq INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  kind TEXT NOT NULL CHECK (kind IN ('single', 'digest')),
  destination_key TEXT NOT NULL,
  destination TEXT NOT NULL,
  state TEXT NOT NULL
    CHECK (state IN ('pending', 'sending', 'delivered', 'waiting', 'dead', 'orphaned')),
  due INTEGER NOT NULL,
  lease_token TEXT,
  lease_until INTEGER,
  attempts INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  paused_ms INTEGER NOT NULL,
  reason TEXT NOT NULL,
  message TEXT NOT NULL,
  CHECK ((state = 'sending') = (lease_token IS NOT NULL AND lease_until IS NOT NULL))
);
CREATE INDEX delivery_due ON delivery (destination_key, due) WHERE state IN ('pending', 'waiting');
CREATE INDEX delivery_lease ON delivery (destination_key, lease_until) WHERE state = 'sending';
CREATE INDEX delivery_state ON delivery (state, created_at);
CREATE INDEX delivery_created ON delivery (created_at);

CREATE TABLE delivery_item (
  delivery_id TEXT NOT NULL REFERENCES delivery (id) ON DELETE CASCADE,
  alert_id TEXT NOT NULL REFERENCES alert (id),
  PRIMARY KEY (delivery_id, alert_id)
) WITHOUT ROWID;
CREATE INDEX delivery_item_alert ON delivery_item (alert_id);

CREATE TABLE attempt (
  delivery_id TEXT NOT NULL REFERENCES delivery (id) ON DELETE CASCADE,
  n INTEGER NOT NULL,
  at INTEGER NOT NULL,
  status INTEGER,
  ms INTEGER NOT NULL,
  outcome TEXT NOT NULL,
  message TEXT NOT NULL,
  PRIMARY KEY (delivery_id, n)
) WITHOUT ROWID;

CREATE TABLE kv (key TEXT PRIMARY KEY, value TEXT NOT NULL, expires_at INTEGER);
CREATE INDEX kv_expires ON kv (expires_at) WHERE expires_at IS NOT NULL;

CREATE TABLE once (
  job TEXT NOT NULL,
  slot TEXT NOT NULL,
  recorded_at INTEGER NOT NULL,
  PRIMARY KEY (job, slot)
) WITHOUT ROWID;
CREATE INDEX once_recorded ON once (recorded_at);

-- Who has the daemon's place, for people; the lock itself is the operating system's.
CREATE TABLE holder (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  name TEXT NOT NULL,
  pid INTEGER NOT NULL,
  host TEXT NOT NULL,
  since INTEGER NOT NULL
);
