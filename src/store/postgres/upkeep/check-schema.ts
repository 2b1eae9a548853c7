/** Checks a store in PostgreSQL: references, counts, numbers, and the settings of the server. It writes nothing. */
import { ORPHAN_CHECKS } from '../../rows/orphan-checks.ts'
import type { StoreFault, StoreReport } from '../../store-report.ts'
import type { Database } from '../database.ts'
import { assertNoUnfinishedCopy, newestVersion, schemaVersion } from '../migrate-schema.ts'

const RESTORE = 'restore a backup; the rows can be looked at with psql'

interface SettingCheck {
  readonly name: string
  readonly isFault: (value: string) => boolean
  readonly hint: string
}

const isOff = (value: string) => value === 'off'

const SETTINGS: readonly SettingCheck[] = [
  {
    name: 'synchronous_commit',
    isFault: isOff,
    hint: 'ALTER ROLE … SET synchronous_commit = on: a crash of the server loses what was acknowledged',
  },
  { name: 'fsync', isFault: isOff, hint: 'switch it on: a power cut can destroy the database' },
  { name: 'full_page_writes', isFault: isOff, hint: 'switch it on: a power cut can destroy the database' },
  { name: 'autovacuum', isFault: isOff, hint: 'switch it on: claims become slow without it' },
  {
    name: 'default_transaction_isolation',
    isFault: (value) => value !== 'read committed',
    hint: "ALTER ROLE … SET default_transaction_isolation = 'read committed': other levels abort busy commits",
  },
  {
    name: 'server_encoding',
    isFault: (value) => value !== 'UTF8',
    hint: 'create the database with the encoding UTF8',
  },
  { name: 'synchronous_standby_names', isFault: () => false, hint: '' },
  { name: 'server_version', isFault: () => false, hint: '' },
]

/** An older schema is a fault, and nothing else is checked in it. */
export async function checkSchema(database: Database): Promise<StoreReport> {
  const version = await schemaVersion(database)
  const newest = newestVersion()
  const settings = await settingsOf(database)
  const faults = settingFaults(settings)
  const common = {
    store: database.settings.location,
    schema: { version, newest },
    settings,
    replicas: await replicasOf(database),
  }
  if (version < newest) {
    const message = `the schema has the version ${version}; this Signalbox uses ${newest}`
    faults.push({ check: 'older-schema', message, hint: 'start `signalbox run`, which migrates it' })
    const nothing = {
      tables: [],
      leases: { deliveries: 0, partitions: 0 },
      events: { counted: 0, unfolded: 0 },
    }
    return { ...common, ...nothing, faults }
  }
  await assertNoUnfinishedCopy(database)
  faults.push(...(await orphanFaults(database)), ...(await numberFaults(database)))
  return {
    ...common,
    tables: await tablesOf(database),
    leases: await leasesOf(database),
    events: await eventsOf(database),
    faults,
  }
}

async function settingsOf(database: Database): Promise<StoreReport['settings']> {
  return database.query<{ name: string; value: string }>(
    `SELECT name, current_setting(name) AS value FROM unnest($1::text[]) WITH ORDINALITY AS s(name, position)
     ORDER BY position`,
    [SETTINGS.map(({ name }) => name)],
  )
}

function settingFaults(settings: StoreReport['settings']): StoreFault[] {
  const values = new Map(settings.map(({ name, value }) => [name, value]))
  return SETTINGS.filter(({ name, isFault }) => isFault(values.get(name) ?? '')).map(({ name, hint }) => ({
    check: 'setting',
    message: `${name} is ${values.get(name)}`,
    hint,
  }))
}

/** The server shows the state of replicas to its monitors only. */
async function replicasOf(database: Database): Promise<StoreReport['replicas']> {
  const rows = await database.query<{ name: string; state: string | null; sync: string | null }>(
    'SELECT application_name AS name, state, sync_state AS sync FROM pg_stat_replication ORDER BY application_name',
  )
  if (rows.some(({ state }) => state === null)) return null
  return rows.map(({ name, state, sync }) => ({ name, state: state ?? '', sync: sync ?? '' }))
}

const DELTAS = {
  what: 'deltas without an alert',
  sql: `SELECT count(*) AS count FROM alert_delta t
    WHERE NOT EXISTS (SELECT 1 FROM alert_progress o WHERE o.alert_id = t.alert_id)`,
}

async function orphanFaults(database: Database): Promise<StoreFault[]> {
  const faults: StoreFault[] = []
  for (const { what, sql } of [...ORPHAN_CHECKS, DELTAS]) {
    const [row] = await database.query<{ count: number }>(sql)
    if (row!.count > 0) faults.push({ check: 'orphan-rows', message: `${row!.count} ${what}`, hint: RESTORE })
  }
  return faults
}

/** Readers continue behind the last number, and a number that is given twice fails a commit. */
const NUMBERS: readonly (readonly [string, string])[] = [
  [
    'signal',
    "SELECT coalesce(max(id), 0) - (SELECT value FROM counter WHERE name = 'signal') AS beyond FROM signal",
  ],
  [
    'audit',
    "SELECT coalesce(max(seq), 0) - (SELECT value FROM counter WHERE name = 'audit') AS beyond FROM audit",
  ],
  ...['alert', 'delivery', 'divergence'].map(
    (table) =>
      [
        table,
        `SELECT coalesce(max(seq), 0) - coalesce(pg_sequence_last_value(pg_get_serial_sequence('${table}', 'seq')), 0)
           AS beyond FROM ${table}`,
      ] as const,
  ),
]

async function numberFaults(database: Database): Promise<StoreFault[]> {
  const faults: StoreFault[] = []
  for (const [table, sql] of NUMBERS) {
    const [row] = await database.query<{ beyond: number }>(sql)
    if (row!.beyond <= 0) continue
    const message = `${table} has numbers that are ${row!.beyond} higher than the last one that was given`
    faults.push({ check: 'numbers', message, hint: RESTORE })
  }
  return faults
}

async function tablesOf(database: Database): Promise<StoreReport['tables']> {
  const names = await database.query<{ name: string }>(
    `SELECT c.relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname = $1 AND c.relkind IN ('r', 'p') AND NOT c.relispartition ORDER BY c.relname`,
    [database.settings.schema],
  )
  const tables: { table: string; rows: number }[] = []
  for (const { name } of names) {
    const [row] = await database.query<{ n: number }>(`SELECT count(*) AS n FROM ${name}`)
    tables.push({ table: name, rows: row!.n })
  }
  return tables
}

async function leasesOf(database: Database): Promise<StoreReport['leases']> {
  const [row] = await database.query<StoreReport['leases']>(
    `SELECT (SELECT count(*) FROM delivery WHERE state = 'sending' AND lease_until > store_now(NULL)) AS deliveries,
       (SELECT count(*) FROM source_cursor WHERE lease_until > store_now(NULL)) AS partitions`,
  )
  return row!
}

async function eventsOf(database: Database): Promise<StoreReport['events']> {
  const [row] = await database.query<StoreReport['events']>(
    `SELECT (SELECT coalesce(sum(events), 0)::bigint FROM alert_progress) AS counted,
       (SELECT coalesce(sum(events), 0)::bigint FROM alert_delta) AS unfolded`,
  )
  return row!
}
