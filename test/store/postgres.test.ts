/** What only the store in PostgreSQL promises: failures of the connection, passwords, TLS, upgrades. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../src/model/ports.ts'
import { type OpenStoreOptions, openStore } from '../../src/store/open.ts'
import { openPool } from '../../src/store/postgres/pool.ts'
import { isAway } from '../../src/store/postgres/postgres-failure.ts'
import { readStoreUrl } from '../../src/store/postgres/store-url.ts'
import { decodeJson, decodeText, encodeJson, encodeText } from '../../src/store/postgres/text-codec.ts'
import {
  type ClaimedDelivery,
  type DestinationState,
  type Store,
  UNDELIVERED_STATES,
} from '../../src/store/store.ts'
import { describeWithPostgres, type PostgresServer } from '../support/postgres.ts'
import {
  alert,
  audit,
  commitCursor,
  dead,
  delivered,
  delivery,
  expecting,
  nextAt,
  plan,
  signal,
  subscription,
  T0,
} from '../support/store-rows.ts'
import { startSwallowingProxy } from '../support/swallowing-proxy.ts'
import { until } from '../support/until.ts'

const root = mkdtempSync(join(tmpdir(), 'signalbox-postgres-test-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

const nothing = expecting()
const ANNOUNCER = new URL('../support/work-announcer.ts', import.meta.url).pathname

describe('the URL of a store in PostgreSQL', () => {
  const read = (url: string, environment = {}) => readStoreUrl(url, environment, root)
  const file = join(root, 'password')
  writeFileSync(file, 'from the file\n')

  it.each<[string, object, string]>([
    [`postgres://u@h/d?passwordFile=${file}`, { PGPASSWORD: 'x' }, 'from the file'],
    ['postgres://u:p%40ss@h/d', { PGPASSWORD: 'x' }, 'p@ss'],
    ['postgres://u@h/d', { PGPASSWORD: 'x', SIGNALBOX_STORE_PASSWORD: 'y' }, 'y'],
    ['postgres://u@h/d', { PGPASSWORD: 'x' }, 'x'],
    ['postgres://u@h/d', {}, ''],
  ])('%s with %j has the password %j', (url, environment, password) => {
    expect(read(url, environment).password()).toBe(password)
  })

  it('a file with the password is read for each connection', () => {
    const settings = read(`postgres://u@h/d?passwordFile=${file}`)
    writeFileSync(file, 'next')
    expect(settings.password()).toBe('next')
  })

  it('the location for messages never contains the password', () => {
    const settings = read('postgres://u:S3CRET@h:5433/d?schema=a')
    expect(settings.location).toBe('postgres://u@h:5433/d?schema=a')
    expect(settings).toMatchObject({ hasPasswordInUrl: true, passwordSource: 'the store URL' })
  })

  it.each<[string, boolean]>([
    ['postgres://u@db.example/d', true],
    ['postgres://u@10.0.0.1/d', true],
    ['postgres://u@127.0.0.1/d', false],
    ['postgres://u@localhost/d', false],
    ['postgres://u@[::1]/d', false],
    ['postgres://u@localhost/d?host=/var/run/postgresql', false],
    ['postgres://u@localhost/d?sslmode=verify-full', true],
    ['postgres://u@db.example/d?sslmode=disable&allowPlaintext=true', false],
  ])('%s has TLS: %s', (url, hasTls) => {
    expect(read(url).tls !== null).toBe(hasTls)
  })

  it.each<[string, RegExp]>([
    ['postgres://u:S3CRET@db.example/d?sslmode=disable', /without TLS/],
    ['postgres://u:S3CRET@db.example/d?sslmode=require', /sslmode=require/],
    ['postgres://u:S3CRET@h/d?sslrotcert=x', /unknown parameter "sslrotcert"/],
    ['postgres://u:S3CRET@h/d?schema=a-b', /schema "a-b"/],
    ['postgres://u:S3CRET@h/d?pool=0', /`pool`/],
    ['postgres://u:S3CRET@h:x/d', /no valid/],
    ['postgres://u:S3CRET%@h/d', /a % that begins no escape/],
    ['postgres://h/', /no user/],
    ['postgres://u@db.example/d?sslrootcert=none.pem', /file of `sslrootcert`/],
  ])('%s is refused, and the message contains no secret', (url, message) => {
    expect(() => read(url)).toThrow(message)
    expect(() => read(url)).not.toThrow(/S3CRET/)
  })
})

it.each(['timeout expired', 'There was an error establishing an SSL connection', 'Query read timeout'])(
  'the failure "%s" of the client library means that the database is away',
  (message) => {
    expect(isAway(new Error(message))).toBe(true)
  },
)

describe('texts that PostgreSQL refuses', () => {
  it.each(['a\0b', '\ud800', 'x\udfffy', '\uE000', '\uE0000', '\0\uE000u', 'plain', '😀'])(
    '%j comes back',
    (text) => {
      const encoded = encodeText(text)
      expect(encoded).not.toContain('\0')
      expect(encoded.isWellFormed()).toBe(true)
      expect(decodeText(encoded)).toBe(text)
      expect(decodeJson(encodeJson({ text: [text] }))).toEqual({ text: [text] })
    },
  )
})

describeWithPostgres('a store in PostgreSQL', (server) => {
  const opened: Store[] = []
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((store) => store.close()))
  })
  const open = async (url: string, options: Partial<OpenStoreOptions> = {}) => {
    const store = await openStore(url, { clock: systemClock, projectRoot: root, ...options })
    opened.push(store)
    return store
  }

  it.each(['retry', 'announce'])('another process wakes the daemon: %s', async (what) => {
    const url = server().url()
    let wakes = 0
    const daemon = await open(url, { onWork: () => wakes++ })
    await daemon.join({ name: 'daemon', hostId: 'h' })
    await daemon.commit(plan({ alerts: [alert('a1')], deliveries: [delivery('d1')] }), nothing)
    const [claimed] = await daemon.claim({ destinationKeys: ['soc'], limit: 1, leaseMs: 60_000 })
    await daemon.recordOutcome('d1', claimed!.leaseToken, dead())
    const child = spawn(process.execPath, [ANNOUNCER, url, root, what], { stdio: 'inherit' })
    const closed = once(child, 'close')
    await until(() => wakes > 0)
    expect(await closed).toEqual([0, null])
    expect(await daemon.countDeliveries()).toMatchObject(what === 'retry' ? { pending: 1 } : { dead: 1 })
  })

  it('changes of a destination that come together are few writes, and none is lost', async () => {
    const url = server().url()
    const stores = [await open(url), await open(url)]
    const fail = (state: DestinationState) => ({ ...state, failures: state.failures + 1 })
    const changes = await Promise.all(
      Array.from({ length: 200 }, (_, n) => stores[n % 2]!.changeDestinationState('soc', fail)),
    )
    const afters = changes.map(({ after }) => after.failures)
    expect(afters.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 200 }, (_, n) => n + 1))
    expect((await stores[0]!.destinationState('soc')).version).toBeLessThan(50)
  })

  it('a change of a destination that fails keeps no other from being made', async () => {
    const store = await open(server().url())
    const fail = (state: DestinationState) => ({ ...state, failures: state.failures + 1 })
    const broken = () => {
      throw new Error('broken')
    }
    const results = await Promise.allSettled(
      [fail, fail, broken, fail].map((change) => store.changeDestinationState('soc', change)),
    )
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'fulfilled'])
    expect((await store.destinationState('soc')).value.failures).toBe(3)
  })

  it('a commit whose answer is lost is written once, and was `ok`', async () => {
    const url = server().url()
    const direct = await open(url)
    const proxy = await startSwallowingProxy(server().port)
    const store = await open(url.replace(String(server().port), String(proxy.port)))
    const held = await store.take('s')
    let version = held.version
    for (const n of ['1', '2', '3']) {
      proxy.swallowAnswerTo('commit_plan')
      const moving = plan({ cursors: [{ source: 's', cursor: n }], signals: [signal(n)] })
      expect(await store.commit(moving, expecting({}, {}, [{ ...held, version }]))).toBe('ok')
      version++
      proxy.swallowAnswerTo('commit_plan')
      expect(await store.commit(plan({ signals: [signal(`without ${n}`)] }), nothing)).toBe('ok')
    }
    expect(proxy.swallowed()).toBe(6)
    expect((await direct.signals({ limit: 20 })).map(({ rowId }) => rowId)).toEqual([
      '1',
      'without 1',
      '2',
      'without 2',
      '3',
      'without 3',
    ])
    const stale = plan({ cursors: [{ source: 's', cursor: '9' }] })
    expect(await store.commit(stale, expecting({}, {}, [held]))).toBe('fenced')
    await proxy.close()
  })

  it('an outcome whose answer is lost is recorded once', async () => {
    const url = server().url()
    const proxy = await startSwallowingProxy(server().port)
    const store = await open(url.replace(String(server().port), String(proxy.port)))
    await store.commit(plan({ alerts: [alert('a1')], deliveries: [delivery('d1')] }), nothing)
    const [claimed] = await store.claim({ destinationKeys: ['soc'], limit: 1, leaseMs: 60_000 })
    proxy.swallowAnswerTo('record_outcomes')
    expect(await store.recordOutcome('d1', claimed!.leaseToken, delivered)).toBe(true)
    expect(proxy.swallowed()).toBe(1)
    expect(await store.attempts('d1')).toHaveLength(1)
    expect(await store.recordOutcome('d1', claimed!.leaseToken, delivered)).toBe(false)
    await proxy.close()
  })

  it.each(['without a row of the audit', 'with one'])(
    'a change of a destination whose answer is lost is made once, and its caller gets it: %s',
    async (how) => {
      const url = server().url()
      const proxy = await startSwallowingProxy(server().port)
      const store = await open(url.replace(String(server().port), String(proxy.port)))
      await store.changeDestinationState('soc', (state) => ({ ...state, failures: 1 }))
      const audits = how === 'with one' ? () => audit('paused') : undefined
      proxy.swallowAnswerTo('UPDATE destination_state')
      const pause = await store.changeDestinationState(
        'soc',
        (state) => ({ ...state, failures: state.failures + 1, pausedAt: state.pausedAt ?? T0 }),
        audits,
      )
      expect(proxy.swallowed()).toBe(1)
      // The caller that has paused the destination admits the finding about it.
      expect([pause.before.pausedAt, pause.after.pausedAt]).toEqual([null, T0])
      expect((await store.destinationState('soc')).value).toMatchObject({ failures: 2, pausedAt: T0 })
      expect(await store.audit({ limit: 5 })).toHaveLength(how === 'with one' ? 1 : 0)
      await proxy.close()
    },
  )

  it('a statement that the database ends because it is slow is repeated, and the database is not away', async () => {
    const reports: (string | null)[] = []
    const url = server().url()
    const store = await open(url, { onAvailability: (reason) => reports.push(reason) })
    await store.join({ name: 'a daemon', hostId: 'h' })
    const schema = new URL(url).searchParams.get('schema')!
    // The first try is ended, as one that takes too long is.
    server().sql(`SET search_path = ${schema}; CREATE SEQUENCE tries;
      CREATE FUNCTION end_first() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF nextval('${schema}.tries') = 1 THEN RAISE EXCEPTION USING ERRCODE = 'query_canceled'; END IF;
        RETURN NEW;
      END $$;
      CREATE TRIGGER end_first BEFORE INSERT ON alert FOR EACH ROW EXECUTE FUNCTION end_first()`)
    expect(await store.commit(plan({ alerts: [alert('a1')] }), nothing)).toBe('ok')
    expect(server().sql(`SELECT last_value FROM ${schema}.tries`).trim()).toBe('2')
    expect(reports).toEqual([])
    // A statement that never succeeds is of no use, and the operator hears of it.
    server().sql(`ALTER SEQUENCE ${schema}.tries CYCLE MAXVALUE 2 RESTART WITH 1 INCREMENT BY 2`)
    const second = store.commit(plan({ alerts: [alert('a2')] }), nothing)
    await until(() => reports.length > 0)
    expect(reports[0]).toMatch(/does not answer in time/)
    server().sql(`DROP TRIGGER end_first ON ${schema}.alert`)
    expect(await second).toBe('ok')
    expect(reports.at(-1)).toBeNull()
  })

  it('a daemon waits while its database is away, says so, and goes on where it was', async () => {
    const reports: (string | null)[] = []
    const url = server().url()
    const store = await open(url, { onAvailability: (reason) => reports.push(reason) })
    await store.join({ name: 'a daemon', hostId: 'h' })
    await commitCursor(store, 's', '1')
    server().stop('immediate')
    const waiting = commitCursor(store, 's', '2', { signals: [signal('after')] })
    await until(() => reports.length > 0)
    await expect(store.check()).rejects.toThrow(/cannot be reached/)
    server().start()
    expect(await waiting).toBe('ok')
    expect(reports.at(-1)).toBeNull()
    expect(reports[0]).toMatch(/^the store postgres:.* cannot be reached/)
    await store.check()
    expect(await store.cursor('s')).toBe('2')
    expect(await store.signals({ limit: 5 })).toHaveLength(1)
    // The lock of the schema is shared again.
    await until(
      async () => server().sql('SELECT count(*) FROM pg_locks WHERE locktype = $$advisory$$').trim() === '1',
    )
    expect(await store.members()).toMatchObject([{ name: 'a daemon', isSelf: true }])
  })

  it('a command fails with a clear error while the database is away', async () => {
    const url = server().url()
    const store = await open(url)
    server().stop('fast')
    const { message } = await openStore(url, { clock: systemClock, projectRoot: root }).catch(
      (error) => error,
    )
    expect(message).toMatch(/^the store postgres:.* cannot be reached: /)
    await expect(store.take('s')).rejects.toThrow(/cannot be reached/)
    server().start()
    expect(await store.take('s')).toMatchObject({ cursor: null })
  })

  it('a claim of an update that is under way has all of it, and a later event makes the next update', async () => {
    const url = server().url()
    const store = await open(url)
    await store.reconcile({ knownKeys: ['soc'], renames: [], subscriptions: [subscription('soc')] })
    await store.commit(plan({ alerts: [alert('a1')], deliveries: [delivery('d1')] }), nothing)
    const [first] = await store.claim({ destinationKeys: ['soc'], limit: 1, leaseMs: 60_000 })
    await store.recordOutcome('d1', first!.leaseToken, delivered)
    const comment = (note: string) => store.commit(plan({ audits: [audit('commented', { note })] }), nothing)
    await comment('one')
    const claiming = await openPool(readStoreUrl(url, {}, root), { readOnly: false }).hold()
    await claiming.query('BEGIN')
    const claim = `SELECT claim_deliveries('{soc}', 1, 60000, NULL, NULL) AS claimed`
    const [row] = await claiming.query<{ claimed: ClaimedDelivery }>(claim)
    expect(row?.claimed.delivery.update?.note).toBe('one')
    const commented = comment('two')
    const waits = `SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'`
    await until(() => server().sql(waits).trim() === '1')
    await claiming.query('COMMIT')
    await claiming.close()
    expect(await commented).toBe('ok')
    const updates = await store.deliveries({ kind: 'update', limit: 9 })
    expect(new Set(updates.map(({ state, update }) => `${state} ${update?.note}`))).toEqual(
      new Set(['sending one', 'queued two']),
    )
  })

  it('deliveries that were not delivered are counted without reading those that were', async () => {
    const url = server().url()
    const store = await openStore(url, { clock: systemClock, projectRoot: root })
    await store.commit(plan({ alerts: [alert('a1')], deliveries: [delivery('d1')] }), nothing)
    expect(await store.countDeliveries(UNDELIVERED_STATES)).toMatchObject({ pending: 1, delivered: 0 })
    expect(await store.countDeliveries()).toMatchObject({ pending: 1 })
    await store.close()
    const scans = `SELECT idx_scan FROM pg_stat_all_indexes WHERE indexrelname = 'delivery_open'
      AND schemaname = '${new URL(url).searchParams.get('schema')}'`
    await until(() => server().sql(scans).trim() !== '0')
  })

  it('a schema of a newer version or of another program is refused, and a missing one is not created by a command', async () => {
    const url = server().url()
    const missing = { clock: systemClock, projectRoot: root, create: false }
    await expect(openStore(url, missing)).rejects.toThrow(/store not found/)
    await open(url)
    const schema = new URL(url).searchParams.get('schema')!
    server().sql(`UPDATE ${schema}.schema_version SET version = 999`)
    await expect(openStore(url, missing)).rejects.toThrow(/newer Signalbox \(schema 999\)/)
    const other = server().url()
    server().sql(`CREATE SCHEMA ${new URL(other).searchParams.get('schema')}`)
    server().sql(`CREATE TABLE ${new URL(other).searchParams.get('schema')}.theirs (n int)`)
    await expect(open(other)).rejects.toThrow(/another program/)
  })

  it('a schema can have the name of a word of SQL', async () => {
    const url = server()
      .url()
      .replace(/schema=.*/, 'schema=user')
    const store = await open(url)
    await store.join({ name: 'a daemon', hostId: 'h' })
    expect(await commitCursor(store, 's', '1')).toBe('ok')
    expect(server().sql('SELECT count(*) FROM "user".source_cursor').trim()).toBe('1')
  })

  it('many processes that open a new schema at once create it once', async () => {
    const url = server().url()
    const stores = await Promise.all(Array.from({ length: 4 }, () => open(url)))
    await commitCursor(stores[0]!, 's', '1')
    expect(await Promise.all(stores.map((store) => store.cursor('s')))).toEqual(['1', '1', '1', '1'])
  })

  it('a wrong password is one sentence that names its setting and shows no secret', async () => {
    requirePassword(server(), 'guarded', 'R1GHT')
    const file = join(root, 'wrong')
    writeFileSync(file, 'WR0NG')
    chmodSync(file, 0o600)
    const base = `postgres://guarded@127.0.0.1:${server().port}/postgres`
    const failure = async (query: string, environment = {}) => {
      const error = await openStore(`${base}${query}`, {
        clock: systemClock,
        projectRoot: root,
        environment,
      }).catch((caught) => caught)
      expect(JSON.stringify([error.message, error.hint, String(error.cause)])).not.toMatch(/WR0NG|R1GHT/)
      return error.message as string
    }
    expect(await failure(`?passwordFile=${file}`)).toMatch(
      /refuses the user guarded with the password from the file .*wrong/,
    )
    expect(await failure('', { SIGNALBOX_STORE_PASSWORD: 'WR0NG' })).toMatch(/from SIGNALBOX_STORE_PASSWORD$/)
    expect(await failure('')).toMatch(/from no setting/)
    expect(await failure('', { PGPASSWORD: 'R1GHT' })).toMatch(/does not permit this/)
  })

  it('time is that of the database', async () => {
    const store = await open(server().url())
    await store.commit(plan({ alerts: [alert('a1')], deliveries: [delivery('d1', { due: T0 })] }), nothing)
    const before = Date.now()
    await store.claim({ destinationKeys: ['soc'], limit: 1, leaseMs: 60_000 })
    const at = await nextAt(store, ['soc'])
    expect(at).toBeGreaterThanOrEqual(before + 60_000)
    expect(at).toBeLessThanOrEqual(Date.now() + 60_000)
  })
})

/** Adds a user that must give a password. */
function requirePassword(server: PostgresServer, user: string, password: string): void {
  server.sql(`SET password_encryption = 'scram-sha-256'`)
  server.sql(`CREATE ROLE ${user} LOGIN PASSWORD '${password}'`)
  server.addAccessRule(`host all ${user} 127.0.0.1/32 scram-sha-256`)
}
