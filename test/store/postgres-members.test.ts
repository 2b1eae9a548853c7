/** Several daemons on one schema of PostgreSQL: members, what fences their writes, and what the newest project decides. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, expect, it } from 'vitest'
import { systemClock } from '../../src/model/ports.ts'
import { type OpenStoreOptions, openStore } from '../../src/store/open.ts'
import { openPool } from '../../src/store/postgres/pool.ts'
import { readStoreUrl } from '../../src/store/postgres/store-url.ts'
import { NO_VERSION, type Store } from '../../src/store/store.ts'
import { manualClock } from '../support/clock.ts'
import { describeWithPostgres } from '../support/postgres.ts'
import {
  alert,
  audit,
  delivered,
  delivery,
  expecting,
  plan,
  signal,
  subscription,
} from '../support/store-rows.ts'
import { until } from '../support/until.ts'

const root = mkdtempSync(join(tmpdir(), 'signalbox-members-test-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

const nothing = expecting()
const ORPHAN_AFTER_MS = 120_000
const LEASE_MS = 10_000

describeWithPostgres('several daemons on a schema', (server) => {
  const opened: Store[] = []
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((store) => store.close()))
  })
  const open = async (url: string, options: Partial<OpenStoreOptions> = {}) => {
    const store = await openStore(url, { clock: systemClock, projectRoot: root, ...options })
    opened.push(store)
    return store
  }
  const member = async (url: string, name: string, options: Partial<OpenStoreOptions> = {}) => {
    const store = await open(url, options)
    await store.join({ name, hostId: 'h', version: '1.2.3', sources: ['kafka:audit'] })
    return store
  }
  const schemaOf = (url: string) => new URL(url).searchParams.get('schema')!
  const names = async (store: Store) => (await store.members()).map(({ name }) => name)

  it('an item that another one has written meanwhile is not removed with one that did not exist', async () => {
    const url = server().url()
    const store = await member(url, 'a')
    const inSchema = (sql: string) =>
      server()
        .sql(`SET search_path = ${schemaOf(url)}; ${sql}`)
        .trim()
    const blocking = await openPool(readStoreUrl(url, {}, '.'), { readOnly: false }).hold()
    await blocking.query('BEGIN')
    await blocking.query("INSERT INTO kv (key, value) VALUES ('first', '0')")
    const kv = [
      { key: 'first', value: '1', expiresAt: null },
      { key: 'second', value: null, expiresAt: null },
    ]
    const items = new Map(kv.map(({ key }) => [key, NO_VERSION]))
    const committed = store.commit(plan({ kv }), { ...nothing, items })
    const waiting =
      "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query ~ 'commit_plan'"
    await until(() => inSchema(waiting) === '1')
    inSchema("INSERT INTO kv (key, value) VALUES ('second', '2')")
    await blocking.query('ROLLBACK')
    await blocking.close()
    expect(await committed).toBe('conflict')
    expect(await store.kv(['first', 'second'])).toMatchObject(new Map([['second', { value: '2' }]]))
  })

  it('all are listed with what they are, until they leave', async () => {
    const url = server().url()
    const a = await member(url, 'a')
    const b = await member(url, 'b')
    expect(await a.members()).toMatchObject([
      { name: 'a', pid: process.pid, version: '1.2.3', sources: ['kafka:audit'], isSelf: true },
      { name: 'b', pid: process.pid, version: '1.2.3', generation: 0, isSelf: false },
    ])
    // A command is no member.
    const command = await open(url)
    expect((await command.members()).map(({ isSelf }) => isSelf)).toEqual([false, false])
    await a.close()
    expect(await names(b)).toEqual(['b'])
  })

  it('one whose lease ran out is none, and is one again with its next heartbeat', async () => {
    const url = server().url()
    const a = await member(url, 'a')
    const b = await member(url, 'b')
    // A heartbeat of its can come at any moment.
    await until(async () => {
      server().sql(`UPDATE ${schemaOf(url)}.member SET until = 0 WHERE name = 'a'`)
      return (await names(b)).join() === 'b'
    })
    await until(async () => (await names(b)).length === 2)
    // Its row was removed long after the end of its lease.
    await a.reconcile({ knownKeys: ['soc'], renames: [], generation: 'g' })
    server().sql(`DELETE FROM ${schemaOf(url)}.member WHERE name = 'a'`)
    await until(async () => (await names(b)).length === 2)
    expect((await a.members()).find(({ name }) => name === 'a')).toMatchObject({ generation: 1 })
  })

  it('a broken connection ends no membership', async () => {
    const url = server().url()
    const a = await member(url, 'a')
    const b = await member(url, 'b')
    const listening = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'UPDATE member SET until%'
      OR query LIKE 'LISTEN%' OR query LIKE 'SELECT write_member%'`
    await until(() => server().sql(listening).trim() !== '')
    server().sql(`UPDATE ${schemaOf(url)}.member SET until = 0`)
    await until(async () => (await names(b)).length === 2)
    await a.close()
    expect(await names(b)).toEqual(['b'])
  })

  it('a start takes nothing from the others: no lease ends, and no send is repeated', async () => {
    const url = server().url()
    const a = await member(url, 'a')
    const now = a.now()
    const rows = [delivery('d1', { due: now, createdAt: now }), delivery('d2', { due: now, createdAt: now })]
    await a.commit(plan({ alerts: [alert('a1')], deliveries: rows }), nothing)
    const request = { destinationKeys: ['soc'], limit: 1, leaseMs: 60_000 }
    const [sending] = await a.claim(request)
    expect(sending).toMatchObject({ repeated: false })
    const [partition] = await a.claimPartitions({
      sources: ['kafka:audit#0'],
      limit: 1,
      leaseMs: 60_000,
      member: 'a',
    })
    const b = await member(url, 'b')
    expect(
      await b.claimPartitions({ sources: ['kafka:audit#0'], limit: 1, leaseMs: 60_000, member: 'b' }),
    ).toEqual([])
    // The second delivery is older than the second daemon, and was sent by no one.
    expect(await b.claim(request)).toMatchObject([{ repeated: false }])
    expect(await b.claim(request)).toEqual([])
    expect(await a.recordOutcome(sending!.delivery.id, sending!.leaseToken, delivered)).toBe(true)
    const moving = plan({ cursors: [{ source: 'kafka:audit#0', cursor: '1' }] })
    expect(await a.commit(moving, expecting({}, {}, [partition!]))).toBe('ok')
  })

  it('after a failover, which can lose leases, deliveries of before may have been sent', async () => {
    const url = server().url()
    const a = await member(url, 'a')
    const add = async (id: string) => {
      const now = a.now()
      const rows = [delivery(id, { alertId: `of ${id}`, due: now, createdAt: now })]
      await a.commit(plan({ alerts: [alert(`of ${id}`)], deliveries: rows }), nothing)
    }
    const claim = () => a.claim({ destinationKeys: ['soc'], limit: 1, leaseMs: 60_000 })
    await add('before')
    server().sql(`UPDATE ${schemaOf(url)}.store_origin SET origin = 'another timeline'`)
    await until(() => a.now() > Number(server().sql(`SELECT created_at FROM ${schemaOf(url)}.delivery`)))
    expect(await claim()).toMatchObject([{ delivery: { id: 'before' }, repeated: true }])
    await add('after')
    expect(await claim()).toMatchObject([{ delivery: { id: 'after' }, repeated: false }])
  })

  it('one whose lease ran out commits what nothing contradicts, and is fenced where its cursor was taken', async () => {
    const url = server().url()
    const stopped = await member(url, 'stopped')
    const other = await member(url, 'other')
    const held = await stopped.take('s')
    server().sql(`UPDATE ${schemaOf(url)}.member SET until = 0 WHERE name = 'stopped'`)
    const moving = (cursor: string) => plan({ cursors: [{ source: 's', cursor }], signals: [signal(cursor)] })
    expect(await stopped.commit(moving('1'), expecting({}, {}, [held]))).toBe('ok')
    await other.take('s')
    const next = { ...held, version: held.version + 1 }
    expect(await stopped.commit(moving('2'), expecting({}, {}, [next]))).toBe('fenced')
    // Without a cursor, the ids decide: what another daemon has counted is not counted again.
    const request = plan({
      seen: [{ id: 'key', until: stopped.now() + 60_000 }],
      signals: [signal('request')],
    })
    expect(await other.commit(request, nothing)).toBe('ok')
    expect(await stopped.commit(request, nothing)).toBe('conflict')
    expect((await other.signals({ limit: 9 })).map(({ rowId }) => rowId)).toEqual(['1', 'request'])
  })

  it('a schema is not migrated while a daemon is connected', async () => {
    const url = server().url()
    await member(url, 'a')
    const b = await member(url, 'b')
    server().sql(`UPDATE ${schemaOf(url)}.schema_version SET version = version - 1`)
    await expect(openStore(url, { clock: systemClock, projectRoot: root })).rejects.toThrow(
      /has an older schema and is held by a, process \d+ on .* and 1 more$/,
    )
    server().sql(`UPDATE ${schemaOf(url)}.schema_version SET version = version + 1`)
    expect(await names(b)).toEqual(['a', 'b'])
  })

  it('a daemon whose schema was migrated while it was not connected ends', async () => {
    const url = server().url()
    const lost: string[] = []
    const store = await member(url, 'a', { onLost: (reason) => lost.push(reason) })
    server().sql(`UPDATE ${schemaOf(url)}.schema_version SET version = 999`)
    server().sql(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()
      AND backend_type = 'client backend'`)
    await until(() => lost.length > 0)
    expect(lost).toEqual([expect.stringMatching(/was lost: its schema has the version 999 now, not \d+$/)])
    await expect(store.commit(plan({}), nothing)).rejects.toThrow(/was lost/)
    await expect(store.check()).rejects.toThrow(/was lost/)
  })

  const daemons = async () => {
    const clock = manualClock()
    const url = server().url()
    const daemon = async (name: string) => {
      const store = await member(url, name, { clock })
      const reconcile = (project: Project) => store.reconcile({ ...project, orphanAfterMs: ORPHAN_AFTER_MS })
      return { store, reconcile }
    }
    const watcher = await open(url, { clock })
    const states = async () =>
      Object.fromEntries(
        (await watcher.deliveries({ limit: 99 })).map((each) => [
          each.id,
          `${each.state} ${each.destinationKey}`,
        ]),
      )
    const add = (...keys: string[]) =>
      watcher.commit(
        plan({
          alerts: [alert('a1')],
          deliveries: keys.map((key) => delivery(key, { destinationKey: key, destination: key })),
        }),
        nothing,
      )
    return { clock, url, daemon, states, add }
  }
  interface Project {
    readonly generation: string
    readonly knownKeys: readonly string[]
    readonly renames: readonly { from: string; to: string; name: string }[]
    readonly subscriptions?: Parameters<Store['reconcile']>[0]['subscriptions']
  }
  const OLD: Project = { generation: 'old', knownKeys: ['same', 'removed', 'before'], renames: [] }
  const NEW: Project = {
    generation: 'new',
    knownKeys: ['same', 'added', 'after'],
    renames: [{ from: 'before', to: 'after', name: 'after' }],
  }
  const SERVED = {
    same: 'pending same',
    removed: 'pending removed',
    before: 'pending before',
    added: 'pending added',
  }

  it.each(['the new daemon starts beside the old one', 'the old daemon starts again beside the new one'])(
    'a rolling deployment orphans and renames nothing that a daemon knows: %s',
    async (order) => {
      const { clock, daemon, states, add } = await daemons()
      const old = await daemon('old')
      const next = await daemon('next')
      await old.reconcile(OLD)
      await add('same', 'removed', 'before')
      expect(await next.reconcile(NEW)).toMatchObject({ isNewest: true, hasMore: false })
      await add('added')
      if (order.startsWith('the old')) {
        await old.store.close()
        const again = await daemon('again')
        expect(await again.reconcile(OLD)).toEqual({
          orphaned: 0,
          adopted: 0,
          isNewest: false,
          hasMore: false,
        })
        clock.advance(5_000)
        expect(await next.reconcile(NEW)).toMatchObject({ orphaned: 0, adopted: 0 })
        await again.store.close()
      } else {
        expect(await old.reconcile(OLD)).toEqual({ orphaned: 0, adopted: 0, isNewest: false, hasMore: false })
        expect(await next.reconcile(NEW)).toMatchObject({ orphaned: 0, adopted: 0 })
        await old.store.close()
      }
      expect(await states()).toEqual(SERVED)
      // The old daemon has left: what was renamed follows, what was removed waits.
      expect(await next.reconcile(NEW)).toMatchObject({ orphaned: 0, adopted: 1 })
      clock.advance(ORPHAN_AFTER_MS - 1)
      expect(await next.reconcile(NEW)).toMatchObject({ orphaned: 0 })
      expect(await states()).toEqual({ ...SERVED, before: 'pending after' })
      clock.advance(1)
      expect(await next.reconcile(NEW)).toMatchObject({ orphaned: 1 })
      expect(await states()).toEqual({ ...SERVED, before: 'pending after', removed: 'orphaned removed' })
    },
  )

  it('a rollback makes the old project the newest again, and waits before it orphans', async () => {
    const { clock, daemon, states, add } = await daemons()
    const old = await daemon('old')
    await old.reconcile(OLD)
    const next = await daemon('next')
    await next.reconcile(NEW)
    await add('added', 'same')
    await next.store.close()
    expect(await old.reconcile(OLD)).toEqual({ orphaned: 0, adopted: 0, isNewest: true, hasMore: false })
    clock.advance(ORPHAN_AFTER_MS / 2)
    // A daemon that knows the destination was there for a moment, so the time begins again.
    const again = await daemon('again')
    await again.reconcile(NEW)
    await again.store.close()
    clock.advance(ORPHAN_AFTER_MS / 2)
    expect(await old.reconcile(OLD)).toMatchObject({ orphaned: 0 })
    clock.advance(ORPHAN_AFTER_MS)
    expect(await old.reconcile(OLD)).toMatchObject({ orphaned: 1 })
    expect(await states()).toEqual({ added: 'orphaned added', same: 'pending same' })
  })

  it('a daemon that was killed keeps its destinations until its lease and the time have ended', async () => {
    const { clock, url, daemon, states, add } = await daemons()
    const next = await daemon('next')
    await next.reconcile(NEW)
    await add('removed')
    server().sql(`INSERT INTO ${schemaOf(url)}.member SELECT 'k', 'killed', host, host_id, pid, version, sources, since, until, 0,
      '{removed}', '[]' FROM ${schemaOf(url)}.member`)
    expect(await next.reconcile(NEW)).toMatchObject({ orphaned: 0 })
    clock.advance(LEASE_MS)
    expect(await next.reconcile(NEW)).toMatchObject({ orphaned: 0 })
    clock.advance(ORPHAN_AFTER_MS)
    expect(await next.reconcile(NEW)).toMatchObject({ orphaned: 1 })
    expect(await states()).toEqual({ removed: 'orphaned removed' })
  })

  it('of a destination that several daemons know, the updates of the newest project apply', async () => {
    const { daemon, add } = await daemons()
    const old = await daemon('old')
    const next = await daemon('next')
    const { store } = next
    const keys = ['same', 'removed', 'silent']
    await add(...keys)
    for (const { delivery: row, leaseToken } of await store.claim({
      destinationKeys: keys,
      limit: 9,
      leaseMs: 60_000,
    }))
      await store.recordOutcome(row.id, leaseToken, delivered)
    const older = {
      generation: 'older',
      knownKeys: keys,
      renames: [],
      subscriptions: keys.map((key) => subscription(key, { events: ['commented'] })),
    }
    const newer = {
      generation: 'newer',
      knownKeys: ['same', 'silent'],
      renames: [],
      subscriptions: [subscription('same', { events: ['acknowledged'] })],
    }
    await old.reconcile(older)
    await next.reconcile(newer)
    await old.reconcile(older)
    const updates = async () =>
      new Set(
        (await store.deliveries({ kind: 'update', limit: 9 })).map(
          ({ destination, update }) => `${destination} ${update!.events.join()}`,
        ),
      )
    await store.commit(plan({ audits: [audit('commented', { note: 'n' })] }), nothing)
    expect(await updates()).toEqual(new Set(['removed commented']))
    await store.commit(plan({ audits: [audit('acknowledged')] }), nothing)
    expect(await updates()).toEqual(new Set(['removed commented', 'same acknowledged']))
    // The old daemon has gone, and with it what only it knew.
    await old.store.close()
    await next.reconcile(newer)
    await store.commit(plan({ audits: [audit('commented', { note: 'again' })] }), nothing)
    const all = await store.deliveries({ kind: 'update', limit: 9 })
    expect(all.filter(({ update }) => update?.note.includes('again'))).toEqual([])
  })

  it('daemons that start at the same moment declare one project once', async () => {
    const { daemon } = await daemons()
    const all = await Promise.all(['a', 'b', 'c', 'd'].map(daemon))
    const subscriptions = [subscription('same')]
    const answers = await Promise.all(all.map(({ reconcile }) => reconcile({ ...NEW, subscriptions })))
    expect(answers.map(({ isNewest }) => isNewest)).toEqual([true, true, true, true])
    expect((await all[0]!.store.members()).map(({ generation }) => generation)).toEqual([1, 1, 1, 1])
  })
})
