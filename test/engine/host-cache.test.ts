/**
 * The caching helpers over the daemon's ledger are exact across workers and kills and bounded, and waiting does not
 * count as time of the detection.
 */
import { setTimeout } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createEngine } from '../../src/engine/engine.ts'
import type { DetectionCache } from '../../src/model/events/detection-cache.ts'
import type { Engine, EvaluatedEvent } from '../../src/model/events/evaluation.ts'
import { nullLog } from '../../src/model/ports.ts'
import { CacheLedger } from '../../src/pipeline/cache-ledger.ts'
import { openStore } from '../../src/store/open.ts'
import { manualClock } from '../support/clock.ts'
import {
  type EngineProject,
  engineProject,
  envelope,
  findingsOf,
  rule,
  warmEngine,
} from '../support/engine-project.ts'

/** The clock stands still, so no item expires. */
const clock = manualClock()

const COUNTS = `
from panther_detection_helpers.caching import increment_counter
def rule(event): return True
def title(event): return str(increment_counter("k"))
`
const KILLS = 'import os\ndef rule(event): return event.get("kill") and os._exit(0)'

async function evaluated(
  given: EngineProject,
  events: readonly unknown[],
): Promise<readonly EvaluatedEvent[]> {
  const store = await openStore('memory:', { clock, projectRoot: '.' })
  const engine = await createEngine({
    project: engineProject(given),
    purpose: 'run',
    workers: 2,
    prewarmed: warmEngine(),
    cache: new CacheLedger(store, () => clock.now()),
    log: nullLog,
  })
  try {
    return await engine.evaluate(events.map((raw, seq) => envelope(raw, { seq, position: `line ${seq}` })))
  } finally {
    await engine.close()
    await store.close()
  }
}

const titles = (events: readonly EvaluatedEvent[], id: string) =>
  events.map((event) => Number(findingsOf(event)[id]?.title?.output))
const upTo = (most: number) => Array.from({ length: most }, (_, at) => at + 1)
const ascending = (numbers: number[]) => numbers.toSorted((a, b) => a - b)

describe('a counter', () => {
  it('a counter is exact over two workers', async () => {
    const events = await evaluated({ detections: [rule('counts', COUNTS)] }, Array(200).fill({}))
    expect(ascending(titles(events, 'counts'))).toEqual(upTo(200))
  })

  it('a counter is exact although workers are killed and their batches run again', async () => {
    const given = Array.from({ length: 60 }, (_, at) => ({ kill: at === 20 || at === 50 }))
    const detections = [rule('counts', COUNTS), rule('kills', KILLS)]
    const events = await evaluated({ detections, settings: { limits: { quarantineAfter: 99 } } }, given)
    expect(ascending(titles(events, 'counts'))).toEqual(upTo(60))
    expect(events.flatMap((event, at) => (findingsOf(event).kills ? [at] : []))).toEqual([20, 50])
  })

  it('[SEC-6.4] each trust group has its own counter', async () => {
    const trust = [{ group: 'vendor', match: { ids: ['theirs'] } }]
    const detections = [rule('ours', COUNTS), rule('theirs', COUNTS)]
    const events = await evaluated({ detections, settings: { trust } }, [{}, {}, {}])
    expect(ascending(titles(events, 'ours'))).toEqual([1, 2, 3])
    expect(ascending(titles(events, 'theirs'))).toEqual([1, 2, 3])
  })
})

describe('an answer', () => {
  const LATE_MS = 1_500
  const wasAsked = Promise.withResolvers<void>()
  /** Each entry is a cache response for the rule of its name, which has its own log type. */
  const answers: Record<string, DetectionCache['request']> = {
    late: ({ operation }) =>
      operation.kind === 'read' ? setTimeout(LATE_MS, '[{},"v"]') : Promise.resolve('true'),
    failing: () => Promise.reject(new Error('the disk is full')),
    missing: () => {
      wasAsked.resolve()
      return new Promise(() => {})
    },
  }
  const ready: DetectionCache['request'] = async () => 'true'
  let engine: Engine
  beforeAll(async () => {
    const detections = Object.keys(answers).map((name) => rule(name, COUNTS, { logTypes: [name] }))
    const early = rule('early', `${COUNTS}increment_counter("k")\n`)
    engine = await createEngine({
      project: engineProject({
        detections: [...detections, early],
        settings: { limits: { timeMs: 1_000 } },
      }),
      purpose: 'run',
      workers: 1,
      prewarmed: warmEngine(),
      cache: { request: (question) => (answers[question.detection] ?? ready)(question) },
      log: nullLog,
    })
  })
  afterAll(() => engine.close())

  it('a cache request of a body that is being loaded is refused, although the item exists', () => {
    expect(engine.problems).toMatchObject([{ id: 'early', error: { type: 'CacheError' } }])
  })

  it('the time of waiting for a cache response does not count for the detection', async () => {
    const [event] = await engine.evaluate([envelope({}, { type: 'late' })])
    expect(findingsOf(event!).late!.title).toEqual({ output: '1' })
  })

  it('a failed cache request is an error of the function that made it', async () => {
    const [event] = await engine.evaluate([envelope({}, { type: 'failing' })])
    expect(findingsOf(event!).failing!.title!.error).toMatchObject({
      type: 'CacheError',
      message: 'the disk is full',
    })
  })

  it('the engine closes although a cache response never comes', async () => {
    const underWay = engine.evaluate([envelope({}, { type: 'missing' })])
    await wasAsked.promise
    await Promise.all([expect(underWay).rejects.toThrow('closed'), engine.close()])
  })
})

/** Each entry is a rule by its name, with its own log type. */
const REFUSED: readonly [name: string, code: string, message: string][] = [
  ['with a key that is no text', 'get_counter(5)', 'a cache key must be text'],
  ['with an endless key', 'get_counter("k" * 1025)', 'a cache key must be text'],
  ['with an endless item', 'put_string_set("k", ["x" * 300_000])', 'a cache item holds at most'],
  ['of megabytes', 'put_string_set("k", ["x" * 2_000_000])', 'File too large'],
  [
    'of more in all than a batch may hold',
    'for n in range(400): put_string_set(f"k{n}", ["x" * 250_000])',
    'of this batch of events are too large',
  ],
  ['too many', 'any(get_counter("unused") for _ in range(2_000))', 'more than 1000 cache requests'],
  [
    'that is forged',
    'os.write(FILE, b"{}"); raise ValueError(os.read(FILE, 100).decode())',
    'invalid cache request',
  ],
  ['of another kind', 'host_cache._request("drop", "k")', 'invalid cache request'],
  ['with an item that is none', 'host_cache._request("write", "k", "[]", "v")', 'invalid cache item'],
]

function refused([name, code]: (typeof REFUSED)[number]) {
  const source = `
import os
from panther_detection_helpers.caching import *
from signalbox_driver import host_cache
FILE = host_cache._DESCRIPTOR
def rule(event):
    ${code.replaceAll('; ', '\n    ')}
    return False
`
  return rule(name, source, { logTypes: [name] })
}

describe('[SEC-2.3] a question', () => {
  const counts = rule('counts', COUNTS, { logTypes: ['counts'] })
  let engine: Engine
  beforeAll(async () => {
    const store = await openStore('memory:', { clock, projectRoot: '.' })
    const project = engineProject({ detections: [...REFUSED.map(refused), counts] })
    const cache = new CacheLedger(store, () => clock.now())
    engine = await createEngine({
      project,
      purpose: 'run',
      workers: 1,
      prewarmed: warmEngine(),
      cache,
      log: nullLog,
    })
  })
  afterAll(() => engine.close())

  it.each(REFUSED)('%s is refused, and the next one is answered', async (name, _, message) => {
    const [asks, after] = await engine.evaluate([
      envelope({}, { type: name }),
      envelope({}, { type: 'counts' }),
    ])
    expect(findingsOf(asks!)[name]!.detection!.error?.message).toContain(message)
    expect(findingsOf(after!).counts!.title!.output).toMatch(/^[0-9]+$/)
  })
})
