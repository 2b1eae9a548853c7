/** The tables that are copied from a SQLite store, in an order in which each row comes after those that it refers to. */
import type { DestinationState, Group, LimiterState } from '../../store.ts'
import { boundedKey } from '../bounded-key.ts'
import { DESTINATION_COLUMNS, destinationColumns } from '../destination-columns.ts'
import { encodeJson, encodeText } from '../text-codec.ts'

type SqliteRow = Readonly<Record<string, string | number | null>>
type PostgresRow = Readonly<Record<string, string | number | null | readonly string[]>>

export interface CopiedTable {
  readonly name: string
  /** The columns of the primary key in SQLite, which give the order of the copy. */
  readonly key: readonly string[]
  /** The columns in PostgreSQL. */
  readonly columns: readonly string[]
  /** Returns the row for PostgreSQL, whose texts are encoded. */
  readonly convert: (row: SqliteRow) => PostgresRow
}

/** The columns of SQLite are read by their names, so a column that only PostgreSQL has must be made by `convert`. */
function table(
  name: string,
  key: readonly string[],
  columns: string,
  convert: CopiedTable['convert'] = (row) => row,
): CopiedTable {
  return { name, key, columns: columns.split(' '), convert: (row) => encoded(convert(row), row) }
}

/** The events of updates are read by functions of the schema, so the texts within them are encoded, not their JSON. */
function encoded(row: PostgresRow, { update_body: update }: SqliteRow): PostgresRow {
  const texts = Object.entries(row).map(([column, value]) => [column, encodedValue(value)] as const)
  const body = typeof update === 'string' && { update_body: encodeJson(JSON.parse(update)) }
  return { ...Object.fromEntries(texts), ...body }
}

function encodedValue(value: PostgresRow[string]): PostgresRow[string] {
  if (typeof value === 'string') return encodeText(value)
  return typeof value === 'number' || value === null ? value : value.map(encodeText)
}

const listOf = (json: SqliteRow[string]) => JSON.parse(String(json)) as string[]

export const COPIED_TABLES: readonly CopiedTable[] = [
  table(
    'alert',
    ['seq'],
    'seq id group_key detection kind severity title dedup created_at reference route notification',
  ),
  table('alert_progress', ['alert_id'], 'alert_id events last_event_at log_types', (row) => ({
    ...row,
    log_types: listOf(row.log_types!),
  })),
  table('alert_status', ['alert_id'], 'alert_id version status reason assignee changed_at changed_by'),
  table('divergence', ['seq'], 'seq alert_id body'),
  table('handling', ['seq'], 'seq alert_id at steps'),
  table('silence', ['id'], 'id version ends_at created_at created_by body'),
  table('silence_hit', ['silence_id', 'alert_id'], 'silence_id alert_id at'),
  table('inhibitor', ['key', 'alert_id'], 'key alert_id at until'),
  table('rules_version', ['one'], 'one version'),
  table('archive_file', ['name'], 'name bytes line_count sha256 changed_at'),

  table('audit', ['seq'], 'seq at actor via verb subject_kind subject before after note origin request_id'),
  table('signal', ['id'], 'id detection at happened_at row_id log_type alert_id fields recorded_at'),
  table(
    'delivery',
    ['seq'],
    `seq id kind destination_key destination state due lease_token lease_until attempts created_at paused_ms reason message not_before gather_key gather_ms update_of update_body remote_reference`,
  ),
  table('delivery_item', ['delivery_id', 'alert_id'], 'delivery_id alert_id'),
  table('attempt', ['delivery_id', 'n'], 'delivery_id n at status ms outcome message'),
  table(
    'update_subscription',
    ['first_key'],
    'first_key destination_key destination events repeat_every_ms',
    (row) => ({
      ...row,
      events: listOf(row.events!),
    }),
  ),
  table(
    'escalation',
    ['alert_id', 'destination_key', 'kind', 'step'],
    'alert_id destination_key kind step unless after_ms due state round lease_token lease_until reason',
  ),
  table('alert_group', ['key'], 'key version started_at alert_id count body', (row) => {
    const { startedAt, alertId, count } = JSON.parse(String(row.body)) as Group
    return { ...row, started_at: startedAt, alert_id: alertId, count }
  }),
  table('limiter', ['key'], 'detection version hour_started_at created muted_at', ({ version, body }) => {
    const { detection, hourStartedAt, created, mutedAt } = JSON.parse(String(body)) as LimiterState
    return { detection, version: version!, hour_started_at: hourStartedAt, created, muted_at: mutedAt }
  }),
  table('destination_state', ['key'], ['key version body', ...DESTINATION_COLUMNS].join(' '), (row) => ({
    ...row,
    ...destinationColumns(JSON.parse(String(row.body)) as DestinationState),
  })),
  table('kv', ['key'], 'key value expires_at version', (row) => ({
    ...row,
    key: boundedKey(String(row.key)),
  })),
  table('seen', ['id'], 'id until', (row) => ({ ...row, id: boundedKey(String(row.id)) })),
  // It comes last: nothing that was read again from a cursor is missing in another table.
  table(
    'source_cursor',
    ['source'],
    'source cursor version owner member lease_until problem lag done_at caught_up_at',
  ),
]

/** What a daemon or a trigger of the new store makes itself, what only earlier versions have written, and the mark of the copy. */
export const TABLES_NOT_COPIED: readonly string[] = [
  'alert_index',
  'alert_unindexed',
  'holder',
  'once',
  'store_copy',
]
