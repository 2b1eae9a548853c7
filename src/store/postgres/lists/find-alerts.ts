/** Lists alerts by filters, the newest first. */
import { STATUS_NAMES } from '../../../model/alerts/alert-status.ts'
import { SEVERITIES } from '../../../model/alerts/severity.ts'
import {
  type AlertPage,
  type AlertQuery,
  type AlertSummary,
  isEmptyQuery,
  pageOf,
} from '../../rows/alert-pages.ts'
import type { Database } from '../database.ts'
import { whereAll } from '../where-all.ts'

type Content = Omit<AlertSummary, 'route'> & { readonly route: string }
type Conditions = Parameters<typeof whereAll>[0]

interface Found {
  readonly place: string
  readonly seq: number
}

/**
 * A text that many alerts have is found among the newest of them. For one that few have, the index of texts gives all, and
 * these are sorted.
 */
const MAX_ROWS_COMPARED = 5_000

export async function findAlerts(database: Database, query: AlertQuery): Promise<AlertPage> {
  if (isEmptyQuery(query)) return pageOf([], query.limit)
  const limit = query.limit + 1
  const found = isOfTexts(query)
    ? await findTexts(database, query, limit)
    : await findColumns(database, query, limit)
  if (found.length === 0) return { alerts: [], next: null }
  const rows = await database.query<{ seq: number; content: Content }>(
    'SELECT s.seq, s.content FROM unnest($1::text[]) AS given JOIN alert_summary s ON s.seq = given::bigint',
    [found.map(({ seq }) => String(seq))],
  )
  const contents = new Map(rows.map(({ seq, content }) => [seq, content]))
  const alerts = found.flatMap(({ place, seq }) => {
    const content = contents.get(seq)
    return content ? [{ ...content, place, route: JSON.parse(content.route) as AlertSummary['route'] }] : []
  })
  return pageOf(alerts, query.limit)
}

function isOfTexts({ text, tag, destination }: AlertQuery): boolean {
  return text !== undefined || tag !== undefined || destination !== undefined
}

async function findTexts(database: Database, query: AlertQuery, limit: number): Promise<Found[]> {
  const { where: within, parameters: range } = whereAll(rangeOf(query))
  const { where, parameters } = whereAll([...textsOf(query), ...columnsOf(query)], range.length)
  const newest = await database.query<Found>(
    `SELECT place::text AS place, seq FROM (
       SELECT * FROM alert_index ${within} ORDER BY place DESC LIMIT ${MAX_ROWS_COMPARED}
     ) AS newest ${where} ORDER BY newest.place DESC LIMIT ${limit}`,
    [...range, ...parameters],
  )
  if (newest.length === limit) return newest
  const all = whereAll([...rangeOf(query), ...textsOf(query), ...columnsOf(query)])
  return database.query<Found>(
    // The order by a computed value keeps the server from reading all rows in the order of their places.
    `SELECT place::text AS place, seq FROM alert_index i ${all.where} ORDER BY i.place + 0 DESC LIMIT ${limit}`,
    all.parameters,
  )
}

/** An index gives rows in their order only for one value of each of its columns, so each combination is a list of its own. */
function findColumns(database: Database, query: AlertQuery, limit: number): Promise<Found[]> {
  const { statuses, severities, detection, assignee } = query
  const isFiltered = statuses !== undefined || severities !== undefined
  const { where, parameters } = whereAll([...rangeOf(query), ...namesOf(query)])
  const branch = (condition: string) => {
    const all = condition === '' ? where : `${where === '' ? 'WHERE' : `${where} AND`} ${condition}`
    return `(SELECT place, seq FROM alert_index ${all} ORDER BY place DESC LIMIT ${limit})`
  }
  const isOneList = detection === undefined && (assignee !== undefined || !isFiltered)
  const branches = isOneList
    ? [branch(isFiltered ? conditionOf(statusesOf(query), severitiesOf(query)) : '')]
    : statusesOf(query).flatMap((status) =>
        severitiesOf(query).map((severity) => branch(conditionOf([status], [severity]))),
      )
  return database.query<Found>(
    `SELECT place::text AS place, seq FROM (${branches.join(' UNION ALL ')}) AS found
     ORDER BY found.place DESC LIMIT ${limit}`,
    parameters,
  )
}

function rangeOf({ before, since, until }: AlertQuery): Conditions {
  return [
    ['place < ?::text::bigint', before],
    ['place >= alert_place(?, 0)', since],
    ['place < alert_place(?, 0)', until],
  ]
}

function namesOf({ detection, assignee, silenced, silencedBy }: AlertQuery): Conditions {
  return [
    ['detection = ?', detection],
    // The second condition is that of the index.
    ["assignee = ? AND assignee <> ''", assignee],
    [
      '?::int = 1 AND seq IN (SELECT b.seq FROM silence_hit h JOIN alert b ON b.id = h.alert_id)',
      silenced === true ? 1 : undefined,
    ],
    [
      'seq IN (SELECT b.seq FROM silence_hit h JOIN alert b ON b.id = h.alert_id WHERE h.silence_id = ?)',
      silencedBy,
    ],
  ]
}

function columnsOf(query: AlertQuery): Conditions {
  const { statuses, severities } = query
  return [
    ...namesOf(query),
    ['status = ANY (?::text[])', statuses],
    ['severity = ANY (?::text[])', severities],
  ]
}

function textsOf({ text, tag, destination }: AlertQuery): Conditions {
  return [
    ['words LIKE lower(?)', text && `%${text.replaceAll(/[\\%_]/g, '\\$&')}%`],
    ['tags @> ARRAY[?::text]', tag],
    ['destinations @> ARRAY[?::text]', destination],
  ]
}

/** A name that is not known becomes no part of the statement. */
function statusesOf({ statuses }: AlertQuery): readonly string[] {
  return STATUS_NAMES.filter((name) => statuses?.includes(name) ?? true)
}

function severitiesOf({ severities }: AlertQuery): readonly string[] {
  return SEVERITIES.filter((name) => severities?.includes(name) ?? true)
}

function conditionOf(statuses: readonly string[], severities: readonly string[]): string {
  return `${among('status', statuses)} AND ${among('severity', severities)}`
}

function among(column: string, values: readonly string[]): string {
  return values.length === 1
    ? `${column} = '${values[0]}'`
    : `${column} IN (${values.map((each) => `'${each}'`).join(', ')})`
}
