-- How many messages the reader of a partition had not read yet when it extended its lease last.
ALTER TABLE source_cursor ADD COLUMN lag double precision;

-- The audit also has partitions whose messages a person passed.
ALTER TABLE audit DROP CONSTRAINT audit_subject_kind_check;
ALTER TABLE audit ADD CONSTRAINT audit_subject_kind_check
  CHECK (subject_kind IN ('alert', 'silence', 'destination', 'detection', 'partition'));

CREATE OR REPLACE FUNCTION extend_partitions(
  leases jsonb, lease_ms double precision, holder_token text, given_now double precision
) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE now_ms double precision := store_now(given_now);
BEGIN
  PERFORM check_holder(holder_token);
  PERFORM 1 FROM source_cursor WHERE source IN (SELECT l.source FROM jsonb_to_recordset(leases) AS l(source text))
  ORDER BY source FOR UPDATE;
  RETURN QUERY
    UPDATE source_cursor c SET lease_until = now_ms + lease_ms, problem = l.problem, lag = l.lag
    FROM jsonb_to_recordset(leases) AS l(source text, owner text, problem text, lag double precision)
    WHERE c.source = l.source AND c.owner = l.owner
    RETURNING c.source;
END $$;
