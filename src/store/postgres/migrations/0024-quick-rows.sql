-- Alerts are read and listed with less work for each row.

-- An alert without deltas has no new log types, and the lookup was a tenth of the time of a claim.
CREATE OR REPLACE VIEW alert_row AS
  SELECT a.seq, a.id, a.detection, a.severity, a.created_at, s.status, s.assignee,
    json_build_object('id', a.id, 'groupKey', a.group_key, 'detection', a.detection, 'kind', a.kind,
      'severity', a.severity, 'title', a.title, 'dedup', a.dedup, 'createdAt', a.created_at,
      'notification', a.notification, 'reference', a.reference, 'route', a.route,
      'logTypes', CASE WHEN d.events IS NULL THEN to_json(p.log_types)
        ELSE to_json(p.log_types || new_log_types(a.id, p.log_types)) END,
      'events', p.events + coalesce(d.events, 0), 'lastEventAt', greatest(p.last_event_at, d.last_event_at),
      'divergences', (SELECT coalesce(json_agg(body ORDER BY seq), '[]') FROM divergence d WHERE d.alert_id = a.id),
      'status', json_build_object('version', s.version, 'status', s.status, 'reason', s.reason,
        'assignee', s.assignee, 'changedAt', s.changed_at, 'changedBy', s.changed_by)) AS content
  FROM alert a JOIN alert_progress p ON p.alert_id = a.id JOIN alert_status s ON s.alert_id = a.id,
    LATERAL (SELECT sum(events)::bigint AS events, max(last_event_at) AS last_event_at
      FROM alert_delta WHERE alert_id = a.id) AS d;

-- OFFSET 0 keeps the tags from being read once for each of their uses.
CREATE OR REPLACE VIEW alert_index_source AS
  SELECT alert_place(a.created_at, a.seq) AS place, a.seq, a.detection, a.severity, s.status, s.assignee,
    lower(concat_ws(E'\n', a.title, a.dedup, a.detection, array_to_string(t.tags, E'\n'))) AS words, t.tags,
    texts_at(a.route, 'destinations') AS destinations, a.id AS alert_id
  FROM alert a JOIN alert_status s ON s.alert_id = a.id,
    LATERAL (SELECT texts_at(a.notification, 'tags') AS tags OFFSET 0) AS t;
