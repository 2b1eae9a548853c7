/** An SQLite store keeps its content across restarts and kills, and one daemon at a time holds it. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { UserError } from '../../src/errors.ts'
import { type OpenStoreOptions, openStore } from '../../src/store/open.ts'
import type { Store } from '../../src/store/store.ts'
import { manualClock } from '../support/clock.ts'
import {
  alert,
  commitCursor,
  delivery,
  expecting,
  group,
  plan,
  signal,
  T0,
  waiting,
} from '../support/store-rows.ts'

const URL = 'sqlite:var/store.db'
const WRITER = join(import.meta.dirname, '..', 'support', 'store-writer.ts')

let root: string
let clock: ReturnType<typeof manualClock>
const opened: Store[] = []
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'signalbox-durability-'))
  clock = manualClock()
})
afterEach(async () => {
  await Promise.all(opened.splice(0).map((store) => store.close()))
  rmSync(root, { recursive: true, force: true })
})

async function open(options: Partial<OpenStoreOptions> = {}): Promise<Store> {
  const store = await openStore(URL, { clock, projectRoot: root, ...options })
  opened.push(store)
  return store
}

describe('a store whose files are moved while it is open', () => {
  const file = (suffix = '') => join(root, 'var', `store.db${suffix}`)
  const commit = (store: Store, cursor: string) => commitCursor(store, 's', cursor)

  it.each<[string, () => void, RegExp]>([
    ['is removed', () => rmSync(file()), /store\.db was removed/],
    [
      'is removed with its journal',
      () => {
        for (const each of ['', '-wal', '-shm']) rmSync(file(each))
      },
      /store\.db was removed/,
    ],
    ['is moved away', () => renameSync(file(), file('.old')), /store\.db was removed/],
    [
      'is replaced',
      () => {
        copyFileSync(file(), file('.copy'))
        renameSync(file('.copy'), file())
      },
      /store\.db was replaced/,
    ],
    ['loses its journal', () => rmSync(file('-wal')), /store\.db-wal was removed/],
    ["loses the daemon's lock", () => rmSync(file('-hold')), /store\.db-hold was removed/],
    [
      'loses its folder',
      () => renameSync(join(root, 'var'), join(root, 'elsewhere')),
      /store\.db was removed/,
    ],
    [
      'has a file in place of its folder',
      () => {
        renameSync(join(root, 'var'), join(root, 'elsewhere'))
        writeFileSync(join(root, 'var'), '')
      },
      /store\.db was removed/,
    ],
  ])('a store refuses every write once it %s, and reports that once', async (_title, move, reason) => {
    const losses: string[] = []
    const store = await open({ onLost: (each) => losses.push(each) })
    await store.join({ name: 'test', hostId: 'h' })
    expect(await commit(store, '1')).toBe('ok')
    move()
    await expect(commit(store, '2')).rejects.toThrow(reason)
    await expect(commit(store, '3')).rejects.toThrow(reason)
    await expect(store.check()).rejects.toThrow(reason)
    expect(losses).toEqual([expect.stringMatching(reason)])
    expect(await store.cursor('s')).toBe('1')
  })

  it('a store is not lost while its path cannot be examined', async () => {
    const losses: string[] = []
    const store = await open({ onLost: (each) => losses.push(each) })
    expect(await commit(store, '1')).toBe('ok')
    renameSync(join(root, 'var'), join(root, 'elsewhere'))
    symlinkSync('var', join(root, 'var'))
    await expect(commit(store, '2')).rejects.toThrow(/cannot be examined: ELOOP/)
    rmSync(join(root, 'var'))
    renameSync(join(root, 'elsewhere'), join(root, 'var'))
    expect(await commit(store, '3')).toBe('ok')
    expect(losses).toEqual([])
  })

  it('a store is not lost if other processes open, close or copy it', async () => {
    const losses: string[] = []
    const store = await open({ onLost: (each) => losses.push(each) })
    await commit(store, '1')
    const other = await openStore(URL, { clock, projectRoot: root })
    await commit(other, '2')
    await other.close()
    copyFileSync(file(), file('.copy'))
    expect(await commit(store, '3')).toBe('ok')
    expect(losses).toEqual([])
  })
})

describe('a store on disk', () => {
  it('a store on disk has all of its content after it was closed and opened again', async () => {
    const before = await open()
    await before.commit(
      plan({
        groups: [group('g1')],
        alerts: [alert('a1')],
        deliveries: [delivery('d1'), delivery('d2')],
        signals: [signal('r1')],
      }),
      expecting({ g1: 0 }),
    )
    await commitCursor(before, 's', '7')
    const [claimed] = await before.claim({ destinationKeys: ['soc'], limit: 1, leaseMs: 1000 })
    await before.recordOutcome('d1', claimed!.leaseToken, waiting(T0 + 50))
    await before.close()

    const after = await open()
    expect((await after.read({ groups: ['g1'], limiters: [], seen: [] })).groups.get('g1')).toEqual({
      value: group('g1'),
      version: 1,
    })
    expect(await after.alert('a1')).toEqual(alert('a1'))
    expect(await after.cursor('s')).toBe('7')
    expect(await after.attempts('d1')).toHaveLength(1)
    expect(await after.countDeliveries()).toMatchObject({ waiting: 1, pending: 1 })
  })

  it('a store on disk can be read beside its writer, and a reader cannot write', async () => {
    const writer = await open()
    const reader = await open({ readOnly: true })
    await writer.commit(plan({ alerts: [alert('a1')] }), expecting())
    expect((await reader.alerts({ limit: 5 })).map(({ id }) => id)).toEqual(['a1'])
    await expect(reader.take('s')).rejects.toThrow(/read-only/)
    expect((await writer.take('s')).source).toBe('s')
  })

  it('accepts short writes beside the daemon that holds it', async () => {
    const daemon = await open()
    await daemon.join({ name: 'signalbox run', hostId: 'h' })
    const command = await open()
    await daemon.commit(plan({ alerts: [alert('a1')], deliveries: [delivery('d1')] }), expecting())
    await command.reconcile({ knownKeys: [], renames: [] })
    expect(await daemon.countDeliveries()).toMatchObject({ orphaned: 1 })
  })

  it('a store on disk deletes expired rows', async () => {
    const store = await open({ signalsKeptMs: 10_000, monotonic: () => clock.now() })
    const kv = [{ key: 'k', value: '1', expiresAt: T0 + 5 }]
    const old = plan({ seen: [{ id: 'x', until: T0 + 5 }], kv, signals: [signal('old')] })
    await store.commit(old, expecting())
    clock.advance(100_000)
    await store.commit(plan({ signals: [signal('new')] }), expecting())
    expect((await store.signals({ limit: 10 })).map((row) => [row.id, row.rowId])).toEqual([[2, 'new']])
    const file = new DatabaseSync(join(root, 'var/store.db'), { readOnly: true })
    expect(
      file.prepare('SELECT (SELECT count(*) FROM seen) AS seen, (SELECT count(*) FROM kv) AS kv').get(),
    ).toEqual({ seen: 0, kv: 0 })
    file.close()
  })
})

it('a finished partition is kept for 15 days', async () => {
  const store = await open({ monotonic: () => clock.now() })
  const claim = { sources: ['s3:b/k@1'], limit: 1, leaseMs: 10_000, member: 'm' }
  const commit = () => store.commit(plan({ signals: [signal(String(clock.now()))] }), expecting())
  const [held] = await store.claimPartitions(claim)
  await store.commit(plan({ cursors: [{ source: held!.source, cursor: 'end' }] }), expecting({}, {}, [held!]))
  await commitCursor(store, 'file:a', '1')
  await store.finishPartitions([held!])
  const day = 24 * 3_600_000
  for (let days = 0; days < 15; days++) {
    expect(await store.cursor('s3:b/k@1')).toBe('end')
    clock.advance(day)
    await commit()
  }
  expect(await store.cursor('s3:b/k@1')).toBeNull()
  expect(await store.cursor('file:a')).toBe('1')
})

describe('a store whose clock is ahead', () => {
  const YEAR_MS = 365 * 24 * 3_600_000
  const signals = async (store: Store) => (await store.signals({ limit: 10 })).map(({ rowId }) => rowId)
  const commit = (store: Store, row: string) => store.commit(plan({ signals: [signal(row)] }), expecting())

  it('a store whose clock is ahead deletes nothing until the clock had no step for an hour', async () => {
    const before = await open({ monotonic: () => clock.now() })
    await commit(before, 'old')
    await before.close()
    const monotonic = manualClock()
    clock.advance(YEAR_MS)
    const ahead = await open({ monotonic: () => monotonic.now() })
    await commit(ahead, 'ahead')
    expect(await signals(ahead)).toEqual(['old', 'ahead'])
    clock.advance(3_600_000)
    monotonic.advance(3_600_000)
    await commit(ahead, 'an hour later')
    expect(await signals(ahead)).toEqual(['ahead', 'an hour later'])
  })
})

describe('the instance lock of a store', () => {
  it('the instance lock is held by one daemon, and the error of a second one names the holder', async () => {
    const first = await open()
    await first.join({ name: 'signalbox run', hostId: 'h' })
    await first.join({ name: 'signalbox run', hostId: 'h' })
    const second = await open()
    const error = await second.join({ name: 'signalbox run', hostId: 'h' }).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(UserError)
    expect(String(error)).toContain(`signalbox run, process ${process.pid} on `)
    expect(String(error)).toContain('since 2026-01-01T00:00:00.000Z')
    await first.close()
    await second.join({ name: 'another', hostId: 'h' })
  })

  it('claims of a daemon that ended are due immediately for the next one', async () => {
    const dead = await open()
    await dead.commit(plan({ alerts: [alert('a1')], deliveries: [delivery('d1')] }), expecting())
    await dead.claim({ destinationKeys: ['soc'], limit: 1, leaseMs: 60_000 })
    await dead.close()
    const next = await open()
    const claim = () => next.claim({ destinationKeys: ['soc'], limit: 1, leaseMs: 60_000 })
    expect(await claim()).toEqual([])
    await next.join({ name: 'signalbox run', hostId: 'h' })
    expect(await claim()).toHaveLength(1)
  })

  it('a store in memory needs no instance lock', async () => {
    for (const _ of [1, 2]) {
      const store = await openStore('memory:', { clock, projectRoot: root })
      opened.push(store)
      await store.join({ name: 'signalbox run', hostId: 'h' })
    }
  })
})

describe('kill -9', () => {
  it('loses no acknowledged commit and releases the lock', async () => {
    const acknowledged: number[] = []
    for (const commits of [1, 20, 60, 7, 150]) {
      const child = spawn(process.execPath, [WRITER, URL, root], { stdio: ['ignore', 'pipe', 'inherit'] })
      const numbers = await killAfter(child, commits)
      acknowledged.push(...numbers)
    }
    const store = await open()
    await store.join({ name: 'the survivor', hostId: 'h' })
    const last = Number(await store.cursor('writer'))
    const kept = (await store.signals({ limit: 10_000 })).map((row) => Number(row.rowId))
    expect(kept).toEqual(Array.from({ length: last }, (_, i) => i + 1))
    expect(acknowledged.length).toBeGreaterThanOrEqual(238)
    expect(acknowledged.filter((n) => !kept.includes(n))).toEqual([])
  })

  it('kill -9 leaves the lock of another process, and the error names its holder', async () => {
    const child = spawn(process.execPath, [WRITER, URL, root], { stdio: ['ignore', 'pipe', 'inherit'] })
    await once(child.stdout!, 'data')
    const store = await open({ readOnly: true })
    await expect(store.join({ name: 'signalbox run', hostId: 'h' })).rejects.toThrow(
      `store-writer, process ${child.pid} on`,
    )
    await killAfter(child, 1)
  })
})

/** Returns the numbers that a writer acknowledged before its end. It is killed when there are so many. */
async function killAfter(child: ChildProcess, commits: number): Promise<number[]> {
  let output = ''
  child.stdout!.setEncoding('utf8').on('data', (text: string) => {
    output += text
    if (output.split('\n').length > commits) child.kill('SIGKILL')
  })
  const [, signalName] = await once(child, 'close')
  expect(signalName).toBe('SIGKILL')
  return output.split('\n').slice(0, -1).map(Number)
}

describe('the cursors of files in a store of one host', () => {
  it('are those of the host of the present daemon, whatever its id was before', async () => {
    const paths = ['/a', 'C:/b', ':c', 'd']
    for (const [n, hostId] of ['one', 'two', 'one'].entries()) {
      const store = await open()
      await store.join({ name: 'test', hostId })
      for (const path of paths) {
        const held = await store.take(`file:${hostId}:${path}`)
        expect(held.cursor).toBe(n === 0 ? null : `${path} ${n - 1}`)
        const cursors = [{ source: held.source, cursor: `${path} ${n}` }]
        expect(await store.commit(plan({ cursors }), expecting({}, {}, [held]))).toBe('ok')
      }
      await store.take('files')
      await store.close()
    }
  })
})
