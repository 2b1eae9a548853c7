/** The contract of two writers over one database, in forced interleavings: every event counts once. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { sendHeartbeat } from '../../src/daemon/schedules/heartbeat.ts'
import { groupKey } from '../../src/model/alerts/alert.ts'
import type { EvaluatedEvent } from '../../src/model/events/evaluation.ts'
import { CursorClaim } from '../../src/pipeline/cursor-claim.ts'
import { createPipeline, type Pipeline } from '../../src/pipeline/pipeline.ts'
import type { Store } from '../../src/store/store.ts'
import { manualClock } from '../support/clock.ts'
import { EVENT_AT, matchedEvent } from '../support/evaluated-events.ts'
import { destination, detection, project, registry } from '../support/model.ts'
import { expecting, plan, signal } from '../support/store-rows.ts'

const SOURCE = 'file:x'
const content = project([detection()], registry([destination('soc', { severities: ['MEDIUM'] })]))

/** Opens one more store over the database that the test uses. */
type OpenAnother = () => Promise<Store>

interface Writer {
  readonly store: Store
  readonly pipeline: Pipeline
  /** Takes the source, as a run does at its start. */
  run(): Promise<{ claim: CursorClaim; cursor: string | null }>
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

/** @param pause is awaited between the read of a decision and its commit. */
function writerOver(store: Store, pause: () => Promise<void>): Writer {
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

const EVENTS = ['one', 'two', 'three']
const admitFrom = (pipeline: Pipeline, claim: CursorClaim, cursor: string | null, upTo: number) =>
  pipeline.admit({
    queue: SOURCE,
    events: EVENTS.slice(Number(cursor ?? 0), upTo).map((title) => matchedEvent(title)),
    claim,
    cursor: String(upTo),
  })

/** @param openDatabase makes a new database, and resolves with what opens a store over it. */
export function interleavingContract(name: string, openDatabase: () => Promise<OpenAnother>): void {
  describe(`two writers over one ${name} store`, () => {
    let openAnother: OpenAnother
    let opened: Store[]
    beforeEach(async () => {
      openAnother = await openDatabase()
      opened = []
    })
    afterEach(async () => {
      for (const store of opened) await store.close()
    })

    async function writer(pause: () => Promise<void> = async () => {}): Promise<Writer> {
      const store = await openAnother()
      opened.push(store)
      return writerOver(store, pause)
    }

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

    /** Opens the alert with the title T. */
    async function admitFirst(): Promise<void> {
      const { pipeline } = await writer()
      await pipeline.admit({ queue: 'stdin', events: [matchedEvent('T')], claim: null, cursor: null })
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
        const counted = (await other.store.alerts({ limit: 10 })).map(
          ({ title, events }) => `${title} ${events}`,
        )
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

    it('two writers that get the same event with a key count it once in an alert that is open', async () => {
      await admitFirst()
      const { early, late, store } = await admitByBoth(() => matchedEvent('T', { dedupId: 'k:1' }))
      expect(early).toMatchObject([{ status: 'accepted' }])
      expect(late).toEqual([{ status: 'duplicate' }])
      expect(await store.alerts({ limit: 10 })).toMatchObject([{ events: 2 }])
    })

    it('an event that was decided while its alert was open counts in it after another writer has ended the window', async () => {
      const { pause, reached, release } = createPause()
      const other = await writer()
      const admit = ({ pipeline }: Writer) =>
        pipeline.admit({ queue: 'stdin', events: [matchedEvent('T')], claim: null, cursor: null })
      await admit(other)
      const late = admit(await writer(pause))
      await reached
      const key = groupKey('Test.Rule', 'RULE', 'T')
      const stored = (await other.store.read({ groups: [key], limiters: [], seen: [] })).groups.get(key)!
      const ended = plan({ groups: [{ ...stored.value, alertId: null, alertAt: null, count: 0 }] })
      expect(await other.store.commit(ended, expecting({ [key]: stored.version }))).toBe('ok')
      release()
      await late
      expect(await other.store.alerts({ limit: 10 })).toMatchObject([{ events: 2 }])
    })

    it('two writers that reach one slot of the heartbeat send it once', async () => {
      const { pause, reached, release } = createPause()
      const paused = await writer(pause)
      const other = await writer()
      const heartbeat = { cron: '0 * * * *', destinations: ['soc'] }
      const send = ({ pipeline }: Writer) =>
        sendHeartbeat(heartbeat, new Date(EVENT_AT), {
          clock: manualClock(EVENT_AT),
          admit: (findings) => pipeline.admitSystem(findings),
        })
      const late = send(paused)
      await reached
      await send(other)
      release()
      await late
      expect(await other.store.alerts({ limit: 10 })).toMatchObject([{ kind: 'HEARTBEAT', events: 1 }])
      expect(await other.store.deliveries({ limit: 10 })).toHaveLength(1)
    })

    it('a reader of signals from horizon to horizon sees each once, whatever two writers commit meanwhile', async () => {
      const [one, two, reader] = [await writer(), await writer(), await writer()]
      const total = 60
      const write = async ({ store }: Writer, name: string) => {
        for (let n = 0; n < total / 2; n++) {
          const signals = [signal(`${name} ${n}`)]
          // Commits that begin together end in any order.
          await Promise.all([store.commit(plan({ signals }), expecting()), store.take(SOURCE)])
        }
      }
      const seen: string[] = []
      const read = async () => {
        for (let after = await reader.store.signalHorizon(); seen.length < total; ) {
          const upTo = await reader.store.signalHorizon()
          const found = await reader.store.signals({ after, upTo, limit: 7 })
          seen.push(...found.map(({ rowId }) => rowId))
          after = found.length < 7 ? upTo : found.at(-1)!.position
          await new Promise((resolve) => setImmediate(resolve))
        }
      }
      await Promise.all([read(), write(one, 'one'), write(two, 'two')])
      expect(new Set(seen).size).toBe(total)
      expect(seen).toHaveLength(total)
    })
  })
}
