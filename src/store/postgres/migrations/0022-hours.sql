-- A delivery that waits for the hours of its destination. Its due date does not move with the clock.
ALTER TABLE delivery ADD COLUMN not_before double precision;

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
      due double precision, "notBefore" double precision, "createdAt" double precision, reason text)
  ), created AS (
    INSERT INTO delivery (id, kind, destination_key, destination, state, due, not_before, attempts, created_at,
        paused_ms, reason, message)
      SELECT id, 'single', "destinationKey", destination, 'pending', due, "notBefore", 0, "createdAt", 0, reason, '' FROM given
      ON CONFLICT (id) DO NOTHING RETURNING id
  )
  INSERT INTO delivery_item (delivery_id, alert_id)
    SELECT DISTINCT ON (created.id) created.id, given."alertId" FROM created JOIN given USING (id);
END $$;

CREATE OR REPLACE FUNCTION shift_due_dates(ms double precision, given_now double precision) RETURNS void LANGUAGE sql AS $$
  UPDATE delivery d SET due = least(d.due - ms, latest_due(d, n.now_ms))
  FROM (SELECT store_now(given_now) AS now_ms) AS n
  WHERE d.state IN ('pending', 'waiting', 'queued') AND d.due > n.now_ms
    AND (ms > 0 OR d.due > latest_due(d, n.now_ms)) AND coalesce(d.not_before, 0) < d.due
$$;
