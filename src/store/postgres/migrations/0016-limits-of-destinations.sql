-- What a destination allows holds for all daemons together, so a claim decides about it under the lock of its state.

-- The columns count, and not the same fields of the body.
ALTER TABLE destination_state
  ADD COLUMN paused_at double precision,
  ADD COLUMN probe_at double precision,
  ADD COLUMN failures bigint NOT NULL DEFAULT 0,
  ADD COLUMN held_until double precision,
  ADD COLUMN tokens double precision,
  ADD COLUMN tokens_at double precision,
  ADD COLUMN throttle_window double precision,
  ADD COLUMN throttle_per_minute double precision,
  ADD COLUMN throttle_from double precision;

DO $$
DECLARE
  known record;
  state jsonb;
BEGIN
  FOR known IN SELECT key, body FROM destination_state LOOP
    BEGIN
      -- Only messages can contain the escapes that jsonb refuses.
      state := regexp_replace(known.body, '\\u(0000|[dD][89a-fA-F][0-9a-fA-F]{2})', '', 'g')::jsonb;
      UPDATE destination_state SET paused_at = (state->>'pausedAt')::double precision,
        probe_at = (state->>'probeAt')::double precision, failures = coalesce((state->>'failures')::bigint, 0),
        held_until = (state->>'heldUntil')::double precision, tokens = (state->>'tokens')::double precision,
        tokens_at = (state->>'tokensAt')::double precision,
        throttle_window = (state->'throttle'->>'window')::double precision,
        throttle_per_minute = (state->'throttle'->>'perMinute')::double precision,
        throttle_from = (state->'throttle'->>'from')::double precision
      WHERE key = known.key;
    EXCEPTION WHEN data_exception THEN
      -- A destination that was paused is asked once, and pauses again.
      UPDATE destination_state SET body = '{}' WHERE key = known.key;
    END;
  END LOOP;
END $$;

-- The same decision as that of send-permit.ts: how many sends may start now, and when to decide again.
CREATE FUNCTION send_permit(
  s destination_state, per_minute double precision, burst double precision, now_ms double precision,
  OUT max_sends double precision, OUT is_probe boolean, OUT is_half_open boolean, OUT retry_at double precision,
  OUT send_window double precision, OUT rate double precision, OUT tokens_now double precision
) LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
  is_throttled boolean := coalesce(abs(now_ms - s.throttle_from) < 3600000, false);
  capacity double precision := burst;
  until_ms double precision;
BEGIN
  is_probe := false;
  is_half_open := false;
  retry_at := now_ms;
  rate := per_minute;
  IF is_throttled AND s.throttle_per_minute IS NOT NULL AND coalesce(rate > s.throttle_per_minute, true) THEN
    rate := s.throttle_per_minute;
    capacity := 1;
  END IF;
  send_window := CASE WHEN is_throttled THEN s.throttle_window ELSE 'Infinity'::double precision END;
  tokens_now := CASE WHEN rate IS NULL THEN NULL WHEN s.tokens IS NULL OR s.tokens_at IS NULL THEN capacity
    ELSE least(capacity, s.tokens + greatest(0, now_ms - s.tokens_at) * rate / 60000) END;
  IF s.paused_at IS NOT NULL THEN
    until_ms := CASE WHEN s.probe_at - now_ms <= 300000 THEN s.probe_at ELSE now_ms END;
    is_probe := now_ms >= until_ms;
    max_sends := CASE WHEN is_probe THEN 1 ELSE 0 END;
    retry_at := greatest(now_ms, until_ms);
    RETURN;
  END IF;
  is_half_open := coalesce(s.failures >= 5, false);
  until_ms := CASE WHEN s.held_until - now_ms <= 3600000 THEN s.held_until ELSE now_ms END;
  IF now_ms < until_ms THEN
    max_sends := 0;
    retry_at := until_ms;
    RETURN;
  END IF;
  max_sends := CASE WHEN is_half_open THEN 1 ELSE 'Infinity'::double precision END;
  IF rate IS NOT NULL THEN
    max_sends := least(max_sends, greatest(0, floor(tokens_now)));
    IF tokens_now < 1 THEN retry_at := now_ms + ceil((1 - tokens_now) * 60000 / rate); END IF;
  END IF;
END $$;

-- How many more sends the permit allows, beside those of all daemons that are under way.
CREATE FUNCTION allowed_sends(
  wanted text, answered text[], concurrency double precision, max_sends double precision, is_half_open boolean,
  send_window double precision, now_ms double precision
) RETURNS bigint LANGUAGE sql STABLE AS $$
  SELECT CASE WHEN is_half_open AND under_way > 0 THEN 0
    ELSE greatest(0, least(max_sends, least(concurrency, send_window) - under_way))::bigint END
  FROM (
    SELECT count(*) AS under_way FROM delivery
    WHERE destination_key = wanted AND state = 'sending' AND lease_until > now_ms AND lease_token <> ALL (answered)
  ) AS u
$$;

-- Claims for one destination as many deliveries as it allows. Its state is locked, so claims of the same destination
-- come one after the other.
CREATE FUNCTION claim_within(
  wanted text, most bigint, lease_ms double precision, limits jsonb, holder_token text, given_now double precision
) RETURNS TABLE (claimed json, probes boolean) LANGUAGE plpgsql AS $$
DECLARE
  s destination_state;
  p record;
  now_ms double precision;
  allowed bigint;
  many bigint;
BEGIN
  SELECT * INTO s FROM destination_state d WHERE d.key = wanted FOR UPDATE;
  IF NOT FOUND THEN
    INSERT INTO destination_state (key, version, body) VALUES (wanted, 1, '{}') ON CONFLICT DO NOTHING;
    SELECT * INTO s FROM destination_state d WHERE d.key = wanted FOR UPDATE;
  END IF;
  now_ms := store_now(given_now);
  p := send_permit(s, (limits->>'perMinute')::double precision, (limits->>'burst')::double precision, now_ms);
  allowed := allowed_sends(wanted, texts_of(limits->'answered'), (limits->>'concurrency')::double precision,
    p.max_sends, p.is_half_open, p.send_window, now_ms);
  IF allowed = 0 THEN RETURN; END IF;
  RETURN QUERY SELECT c, p.is_probe
    FROM claim_deliveries(ARRAY[wanted], least(most, allowed), lease_ms, holder_token, given_now) AS c;
  GET DIAGNOSTICS many = ROW_COUNT;
  IF many = 0 THEN RETURN; END IF;
  IF p.is_probe THEN
    UPDATE destination_state d SET version = d.version + 1, probe_at = now_ms + 300000 WHERE d.key = wanted;
  ELSIF p.rate IS NOT NULL THEN
    UPDATE destination_state d SET version = d.version + 1, tokens = p.tokens_now - many, tokens_at = now_ms
    WHERE d.key = wanted;
  END IF;
END $$;

-- What each destination has to send now, and when it can have more.
CREATE FUNCTION destination_duties(requests jsonb, given_now double precision)
RETURNS TABLE (wanted text, claimable bigint, next_at double precision, body text, version bigint,
  probe_at double precision, tokens double precision, tokens_at double precision) LANGUAGE sql STABLE AS $$
  SELECT r.key, least(d.many, a.allowed),
    least(CASE WHEN d.many > 0 AND p.retry_at > n.now_ms THEN p.retry_at END, CASE WHEN l.at IS NOT NULL THEN greatest(l.at, p.retry_at) END),
    s.body, s.version, s.probe_at, s.tokens, s.tokens_at
  FROM (SELECT store_now(given_now) AS now_ms) AS n,
    jsonb_to_recordset(requests) AS r(key text, concurrency double precision, "perMinute" double precision,
      burst double precision, answered jsonb)
    LEFT JOIN destination_state s ON s.key = r.key,
    LATERAL send_permit(s, r."perMinute", r.burst, n.now_ms) AS p,
    LATERAL (SELECT allowed_sends(r.key, texts_of(r.answered), r.concurrency, p.max_sends, p.is_half_open,
      p.send_window, n.now_ms) AS allowed) AS a,
    LATERAL (
      SELECT count(*) AS many FROM (
        (SELECT 1 FROM delivery WHERE destination_key = r.key AND state IN ('pending', 'waiting') AND due <= n.now_ms
         LIMIT r.concurrency::bigint)
        UNION ALL
        (SELECT 1 FROM delivery WHERE destination_key = r.key AND state = 'sending' AND lease_until <= n.now_ms
         LIMIT r.concurrency::bigint) LIMIT r.concurrency::bigint) AS found
    ) AS d,
    LATERAL (
      SELECT min(at) AS at FROM (
        SELECT min(due) AS at FROM delivery
        WHERE destination_key = r.key AND state IN ('pending', 'waiting') AND due > n.now_ms
        UNION ALL
        SELECT min(lease_until) FROM delivery
        WHERE destination_key = r.key AND state = 'sending' AND lease_until > n.now_ms) AS later
    ) AS l
$$;
