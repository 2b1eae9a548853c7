import { afterEach, describe, expect, it } from 'vitest'
import type { FunctionResults } from '../../src/model/alerts/finding.ts'
import type { Silence } from '../../src/model/alerts/silence.ts'
import type { EvaluatedEvent } from '../../src/model/events/evaluation.ts'
import { NO_HANDLING } from '../../src/model/project/destination-handling.ts'
import { NO_HANDLING_RULES, rulesOfDestinations } from '../../src/model/project/handling-rules.ts'
import type { Project } from '../../src/model/project/project.ts'
import { createPipeline } from '../../src/pipeline/pipeline.ts'
import { openStore } from '../../src/store/open.ts'
import { EMPTY_PLAN, NOTHING_EXPECTED, type Store } from '../../src/store/store.ts'
import { changeAlert } from '../../src/workspace/alerts/change-alert.ts'
import { manualClock } from '../support/clock.ts'
import { evaluatedEvent } from '../support/evaluated-events.ts'
import { destination, detection, project, registry } from '../support/model.ts'
import { silence } from '../support/silences.ts'

const T0 = 1_700_000_000_000
const MINUTE_MS = 60_000
const open: Store[] = []
afterEach(async () => {
  for (const store of open.splice(0)) await store.close()
})

const soc = registry([
  destination('soc', { severities: ['MEDIUM'] }),
  destination('pager', { severities: ['MEDIUM', 'HIGH'] }),
])

async function fixture(silences: readonly Silence[], declared = soc) {
  const clock = manualClock(T0)
  const store = await openStore('memory:', { clock, projectRoot: '.' })
  open.push(store)
  const present = {
    project: {
      ...project([detection()], declared),
      handling: { ...NO_HANDLING_RULES, silences, destinations: rulesOfDestinations(declared) },
    } as Project,
  }
  const conflicts: string[] = []
  const pipeline = createPipeline({
    store,
    project: () => present.project,
    onAdmitted: () => {},
    onConflict: (subject) => conflicts.push(subject),
  })
  const admit = (...events: EvaluatedEvent[]) =>
    pipeline.admit({ queue: 'stdin', events, claim: null, cursor: null })
  const deliveries = async () =>
    (await store.deliveries({ limit: 1000 })).map((row) => `${row.destination} ${row.reason}`).sort()
  const reasons = async () => {
    const [alert] = await store.alerts({ limit: 10 })
    return (await store.handling(alert!.id)).map(({ steps }) => steps.map(({ reason }) => reason))
  }
  const write = async (stored: Silence, version: number) =>
    store.commit(
      {
        ...EMPTY_PLAN,
        silences: [{ silence: stored, version, createdAt: T0, createdBy: 'ann' }],
      },
      NOTHING_EXPECTED,
    )
  return { clock, store, admit, deliveries, reasons, present, write, conflicts }
}

const hit = (at: number, more: FunctionResults = {}) =>
  evaluatedEvent({ detection: { output: true }, title: { output: 'T' }, ...more }, { at })

describe('a silenced alert', () => {
  it('is created, stored and counted with its signal, and not sent', async () => {
    const { store, admit, deliveries, reasons } = await fixture([silence('x', { destinations: ['soc'] })])
    await admit(hit(T0), hit(T0 + 1))
    const [alert] = await store.alerts({ silenced: true, limit: 10 })
    expect(alert).toMatchObject({ events: 2, route: { destinations: ['soc', 'pager'] } })
    expect(await store.signals({ limit: 10 })).toHaveLength(2)
    expect(await deliveries()).toEqual(['pager static-severity'])
    expect(await store.silenceHits()).toEqual([{ silenceId: 'x', alerts: 1, lastAt: T0 + 1 }])
    expect(await reasons()).toEqual([
      ['x until 2027-01-01T00:00:00Z (platform@example.com: Kernel patching)', 'x is only for soc'],
    ])
  })

  it.each([1, 2, 3, 6])('is sent at the first event after the end, in batches of %i', async (size) => {
    const end = T0 + 3
    const { store, admit, deliveries, reasons } = await fixture([silence('x', { until: end })])
    const events = [0, 1, 2, 3, 4, 5].map((ms) => hit(T0 + ms))
    for (let i = 0; i < events.length; i += size) {
      const batch = events.slice(i, i + size)
      await admit(...batch)
      const isAfter = i + size > 3
      expect((await deliveries()).length).toBe(isAfter ? 2 : 0)
    }
    expect(await deliveries()).toEqual(['pager silence-ended', 'soc silence-ended'])
    expect((await store.deliveries({ limit: 5 })).map(({ due }) => due)).toEqual([end, end])
    expect(await store.silenceHits()).toEqual([{ silenceId: 'x', alerts: 1, lastAt: T0 + 2 }])
    const ended = `silence x ended at ${new Date(end).toISOString()}; 3 events were hidden`
    expect((await reasons())[1]).toEqual([ended, ended])
  })

  it('is not sent without an event, nor twice', async () => {
    const { clock, admit, deliveries } = await fixture([silence('x', { until: T0 + 3 })])
    await admit(hit(T0))
    clock.advance(MINUTE_MS)
    expect(await deliveries()).toEqual([])
    await admit(hit(T0 + 5), hit(T0 + 6))
    await admit(hit(T0 + 7))
    expect(await deliveries()).toHaveLength(2)
  })

  it('stays hidden at the destinations where another silence is still in force', async () => {
    const { admit, deliveries } = await fixture([
      silence('x', { until: T0 + 3 }),
      silence('y', { until: T0 + 9, destinations: ['soc'] }),
    ])
    await admit(hit(T0))
    await admit(hit(T0 + 5))
    expect(await deliveries()).toEqual(['pager silence-ended'])
    await admit(hit(T0 + 9))
    expect(await deliveries()).toEqual(['pager silence-ended', 'soc silence-ended'])
  })

  it('is sent when its silence is removed from the project, and says so', async () => {
    const { admit, deliveries, reasons, present } = await fixture([silence('x')])
    await admit(hit(T0))
    present.project = { ...present.project, handling: NO_HANDLING_RULES }
    await admit(hit(T0 + 5))
    expect(await deliveries()).toHaveLength(2)
    expect((await reasons())[1]![0]).toBe('silence x was removed; 1 event was hidden')
  })

  it('is sent by an event that the silence does not hide', async () => {
    const excepting = silence('x', { except: { severities: ['HIGH'] } })
    const { admit, deliveries, reasons } = await fixture([excepting])
    await admit(hit(T0))
    await admit(hit(T0 + 5, { severity: { output: 'HIGH' } }))
    expect(await deliveries()).toHaveLength(2)
    expect((await reasons())[1]![0]).toBe('silence x does not hide this event; 1 event was hidden')
  })

  it('is not sent after a person has resolved it', async () => {
    const { store, admit, deliveries } = await fixture([silence('x', { until: T0 + 3 })])
    await admit(hit(T0))
    const [alert] = await store.alerts({ limit: 1 })
    const act = { verb: 'resolve', note: '', reason: 'expected' } as const
    await changeAlert(store, alert!.id, act, { name: 'ann', via: 'cli' }, T0 + 1)
    await admit(hit(T0 + 5))
    expect(await deliveries()).toEqual([])
    expect((await store.alerts({ limit: 5 })).map(({ events }) => events)).toEqual([2])
  })

  it('also hides the deliveries to the destinations that a later event adds', async () => {
    const { admit, deliveries } = await fixture([silence('x', { until: T0 + 3, destinations: ['b'] })], {
      ...registry([destination('a', { severities: ['MEDIUM'] }), destination('b', { severities: ['HIGH'] })]),
      onEscalation: 'send',
    })
    await admit(hit(T0))
    await admit(hit(T0 + 1, { severity: { output: 'HIGH' } }))
    expect(await deliveries()).toEqual(['a static-severity'])
    await admit(hit(T0 + 4))
    expect(await deliveries()).toEqual(['a static-severity', 'b silence-ended'])
  })
})

describe('a silence of the store', () => {
  it('hides alerts from its commit on, and no more after it was expired', async () => {
    const { admit, deliveries, reasons, write } = await fixture([])
    await write(silence('s-1', { from: T0 }), 1)
    await admit(hit(T0 + 1))
    expect(await deliveries()).toEqual([])
    await write(silence('s-1', { from: T0, until: T0 + 2 }), 2)
    await admit(hit(T0 + 2))
    expect(await deliveries()).toHaveLength(2)
    expect((await reasons())[1]![0]).toMatch(/^silence s-1 ended at .*; 1 event was hidden$/)
  })

  it('makes a plan that was decided without it a conflict, which is decided again', async () => {
    const { store, admit, deliveries, write, conflicts } = await fixture([])
    const apply: Store['apply'] = store.apply.bind(store)
    let isFirst = true
    store.apply = async (...given) => {
      if (isFirst) await write(silence('s-1', { from: T0 }), 1)
      isFirst = false
      return apply(...given)
    }
    await admit(hit(T0 + 1))
    expect(conflicts).toEqual(['rules'])
    expect(await deliveries()).toEqual([])
    expect(await store.alerts({ silencedBy: 's-1', limit: 5 })).toHaveLength(1)
  })
})

describe('the pipeline and the rules of destinations', () => {
  const office = {
    name: 'office',
    timezone: 'UTC',
    weekdays: [3],
    times: [{ from: 480, until: 1_080 }],
    except: [],
  }
  const mail = destination('mail', {
    severities: ['MEDIUM'],
    handling: {
      ...NO_HANDLING,
      hours: { during: [office], otherwise: 'wait', always: [] },
      escalate: [{ afterMs: 15 * MINUTE_MS, unless: 'acknowledged', to: ['second'], severities: null }],
    },
  })

  it('a held alert is due at the opening, does not age until then, and its escalation begins there', async () => {
    const { admit, store, clock } = await fixture([], registry([mail, destination('second')]))
    const opening = Date.parse('2023-11-15T08:00:00Z')
    await admit(hit(T0))
    const [row] = await store.deliveries({ limit: 5 })
    expect(row).toMatchObject({ destination: 'mail', state: 'pending', due: opening, createdAt: opening })
    expect(await store.escalations(row!.alertIds[0]!)).toMatchObject([
      { destinationKey: 'mail', state: 'waiting', due: opening + 15 * MINUTE_MS },
    ])
    await store.shiftDueDates(0)
    const claim = () => store.claim({ destinationKeys: ['mail'], limit: 5, leaseMs: MINUTE_MS })
    expect(await claim()).toEqual([])
    clock.advance(opening - T0)
    expect(await claim()).toHaveLength(1)
  })

  it('an escalation begins with the alert in the time of the store, however old its event is', async () => {
    const { handling } = mail
    const open = { ...mail, handling: { ...handling, hours: null } }
    const { admit, store } = await fixture([], registry([open, destination('second')]))
    await admit(hit(T0 - 60 * MINUTE_MS))
    const [alert] = await store.alerts({ limit: 1 })
    expect(await store.escalations(alert!.id)).toMatchObject([{ due: T0 + 15 * MINUTE_MS }])
  })
})
