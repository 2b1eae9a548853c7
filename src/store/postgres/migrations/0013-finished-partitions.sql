-- The time at which a partition was finished, for example an object that was read to its end. Its row is removed later.
ALTER TABLE source_cursor ADD COLUMN done_at double precision;
CREATE INDEX source_cursor_done ON source_cursor (done_at) WHERE done_at IS NOT NULL;

CREATE FUNCTION finish_partitions(leases jsonb, holder_token text, given_now double precision) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  PERFORM check_holder(holder_token);
  PERFORM 1 FROM source_cursor WHERE source IN (SELECT l.source FROM jsonb_to_recordset(leases) AS l(source text))
  ORDER BY source FOR UPDATE;
  UPDATE source_cursor c SET member = NULL, lease_until = NULL, problem = NULL, lag = NULL, owner = '', version = c.version + 1,
    done_at = store_now(given_now)
  FROM jsonb_to_recordset(leases) AS l(source text, owner text)
  WHERE c.source = l.source AND c.owner = l.owner;
END $$;
