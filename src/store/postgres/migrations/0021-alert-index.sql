-- What lists of alerts are filtered by, in one short row for each alert, with the texts in lower case.
-- A place is the position in the order of creation: the time in milliseconds and the last 20 bits of the number.
CREATE FUNCTION alert_place(created_at double precision, seq bigint) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$
  SELECT (least(greatest(created_at, 0), 8e12)::bigint << 20) | (seq & 1048575)
$$;

CREATE TABLE alert_index (
  place bigint PRIMARY KEY,
  seq bigint NOT NULL,
  detection text NOT NULL,
  severity text NOT NULL,
  status text NOT NULL,
  assignee text NOT NULL,
  -- Title, dedup, detection and tags, a line each.
  words text NOT NULL,
  tags text[] NOT NULL,
  destinations text[] NOT NULL
) WITH (fillfactor = 80);

-- The texts of a list in a JSON text. PostgreSQL refuses the escapes of U+0000 and of halves of surrogate pairs, so these
-- are left out.
CREATE FUNCTION texts_at(body text, key text) RETURNS text[] LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
  IF strpos(body, '\u') > 0 THEN
    body := regexp_replace(body, '(\\\\)|\\u(?:0000|[dD][89a-fA-F][0-9a-fA-F]{2})', '\1', 'g');
  END IF;
  RETURN ARRAY(SELECT json_array_elements_text(body::json->key));
EXCEPTION WHEN data_exception OR invalid_text_representation OR invalid_parameter_value THEN RETURN '{}';
END $$;

CREATE VIEW alert_index_source AS
  SELECT alert_place(a.created_at, a.seq) AS place, a.seq, a.detection, a.severity, s.status, s.assignee,
    lower(concat_ws(E'\n', a.title, a.dedup, a.detection, array_to_string(t.tags, E'\n'))) AS words, t.tags,
    texts_at(a.route, 'destinations') AS destinations, a.id AS alert_id
  FROM alert a JOIN alert_status s ON s.alert_id = a.id, LATERAL (SELECT texts_at(a.notification, 'tags') AS tags) AS t;

INSERT INTO alert_index (place, seq, detection, severity, status, assignee, words, tags, destinations)
  SELECT place, seq, detection, severity, status, assignee, words, tags, destinations FROM alert_index_source;

CREATE INDEX alert_index_status ON alert_index (status, severity, place);
CREATE INDEX alert_index_detection ON alert_index (detection, status, severity, place);
CREATE INDEX alert_index_assignee ON alert_index (assignee, place) WHERE assignee <> '';
CREATE INDEX alert_index_tags ON alert_index USING gin (tags);
CREATE INDEX alert_index_destinations ON alert_index USING gin (destinations);
-- The rows above do what this index did.
DROP INDEX alert_detection;

-- Without the extension a search for text reads the rows one by one.
DO $$
DECLARE
  namespace text;
BEGIN
  BEGIN
    CREATE EXTENSION IF NOT EXISTS pg_trgm WITH SCHEMA public;
  EXCEPTION WHEN insufficient_privilege OR undefined_file OR feature_not_supported OR invalid_schema_name THEN
    RAISE NOTICE 'pg_trgm is not available: %', SQLERRM;
  END;
  SELECT n.nspname INTO namespace FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
    WHERE e.extname = 'pg_trgm';
  IF namespace IS NOT NULL AND has_schema_privilege(namespace, 'USAGE') THEN
    EXECUTE format('CREATE INDEX alert_index_words ON alert_index USING gin (words %I.gin_trgm_ops)', namespace);
  END IF;
END $$;

CREATE FUNCTION add_to_alert_index() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO alert_index (place, seq, detection, severity, status, assignee, words, tags, destinations)
    SELECT place, seq, detection, severity, status, assignee, words, tags, destinations FROM alert_index_source
    WHERE alert_id IN (SELECT added.alert_id FROM added)
    ON CONFLICT (place) DO NOTHING;
  RETURN NULL;
END $$;
CREATE TRIGGER alert_index_insert AFTER INSERT ON alert_status REFERENCING NEW TABLE AS added
  FOR EACH STATEMENT EXECUTE FUNCTION add_to_alert_index();

CREATE FUNCTION change_alert_index() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE alert_index SET status = NEW.status, assignee = NEW.assignee
    WHERE place = (SELECT alert_place(a.created_at, a.seq) FROM alert a WHERE a.id = NEW.alert_id);
  RETURN NULL;
END $$;
CREATE TRIGGER alert_index_update AFTER UPDATE ON alert_status
  FOR EACH ROW EXECUTE FUNCTION change_alert_index();

CREATE FUNCTION remove_from_alert_index() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM alert_index WHERE place = alert_place(OLD.created_at, OLD.seq);
  RETURN NULL;
END $$;
CREATE TRIGGER alert_index_delete AFTER DELETE ON alert FOR EACH ROW EXECUTE FUNCTION remove_from_alert_index();

-- An alert as lists show it, without its notification.
CREATE VIEW alert_summary AS
  SELECT a.seq,
    json_build_object('id', a.id, 'detection', a.detection, 'kind', a.kind, 'severity', a.severity, 'title', a.title,
      'dedup', a.dedup, 'createdAt', a.created_at, 'route', a.route,
      'logTypes', to_json(p.log_types || new_log_types(a.id, p.log_types)),
      'events', p.events + coalesce(d.events, 0), 'lastEventAt', greatest(p.last_event_at, d.last_event_at),
      'status', json_build_object('version', s.version, 'status', s.status, 'reason', s.reason,
        'assignee', s.assignee, 'changedAt', s.changed_at, 'changedBy', s.changed_by)) AS content
  FROM alert a JOIN alert_progress p ON p.alert_id = a.id JOIN alert_status s ON s.alert_id = a.id,
    LATERAL (SELECT sum(events)::bigint AS events, max(last_event_at) AS last_event_at
      FROM alert_delta WHERE alert_id = a.id) AS d;
