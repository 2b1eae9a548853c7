/** Lists alerts by filters, the newest first, and indexes their texts. */
import { type AlertStatus, STATUS_NAMES } from '../../model/alerts/alert-status.ts'
import { SEVERITIES } from '../../model/alerts/severity.ts'
import type { Driver, Params } from '../driver.ts'
import { type AlertPage, type AlertQuery, type AlertSummary, isEmptyQuery, pageOf } from './alert-pages.ts'
import { STATUS_JSON } from './alerts.ts'

type StoredSummary = Omit<AlertSummary, 'route' | 'logTypes' | 'status'> & {
  readonly place: string
  readonly route: string
  readonly logTypes: string
  readonly status: string
}

export function findAlerts(driver: Driver, query: AlertQuery): AlertPage {
  if (isEmptyQuery(query)) return pageOf([], query.limit)
  const { branches, params } = branchesOf(query)
  const places = branches.map((branch) => `SELECT * FROM (${branch} DESC LIMIT :rows)`).join('\n UNION ALL ')
  const rows = driver
    .prepare<StoredSummary>(
      `WITH page AS MATERIALIZED (SELECT * FROM (${places}) ORDER BY place DESC LIMIT :rows)
       SELECT CAST(page.place AS TEXT) AS place, a.id, a.detection, a.kind, a.severity, a.title, a.dedup,
         a.created_at AS createdAt, a.route, p.log_types AS logTypes, p.events, p.last_event_at AS lastEventAt,
         ${STATUS_JSON} AS status
       FROM page CROSS JOIN alert a ON a.seq = page.seq CROSS JOIN alert_progress p ON p.alert_id = a.id
         CROSS JOIN alert_status s ON s.alert_id = a.id
       ORDER BY page.place DESC`,
    )
    .all({ ...params, rows: query.limit + 1 })
  return pageOf(rows.map(toSummary), query.limit)
}

function toSummary(row: StoredSummary): AlertSummary & { readonly place: string } {
  return {
    ...row,
    route: JSON.parse(row.route) as AlertSummary['route'],
    logTypes: JSON.parse(row.logTypes) as string[],
    status: JSON.parse(row.status) as AlertStatus,
  }
}

/** Each branch ends with its order, which it has from an index. */
interface Branches {
  readonly branches: readonly string[]
  readonly params: Params
}

function branchesOf(query: AlertQuery): Branches {
  const { text, tag, destination } = query
  return text === undefined && tag === undefined && destination === undefined
    ? columnBranches(query)
    : textBranches(query)
}

/** What the index of texts has not got yet is compared text by text. */
function textBranches(query: AlertQuery): Branches {
  const pattern = query.text === undefined ? [] : ["i.words || i.tags LIKE :pattern ESCAPE '\\'"]
  const statuses = [oneOf('i.status', statusesOf(query)), oneOf('i.severity', severitiesOf(query))]
  const indexed = ['alert_text MATCH :match', ...conditionsOf(query, 't.rowid'), ...statuses]
  const unindexed = [...pattern, ...conditionsOf(query, 'u.place'), ...statuses]
  return {
    branches: [
      `SELECT t.rowid AS place, i.seq FROM alert_text t CROSS JOIN alert_index i ON i.place = t.rowid
       WHERE ${indexed.join(' AND ')} ORDER BY t.rowid`,
      `SELECT u.place, i.seq FROM alert_unindexed u CROSS JOIN alert_index i ON i.place = u.place
       WHERE ${unindexed.join(' AND ')} ORDER BY u.place`,
    ],
    params: { ...paramsOf(query), ...textParams(query) },
  }
}

/**
 * An index gives rows in their order only for one value of each of its columns. So a query with several values is the
 * newest of several lists, each of which ends at the limit.
 */
function columnBranches(query: AlertQuery): Branches {
  const { statuses, severities, detection, assignee } = query
  const common = conditionsOf(query, 'i.place')
  const branch = (more: readonly string[]) => {
    const all = [...common, ...more]
    return `SELECT i.place, i.seq FROM alert_index i ${all.length > 0 ? `WHERE ${all.join(' AND ')}` : ''} ORDER BY i.place`
  }
  const params = paramsOf(query)
  const isFiltered = statuses !== undefined || severities !== undefined
  if (detection === undefined && (assignee !== undefined || !isFiltered)) {
    const both = [oneOf('i.status', statusesOf(query)), oneOf('i.severity', severitiesOf(query))]
    return { branches: [branch(isFiltered ? both : [])], params }
  }
  const branches = statusesOf(query).flatMap((status) =>
    severitiesOf(query).map((severity) =>
      branch([oneOf('i.status', [status]), oneOf('i.severity', [severity])]),
    ),
  )
  return { branches, params }
}

/** A name that is not known becomes no part of the statement. */
function statusesOf({ statuses }: AlertQuery): readonly string[] {
  return STATUS_NAMES.filter((name) => statuses?.includes(name) ?? true)
}

function severitiesOf({ severities }: AlertQuery): readonly string[] {
  return SEVERITIES.filter((name) => severities?.includes(name) ?? true)
}

function oneOf(column: string, values: readonly string[]): string {
  return values.length === 1
    ? `${column} = '${values[0]}'`
    : `${column} IN (${values.map((each) => `'${each}'`).join(', ')})`
}

function conditionsOf(query: AlertQuery, place: string): string[] {
  const sql = {
    before: `${place} < CAST(:before AS INTEGER)`,
    since: `${place} >= CAST(:since AS INTEGER) * 1048576`,
    until: `${place} < CAST(:until AS INTEGER) * 1048576`,
    detection: 'i.detection = :detection',
    // The second condition is that of the index.
    assignee: "i.assignee = :assignee AND i.assignee <> ''",
    silenced: `:silenced = 1 AND EXISTS (
      SELECT 1 FROM alert b JOIN silence_hit h ON h.alert_id = b.id WHERE b.seq = i.seq)`,
    silencedBy: `i.seq IN (
      SELECT b.seq FROM silence_hit h JOIN alert b ON b.id = h.alert_id WHERE h.silence_id = :silencedBy)`,
    // The index of texts finds texts in any case.
    tag: 'instr(i.tags, :tag) > 0',
    destination: 'instr(i.destinations, :destination) > 0',
  }
  return Object.entries(sql).flatMap(([name, condition]) => (name in paramsOf(query) ? [condition] : []))
}

function paramsOf(query: AlertQuery): Params {
  const { before, since, until, detection, assignee, silenced, silencedBy, tag, destination } = query
  const texts = { tag: line(tag), destination: line(destination) }
  const hidden = silenced === true ? 1 : undefined
  const params = { before, since, until, detection, assignee, silenced: hidden, silencedBy, ...texts }
  return Object.fromEntries(
    Object.entries(params).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  )
}

function line(text: string | undefined): string | undefined {
  return text === undefined ? undefined : `\n${text}\n`
}

function textParams({ text, tag, destination }: AlertQuery): Params {
  const phrases = [
    ...(text === undefined ? [] : [`{words tags} : ${quoted(text)}`]),
    ...(tag === undefined ? [] : [`tags : ${quoted(`\n${tag}\n`)}`]),
    ...(destination === undefined ? [] : [`destinations : ${quoted(`\n${destination}\n`)}`]),
  ]
  return {
    match: phrases.join(' AND '),
    ...(text !== undefined && { pattern: `%${text.replaceAll(/[\\%_]/g, '\\$&')}%` }),
  }
}

function quoted(phrase: string): string {
  return `"${phrase.replaceAll('"', '""')}"`
}

export function hasUnindexedTexts(driver: Driver): boolean {
  return driver.prepare('SELECT 1 FROM alert_unindexed LIMIT 1').get() !== undefined
}

/** Indexes the texts of alerts that were added, the newest first. Returns how many. */
export function indexTexts(driver: Driver, limit: number): number {
  const newest = 'SELECT place FROM alert_unindexed ORDER BY place DESC LIMIT :limit'
  const indexed = driver
    .prepare(
      `INSERT INTO alert_text (rowid, words, tags, destinations)
       SELECT place, words, tags, destinations FROM alert_index WHERE place IN (${newest})`,
    )
    .run({ limit })
  driver.prepare(`DELETE FROM alert_unindexed WHERE place IN (${newest})`).run({ limit })
  return indexed
}
