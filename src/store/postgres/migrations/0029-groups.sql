-- Groups of pages: what follows a page is gathered and sent as an update of it. The same rules as in rows/digests.ts.
-- The remote reference of such a digest is the id of the page.
-- Gathers a delivery. Returns false if it is a message of its own. Commits with the same key wait for each other.
CREATE OR REPLACE FUNCTION join_digest(given jsonb) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
  key_of text := given->'gather'->>'key';
  window_ms double precision := (given->'gather'->>'windowMs')::double precision;
  close_at double precision := (given->'gather'->>'due')::double precision;
  after_many bigint := (given->'gather'->>'after')::bigint;
  is_page boolean := coalesce((given->'gather'->>'pages')::boolean, false);
  page text;
  open_id text;
  new_id text;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended('digest ' || key_of, 0));
  IF EXISTS (SELECT 1 FROM delivery WHERE id = given->>'id') THEN RETURN true; END IF;
  IF is_page THEN
    SELECT to_json(d.id)::text INTO page FROM delivery d JOIN delivery_item i ON i.delivery_id = d.id
      JOIN alert_status s ON s.alert_id = i.alert_id
    WHERE d.gather_key = key_of AND d.kind = 'single'
      AND d.created_at > (given->>'createdAt')::double precision - window_ms
      AND d.state NOT IN ('dead', 'orphaned', 'withdrawn') AND s.status <> 'resolved'
    ORDER BY d.seq DESC LIMIT 1;
    -- An update says more of one page, so a new page ends what is gathered for the one before.
    UPDATE delivery SET gather_key = NULL
    WHERE gather_key = key_of AND kind = 'digest' AND remote_reference IS DISTINCT FROM page;
    IF page IS NULL THEN RETURN false; END IF;
  END IF;
  -- A claim that is under way is waited for. What it has taken is not open any more.
  SELECT id INTO open_id FROM delivery WHERE gather_key = key_of AND kind = 'digest' AND state = 'pending' FOR UPDATE;
  IF open_id IS NOT NULL THEN
    IF (SELECT count(*) FROM delivery_item WHERE delivery_id = open_id) < 1000 THEN
      INSERT INTO delivery_item (delivery_id, alert_id) VALUES (open_id, given->>'alertId') ON CONFLICT DO NOTHING;
      RETURN true;
    END IF;
    UPDATE delivery SET gather_key = NULL WHERE id = open_id;
  ELSIF NOT is_page AND after_many > 0 AND after_many > (
    SELECT count(*) FROM delivery WHERE gather_key = key_of AND kind = 'single'
      AND created_at > (given->>'createdAt')::double precision - window_ms
  ) THEN
    RETURN false;
  END IF;
  INSERT INTO delivery (id, kind, destination_key, destination, state, due, not_before, gather_key, gather_ms, attempts,
      created_at, paused_ms, reason, message, remote_reference)
    VALUES (given->'gather'->>'id', 'digest', given->>'destinationKey', given->>'destination', 'pending', close_at,
      (given->>'notBefore')::double precision, key_of, window_ms, 0, close_at, 0, given->>'reason', '', page)
    ON CONFLICT (id) DO NOTHING RETURNING id INTO new_id;
  IF new_id IS NOT NULL THEN
    INSERT INTO delivery_item (delivery_id, alert_id) VALUES (new_id, given->>'alertId');
  END IF;
  RETURN true;
END $$;

-- Writes new rows and outcomes, and starts or ends rows by the new statuses, which must not be written yet.
CREATE OR REPLACE FUNCTION write_escalations(plan jsonb, now_ms double precision) RETURNS void LANGUAGE plpgsql AS $$
DECLARE change record;
BEGIN
  IF plan->'escalations' <> '[]' THEN
    INSERT INTO escalation (alert_id, destination_key, kind, step, unless, after_ms, due, state, round, reason)
      SELECT a.id, e."destinationKey", e.kind, e.step, e.unless, e."afterMs", e.due, 'waiting', 0, ''
      FROM jsonb_to_recordset(plan->'escalations') AS e("alertId" text, "destinationKey" text, kind text, step bigint,
        unless text, "afterMs" double precision, due double precision) JOIN alert a ON a.id = e."alertId"
      -- What has joined the page of another alert does not escalate: the steps of that alert do.
      WHERE NOT EXISTS (SELECT 1 FROM delivery_item i JOIN delivery d ON d.id = i.delivery_id
        WHERE i.alert_id = a.id AND d.destination_key = e."destinationKey" AND d.kind = 'digest')
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
