-- The steps that are taken unless a person acknowledges or resolves an alert in time. The same rules as in
-- rows/escalations.ts.
CREATE TABLE escalation (
  alert_id text NOT NULL,
  destination_key text NOT NULL,
  kind text NOT NULL CHECK (kind IN ('step', 'release')),
  step bigint NOT NULL,
  unless text NOT NULL CHECK (unless IN ('acknowledged', 'resolved')),
  after_ms double precision NOT NULL,
  due double precision,
  state text NOT NULL CHECK (state IN ('waiting', 'sent', 'ended', 'missed')),
  round bigint NOT NULL,
  lease_token text,
  lease_until double precision,
  reason text NOT NULL,
  PRIMARY KEY (alert_id, destination_key, kind, step)
) WITH (fillfactor = 70);
CREATE INDEX escalation_due ON escalation (due) WHERE state = 'waiting' AND due IS NOT NULL;
CREATE INDEX escalation_state ON escalation (state, kind);

CREATE FUNCTION escalation_content(e escalation) RETURNS json LANGUAGE sql STABLE AS $$
  SELECT json_build_object('alertId', e.alert_id, 'destinationKey', e.destination_key, 'kind', e.kind, 'step', e.step,
    'unless', e.unless, 'afterMs', e.after_ms, 'due', e.due, 'state', e.state, 'round', e.round, 'reason', e.reason)
$$;

-- Leases due rows, the earliest first. What another claim has locked is left to it.
CREATE FUNCTION claim_escalations(most bigint, lease_ms double precision, given_now double precision)
RETURNS SETOF json LANGUAGE plpgsql AS $$
DECLARE now_ms double precision := store_now(given_now);
BEGIN
  RETURN QUERY
  WITH chosen AS (
    SELECT c.alert_id, c.destination_key, c.kind, c.step FROM escalation c
    WHERE c.state = 'waiting' AND c.due IS NOT NULL AND c.due <= now_ms
      AND (c.lease_until IS NULL OR c.lease_until <= now_ms)
    ORDER BY c.due, c.alert_id, c.destination_key, c.step LIMIT most FOR UPDATE SKIP LOCKED
  ), leased AS (
    UPDATE escalation e SET lease_token = gen_random_uuid()::text, lease_until = now_ms + lease_ms
    FROM chosen WHERE (e.alert_id, e.destination_key, e.kind, e.step)
      = (chosen.alert_id, chosen.destination_key, chosen.kind, chosen.step)
    RETURNING e AS row_of
  )
  SELECT json_build_object('escalation', escalation_content(l.row_of), 'leaseToken', (l.row_of).lease_token,
    'alert', a.content)
  FROM leased l JOIN alert_row a ON a.id = (l.row_of).alert_id
  ORDER BY (l.row_of).due, (l.row_of).alert_id, (l.row_of).destination_key, (l.row_of).step;
END $$;

-- True if a row is not held under its lease any more, or if the status of its alert has changed. Statuses are locked
-- before the rows, as a change of a status does.
CREATE FUNCTION are_escalations_changed(outcomes jsonb) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
  IF outcomes = '[]' THEN RETURN false; END IF;
  PERFORM 1 FROM alert_status
  WHERE alert_id IN (SELECT "alertId" FROM jsonb_to_recordset(outcomes) AS o("alertId" text))
  ORDER BY alert_id FOR UPDATE;
  PERFORM 1 FROM escalation
  WHERE alert_id IN (SELECT "alertId" FROM jsonb_to_recordset(outcomes) AS o("alertId" text))
  ORDER BY alert_id, destination_key, kind, step FOR UPDATE;
  RETURN EXISTS (
    SELECT 1 FROM jsonb_to_recordset(outcomes) AS o("alertId" text, "destinationKey" text, kind text, step bigint,
        "leaseToken" text, "statusVersion" bigint)
      LEFT JOIN escalation e ON (e.alert_id, e.destination_key, e.kind, e.step)
        = (o."alertId", o."destinationKey", o.kind, o.step)
      LEFT JOIN alert_status s ON s.alert_id = o."alertId"
    WHERE e.state IS DISTINCT FROM 'waiting' OR e.lease_token IS DISTINCT FROM o."leaseToken"
      OR s.version IS DISTINCT FROM o."statusVersion"
  );
END $$;

-- Writes new rows and outcomes, and starts or ends rows by the new statuses, which must not be written yet.
CREATE FUNCTION write_escalations(plan jsonb, now_ms double precision) RETURNS void LANGUAGE plpgsql AS $$
DECLARE change record;
BEGIN
  IF plan->'escalations' <> '[]' THEN
    INSERT INTO escalation (alert_id, destination_key, kind, step, unless, after_ms, due, state, round, reason)
      SELECT a.id, e."destinationKey", e.kind, e.step, e.unless, e."afterMs", e.due, 'waiting', 0, ''
      FROM jsonb_to_recordset(plan->'escalations') AS e("alertId" text, "destinationKey" text, kind text, step bigint,
        unless text, "afterMs" double precision, due double precision) JOIN alert a ON a.id = e."alertId"
    ON CONFLICT DO NOTHING;
  END IF;
  IF plan->'escalationOutcomes' <> '[]' THEN
    UPDATE escalation e SET state = o.state, reason = o.reason, lease_token = NULL, lease_until = NULL,
      due = CASE o.state WHEN 'waiting' THEN NULL ELSE e.due END
    FROM jsonb_to_recordset(plan->'escalationOutcomes') AS o("alertId" text, "destinationKey" text, kind text,
      step bigint, state text, reason text)
    WHERE (e.alert_id, e.destination_key, e.kind, e.step) = (o."alertId", o."destinationKey", o.kind, o.step);
  END IF;
  FOR change IN
    SELECT c."alertId" AS alert_id, s.status, s.reason, s."changedBy" AS changed_by
    FROM jsonb_to_recordset(plan->'statuses') AS c("alertId" text, status jsonb),
      jsonb_to_record(c.status) AS s(status text, reason text, "changedBy" text)
    WHERE s.status <> (SELECT t.status FROM alert_status t WHERE t.alert_id = c."alertId")
    ORDER BY 1
  LOOP
    IF change.status = 'open' THEN
      UPDATE escalation SET state = 'waiting', reason = '', due = now_ms + after_ms, round = round + 1,
        lease_token = NULL, lease_until = NULL
      WHERE alert_id = change.alert_id AND kind = 'step' AND state <> 'waiting';
    ELSE
      UPDATE escalation SET state = 'ended', lease_token = NULL, lease_until = NULL,
        reason = concat_ws(': ', change.status, change.reason) || ' by ' || change.changed_by
      WHERE alert_id = change.alert_id AND kind = 'step' AND state = 'waiting'
        AND (change.status = 'resolved' OR unless = 'acknowledged');
    END IF;
    -- An acknowledged alert is released after a while. Any other status ends the wait.
    UPDATE escalation SET due = CASE change.status WHEN 'acknowledged' THEN now_ms + after_ms END, lease_token = NULL,
      lease_until = NULL
    WHERE alert_id = change.alert_id AND kind = 'release';
  END LOOP;
END $$;

CREATE OR REPLACE FUNCTION request_updates(plan jsonb, now_ms double precision) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  item record;
  revived text;
BEGIN
  -- The page of a resolved alert was withdrawn. The alert is open again, so the page is due again.
  -- The steps of escalations start again with their times.
  FOR item IN
    SELECT subject->>'id' AS alert_id FROM jsonb_to_recordset(plan->'audits') AS a(verb text, subject jsonb)
    WHERE verb = 'reopened'
  LOOP
    FOR revived IN
      UPDATE delivery SET state = 'pending', due = now_ms, created_at = now_ms, message = ''
      WHERE state = 'withdrawn' AND kind = 'single' AND NOT starts_with(reason, 'escalation of ')
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

CREATE OR REPLACE FUNCTION commit_plan(plan jsonb, token text, holder_token text, given_now double precision)
RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  now_ms double precision := store_now(given_now);
  answer text;
  created text[];
BEGIN
  PERFORM check_holder(holder_token);
  answer := compare_plan(plan, token, now_ms);
  IF answer <> 'ok' THEN RETURN answer; END IF;
  IF plan->'expectedRules' <> 'null' AND (plan->>'expectedRules')::bigint <> coalesce((SELECT version FROM rules_version), 0)
  THEN RETURN 'conflict'; END IF;
  IF are_escalations_changed(plan->'escalationOutcomes') THEN RETURN 'conflict'; END IF;
  PERFORM write_versioned(plan, token, now_ms);
  created := write_alerts(plan);
  IF plan->'deliveries' <> '[]' THEN PERFORM insert_deliveries(plan->'deliveries'); END IF;
  PERFORM write_handlings(plan);
  PERFORM write_silences(plan);
  PERFORM write_escalations(plan, now_ms);
  IF plan->'statuses' <> '[]' THEN
    UPDATE alert_status t SET version = s.version, status = s.status, reason = s.reason, assignee = s.assignee,
      changed_at = s."changedAt", changed_by = s."changedBy"
    FROM jsonb_to_recordset(plan->'statuses') AS c("alertId" text, status jsonb),
      jsonb_to_record(c.status) AS s(version bigint, status text, reason text, assignee text,
        "changedAt" double precision, "changedBy" text)
    WHERE t.alert_id = c."alertId";
  END IF;
  IF plan->'audits' <> '[]' OR plan->'merges' <> '[]' OR plan->'divergences' <> '[]' THEN
    PERFORM request_updates(plan, now_ms);
  END IF;
  IF plan->'kv' <> '[]' THEN PERFORM write_kv(plan); END IF;
  PERFORM write_numbered(plan, created, now_ms);
  RETURN 'ok';
END $$;
