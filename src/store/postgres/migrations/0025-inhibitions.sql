-- Alerts that hide others while they are not resolved. A row ends with its alert, or with its time. The same rules as in
-- rows/inhibitors.ts.
CREATE TABLE inhibitor (
  key text NOT NULL,
  alert_id text NOT NULL,
  at double precision NOT NULL,
  until double precision NOT NULL,
  PRIMARY KEY (key, alert_id)
);
CREATE INDEX inhibitor_until ON inhibitor (key, until);
CREATE INDEX inhibitor_alert ON inhibitor (alert_id);
CREATE INDEX inhibitor_end ON inhibitor (until);

-- The alert that hides others for the longest time.
CREATE FUNCTION inhibitor_of(given_key text) RETURNS jsonb LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN (SELECT jsonb_build_object('key', key, 'alertId', alert_id, 'at', at, 'until', until) FROM inhibitor
    WHERE key = given_key ORDER BY until DESC, alert_id DESC LIMIT 1);
END $$;

CREATE FUNCTION are_inhibitors_changed(expected jsonb) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
  IF expected = '[]' THEN RETURN false; END IF;
  RETURN EXISTS (
    SELECT 1 FROM jsonb_to_recordset(expected) AS e(key text, "alertId" text)
    WHERE inhibitor_of(e.key)->>'alertId' IS DISTINCT FROM e."alertId"
  );
END $$;

-- Writes new rows, and ends those of alerts that are resolved.
CREATE FUNCTION write_inhibitors(plan jsonb) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF plan->'inhibitors' <> '[]' THEN
    INSERT INTO inhibitor (key, alert_id, at, until)
      SELECT key, "alertId", at, until FROM jsonb_to_recordset(plan->'inhibitors')
        AS i(key text, "alertId" text, at double precision, until double precision)
    ON CONFLICT DO NOTHING;
  END IF;
  IF plan->'statuses' <> '[]' THEN
    DELETE FROM inhibitor WHERE alert_id IN (
      SELECT "alertId" FROM jsonb_to_recordset(plan->'statuses') AS s("alertId" text, status jsonb)
      WHERE status->>'status' = 'resolved');
  END IF;
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
    'inhibitors', (SELECT coalesce(jsonb_agg(i), '[]') FROM jsonb_array_elements_text(keys->'inhibitors') AS k(key),
      LATERAL inhibitor_of(k.key) AS i WHERE i IS NOT NULL),
    'rulesVersion', coalesce((SELECT version FROM rules_version), 0),
    'seen', (SELECT coalesce(jsonb_agg(id), '[]') FROM seen
      WHERE id = ANY (seen_keys) AND until > store_now(given_now))
  ));
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
  IF are_inhibitors_changed(plan->'expectedInhibitors') THEN RETURN 'conflict'; END IF;
  PERFORM write_versioned(plan, token, now_ms);
  created := write_alerts(plan);
  IF plan->'deliveries' <> '[]' THEN PERFORM insert_deliveries(plan->'deliveries'); END IF;
  PERFORM write_handlings(plan);
  PERFORM write_silences(plan);
  PERFORM write_escalations(plan, now_ms);
  PERFORM write_inhibitors(plan);
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
