/** What a schema of PostgreSQL does beside the commits: signals expire by days, and events are added to busy alerts. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, it } from 'vitest'
import { POSTGRES_MIGRATIONS_FOLDER } from '../../src/installed-files.ts'
import { openStore } from '../../src/store/open.ts'
import { openPool } from '../../src/store/postgres/pool.ts'
import { readStoreUrl } from '../../src/store/postgres/store-url.ts'
import type { Store } from '../../src/store/store.ts'
import { type ManualClock, manualClock } from '../support/clock.ts'
import { describeWithPostgres } from '../support/postgres.ts'
import { alert, expecting, plan, signal, T0 } from '../support/store-rows.ts'
import { until } from '../support/until.ts'

const DAY_MS = 86_400_000
const SCHEMA_BEFORE_DAYS = 8

const opened: Store[] = []
afterEach(async () => {
  await Promise.all(opened.splice(0).map((store) => store.close()))
})

async function open(url: string, clock: ManualClock, signalsKeptMs = DAY_MS): Promise<Store> {
  const store = await openStore(url, { clock, projectRoot: '.', signalsKeptMs, monotonic: () => clock.now() })
  opened.push(store)
  return store
}

const commitSignal = (store: Store, rowId: string) =>
  store.commit(plan({ signals: [signal(rowId)] }), expecting())

/** Each commit begins a pass of the upkeep, if the last one has ended and is a minute ago. */
const upkeepUntil = (store: Store, clock: ManualClock, condition: () => boolean) =>
  until(async () => {
    clock.advance(61_000)
    await store.commit(plan({}), expecting())
    return condition()
  })

const rowIds = async (store: Store) => (await store.signals({ limit: 99 })).map(({ rowId }) => rowId)

describeWithPostgres('a schema in PostgreSQL', (server) => {
  const inSchema = (url: string, sql: string) =>
    server()
      .sql(`SET search_path = ${new URL(url).searchParams.get('schema')}; ${sql}`)
      .trim()
  const hasDay = (url: string, day: string) => inSchema(url, `SELECT to_regclass('signal_${day}')`) !== ''

  it('keeps signals by days, and drops a day when all of it has expired', async () => {
    const url = server().url()
    const clock = manualClock(T0)
    const store = await open(url, clock)
    // The first commit comes before the table of its day, which gets its row.
    expect(await commitSignal(store, 'first')).toBe('ok')
    await upkeepUntil(store, clock, () => hasDay(url, '20260101') && hasDay(url, '20260104'))
    expect(await commitSignal(store, 'second')).toBe('ok')
    expect(inSchema(url, 'SELECT count(*) FROM signal_20260101')).toBe('2')
    clock.advance(DAY_MS)
    expect(await commitSignal(store, 'next day')).toBe('ok')
    await upkeepUntil(store, clock, () => hasDay(url, '20260105'))
    expect(await rowIds(store)).toEqual(['first', 'second', 'next day'])
    clock.advance(DAY_MS)
    expect(await commitSignal(store, 'third day')).toBe('ok')
    await upkeepUntil(store, clock, () => !hasDay(url, '20260101'))
    expect(await rowIds(store)).toEqual(['next day', 'third day'])
    expect(inSchema(url, 'SELECT count(*) FROM signal_other')).toBe('0')
  })

  it('shows every signal to a reader that waits while the table of a day is attached', async () => {
    const url = server().url()
    const clock = manualClock(T0)
    // A pass that is still under way removes no signal that this test has added.
    const store = await open(url, clock, 100 * DAY_MS)
    await upkeepUntil(store, clock, () => hasDay(url, '20260104'))
    const earlier = T0 - 20 * DAY_MS
    const columns = 'id, detection, at, happened_at, row_id, log_type, fields, recorded_at'
    inSchema(url, `INSERT INTO signal (${columns}) VALUES (-1, 'R', 0, 0, 'moved', 'T', '{}', ${earlier})`)
    const upkeep = await openPool(readStoreUrl(url, {}, '.'), { readOnly: false }).hold()
    await upkeep.query('BEGIN')
    await upkeep.query('SELECT prepare_signal_days($1)', [earlier])
    const read = rowIds(store)
    const waiting = `SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'`
    await until(() => inSchema(url, waiting) === '1')
    await upkeep.query('COMMIT')
    await upkeep.close()
    expect(await read).toEqual(['moved'])
  })

  it('deletes expired signals that lie in no day by rows', async () => {
    const url = server().url()
    const clock = manualClock(T0)
    const store = await open(url, clock)
    await commitSignal(store, 'present')
    await upkeepUntil(store, clock, () => hasDay(url, '20260104'))
    const columns = 'detection, at, happened_at, row_id, log_type, fields, recorded_at'
    inSchema(
      url,
      `INSERT INTO signal (id, ${columns}) SELECT -n, 'R', 0, 0, 'old', 'T', '{}', ${T0} - 20 * ${DAY_MS}
       FROM generate_series(1, 2500) AS n`,
    )
    clock.advance(61_000)
    await commitSignal(store, 'later')
    await upkeepUntil(store, clock, () => inSchema(url, 'SELECT count(*) FROM signal_other') === '0')
    expect(await rowIds(store)).toEqual(['present', 'later'])
  })

  it('is not away while a dump reads its tables, and drops an expired day after the dump', async () => {
    const url = server().url()
    const clock = manualClock(T0)
    const absences: (string | null)[] = []
    const store = await openStore(url, {
      clock,
      projectRoot: '.',
      signalsKeptMs: DAY_MS,
      monotonic: () => clock.now(),
      onAvailability: (reason) => absences.push(reason),
    })
    opened.push(store)
    await store.join({ name: 'a daemon', hostId: 'h' })
    await commitSignal(store, 'expires')
    await upkeepUntil(store, clock, () => hasDay(url, '20260104'))
    const dump = await openPool(readStoreUrl(url, {}, '.'), { readOnly: false }).hold()
    await dump.query('BEGIN')
    await dump.query('LOCK TABLE signal, signal_other IN ACCESS SHARE MODE')
    clock.advance(DAY_MS)
    await commitSignal(store, 'next day')
    clock.advance(DAY_MS)
    const isWaiting = () =>
      inSchema(
        url,
        `SELECT count(*) FROM pg_locks WHERE NOT granted AND relation IN ('signal'::regclass, 'signal_other'::regclass)`,
      ) !== '0'
    await upkeepUntil(store, clock, isWaiting)
    await until(() => !isWaiting())
    expect(await store.commit(plan({}), expecting())).toBe('ok')
    await store.check()
    expect(absences).toEqual([])
    expect(hasDay(url, '20260101')).toBe(true)
    await dump.query('ROLLBACK')
    await dump.close()
    await upkeepUntil(store, clock, () => !hasDay(url, '20260101'))
  })

  it('that was made before signals had days keeps its signals, and their order', async () => {
    const url = server().url()
    const schema = new URL(url).searchParams.get('schema')!
    const files = readdirSync(POSTGRES_MIGRATIONS_FOLDER).sort().slice(0, SCHEMA_BEFORE_DAYS)
    const older = files.map((file) => readFileSync(join(POSTGRES_MIGRATIONS_FOLDER, file), 'utf8')).join('\n')
    server().sql(`CREATE SCHEMA ${schema}; SET search_path = ${schema};
      CREATE TABLE schema_version (version int NOT NULL); INSERT INTO schema_version VALUES (${SCHEMA_BEFORE_DAYS});
      ${older}
      INSERT INTO signal SELECT n, 'R', ${T0}, ${T0}, 'r' || n, 'T', NULL, '{}', ${T0} - ${DAY_MS} + n
        FROM generate_series(1, 3) AS n;
      UPDATE counter SET value = 3 WHERE name = 'signal'`)
    const clock = manualClock(T0)
    const store = await open(url, clock, 14 * DAY_MS)
    expect(await rowIds(store)).toEqual(['r1', 'r2', 'r3'])
    expect(await commitSignal(store, 'r4')).toBe('ok')
    const [, , third] = await store.signals({ limit: 9 })
    expect(await store.signals({ limit: 9, after: third!.position })).toMatchObject([{ id: 4, rowId: 'r4' }])
    clock.advance(14 * DAY_MS)
    await commitSignal(store, 'r5')
    await upkeepUntil(store, clock, () => inSchema(url, `SELECT to_regclass('signal_before')`) === '')
    expect(await rowIds(store)).toEqual(['r4', 'r5'])
  })

  it('lets two commits add to one alert at the same time, and adds both', async () => {
    const url = server().url()
    const store = await open(url, manualClock(T0))
    await store.commit(plan({ alerts: [alert('a1', { logTypes: ['A'] })] }), expecting())
    const merge = (logType: string, at: number) =>
      plan({ merges: [{ alertId: 'a1', events: 2, lastEventAt: T0 + at, logTypes: [logType] }] })
    const busy = await openPool(readStoreUrl(url, {}, '.'), { readOnly: false }).hold()
    await busy.query('BEGIN')
    const merged = `{"merges": [{"alertId": "a1", "events": 3, "lastEventAt": ${T0 + 9}, "logTypes": ["B"]}],
      "alerts": [], "mutedMatches": [], "divergences": []}`
    await busy.query(`SELECT write_alerts('${merged}'::jsonb)`)
    expect(await store.commit(merge('C', 5), expecting())).toBe('ok')
    expect(await store.alert('a1')).toMatchObject({ events: 3, lastEventAt: T0 + 5, logTypes: ['A', 'C'] })
    await busy.query('COMMIT')
    await busy.close()
    const complete = { events: 6, lastEventAt: T0 + 9, logTypes: ['A', 'B', 'C'] }
    expect(await store.alert('a1')).toMatchObject(complete)
    await until(() => inSchema(url, 'SELECT count(*) FROM alert_delta') === '0')
    expect(inSchema(url, 'SELECT events FROM alert_progress')).toBe('6')
    expect(await store.alert('a1')).toMatchObject(complete)
  })

  it('adds what a daemon has left when the next one begins', async () => {
    const url = server().url()
    const first = await open(url, manualClock(T0))
    await first.commit(plan({ alerts: [alert('a1')] }), expecting())
    const merges = [{ alertId: 'a1', events: 2, lastEventAt: T0, logTypes: [] }]
    await first.commit(plan({ merges }), expecting())
    await first.close()
    const next = await open(url, manualClock(T0))
    expect(await next.alert('a1')).toMatchObject({ events: 3 })
    await next.join({ name: 'the next daemon', hostId: 'h' })
    await until(() => inSchema(url, 'SELECT events FROM alert_progress') === '3')
  })
})
