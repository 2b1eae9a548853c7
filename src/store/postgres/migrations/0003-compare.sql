-- The first part of a commit: everything that the plan compares is locked, and compared, before anything is written.

-- Locks what the plan compares, in the same order for everybody. Returns 'ok', 'already', 'fenced' or 'conflict'.
CREATE FUNCTION compare_plan(plan jsonb, token text, now_ms double precision) RETURNS text LANGUAGE plpgsql AS $$
DECLARE moves boolean := jsonb_array_length(plan->'cursors') > 0;
BEGIN
  IF jsonb_array_length(plan->'held') > 0 THEN
    PERFORM 1 FROM source_cursor
    WHERE source IN (SELECT source FROM jsonb_to_recordset(plan->'held') AS h(source text))
    ORDER BY source FOR UPDATE;
    IF moves AND EXISTS (SELECT 1 FROM source_cursor WHERE source = plan->'cursors'->0->>'source' AND commit_token = token)
    THEN RETURN 'already'; END IF;
    IF EXISTS (
      SELECT 1 FROM jsonb_to_recordset(plan->'held') AS h(source text, owner text, version bigint)
      WHERE NOT EXISTS (
        SELECT 1 FROM source_cursor c WHERE c.source = h.source AND c.owner = h.owner AND c.version = h.version)
    ) THEN RETURN 'fenced'; END IF;
  END IF;
  IF NOT moves THEN
    -- If the same commit is made again while the first one still runs, it waits here for the end of the first.
    PERFORM pg_advisory_xact_lock(hashtextextended(token, 0));
    IF EXISTS (SELECT 1 FROM commit_token c WHERE c.token = compare_plan.token) THEN RETURN 'already'; END IF;
  END IF;
  IF plan->'expectedGroups' <> '[]' OR plan->'mutedMatches' <> '[]' THEN
    PERFORM 1 FROM alert_group WHERE key IN (
      SELECT key FROM jsonb_to_recordset(plan->'expectedGroups') AS g(key text)
      UNION SELECT "groupKey" FROM jsonb_to_recordset(plan->'mutedMatches') AS m("groupKey" text)
    ) ORDER BY key FOR UPDATE;
  END IF;
  IF plan->'expectedLimiters' <> '[]' OR plan->'limiterChanges' <> '[]' THEN
    PERFORM 1 FROM limiter WHERE detection IN (
      SELECT key FROM jsonb_to_recordset(plan->'expectedLimiters') AS g(key text)
      UNION SELECT detection FROM jsonb_to_recordset(plan->'limiterChanges') AS c(detection text)
    ) ORDER BY detection FOR UPDATE;
  END IF;
  IF plan->'statuses' <> '[]' THEN
    PERFORM 1 FROM alert_status
    WHERE alert_id IN (SELECT "alertId" FROM jsonb_to_recordset(plan->'statuses') AS s("alertId" text))
    ORDER BY alert_id FOR UPDATE;
  END IF;
  IF EXISTS (
    SELECT 1 FROM jsonb_to_recordset(plan->'seen') AS s(id text) JOIN seen USING (id) WHERE seen.until > now_ms
  ) OR EXISTS (
    SELECT 1 FROM jsonb_to_recordset(plan->'limiterChanges') AS c(detection text, "mutedAt" double precision)
      JOIN limiter USING (detection)
    WHERE c."mutedAt" IS NOT NULL AND limiter.muted_at IS NOT NULL
  ) OR EXISTS (
    SELECT 1 FROM jsonb_to_recordset(plan->'audits') AS a("requestId" text) JOIN audit ON request_id = a."requestId"
  ) OR EXISTS (
    SELECT 1 FROM jsonb_to_recordset(plan->'statuses') AS s("alertId" text, status jsonb)
      LEFT JOIN alert_status t ON t.alert_id = s."alertId"
    WHERE t.version IS DISTINCT FROM (s.status->>'version')::bigint - 1
  ) OR EXISTS (
    SELECT 1 FROM jsonb_to_recordset(plan->'expectedGroups') AS g(key text, version bigint)
      LEFT JOIN alert_group t USING (key)
    WHERE coalesce(t.version, 0) <> g.version
  ) OR EXISTS (
    SELECT 1 FROM jsonb_to_recordset(plan->'expectedLimiters') AS l(key text, version bigint)
      LEFT JOIN limiter t ON t.detection = l.key
    WHERE coalesce(t.version, 0) <> l.version
  ) THEN RETURN 'conflict'; END IF;
  RETURN 'ok';
END $$;
