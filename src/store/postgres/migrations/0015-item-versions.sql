-- Each write of a key of kv has a version of its own, which the next change of the key compares.

ALTER TABLE kv ADD COLUMN version text NOT NULL DEFAULT '0';

-- The keys are locked in the same order by everybody, after all other rows that a plan compares. A key that another
-- transaction has inserted meanwhile is a conflict, too.
CREATE OR REPLACE FUNCTION write_kv(plan jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  now_ms double precision := store_now((plan->>'givenNow')::double precision);
  item record;
BEGIN
  IF plan->'expectedItems' <> '[]' THEN
    PERFORM 1 FROM kv WHERE key IN (SELECT key FROM jsonb_to_recordset(plan->'expectedItems') AS e(key text))
    ORDER BY key FOR UPDATE;
    IF EXISTS (
      SELECT 1 FROM jsonb_to_recordset(plan->'expectedItems') AS e(key text, version text)
        LEFT JOIN kv t ON t.key = e.key AND (t.expires_at IS NULL OR t.expires_at > now_ms)
      WHERE coalesce(t.version, '') <> e.version
    ) THEN PERFORM raise_conflict(); END IF;
  END IF;
  FOR item IN
    SELECT * FROM jsonb_to_recordset(plan->'kv')
      AS k(key text, value text, "expiresAt" double precision, version text, expected text)
    ORDER BY key
  LOOP
    IF item.value IS NULL THEN
      DELETE FROM kv AS t WHERE key = item.key
        AND (item.expected IS NULL OR t.version = item.expected OR t.expires_at <= now_ms);
      -- A key that did not exist when it was compared had nothing to lock.
      IF NOT FOUND AND EXISTS (SELECT 1 FROM kv WHERE key = item.key) THEN PERFORM raise_conflict(); END IF;
    ELSE
      INSERT INTO kv AS t (key, value, expires_at, version)
        VALUES (item.key, item.value, item."expiresAt", coalesce(item.version, gen_random_uuid()::text))
      ON CONFLICT (key) DO UPDATE SET value = excluded.value, expires_at = excluded.expires_at,
        version = excluded.version
        WHERE item.expected IS NULL OR t.version = item.expected OR (item.expected = '' AND t.expires_at <= now_ms);
      IF NOT FOUND THEN PERFORM raise_conflict(); END IF;
    END IF;
  END LOOP;
END $$;
