/** A SQLite store is copied to PostgreSQL with all that it promises, and exactly one of the two can be used afterwards. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, afterEach, beforeEach, expect, it } from 'vitest'
import { systemClock } from '../../src/model/ports.ts'
import { openStore } from '../../src/store/open.ts'
import { COPIED_TABLES, TABLES_NOT_COPIED } from '../../src/store/postgres/upkeep/copied-tables.ts'
import type { Store } from '../../src/store/store.ts'
import { type CopyStoreOptions, copyStore } from '../../src/store/store-copy.ts'
import { describeWithPostgres } from '../support/postgres.ts'
import { silence } from '../support/silences.ts'
import {
  alert,
  attempt,
  audit,
  commitCursor,
  dead,
  delivered,
  delivery,
  duty,
  expecting,
  group,
  limiter,
  plan,
  signal,
  subscription,
  T0,
  waiting,
} from '../support/store-rows.ts'

const root = mkdtempSync(join(tmpdir(), 'signalbox-copy-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

const SOURCE = 'sqlite:source.db'
const ODD = 'null \0, private \uE000 and 😀'
const LEASE = { limit: 1, leaseMs: 3_600_000 }
const LATER = Date.now() + 3_600_000

const opened: Store[] = []
afterEach(async () => {
  await Promise.all(opened.splice(0).map((store) => store.close()))
  for (const suffix of ['', '-wal', '-shm', '-hold'])
    rmSync(join(root, `source.db${suffix}`), { force: true })
})

async function open(url: string): Promise<Store> {
  const store = await openStore(url, { clock: systemClock, projectRoot: root })
  opened.push(store)
  return store
}

async function close(store: Store): Promise<void> {
  opened.splice(opened.indexOf(store), 1)
  await store.close()
}

/** A store in which each table has rows, of each kind that has a meaning of its own. */
async function fill(store: Store): Promise<void> {
  await store.join({ name: 'a daemon', hostId: 'h' })
  const ids = ['done', 'failed', 'later', 'sent', 'new']
  await commitCursor(store, 's', 'cursor 1', {
    seen: [
      { id: 'seen', until: LATER },
      { id: `long ${'x'.repeat(5_000)}`, until: LATER },
    ],
    signals: [signal('r1', { alertId: 'a1' }), signal(ODD)],
    alerts: [
      alert('a1', {
        title: ODD,
        notification: JSON.stringify({ odd: ODD }),
        events: 3,
        logTypes: ['A', ODD],
      }),
      alert('a2', { createdAt: T0 + 1.5, divergences: [{ at: T0, rowId: ODD, severity: 'CRITICAL' }] }),
    ],
    deliveries: ids.map((id) => delivery(id)),
    handlings: [
      { alertId: 'a1', at: T0, steps: [{ stage: 'silence', did: 'passed', by: ODD, reason: ODD }] },
    ],
    escalations: [
      { alertId: 'a1', destinationKey: ODD, kind: 'step', step: 0, unless: 'resolved', afterMs: 5, due: T0 },
    ],
    silenceHits: [{ silenceId: ODD, alertId: 'a1', at: T0 }],
    inhibitors: [{ key: 'k', alertId: 'a1', at: T0, until: T0 + 5 }],
    silences: [{ silence: silence('s-1', { reason: ODD }), version: 1, createdAt: T0, createdBy: ODD }],
    kv: [{ key: ODD, value: JSON.stringify(ODD), expiresAt: LATER }],
  })
  const grouped = plan({
    groups: [group('g1', { alertId: 'a1' })],
    limiters: [limiter('R', { mutedAt: T0 })],
  })
  await store.commit(grouped, expecting({ g1: 0 }, { R: 0 }))
  await store.commit(plan({ mutedMatches: [], groups: [group('g1', { count: 7 })] }), expecting({ g1: 1 }))
  const outcomes = [delivered, dead([delivery('fallback')]), waiting(LATER)]
  for (const outcome of outcomes) await settleNext(store, outcome)
  expect(await store.claim({ destinationKeys: ['soc'], ...LEASE })).toHaveLength(1)
  await store.reconcile({ knownKeys: ['soc'], renames: [], subscriptions: [subscription('soc')] })
  await store.commit(plan({ audits: [audit('commented', { note: ODD, requestId: 'request' })] }), expecting())
  await store.changeDestinationState('soc', (state) => ({ ...state, failures: 3 }))
  await store.claimPartitions({ sources: ['p#0'], limit: 1, leaseMs: 3_600_000, member: 'm' })
  const file = { name: '2026-01-01.jsonl.gz', bytes: 1, lines: 1, sha256: 'a'.repeat(64) }
  const removal = { kind: 'alerts', ids: [], before: T0, archive: { file, previous: 0 } } as const
  expect(await store.removals.remove(removal)).toBe(true)
}

async function settleNext(store: Store, outcome: Parameters<Store['recordOutcome']>[2]): Promise<void> {
  const [claimed] = await store.claim({ destinationKeys: ['soc'], ...LEASE })
  expect(await store.recordOutcome(claimed!.delivery.id, claimed!.leaseToken, outcome)).toBe(true)
}

/** All that can be read of a store. */
async function contents(store: Store) {
  const deliveries = await store.deliveries({ limit: 100 })
  const attempts = deliveries.map(async ({ id }) => [id, await store.attempts(id)] as const)
  const long = `long ${'x'.repeat(5_000)}`
  return {
    alerts: await store.alerts({ limit: 100 }),
    audit: await store.audit({ limit: 100 }),
    deliveries,
    attempts: Object.fromEntries(await Promise.all(attempts)),
    signals: await store.signals({ limit: 100 }),
    horizon: await store.signalHorizon(),
    state: await store.read({
      groups: ['g1'],
      limiters: ['R'],
      inhibitors: ['k'],
      seen: ['seen', long, 'unseen'],
    }),
    kv: await store.kv([ODD]),
    destination: await store.destinationState('soc'),
    cursors: await Promise.all(['s', 'p#0'].map((source) => store.cursor(source))),
    handling: await store.handling('a1'),
    silences: await store.silences({ limit: 10 }),
    hits: await store.silenceHits(),
    archives: await store.removals.archives(),
    partitions: (await store.partitions()).map(({ source }) => source),
  }
}

describeWithPostgres('the copy of a store to PostgreSQL', (server) => {
  let target: string
  beforeEach(() => {
    target = server().url()
  })
  const copy = (options: Partial<CopyStoreOptions> = {}) =>
    copyStore({
      from: SOURCE,
      to: target,
      projectRoot: root,
      environment: {},
      isDryRun: false,
      onProgress: () => {},
      onPasswordInUrl: () => {},
      ...options,
    })

  it('keeps everything, and what was being sent is sent again as a delivery that was tried', async () => {
    const source = await open(SOURCE)
    await fill(source)
    const before = await contents(source)
    await close(source)
    const result = await copy()
    expect(result).toMatchObject({ status: 'copied', uncertain: 1 })
    expect(result.tables.map(({ table, source: rows }) => [table, rows])).toEqual(
      result.tables.map(({ table, target: rows }) => [table, rows]),
    )
    expect(result.tables.filter(({ source: rows }) => rows === 0)).toEqual([])

    const store = await open(target)
    const after = await contents(store)
    const sending = before.deliveries.find(({ state }) => state === 'sending')!
    const { due } = after.deliveries.find(({ id }) => id === sending.id)!
    expect(after.attempts[sending.id]).toEqual([
      {
        ...attempt({ status: null, ms: 0, outcome: 'retry' }),
        n: 1,
        at: expect.any(Number),
        message: expect.stringContaining('copied'),
      },
    ])
    expect(after).toEqual({
      ...before,
      deliveries: before.deliveries.map((each) =>
        each.id === sending.id ? { ...each, state: 'waiting', due } : each,
      ),
      attempts: { ...before.attempts, [sending.id]: after.attempts[sending.id] },
    })
    await store.join({ name: 'the next daemon', hostId: 'h' })
    const claimed = await store.claim({ destinationKeys: ['soc'], ...LEASE, limit: 10 })
    expect(claimed.map(({ delivery: { id }, repeated }) => [id, repeated])).toContainEqual([sending.id, true])
    expect(await store.claimPartitions({ sources: ['p#0'], limit: 1, leaseMs: 1, member: 'n' })).toHaveLength(
      1,
    )
  })

  it('keeps a destination from getting more than its state allows', async () => {
    const source = await open(SOURCE)
    await source.commit(plan({ alerts: [alert('a1')], deliveries: [delivery('d1')] }), expecting())
    await source.changeDestinationState('soc', (state) => ({ ...state, heldUntil: LATER }))
    await close(source)
    await copy()
    const store = await open(target)
    expect(await store.duties([duty('soc')])).toMatchObject([{ claimable: 0, nextAt: LATER }])
    expect(await store.claim({ destinationKeys: ['soc'], ...LEASE, within: duty('soc') })).toEqual([])
  })

  it('goes on with the numbers, versions and updates of the source', async () => {
    const source = await open(SOURCE)
    await fill(source)
    const { signals, audit: rows } = await contents(source)
    await close(source)
    await copy()
    const store = await open(target)
    expect(await store.commit(plan({ seen: [{ id: 'seen', until: LATER }] }), expecting())).toBe('conflict')
    expect(await store.commit(plan({ groups: [group('g1')] }), expecting({ g1: 1 }))).toBe('conflict')
    expect(await store.commit(plan({ groups: [group('g1')] }), expecting({ g1: 2 }))).toBe('ok')
    const more = plan({
      signals: [signal('next')],
      alerts: [alert('a3')],
      deliveries: [delivery('d9')],
      divergences: [{ alertId: 'a3', divergence: { at: T0, rowId: 'x' } }],
      audits: [audit('commented', { note: ODD, subject: { kind: 'alert', id: 'a1' } })],
    })
    expect(await store.commit(more, expecting())).toBe('ok')
    const next = await contents(store)
    expect(next.signals.map(({ id }) => id)).toEqual([...signals.map(({ id }) => id), signals.at(-1)!.id + 1])
    expect(next.audit.slice(rows.length).map(({ seq }) => seq)).toEqual([
      rows.at(-1)!.seq + 1,
      rows.at(-1)!.seq + 2,
    ])
  })

  it('that is cut off goes on where it was, and until then nothing opens the schema', async () => {
    const source = await open(SOURCE)
    await fill(source)
    const many = Array.from({ length: 2_500 }, (_, i) => signal(`many ${i}`))
    await source.commit(plan({ signals: many }), expecting())
    await close(source)
    const cut = ({ table }: { readonly table: string }) => {
      if (table === 'delivery') throw new Error('cut off')
    }
    await expect(copy({ onProgress: cut })).rejects.toThrow('cut off')
    await expect(open(target)).rejects.toThrow(/unfinished copy of sqlite:.*source\.db/)
    const before = server().sql(`SELECT count(*) FROM ${new URL(target).searchParams.get('schema')}.signal`)
    expect(Number(before)).toBe(2_502)
    expect(await copy()).toMatchObject({ status: 'copied', uncertain: 1 })
    expect(await (await open(target)).signals({ limit: 5_000 })).toHaveLength(2_502)
  })

  it('begins again if the source was used after the copy was cut off', async () => {
    const source = await open(SOURCE)
    await fill(source)
    await close(source)
    const cut = () => {
      throw new Error('cut off')
    }
    await expect(copy({ onProgress: cut })).rejects.toThrow('cut off')
    const again = await open(SOURCE)
    await again.commit(plan({ alerts: [alert('a3')] }), expecting())
    await close(again)
    await copy()
    const store = await open(target)
    expect((await store.alerts({ limit: 9 })).map(({ id }) => id).sort()).toEqual(['a1', 'a2', 'a3'])
  })

  it('ends the use of the source, whose error names the new place without the password', async () => {
    const source = await open(SOURCE)
    await commitCursor(source, 's', '1')
    await close(source)
    const warned: boolean[] = []
    const withPassword = target.replace('postgres@', 'postgres:S3CRET@')
    await copy({ to: withPassword, onPasswordInUrl: () => warned.push(true) })
    expect(warned).toEqual([true])
    const { message, hint } = await open(SOURCE).catch((error) => error)
    expect(message).toMatch(/source\.db was moved to postgres:\/\/postgres@127\.0\.0\.1/)
    expect(`${message} ${hint}`).not.toContain('S3CRET')
    // What only reads can still look at it.
    const reader = await openStore(SOURCE, { clock: systemClock, projectRoot: root, readOnly: true })
    expect(await reader.cursor('s')).toBe('1')
    await reader.close()
    expect(await copy()).toMatchObject({ status: 'copied-before' })
    await expect(copy({ to: server().url() })).rejects.toThrow(/was moved to/)
  })

  it('refuses a source that a daemon holds, and a target that is not empty', async () => {
    const source = await open(SOURCE)
    await source.join({ name: 'a daemon', hostId: 'h' })
    await expect(copy()).rejects.toThrow(/is held by a daemon, process/)
    await close(source)
    const used = await open(target)
    await commitCursor(used, 's', '1')
    await expect(copy({ isDryRun: true })).rejects.toThrow(/is not empty: source_cursor 1/)
    await expect(copy()).rejects.toThrow(/is not empty: source_cursor 1/)
    await close(await open(SOURCE))
  })

  it('refuses a target that a daemon holds', async () => {
    await close(await open(SOURCE))
    const holder = await open(target)
    await holder.join({ name: 'a daemon', hostId: 'h' })
    await expect(copy()).rejects.toThrow(/is held by/)
  })

  it('writes nothing as a dry run', async () => {
    const source = await open(SOURCE)
    await fill(source)
    await close(source)
    const { status, tables } = await copy({ isDryRun: true })
    expect(status).toBe('dry-run')
    expect(tables.find(({ table }) => table === 'alert')).toEqual({ table: 'alert', source: 2, target: 0 })
    const schema = new URL(target).searchParams.get('schema')
    expect(server().sql(`SELECT count(*) FROM pg_namespace WHERE nspname = '${schema}'`).trim()).toBe('0')
    await close(await open(SOURCE))
  })

  it.each([
    ['postgres://u:S3CRET@h/d', 'sqlite:x.db'],
    ['memory:', 'postgres://u:S3CRET@h/d'],
    [SOURCE, SOURCE],
  ])('from %s to %s is refused', async (from, to) => {
    const error = await copy({ from, to }).catch((cause) => cause)
    expect(error.message).toMatch(/^the store to copy (from|to) is no (sqlite|postgres): store$/)
    expect(error.message).not.toContain('S3CRET')
  })

  it('knows every table and every column of both stores', async () => {
    await close(await open(SOURCE))
    await open(target)
    const schema = new URL(target).searchParams.get('schema')
    const file = new DatabaseSync(join(root, 'source.db'), { readOnly: true })
    const names = file
      .prepare(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%' AND name NOT LIKE 'alert_text%'",
      )
      .all()
    file.close()
    const copied = COPIED_TABLES.map(({ name }) => name)
    expect(names.map(({ name }) => String(name)).sort()).toEqual([...copied, ...TABLES_NOT_COPIED].sort())
    const columns = server().sql(
      `SELECT table_name || '.' || column_name FROM information_schema.columns WHERE table_schema = '${schema}'`,
    )
    const known = COPIED_TABLES.flatMap(({ name, columns: list }) =>
      list.map((column) => `${name}.${column}`),
    )
    const ofCopied = columns
      .trim()
      .split('\n')
      .filter((column) => copied.includes(column.split('.')[0]!))
    // The rest says how the row was written last in PostgreSQL.
    const unset = ['delivery.recorded_token', 'source_cursor.commit_token']
    expect(ofCopied.sort()).toEqual([...known, ...unset].sort())
  })
})
