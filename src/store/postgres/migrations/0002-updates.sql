-- Updates: their order, and which of them a plan creates. The same rules as in rows/update-order.ts and rows/updates.ts.

-- Brings the updates of a delivery into their order, after each change of the delivery or of one of them.
CREATE FUNCTION order_updates(first_id text, now_ms double precision) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  first_state text;
  next_seq bigint;
BEGIN
  IF NOT EXISTS (SELECT 1 FROM delivery WHERE update_of = first_id) THEN RETURN; END IF;
  SELECT state INTO first_state FROM delivery WHERE id = first_id FOR UPDATE;
  IF first_state IS DISTINCT FROM 'delivered' THEN
    -- The updates of a delivery that can still arrive do not end before it.
    UPDATE delivery SET
      state = CASE WHEN first_state IN ('dead', 'withdrawn') THEN 'withdrawn' ELSE 'queued' END,
      message = CASE WHEN first_state IN ('dead', 'withdrawn') THEN 'its first delivery is ' || first_state ELSE '' END
    WHERE update_of = first_id AND state IN ('pending', 'queued', 'waiting', 'withdrawn');
    RETURN;
  END IF;
  SELECT seq INTO next_seq FROM delivery
  WHERE update_of = first_id AND state IN ('queued', 'pending', 'waiting', 'sending', 'orphaned')
  ORDER BY seq LIMIT 1;
  IF next_seq IS NULL THEN RETURN; END IF;
  -- The age of an update counts from its turn.
  UPDATE delivery SET state = 'pending', due = greatest(due, now_ms), created_at = now_ms
  WHERE seq = next_seq AND state = 'queued';
  UPDATE delivery SET state = 'queued'
  WHERE update_of = first_id AND seq > next_seq AND state IN ('pending', 'waiting');
END $$;

CREATE FUNCTION order_all_updates(now_ms double precision) RETURNS void LANGUAGE plpgsql AS $$
DECLARE first_id text;
BEGIN
  FOR first_id IN
    SELECT DISTINCT update_of FROM delivery
    WHERE update_of IS NOT NULL AND state IN ('pending', 'queued', 'waiting') ORDER BY update_of
  LOOP
    PERFORM order_updates(first_id, now_ms);
  END LOOP;
END $$;

CREATE FUNCTION was_attempted(delivery_key text) RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT EXISTS (SELECT 1 FROM attempt WHERE delivery_id = delivery_key)
$$;

-- A delivery that is older than the daemon counts as tried: a predecessor may have sent it and lost the lease.
CREATE FUNCTION was_tried(delivery_key text, created double precision) RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT created < coalesce((SELECT since FROM holder), 0) OR was_attempted(delivery_key)
$$;

-- Adds later events to an update that was not sent yet. The later status counts, and each event is named once.
CREATE FUNCTION merged_update(earlier jsonb, later jsonb) RETURNS jsonb LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
  status_events CONSTANT text[] := '{acknowledged,reopened,resolved}';
  later_events text[] := texts_of(later->'events');
  kept text[] := ARRAY(
    SELECT event FROM unnest(texts_of(earlier->'events')) WITH ORDINALITY AS e(event, position)
    WHERE event <> ALL (later_events) AND NOT (later_events && status_events AND event = ANY (status_events))
    ORDER BY position
  );
  note text := concat_ws(E'\n', nullif(earlier->>'note', ''), nullif(later->>'note', ''));
BEGIN
  RETURN jsonb_build_object(
    'events', to_jsonb(kept || later_events),
    'status', later->'status',
    'closedReason', later->'closedReason',
    'actor', coalesce(nullif(later->>'actor', ''), earlier->>'actor'),
    'note', CASE WHEN length(note) > 4096 THEN left(note, 4096) || '...' ELSE note END
  );
END $$;

CREATE FUNCTION update_reason(body jsonb) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT 'update: ' || array_to_string(texts_of(body->'events'), ', ')
$$;

-- The same text as hashId('update', first, n).
CREATE FUNCTION update_id(first_id text, n bigint) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT left(encode(sha256(convert_to(
    '6:update' || octet_length(first_id) || ':' || first_id || length(n::text) || ':' || n, 'UTF8')), 'hex'), 32)
$$;

CREATE FUNCTION next_repeat_at(
  first_id text, first_created double precision, every_ms double precision, now_ms double precision
) RETURNS double precision LANGUAGE sql STABLE AS $$
  SELECT greatest(now_ms, coalesce(
    (SELECT max(due) FROM delivery WHERE update_of = first_id AND update_body::jsonb->'events' ? 'repeated'),
    first_created) + every_ms)
$$;

CREATE FUNCTION add_update(
  alert_key text, first_delivery delivery, subscription update_subscription, body jsonb, now_ms double precision
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  latest record;
  is_open boolean := false;
  is_repeat boolean := body->'events'->>0 = 'repeated';
  due_at double precision := now_ms;
  merged jsonb;
  new_id text;
BEGIN
  -- What is not due yet, or not in its turn, was sent by no predecessor. A retry by hand resets the attempts, not their history.
  SELECT id, update_body::jsonb AS body, due, state,
    CASE WHEN state = 'queued' OR due > now_ms THEN was_attempted(id) ELSE was_tried(id, created_at) END AS tried
  INTO latest FROM delivery WHERE update_of = first_delivery.id ORDER BY seq DESC LIMIT 1
  -- A claim that is under way has read what the update says. It is waited for, and then the update is not changed.
  FOR UPDATE;
  IF FOUND THEN
    is_open := CASE WHEN latest.state = 'withdrawn' THEN first_delivery.state <> 'delivered'
      ELSE latest.state IN ('pending', 'queued') AND NOT latest.tried END;
  END IF;
  -- The number of events is read when the update is sent.
  IF is_repeat AND is_open AND latest.body->'events' ? 'repeated' THEN RETURN; END IF;
  IF is_repeat THEN
    due_at := next_repeat_at(first_delivery.id, first_delivery.created_at, subscription.repeat_every_ms, now_ms);
  END IF;
  IF is_open THEN
    -- A repetition changes neither the status nor the order of what happened.
    merged := CASE WHEN is_repeat
      THEN jsonb_set(latest.body, '{events}', '["repeated"]'::jsonb || (latest.body->'events'))
      ELSE merged_update(latest.body, body) END;
    UPDATE delivery SET due = least(latest.due, due_at), update_body = merged::text, reason = update_reason(merged)
    WHERE id = latest.id;
    RETURN;
  END IF;
  new_id := update_id(first_delivery.id, (SELECT count(*) FROM delivery WHERE update_of = first_delivery.id) + 1);
  INSERT INTO delivery (id, kind, destination_key, destination, state, due, attempts, created_at, paused_ms, message,
      update_of, update_body, reason)
    VALUES (new_id, 'update', subscription.destination_key, subscription.destination, 'queued', due_at, 0, now_ms, 0, '',
      first_delivery.id, body::text, update_reason(body));
  INSERT INTO delivery_item (delivery_id, alert_id) VALUES (new_id, alert_key);
  PERFORM order_updates(first_delivery.id, now_ms);
END $$;

CREATE FUNCTION request_update(
  alert_key text, event text, actor text, note text, origin text, now_ms double precision
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  target record;
  status record;
BEGIN
  SELECT s.status, s.reason INTO status FROM alert_status s WHERE s.alert_id = alert_key;
  IF NOT FOUND THEN RETURN; END IF;
  -- A resolved alert needs no update about more events.
  IF event IN ('repeated', 'escalated') AND status.status = 'resolved' THEN RETURN; END IF;
  -- An alert that was sent twice by hand has two records at the provider, and each of them is updated.
  FOR target IN
    SELECT d AS first_delivery, s AS subscription
    FROM delivery_item i JOIN delivery d ON d.id = i.delivery_id
      JOIN update_subscription s ON s.first_key = d.destination_key
    WHERE i.alert_id = alert_key AND d.kind = 'single' AND event = ANY (s.events)
      -- A provider that reported the change knows it.
      AND s.destination_key IS DISTINCT FROM origin
    ORDER BY d.seq FOR UPDATE OF d
  LOOP
    PERFORM add_update(alert_key, target.first_delivery, target.subscription,
      jsonb_build_object('events', jsonb_build_array(event), 'status', status.status, 'closedReason', status.reason,
        'actor', actor, 'note', note), now_ms);
  END LOOP;
END $$;

-- Creates the updates that a plan causes, after the plan was written.
CREATE FUNCTION request_updates(plan jsonb, now_ms double precision) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  item record;
  revived text;
BEGIN
  -- The page of a resolved alert was withdrawn. The alert is open again, so the page is due again.
  FOR item IN
    SELECT subject->>'id' AS alert_id FROM jsonb_to_recordset(plan->'audits') AS a(verb text, subject jsonb)
    WHERE verb = 'reopened'
  LOOP
    FOR revived IN
      UPDATE delivery SET state = 'pending', due = now_ms, created_at = now_ms, message = ''
      WHERE state = 'withdrawn' AND kind = 'single'
        AND id IN (SELECT delivery_id FROM delivery_item WHERE alert_id = item.alert_id)
      RETURNING id
    LOOP
      PERFORM order_updates(revived, now_ms);
    END LOOP;
  END LOOP;
  IF NOT EXISTS (SELECT 1 FROM update_subscription) THEN RETURN; END IF;
  FOR item IN SELECT "alertId" AS alert_id FROM jsonb_to_recordset(plan->'merges') AS m("alertId" text) LOOP
    PERFORM request_update(item.alert_id, 'repeated', '', '', NULL, now_ms);
  END LOOP;
  FOR item IN
    SELECT "alertId" AS alert_id FROM jsonb_to_recordset(plan->'divergences') AS d("alertId" text, escalates boolean)
    WHERE escalates
  LOOP
    PERFORM request_update(item.alert_id, 'escalated', '', '', NULL, now_ms);
  END LOOP;
  FOR item IN
    SELECT verb, subject->>'id' AS alert_id, actor, note, origin
    FROM jsonb_to_recordset(plan->'audits') AS a(verb text, subject jsonb, actor text, note text, origin text)
    WHERE verb IN ('acknowledged', 'resolved', 'reopened', 'commented') AND subject->>'kind' = 'alert'
  LOOP
    PERFORM request_update(item.alert_id, item.verb, item.actor, item.note, item.origin, now_ms);
  END LOOP;
END $$;
