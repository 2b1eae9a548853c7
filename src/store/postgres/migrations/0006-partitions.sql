-- Partitions: cursors that are held under a lease. An extension changes neither the owner nor the version.

CREATE FUNCTION claim_partitions(
  sources text[], most bigint, lease_ms double precision, member_name text, holder_token text,
  given_now double precision
) RETURNS TABLE (source text, cursor text, version bigint, owner text) LANGUAGE plpgsql AS $$
DECLARE
  now_ms double precision := store_now(given_now);
  wanted text;
  claimed bigint := 0;
BEGIN
  PERFORM check_holder(holder_token);
  FOR wanted IN
    SELECT name FROM unnest(sources) WITH ORDINALITY AS w(name, position) GROUP BY name ORDER BY min(position)
  LOOP
    EXIT WHEN claimed >= most;
    CONTINUE WHEN EXISTS (SELECT 1 FROM source_cursor c WHERE c.source = wanted AND c.lease_until > now_ms);
    RETURN QUERY
      INSERT INTO source_cursor AS t (source, version, owner, member, lease_until)
        VALUES (wanted, 1, gen_random_uuid()::text, member_name, now_ms + lease_ms)
      ON CONFLICT ON CONSTRAINT source_cursor_pkey DO UPDATE SET version = t.version + 1, owner = excluded.owner,
        member = excluded.member, lease_until = excluded.lease_until, problem = NULL
        WHERE coalesce(t.lease_until, 0) <= now_ms
      RETURNING t.source, t.cursor, t.version, t.owner;
    IF FOUND THEN claimed := claimed + 1; END IF;
  END LOOP;
END $$;

-- A lease that ran out can still be extended if no other member took the partition. Returns the sources that are held.
CREATE FUNCTION extend_partitions(
  leases jsonb, lease_ms double precision, holder_token text, given_now double precision
) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE now_ms double precision := store_now(given_now);
BEGIN
  PERFORM check_holder(holder_token);
  PERFORM 1 FROM source_cursor WHERE source IN (SELECT l.source FROM jsonb_to_recordset(leases) AS l(source text))
  ORDER BY source FOR UPDATE;
  RETURN QUERY
    UPDATE source_cursor c SET lease_until = now_ms + lease_ms, problem = l.problem
    FROM jsonb_to_recordset(leases) AS l(source text, owner text, problem text)
    WHERE c.source = l.source AND c.owner = l.owner
    RETURNING c.source;
END $$;

-- The version is raised and the owner removed, so that a commit that comes too late is fenced.
CREATE FUNCTION give_back_partitions(leases jsonb) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM 1 FROM source_cursor WHERE source IN (SELECT l.source FROM jsonb_to_recordset(leases) AS l(source text))
  ORDER BY source FOR UPDATE;
  UPDATE source_cursor c SET member = NULL, lease_until = 0, owner = '', version = c.version + 1
  FROM jsonb_to_recordset(leases) AS l(source text, owner text)
  WHERE c.source = l.source AND c.owner = l.owner;
END $$;
