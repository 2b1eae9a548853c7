-- Members: the daemons that use the schema at the same time. No write is compared with their rows.

DROP TABLE holder;

CREATE TABLE member (
  id text PRIMARY KEY,
  name text NOT NULL,
  host text NOT NULL,
  -- The cursors of its files have this id.
  host_id text NOT NULL,
  pid bigint NOT NULL,
  version text NOT NULL,
  -- The sources with partitions that it reads.
  sources text[] NOT NULL,
  since double precision NOT NULL,
  -- The end of its lease. Its heartbeat extends it.
  until double precision NOT NULL,
  -- The project with which it works, and what that project says; 0: it has declared none yet.
  generation bigint NOT NULL,
  known_keys text[] NOT NULL,
  subscriptions jsonb NOT NULL
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02);

-- Projects by hash. One that is declared later has a higher number.
CREATE TABLE generation (hash text PRIMARY KEY, number bigint NOT NULL UNIQUE, declared_at double precision NOT NULL);

-- Destinations with open deliveries that no member knows, and when a reconciliation first found that.
CREATE TABLE unknown_destination (key text PRIMARY KEY, since double precision NOT NULL);

-- Whether leases can have been lost. A failover to a replica changes the timeline, and a restored dump makes new tables.
CREATE TABLE store_origin (
  one int PRIMARY KEY CHECK (one = 1),
  origin text NOT NULL,
  -- The time at which this origin was seen first. Leases of before can be missing.
  since double precision NOT NULL
);

CREATE FUNCTION present_origin() RETURNS text LANGUAGE sql STABLE AS $$
  SELECT left(pg_walfile_name(pg_current_wal_lsn()), 8) || ' ' || 'delivery'::regclass::oid
$$;

INSERT INTO store_origin (one, origin, since)
  SELECT 1, present_origin(), coalesce((SELECT max(created_at) + 1 FROM delivery), 0);

-- A delivery that was created before this time may have been sent under a lease that is missing.
CREATE FUNCTION leases_complete_since(now_ms double precision) RETURNS double precision LANGUAGE plpgsql AS $$
DECLARE known store_origin;
BEGIN
  SELECT * INTO known FROM store_origin;
  IF known.origin = present_origin() THEN RETURN known.since; END IF;
  UPDATE store_origin SET origin = present_origin(), since = now_ms WHERE origin <> present_origin();
  RETURN (SELECT since FROM store_origin);
END $$;

CREATE OR REPLACE FUNCTION was_tried(delivery_key text, created double precision) RETURNS boolean
LANGUAGE sql VOLATILE AS $$
  SELECT created < leases_complete_since(store_now(NULL)) OR was_attempted(delivery_key)
$$;

-- Members are not compared: versions, owners of cursors, seen ids and leases decide what a daemon may write.
CREATE OR REPLACE FUNCTION check_holder(holder_token text) RETURNS void LANGUAGE sql AS $$ SELECT $$;

DROP FUNCTION take_place(text, text, bigint, text, double precision);

-- Leases due deliveries, the earliest first. What another claim has locked is left to it.
CREATE OR REPLACE FUNCTION claim_deliveries(
  keys text[], most bigint, lease_ms double precision, holder_token text, given_now double precision
) RETURNS SETOF json LANGUAGE plpgsql AS $$
DECLARE
  now_ms double precision := store_now(given_now);
  since_ms double precision := leases_complete_since(now_ms);
BEGIN
  RETURN QUERY
  WITH candidate AS (
    SELECT c.seq, c.due, false AS expired FROM (SELECT DISTINCT unnest(keys) AS key) AS k, LATERAL (
      SELECT seq, due FROM delivery
      WHERE destination_key = k.key AND state IN ('pending', 'waiting') AND due <= now_ms
      ORDER BY due, seq LIMIT most FOR UPDATE SKIP LOCKED) AS c
    UNION ALL
    SELECT c.seq, c.due, true FROM (SELECT DISTINCT unnest(keys) AS key) AS k, LATERAL (
      SELECT seq, due FROM delivery
      WHERE destination_key = k.key AND state = 'sending' AND lease_until <= now_ms
      ORDER BY due, seq LIMIT most FOR UPDATE SKIP LOCKED) AS c
  ), chosen AS (
    SELECT seq, due, expired FROM candidate ORDER BY due, seq LIMIT most
  ), leased AS (
    UPDATE delivery d SET state = 'sending', lease_token = gen_random_uuid()::text, lease_until = now_ms + lease_ms
    FROM chosen WHERE d.seq = chosen.seq
    RETURNING d.*, chosen.expired
  )
  SELECT json_build_object(
    'delivery', json_build_object('id', l.id, 'kind', l.kind, 'destinationKey', l.destination_key,
      'destination', l.destination, 'state', l.state, 'due', l.due, 'attempts', l.attempts, 'createdAt', l.created_at,
      'pausedMs', l.paused_ms, 'reason', l.reason, 'message', l.message, 'updateOf', l.update_of,
      'update', l.update_body::json, 'remoteReference', l.remote_reference, 'alertIds', i.ids),
    'leaseToken', l.lease_token,
    -- A lease of before can be missing, and then the delivery may have been sent.
    'repeated', l.expired OR l.created_at < since_ms OR EXISTS (SELECT 1 FROM attempt t WHERE t.delivery_id = l.id),
    'alerts', i.contents,
    'firstReference', (SELECT f.remote_reference FROM delivery f WHERE f.id = l.update_of))
  FROM leased l, LATERAL (
    SELECT coalesce(json_agg(a.id ORDER BY a.id), '[]') AS ids, coalesce(json_agg(a.content ORDER BY a.seq), '[]') AS contents
    FROM delivery_item d JOIN alert_row a ON a.id = d.alert_id WHERE d.delivery_id = l.id) AS i
  ORDER BY l.due, l.seq;
END $$;

-- Writes the whole row of a member, whose lease begins now.
CREATE FUNCTION write_member(row_of jsonb, lease_ms double precision, given_now double precision)
RETURNS void LANGUAGE sql AS $$
  INSERT INTO member (id, name, host, host_id, pid, version, sources, since, until, generation, known_keys, subscriptions)
    SELECT id, name, host, "hostId", pid, version, texts_of(sources), since, store_now(given_now) + lease_ms, generation,
      texts_of("knownKeys"), subscriptions
    FROM jsonb_to_record(row_of) AS m(id text, name text, host text, "hostId" text, pid bigint, version text, sources jsonb,
      since double precision, generation bigint, "knownKeys" jsonb, subscriptions jsonb)
  ON CONFLICT (id) DO UPDATE SET until = excluded.until, generation = excluded.generation,
    known_keys = excluded.known_keys, subscriptions = excluded.subscriptions
$$;

-- The number of a project. One that is not known yet is the newest.
CREATE FUNCTION declare_generation(given_hash text, now_ms double precision) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE found bigint;
BEGIN
  IF given_hash IS NULL THEN RETURN 0; END IF;
  SELECT number INTO found FROM generation WHERE hash = given_hash;
  IF found IS NOT NULL THEN RETURN found; END IF;
  INSERT INTO generation (hash, number, declared_at)
    VALUES (given_hash, coalesce((SELECT max(number) FROM generation), 0) + 1, now_ms)
    RETURNING number INTO found;
  RETURN found;
END $$;

-- What a destination gets is said by the newest project that knows it.
CREATE FUNCTION unite_subscriptions(voices jsonb) RETURNS void LANGUAGE sql AS $$
  WITH voice AS (
    SELECT generation, texts_of("knownKeys") AS known_keys, subscriptions
    FROM jsonb_to_recordset(voices) AS v(generation bigint, "knownKeys" jsonb, subscriptions jsonb)
  ), wanted AS (
    SELECT DISTINCT ON (s."firstKey") s."firstKey" AS first_key, s."destinationKey" AS destination_key, s.destination,
      texts_of(s.events) AS events, s."repeatEveryMs" AS repeat_every_ms
    FROM voice v, jsonb_to_recordset(v.subscriptions) AS s("firstKey" text, "destinationKey" text, destination text,
      events jsonb, "repeatEveryMs" double precision)
    WHERE NOT EXISTS (
      SELECT 1 FROM voice n WHERE n.generation > v.generation AND s."destinationKey" = ANY (n.known_keys))
    ORDER BY s."firstKey", v.generation DESC
  ), gone AS (
    DELETE FROM update_subscription t WHERE NOT EXISTS (SELECT 1 FROM wanted w WHERE w.first_key = t.first_key)
  )
  INSERT INTO update_subscription AS t (first_key, destination_key, destination, events, repeat_every_ms)
    SELECT first_key, destination_key, destination, events, repeat_every_ms FROM wanted
  ON CONFLICT (first_key) DO UPDATE SET destination_key = excluded.destination_key,
    destination = excluded.destination, events = excluded.events, repeat_every_ms = excluded.repeat_every_ms
    WHERE t IS DISTINCT FROM excluded
$$;

-- The destinations of deliveries that are still to be sent. However many deliveries wait, each key is one step.
CREATE FUNCTION open_destinations() RETURNS SETOF text LANGUAGE sql STABLE AS $$
  WITH RECURSIVE waiting AS (
    (SELECT destination_key AS key FROM delivery WHERE state IN ('pending', 'waiting') ORDER BY destination_key LIMIT 1)
    UNION ALL
    SELECT (SELECT destination_key FROM delivery WHERE state IN ('pending', 'waiting') AND destination_key > w.key
      ORDER BY destination_key LIMIT 1)
    FROM waiting w WHERE w.key IS NOT NULL
  )
  SELECT key FROM waiting WHERE key IS NOT NULL
  UNION SELECT destination_key FROM delivery WHERE state IN ('sending', 'queued')
$$;

DROP FUNCTION reconcile_deliveries(jsonb, text, double precision);

CREATE FUNCTION reconcile_registry(registry jsonb, lease_ms double precision, given_now double precision)
RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
  now_ms double precision := store_now(given_now);
  is_member boolean := jsonb_typeof(registry->'member') = 'object';
  own_generation bigint;
  newest bigint;
  voices jsonb;
  known text[];
  rename record;
  changed bigint;
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
      -- It does the same as a retry, and must come before the second step, which moves the rest.
      UPDATE delivery SET destination_key = rename."to", destination = rename.name, state = revived_state(kind),
        due = now_ms, attempts = 0, created_at = now_ms, paused_ms = 0
      WHERE destination_key = rename."from" AND state = 'orphaned';
      GET DIAGNOSTICS changed = ROW_COUNT;
      adopted := adopted + changed;
      UPDATE delivery SET destination_key = rename."to", destination = rename.name
      WHERE destination_key = rename."from" AND state <> 'delivered';
      GET DIAGNOSTICS changed = ROW_COUNT;
      adopted := adopted + changed;
    END LOOP;
  END IF;
  DELETE FROM unknown_destination u WHERE u.key = ANY (known) OR u.key NOT IN (SELECT open_destinations());
  INSERT INTO unknown_destination (key, since)
    SELECT key, now_ms FROM open_destinations() AS o(key) WHERE key <> ALL (known)
    ON CONFLICT DO NOTHING;
  IF own_generation = newest THEN
    -- A delivery under a valid lease is left to its sender, and the next reconciliation decides about it.
    UPDATE delivery SET state = 'orphaned', lease_token = NULL, lease_until = NULL,
      message = 'its destination left the registry'
    WHERE destination_key IN (
        SELECT key FROM unknown_destination WHERE since <= now_ms - (registry->>'orphanAfterMs')::double precision)
      AND (state IN ('pending', 'waiting', 'queued') OR (state = 'sending' AND lease_until <= now_ms));
    GET DIAGNOSTICS orphaned = ROW_COUNT;
  END IF;
  IF adopted > 0 THEN PERFORM order_all_updates(now_ms); END IF;
  DELETE FROM member WHERE until < now_ms - 3600000;
  RETURN jsonb_build_object('orphaned', orphaned, 'adopted', adopted, 'isNewest', own_generation = newest,
    'generation', own_generation);
END $$;
