-- Digests gather alerts. The key is that of an open digest, or of a delivery that was sent alone before others are gathered.
-- The same rules as in rows/digests.ts.
ALTER TABLE delivery ADD COLUMN gather_key text;
ALTER TABLE delivery ADD COLUMN gather_ms double precision;
CREATE INDEX delivery_gather ON delivery (gather_key, created_at) WHERE gather_key IS NOT NULL;

-- What ends the state closes the digest, so that no alert joins one that may have been sent.
CREATE FUNCTION close_digest() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.gather_key := NULL;
  RETURN NEW;
END $$;
CREATE TRIGGER delivery_digest_closed BEFORE UPDATE OF state ON delivery FOR EACH ROW
  WHEN (NEW.kind = 'digest' AND NEW.state <> 'pending' AND NEW.gather_key IS NOT NULL) EXECUTE FUNCTION close_digest();

-- Gathers a delivery. Returns false if it is a message of its own. Commits with the same key wait for each other.
CREATE FUNCTION join_digest(given jsonb) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
  key_of text := given->'gather'->>'key';
  window_ms double precision := (given->'gather'->>'windowMs')::double precision;
  close_at double precision := (given->'gather'->>'due')::double precision;
  after_many bigint := (given->'gather'->>'after')::bigint;
  open_id text;
  new_id text;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended('digest ' || key_of, 0));
  IF EXISTS (SELECT 1 FROM delivery WHERE id = given->>'id') THEN RETURN true; END IF;
  -- A claim that is under way is waited for. What it has taken is not open any more.
  SELECT id INTO open_id FROM delivery WHERE gather_key = key_of AND kind = 'digest' AND state = 'pending' FOR UPDATE;
  IF open_id IS NOT NULL THEN
    IF (SELECT count(*) FROM delivery_item WHERE delivery_id = open_id) < 1000 THEN
      INSERT INTO delivery_item (delivery_id, alert_id) VALUES (open_id, given->>'alertId') ON CONFLICT DO NOTHING;
      RETURN true;
    END IF;
    UPDATE delivery SET gather_key = NULL WHERE id = open_id;
  ELSIF after_many > 0 AND after_many > (
    SELECT count(*) FROM delivery WHERE gather_key = key_of AND kind = 'single'
      AND created_at > (given->>'createdAt')::double precision - window_ms
  ) THEN
    RETURN false;
  END IF;
  INSERT INTO delivery (id, kind, destination_key, destination, state, due, not_before, gather_key, gather_ms, attempts,
      created_at, paused_ms, reason, message)
    VALUES (given->'gather'->>'id', 'digest', given->>'destinationKey', given->>'destination', 'pending', close_at,
      (given->>'notBefore')::double precision, key_of, window_ms, 0, close_at, 0, given->>'reason', '')
    ON CONFLICT (id) DO NOTHING RETURNING id INTO new_id;
  IF new_id IS NOT NULL THEN
    INSERT INTO delivery_item (delivery_id, alert_id) VALUES (new_id, given->>'alertId');
  END IF;
  RETURN true;
END $$;

CREATE FUNCTION insert_single_deliveries(rows jsonb) RETURNS void LANGUAGE sql AS $$
  WITH given AS (
    SELECT * FROM jsonb_to_recordset(rows) AS d(id text, "alertId" text, "destinationKey" text, destination text,
      due double precision, "notBefore" double precision, "createdAt" double precision, reason text, gather jsonb)
  ), created AS (
    INSERT INTO delivery (id, kind, destination_key, destination, state, due, not_before, gather_key, attempts,
        created_at, paused_ms, reason, message)
      SELECT id, 'single', "destinationKey", destination, 'pending', due, "notBefore", gather->>'key', 0, "createdAt",
        0, reason, '' FROM given
      ON CONFLICT (id) DO NOTHING RETURNING id
  )
  INSERT INTO delivery_item (delivery_id, alert_id)
    SELECT DISTINCT ON (created.id) created.id, given."alertId" FROM created JOIN given USING (id);
$$;

CREATE OR REPLACE FUNCTION insert_deliveries(rows jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE item jsonb;
BEGIN
  IF EXISTS (
    SELECT 1 FROM jsonb_to_recordset(rows) AS d("alertId" text)
    WHERE NOT EXISTS (SELECT 1 FROM alert a WHERE a.id = d."alertId")
  ) THEN
    RAISE EXCEPTION 'a delivery has no alert' USING ERRCODE = 'foreign_key_violation';
  END IF;
  IF NOT rows @? '$[*].gather' THEN
    PERFORM insert_single_deliveries(rows);
    RETURN;
  END IF;
  PERFORM insert_single_deliveries((
    SELECT coalesce(jsonb_agg(e.value ORDER BY e.position), '[]')
    FROM jsonb_array_elements(rows) WITH ORDINALITY AS e(value, position) WHERE NOT e.value ? 'gather'));
  -- The order of the keys is that of the locks of all commits.
  FOR item IN
    SELECT e.value FROM jsonb_array_elements(rows) WITH ORDINALITY AS e(value, position)
    WHERE e.value ? 'gather' ORDER BY e.value->'gather'->>'key', e.position
  LOOP
    IF NOT join_digest(item) THEN PERFORM insert_single_deliveries(jsonb_build_array(item)); END IF;
  END LOOP;
END $$;

CREATE OR REPLACE FUNCTION latest_due(d delivery, now_ms double precision) RETURNS double precision LANGUAGE sql STABLE AS $$
  SELECT CASE WHEN d.kind = 'update' THEN now_ms + coalesce(
      (SELECT max(repeat_every_ms) FROM update_subscription s WHERE s.destination_key = d.destination_key), 0)
    WHEN d.state = 'pending' THEN now_ms + CASE d.kind WHEN 'digest' THEN coalesce(d.gather_ms, 0) ELSE 0 END
    ELSE now_ms + 3600000 END
$$;

CREATE FUNCTION flush_digests(name text, given_now double precision) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  now_ms double precision := store_now(given_now);
  flushed bigint;
BEGIN
  UPDATE delivery SET due = now_ms, created_at = now_ms, not_before = NULL
  WHERE kind = 'digest' AND state = 'pending' AND due > now_ms AND name IN (destination, destination_key);
  GET DIAGNOSTICS flushed = ROW_COUNT;
  RETURN flushed;
END $$;
