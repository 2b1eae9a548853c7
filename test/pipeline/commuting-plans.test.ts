/** Several pipelines over one store, in any interleaving: the sums are those of one pipeline. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ALERTS_PER_HOUR } from '../../src/alerts/limiter.ts'
import { groupKey } from '../../src/model/alerts/alert.ts'
import type { EvaluatedEvent } from '../../src/model/events/evaluation.ts'
import type { Detection } from '../../src/model/project/detection.ts'
import { createPipeline } from '../../src/pipeline/pipeline.ts'
import { openStore } from '../../src/store/open.ts'
import type { CommitAnswer, Store } from '../../src/store/store.ts'
import { manualClock } from '../support/clock.ts'
import { EVENT_AT, evaluatedEvent, matchedEvent } from '../support/evaluated-events.ts'
import { destination, detection, project, registry } from '../support/model.ts'
import { describeWithPostgres } from '../support/postgres.ts'
import { expecting, plan } from '../support/store-rows.ts'

const declared = registry([destination('soc', { severities: ['MEDIUM', 'HIGH'] })])
const DETECTIONS = [
  detection({ id: 'Once' }),
  detection({ id: 'Third', threshold: 3 }),
  detection({ id: 'Distinct', threshold: 2 }),
]

const openMemory = () => openStore('memory:', { clock: manualClock(EVENT_AT), projectRoot: '.' })

function pipelineOver(store: Store, detections: readonly Detection[] = DETECTIONS) {
  const content = project([...detections], declared)
  return createPipeline({ store, project: () => content, onAdmitted: () => {} })
}

const batch = (events: readonly EvaluatedEvent[]) => ({ queue: 'stdin', events, claim: null, cursor: null })

/** Lets another writer commit between the read of the next decision and its commit, and counts the commits. */
function interrupted(store: Store, other: () => Promise<unknown>) {
  const answers: CommitAnswer[] = []
  const apply: Store['apply'] = async (...args) => {
    if (answers.length === 0) await other()
    const applied = await store.apply(...args)
    answers.push(applied.answer)
    return applied
  }
  return { answers, store: { ...store, apply } }
}

describe('a decision beside another writer', () => {
  it('is committed at the first try if both only add to an open alert', async () => {
    const store = await openMemory()
    const pipeline = pipelineOver(store, [detection()])
    await pipeline.admit(batch([matchedEvent('T')]))
    const key = groupKey('Test.Rule', 'RULE', 'T')
    const readGroup = async () =>
      (await store.read({ groups: [key], limiters: [], seen: [] })).groups.get(key)
    const before = await readGroup()
    const { answers, store: slow } = interrupted(store, () => pipeline.admit(batch([matchedEvent('T')])))
    await pipelineOver(slow, [detection()]).admit(batch([matchedEvent('T'), matchedEvent('T')]))
    expect(answers).toEqual(['ok'])
    expect(await store.alerts({ limit: 5 })).toMatchObject([{ events: 4 }])
    expect(await readGroup()).toEqual(before)
    await store.close()
  })

  it('is committed at the first try if both match with a muted detection, and writes no limiter', async () => {
    const store = await openMemory()
    const muted = {
      detection: 'Test.Rule',
      hourStartedAt: EVENT_AT,
      created: ALERTS_PER_HOUR,
      mutedAt: EVENT_AT,
    }
    await store.commit(plan({ limiters: [muted] }), expecting({}, { 'Test.Rule': 0 }))
    const pipeline = pipelineOver(store, [detection()])
    await pipeline.admit(batch([matchedEvent('T')]))
    const { answers, store: slow } = interrupted(store, () => pipeline.admit(batch([matchedEvent('T')])))
    await pipelineOver(slow, [detection()]).admit(batch([matchedEvent('T'), matchedEvent('T')]))
    expect(answers).toEqual(['ok'])
    const key = groupKey('Test.Rule', 'RULE', 'T')
    const state = await store.read({ groups: [key], limiters: ['Test.Rule'], seen: [] })
    expect(state.groups.get(key)?.value).toMatchObject({ count: 4, alertId: null })
    expect(state.limiters.get('Test.Rule')?.version).toBe(1)
    // After the unmuting, the alert has all of them.
    const expected = expecting({}, { 'Test.Rule': 1 })
    await store.commit(plan({ limiters: [{ ...muted, created: 0, mutedAt: null }] }), expected)
    await pipeline.admit(batch([matchedEvent('T')]))
    expect(await store.alerts({ limit: 5 })).toMatchObject([{ events: 5 }])
    await store.close()
  })

  it('is made again if the alert was opened meanwhile', async () => {
    const store = await openMemory()
    const { answers, store: slow } = interrupted(store, () =>
      pipelineOver(store, [detection()]).admit(batch([matchedEvent('T')])),
    )
    await pipelineOver(slow, [detection()]).admit(batch([matchedEvent('T')]))
    expect(answers).toEqual(['conflict', 'ok'])
    expect(await store.alerts({ limit: 5 })).toMatchObject([{ events: 2 }])
    await store.close()
  })
})

interface Match {
  readonly detection: string
  readonly title: string
  readonly severity: 'MEDIUM' | 'HIGH'
  readonly unique: string
}

const match: fc.Arbitrary<Match> = fc.record({
  detection: fc.constantFrom('Once', 'Third', 'Distinct'),
  title: fc.constantFrom('a', 'b'),
  severity: fc.constantFrom('MEDIUM', 'HIGH'),
  unique: fc.constantFrom('x', 'y', 'z'),
})
const batches = fc.array(fc.array(match, { minLength: 1, maxLength: 4 }), { maxLength: 6 })

function toEvent({ detection: id, title, severity, unique }: Match): EvaluatedEvent {
  return evaluatedEvent(
    {
      detection: { output: true },
      title: { output: title },
      severity: { output: severity },
      ...(id === 'Distinct' && { unique: { output: unique } }),
    },
    { detection: id },
  )
}

/** What does not depend on the order: the alerts of each key with their sums, and what waits for a threshold. */
async function sumsOf(store: Store, matches: readonly Match[]) {
  const names = [...new Set(matches.map((each) => `${each.detection} ${each.title}`))].sort()
  const alerts = await store.alerts({ limit: 1000 })
  const sums = names.map(async (name) => {
    const [id = '', title = ''] = name.split(' ')
    const own = alerts.filter((alert) => alert.detection === id && alert.dedup === title)
    const key = groupKey(id, 'RULE', title)
    const group = (await store.read({ groups: [key], limiters: [], seen: [] })).groups.get(key)!.value
    const waiting = group.alertId === null ? group.count : 0
    const merged = own.reduce((sum, { events }) => sum + events, 0)
    return { name, alerts: own.length, events: merged + waiting, waiting }
  })
  const { limiters } = await store.read({ groups: [], limiters: DETECTIONS.map(({ id }) => id), seen: [] })
  return {
    sums: await Promise.all(sums),
    limited: [...limiters.values()].map(({ value }) => `${value.detection} ${value.created}`).sort(),
    system: alerts.filter(({ kind }) => kind === 'SYSTEM_ERROR').map(({ dedup, events }) => [dedup, events]),
    deliveries: (await store.deliveries({ limit: 1000 })).length,
    signals: (await store.signals({ limit: 1000 })).length,
  }
}

/** Each read and each commit begins when the scheduler decides. */
function scheduledBy(scheduler: fc.Scheduler, store: Store): Store {
  const read: Store['read'] = scheduler.scheduleFunction((keys) => store.read(keys))
  const apply: Store['apply'] = scheduler.scheduleFunction((...args) => store.apply(...args))
  return { ...store, read, apply }
}

interface SharedStore {
  readonly store: Store
  /** Adds some of the deltas that the store keeps apart to their alerts. */
  readonly fold: () => Promise<void>
}

function itGivesTheSumsOfOneWriter(open: () => Promise<SharedStore>, numRuns: number): void {
  it('two writers in any interleaving give the sums of one writer', async () => {
    await fc.assert(
      fc.asyncProperty(batches, batches, fc.scheduler(), async (one, two, scheduler) => {
        const { store, fold } = await open()
        const scheduled = scheduledBy(scheduler, store)
        const admitted = [one, two].flatMap((each) => {
          const pipeline = pipelineOver(scheduled)
          return each.map((matches) => pipeline.admit(batch(matches.map(toEvent))))
        })
        const folded = scheduler.scheduleFunction(fold)
        await scheduler.waitFor(Promise.all([...admitted, folded(), folded()]))
        const sequential = await openMemory()
        const pipeline = pipelineOver(sequential)
        for (const matches of [...one, ...two]) await pipeline.admit(batch(matches.map(toEvent)))
        const all = [...one, ...two].flat()
        const expected = await sumsOf(sequential, all)
        expect(await sumsOf(store, all)).toEqual(expected)
        await fold()
        expect(await sumsOf(store, all)).toEqual(expected)
        await store.close()
        await sequential.close()
      }),
      { numRuns },
    )
  })
}

itGivesTheSumsOfOneWriter(async () => ({ store: await openMemory(), fold: async () => {} }), 60)

describeWithPostgres('in PostgreSQL', (server) => {
  itGivesTheSumsOfOneWriter(async () => {
    const url = server().url()
    const schema = new URL(url).searchParams.get('schema')
    const store = await openStore(url, { clock: manualClock(EVENT_AT), projectRoot: '.' })
    return {
      store,
      fold: async () => void server().sql(`SET search_path = ${schema}; SELECT fold_deltas(2)`),
    }
  }, 12)
})

it('two writers that reach the limit count every match once and mute the detection once', async () => {
  const titles = fc.array(fc.array(fc.constantFrom('a', 'b', 'c'), { minLength: 1, maxLength: 3 }), {
    maxLength: 5,
  })
  await fc.assert(
    fc.asyncProperty(titles, titles, fc.scheduler(), async (one, two, scheduler) => {
      const store = await openMemory()
      const limiter = {
        detection: 'Once',
        hourStartedAt: EVENT_AT,
        created: ALERTS_PER_HOUR - 1,
        mutedAt: null,
      }
      await store.commit(plan({ limiters: [limiter] }), expecting({}, { Once: 0 }))
      const scheduled = scheduledBy(scheduler, store)
      const admitted = [one, two].flatMap((each) => {
        const pipeline = pipelineOver(scheduled)
        return each.map((some) =>
          pipeline.admit(batch(some.map((title) => matchedEvent(title, { detection: 'Once' })))),
        )
      })
      await scheduler.waitFor(Promise.all(admitted))
      const all = [...one, ...two].flat().map((title) => ({ detection: 'Once', title }) as Match)
      const { sums, system, signals } = await sumsOf(store, all)
      expect(sums.reduce((sum, { events }) => sum + events, 0)).toBe(all.length)
      expect(signals).toBe(all.length)
      // At least one alert is allowed, and the others at most by as many as two plans create at once.
      const created = sums.reduce((sum, { alerts }) => sum + alerts, 0)
      expect(system).toEqual(created < sums.length ? [['Once', 1]] : [])
      await store.close()
    }),
    { numRuns: 40 },
  )
})
