-- A retry of a request whose id the audit has already changes nothing. One row of the audit has the id.
CREATE FUNCTION retry_deliveries_once(
  ids text[], states text[], actor_name text, actor_via text, given_now double precision, request text
) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  changed bigint;
BEGIN
  -- The second of two equal requests waits until the first is visible.
  IF request IS NOT NULL THEN PERFORM pg_advisory_xact_lock(hashtextextended(request, 0)); END IF;
  IF request IS NOT NULL AND EXISTS (SELECT 1 FROM audit WHERE request_id = request) THEN RETURN 0; END IF;
  changed := retry_deliveries(ids, states, actor_name, actor_via, given_now);
  IF request IS NOT NULL AND changed > 0 THEN
    UPDATE audit SET request_id = request WHERE seq = (SELECT value FROM counter WHERE name = 'audit');
  END IF;
  RETURN changed;
END $$;
