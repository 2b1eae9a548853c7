-- The commit of a plan takes less time.
-- Functions in the language SQL are planned at each call. What each commit and each read calls is planned once per session.

CREATE OR REPLACE FUNCTION texts_of(list jsonb) RETURNS text[] LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
  RETURN ARRAY(SELECT jsonb_array_elements_text(list));
END $$;

CREATE OR REPLACE FUNCTION insert_deliveries(rows jsonb) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (
    SELECT 1 FROM jsonb_to_recordset(rows) AS d("alertId" text)
    WHERE NOT EXISTS (SELECT 1 FROM alert a WHERE a.id = d."alertId")
  ) THEN
    RAISE EXCEPTION 'a delivery has no alert' USING ERRCODE = 'foreign_key_violation';
  END IF;
  WITH given AS (
    SELECT * FROM jsonb_to_recordset(rows) AS d(id text, "alertId" text, "destinationKey" text, destination text,
      due double precision, "createdAt" double precision, reason text)
  ), created AS (
    INSERT INTO delivery (id, kind, destination_key, destination, state, due, attempts, created_at, paused_ms, reason,
        message)
      SELECT id, 'single', "destinationKey", destination, 'pending', due, 0, "createdAt", 0, reason, '' FROM given
      ON CONFLICT (id) DO NOTHING RETURNING id
  )
  INSERT INTO delivery_item (delivery_id, alert_id)
    SELECT DISTINCT ON (created.id) created.id, given."alertId" FROM created JOIN given USING (id);
END $$;

CREATE OR REPLACE FUNCTION merge_into_alert(alert_key text, more bigint, at_ms double precision, types jsonb)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO alert_delta (alert_id, events, last_event_at, log_types)
    SELECT alert_key, more, at_ms, texts_of(types)
    WHERE EXISTS (SELECT 1 FROM alert_progress WHERE alert_id = alert_key);
END $$;

CREATE OR REPLACE FUNCTION read_state(keys jsonb, given_now double precision) RETURNS jsonb LANGUAGE plpgsql STABLE AS $$
DECLARE
  group_keys CONSTANT text[] := texts_of(keys->'groups');
  limiter_keys CONSTANT text[] := texts_of(keys->'limiters');
  seen_keys CONSTANT text[] := texts_of(keys->'seen');
BEGIN
  RETURN (WITH groups AS (
    SELECT key, version, count, alert_id, body FROM alert_group WHERE key = ANY (group_keys)
  )
  SELECT jsonb_build_object(
    'groups', (SELECT coalesce(jsonb_agg(jsonb_build_object('key', key, 'version', version, 'count', count, 'body', body)),
      '[]') FROM groups),
    'alertEvents', (SELECT coalesce(jsonb_agg(jsonb_build_object('id', alert_id, 'events', events + coalesce(
        (SELECT sum(d.events)::bigint FROM alert_delta d WHERE d.alert_id = p.alert_id), 0))), '[]')
      FROM alert_progress p WHERE alert_id IN (SELECT groups.alert_id FROM groups)),
    'limiters', (SELECT coalesce(jsonb_agg(jsonb_build_object('version', version, 'value', jsonb_build_object(
      'detection', detection, 'hourStartedAt', hour_started_at, 'created', created, 'mutedAt', muted_at))), '[]')
      FROM limiter WHERE detection = ANY (limiter_keys)),
    'seen', (SELECT coalesce(jsonb_agg(id), '[]') FROM seen
      WHERE id = ANY (seen_keys) AND until > store_now(given_now))
  ));
END $$;

-- Each row was checked for each of its references by a query of its own, which was a third of the work of a commit. The
-- functions that write these rows have written, or looked up, what they refer to. `signalbox store check` counts rows
-- without it.
ALTER TABLE alert_progress DROP CONSTRAINT alert_progress_alert_id_fkey;
ALTER TABLE alert_status DROP CONSTRAINT alert_status_alert_id_fkey;
ALTER TABLE divergence DROP CONSTRAINT divergence_alert_id_fkey;
ALTER TABLE delivery_item DROP CONSTRAINT delivery_item_delivery_id_fkey;
ALTER TABLE delivery_item DROP CONSTRAINT delivery_item_alert_id_fkey;
ALTER TABLE attempt DROP CONSTRAINT attempt_delivery_id_fkey;
