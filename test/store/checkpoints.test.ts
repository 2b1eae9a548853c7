/** Checkpoints run on a thread while others write, and the write-ahead log begins again at its start. */
import { closeSync, mkdtempSync, openSync, readSync, rmSync, statSync, truncateSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setImmediate } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { DeferredSyncs, Driver } from '../../src/store/driver.ts'
import { createGroupCommit } from '../../src/store/group-commit.ts'
import { migrate } from '../../src/store/migrate.ts'
import { openSqlite } from '../../src/store/sqlite/sqlite-driver.ts'
import { createSqliteStore } from '../../src/store/sqlite/sqlite-store.ts'
import type { Store } from '../../src/store/store.ts'
import { manualClock } from '../support/clock.ts'
import { expecting, plan, signal } from '../support/store-rows.ts'
import { until } from '../support/until.ts'

const CHECKPOINT_PAGES = 40

let root: string
let path: string
let store: Store
let losses: string[]

/** @param onPages is called after each write with the number of pages in the log, before a checkpoint can start. */
function open(onPages: (pages: number) => void = () => {}): Store {
  const location = `sqlite:${path}`
  const driver = openSqlite(path, { location, readOnly: false })
  migrate(driver, location, (work) => work())
  const onLost = (reason: string) => losses.push(reason)
  const observed = ({ sync, journalPages }: DeferredSyncs): DeferredSyncs => ({
    sync,
    journalPages: () => {
      const pages = journalPages()
      onPages(pages)
      return pages
    },
  })
  return createSqliteStore(
    { ...driver, deferSyncs: () => observed(driver.deferSyncs()!) },
    {
      clock: manualClock(),
      location,
      path,
      readOnly: false,
      signalsKeptMs: 1e9,
      checkpointPages: CHECKPOINT_PAGES,
      onLost,
    },
  )
}

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'signalbox-checkpoints-'))
  path = join(root, 'store.db')
  losses = []
  store = open()
})
afterEach(async () => {
  await store.close()
  rmSync(root, { recursive: true, force: true })
})

const FIELDS = JSON.stringify({ text: 'x'.repeat(5_000) })
let rows = 0

async function commitRow(): Promise<void> {
  const row = { ...signal(`row ${rows++}`), fields: FIELDS }
  expect(await store.commit(plan({ signals: [row] }), expecting())).toBe('ok')
}

/** The number in the header of the log that SQLite raises whenever the log begins again. */
function logNumber(): number {
  const header = Buffer.alloc(16)
  const file = openSync(`${path}-wal`, 'r')
  readSync(file, header, 0, header.length, 0)
  closeSync(file)
  return header.readUInt32BE(12)
}

async function commitUntil(condition: () => boolean): Promise<void> {
  while (!condition()) await commitRow()
}

describe('the write-ahead log', () => {
  it('the log begins again while writes go on, and loses none of them', async () => {
    const first = rows
    await commitRow()
    const begun = logNumber()
    await commitUntil(() => logNumber() >= begun + 3)
    const committed = rows - first
    expect(await store.signals({ limit: committed + 1 })).toHaveLength(committed)
    await store.close()
    store = open()
    expect(await store.signals({ limit: committed + 1 })).toHaveLength(committed)
    expect(losses).toEqual([])
  })

  it('the log grows while another process reads an old state, and begins again after that', async () => {
    await commitRow()
    const begun = logNumber()
    const reader = new DatabaseSync(path, { readOnly: true })
    reader.exec('BEGIN')
    reader.prepare('SELECT count(*) FROM signal').get()
    await commitUntil(() => statSync(`${path}-wal`).size > 4 * CHECKPOINT_PAGES * 4096)
    expect(logNumber()).toBe(begun)
    reader.close()
    await commitUntil(() => logNumber() > begun)
    expect(losses).toEqual([])
  })

  it('a store that is closed during a checkpoint has everything', async () => {
    const first = rows
    await commitUntil(() => rows - first > CHECKPOINT_PAGES)
    await store.close()
    store = open()
    const committed = rows - first
    expect(await store.signals({ limit: committed + 1 })).toHaveLength(committed)
  })
})

it('an error of the disk during a checkpoint means that the store is lost: nothing is committed any more', async () => {
  await store.close()
  let isShort = false
  // The thread cannot read what the index of the log says is there.
  store = open((pages) => {
    if (isShort || pages < CHECKPOINT_PAGES) return
    isShort = true
    truncateSync(`${path}-wal`, 4096)
  })
  while (!isShort) await commitRow()
  await until(() => losses.length > 0)
  expect(losses).toEqual([expect.stringContaining(`the store sqlite:${path} was lost`)])
  await expect(commitRow()).rejects.toThrow('was lost')
  await expect(store.check()).rejects.toThrow('was lost')
})

describe('a group commit that is held', () => {
  const written: string[] = []
  const driver = { transaction: <T>(work: () => T) => work(), inTransaction: () => true } as Driver
  const write = (text: string) => () => written.push(text)

  it('nothing is written while a task holds the writes, and everything after it, also at the end', async () => {
    const writes = createGroupCommit(driver)
    const task = Promise.withResolvers<void>()
    const held = writes.hold(() => task.promise)
    const one = writes.write(write('one'))
    let hasEnded = false
    const ended = writes.end().then(() => {
      hasEnded = true
    })
    for (let turn = 0; turn < 5; turn++) await setImmediate()
    expect(written).toEqual([])
    expect(hasEnded).toBe(false)
    task.resolve()
    await Promise.all([held, one, ended])
    expect(written).toEqual(['one'])
  })
})
