/** Daemons that take the steps of escalations from one store, while people answer alerts. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createEscalations, type Escalations } from '../../../src/delivery/escalation/escalations.ts'
import type { SystemFinding } from '../../../src/model/alerts/finding.ts'
import { type Log, nullMetrics } from '../../../src/model/ports.ts'
import type { Registry } from '../../../src/model/project/destination.ts'
import { type EscalationStep, NO_HANDLING } from '../../../src/model/project/destination-handling.ts'
import { openStore } from '../../../src/store/open.ts'
import type { NewEscalation, Store } from '../../../src/store/store.ts'
import { changeAlert } from '../../../src/workspace/alerts/change-alert.ts'
import { type ManualClock, manualClock } from '../../support/clock.ts'
import { destination, registry } from '../../support/model.ts'
import { describeWithPostgres } from '../../support/postgres.ts'
import { alert, expecting, plan, T0 } from '../../support/store-rows.ts'
import { until } from '../../support/until.ts'

const MINUTE_MS = 60_000
const STEP: EscalationStep = {
  afterMs: 15 * MINUTE_MS,
  unless: 'acknowledged',
  to: ['second'],
  severities: null,
}
const ann = { name: 'ann@host', via: 'cli' }
const quiet: Log = { debug() {}, info() {}, warn() {}, error() {} }

function registryWith(steps: readonly EscalationStep[], ackTimeoutMs: number | null = null): Registry {
  const soc = destination('soc', { handling: { ...NO_HANDLING, escalate: steps, ackTimeoutMs } })
  return registry([soc, destination('second')])
}

function waiting(alertId: string, over: Partial<NewEscalation> = {}): NewEscalation {
  const { afterMs, unless } = STEP
  return {
    alertId,
    destinationKey: 'soc',
    kind: 'step',
    step: 0,
    unless,
    afterMs,
    due: T0 + afterMs,
    ...over,
  }
}

function contract(open: (clock: ManualClock) => Promise<Store>): void {
  let clock: ManualClock
  let store: Store
  let known: Registry
  let findings: SystemFinding[]
  let opened: Escalations[]

  beforeEach(async () => {
    counted = []
    clock = manualClock(T0)
    store = await open(clock)
    known = registryWith([STEP])
    findings = []
    opened = []
  })
  afterEach(async () => {
    for (const each of opened) await each.stop()
    await store.close()
  })

  /** The names of counters that rose, with their result. */
  let counted: string[]
  function daemon(over: Store = store): Escalations {
    const escalations = createEscalations({
      store: over,
      clock,
      log: quiet,
      metrics: { ...nullMetrics, count: (name, labels) => counted.push(`${name} ${labels?.result}`) },
      registry: () => known,
      admit: async (each) => void findings.push(...each),
      onDeliveries: () => {},
    })
    opened.push(escalations)
    return escalations
  }
  const add = (ids: readonly string[], over: Partial<NewEscalation> = {}) =>
    store.commit(
      plan({ alerts: ids.map((id) => alert(id)), escalations: ids.map((id) => waiting(id, over)) }),
      expecting(),
    )
  const sentTo = async () =>
    (await store.deliveries({ limit: 1_000 })).map(
      ({ alertIds: [id], destination }) => `${id} ${destination}`,
    )
  const acknowledge = (id: string) =>
    changeAlert(store, id, { verb: 'acknowledge', note: '' }, ann, clock.now())

  it('a step is taken when it is due, and not before', async () => {
    await add(['a1'])
    const escalations = daemon()
    clock.advance(STEP.afterMs - 1)
    await escalations.pass()
    expect(await sentTo()).toEqual([])
    clock.advance(1)
    await escalations.pass()
    await escalations.pass()
    expect(await sentTo()).toEqual(['a1 second'])
    expect(counted).toEqual(['signalbox_escalations_total sent'])
    expect((await store.audit({ limit: 9 })).at(-1)).toMatchObject({ verb: 'escalated', after: 'second' })
  })

  it('the loop takes steps by itself', async () => {
    await add(['a1'])
    daemon().start()
    clock.advance(STEP.afterMs)
    await until(async () => {
      clock.advance(1_000)
      return (await sentTo()).length === 1
    })
  })

  it('nothing is sent after an acknowledge, and the steps are taken again after the alert is open again', async () => {
    await add(['a1'])
    const escalations = daemon()
    await acknowledge('a1')
    clock.advance(STEP.afterMs)
    await escalations.pass()
    expect(await sentTo()).toEqual([])
    await changeAlert(store, 'a1', { verb: 'reopen', note: '' }, ann, clock.now())
    clock.advance(STEP.afterMs)
    await escalations.pass()
    expect(await sentTo()).toEqual(['a1 second'])
  })

  it('many daemons take each step once, and none of an alert that a person acknowledged meanwhile', async () => {
    const ids = Array.from({ length: 60 }, (_, i) => `a${i}`)
    await add(ids)
    const daemons = [daemon(), daemon(), daemon()]
    clock.advance(STEP.afterMs)
    const acts = ids
      .filter((_, i) => i % 2 === 0)
      .map(async (id) => {
        await acknowledge(id)
      })
    await Promise.all([...daemons.map((each) => each.pass()), ...acts])
    // A step that lost against a change of its alert is taken when its lease has ended.
    clock.advance(MINUTE_MS)
    for (const each of daemons) await each.pass()
    const sent = await sentTo()
    expect(new Set(sent).size).toBe(sent.length)
    for (const id of ids) {
      const rows = await store.escalations(id)
      const isSent = sent.includes(`${id} second`)
      expect(rows).toMatchObject([{ state: isSent ? 'sent' : 'ended' }])
      const { status } = (await store.alert(id))!
      if (status.status === 'open') expect(isSent).toBe(true)
    }
    // An alert that was acknowledged and sent was sent first: the audit has both, in this order.
    for (const id of ids.filter((_, i) => i % 2 === 0)) {
      const verbs = (await store.audit({ subject: { kind: 'alert', id }, limit: 9 })).map(({ verb }) => verb)
      const expected = sent.includes(`${id} second`)
        ? ['created', 'escalated', 'acknowledged']
        : ['created', 'acknowledged']
      expect(verbs).toEqual(expected)
    }
  })

  it('steps of a time long ago are missed, and one alert of the system lists them', async () => {
    await add(['a1', 'a2'])
    clock.advance(STEP.afterMs + 61 * MINUTE_MS)
    await daemon().pass()
    expect(await sentTo()).toEqual([])
    expect(findings).toHaveLength(1)
    expect(findings[0]).toMatchObject({ kind: 'SYSTEM_ERROR', code: 'EscalationsMissed' })
    expect(findings[0]!.description).toMatch(/\(a1\), step 1 of soc.*\(a2\)/)
    await daemon().pass()
    expect(findings).toHaveLength(1)
  })

  it('a step that a reload removed ends', async () => {
    await add(['a1'])
    known = registryWith([])
    clock.advance(STEP.afterMs)
    await daemon().pass()
    expect(await store.escalations('a1')).toMatchObject([{ state: 'ended', reason: 'its step was removed' }])
  })

  it('an alert that is acknowledged for too long is open again, and its steps begin again', async () => {
    known = registryWith([STEP], 60 * MINUTE_MS)
    const release = waiting('a1', { kind: 'release', unless: 'resolved', afterMs: 60 * MINUTE_MS, due: null })
    await add(['a1'])
    await store.commit(plan({ escalations: [release] }), expecting())
    const escalations = daemon()
    await acknowledge('a1')
    clock.advance(60 * MINUTE_MS)
    await escalations.pass()
    expect((await store.alert('a1'))!.status).toMatchObject({ status: 'open', changedBy: 'system' })
    clock.advance(STEP.afterMs)
    await escalations.pass()
    expect(await sentTo()).toEqual(['a1 second'])
  })
}

describe('escalations in memory', () => {
  contract((clock) => openStore('memory:', { clock, projectRoot: '.' }))
})

describeWithPostgres('escalations in PostgreSQL', (postgres) => {
  contract((clock) => openStore(postgres().url(), { clock, projectRoot: '.' }))
})
