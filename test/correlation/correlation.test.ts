/** Matches of correlation rules: tables of signals per step, at minutes. */
import { describe, expect, it } from 'vitest'
import { absenceWaitMs, type CorrelationMatch, matches } from '../../src/correlation/correlation.ts'
import type { Hit } from '../../src/match/signal-hit.ts'
import type {
  Correlation,
  CorrelationStep,
  Criterion,
  Transition,
} from '../../src/model/project/correlation-definition.ts'

const MINUTE = 60_000

function step(id: string, over: Partial<CorrelationStep> = {}): CorrelationStep {
  return { id, rule: `Rule.${id}`, min: 1, max: null, absent: false, ...over }
}

const on = (...steps: string[]): Criterion => ({
  fields: steps.map((each) => ({ step: each, field: { name: 'user', key: ['user'] } })),
})

function group(steps: readonly CorrelationStep[], over: Partial<Correlation> = {}): Correlation {
  return {
    form: 'group',
    steps,
    criteria: [on(...steps.map(({ id }) => id))],
    transitions: [],
    minSteps: null,
    lookbackMs: 10 * MINUTE,
    schedule: { everyMs: 5 * MINUTE },
    ...over,
  }
}

function sequence(
  steps: readonly CorrelationStep[],
  transitions: readonly (readonly [from: string, to: string, minutes?: number])[],
  over: Partial<Correlation> = {},
): Correlation {
  return group(steps, {
    form: 'sequence',
    transitions: transitions.map(
      ([from, to, minutes]): Transition => ({
        from,
        to,
        withinMs: minutes === undefined ? null : minutes * MINUTE,
      }),
    ),
    ...over,
  })
}

/** The signals of each step. `ann 3` is a signal of the user ann at minute 3. */
type Signals = Readonly<Record<string, string>>

function hitsOf(signals: Signals): Map<string, Hit[]> {
  return new Map(
    Object.entries(signals).map(([id, text]) => [
      id,
      text
        .split(', ')
        .filter((each) => each !== '')
        .map((each) => {
          const [users, minute] = each.split(' ') as [string, string]
          return {
            at: Number(minute) * MINUTE,
            isNew: true,
            values: () => users.split('+').filter((user) => user !== '-'),
          }
        }),
    ]),
  )
}

/** Describes matches: `ann: A0 B3` has the value and the hits of the match. */
function shown({ values, hits, waitsUntil }: CorrelationMatch<Hit>): string {
  const where = hits()
    .map(({ step: { id }, hit }) => `${id}${hit.at / MINUTE}`)
    .join(' ')
  const wait = waitsUntil === null ? '' : ` until ${waitsUntil / MINUTE}`
  return `${values.join('|')}: ${where}${wait}`
}

function found(correlation: Correlation, signals: Signals): string[] {
  return [...matches(correlation, hitsOf(signals), { waitMs: 5 * MINUTE })].map(shown)
}

const A = step('A')
const B = step('B')
const C = step('C')
const NO_B = step('B', { absent: true })

describe('a group', () => {
  it.each<[string, Correlation, Signals, string[]]>([
    ['both at once', group([A, B]), { A: 'ann 0', B: 'ann 0' }, ['ann: A0 B0']],
    ['in any order', group([A, B]), { A: 'ann 5', B: 'ann 0' }, ['ann: B0 A5']],
    ['at the edge of the window', group([A, B]), { A: 'ann 0', B: 'ann 10' }, ['ann: A0 B10']],
    ['beyond it', group([A, B]), { A: 'ann 0', B: 'ann 10.01' }, []],
    ['of two people', group([A, B]), { A: 'ann 0', B: 'bob 1' }, []],
    ['one is missing', group([A, B]), { A: 'ann 0' }, []],
    ['no value to compare', group([A, B]), { A: '- 0', B: '- 1' }, []],
    ['lists that share one', group([A, B]), { A: 'ann+bob 0', B: 'bob+eve 1' }, ['bob: A0 B1']],
    [
      'two people, each',
      group([A, B]),
      { A: 'ann 0, bob 1', B: 'bob 2, ann 3' },
      ['ann: A0 B3', 'bob: A1 B2'],
    ],
    ['within a part of all there is', group([A, B]), { A: 'ann 0, ann 30', B: 'ann 35' }, ['ann: A30 B35']],
    [
      'enough of one',
      group([step('A', { min: 3 }), B]),
      { A: 'ann 0, ann 1, ann 2', B: 'ann 3' },
      ['ann: A0 A1 A2 B3'],
    ],
    ['too few of one', group([step('A', { min: 3 }), B]), { A: 'ann 0, ann 1, bob 2', B: 'ann 3' }, []],
    ['three, but not in one window', group([step('A', { min: 3 })]), { A: 'ann 0, ann 9, ann 11' }, []],
    [
      'no more than allowed',
      group([step('A', { max: 1 }), B]),
      { A: 'ann 0, ann 20', B: 'ann 21' },
      ['ann: A20 B21'],
    ],
    ['too many', group([step('A', { max: 1 }), B]), { A: 'ann 0, ann 1', B: 'ann 9' }, []],
    [
      'too many, whichever the window',
      group([step('A', { max: 1 }), B]),
      { A: 'ann 0, ann 8', B: 'ann 9' },
      [],
    ],
    ['two of three', group([A, B, C], { minSteps: 2 }), { A: 'ann 0', C: 'ann 1' }, ['ann: A0 C1']],
    ['one of three where two are needed', group([A, B, C], { minSteps: 2 }), { A: 'ann 0, ann 1' }, []],
    ['without criteria', group([A, B], { criteria: [] }), { A: 'ann 0', B: 'bob 1' }, [': A0 B1']],
    [
      'a step that no criterion names',
      group([A, B], { criteria: [on('A')] }),
      { A: 'ann 0', B: 'bob 1' },
      ['ann: A0 B1'],
    ],
  ])('%s', (_, correlation, signals, expected) => {
    expect(found(correlation, signals)).toEqual(expected)
  })

  it.each<[string, Signals, string[]]>([
    ['nothing of it: judged when the wait is over', { A: 'ann 0' }, ['ann: A0 until 5']],
    ['it came after', { A: 'ann 0', B: 'ann 10' }, []],
    ['it came before', { A: 'ann 10', B: 'ann 0' }, []],
    ['it came too late to count', { A: 'ann 0', B: 'ann 10.01' }, ['ann: A0 until 5']],
    ['it came for another', { A: 'ann 0', B: 'bob 1' }, ['ann: A0 until 5']],
    ['it came alone', { B: 'ann 0' }, []],
  ])('a group with an absent step: %s', (_, signals, expected) => {
    expect(found(group([A, NO_B]), signals)).toEqual(expected)
  })

  it('two criteria must hold for the same signals', () => {
    const city: Criterion = {
      fields: ['A', 'B'].map((id) => ({ step: id, field: { name: 'city', key: ['city'] } })),
    }
    const hit = (user: string, where: string, at: number): Hit => ({
      at: at * MINUTE,
      isNew: true,
      values: (field) => [field === 'user' ? user : where],
    })
    const correlation = group([A, B], { criteria: [on('A', 'B'), city] })
    const matchesWith = (b: Hit) =>
      [
        ...matches(
          correlation,
          new Map([
            ['A', [hit('ann', 'Graz', 0)]],
            ['B', [hit('ann', 'Linz', 1), b]],
          ]),
          {
            waitMs: 0,
          },
        ),
      ].map(shown)
    expect([matchesWith(hit('bob', 'Graz', 2)), matchesWith(hit('ann', 'Graz', 2))]).toEqual([
      [],
      ['ann|Graz: A0 B2'],
    ])
  })
})

describe('a sequence', () => {
  const AB = sequence([A, B], [['A', 'B', 3]])
  const ABC = sequence(
    [A, B, C],
    [
      ['A', 'B', 3],
      ['B', 'C', 3],
    ],
  )
  it.each<[string, Correlation, Signals, string[]]>([
    ['one after the other', AB, { A: 'ann 0', B: 'ann 2' }, ['ann: A0 B2']],
    ['at the same time', AB, { A: 'ann 0', B: 'ann 0' }, ['ann: A0 B0']],
    ['the wrong way round', AB, { A: 'ann 2', B: 'ann 0' }, []],
    ['at the end of its time', AB, { A: 'ann 0', B: 'ann 3' }, ['ann: A0 B3']],
    ['after its time', AB, { A: 'ann 0', B: 'ann 3.01' }, []],
    ['another way in', AB, { A: 'ann 0, ann 2', B: 'ann 4' }, ['ann: A2 B4']],
    ['of two people', AB, { A: 'ann 0', B: 'bob 1' }, []],
    ['three steps', ABC, { A: 'ann 0', B: 'ann 2', C: 'ann 4' }, ['ann: A0 B2 C4']],
    ['a later middle reaches the end', ABC, { A: 'ann 0', B: 'ann 1, ann 3', C: 'ann 6' }, ['ann: A0 B3 C6']],
    ['no middle reaches the end', ABC, { A: 'ann 0', B: 'ann 1, ann 3', C: 'ann 6.1' }, []],
    ['the last before the middle', ABC, { A: 'ann 0', B: 'ann 2', C: 'ann 1' }, []],
    ['longer than the lookback', sequence([A, B, C], []), { A: 'ann 0', B: 'ann 6', C: 'ann 11' }, []],
    [
      'a later start fits the lookback',
      sequence([A, B, C], []),
      { A: 'ann 0, ann 2', B: 'ann 6', C: 'ann 11' },
      ['ann: A2 B6 C11'],
    ],
    [
      'seven, then one',
      sequence([step('A', { min: 3 }), B], []),
      { A: 'ann 0, ann 1, ann 2', B: 'ann 3' },
      ['ann: A0 A1 A2 B3'],
    ],
    [
      'one, then several',
      sequence([A, step('B', { min: 2 })], [['A', 'B', 3]]),
      { A: 'ann 0', B: 'ann 1, ann 3' },
      ['ann: A0 B1 B3'],
    ],
    [
      'several, the last too late',
      sequence([A, step('B', { min: 2 })], [['A', 'B', 3]]),
      { A: 'ann 0', B: 'ann 1, ann 4' },
      [],
    ],
    [
      'too many in its window',
      sequence([A, step('B', { max: 1 })], []),
      { A: 'ann 0', B: 'ann 1, ann 2' },
      [],
    ],
    ['without criteria', sequence([A, B], [], { criteria: [] }), { A: 'ann 0', B: 'bob 1' }, [': A0 B1']],
  ])('%s', (_, correlation, signals, expected) => {
    expect(found(correlation, signals)).toEqual(expected)
  })

  const NOT_FOLLOWED = sequence([A, NO_B], [['A', 'B', 3]])
  const NOT_PRECEDED = sequence([NO_B, A], [['B', 'A', 3]])
  const NOT_BETWEEN = sequence(
    [A, NO_B, C],
    [
      ['A', 'B'],
      ['B', 'C'],
    ],
  )
  it.each<[string, Correlation, Signals, string[]]>([
    ['not followed: judged when its time is over', NOT_FOLLOWED, { A: 'ann 0' }, ['ann: A0 until 3']],
    ['followed', NOT_FOLLOWED, { A: 'ann 0', B: 'ann 3' }, []],
    ['followed too late', NOT_FOLLOWED, { A: 'ann 0', B: 'ann 4' }, ['ann: A0 until 3']],
    ['followed by another', NOT_FOLLOWED, { A: 'ann 0', B: 'bob 1' }, ['ann: A0 until 3']],
    ['only before', NOT_FOLLOWED, { A: 'ann 1', B: 'ann 0' }, ['ann: A1 until 4']],
    [
      'without a time of its own it waits as a group does',
      sequence([A, NO_B], []),
      { A: 'ann 0' },
      ['ann: A0 until 5'],
    ],
    ['not preceded', NOT_PRECEDED, { A: 'ann 5' }, ['ann: A5']],
    ['preceded', NOT_PRECEDED, { A: 'ann 5', B: 'ann 2' }, []],
    ['preceded long ago', NOT_PRECEDED, { A: 'ann 5', B: 'ann 1' }, ['ann: A5']],
    ['not between', NOT_BETWEEN, { A: 'ann 0', C: 'ann 5', B: 'ann 6' }, ['ann: A0 C5']],
    ['between', NOT_BETWEEN, { A: 'ann 0', C: 'ann 5', B: 'ann 3' }, []],
  ])('a sequence with an absent step: %s', (_, correlation, signals, expected) => {
    expect(found(correlation, signals)).toEqual(expected)
  })

  it('a sequence of many signals without a match is evaluated in good time', () => {
    const many = (offset: number) =>
      Array.from({ length: 2_000 }, (_, n) => `ann ${n / 1000 + offset}`).join(', ')
    const steps = ['A', 'B', 'C', 'D'].map((id) => step(id))
    const signals = { A: many(0), B: many(2), C: many(4), D: many(20) }
    const correlation = sequence(
      steps,
      [
        ['A', 'B', 4],
        ['B', 'C', 4],
        ['C', 'D', 4],
      ],
      { lookbackMs: 60 * MINUTE },
    )
    expect(found(correlation, signals)).toEqual([])
  })
})

it('sequences are found exactly where trying every combination finds one', () => {
  let seed = 7
  const random = (below: number) => {
    seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31
    return Math.floor((seed / 2 ** 31) * below)
  }
  const runs = (hits: readonly Hit[], min: number) =>
    hits.slice(0, Math.max(0, hits.length - min + 1)).map((_, at) => hits.slice(at, at + min))
  const outcomes = new Set<boolean>()
  for (let round = 0; round < 500; round++) {
    const [a, c] = [step('A', { min: 1 + random(2) }), step('C', { min: 1 + random(2) })]
    const [first, second] = [1 + random(4), 1 + random(4)]
    const correlation = sequence(
      [a, NO_B, c, step('D')],
      [
        ['A', 'C', first],
        ['C', 'D', second],
      ],
      { criteria: [] },
    )
    const some = () => Array.from({ length: random(5) }, () => `- ${random(12)}`).join(', ')
    const signals = {
      A: some(),
      B: Array.from({ length: random(2) }, () => `- ${random(12)}`).join(),
      C: some(),
      D: some(),
    }
    const hits = hitsOf(signals)
    for (const list of hits.values()) list.sort((x, y) => x.at - y.at)
    const of = (id: string) => hits.get(id)!
    const expected = runs(of('A'), a.min).some((as) =>
      runs(of('C'), c.min).some((cs) =>
        of('D').some((d) => {
          const [begun, ended, middle, done] = [as[0]!.at, as.at(-1)!.at, cs[0]!.at, cs.at(-1)!.at]
          const inOrder = ended <= middle && done <= d.at
          const inTime =
            done - ended <= first * MINUTE && d.at - done <= second * MINUTE && d.at - begun <= 10 * MINUTE
          return inOrder && inTime && !of('B').some(({ at }) => at >= ended && at <= middle)
        }),
      ),
    )
    outcomes.add(expected)
    expect([signals, found(correlation, signals).length > 0]).toEqual([signals, expected])
  }
  expect(outcomes.size).toBe(2)
})

it('the wait for what must be absent is what windows overlap', () => {
  expect([absenceWaitMs(15, 5), absenceWaitMs(1800, 1440), absenceWaitMs(10, 60)]).toEqual([10, 360, 0])
})
