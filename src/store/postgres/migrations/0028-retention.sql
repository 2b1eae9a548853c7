-- The alerts that retention can remove, in the order of their creation.
CREATE INDEX alert_index_resolved ON alert_index (place) WHERE status = 'resolved';

-- The files of the archive. What a file has beyond these bytes was not entered, and its rows are still in the store.
CREATE TABLE archive_file (
  name text PRIMARY KEY,
  bytes bigint NOT NULL,
  line_count bigint NOT NULL,
  sha256 text NOT NULL,
  changed_at double precision NOT NULL
);

-- The same conditions as in rows/removals.ts.
CREATE FUNCTION can_lose_deliveries(alert_key text, before double precision) RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT EXISTS (SELECT 1 FROM alert_status s WHERE s.alert_id = alert_key AND s.status = 'resolved' AND s.changed_at < before)
    AND NOT EXISTS (
      SELECT 1 FROM delivery_item i JOIN delivery d ON d.id = i.delivery_id WHERE i.alert_id = alert_key
        AND (d.state IN ('pending', 'sending', 'waiting', 'queued') OR d.created_at >= before))
$$;

-- Events that are not added to their alert yet keep it.
CREATE FUNCTION is_removable(kind text, alert_key text, before double precision) RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT can_lose_deliveries(alert_key, before) AND CASE kind
    WHEN 'deliveries' THEN EXISTS (SELECT 1 FROM delivery_item i WHERE i.alert_id = alert_key)
    ELSE EXISTS (SELECT 1 FROM alert a WHERE a.id = alert_key AND a.created_at < before)
      AND NOT EXISTS (SELECT 1 FROM alert_progress p WHERE p.alert_id = alert_key AND p.last_event_at >= before)
      AND NOT EXISTS (SELECT 1 FROM alert_delta t WHERE t.alert_id = alert_key)
      AND NOT EXISTS (SELECT 1 FROM escalation e
        WHERE e.alert_id = alert_key AND e.state = 'waiting' AND e.due IS NOT NULL)
    END
$$;

CREATE FUNCTION is_audit_removable(row_of audit, before double precision) RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT row_of.at < before
    AND NOT (row_of.subject_kind = 'alert' AND EXISTS (SELECT 1 FROM alert a WHERE a.id = row_of.subject))
$$;

-- Adds the file that has the rows, unless another process has added to it meanwhile.
CREATE FUNCTION enter_archive_file(file jsonb, previous bigint, now_ms double precision) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
  IF previous = 0 THEN
    INSERT INTO archive_file (name, bytes, line_count, sha256, changed_at)
      VALUES (file->>'name', (file->>'bytes')::bigint, (file->>'lines')::bigint, file->>'sha256', now_ms)
    ON CONFLICT DO NOTHING;
  ELSE
    UPDATE archive_file SET bytes = (file->>'bytes')::bigint, line_count = (file->>'lines')::bigint,
      sha256 = file->>'sha256', changed_at = now_ms
    WHERE name = file->>'name' AND bytes = previous;
  END IF;
  RETURN FOUND;
END $$;

-- Removes the deliveries that belong to no other alert.
CREATE FUNCTION remove_deliveries_of(alert_keys text[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE deliveries CONSTANT text[] := ARRAY(
  SELECT DISTINCT i.delivery_id FROM delivery_item i WHERE i.alert_id = ANY (alert_keys) AND NOT EXISTS (
    SELECT 1 FROM delivery_item o WHERE o.delivery_id = i.delivery_id AND o.alert_id <> ALL (alert_keys)));
BEGIN
  DELETE FROM delivery_item WHERE alert_id = ANY (alert_keys);
  DELETE FROM attempt WHERE delivery_id = ANY (deliveries);
  DELETE FROM delivery WHERE id = ANY (deliveries);
END $$;

-- Removes all of the rows, or none. References are not checked by the database, so each table is named. Statuses are locked
-- before deliveries, as a change of a status does.
CREATE FUNCTION remove_rows(kind text, ids text[], before double precision, archive jsonb, given_now double precision)
RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
  numbers bigint[];
  removable bigint;
BEGIN
  IF kind = 'audit' THEN
    numbers := ids::bigint[];
    PERFORM 1 FROM audit WHERE seq = ANY (numbers) ORDER BY seq FOR UPDATE;
    SELECT count(*) INTO removable FROM audit t WHERE seq = ANY (numbers) AND is_audit_removable(t, remove_rows.before);
  ELSE
    PERFORM 1 FROM alert_status WHERE alert_id = ANY (ids) ORDER BY alert_id FOR UPDATE;
    PERFORM 1 FROM delivery WHERE id IN (SELECT delivery_id FROM delivery_item WHERE alert_id = ANY (ids))
      ORDER BY id FOR UPDATE;
    SELECT count(*) INTO removable FROM unnest(ids) AS g(id) WHERE is_removable(kind, g.id, remove_rows.before);
  END IF;
  IF removable <> cardinality(ids) THEN RETURN false; END IF;
  IF archive <> 'null' AND NOT enter_archive_file(archive->'file', (archive->>'previous')::bigint, store_now(given_now))
  THEN RETURN false; END IF;
  IF kind = 'audit' THEN
    DELETE FROM audit WHERE seq = ANY (numbers);
    RETURN true;
  END IF;
  PERFORM remove_deliveries_of(ids);
  IF kind = 'deliveries' THEN RETURN true; END IF;
  DELETE FROM alert_delta WHERE alert_id = ANY (ids);
  DELETE FROM alert_progress WHERE alert_id = ANY (ids);
  DELETE FROM alert_status WHERE alert_id = ANY (ids);
  DELETE FROM divergence WHERE alert_id = ANY (ids);
  DELETE FROM handling WHERE alert_id = ANY (ids);
  DELETE FROM silence_hit WHERE alert_id = ANY (ids);
  DELETE FROM inhibitor WHERE alert_id = ANY (ids);
  DELETE FROM escalation WHERE alert_id = ANY (ids);
  DELETE FROM alert WHERE id = ANY (ids);
  RETURN true;
END $$;
