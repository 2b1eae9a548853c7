-- The time up to which a partition was read and committed: what its broker had by then is in the store.
ALTER TABLE source_cursor ADD COLUMN caught_up_at double precision;

CREATE OR REPLACE FUNCTION extend_partitions(
  leases jsonb, lease_ms double precision, holder_token text, given_now double precision
) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE now_ms double precision := store_now(given_now);
BEGIN
  PERFORM 1 FROM source_cursor WHERE source IN (SELECT l.source FROM jsonb_to_recordset(leases) AS l(source text))
  ORDER BY source FOR UPDATE;
  RETURN QUERY
    UPDATE source_cursor c SET lease_until = now_ms + lease_ms, problem = l.problem, lag = l.lag,
      caught_up_at = coalesce(now_ms - l."caughtUpAgoMs", c.caught_up_at)
    FROM jsonb_to_recordset(leases) AS l(source text, owner text, problem text, lag double precision,
      "caughtUpAgoMs" double precision)
    WHERE c.source = l.source AND c.owner = l.owner
    RETURNING c.source;
END $$;
