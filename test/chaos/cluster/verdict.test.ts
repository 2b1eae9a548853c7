/** The ledger and the verdict of a run of several daemons: what they demand, and what they find. */
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { AlertRow, DeliveryRow } from '../../../src/store/store.ts'
import { seededRandom } from '../../support/random.ts'
import { alert } from '../../support/store-rows.ts'
import { chaosEvents, type EventKind, THRESHOLD } from './cluster-events.ts'
import { ClusterLedger } from './ledger.ts'
import { SABOTAGES, sabotagedTexts } from './sabotage.ts'
import { judge, type RunState } from './verdict.ts'

const EVENTS = 4_000

function ledgerOf(kinds: readonly [EventKind, string, string?][]): ClusterLedger {
  const ledger = new ClusterLedger(EVENTS)
  for (const [id, [kind, key, value = '']] of kinds.entries())
    ledger.add({ id, kind, key, value, happenedAt: 0 })
  return ledger
}

describe('the ledger', () => {
  it('demands an alert with every event of a key that reaches its threshold, and none of the others', () => {
    const reached = Array.from({ length: THRESHOLD + 3 }, () => ['Threshold', 'k1'] as [EventKind, string])
    const missed = Array.from({ length: THRESHOLD - 1 }, () => ['Threshold', 'k2'] as [EventKind, string])
    expect([...ledgerOf([...reached, ...missed, ['Noise', 'k3']]).expectedAlerts()]).toEqual([
      ['Chaos.Threshold k1', THRESHOLD + 3],
    ])
  })

  it('counts distinct values, and each counter of the cache', () => {
    const values = ['a', 'b', 'c', 'd', 'a', 'e'].map((each) => ['Unique', 'k1', each] as const)
    const few = ['a', 'b', 'a'].map((each) => ['Unique', 'k2', each] as const)
    const counters = Array.from({ length: 25 }, () => ['Counter', 'k7'] as const)
    const ledger = ledgerOf([...values, ...few, ...counters].map((each) => [...each]))
    expect(Object.fromEntries(ledger.expectedAlerts())).toEqual({
      'Chaos.Unique k1': 6,
      'Chaos.Counter k7': 1,
    })
    expect(Object.fromEntries(ledger.expectedCounters())).toEqual({ 'chaos-counter-k7': 25 })
  })

  it('demands a match of each sequence that is complete and of each request without an answer', () => {
    const ledger = ledgerOf([
      ['Second', 's1'],
      ['First', 's1'],
      ['First', 's2'],
      ['Answer', 'a1'],
      ['Request', 'a1'],
      ['Request', 'a2'],
    ])
    expect(Object.fromEntries(ledger.expectedMatches())).toEqual({
      'Chaos.Sequence s1': 1,
      'Chaos.Absence a2': 1,
    })
  })
})

it('the events have every kind, are the same for the same seed, and an answer comes before its request', () => {
  const events = (seed: number) => [
    ...chaosEvents({ partitions: 4, events: EVENTS, startedAt: 0, random: seededRandom(seed) }),
  ]
  const all = events(1)
  expect(events(1)).toEqual(all)
  expect(new Set(all.map(({ event }) => event.kind)).size).toBe(10)
  expect(new Set(all.map(({ event }) => event.id)).size).toBe(all.length)
  const requests = all.filter(({ event }) => event.kind === 'Request')
  for (const { event, partition } of requests) {
    const answer = all.find((each) => each.event.kind === 'Answer' && each.event.key === event.key)
    if (answer) expect([answer.partition, answer.event.id < event.id]).toEqual([partition, true])
  }
})

describe('the verdict', () => {
  const made = (events: number): AlertRow =>
    alert('a1', { detection: 'Chaos.Merge', dedup: 'k1', kind: 'RULE', events })
  const arrived = (keys: Record<string, number>) => new Map([['a1', new Map(Object.entries(keys))]])
  const state = (alerts: readonly AlertRow[], more: Partial<RunState> = {}): RunState => ({
    alerts,
    deliveries: [],
    counters: new Map([['c', 2]]),
    arrivals: { main: arrived({ x: 1 }), second: arrived({ y: 1 }), third: new Map(), fallback: new Map() },
    knownSpans: [],
    ...more,
  })
  const expected = {
    alerts: new Map([['Chaos.Merge k1', 3]]),
    matches: new Map(),
    counters: new Map([['c', 2]]),
    hasExactMatches: true,
  }
  const delivery = (row: Partial<DeliveryRow>) =>
    ({
      id: 'd',
      state: 'delivered',
      destination: 'third',
      reason: '',
      createdAt: 50_000,
      ...row,
    }) as DeliveryRow

  it('finds nothing where everything was counted once and arrived', () => {
    expect(judge(state([made(3)]), expected)).toMatchObject({ lost: [], doubled: [], wrong: [], repeated: 0 })
  })

  it.each([
    ['an event that was lost', state([made(2)]), { lost: ['Chaos.Merge k1: 2 of 3 events'] }],
    ['an event that was counted twice', state([made(4)]), { doubled: ['Chaos.Merge k1: 4 of 3 events'] }],
    [
      'an alert that was made twice',
      state([made(2), made(1)]),
      { lost: [], doubled: ['Chaos.Merge k1: 2 alerts'] },
    ],
    [
      'a counter that is behind, and one that is ahead',
      state([made(3)], { counters: new Map([['c', 1]]) }),
      { lost: ['c: 1 of 2'] },
    ],
    [
      'an alert that did not arrive',
      state([made(3)], { arrivals: { ...state([]).arrivals, second: new Map() } }),
      { lost: ['Chaos.Merge k1: not at second'] },
    ],
    [
      'an alert that arrived under two keys',
      state([made(3)], { arrivals: { ...state([]).arrivals, main: arrived({ x: 1, z: 1 }) } }),
      { doubled: ['alert a1: 2 keys at main'] },
    ],
    [
      'an alert that is not due',
      state([made(3), alert('a2', { detection: 'Chaos.Merge', dedup: 'k9', kind: 'RULE' })], {
        arrivals: {
          ...state([]).arrivals,
          main: new Map([...arrived({ x: 1 }), ['a2', new Map([['u', 1]])]]),
          second: new Map([...arrived({ y: 1 }), ['a2', new Map([['v', 1]])]]),
        },
      }),
      { wrong: ['Chaos.Merge k9: an alert that is not due'] },
    ],
    [
      'a delivery that was orphaned although its destination is in every registry',
      state([made(3)], { deliveries: [delivery({ state: 'orphaned', destination: 'main' })] }),
      { wrong: ['delivery d to main is orphaned'] },
    ],
    [
      'a delivery that went to the fallback while a daemon knew its destination',
      state([made(3)], {
        deliveries: [delivery({ destination: 'fallback', reason: 'fallback: third is gone' })],
        knownSpans: [{ from: 10_000, until: 90_000 }],
      }),
      { wrong: ['delivery d went to the fallback: fallback: third is gone'] },
    ],
  ])('finds %s', (_, given, found) => {
    expect(judge(given, expected)).toMatchObject(found)
  })

  it('a request that was repeated under its own key is no fault', () => {
    const arrivals = { ...state([]).arrivals, main: arrived({ x: 3 }) }
    expect(judge(state([made(3)], { arrivals }), expected)).toMatchObject({ doubled: [], repeated: 2 })
  })
})

it.each(Object.keys(SABOTAGES))('the sabotage %s still finds in the product what it changes', (kind) => {
  const checkout = join(import.meta.dirname, '..', '..', '..')
  expect(sabotagedTexts(checkout, kind).size).toBeGreaterThan(0)
})
