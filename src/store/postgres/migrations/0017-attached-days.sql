-- The table of a day is attached while no other statement reads or writes signals.

-- Makes the tables of today and of the next days. Rows of these days that lie elsewhere are moved, unless they are many.
CREATE OR REPLACE FUNCTION prepare_signal_days(now_ms double precision) RETURNS void LANGUAGE plpgsql SET lock_timeout = '1s' AS $$
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
    -- A statement that waits for `signal_other` has already chosen its tables, and would not find the rows that are moved.
    LOCK TABLE signal IN ACCESS EXCLUSIVE MODE;
    CONTINUE WHEN (SELECT count(*) FROM (
      SELECT 1 FROM signal_other WHERE recorded_at >= start_ms AND recorded_at < end_ms LIMIT 100001) AS found) > 100000;
    EXECUTE format('CREATE TABLE %I (LIKE signal)', day_name);
    EXECUTE format('WITH moved AS (DELETE FROM signal_other WHERE recorded_at >= $1 AND recorded_at < $2 RETURNING *)
      INSERT INTO %I SELECT * FROM moved', day_name) USING start_ms, end_ms;
    EXECUTE format('ALTER TABLE signal ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', day_name, start_ms, end_ms);
    INSERT INTO signal_day (name, from_ms, until_ms) VALUES (day_name, start_ms, end_ms);
  END LOOP;
END $$;
