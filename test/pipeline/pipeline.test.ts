import { afterEach, describe, expect, it } from 'vitest'
import { ALERTS_PER_HOUR } from '../../src/alerts/limiter.ts'
import type { FunctionResults } from '../../src/model/alerts/finding.ts'
import type { EvaluatedEvent } from '../../src/model/events/evaluation.ts'
import type { Detection } from '../../src/model/project/detection.ts'
import type { Project } from '../../src/model/project/project.ts'
import { CacheLedgers } from '../../src/pipeline/cache-ledgers.ts'
import { CursorClaim } from '../../src/pipeline/cursor-claim.ts'
import { createPipeline } from '../../src/pipeline/pipeline.ts'
import type { AdmitResult } from '../../src/pipeline/planner.ts'
import { openStore } from '../../src/store/open.ts'
import type { Store } from '../../src/store/store.ts'
import { incrementCounter } from '../support/cache-counter.ts'
import { manualClock } from '../support/clock.ts'
import { evaluatedEvent as event } from '../support/evaluated-events.ts'
import { destination, detection, failure, project, registry } from '../support/model.ts'

const T0 = 1_700_000_000_000
const open: Store[] = []
afterEach(async () => {
  for (const store of open.splice(0)) await store.close()
})

const soc = registry(
  [destination('soc', { severities: ['MEDIUM'] }), destination('pager'), destination('inbox')],
  {
    fallback: ['inbox'],
  },
)

async function fixture(detections: Detection[] = [detection()], declared = soc) {
  const clock = manualClock(T0)
  const store = await openStore('memory:', { clock, projectRoot: '.' })
  open.push(store)
  const admitted: AdmitResult[] = []
  const present = { project: project(detections, declared) as Project }
  const pipeline = createPipeline({
    store,
    project: () => present.project,
    onAdmitted: (results) => admitted.push(...results),
  })
  const deliveries = async () =>
    (await store.deliveries({ limit: 1000 })).map((row) => `${row.destination} ${row.reason}`).sort()
  return { clock, store, pipeline, admitted, present, deliveries }
}

const batch = (events: EvaluatedEvent[]) => ({ queue: 'stdin', events, claim: null, cursor: null })
const hit = (title: string, more: FunctionResults = {}): FunctionResults => ({
  detection: { output: true },
  title: { output: title },
  ...more,
})
const actionsOf = (admitted: readonly AdmitResult[]) => admitted.map((each) => each.action)

describe('a match in the pipeline', () => {
  it('becomes an alert with its deliveries, a signal and the cursor, in one commit', async () => {
    const { store, pipeline, admitted, deliveries } = await fixture()
    const settled = await pipeline.admit({
      queue: 'file:x',
      events: [event(hit('T'))],
      claim: new CursorClaim(await store.take('file:x')),
      cursor: '42',
    })
    expect(settled).toEqual([{ status: 'accepted', matches: 1 }])
    expect(actionsOf(admitted)).toEqual(['created'])
    expect(await deliveries()).toEqual(['soc static-severity'])
    expect(await store.cursor('file:x')).toBe('42')
    const [alert] = await store.alerts({ limit: 10 })
    expect(await store.signals({ limit: 10 })).toMatchObject([{ detection: 'Test.Rule', alertId: alert?.id }])
    expect(alert).toMatchObject({
      title: 'T',
      events: 1,
      route: { level: 'static-severity', destinations: ['soc'] },
    })
  })

  it('merges into the alert that a later event has made, if its batch had to wait for minutes', async () => {
    const { clock, store, pipeline, admitted } = await fixture()
    const at = (minutes: number) => event(hit('T'), { at: T0 + minutes * 60_000 })
    // Two partitions received an event each; the store was away, and the second one commits first.
    clock.advance(10 * 60_000)
    await pipeline.admit({ ...batch([at(10)]), queue: 'second' })
    await pipeline.admit({ ...batch([at(0)]), queue: 'first' })
    expect(actionsOf(admitted)).toEqual(['created', 'merged'])
    expect(await store.alerts({ limit: 10 })).toMatchObject([{ events: 2 }])
  })

  it('is delivered to a destination that was renamed while matches below the threshold were counted', async () => {
    const { pipeline, present, deliveries } = await fixture([detection({ threshold: 2 })])
    await pipeline.admit(batch([event(hit('T'))]))
    const renamed = destination('soc-b', { severities: ['MEDIUM'], previousNames: ['soc'] })
    present.project = project([detection({ threshold: 2 })], registry([renamed]))
    await pipeline.admit(batch([event(hit('T'))]))
    expect(await deliveries()).toEqual(['soc-b static-severity'])
  })

  it('keeps its delivery to a destination that this project does not have, which another daemon can know', async () => {
    const { store, pipeline, present } = await fixture([detection({ threshold: 2 })])
    await pipeline.admit(batch([event(hit('T'))]))
    present.project = project([detection({ threshold: 2 })], registry([destination('inbox')]))
    await pipeline.admit(batch([event(hit('T'))]))
    expect(await store.deliveries({ limit: 10 })).toMatchObject([{ destinationKey: 'soc', state: 'pending' }])
    await store.reconcile({ knownKeys: ['inbox'], renames: [] })
    expect(await store.deliveries({ limit: 10 })).toMatchObject([{ state: 'orphaned' }])
  })

  it('merges into the open alert, across batches and inside one', async () => {
    const { store, pipeline, admitted } = await fixture()
    await pipeline.admit(batch([event(hit('T')), event(hit('T'))]))
    await pipeline.admit(batch([event(hit('T'))]))
    expect(actionsOf(admitted)).toEqual(['created', 'merged', 'merged'])
    expect(await store.alerts({ limit: 10 })).toMatchObject([{ events: 3 }])
  })

  it('goes to several destinations at once, each its own delivery', async () => {
    const { pipeline, deliveries } = await fixture()
    await pipeline.admit(batch([event(hit('T', { destinations: { output: ['pager', 'soc'] } }))]))
    expect(await deliveries()).toEqual(['pager generated-destinations', 'soc generated-destinations'])
  })

  it('a match of a detection with CreateAlert false leaves only a signal', async () => {
    const { store, pipeline, admitted } = await fixture([detection({ createAlert: false })])
    await pipeline.admit(batch([event(hit('T'))]))
    expect(admitted).toEqual([])
    expect(await store.signals({ limit: 10 })).toMatchObject([{ alertId: null }])
  })

  it('keeps its alert and sends nothing if it is suppressed', async () => {
    const { store, pipeline, deliveries } = await fixture()
    await pipeline.admit(batch([event(hit('T', { destinations: { output: [] } }))]))
    expect(await store.alerts({ limit: 10 })).toMatchObject([{ route: { suppressed: true } }])
    expect(await deliveries()).toEqual([])
  })
})

describe('errors of functions', () => {
  it('are alerts of their own beside the match', async () => {
    const { pipeline, admitted } = await fixture()
    await pipeline.admit(batch([event(hit('T', { severity: failure() }))]))
    expect(admitted.map((each) => (each.action === 'created' ? each.alert.kind : each.action))).toEqual([
      'RULE',
      'RULE_ERROR',
    ])
  })

  it('make no match and no signal if the matcher failed', async () => {
    const { store, pipeline, admitted } = await fixture()
    await pipeline.admit(batch([event({ detection: failure() })]))
    expect(admitted).toMatchObject([{ action: 'created', alert: { kind: 'RULE_ERROR' } }])
    expect(await store.signals({ limit: 10 })).toEqual([])
  })

  it('include one ROUTE_ERROR per detection and window for an unknown destination', async () => {
    const { store, pipeline } = await fixture()
    const lost = (title: string) => event(hit(title, { destinations: { output: ['gone'] } }))
    await pipeline.admit(batch([lost('A'), lost('B')]))
    const kinds = (await store.alerts({ limit: 10 })).map(({ kind, events }) => `${kind} ${events}`).sort()
    expect(kinds).toEqual(['ROUTE_ERROR 2', 'RULE 1', 'RULE 1'])
  })
})

describe('an event that was seen before', () => {
  it('is counted once by its dedup id, in one batch and in the next', async () => {
    const { store, pipeline } = await fixture()
    const same = () => event(hit('T'), { dedupId: 'k:1' })
    const first = await pipeline.admit(batch([same(), same()]))
    const second = await pipeline.admit(batch([same()]))
    expect([...first, ...second].map(({ status }) => status)).toEqual(['accepted', 'duplicate', 'duplicate'])
    expect(await store.alerts({ limit: 10 })).toMatchObject([{ events: 1 }])
  })

  it('is counted once by its own row id if the source requires it', async () => {
    const { pipeline } = await fixture()
    const own = () => event(null, { rowId: 'r1', ownRowId: true })
    const settled = await pipeline.admit(batch([own(), own()]))
    expect(settled.map(({ status }) => status)).toEqual(['accepted', 'duplicate'])
  })
})

describe('an escalation', () => {
  const rises = [
    event(hit('T', { severity: { output: 'LOW' }, destinations: { output: ['soc'] } })),
    event(hit('T', { severity: { output: 'HIGH' }, destinations: { output: ['soc', 'pager'] } })),
  ]

  it('an escalation is recorded', async () => {
    const { store, pipeline, deliveries } = await fixture()
    await pipeline.admit(batch(rises))
    expect(await store.alerts({ limit: 10 })).toMatchObject([
      { severity: 'LOW', divergences: [{ severity: 'HIGH', destinations: ['pager'] }] },
    ])
    expect(await deliveries()).toEqual(['soc generated-destinations'])
  })

  it('an escalation is sent to the new destinations if onEscalation is send', async () => {
    const { pipeline, deliveries } = await fixture([detection()], { ...soc, onEscalation: 'send' })
    await pipeline.admit(batch(rises))
    expect(await deliveries()).toEqual(['pager escalation', 'soc generated-destinations'])
  })
})

it('a detection with too many alerts is muted, and a system alert reports it', async () => {
  const { store, pipeline } = await fixture()
  const events = Array.from({ length: ALERTS_PER_HOUR + 5 }, (_, i) => event(hit(`T${i}`)))
  await pipeline.admit(batch(events))
  const alerts = await store.alerts({ limit: 5000 })
  expect(alerts.filter(({ kind }) => kind === 'RULE')).toHaveLength(ALERTS_PER_HOUR)
  expect(alerts.filter(({ kind }) => kind === 'SYSTEM_ERROR')).toMatchObject([
    { detection: 'Signalbox.DetectionMuted' },
  ])
  expect(await store.signals({ limit: 5000 })).toHaveLength(events.length)
  const acts = (await store.audit({ limit: 5000 })).filter(({ verb }) => verb !== 'created')
  const subject = { kind: 'detection', id: detection().id }
  expect(acts).toMatchObject([{ verb: 'muted', subject, actor: 'system', via: 'system' }])
})

it('a finding of a detection that a reload removed is ignored', async () => {
  const { pipeline, admitted, present } = await fixture()
  present.project = project([], soc)
  expect(await pipeline.admit(batch([event(hit('T'))]))).toMatchObject([{ status: 'accepted' }])
  expect(admitted).toEqual([])
})

it('a commit that fails settles nothing, and the next one works', async () => {
  const { store, pipeline } = await fixture()
  const broken = createPipeline({
    store: { ...store, apply: () => Promise.reject(new Error('disk full')) },
    project: () => project([detection()], soc),
    onAdmitted: () => {},
  })
  await expect(broken.admit(batch([event(hit('T'))]))).rejects.toThrow('disk full')
  expect(await pipeline.admit(batch([event(hit('T'))]))).toMatchObject([{ status: 'accepted' }])
})

it('no commit of a run succeeds after one that failed, because its events would be skipped', async () => {
  const { store } = await fixture()
  let failures = 1
  const pipeline = createPipeline({
    store: {
      ...store,
      apply: async (...planned) => {
        if (failures-- > 0) throw new Error('disk full')
        return store.apply(...planned)
      },
    },
    project: () => project([detection()], soc),
    onAdmitted: () => {},
  })
  const claim = new CursorClaim(await store.take('file:x'))
  const admit = (cursor: string) =>
    pipeline.admit({ queue: 'file:x', events: [event(hit('T'))], claim, cursor })
  const results = await Promise.allSettled([admit('1'), admit('2')])
  expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  await expect(admit('3')).rejects.toThrow('an earlier commit of file:x failed')
  expect(await store.cursor('file:x')).toBeNull()
  expect(await store.signals({ limit: 5 })).toEqual([])
})

it('a run of which a commit failed leaves nothing of its events in the cache', async () => {
  const { store } = await fixture()
  const shared = { ...store, isShared: true, apply: () => Promise.reject(new Error('disk full')) }
  const cache = new CacheLedgers(shared, () => T0)
  const pipeline = createPipeline({
    store: shared,
    cache,
    project: () => project([detection()], soc),
    onAdmitted: () => {},
  })
  const claim = new CursorClaim(await store.take('file:x'))
  const ask = async () => {
    const evaluated = event(hit('T'))
    const envelope = { ...evaluated.envelope, run: claim.expected.owner }
    const { source, seq, run } = envelope
    await incrementCounter(cache, { source, seq, run, name: `${source}:${seq}`, comesAgain: true })
    return { ...evaluated, envelope }
  }
  const [first, second] = [await ask(), await ask()]
  const admit = (evaluated: EvaluatedEvent, cursor: string) =>
    pipeline.admit({ queue: 'file:x', events: [evaluated], claim, cursor })
  await expect(admit(first, '1')).rejects.toThrow('disk full')
  await expect(admit(second, '2')).rejects.toThrow('an earlier commit')
  const late = await ask()
  await expect(admit(late, '3')).rejects.toThrow('an earlier commit')
  expect(cache.ledgerOf(first.envelope)).toBeNull()
})

it('two pipelines on one store count every event exactly once', async () => {
  const { store, pipeline } = await fixture()
  const other = createPipeline({ store, project: () => project([detection()], soc), onAdmitted: () => {} })
  await Promise.all(
    Array.from({ length: 40 }, (_, i) => (i % 2 ? pipeline : other).admit(batch([event(hit('T'))]))),
  )
  expect(await store.alerts({ limit: 10 })).toMatchObject([{ events: 40 }])
})

describe('a task between two commits', () => {
  it('decides about all later batches', async () => {
    const { pipeline, present, deliveries } = await fixture()
    const changed = pipeline.betweenCommits(async () => {
      await new Promise((resolve) => setImmediate(resolve))
      present.project = project([detection()], registry([destination('new', { severities: ['MEDIUM'] })]))
    })
    const later = pipeline.admit(batch([event(hit('T'))]))
    await Promise.all([changed, later])
    expect(await deliveries()).toEqual(['new static-severity'])
  })

  it('waits for the plan under way, which is committed with the project that it began with', async () => {
    const { pipeline, present, deliveries, store } = await fixture()
    const before = pipeline.admit(batch([event(hit('T'))]))
    let seen: string[] = []
    await pipeline.betweenCommits(async () => {
      present.project = project([detection()], registry([]))
      seen = await deliveries()
    })
    await before
    expect(seen).toEqual(['soc static-severity'])
    expect(await store.alerts({ limit: 10 })).toHaveLength(1)
  })
})

it.each([
  ['group', event(hit('T')), event(hit('T'))],
  ['seen', event(hit('A'), { dedupId: 'k' }), event(hit('B'), { dedupId: 'k' })],
])('a commit that is decided again reports what another writer changed: %s', async (what, first, second) => {
  const { store, pipeline: other, present } = await fixture()
  const conflicts: string[] = []
  let isFirst = true
  const racing: Store = {
    ...store,
    apply: async (plan, expected) => {
      if (isFirst) await other.admit(batch([first]))
      isFirst = false
      return store.apply(plan, expected)
    },
  }
  const pipeline = createPipeline({
    store: racing,
    project: () => present.project,
    onAdmitted: () => {},
    onConflict: (subject) => conflicts.push(subject),
  })
  await pipeline.admit(batch([second]))
  expect(conflicts).toEqual([what])
})
