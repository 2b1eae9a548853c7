/** Lets commands that only read find in an older schema what the present one has. Nothing is written to the file. */

interface OlderSchema {
  /** The view is needed in schemas from this version on, and before the other one. */
  readonly since: number
  readonly before: number
  readonly sql: string
}

/** Temporary views belong to the connection and come before the tables of the file. */
const VIEWS: readonly OlderSchema[] = [
  {
    since: 1,
    before: 14,
    sql: `
      CREATE TEMP VIEW alert_index AS
        SELECT a.created_at * 1048576 + (a.seq & 1048575) AS place, a.seq, a.detection, a.severity, s.status, s.assignee,
          a.title || char(10) || a.dedup || char(10) || a.detection AS words,
          (SELECT coalesce(char(10) || group_concat(value, char(10)) || char(10), '')
           FROM json_each(a.notification, '$.tags')) AS tags,
          (SELECT coalesce(char(10) || group_concat(value, char(10)) || char(10), '')
           FROM json_each(a.route, '$.destinations')) AS destinations
        FROM main.alert a JOIN alert_status s ON s.alert_id = a.id;
      CREATE TEMP VIEW alert_unindexed AS SELECT place FROM alert_index;
      CREATE VIRTUAL TABLE temp.alert_text USING fts5 (words, tags, destinations, tokenize = 'trigram');`,
  },
  {
    since: 1,
    before: 12,
    sql: `
      CREATE TEMP VIEW handling AS SELECT 0 AS seq, '' AS alert_id, 0 AS at, '' AS steps WHERE 0;
      CREATE TEMP VIEW silence AS
        SELECT '' AS id, 0 AS version, 0 AS ends_at, 0 AS created_at, '' AS created_by, '' AS body WHERE 0;
      CREATE TEMP VIEW silence_hit AS SELECT '' AS silence_id, '' AS alert_id, 0 AS at WHERE 0;
      CREATE TEMP VIEW rules_version AS SELECT 1 AS one, 0 AS version WHERE 0;`,
  },
  {
    since: 9,
    before: 13,
    sql: 'CREATE TEMP VIEW source_cursor AS SELECT *, NULL AS caught_up_at FROM main.source_cursor;',
  },
  {
    since: 1,
    before: 16,
    sql: `
      CREATE TEMP VIEW escalation AS
        SELECT '' AS alert_id, '' AS destination_key, 'step' AS kind, 0 AS step, '' AS unless, 0 AS after_ms,
          NULL AS due, 'ended' AS state, 0 AS round, NULL AS lease_token, NULL AS lease_until, '' AS reason WHERE 0;`,
  },
  {
    since: 1,
    before: 17,
    sql: "CREATE TEMP VIEW inhibitor AS SELECT '' AS key, '' AS alert_id, 0 AS at, 0 AS until WHERE 0;",
  },
  {
    since: 1,
    before: 19,
    sql: "CREATE TEMP VIEW archive_file AS SELECT '' AS name, 0 AS bytes, 0 AS line_count, '' AS sha256, 0 AS changed_at WHERE 0;",
  },
  {
    since: 5,
    before: 9,
    sql: 'CREATE TEMP VIEW source_cursor AS SELECT *, NULL AS lag, NULL AS caught_up_at FROM main.source_cursor;',
  },
  {
    since: 1,
    before: 5,
    sql: `
      CREATE TEMP VIEW source_cursor AS
        SELECT source, cursor, NULL AS member, NULL AS lease_until, NULL AS problem, NULL AS lag,
          NULL AS caught_up_at
        FROM main.source_cursor;`,
  },
  {
    since: 1,
    before: 4,
    sql: `
      CREATE TEMP VIEW alert_status AS
        SELECT id AS alert_id, 1 AS version, CASE severity WHEN 'INFO' THEN 'resolved' ELSE 'open' END AS status,
          CASE severity WHEN 'INFO' THEN 'info' END AS reason, '' AS assignee, created_at AS changed_at,
          'system' AS changed_by
        FROM main.alert;
      CREATE TEMP VIEW audit AS
        SELECT seq, created_at AS at, 'system' AS actor, 'system' AS via, 'created' AS verb,
          'alert' AS subject_kind, id AS subject, '' AS before,
          CASE severity WHEN 'INFO' THEN 'resolved: info' ELSE 'open' END AS after, '' AS note, NULL AS origin,
          NULL AS request_id
        FROM main.alert;
      CREATE TEMP VIEW delivery AS
        SELECT *, NULL AS update_of, NULL AS update_body, NULL AS remote_reference FROM main.delivery;`,
  },
]

/** The statements that a connection to a store of this version needs before it reads. */
export function viewsForSchema(version: number): string {
  const views = VIEWS.filter(({ since, before }) => version >= since && version < before).map(
    ({ sql }) => sql,
  )
  return ['PRAGMA temp_store = MEMORY;', ...views].join('\n')
}
