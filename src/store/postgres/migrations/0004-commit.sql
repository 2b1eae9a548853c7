-- The second part of a commit: what was compared is written. One commit is one call of `commit_plan`.

CREATE FUNCTION insert_deliveries(rows jsonb) RETURNS void LANGUAGE sql AS $$
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
$$;

CREATE FUNCTION merge_into_alert(alert_key text, more bigint, at_ms double precision, types jsonb)
RETURNS void LANGUAGE sql AS $$
  UPDATE alert_progress SET events = events + more, last_event_at = greatest(last_event_at, at_ms),
    log_types = log_types || ARRAY(
      SELECT value FROM unnest(texts_of(types)) WITH ORDINALITY AS t(value, position)
      WHERE value <> ALL (log_types) GROUP BY value ORDER BY min(position))
  WHERE alert_id = alert_key;
$$;

-- A conflict that shows only while the plan is written: all of the plan is undone.
CREATE FUNCTION raise_conflict() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'the state has changed' USING ERRCODE = 'SBC01';
END $$;

-- Writes what was compared. A row that another transaction has inserted meanwhile is a conflict, too.
CREATE FUNCTION write_versioned(plan jsonb, token text, now_ms double precision) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  written bigint;
  change record;
BEGIN
  UPDATE source_cursor t SET cursor = c.cursor, version = t.version + 1, commit_token = token
  FROM jsonb_to_recordset(plan->'cursors') AS c(source text, cursor text) WHERE t.source = c.source;
  IF jsonb_array_length(plan->'cursors') = 0 THEN
    INSERT INTO commit_token (token, recorded_at) VALUES (write_versioned.token, now_ms);
  END IF;

  IF plan->'seen' <> '[]' THEN
    INSERT INTO seen AS t (id, until)
      SELECT DISTINCT ON (id) id, until FROM jsonb_to_recordset(plan->'seen') AS s(id text, until double precision)
      ORDER BY id
    ON CONFLICT (id) DO UPDATE SET until = excluded.until WHERE t.until <= now_ms;
    GET DIAGNOSTICS written = ROW_COUNT;
    IF written < (SELECT count(DISTINCT id) FROM jsonb_to_recordset(plan->'seen') AS s(id text))
    THEN PERFORM raise_conflict(); END IF;
  END IF;

  IF plan->'groups' <> '[]' THEN
    INSERT INTO alert_group AS t (key, version, started_at, alert_id, count, body)
      SELECT key, version, "startedAt", "alertId", count, body
      FROM jsonb_to_recordset(plan->'groups')
        AS g(key text, version bigint, "startedAt" double precision, "alertId" text, count bigint, body text)
      ORDER BY key
    ON CONFLICT (key) DO UPDATE SET version = excluded.version, started_at = excluded.started_at,
      alert_id = excluded.alert_id, count = excluded.count, body = excluded.body
      WHERE t.version = excluded.version - 1;
    GET DIAGNOSTICS written = ROW_COUNT;
    IF written < jsonb_array_length(plan->'groups') THEN PERFORM raise_conflict(); END IF;
  END IF;

  IF plan->'limiters' <> '[]' THEN
    INSERT INTO limiter AS t (detection, version, hour_started_at, created, muted_at)
      SELECT detection, version, "hourStartedAt", created, "mutedAt"
      FROM jsonb_to_recordset(plan->'limiters')
        AS l(detection text, version bigint, "hourStartedAt" double precision, created bigint, "mutedAt" double precision)
      ORDER BY detection
    ON CONFLICT (detection) DO UPDATE SET version = excluded.version, hour_started_at = excluded.hour_started_at,
      created = excluded.created, muted_at = excluded.muted_at
      WHERE t.version = excluded.version - 1;
    GET DIAGNOSTICS written = ROW_COUNT;
    IF written < jsonb_array_length(plan->'limiters') THEN PERFORM raise_conflict(); END IF;
  END IF;

  FOR change IN
    SELECT * FROM jsonb_to_recordset(plan->'limiterChanges') AS c(detection text, "hourStartedAt" double precision,
      "previousHour" double precision, created bigint, "mutedAt" double precision)
    ORDER BY detection
  LOOP
    -- If another plan has begun a new hour meanwhile, the alerts count in that hour.
    INSERT INTO limiter AS t (detection, version, hour_started_at, created, muted_at)
      VALUES (change.detection, 1, change."hourStartedAt", change.created, change."mutedAt")
    ON CONFLICT (detection) DO UPDATE SET version = t.version + 1,
      (hour_started_at, created, muted_at) = (
        SELECT CASE WHEN begins THEN excluded.hour_started_at ELSE t.hour_started_at END,
          CASE WHEN begins THEN excluded.created ELSE t.created + excluded.created END,
          CASE WHEN begins THEN excluded.muted_at ELSE coalesce(t.muted_at, excluded.muted_at) END
        FROM (SELECT change."hourStartedAt" IS DISTINCT FROM change."previousHour"
          AND t.hour_started_at IS NOT DISTINCT FROM change."previousHour" AS begins) AS b)
      WHERE excluded.muted_at IS NULL OR t.muted_at IS NULL;
    IF NOT FOUND THEN PERFORM raise_conflict(); END IF;
  END LOOP;
END $$;

-- Creates alerts, and adds to them. Returns the ids of those that did not exist.
CREATE FUNCTION write_alerts(plan jsonb) RETURNS text[] LANGUAGE plpgsql AS $$
DECLARE
  created text[] := '{}';
  added record;
  counted record;
BEGIN
  IF plan->'alerts' <> '[]' THEN
    WITH inserted AS (
      INSERT INTO alert (id, group_key, detection, kind, severity, title, dedup, created_at, reference, route,
          notification)
        SELECT id, "groupKey", detection, kind, severity, title, dedup, "createdAt", reference, route, notification
        FROM jsonb_to_recordset(plan->'alerts') AS a(id text, "groupKey" text, detection text, kind text, severity text,
          title text, dedup text, "createdAt" double precision, reference text, route text, notification text)
      ON CONFLICT (id) DO NOTHING RETURNING id
    ) SELECT coalesce(array_agg(id), '{}') INTO created FROM inserted;
    INSERT INTO alert_progress (alert_id, events, last_event_at, log_types)
      SELECT id, events, "lastEventAt", texts_of("logTypes")
      FROM jsonb_to_recordset(plan->'alerts') AS a(id text, events bigint, "lastEventAt" double precision, "logTypes" jsonb)
      WHERE id = ANY (created);
    INSERT INTO alert_status (alert_id, version, status, reason, assignee, changed_at, changed_by)
      SELECT a.id, version, s.status, reason, assignee, "changedAt", "changedBy"
      FROM jsonb_to_recordset(plan->'alerts') AS a(id text, status jsonb),
        jsonb_to_record(a.status) AS s(version bigint, status text, reason text, assignee text,
          "changedAt" double precision, "changedBy" text)
      WHERE a.id = ANY (created);
    INSERT INTO divergence (alert_id, body)
      SELECT a.id, d.body FROM jsonb_to_recordset(plan->'alerts') AS a(id text, divergences jsonb),
        jsonb_array_elements_text(a.divergences) WITH ORDINALITY AS d(body, position)
      WHERE a.id = ANY (created) ORDER BY a.id, d.position;
  END IF;
  FOR added IN
    SELECT * FROM jsonb_to_recordset(plan->'merges')
      AS m("alertId" text, events bigint, "lastEventAt" double precision, "logTypes" jsonb) ORDER BY "alertId"
  LOOP
    PERFORM merge_into_alert(added."alertId", added.events, added."lastEventAt", added."logTypes");
  END LOOP;
  FOR added IN
    SELECT * FROM jsonb_to_recordset(plan->'mutedMatches') AS m("groupKey" text, "startedAt" double precision,
      events bigint, "lastEventAt" double precision, "logTypes" jsonb) ORDER BY "groupKey"
  LOOP
    SELECT alert_id, started_at INTO counted FROM alert_group WHERE key = added."groupKey";
    CONTINUE WHEN NOT FOUND OR counted.started_at <> added."startedAt";
    IF counted.alert_id IS NOT NULL THEN
      PERFORM merge_into_alert(counted.alert_id, added.events, added."lastEventAt", added."logTypes");
    ELSE
      -- The version rises, so that a decision that read the smaller count is made again.
      UPDATE alert_group SET count = count + added.events, version = version + 1 WHERE key = added."groupKey";
    END IF;
  END LOOP;
  IF plan->'divergences' <> '[]' THEN
    INSERT INTO divergence (alert_id, body)
      SELECT a.id, d.body FROM jsonb_array_elements(plan->'divergences') WITH ORDINALITY AS e(item, position),
        jsonb_to_record(e.item) AS d("alertId" text, body text) JOIN alert a ON a.id = d."alertId"
      ORDER BY e.position;
  END IF;
  RETURN created;
END $$;

-- Numbers are given last, because the lock on the counter is held until the end of the transaction.
CREATE FUNCTION write_numbered(plan jsonb, created text[], now_ms double precision) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  many bigint := jsonb_array_length(plan->'signals');
  last_number bigint;
BEGIN
  IF many > 0 THEN
    UPDATE counter SET value = value + many WHERE name = 'signal' RETURNING value INTO last_number;
    INSERT INTO signal (id, detection, at, happened_at, row_id, log_type, alert_id, fields, recorded_at)
      SELECT last_number - many + e.position, s.detection, s.at, s."happenedAt", s."rowId", s."logType", s."alertId",
        s.fields, now_ms
      FROM jsonb_array_elements(plan->'signals') WITH ORDINALITY AS e(item, position),
        jsonb_to_record(e.item) AS s(detection text, at double precision, "happenedAt" double precision, "rowId" text,
          "logType" text, "alertId" text, fields text);
  END IF;
  many := coalesce(array_length(created, 1), 0) + jsonb_array_length(plan->'audits');
  IF many > 0 THEN
    UPDATE counter SET value = value + many WHERE name = 'audit' RETURNING value INTO last_number;
    INSERT INTO audit (seq, at, actor, via, verb, subject_kind, subject, before, after, note, origin, request_id)
      SELECT last_number - many + row_number() OVER (ORDER BY a.place, a.position), a.at, a.actor, a.via, a.verb,
        a.subject_kind, a.subject, a.before, a.after, a.note, a.origin, a.request_id
      FROM (
        SELECT 1 AS place, e.position, s."createdAt" AS at, 'system' AS actor, 'system' AS via, 'created' AS verb,
          'alert' AS subject_kind, s.id AS subject, '' AS before, s."statusText" AS after, '' AS note,
          NULL::text AS origin, NULL::text AS request_id
        FROM jsonb_array_elements(plan->'alerts') WITH ORDINALITY AS e(item, position),
          jsonb_to_record(e.item) AS s(id text, "createdAt" double precision, "statusText" text)
        WHERE s.id = ANY (created)
        UNION ALL
        SELECT 2, e.position, s.at, s.actor, s.via, s.verb, s.subject->>'kind', s.subject->>'id', s.before, s.after,
          s.note, s.origin, s."requestId"
        FROM jsonb_array_elements(plan->'audits') WITH ORDINALITY AS e(item, position),
          jsonb_to_record(e.item) AS s(at double precision, actor text, via text, verb text, subject jsonb, before text,
            after text, note text, origin text, "requestId" text)
      ) AS a;
  END IF;
END $$;

CREATE FUNCTION write_kv(plan jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE item record;
BEGIN
  FOR item IN SELECT * FROM jsonb_to_recordset(plan->'kv') AS k(key text, value text, "expiresAt" double precision) LOOP
    IF item.value IS NULL THEN
      DELETE FROM kv WHERE key = item.key;
    ELSE
      INSERT INTO kv (key, value, expires_at) VALUES (item.key, item.value, item."expiresAt")
      ON CONFLICT (key) DO UPDATE SET value = excluded.value, expires_at = excluded.expires_at;
    END IF;
  END LOOP;
END $$;

CREATE FUNCTION commit_plan(plan jsonb, token text, holder_token text, given_now double precision)
RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  now_ms double precision := store_now(given_now);
  answer text;
  created text[];
BEGIN
  PERFORM check_holder(holder_token);
  answer := compare_plan(plan, token, now_ms);
  IF answer <> 'ok' THEN RETURN answer; END IF;
  PERFORM write_versioned(plan, token, now_ms);
  created := write_alerts(plan);
  IF plan->'deliveries' <> '[]' THEN PERFORM insert_deliveries(plan->'deliveries'); END IF;
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

CREATE FUNCTION read_state(keys jsonb, given_now double precision) RETURNS jsonb LANGUAGE sql STABLE AS $$
  WITH groups AS (
    SELECT key, version, count, alert_id, body FROM alert_group WHERE key = ANY (texts_of(keys->'groups'))
  )
  SELECT jsonb_build_object(
    'groups', (SELECT coalesce(jsonb_agg(jsonb_build_object('key', key, 'version', version, 'count', count, 'body', body)),
      '[]') FROM groups),
    'alertEvents', (SELECT coalesce(jsonb_agg(jsonb_build_object('id', alert_id, 'events', events)), '[]')
      FROM alert_progress WHERE alert_id IN (SELECT groups.alert_id FROM groups)),
    'limiters', (SELECT coalesce(jsonb_agg(jsonb_build_object('version', version, 'value', jsonb_build_object(
      'detection', detection, 'hourStartedAt', hour_started_at, 'created', created, 'mutedAt', muted_at))), '[]')
      FROM limiter WHERE detection = ANY (texts_of(keys->'limiters'))),
    'seen', (SELECT coalesce(jsonb_agg(id), '[]') FROM seen
      WHERE id = ANY (texts_of(keys->'seen')) AND until > store_now(given_now))
  )
$$;
