-- Signals lie in one table for each day, so that a day that expired is dropped instead of deleted row by row. What belongs
-- to no such day, for example after the clock was wrong, lies in `signal_other` and is deleted by rows.

ALTER TABLE signal RENAME TO signal_before;
ALTER TABLE signal_before RENAME CONSTRAINT signal_pkey TO signal_before_pkey;
ALTER INDEX signal_recorded RENAME TO signal_before_recorded;
ALTER INDEX signal_happened RENAME TO signal_before_happened;

CREATE TABLE signal (
  id bigint NOT NULL,
  detection text NOT NULL,
  at double precision NOT NULL,
  happened_at double precision NOT NULL,
  row_id text NOT NULL,
  log_type text NOT NULL,
  alert_id text,
  fields text NOT NULL,
  recorded_at double precision NOT NULL
) PARTITION BY RANGE (recorded_at);
CREATE INDEX signal_id ON signal (id);
CREATE INDEX signal_happened ON signal (detection, happened_at);
CREATE TABLE signal_other PARTITION OF signal DEFAULT;
CREATE INDEX signal_other_recorded ON signal_other (recorded_at);

-- The tables with a range of time.
CREATE TABLE signal_day (name text PRIMARY KEY, from_ms double precision NOT NULL, until_ms double precision NOT NULL);

CREATE FUNCTION signal_day_start(at_ms double precision) RETURNS double precision LANGUAGE sql IMMUTABLE AS $$
  SELECT floor(at_ms / 86400000) * 86400000
$$;

-- Makes the tables of today and of the next days. Rows of these days that lie elsewhere are moved, unless they are many.
CREATE FUNCTION prepare_signal_days(now_ms double precision) RETURNS void LANGUAGE plpgsql SET lock_timeout = '1s' AS $$
DECLARE
  start_ms double precision;
  end_ms double precision;
  day_name text;
BEGIN
  IF NOT pg_try_advisory_xact_lock(hashtextextended('signalbox-days:' || current_schema(), 0)) THEN RETURN; END IF;
  FOR ahead IN 0..3 LOOP
    start_ms := signal_day_start(now_ms) + ahead * 86400000.0;
    end_ms := start_ms + 86400000.0;
    CONTINUE WHEN EXISTS (SELECT 1 FROM signal_day WHERE from_ms < end_ms AND until_ms > start_ms);
    day_name := 'signal_' || to_char(to_timestamp(start_ms / 1000) AT TIME ZONE 'UTC', 'YYYYMMDD');
    -- Nothing may come between the move of the rows and the attachment.
    LOCK TABLE signal_other IN SHARE ROW EXCLUSIVE MODE;
    CONTINUE WHEN (SELECT count(*) FROM (
      SELECT 1 FROM signal_other WHERE recorded_at >= start_ms AND recorded_at < end_ms LIMIT 100001) AS found) > 100000;
    EXECUTE format('CREATE TABLE %I (LIKE signal)', day_name);
    EXECUTE format('WITH moved AS (DELETE FROM signal_other WHERE recorded_at >= $1 AND recorded_at < $2 RETURNING *)
      INSERT INTO %I SELECT * FROM moved', day_name) USING start_ms, end_ms;
    EXECUTE format('ALTER TABLE signal ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', day_name, start_ms, end_ms);
    INSERT INTO signal_day (name, from_ms, until_ms) VALUES (day_name, start_ms, end_ms);
  END LOOP;
END $$;

-- Drops the tables whose signals have all expired.
CREATE FUNCTION drop_signal_days(before_ms double precision) RETURNS void LANGUAGE plpgsql SET lock_timeout = '1s' AS $$
DECLARE day record;
BEGIN
  FOR day IN SELECT name FROM signal_day WHERE until_ms <= before_ms ORDER BY until_ms FOR UPDATE SKIP LOCKED LOOP
    EXECUTE format('DROP TABLE %I', day.name);
    DELETE FROM signal_day WHERE name = day.name;
  END LOOP;
END $$;

-- The signals from before this migration stay where they are, in a table of their own up to the end of their last day.
DO $$
DECLARE end_ms double precision;
BEGIN
  SELECT signal_day_start(max(recorded_at)) + 86400000.0 INTO end_ms FROM signal_before;
  IF end_ms IS NULL THEN
    DROP TABLE signal_before;
  ELSE
    ALTER TABLE signal_before DROP CONSTRAINT signal_before_pkey;
    EXECUTE format('ALTER TABLE signal ATTACH PARTITION signal_before FOR VALUES FROM (MINVALUE) TO (%L)', end_ms);
    INSERT INTO signal_day (name, from_ms, until_ms) VALUES ('signal_before', '-infinity', end_ms);
  END IF;
END $$;
SELECT prepare_signal_days(store_now(NULL));
