import { afterEach, describe, expect, it } from 'vitest'
import type { Inhibition } from '../../src/model/alerts/inhibition.ts'
import type { EvaluatedEvent } from '../../src/model/events/evaluation.ts'
import { NO_HANDLING_RULES, rulesOfDestinations } from '../../src/model/project/handling-rules.ts'
import { createPipeline } from '../../src/pipeline/pipeline.ts'
import { openStore } from '../../src/store/open.ts'
import type { Store } from '../../src/store/store.ts'
import { changeAlert } from '../../src/workspace/alerts/change-alert.ts'
import { manualClock } from '../support/clock.ts'
import { evaluatedEvent } from '../support/evaluated-events.ts'
import { destination, detection, project, registry } from '../support/model.ts'

const T0 = 1_700_000_000_000
const HOUR_MS = 3_600_000
const open: Store[] = []
afterEach(async () => {
  for (const store of open.splice(0)) await store.close()
})

const OUTAGE: Inhibition = {
  id: 'outage',
  when: { title: ['host down*'] },
  hide: { title: ['service down*'] },
  equal: ['host'],
  forMs: 2 * HOUR_MS,
}

async function fixture(...inhibitions: readonly Inhibition[]) {
  const clock = manualClock(T0)
  const store = await openStore('memory:', { clock, projectRoot: '.' })
  open.push(store)
  const declared = registry([destination('soc', { severities: ['MEDIUM'] })])
  const present = {
    ...project([detection()], declared),
    handling: { ...NO_HANDLING_RULES, inhibitions, destinations: rulesOfDestinations(declared) },
  }
  const conflicts: string[] = []
  const pipeline = createPipeline({
    store,
    project: () => present,
    onAdmitted: () => {},
    onConflict: (subject) => conflicts.push(subject),
  })
  const admitIn = (queue: string, ...events: EvaluatedEvent[]) =>
    pipeline.admit({ queue, events, claim: null, cursor: null })
  const admit = (...events: EvaluatedEvent[]) => admitIn('stdin', ...events)
  const alerts = async () => new Map((await store.alerts({ limit: 100 })).map((each) => [each.title, each]))
  /** The titles of the alerts that are sent, with the reasons. */
  const sent = async () => {
    const titles = new Map((await store.alerts({ limit: 100 })).map(({ id, title }) => [id, title]))
    const rows = await store.deliveries({ limit: 1_000 })
    return rows.map(({ alertIds, reason }) => `${titles.get(alertIds[0]!)}: ${reason}`).sort()
  }
  const resolve = async (title: string, at: number) => {
    const act = { verb: 'resolve', note: '', reason: 'expected' } as const
    await changeAlert(store, (await alerts()).get(title)!.id, act, { name: 'ann', via: 'cli' }, at)
  }
  const reasons = async (title: string) =>
    (await store.handling((await alerts()).get(title)!.id)).flatMap(({ steps }) =>
      steps.map(({ reason }) => reason),
    )
  return { store, admit, admitIn, sent, resolve, reasons, conflicts, alerts }
}

/** An event whose alert has this title, and this host in its context. */
function about(title: string, host: unknown, at: number): EvaluatedEvent {
  const context = host === undefined ? {} : { alert_context: { output: JSON.stringify({ host }) } }
  return evaluatedEvent(
    { detection: { output: true }, title: { output: title }, dedup: { output: title }, ...context },
    { at },
  )
}

describe('an open alert that inhibits others', () => {
  it('hides alerts with the same values that come after it, and only those', async () => {
    const { admit, sent, reasons, alerts } = await fixture(OUTAGE)
    await admit(about('service down early', 'web-1', T0))
    await admit(about('host down', 'web-1', T0 + 1))
    await admit(
      about('service down same', 'web-1', T0 + 2),
      about('service down other', 'web-2', T0 + 2),
      about('service down none', undefined, T0 + 2),
      about('disk full', 'web-1', T0 + 2),
    )
    expect(await sent()).toEqual([
      'disk full: static-severity',
      'host down: static-severity',
      'service down early: static-severity',
      'service down none: static-severity',
      'service down other: static-severity',
    ])
    const id = (await alerts()).get('host down')!.id.slice(0, 12)
    expect(await reasons('service down same')).toEqual([
      `outage: the alert ${id} is open, and hides it until ${new Date(T0 + 1 + 2 * HOUR_MS).toISOString()} at the latest`,
    ])
    expect(await reasons('service down other')).toEqual(['no open alert inhibits it'])
  })

  it('hides what comes in the same batch after it', async () => {
    const { admit, sent } = await fixture(OUTAGE)
    await admit(
      about('service down before', 'web-1', T0),
      about('host down', 'web-1', T0 + 1),
      about('service down after', 'web-1', T0 + 2),
    )
    expect(await sent()).toEqual(['host down: static-severity', 'service down before: static-severity'])
  })

  it('hides nothing any more after its time, and the next event of what it hid is sent', async () => {
    const { admit, sent, reasons } = await fixture({ ...OUTAGE, forMs: 10 })
    await admit(about('host down', 'web-1', T0))
    await admit(about('service down', 'web-1', T0 + 9))
    expect(await sent()).toEqual(['host down: static-severity'])
    await admit(about('service down', 'web-1', T0 + 10))
    expect(await sent()).toEqual(['host down: static-severity', 'service down: inhibition-ended'])
    expect((await reasons('service down')).at(-1)).toBe('inhibition outage has ended; 1 event was hidden')
  })

  it('hides nothing from the commit on that resolves it, also when it is opened again', async () => {
    const { store, admit, sent, resolve, alerts } = await fixture(OUTAGE)
    await admit(about('host down', 'web-1', T0))
    await resolve('host down', T0 + 1)
    const { id } = (await alerts()).get('host down')!
    await changeAlert(store, id, { verb: 'reopen', note: '' }, { name: 'ann', via: 'cli' }, T0 + 2)
    await admit(about('service down', 'web-1', T0 + 3))
    expect(await sent()).toEqual(['host down: static-severity', 'service down: static-severity'])
  })

  it('goes on hiding while another alert of its kind is open', async () => {
    const { admit, sent, resolve } = await fixture(OUTAGE)
    await admit(about('host down', 'web-1', T0), about('host down again', 'web-1', T0 + 1))
    await resolve('host down again', T0 + 2)
    await admit(about('service down', 'web-1', T0 + 3))
    await resolve('host down', T0 + 4)
    await admit(about('service down late', 'web-1', T0 + 5))
    expect(await sent()).toEqual([
      'host down again: static-severity',
      'host down: static-severity',
      'service down late: static-severity',
    ])
  })

  it('does not hide its own later events, nor is it hidden by itself', async () => {
    const { admit, sent } = await fixture({
      ...OUTAGE,
      when: { title: ['*down'] },
      hide: { title: ['*down*'] },
    })
    await admit(about('host down', 'web-1', T0))
    await admit(about('host down', 'web-1', T0 + 1))
    expect(await sent()).toEqual(['host down: static-severity'])
  })

  it('makes a plan that was decided without it a conflict, which is decided again', async () => {
    const { store, admit, admitIn, sent, conflicts } = await fixture(OUTAGE)
    const apply: Store['apply'] = store.apply.bind(store)
    let isFirst = true
    store.apply = async (...given) => {
      const wasFirst = isFirst
      isFirst = false
      if (wasFirst) await admitIn('other', about('host down', 'web-1', T0))
      return apply(...given)
    }
    await admit(about('service down', 'web-1', T0 + 1))
    expect(conflicts).toEqual(['inhibitor'])
    expect(await sent()).toEqual(['host down: static-severity'])
  })
})
