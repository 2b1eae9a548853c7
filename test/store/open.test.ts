/** Opening a store: valid URLs, and the errors of unusable files and disks. */
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { UserError } from '../../src/errors.ts'
import { migrate } from '../../src/store/migrate.ts'
import { openStore } from '../../src/store/open.ts'
import { openSqlite } from '../../src/store/sqlite/sqlite-driver.ts'
import { createSqliteStore } from '../../src/store/sqlite/sqlite-store.ts'
import type { Store } from '../../src/store/store.ts'
import { manualClock } from '../support/clock.ts'
import { alert, audit, commitCursor, expecting, plan, signal, subscription } from '../support/store-rows.ts'

const MIGRATIONS = new URL('../../src/store/migrations/', import.meta.url)

const clock = manualClock()
let root: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'signalbox-open-'))
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

const open = (url: string, readOnly = false) => openStore(url, { clock, projectRoot: root, readOnly })

/** A file that SQLite can open, prepared by hand. */
function database(name: string, sql: string): void {
  const file = new DatabaseSync(join(root, name))
  file.exec(sql)
  file.close()
}

function overwritePage(name: string, table: string): void {
  const file = new DatabaseSync(join(root, name))
  const { page } = file.prepare('SELECT rootpage AS page FROM sqlite_schema WHERE name = ?').get(table)!
  const { size } = file.prepare('SELECT page_size AS size FROM pragma_page_size').get()!
  file.close()
  const handle = openSync(join(root, name), 'r+')
  writeSync(handle, Buffer.alloc(Number(size), 0xff), 0, Number(size), (Number(page) - 1) * Number(size))
  closeSync(handle)
}

describe('openStore', () => {
  it('creates the folder for its owner only, and has the location of the store', async () => {
    const store = await open('sqlite:.signalbox/signalbox.db')
    expect(store.location).toBe(`sqlite:${join(root, '.signalbox', 'signalbox.db')}`)
    expect(statSync(join(root, '.signalbox')).mode & 0o077).toBe(0)
    await store.close()
  })

  it('uses an absolute path as it is', async () => {
    const path = join(root, 'elsewhere', 'store.db')
    const store = await openStore(`sqlite:${path}`, { clock, projectRoot: '/nowhere' })
    expect(store.location).toBe(`sqlite:${path}`)
    await store.close()
  })

  it.each([
    ['mariadb://user:hunter2@db/signalbox', /unknown store scheme "mariadb:"/],
    ['mysql://user:hunter2@db', /unknown store scheme "mysql:"/],
    ['signalbox.db', /unknown store "signalbox.db"/],
    ['sqlite:', /names no file/],
  ])('refuses %s with a hint and without its password', async (url, message) => {
    const error = await refusal(open(url))
    expect(error.message).toMatch(message)
    expect(error.hint).toContain('sqlite:PATH')
    expect(`${error.message} ${error.hint}`).not.toContain('hunter2')
  })

  it.each<[string, () => void, RegExp]>([
    ['no database', () => writeFileSync(join(root, 's.db'), 'x'.repeat(4096)), /not an SQLite database/],
    ['a folder', () => mkdirSync(join(root, 's.db')), /cannot be opened/],
    ['another program’s', () => database('s.db', 'CREATE TABLE theirs (a)'), /another program/],
  ])('refuses a file that is %s, and leaves it as it is', async (_, prepare, message) => {
    prepare()
    const error = await refusal(open('sqlite:s.db'))
    expect(error.message).toMatch(message)
    expect(error.hint).toBeTruthy()
  })

  it('refuses a path below a regular file', async () => {
    writeFileSync(join(root, 'file'), '')
    expect((await refusal(open('sqlite:file/sub/s.db'))).message).toMatch(
      /cannot be created or opened: ENOTDIR/,
    )
  })

  it('reports a file of 0 bytes, but not a missing one', async () => {
    const reported: string[] = []
    const openReporting = () =>
      openStore('sqlite:s.db', {
        clock,
        projectRoot: root,
        onEmptyFile: (location) => reported.push(location),
      })
    await (await openReporting()).close()
    await (await openReporting()).close()
    expect(reported).toEqual([])
    truncateSync(join(root, 's.db'))
    await (await openReporting()).close()
    expect(reported).toEqual([`sqlite:${join(root, 's.db')}`])
  })

  it('refuses the schema of a newer Signalbox', async () => {
    await (await open('sqlite:s.db')).close()
    database('s.db', 'PRAGMA user_version = 999')
    const error = await refusal(open('sqlite:s.db'))
    expect(error.message).toMatch(/newer Signalbox \(schema 999\)/)
  })

  it('creates no store if `create` is false', async () => {
    const present = () => openStore('sqlite:sub/s.db', { clock, projectRoot: root, create: false })
    expect((await refusal(present())).message).toMatch(/store not found/)
    expect(existsSync(join(root, 'sub'))).toBe(false)
    await (await open('sqlite:sub/s.db')).close()
    await (await present()).close()
  })

  it('migrates a store of the first schema with its content', async () => {
    const first = readFileSync(new URL('0001-initial.sql', MIGRATIONS), 'utf8')
    database(
      'old.db',
      `${first}; PRAGMA user_version = 1; PRAGMA application_id = ${0x53494742};
      INSERT INTO signal (detection, at, row_id, log_type, context, recorded_at)
        VALUES ('Test.Rule', 5, 'r1', 'L', '{}', ${clock.now()})`,
    )
    const store = await open('sqlite:old.db')
    expect(await store.signals({ limit: 5 })).toMatchObject([
      { rowId: 'r1', at: 5, happenedAt: 5, fields: '{}' },
    ])
    expect(await store.signalHorizon()).toBe((await store.signals({ limit: 5 }))[0]?.position)
    await store.close()
  })

  it('migrates the cursors of the second schema, which belong to no run', async () => {
    const sql = ['0001-initial.sql', '0002-signal-fields.sql'].map((name) =>
      readFileSync(new URL(name, MIGRATIONS), 'utf8'),
    )
    database(
      'old.db',
      `${sql.join(';')}; PRAGMA user_version = 2; PRAGMA application_id = ${0x53494742};
       INSERT INTO source_cursor (source, cursor) VALUES ('file:a', '{"at":1}')`,
    )
    const store = await open('sqlite:old.db')
    await store.join({ name: 'test', hostId: 'h' })
    const held = await store.take('file:h:a')
    expect(held).toMatchObject({ source: 'file:h:a', cursor: '{"at":1}', version: 2 })
    const moved = plan({ cursors: [{ source: 'file:h:a', cursor: '{"at":2}' }] })
    expect(await store.commit(moved, expecting({}, {}, [{ ...held, owner: '', version: 1 }]))).toBe('fenced')
    expect(await store.commit(moved, expecting({}, {}, [held]))).toBe('ok')
    await store.close()
  })

  it('migrates the cursors of correlation rules to positions', async () => {
    const sql = ['0001-initial.sql', '0002-signal-fields.sql'].map((name) =>
      readFileSync(new URL(name, MIGRATIONS), 'utf8'),
    )
    const rows = [1, 2].map(
      (id) => `INSERT INTO signal (id, detection, at, happened_at, row_id, log_type, fields, recorded_at)
        VALUES (${id}, 'A', 5, 5, 'r${id}', 'L', '{}', ${clock.now()})`,
    )
    database(
      'old.db',
      `${[...sql, ...rows].join(';')}; PRAGMA user_version = 2; PRAGMA application_id = ${0x53494742};
       INSERT INTO source_cursor (source, cursor) VALUES ('correlation:AB', '{"after":1,"at":7}')`,
    )
    const store = await open('sqlite:old.db')
    const { after, at } = JSON.parse((await store.cursor('correlation:AB'))!) as { after: string; at: number }
    expect(at).toBe(7)
    expect(await store.signals({ after, limit: 5 })).toMatchObject([{ rowId: 'r2' }])
    await store.close()
  })

  describe('a store of the third schema with deliveries in each state', () => {
    const STATES = ['pending', 'sending', 'delivered', 'waiting', 'dead', 'orphaned']
    const make = () => {
      const files = ['0001-initial.sql', '0002-signal-fields.sql', '0003-cursor-owners.sql']
      const alertRow = (id: string, severity: string) => `
        INSERT INTO alert (id, group_key, detection, kind, severity, title, dedup, created_at, reference, route, notification)
          VALUES ('${id}', 'g', 'Test.Rule', 'RULE', '${severity}', 't', 'd', 7, '', '{}', '{}');
        INSERT INTO alert_progress (alert_id, events, last_event_at, log_types) VALUES ('${id}', 2, 7, '[]');`
      const rows = STATES.map((state, i) => {
        const lease = state === 'sending' ? `'token', ${clock.now() - 1}` : 'NULL, NULL'
        return `
          INSERT INTO delivery (id, kind, destination_key, destination, state, due, lease_token, lease_until, attempts,
              created_at, paused_ms, reason, message)
            VALUES ('${state}', 'single', 'soc', 'soc', '${state}', ${i}, ${lease}, 1, 7, 3, 'why', 'last');
          INSERT INTO delivery_item (delivery_id, alert_id) VALUES ('${state}', 'a1');
          INSERT INTO attempt (delivery_id, n, at, status, ms, outcome, message)
            VALUES ('${state}', 1, 7, 200, 5, 'delivered', 'ok');`
      })
      const schema = files.map((name) => readFileSync(new URL(name, MIGRATIONS), 'utf8'))
      const marks = `PRAGMA user_version = 3; PRAGMA application_id = ${0x53494742};`
      database(
        'old.db',
        [...schema, marks, alertRow('a1', 'HIGH'), alertRow('a2', 'INFO'), ...rows].join('\n'),
      )
    }
    const read = async (store: Store) => ({
      alerts: await store.alerts({ limit: 5 }),
      audit: await store.audit({ limit: 5 }),
      deliveries: await store.deliveries({ limit: 9 }),
      attempts: await Promise.all(STATES.map((state) => store.attempts(state))),
    })

    it('is read without a change, and migrated to the same content', async () => {
      make()
      const reader = await open('sqlite:old.db', true)
      const before = await read(reader)
      await reader.close()
      expect(before.deliveries.map(({ id, state, alertIds }) => [id, state, alertIds])).toEqual(
        STATES.map((state) => [state, state, ['a1']]).toReversed(),
      )
      expect(before.alerts.map(({ id, status }) => [id, status.status, status.reason])).toEqual([
        ['a2', 'resolved', 'info'],
        ['a1', 'open', null],
      ])
      expect(before.audit.map(({ verb, after }) => [verb, after])).toEqual([
        ['created', 'open'],
        ['created', 'resolved: info'],
      ])
      expect(before.attempts.every((attempts) => attempts.length === 1)).toBe(true)
      const store = await open('sqlite:old.db')
      expect(await read(store)).toEqual(before)
      await store.close()
    })

    it('sends what was waiting, and updates what was delivered', async () => {
      make()
      const store = await open('sqlite:old.db')
      const claimed = await store.claim({ destinationKeys: ['soc'], limit: 9, leaseMs: 1000 })
      expect(claimed.map(({ delivery: { id } }) => id)).toEqual(['pending', 'sending', 'waiting'])
      await store.reconcile({ knownKeys: ['soc'], renames: [], subscriptions: [subscription('soc')] })
      await store.commit(plan({ audits: [audit('acknowledged')] }), expecting())
      const updates = await store.deliveries({ kind: 'update', limit: 9 })
      expect(Object.fromEntries(updates.map(({ updateOf, state }) => [updateOf, state]))).toEqual({
        pending: 'queued',
        sending: 'queued',
        delivered: 'pending',
        waiting: 'queued',
        dead: 'withdrawn',
        orphaned: 'queued',
      })
      await store.close()
    })
  })

  it('a migration that leaves rows without the row that they refer to is undone', async () => {
    const first = readFileSync(new URL('0001-initial.sql', MIGRATIONS), 'utf8')
    database(
      'old.db',
      `PRAGMA foreign_keys = OFF; ${first}; PRAGMA user_version = 1; PRAGMA application_id = ${0x53494742};
       INSERT INTO delivery_item (delivery_id, alert_id) VALUES ('none', 'none')`,
    )
    await expect(open('sqlite:old.db')).rejects.toThrow(/without the row/)
    const file = new DatabaseSync(join(root, 'old.db'), { readOnly: true })
    expect(file.prepare('PRAGMA user_version').get()).toEqual({ user_version: 1 })
    file.close()
  })

  it('a store of every earlier schema can be read', async () => {
    const migrations = readdirSync(MIGRATIONS)
      .sort()
      .map((file) => readFileSync(new URL(file, MIGRATIONS), 'utf8'))
    for (let version = 1; version < migrations.length; version++) {
      const pragmas = `PRAGMA user_version = ${version}; PRAGMA application_id = ${0x53494742}`
      database(`v${version}.db`, [...migrations.slice(0, version), pragmas].join(';\n'))
      const store = await open(`sqlite:v${version}.db`, true)
      const rows = await Promise.all([
        store.partitions(),
        store.alerts({ limit: 5 }),
        store.audit({ limit: 5 }),
        store.deliveries({ limit: 5 }),
      ])
      expect([version, ...rows]).toEqual([version, [], [], [], []])
      await store.close()
    }
  })

  describe('a store of the first schema', () => {
    const FIRST = () => readFileSync(new URL('0001-initial.sql', MIGRATIONS), 'utf8')
    const make = () =>
      database('old.db', `${FIRST()}; PRAGMA user_version = 1; PRAGMA application_id = ${0x53494742}`)
    const state = () => {
      const file = new DatabaseSync(join(root, 'old.db'), { readOnly: true })
      const pragma = (name: string) => Object.values(file.prepare(`PRAGMA ${name}`).get()!)[0]
      const found = [pragma('user_version'), pragma('journal_mode'), readdirSync(root).sort()]
      file.close()
      return found
    }

    it('is read as it is', async () => {
      make()
      const before = state()
      const store = await open('sqlite:old.db', true)
      expect(await store.alerts({ limit: 5 })).toEqual([])
      expect(await store.deliveries({ limit: 5 })).toEqual([])
      expect((await store.destinationState('soc')).version).toBe(0)
      expect(await store.partitions()).toEqual([])
      await store.close()
      expect(state()).toEqual(before)
    })

    it('is not migrated while a daemon holds it', async () => {
      make()
      const hold = new DatabaseSync(join(root, 'old.db-hold'))
      hold.exec('BEGIN EXCLUSIVE')
      const before = state()
      const error = await refusal(open('sqlite:old.db'))
      expect(error.message).toMatch(/older schema and is held by another process/)
      expect(state()).toEqual(before)
      hold.close()
      await (await open('sqlite:old.db')).close()
      expect(state()[0]).toBe(readdirSync(MIGRATIONS).length)
    })
  })

  it('the partitions of a daemon that was killed are free for the next one', async () => {
    const claim = (store: Store, member: string) =>
      store.claimPartitions({ sources: ['nats:EVENTS#>'], limit: 1, leaseMs: 3_600_000, member })
    const killed = await open('sqlite:s.db')
    await claim(killed, 'killed')
    // What a killed process leaves: the lock is free, and the leases are in the file.
    await killed.close()
    const next = await open('sqlite:s.db')
    expect(await claim(next, 'next')).toEqual([])
    await next.join({ name: 'next', hostId: 'h' })
    expect(await claim(next, 'next')).toHaveLength(1)
    await next.close()
  })

  it('creates no files if it only reads, whether or not a daemon has the store open', async () => {
    const daemon = await open('sqlite:s.db')
    await daemon.commit(plan({ alerts: [alert('a1')] }), expecting())
    const read = async () => {
      const before = readdirSync(root).sort()
      const reader = await open('sqlite:s.db', true)
      expect((await reader.alerts({ limit: 5 })).length).toBe(1)
      await reader.close()
      expect(readdirSync(root).sort()).toEqual(before)
      return before
    }
    expect(await read()).toContain('s.db-wal')
    await daemon.close()
    expect(await read()).not.toContain('s.db-wal')
  })

  it("leaves another program's database in its journal mode", async () => {
    database('s.db', 'CREATE TABLE theirs (a)')
    await refusal(open('sqlite:s.db'))
    const file = new DatabaseSync(join(root, 's.db'), { readOnly: true })
    expect(file.prepare('PRAGMA journal_mode').get()).toEqual({ journal_mode: 'delete' })
    file.close()
  })

  it('reads only an existing store in a schema that it knows', async () => {
    expect((await refusal(open('sqlite:s.db', true))).message).toMatch(/store not found/)
    writeFileSync(join(root, 's.db'), '')
    expect((await refusal(open('sqlite:s.db', true))).message).toMatch(/older schema/)
  })

  it('reports a damaged store when it reads the damaged part', async () => {
    const store = await open('sqlite:s.db')
    const alerts = Array.from({ length: 200 }, (_, i) => alert(`a${i}`))
    await store.commit(plan({ alerts }), expecting())
    await store.close()
    overwritePage('s.db', 'alert')
    const damaged = await open('sqlite:s.db')
    expect((await refusal(damaged.alert('a1'))).message).toMatch(/is damaged/)
    await damaged.close()
  })
})

describe('a full disk', () => {
  it('fails the commits that it affects, keeps the others, and later commits succeed when there is space', async () => {
    const location = `sqlite:${join(root, 's.db')}`
    const driver = openSqlite(join(root, 's.db'), { location, readOnly: false })
    migrate(driver, location, (work) => work())
    const options = { clock, location, path: null, readOnly: false, signalsKeptMs: 1e9 }
    const store = createSqliteStore(driver, options)
    const write = (n: number, fields: string) =>
      commitCursor(store, `s${n}`, String(n), { signals: [signal(`r${n}`, { fields })] })
    await write(1, '{}')
    driver.exec('PRAGMA max_page_count = 1')
    const big = JSON.stringify('x'.repeat(1_000_000))
    const results = await Promise.allSettled([write(2, big), write(3, big)])
    expect(results.map((result) => result.status === 'rejected' && String(result.reason))).toEqual(
      Array(2).fill(`UserError: the store ${location} cannot grow: the disk is full`),
    )
    expect(await Promise.all(['s1', 's2', 's3'].map((source) => store.cursor(source)))).toEqual([
      '1',
      null,
      null,
    ])
    expect((await store.signals({ limit: 9 })).length).toBe(1)
    driver.exec('PRAGMA max_page_count = 1000000')
    expect(await write(4, big)).toBe('ok')
    expect((await store.signals({ limit: 9 })).map((row) => row.rowId)).toEqual(['r1', 'r4'])
    await store.close()
  })
})

async function refusal(opening: Promise<unknown>): Promise<UserError> {
  const error = await opening.then(
    () => 'it opened',
    (thrown: unknown) => thrown,
  )
  expect(error).toBeInstanceOf(UserError)
  return error as UserError
}
