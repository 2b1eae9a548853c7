-- Deliveries: they are claimed under a lease, their outcomes are recorded in groups, and they follow the registry.

CREATE VIEW alert_row AS
  SELECT a.seq, a.id, a.detection, a.severity, a.created_at, s.status, s.assignee,
    json_build_object('id', a.id, 'groupKey', a.group_key, 'detection', a.detection, 'kind', a.kind,
      'severity', a.severity, 'title', a.title, 'dedup', a.dedup, 'createdAt', a.created_at,
      'notification', a.notification, 'reference', a.reference, 'route', a.route, 'logTypes', to_json(p.log_types),
      'events', p.events, 'lastEventAt', p.last_event_at,
      'divergences', (SELECT coalesce(json_agg(body ORDER BY seq), '[]') FROM divergence d WHERE d.alert_id = a.id),
      'status', json_build_object('version', s.version, 'status', s.status, 'reason', s.reason,
        'assignee', s.assignee, 'changedAt', s.changed_at, 'changedBy', s.changed_by)) AS content
  FROM alert a JOIN alert_progress p ON p.alert_id = a.id JOIN alert_status s ON s.alert_id = a.id;

CREATE FUNCTION delivery_content(d delivery) RETURNS json LANGUAGE sql STABLE AS $$
  SELECT json_build_object('id', d.id, 'kind', d.kind, 'destinationKey', d.destination_key,
    'destination', d.destination, 'state', d.state, 'due', d.due, 'attempts', d.attempts, 'createdAt', d.created_at,
    'pausedMs', d.paused_ms, 'reason', d.reason, 'message', d.message, 'updateOf', d.update_of,
    'update', d.update_body::json, 'remoteReference', d.remote_reference,
    'alertIds', (SELECT coalesce(json_agg(alert_id ORDER BY alert_id), '[]') FROM delivery_item WHERE delivery_id = d.id))
$$;

-- Leases due deliveries, the earliest first. What another claim has locked is left to it.
CREATE FUNCTION claim_deliveries(
  keys text[], most bigint, lease_ms double precision, holder_token text, given_now double precision
) RETURNS SETOF json LANGUAGE plpgsql AS $$
DECLARE
  now_ms double precision := store_now(given_now);
  since_ms double precision := coalesce((SELECT since FROM holder), 0);
BEGIN
  PERFORM check_holder(holder_token);
  RETURN QUERY
  WITH candidate AS (
    SELECT c.seq, c.due, false AS expired FROM (SELECT DISTINCT unnest(keys) AS key) AS k, LATERAL (
      SELECT seq, due FROM delivery
      WHERE destination_key = k.key AND state IN ('pending', 'waiting') AND due <= now_ms
      ORDER BY due, seq LIMIT most FOR UPDATE SKIP LOCKED) AS c
    UNION ALL
    SELECT c.seq, c.due, true FROM (SELECT DISTINCT unnest(keys) AS key) AS k, LATERAL (
      SELECT seq, due FROM delivery
      WHERE destination_key = k.key AND state = 'sending' AND lease_until <= now_ms
      ORDER BY due, seq LIMIT most FOR UPDATE SKIP LOCKED) AS c
  ), chosen AS (
    SELECT seq, due, expired FROM candidate ORDER BY due, seq LIMIT most
  ), leased AS (
    UPDATE delivery d SET state = 'sending', lease_token = gen_random_uuid()::text, lease_until = now_ms + lease_ms
    FROM chosen WHERE d.seq = chosen.seq
    RETURNING d.*, chosen.expired
  )
  SELECT json_build_object(
    'delivery', json_build_object('id', l.id, 'kind', l.kind, 'destinationKey', l.destination_key,
      'destination', l.destination, 'state', l.state, 'due', l.due, 'attempts', l.attempts, 'createdAt', l.created_at,
      'pausedMs', l.paused_ms, 'reason', l.reason, 'message', l.message, 'updateOf', l.update_of,
      'update', l.update_body::json, 'remoteReference', l.remote_reference, 'alertIds', i.ids),
    'leaseToken', l.lease_token,
    -- A delivery that is older than the daemon counts as tried: a predecessor may have sent it and lost the lease.
    'repeated', l.expired OR l.created_at < since_ms OR EXISTS (SELECT 1 FROM attempt t WHERE t.delivery_id = l.id),
    'alerts', i.contents,
    'firstReference', (SELECT f.remote_reference FROM delivery f WHERE f.id = l.update_of))
  FROM leased l, LATERAL (
    SELECT coalesce(json_agg(a.id ORDER BY a.id), '[]') AS ids, coalesce(json_agg(a.content ORDER BY a.seq), '[]') AS contents
    FROM delivery_item d JOIN alert_row a ON a.id = d.alert_id WHERE d.delivery_id = l.id) AS i
  ORDER BY l.due, l.seq;
END $$;

-- Records outcomes of claimed deliveries whose leases are still held. Returns the ids of those that are recorded.
CREATE FUNCTION record_outcomes(outcomes jsonb, holder_token text, given_now double precision)
RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
  now_ms double precision := store_now(given_now);
  recorded text[];
  first_id text;
BEGIN
  PERFORM check_holder(holder_token);
  -- Everybody locks in this order: a delivery is older than its updates.
  PERFORM 1 FROM delivery WHERE id IN (
    SELECT o.id FROM jsonb_to_recordset(outcomes) AS o(id text)
    UNION SELECT d.update_of FROM jsonb_to_recordset(outcomes) AS o(id text) JOIN delivery d USING (id)
  ) ORDER BY seq FOR UPDATE;
  WITH changed AS (
    UPDATE delivery d SET state = o.state, lease_token = NULL, lease_until = NULL, recorded_token = o."leaseToken",
      due = coalesce(o.due, d.due), attempts = d.attempts + o.spent, paused_ms = d.paused_ms + o."pausedMs",
      message = coalesce(o.message, d.message),
      remote_reference = coalesce(o."remoteReference", d.remote_reference)
    FROM jsonb_to_recordset(outcomes) AS o(id text, "leaseToken" text, state text, due double precision, spent bigint,
      "pausedMs" double precision, message text, "remoteReference" text)
    WHERE d.id = o.id AND d.state = 'sending' AND d.lease_token = o."leaseToken"
    RETURNING d.id
  ) SELECT coalesce(array_agg(id), '{}') INTO recorded FROM changed;
  INSERT INTO attempt (delivery_id, n, at, status, ms, outcome, message)
    SELECT o.id, coalesce((SELECT max(n) FROM attempt t WHERE t.delivery_id = o.id), 0) + 1, a.at, a.status, a.ms,
      a.outcome, a.message
    FROM jsonb_to_recordset(outcomes) AS o(id text, attempt jsonb),
      jsonb_to_record(o.attempt) AS a(at double precision, status bigint, ms double precision, outcome text, message text)
    WHERE o.id = ANY (recorded) AND jsonb_typeof(o.attempt) = 'object';
  PERFORM insert_deliveries(o."fallbackDeliveries")
    FROM jsonb_to_recordset(outcomes) AS o(id text, "fallbackDeliveries" jsonb)
    WHERE o.id = ANY (recorded) AND o."fallbackDeliveries" <> '[]';
  FOR first_id IN
    SELECT DISTINCT coalesce(d.update_of, d.id) FROM delivery d
    WHERE d.id = ANY (recorded) AND d.state <> 'waiting'
      AND EXISTS (SELECT 1 FROM delivery u WHERE u.update_of = coalesce(d.update_of, d.id))
    ORDER BY 1
  LOOP
    PERFORM order_updates(first_id, now_ms);
  END LOOP;
  RETURN QUERY
    SELECT unnest(recorded)
    -- The outcome was recorded before, and only its answer was lost.
    UNION SELECT d.id FROM jsonb_to_recordset(outcomes) AS o(id text, "leaseToken" text) JOIN delivery d USING (id)
      WHERE d.recorded_token = o."leaseToken" AND o.id <> ALL (recorded) AND (outcomes->0->>'repeats')::boolean;
END $$;

CREATE FUNCTION revived_state(kind text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE kind WHEN 'update' THEN 'queued' ELSE 'pending' END
$$;

-- If the actor is given, the audit of each alert of a revived delivery says who has retried it.
CREATE FUNCTION retry_deliveries(
  ids text[], states text[], actor_name text, actor_via text, given_now double precision
) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  now_ms double precision := store_now(given_now);
  revived text[];
  first_id text;
  many bigint;
  last_number bigint;
BEGIN
  PERFORM 1 FROM delivery WHERE id = ANY (ids) ORDER BY seq FOR UPDATE;
  WITH changed AS (
    UPDATE delivery SET state = revived_state(kind), due = now_ms, attempts = 0, created_at = now_ms, paused_ms = 0
    WHERE id = ANY (ids) AND state = ANY (states)
    RETURNING id
  ) SELECT coalesce(array_agg(id), '{}') INTO revived FROM changed;
  FOR first_id IN SELECT DISTINCT coalesce(update_of, id) FROM delivery WHERE id = ANY (revived) ORDER BY 1 LOOP
    PERFORM order_updates(first_id, now_ms);
  END LOOP;
  SELECT count(*) INTO many FROM delivery_item WHERE delivery_id = ANY (revived);
  IF actor_name IS NOT NULL AND many > 0 THEN
    UPDATE counter SET value = value + many WHERE name = 'audit' RETURNING value INTO last_number;
    INSERT INTO audit (seq, at, actor, via, verb, subject_kind, subject, before, after, note)
      SELECT last_number - many + row_number() OVER (ORDER BY d.seq, i.alert_id), now_ms, actor_name, actor_via,
        'retried', 'alert', i.alert_id, '', d.destination, ''
      FROM delivery d JOIN delivery_item i ON i.delivery_id = d.id WHERE d.id = ANY (revived);
  END IF;
  RETURN coalesce(array_length(revived, 1), 0);
END $$;

CREATE FUNCTION reconcile_deliveries(registry jsonb, holder_token text, given_now double precision)
RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
  now_ms double precision := store_now(given_now);
  known text[] := texts_of(registry->'knownKeys');
  rename record;
  changed bigint;
  adopted bigint := 0;
  orphaned bigint;
BEGIN
  PERFORM check_holder(holder_token);
  FOR rename IN
    SELECT r.* FROM jsonb_array_elements(registry->'renames') WITH ORDINALITY AS e(item, position),
      jsonb_to_record(e.item) AS r("from" text, "to" text, name text) ORDER BY e.position
  LOOP
    -- A name that is used again belongs to its present destination.
    CONTINUE WHEN rename."from" = ANY (known);
    -- It does the same as a retry, and must come before the second step, which moves the rest.
    UPDATE delivery SET destination_key = rename."to", destination = rename.name, state = revived_state(kind),
      due = now_ms, attempts = 0, created_at = now_ms, paused_ms = 0
    WHERE destination_key = rename."from" AND state = 'orphaned';
    GET DIAGNOSTICS changed = ROW_COUNT;
    adopted := adopted + changed;
    UPDATE delivery SET destination_key = rename."to", destination = rename.name
    WHERE destination_key = rename."from" AND state <> 'delivered';
    GET DIAGNOSTICS changed = ROW_COUNT;
    adopted := adopted + changed;
  END LOOP;
  DELETE FROM update_subscription;
  INSERT INTO update_subscription (first_key, destination_key, destination, events, repeat_every_ms)
    SELECT "firstKey", "destinationKey", destination, texts_of(events), "repeatEveryMs"
    FROM jsonb_to_recordset(registry->'subscriptions') AS s("firstKey" text, "destinationKey" text, destination text,
      events jsonb, "repeatEveryMs" double precision);
  -- A delivery under a valid lease is left to its sender, and the next reconciliation decides about it.
  UPDATE delivery SET state = 'orphaned', lease_token = NULL, lease_until = NULL,
    message = 'its destination left the registry'
  WHERE destination_key <> ALL (known)
    AND (state IN ('pending', 'waiting', 'queued') OR (state = 'sending' AND lease_until <= now_ms));
  GET DIAGNOSTICS orphaned = ROW_COUNT;
  IF adopted > 0 THEN PERFORM order_all_updates(now_ms); END IF;
  RETURN jsonb_build_object('orphaned', orphaned, 'adopted', adopted);
END $$;

-- The latest due date that the present clock can have made. A delivery that was never tried is due now, and an update
-- about repeated events never waits longer than the interval of its destination.
CREATE FUNCTION latest_due(d delivery, now_ms double precision) RETURNS double precision LANGUAGE sql STABLE AS $$
  SELECT CASE WHEN d.kind = 'update' THEN now_ms + coalesce(
      (SELECT max(repeat_every_ms) FROM update_subscription s WHERE s.destination_key = d.destination_key), 0)
    WHEN d.state = 'pending' THEN now_ms ELSE now_ms + 3600000 END
$$;

CREATE FUNCTION shift_due_dates(ms double precision, given_now double precision) RETURNS void LANGUAGE sql AS $$
  UPDATE delivery d SET due = least(d.due - ms, latest_due(d, n.now_ms))
  FROM (SELECT store_now(given_now) AS now_ms) AS n
  WHERE d.state IN ('pending', 'waiting', 'queued') AND d.due > n.now_ms
    AND (ms > 0 OR d.due > latest_due(d, n.now_ms))
$$;

-- Replaces the holder, and ends the leases of a predecessor that has ended: it records no outcome any more.
CREATE FUNCTION take_place(holder_token text, name text, pid bigint, host text, given_now double precision)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE now_ms double precision := store_now(given_now);
BEGIN
  DELETE FROM holder;
  INSERT INTO holder (one, token, name, pid, host, since) VALUES (1, holder_token, name, pid, host, now_ms);
  UPDATE delivery SET lease_until = now_ms WHERE state = 'sending' AND lease_until > now_ms;
  UPDATE source_cursor SET lease_until = 0 WHERE lease_until > 0;
END $$;
