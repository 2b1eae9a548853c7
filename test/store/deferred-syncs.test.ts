/** Commits do not wait for the disk on the event loop, and no caller is answered before the disk has its commit. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { UserError } from '../../src/errors.ts'
import { CursorClaim } from '../../src/pipeline/cursor-claim.ts'
import { createPipeline } from '../../src/pipeline/pipeline.ts'
import type { DeferredSyncs } from '../../src/store/driver.ts'
import { migrate } from '../../src/store/migrate.ts'
import { openSqlite } from '../../src/store/sqlite/sqlite-driver.ts'
import { createSqliteStore } from '../../src/store/sqlite/sqlite-store.ts'
import type { Store } from '../../src/store/store.ts'
import { manualClock } from '../support/clock.ts'
import { EVENT_AT, matchedEvent } from '../support/evaluated-events.ts'
import { destination, detection, project, registry } from '../support/model.ts'
import { alert, delivery, expecting, plan, signal } from '../support/store-rows.ts'
import { until } from '../support/until.ts'

let root: string
let store: Store
let losses: string[]
/** The syncs under way, each ended by the test. */
let syncs: PromiseWithResolvers<void>[]
let isHeld: boolean

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'signalbox-syncs-'))
  losses = []
  syncs = []
  isHeld = true
  const path = join(root, 'store.db')
  const location = `sqlite:${path}`
  const driver = openSqlite(path, { location, readOnly: false })
  migrate(driver, location, (work) => work())
  const heldSyncs = ({ sync, journalPages }: DeferredSyncs): DeferredSyncs => ({
    sync: async () => {
      const held = Promise.withResolvers<void>()
      if (!isHeld) held.resolve()
      syncs.push(held)
      await held.promise
      await sync()
    },
    journalPages,
  })
  store = createSqliteStore(
    { ...driver, deferSyncs: () => heldSyncs(driver.deferSyncs()!) },
    {
      clock: manualClock(EVENT_AT),
      location,
      path,
      readOnly: false,
      signalsKeptMs: 1e9,
      onLost: (reason) => losses.push(reason),
    },
  )
})
afterEach(async () => {
  isHeld = false
  for (const { resolve } of syncs) resolve()
  await store.close()
  rmSync(root, { recursive: true, force: true })
})

/** Whether a promise has settled by now. */
function watch(promise: Promise<unknown>) {
  const state = { isSettled: false }
  const settle = () => {
    state.isSettled = true
  }
  promise.then(settle, settle)
  return state
}
const turn = async () => {
  for (let n = 0; n < 5; n++) await setImmediate()
}
const commit = (row: string) => store.commit(plan({ signals: [signal(row)] }), expecting())
const rows = async () => (await store.signals({ limit: 10 })).map(({ rowId }) => rowId)

describe('a commit', () => {
  it('can be read at once, and is answered when it is on disk', async () => {
    const first = watch(commit('one'))
    await until(() => syncs.length === 1)
    expect(await rows()).toEqual(['one'])
    await turn()
    expect(first.isSettled).toBe(false)
    syncs[0]!.resolve()
    await until(() => first.isSettled)
  })

  it('waits for a sync that began after it, which it shares with all that came during the one before', async () => {
    const first = watch(commit('one'))
    await until(() => syncs.length === 1)
    const later = [watch(commit('two')), watch(commit('three'))]
    await turn()
    later.push(watch(commit('four')))
    await turn()
    expect(await rows()).toEqual(['one', 'two', 'three', 'four'])
    expect(syncs).toHaveLength(1)
    syncs[0]!.resolve()
    await until(() => first.isSettled && syncs.length === 2)
    await turn()
    expect(later.map(({ isSettled }) => isSettled)).toEqual([false, false, false])
    syncs[1]!.resolve()
    await until(() => later.every(({ isSettled }) => isSettled))
    expect(syncs).toHaveLength(2)
  })

  it('the answer of `apply` comes before the commit is on disk', async () => {
    const { answer, durable } = await store.apply(plan({ signals: [signal('one')] }), expecting())
    expect(answer).toBe('ok')
    const states = [watch(durable), watch(store.durable())]
    await turn()
    expect(states.map(({ isSettled }) => isSettled)).toEqual([false, false])
    syncs[0]!.resolve()
    await until(() => states.every(({ isSettled }) => isSettled))
  })
})

it('a delivery is not claimed before its alert is on disk, and the claim needs no sync of its own', async () => {
  const made = store.commit(
    plan({ alerts: [alert('a1')], deliveries: [delivery('d1', { due: 0 })] }),
    expecting(),
  )
  await until(() => syncs.length === 1)
  const claiming = store.claim({ destinationKeys: ['soc'], limit: 1, leaseMs: 1000 })
  const claimed = watch(claiming)
  await turn()
  expect(claimed.isSettled).toBe(false)
  syncs[0]!.resolve()
  await made
  expect(await claiming).toHaveLength(1)
  expect(syncs).toHaveLength(1)
})

it('closing waits until everything is on disk', async () => {
  const last = watch(commit('one'))
  const closed = watch(store.close())
  await until(() => syncs.length === 1)
  await turn()
  expect([last.isSettled, closed.isSettled]).toEqual([false, false])
  syncs[0]!.resolve()
  await until(() => last.isSettled && closed.isSettled)
})

it('no commit is acknowledged after a failed sync', async () => {
  const results = Promise.allSettled([commit('one')])
  await until(() => syncs.length === 1)
  const later = Promise.allSettled([commit('two')])
  await turn()
  syncs[0]!.reject(new Error('EIO'))
  for (const result of [...(await results), ...(await later)]) {
    expect(result.status).toBe('rejected')
    expect((result as PromiseRejectedResult).reason).toBeInstanceOf(UserError)
  }
  await expect(commit('three')).rejects.toThrow('the disk failed to sync its journal')
  await expect(store.check()).rejects.toThrow('the disk failed to sync its journal')
  expect(losses).toEqual([expect.stringContaining('the disk failed to sync its journal')])
})

describe('the pipeline', () => {
  const admitted: string[] = []
  const content = project([detection()], registry([destination('soc', { severities: ['MEDIUM'] })]))
  const open = () =>
    createPipeline({
      store,
      project: () => content,
      onAdmitted: (results) => admitted.push(...results.map(({ action }) => action)),
    })

  it('commits the batches of a source in order without waiting for the disk, and acknowledges none before', async () => {
    isHeld = false
    const claim = new CursorClaim(await store.take('file:x'))
    isHeld = true
    const pipeline = open()
    const batches = ['1', '2', '3'].map((cursor) =>
      watch(pipeline.admit({ queue: 'file:x', events: [matchedEvent('T')], claim, cursor })),
    )
    await until(async () => (await store.cursor('file:x')) === '3')
    await turn()
    expect(batches.map(({ isSettled }) => isSettled)).toEqual([false, false, false])
    expect(admitted).toEqual([])
    const isDone = () => batches.every(({ isSettled }) => isSettled)
    await until(() => {
      for (const { resolve } of syncs) resolve()
      return isDone()
    })
    expect(admitted).toEqual(['created', 'merged', 'merged'])
    expect(syncs.length).toBeLessThan(3)
    expect(await store.alerts({ limit: 5 })).toMatchObject([{ events: 3 }])
  })

  it('reports an event as known when its first commit is on disk', async () => {
    const pipeline = open()
    const event = matchedEvent('T', { dedupId: 'k:1' })
    const first = pipeline.admit({ queue: 'http', events: [event], claim: null, cursor: null })
    await until(() => syncs.length === 1)
    const asked = pipeline.areKnown([event.envelope])
    const known = watch(asked)
    await turn()
    expect(known.isSettled).toBe(false)
    syncs[0]!.resolve()
    await first
    expect(await asked).toEqual([true])
  })
})
