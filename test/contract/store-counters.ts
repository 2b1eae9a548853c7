/** The contract of counters that several members change at the same time: every event counts once, whatever is interleaved. */
import { setImmediate as turn } from 'node:timers/promises'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createIntake } from '../../src/daemon/event-intake.ts'
import type { CacheEvent, CacheRequest, DetectionCache } from '../../src/model/events/detection-cache.ts'
import type { EvaluatedEvent } from '../../src/model/events/evaluation.ts'
import type { Envelope } from '../../src/model/events/event.ts'
import { CacheLedgers } from '../../src/pipeline/cache-ledgers.ts'
import { CursorClaim } from '../../src/pipeline/cursor-claim.ts'
import { createPipeline, type Pipeline } from '../../src/pipeline/pipeline.ts'
import type { FramedEvent } from '../../src/sources/_source.ts'
import type { Store } from '../../src/store/store.ts'
import { incrementCounter } from '../support/cache-counter.ts'
import { EVENT_AT, evaluatedEvent, matchedEvent } from '../support/evaluated-events.ts'
import { destination, detection, project, registry } from '../support/model.ts'

const content = project([detection()], registry([destination('soc')]))
const EVENTS_PER_BATCH = 3
/** An event with this key matches, and all of them belong to one alert. */
const MATCHES = 'matches'

/** Opens one more store over the database that the test uses. */
type OpenAnother = () => Promise<Store>

interface Member {
  readonly store: Store
  readonly ledgers: CacheLedgers
  readonly pipeline: Pipeline
  readonly evaluate: (events: readonly Envelope[]) => Promise<readonly EvaluatedEvent[]>
  readonly nextSeq: () => number
}

/** The counts that the latest evaluation of an event got, by key. */
const countsOf = new WeakMap<EvaluatedEvent, ReadonlyMap<string, number>>()

const noPause = async () => {}

interface Pauses {
  /** It is awaited before each evaluation and before each commit. */
  readonly step?: () => Promise<void>
  /** It is awaited before each question of an evaluation. */
  readonly question?: (asked: CacheRequest) => Promise<void>
  /** It is awaited before each reading of cached items. */
  readonly reading?: (keys: readonly string[]) => Promise<void>
  /** It is called for each question. When it rejects, the evaluation waits for the answer no longer. */
  readonly patience?: () => Promise<never>
}

const ENDLESS = new Promise<never>(() => {})

function memberOver(
  store: Store,
  {
    step: pause = noPause,
    question: pauseBefore = noPause,
    reading = noPause,
    patience = () => ENDLESS,
  }: Pauses,
): Member {
  const shared: Store = {
    ...store,
    isShared: true,
    kv: async (keys) => {
      await reading(keys)
      return store.kv(keys)
    },
    apply: async (...planned) => {
      await pause()
      return store.apply(...planned)
    },
  }
  const ledgers = new CacheLedgers(shared, () => EVENT_AT)
  const pipeline = createPipeline({
    store: shared,
    project: () => content,
    cache: ledgers,
    onAdmitted: () => {},
  })
  const cache: DetectionCache = {
    request: async (asked) => {
      await pauseBefore(asked)
      return Promise.race([ledgers.request(asked), patience()])
    },
  }
  const evaluateOne = async (envelope: Envelope): Promise<EvaluatedEvent> => {
    await pause()
    const counts = new Map<string, number>()
    const keys = JSON.parse(envelope.raw) as string[]
    for (const key of keys.filter((each) => each !== MATCHES)) {
      // An error of the cache is one of the detection: the other detections go on.
      await incrementCounter(cache, cacheEvent(envelope), { key, detection: key }).then(
        (count) => counts.set(key, count),
        () => {},
      )
    }
    const { outcome } = keys.includes(MATCHES) ? matchedEvent('same') : evaluatedEvent(null)
    const evaluated = { envelope, outcome }
    countsOf.set(evaluated, counts)
    return evaluated
  }
  let seq = 0
  const evaluate: Member['evaluate'] = (events) => Promise.all(events.map(evaluateOne))
  return { store, ledgers, pipeline, evaluate, nextSeq: () => seq++ }
}

function cacheEvent({ source, seq, run, origin, position, dedupId }: Envelope): CacheEvent {
  return { source, seq, run, name: `${origin} ${dedupId ?? position}`, comesAgain: dedupId !== undefined }
}

/** The partition that a member reads, from the committed cursor to its end, or until another member takes it. */
async function readPartition(
  { store, pipeline, evaluate, nextSeq }: Member,
  name: string,
  events: readonly string[],
  onSettled: (events: readonly EvaluatedEvent[]) => void,
): Promise<void> {
  const held = await store.take(name)
  const intake = createIntake({
    spec: { name, kind: 'log', type: null, timeField: null },
    queue: name,
    keySpace: name,
    claim: new CursorClaim(held),
    pipeline,
    evaluate,
    now: () => EVENT_AT,
    nextSeq,
    writeRejects: async () => {},
    onSettled,
    onKnown: () => {},
  })
  const batches: Promise<unknown>[] = []
  for (let from = Number(held.cursor ?? 0); from < events.length; from += EVENTS_PER_BATCH) {
    const batch = events.slice(from, from + EVENTS_PER_BATCH)
    const framed = batch.map((raw, i): FramedEvent => ({ raw, position: `line ${from + i}`, origin: name }))
    batches.push(intake.emit(framed, { cursor: String(from + batch.length) }))
  }
  await Promise.allSettled(batches)
}

/** @param openDatabase makes a new database, and resolves with what opens a store over it. */
export function counterContract(name: string, openDatabase: () => Promise<OpenAnother>): void {
  describe(`counters of several members over one ${name} store`, () => {
    let opened: Store[]
    let openAnother: OpenAnother
    beforeEach(async () => {
      opened = []
      openAnother = await openDatabase()
    })
    afterEach(async () => {
      for (const store of opened) await store.close()
    })

    async function member(step: Pauses['step'] = noPause, more: Pauses = {}): Promise<Member> {
      const store = await openAnother()
      opened.push(store)
      return memberOver(store, { step, ...more })
    }

    async function countOf(store: Store, key: string): Promise<number> {
      const itemKey = `cache-item:${JSON.stringify(['default', key])}`
      const item = (await store.kv([itemKey])).get(itemKey)
      return item === undefined ? 0 : (JSON.parse(item.value) as { count: number }).count
    }

    /** The counts of an event, and whether they were committed. */
    async function emitOne(
      { pipeline, evaluate, nextSeq }: Member,
      source: string,
      { dedupId, keys = ['k'] }: { dedupId?: string; keys?: readonly string[] } = {},
    ) {
      const settled: EvaluatedEvent[] = []
      const intake = createIntake({
        spec: { name: source, kind: 'log', type: null, timeField: null },
        queue: source,
        keySpace: 'keys',
        claim: null,
        pipeline,
        evaluate,
        now: () => EVENT_AT,
        nextSeq,
        writeRejects: async () => {},
        onSettled: (events) => settled.push(...events),
        onKnown: () => {},
      })
      const event = {
        raw: JSON.stringify(keys),
        position: 'line 1',
        origin: source,
        ...(dedupId && { dedupId }),
      }
      const settlements = await intake.emit([event])
      return { settlements, counts: settled.map((each) => countsOf.get(each)?.get('k')) }
    }

    /** Stops a member before the call with this number, until the test lets it go on. */
    function stopAt(call: number) {
      const reached = Promise.withResolvers<void>()
      const released = Promise.withResolvers<void>()
      let calls = 0
      const pause = async () => {
        if (++calls !== call) return
        reached.resolve()
        await released.promise
      }
      return { pause, reached: reached.promise, release: released.resolve }
    }

    it('an event whose counter another member has changed before its commit is evaluated again', async () => {
      const { pause, reached, release } = stopAt(2)
      const [slow, quick] = [await member(pause), await member()]
      const late = emitOne(slow, 'one')
      await reached
      expect((await emitOne(quick, 'two')).counts).toEqual([1])
      release()
      expect((await late).counts).toEqual([2])
      expect(await countOf(quick.store, 'k')).toBe(2)
    })

    it('two sources of one member meet in the store as two members do', async () => {
      const { pause, reached, release } = stopAt(2)
      const only = await member(pause)
      const late = emitOne(only, 'one')
      await reached
      expect((await emitOne(only, 'two')).counts).toEqual([1])
      release()
      expect((await late).counts).toEqual([2])
    })

    it('an event with a key that two members get at the same time counts once', async () => {
      const { pause, reached, release } = stopAt(2)
      const [slow, quick] = [await member(pause), await member()]
      const late = emitOne(slow, 'http', { dedupId: 'same' })
      await reached
      await emitOne(quick, 'http', { dedupId: 'same' })
      release()
      expect((await late).settlements).toEqual([{ status: 'duplicate' }])
      expect(await countOf(quick.store, 'k')).toBe(1)
    })

    it('a commit that is in conflict for its alert alone is made again with what its events have counted', async () => {
      const { pause, reached, release } = stopAt(2)
      const [slow, quick] = [await member(pause), await member()]
      const late = emitOne(slow, 'one', { keys: ['k', MATCHES] })
      await reached
      await emitOne(quick, 'two', { keys: [MATCHES] })
      release()
      expect((await late).counts).toEqual([1])
      expect(await countOf(quick.store, 'k')).toBe(1)
      expect(await quick.store.alerts({ limit: 10 })).toMatchObject([{ title: 'same', events: 2 }])
    })

    it('an event that has read its counter counts once if another commit of its source is in conflict then', async () => {
      const commits = stopAt(3)
      const asked = Promise.withResolvers<void>()
      const answered = Promise.withResolvers<void>()
      const question = async ({ operation: { kind, key } }: CacheRequest) => {
        if (kind !== 'write' || key !== 'k') return
        asked.resolve()
        await answered.promise
      }
      const [slow, quick] = [await member(commits.pause, { question }), await member()]
      const late = emitOne(slow, 'one', { keys: ['k'] })
      await asked.promise
      const first = emitOne(slow, 'one', { keys: ['hot'] })
      await commits.reached
      await emitOne(quick, 'two', { keys: ['hot'] })
      commits.release()
      await first
      answered.resolve()
      expect((await late).counts).toEqual([1])
      expect(await countOf(quick.store, 'hot')).toBe(2)
      expect(await countOf(quick.store, 'k')).toBe(1)
    })

    const isItem = (keys: readonly string[]) => keys.some((key) => key.startsWith('cache-item:'))

    it('an event whose question the store has refused is evaluated again, and counts once', async () => {
      let refusals = 0
      const reading = async (keys: readonly string[]) => {
        if (isItem(keys) && refusals++ === 0) throw new Error('the store is away')
      }
      const only = await member(noPause, { reading })
      expect((await emitOne(only, 'one')).counts).toEqual([1])
      expect(await countOf(only.store, 'k')).toBe(1)
    })

    it('an event that waits for its answer no longer is evaluated again, and counts once', async () => {
      const back = Promise.withResolvers<void>()
      let questions = 0
      const patience = async () => {
        // The first evaluation ends without an answer, which comes when the second one waits for the same.
        if (questions++ === 0) throw new Error('the cache did not answer')
        back.resolve()
        return ENDLESS
      }
      const reading = (keys: readonly string[]) => (isItem(keys) ? back.promise : noPause())
      const only = await member(noPause, { reading, patience })
      expect((await emitOne(only, 'one')).counts).toEqual([1])
      expect(await countOf(only.store, 'k')).toBe(1)
    })

    it('a batch whose events never get an answer is not committed', async () => {
      const reading = async (keys: readonly string[]) => {
        if (isItem(keys)) throw new Error('the store is away')
      }
      const only = await member(noPause, { reading })
      await expect(emitOne(only, 'one')).rejects.toThrow('does not answer the caching helpers')
      expect(await countOf(only.store, 'k')).toBe(0)
    })

    it('a member that counted before sees what others have added since', async () => {
      const [one, two] = [await member(), await member()]
      expect((await emitOne(one, 'one')).counts).toEqual([1])
      expect((await emitOne(two, 'two')).counts).toEqual([2])
      expect((await emitOne(one, 'one')).counts).toEqual([3])
    })

    const keys = fc.uniqueArray(fc.constantFrom('a', 'b', 'c'), { minLength: 0, maxLength: 2 })
    const partition = fc.array(
      keys.map((each) => JSON.stringify(each)),
      { minLength: 1, maxLength: 12 },
    )
    const run = fc.record({
      partitions: fc.array(partition, { minLength: 1, maxLength: 4 }),
      pauses: fc.array(fc.nat(6), { minLength: 8, maxLength: 40 }),
      /** Which member takes which partition, one after the other while the earlier ones still read. */
      takes: fc.array(fc.record({ member: fc.nat(1), partition: fc.nat(3) }), {
        minLength: 2,
        maxLength: 10,
      }),
    })

    it('each count is given to one event, whatever is interleaved and whichever member takes a partition', async () => {
      await fc.assert(
        fc.asyncProperty(run, async ({ partitions, pauses, takes }) => {
          openAnother = await openDatabase()
          let calls = 0
          const pause = async () => {
            for (let n = pauses[calls++ % pauses.length]!; n > 0; n--) await turn()
          }
          const members = [await member(pause, { question: pause }), await member(pause, { question: pause })]
          const given: [key: string, count: number][] = []
          const onSettled = (events: readonly EvaluatedEvent[]) => {
            for (const event of events) given.push(...countsOf.get(event)!)
          }
          const read = (reader: Member, at: number) =>
            readPartition(reader, `partition ${at}`, partitions[at]!, onSettled)
          const reading = partitions.map((_, at) => read(members[at % 2]!, at))
          for (const take of takes) {
            await pause()
            if (take.partition < partitions.length) reading.push(read(members[take.member]!, take.partition))
          }
          await Promise.all(reading)
          // What a member had under way when its partition was taken comes again.
          for (const at of partitions.keys()) await read(members[at % 2]!, at)
          const all = partitions.flat().flatMap((raw) => JSON.parse(raw) as string[])
          for (const key of ['a', 'b', 'c']) {
            const total = all.filter((each) => each === key).length
            const counts = given.flatMap(([each, count]) => (each === key ? [count] : []))
            expect(counts.sort((x, y) => x - y)).toEqual(Array.from({ length: total }, (_, n) => n + 1))
            expect(await countOf(members[0]!.store, key)).toBe(total)
          }
          for (const store of opened.splice(0)) await store.close()
        }),
        { numRuns: 12 },
      )
    })
  })
}
