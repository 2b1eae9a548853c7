import { describe, expect, it } from 'vitest'
import { buildMatch } from '../../src/alerts/build.ts'
import { type Counted, type DedupAction, decideDedup } from '../../src/alerts/dedup.ts'
import { ALERTS_PER_HOUR, decideLimit } from '../../src/alerts/limiter.ts'
import type { AlertDraft } from '../../src/model/alerts/alert.ts'
import type { Route } from '../../src/model/alerts/route.ts'
import type { Severity } from '../../src/model/alerts/severity.ts'
import type { Group, LimiterState } from '../../src/store/store.ts'
import { detection, finding } from '../support/model.ts'

const MINUTE = 60_000
const T0 = 1_700_000_000_000

function routeTo(...destinations: string[]): Route {
  return { level: 'static-severity', destinations, suppressed: false, trace: [], problems: [] }
}

function draft(over: Partial<AlertDraft> = {}): AlertDraft {
  return { ...buildMatch(detection(), finding()).draft, route: routeTo('soc'), ...over }
}

function counted(over: Partial<Counted> = {}): Counted {
  return { draft: draft(), unique: undefined, threshold: 1, windowMs: 60 * MINUTE, ...over }
}

/** Feeds events one after the other; each names its minute and what differs. */
function feed(events: { minute: number; ms?: number; counted?: Partial<Counted> }[]): {
  group: Group
  actions: DedupAction[]
} {
  let group: Group | undefined
  const actions: DedupAction[] = []
  for (const event of events) {
    const decision = decideDedup(group, counted(event.counted), T0 + event.minute * MINUTE + (event.ms ?? 0))
    group = decision.group
    actions.push(decision.action)
  }
  return { group: group!, actions }
}

const kindsOf = (actions: readonly DedupAction[]) => actions.map((action) => action.kind)

describe('the dedup window', () => {
  it('matches merge up to and at the end of the window, which is measured from the creation and does not slide', () => {
    expect(
      kindsOf(feed([{ minute: 0 }, { minute: 59 }, { minute: 60 }, { minute: 60, ms: 1 }]).actions),
    ).toEqual(['created', 'merged', 'merged', 'created'])
  })

  it('a match in the next window makes another alert with another id, and with the same id when replayed', () => {
    const events = [{ minute: 0 }, { minute: 61 }]
    const [first, second] = feed(events).actions
    expect(first).not.toEqual(second)
    expect(feed(events).actions).toEqual([first, second])
  })

  it('matches still merge when the clock is corrected by a minute', () => {
    expect(kindsOf(feed([{ minute: 0 }, { minute: -1 }]).actions)).toEqual(['created', 'merged'])
  })

  it.each([2, 120, 60 * 24 * 365])(
    '[DEL-3.13] a window has ended if its start is %i minutes ahead of the clock',
    (minutes) => {
      expect(kindsOf(feed([{ minute: minutes }, { minute: 0 }, { minute: 1 }]).actions)).toEqual([
        'created',
        'created',
        'merged',
      ])
    },
  )

  it('a window is open for an event that waited while another one began it', () => {
    const { group } = feed([{ minute: 30 }])
    const late = decideDedup(group, counted(), T0, T0 + 31 * MINUTE)
    expect(late.action).toMatchObject({ kind: 'merged', alertId: group.alertId })
  })

  it('changes nothing of the group when an event only adds to the open alert', () => {
    const { group } = feed([{ minute: 0 }])
    const decision = decideDedup(group, counted(), T0 + MINUTE)
    expect(decision.action).toEqual({ kind: 'merged', alertId: group.alertId, divergence: null })
    expect(decision.group).toBe(group)
  })
})

describe('the threshold of a detection', () => {
  const three = { threshold: 3 }
  it('an alert is created at the event that reaches the threshold, with the texts of the first event', () => {
    const named = (title: string) => ({ ...three, draft: draft({ title }) })
    const { actions, group } = feed([
      { minute: 0, counted: named('first') },
      { minute: 5, counted: named('second') },
      { minute: 10, counted: named('third') },
    ])
    expect(kindsOf(actions)).toEqual(['counted', 'counted', 'created'])
    expect(actions[1]).toEqual({ kind: 'counted', reached: 2, threshold: 3 })
    expect(actions[2]).toMatchObject({ draft: { title: 'first' } })
    expect(group).toMatchObject({ alertAt: T0 + 10 * MINUTE, first: null })
  })

  it('the threshold counts within one window from the first match, and a late event opens a new one', () => {
    const { actions, group } = feed([0, 30, 61].map((minute) => ({ minute, counted: three })))
    expect(kindsOf(actions)).toEqual(['counted', 'counted', 'counted'])
    expect(group).toMatchObject({ count: 1, startedAt: T0 + 61 * MINUTE })
  })

  it('the window restarts when the alert is created', () => {
    const minutes = [0, 30, 59, 118, 120]
    expect(kindsOf(feed(minutes.map((minute) => ({ minute, counted: three }))).actions)).toEqual([
      'counted',
      'counted',
      'created',
      'merged',
      'counted',
    ])
  })

  it('the threshold counts distinct unique() values, and None adds none', () => {
    const values = ['alice', 'alice', null, 'bob', null, 'carol']
    const { actions } = feed(values.map((unique, minute) => ({ minute, counted: { ...three, unique } })))
    expect(kindsOf(actions)).toEqual(['counted', 'counted', 'counted', 'counted', 'counted', 'created'])
    expect(actions[4]).toMatchObject({ reached: 2 })
  })

  it('no more distinct values are kept than the threshold needs', () => {
    const { group } = feed(
      ['a', 'b', 'c', 'd', 'e'].map((unique, minute) => ({ minute, counted: { threshold: 2, unique } })),
    )
    expect(group.distinct).toEqual([])
  })
})

describe('divergence of merged events', () => {
  const severe = (value: Severity, ...to: string[]) => ({
    counted: {
      draft: draft({
        severity: { value, source: 'generated' },
        route: routeTo(...to),
        rowId: `row-${value}`,
      }),
    },
  })

  it('divergence is recorded once for a higher severity and once for a new destination', () => {
    const { actions } = feed([
      { minute: 0, ...severe('LOW', 'soc') },
      { minute: 1, ...severe('INFO', 'soc') },
      { minute: 2, ...severe('HIGH', 'soc', 'pager') },
      { minute: 3, ...severe('HIGH', 'pager') },
    ])
    expect(actions.map((action) => (action.kind === 'merged' ? action.divergence : null))).toEqual([
      null,
      null,
      { at: T0 + 2 * MINUTE, rowId: 'row-HIGH', severity: 'HIGH', destinations: ['pager'] },
      null,
    ])
  })

  it('divergence is not carried into the next window', () => {
    const { actions } = feed([
      { minute: 0, ...severe('LOW', 'soc') },
      { minute: 1, ...severe('CRITICAL', 'pager') },
      { minute: 70, ...severe('LOW', 'soc') },
      { minute: 71, ...severe('CRITICAL', 'pager') },
    ])
    expect(actions[2]).toMatchObject({
      kind: 'created',
      draft: { severity: { value: 'LOW' }, route: { destinations: ['soc'] } },
    })
    expect(actions[3]).toMatchObject({ divergence: { severity: 'CRITICAL', destinations: ['pager'] } })
  })
})

describe('dedup groups', () => {
  it('groups of two kinds never share an alert', () => {
    const rule = feed([{ minute: 0 }]).group
    const error = feed([{ minute: 0, counted: { draft: draft({ kind: 'RULE_ERROR' }) } }]).group
    expect(rule.key).not.toBe(error.key)
    expect(rule.alertId).not.toBe(error.alertId)
  })

  it('dedup groups have ids of 32 hex digits', () => {
    const { group } = feed([{ minute: 0 }])
    expect([group.key, group.alertId]).toEqual([
      expect.stringMatching(/^[0-9a-f]{32}$/),
      expect.stringMatching(/^[0-9a-f]{32}$/),
    ])
  })
})

describe('the limiter', () => {
  function ask(times: number, at: (i: number) => number, from?: LimiterState) {
    let state = from
    const answers = Array.from({ length: times }, (_, i) => {
      const decision = decideLimit(state, 'Loud', at(i))
      state = decision.state
      return decision
    })
    return { answers, state: state! }
  }

  it('mutes at the first alert above the limit, reports it once, and stays muted until the operator unmutes it', () => {
    const { answers, state } = ask(ALERTS_PER_HOUR + 2, () => T0)
    expect(answers.filter((answer) => answer.allowed)).toHaveLength(ALERTS_PER_HOUR)
    expect(answers.filter((answer) => answer.mutedNow)).toHaveLength(1)
    expect(decideLimit(state, 'Loud', T0 + 100 * 60 * MINUTE)).toMatchObject({
      allowed: false,
      mutedNow: false,
    })
  })

  it('[DEL-3.13] a new hour begins if the stored one is ahead of the clock', () => {
    const ahead = {
      detection: 'Loud',
      hourStartedAt: T0 + 365 * 24 * 60 * MINUTE,
      created: 990,
      mutedAt: null,
    }
    expect(decideLimit(ahead, 'Loud', T0)).toMatchObject({
      allowed: true,
      state: { created: 1, hourStartedAt: T0 },
    })
  })

  it('the hour goes on for an event that waited while another one began it', () => {
    const begun = { detection: 'Loud', hourStartedAt: T0 + 30 * MINUTE, created: 990, mutedAt: null }
    expect(decideLimit(begun, 'Loud', T0, T0 + 31 * MINUTE)).toMatchObject({ state: { created: 991 } })
  })

  it('the limiter counts per hour', () => {
    const { state } = ask(ALERTS_PER_HOUR, () => T0)
    expect(decideLimit(state, 'Loud', T0 + 60 * MINUTE)).toMatchObject({
      allowed: true,
      state: { created: 1 },
    })
  })
})
