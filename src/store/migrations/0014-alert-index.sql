-- What lists of alerts are filtered by, in one short row for each alert, and the index of its texts.
-- A place is the position in the order of creation: the time in milliseconds and the last 20 bits of the number.
CREATE TABLE alert_index (
  place INTEGER PRIMARY KEY,
  seq INTEGER NOT NULL,
  detection TEXT NOT NULL,
  severity TEXT NOT NULL,
  status TEXT NOT NULL,
  assignee TEXT NOT NULL,
  -- Title, dedup and detection, a line each.
  words TEXT NOT NULL,
  -- Each tag and each destination is between two line feeds, so that it is found as a whole.
  tags TEXT NOT NULL,
  destinations TEXT NOT NULL
);
-- Each index ends with the place, by which lists are ordered.
CREATE INDEX alert_index_status ON alert_index (status, severity);
CREATE INDEX alert_index_detection ON alert_index (detection, status, severity);
CREATE INDEX alert_index_assignee ON alert_index (assignee) WHERE assignee <> '';
-- The rows above do what this index did.
DROP INDEX alert_detection;

-- The texts are indexed after the commit, in steps. Until then an alert is in `alert_unindexed`.
CREATE VIRTUAL TABLE alert_text USING fts5 (
  words, tags, destinations, content = 'alert_index', content_rowid = 'place', tokenize = 'trigram', columnsize = 0
);
CREATE TABLE alert_unindexed (place INTEGER PRIMARY KEY);

-- The status of an alert is its last row that is inserted.
CREATE TRIGGER alert_index_insert AFTER INSERT ON alert_status BEGIN
  INSERT INTO alert_index (place, seq, detection, severity, status, assignee, words, tags, destinations)
    SELECT a.created_at * 1048576 + (a.seq & 1048575), a.seq, a.detection, a.severity, new.status, new.assignee,
      a.title || char(10) || a.dedup || char(10) || a.detection,
      CASE WHEN json_valid(a.notification) THEN
        (SELECT coalesce(char(10) || group_concat(value, char(10)) || char(10), '')
         FROM json_each(a.notification, '$.tags')) ELSE '' END,
      CASE WHEN json_valid(a.route) THEN
        (SELECT coalesce(char(10) || group_concat(value, char(10)) || char(10), '')
         FROM json_each(a.route, '$.destinations')) ELSE '' END
    FROM alert a WHERE a.id = new.alert_id;
  INSERT INTO alert_unindexed (place)
    SELECT created_at * 1048576 + (seq & 1048575) FROM alert WHERE id = new.alert_id;
END;

CREATE TRIGGER alert_index_update AFTER UPDATE ON alert_status BEGIN
  UPDATE alert_index SET status = new.status, assignee = new.assignee
    WHERE place = (SELECT created_at * 1048576 + (seq & 1048575) FROM alert WHERE id = new.alert_id);
END;

CREATE TRIGGER alert_index_delete AFTER DELETE ON alert BEGIN
  -- The index of texts must get the texts that it was given.
  INSERT INTO alert_text (alert_text, rowid, words, tags, destinations)
    SELECT 'delete', i.place, i.words, i.tags, i.destinations FROM alert_index i
    WHERE i.place = old.created_at * 1048576 + (old.seq & 1048575)
      AND NOT EXISTS (SELECT 1 FROM alert_unindexed u WHERE u.place = i.place);
  DELETE FROM alert_unindexed WHERE place = old.created_at * 1048576 + (old.seq & 1048575);
  DELETE FROM alert_index WHERE place = old.created_at * 1048576 + (old.seq & 1048575);
END;

INSERT INTO alert_index (place, seq, detection, severity, status, assignee, words, tags, destinations)
  SELECT a.created_at * 1048576 + (a.seq & 1048575), a.seq, a.detection, a.severity, s.status, s.assignee,
    a.title || char(10) || a.dedup || char(10) || a.detection,
    CASE WHEN json_valid(a.notification) THEN
      (SELECT coalesce(char(10) || group_concat(value, char(10)) || char(10), '')
       FROM json_each(a.notification, '$.tags')) ELSE '' END,
    CASE WHEN json_valid(a.route) THEN
      (SELECT coalesce(char(10) || group_concat(value, char(10)) || char(10), '')
       FROM json_each(a.route, '$.destinations')) ELSE '' END
  FROM alert a JOIN alert_status s ON s.alert_id = a.id ORDER BY a.created_at, a.seq;
INSERT INTO alert_unindexed (place) SELECT place FROM alert_index;
