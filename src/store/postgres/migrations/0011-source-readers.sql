-- The daemons that read a source share its partitions. The rows need not survive a crash of the server: each daemon writes
-- its own again within a second.

CREATE UNLOGGED TABLE source_reader (
  source text NOT NULL,
  reader text NOT NULL,
  until double precision NOT NULL,
  PRIMARY KEY (source, reader)
) WITH (fillfactor = 50);

-- Returns one row for each held partition, and one row without a partition if none is held. A registration is written
-- again when a quarter of its time is over. Rows of daemons that ended without a word are removed an hour later.
CREATE FUNCTION register_reader(
  source_name text, reader_id text, ttl_ms double precision, partitions text[], given_now double precision
) RETURNS TABLE (readers bigint, held text) LANGUAGE plpgsql AS $$
DECLARE
  now_ms double precision := store_now(given_now);
  present bigint;
BEGIN
  IF ttl_ms > 0 THEN
    INSERT INTO source_reader AS r (source, reader, until) VALUES (source_name, reader_id, now_ms + ttl_ms)
    ON CONFLICT ON CONSTRAINT source_reader_pkey DO UPDATE SET until = excluded.until
      WHERE r.until < now_ms + ttl_ms * 0.75 OR r.until > now_ms + ttl_ms;
  ELSE
    DELETE FROM source_reader r WHERE r.source = source_name AND r.reader = reader_id;
  END IF;
  DELETE FROM source_reader r WHERE r.source = source_name AND r.until < now_ms - 3600000;
  SELECT count(*) INTO present FROM source_reader r WHERE r.source = source_name AND r.until > now_ms;
  RETURN QUERY
    SELECT present, c.source FROM (VALUES (1)) AS one (n)
    LEFT JOIN source_cursor c ON c.source = ANY (partitions) AND c.lease_until > now_ms;
END $$;
