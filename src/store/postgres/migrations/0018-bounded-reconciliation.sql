-- A reconciliation changes a bounded number of deliveries, so that no statement is too long. The caller repeats it.

-- Moves at most so many deliveries of an earlier name to the present one. Returns how many.
CREATE FUNCTION adopt_deliveries(
  earlier text, present text, present_name text, most bigint, now_ms double precision
) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  first_id text;
  revived text[];
  revived_count bigint;
  moved_count bigint;
BEGIN
  -- It does the same as a retry, and must come before the second step, which moves the rest.
  WITH changed AS (
    UPDATE delivery SET destination_key = present, destination = present_name, state = revived_state(kind),
      due = now_ms, attempts = 0, created_at = now_ms, paused_ms = 0
    WHERE seq = ANY (ARRAY(
      SELECT seq FROM delivery WHERE destination_key = earlier AND state = 'orphaned' LIMIT most FOR UPDATE))
    RETURNING coalesce(update_of, id) AS first
  ) SELECT count(*), array_agg(DISTINCT first) INTO revived_count, revived FROM changed;
  FOREACH first_id IN ARRAY coalesce(revived, '{}') LOOP
    PERFORM order_updates(first_id, now_ms);
  END LOOP;
  IF revived_count = most THEN RETURN most; END IF;
  UPDATE delivery SET destination_key = present, destination = present_name
  WHERE seq = ANY (ARRAY(
    SELECT seq FROM delivery WHERE destination_key = earlier AND state <> 'delivered' LIMIT most - revived_count
    FOR UPDATE));
  GET DIAGNOSTICS moved_count = ROW_COUNT;
  RETURN revived_count + moved_count;
END $$;

-- Orphans at most so many deliveries of a destination. Returns how many. A delivery under a valid lease is left to its
-- sender, and a later reconciliation decides about it.
CREATE FUNCTION orphan_deliveries(removed text, most bigint, now_ms double precision) RETURNS bigint LANGUAGE sql AS $$
  WITH chosen AS (
    SELECT c.seq FROM (
      SELECT seq FROM delivery WHERE destination_key = removed AND state IN ('pending', 'waiting') LIMIT most FOR UPDATE) AS c
    UNION ALL
    SELECT c.seq FROM (
      SELECT seq FROM delivery WHERE destination_key = removed AND state = 'sending' AND lease_until <= now_ms
      LIMIT most FOR UPDATE) AS c
    UNION ALL
    SELECT c.seq FROM (
      SELECT seq FROM delivery WHERE destination_key = removed AND state = 'queued' LIMIT most FOR UPDATE) AS c
    LIMIT most
  ), changed AS (
    UPDATE delivery d SET state = 'orphaned', lease_token = NULL, lease_until = NULL,
      message = 'its destination left the registry'
    FROM chosen WHERE d.seq = chosen.seq RETURNING 1
  ) SELECT count(*) FROM changed
$$;

DROP FUNCTION order_all_updates(double precision);
DROP FUNCTION reconcile_registry(jsonb, double precision, double precision);

CREATE FUNCTION reconcile_registry(
  registry jsonb, most bigint, lease_ms double precision, given_now double precision
) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
  now_ms double precision := store_now(given_now);
  is_member boolean := jsonb_typeof(registry->'member') = 'object';
  own_generation bigint;
  newest bigint;
  voices jsonb;
  known text[];
  renamed text[] := '{}';
  rename record;
  removed text;
  adopted bigint := 0;
  orphaned bigint := 0;
BEGIN
  -- One reconciliation after the other. Readers do not wait.
  LOCK TABLE unknown_destination IN SHARE ROW EXCLUSIVE MODE;
  SELECT max(generation) INTO newest FROM member WHERE until > now_ms;
  own_generation := CASE WHEN is_member THEN declare_generation(registry->>'generation', now_ms)
    ELSE coalesce(newest, 0) END;
  IF is_member THEN
    PERFORM write_member(registry->'member' || jsonb_build_object('generation', own_generation), lease_ms, given_now);
  END IF;
  newest := greatest(newest, own_generation);
  SELECT jsonb_agg(jsonb_build_object('generation', generation, 'knownKeys', to_jsonb(known_keys),
      'subscriptions', subscriptions))
    INTO voices FROM member WHERE until > now_ms;
  IF NOT is_member THEN
    voices := coalesce(voices, '[]') || jsonb_build_array(jsonb_build_object('generation', own_generation,
      'knownKeys', registry->'knownKeys', 'subscriptions', registry->'subscriptions'));
  END IF;
  PERFORM unite_subscriptions(voices);
  known := ARRAY(SELECT DISTINCT jsonb_array_elements_text(v->'knownKeys') FROM jsonb_array_elements(voices) AS t(v));
  IF own_generation = newest THEN
    FOR rename IN
      SELECT r.* FROM jsonb_array_elements(registry->'renames') WITH ORDINALITY AS e(item, position),
        jsonb_to_record(e.item) AS r("from" text, "to" text, name text) ORDER BY e.position
    LOOP
      -- A name that is used again belongs to its present destination, and one that another member knows to that member.
      CONTINUE WHEN rename."from" = ANY (known);
      renamed := renamed || rename."from";
      adopted := adopted + adopt_deliveries(rename."from", rename."to", rename.name, most - adopted, now_ms);
    END LOOP;
  END IF;
  DELETE FROM unknown_destination u WHERE u.key = ANY (known) OR u.key NOT IN (SELECT open_destinations());
  INSERT INTO unknown_destination (key, since)
    SELECT key, now_ms FROM open_destinations() AS o(key) WHERE key <> ALL (known)
    ON CONFLICT DO NOTHING;
  IF own_generation = newest THEN
    FOR removed IN
      SELECT key FROM unknown_destination
      WHERE since <= now_ms - (registry->>'orphanAfterMs')::double precision AND key <> ALL (renamed) ORDER BY key
    LOOP
      orphaned := orphaned + orphan_deliveries(removed, most - adopted - orphaned, now_ms);
    END LOOP;
  END IF;
  DELETE FROM member WHERE until < now_ms - 3600000;
  RETURN jsonb_build_object('orphaned', orphaned, 'adopted', adopted, 'isNewest', own_generation = newest,
    'generation', own_generation, 'hasMore', adopted + orphaned >= most);
END $$;
