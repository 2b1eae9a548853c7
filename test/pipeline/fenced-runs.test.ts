/** Two writers over one SQLite file, in forced interleavings: the run whose source was taken counts nothing. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { EvaluatedEvent } from '../../src/model/events/evaluation.ts'
import { CursorClaim } from '../../src/pipeline/cursor-claim.ts'
import { createPipeline, type Pipeline } from '../../src/pipeline/pipeline.ts'
import { openStore } from '../../src/store/open.ts'
import type { Store } from '../../src/store/store.ts'
import { manualClock } from '../support/clock.ts'
import { EVENT_AT, matchedEvent } from '../support/evaluated-events.ts'
import { destination, detection, project, registry } from '../support/model.ts'

const SOURCE = 'file:x'
const content = project([detection()], registry([destination('soc', { severities: ['MEDIUM'] })]))

let root: string
let opened: Store[]
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'signalbox-fence-'))
  opened = []
})
afterEach(async () => {
  for (const store of opened) await store.close()
  rmSync(root, { recursive: true, force: true })
})

interface Writer {
  readonly store: Store
  readonly pipeline: Pipeline
  /** Takes the source, as a run does at its start. */
  run(): Promise<{ claim: CursorClaim; cursor: string | null }>
}

/** @param pause is awaited between the read of a decision and its commit. */
async function writer(pause: () => Promise<void> = async () => {}): Promise<Writer> {
  const store = await openStore('sqlite:store.db', { clock: manualClock(EVENT_AT), projectRoot: root })
  opened.push(store)
  const paused: Store = {
    ...store,
    apply: async (...planned) => {
      await pause()
      return store.apply(...planned)
    },
  }
  const pipeline = createPipeline({ store: paused, project: () => content, onAdmitted: () => {} })
  const run = async () => {
    const held = await store.take(SOURCE)
    return { claim: new CursorClaim(held), cursor: held.cursor }
  }
  return { store, pipeline, run }
}

/** Stops one writer until the test lets it go on. */
function createPause() {
  const reached = Promise.withResolvers<void>()
  const released = Promise.withResolvers<void>()
  let isPaused = true
  return {
    reached: reached.promise,
    release: released.resolve,
    pause: async () => {
      if (!isPaused) return
      isPaused = false
      reached.resolve()
      await released.promise
    },
  }
}

const EVENTS = ['one', 'two', 'three']
const admitFrom = (pipeline: Pipeline, claim: CursorClaim, cursor: string | null, upTo: number) =>
  pipeline.admit({
    queue: SOURCE,
    events: EVENTS.slice(Number(cursor ?? 0), upTo).map((title) => matchedEvent(title)),
    claim,
    cursor: String(upTo),
  })

/** The first run is between its decision and its commit when the second run takes its source. */
async function takenWhilePaused() {
  const { pause, reached, release } = createPause()
  const paused = await writer(pause)
  const other = await writer()
  const first = await paused.run()
  const late = admitFrom(paused.pipeline, first.claim, first.cursor, 2)
  await reached
  return { late, first, other, second: await other.run(), release }
}

/** Both writers admit one event. The late one reads before the other one commits, and commits after it. */
async function admitByBoth(event: () => EvaluatedEvent) {
  const { pause, reached, release } = createPause()
  const paused = await writer(pause)
  const other = await writer()
  const admit = ({ pipeline }: Writer) =>
    pipeline.admit({ queue: 'stdin', events: [event()], claim: null, cursor: null })
  const late = admit(paused)
  await reached
  const early = await admit(other)
  release()
  return { early, late: await late, store: other.store }
}

describe('a writer that pauses between its decision and its commit', () => {
  it('counts nothing and leaves the cursor if another writer took its source and committed', async () => {
    const { late, first, other, second, release } = await takenWhilePaused()
    await admitFrom(other.pipeline, second.claim, second.cursor, 3)
    release()
    await expect(late).rejects.toThrow('another run has taken the source file:x')
    expect(first.claim.isFenced).toBe(true)
    expect(await other.store.cursor(SOURCE)).toBe('3')
    const counted = (await other.store.alerts({ limit: 10 })).map(({ title, events }) => `${title} ${events}`)
    expect(counted.sort()).toEqual(['one 1', 'three 1', 'two 1'])
    expect(await other.store.signals({ limit: 10 })).toHaveLength(3)
  })

  it('counts nothing even if the other writer has only taken the source', async () => {
    const { late, other, second, release } = await takenWhilePaused()
    release()
    await expect(late).rejects.toThrow('another run has taken the source')
    expect(await other.store.signals({ limit: 10 })).toEqual([])
    await admitFrom(other.pipeline, second.claim, second.cursor, 3)
    expect(await other.store.signals({ limit: 10 })).toHaveLength(3)
  })

  it('is fenced for a batch without a cursor, too', async () => {
    const paused = await writer()
    const { claim } = await paused.run()
    await (await writer()).run()
    const batch = { queue: 'stdin', events: [matchedEvent('inside of a container')], claim, cursor: null }
    await expect(paused.pipeline.admit(batch)).rejects.toThrow('another run has taken the source')
    expect(await paused.store.signals({ limit: 10 })).toEqual([])
  })

  it('goes on from the cursor of the other writer when it takes the source again', async () => {
    const one = await writer()
    const other = await writer()
    const first = await one.run()
    await admitFrom(one.pipeline, first.claim, first.cursor, 1)
    const second = await other.run()
    await admitFrom(other.pipeline, second.claim, second.cursor, 2)
    await expect(admitFrom(one.pipeline, first.claim, '1', 3)).rejects.toThrow('another run')
    const again = await one.run()
    expect(again.cursor).toBe('2')
    await admitFrom(one.pipeline, again.claim, again.cursor, 3)
    await expect(admitFrom(other.pipeline, second.claim, '2', 3)).rejects.toThrow('another run')
    expect(await one.store.signals({ limit: 10 })).toHaveLength(3)
  })
})

it('two writers that open the same alert make it once, with the events of both', async () => {
  const { store } = await admitByBoth(() => matchedEvent('same'))
  expect(await store.alerts({ limit: 10 })).toMatchObject([{ title: 'same', events: 2 }])
  expect(await store.deliveries({ limit: 10 })).toHaveLength(1)
})

it('two writers that get the same event with a key count it once', async () => {
  const { early, late, store } = await admitByBoth(() => matchedEvent('T', { dedupId: 'k:1' }))
  expect(early).toMatchObject([{ status: 'accepted' }])
  expect(late).toEqual([{ status: 'duplicate' }])
  expect(await store.alerts({ limit: 10 })).toMatchObject([{ events: 1 }])
})
