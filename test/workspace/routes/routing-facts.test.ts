import { describe, expect, it } from 'vitest'
import type { DetectionFacts, Outcome } from '../../../src/model/events/facts.ts'
import { bodyRouting, routingFactsOf } from '../../../src/workspace/routes/routing-facts.ts'

const location = { file: 'rules/a.py', line: 3, column: 5 }
const text = (value: string): Outcome => ({ kind: 'text', value, location })
const list = (values: readonly string[], over: { exact?: boolean; closed?: boolean } = {}): Outcome => ({
  kind: 'list',
  items: values.map((value) => ({ value, location })),
  exact: true,
  closed: true,
  location,
  ...over,
})
const ALWAYS = { kind: 'constant', holds: true } as const
const none: Outcome = { kind: 'none', location }
const unknown = (event: boolean): Outcome => ({ kind: 'unknown', event, location })

function facts(
  returns: Partial<Record<keyof DetectionFacts['returns'], readonly Outcome[]>>,
): DetectionFacts {
  const entries = Object.entries(returns).map(([name, outcomes]) => [name, { location, outcomes }])
  return { functions: [], imports: [], followed: [], returns: Object.fromEntries(entries) as never }
}

describe('what is known of routing', () => {
  it('a detection without a body, or without the functions, has no routing facts', () => {
    const nothing = { severity: null, destinations: null }
    expect([routingFactsOf(undefined, null), routingFactsOf(facts({}), null)]).toEqual([nothing, nothing])
  })

  it('the severities of a simple detection are its own and every one that it may change to', () => {
    const simple = { matcher: ALWAYS, title: null, context: null, groupBy: [] }
    const severities = [{ to: 'HIGH' as const, when: ALWAYS }]
    const nothing = { severity: null, destinations: null }
    expect(routingFactsOf(undefined, { ...simple, severities: [] })).toEqual(nothing)
    expect(routingFactsOf(undefined, { ...simple, severities }).severity).toEqual({
      values: ['HIGH', 'DEFAULT'],
      closed: true,
    })
  })

  it.each<[string, readonly Outcome[], readonly string[], boolean]>([
    ['texts', [text('HIGH'), text('low')], ['HIGH', 'low'], true],
    ['a text and a value that is known only at run time', [text('HIGH'), unknown(true)], ['HIGH'], false],
    ['None: the static severity', [text('HIGH'), none], ['HIGH', 'DEFAULT'], true],
  ])('the severities of a severity() that returns %s', (_name, outcomes, values, closed) => {
    expect(routingFactsOf(facts({ severity: outcomes }), null).severity).toEqual({ values, closed })
  })

  it.each<[string, readonly Outcome[], unknown, boolean]>([
    ['lists and None', [list(['a', 'b']), list([]), none], [['a', 'b'], [], null], true],
    ['some of a list', [list(['a', 'b'], { exact: false })], [], false],
    ['a value that is known only at run time', [unknown(false)], [], false],
  ])('the destinations of a destinations() that returns %s', (_name, outcomes, values, closed) => {
    expect(routingFactsOf(facts({ destinations: outcomes }), null).destinations).toEqual({ values, closed })
  })
})

describe('the facts for lint', () => {
  it('every name, also of lists that are known in part', () => {
    const routing = bodyRouting(
      facts({ destinations: [list(['a']), list(['b'], { exact: false, closed: false })] }),
    )
    expect(routing.destinationNames.map(({ name }) => name)).toEqual(['a', 'b'])
  })

  it('skipMixed is the location of a list with SKIP and names, and null for SKIP alone', () => {
    expect(bodyRouting(facts({ destinations: [list(['SKIP'])] })).skipMixed).toBeNull()
    expect(bodyRouting(facts({ destinations: [list(['a', 'SKIP'])] })).skipMixed).toEqual(location)
  })

  it.each<[string, Parameters<typeof facts>[0], boolean]>([
    ['one list for every event', { destinations: [list(['a'])] }, false],
    ['one of two lists', { destinations: [list(['a']), none] }, true],
    [
      'one of two lists, distinguished by title()',
      { destinations: [list(['a']), none], title: [unknown(true)] },
      false,
    ],
    [
      'one of two lists, distinguished by dedup()',
      { destinations: [list(['a']), none], dedup: [unknown(true)] },
      false,
    ],
    ['one of two lists under one title', { destinations: [list(['a']), none], title: [text('same')] }, true],
    ['what the event has a part in', { destinations: [unknown(true)] }, true],
    [
      'a value that is known only at run time and does not depend on the event',
      { destinations: [unknown(false)] },
      false,
    ],
  ])('%s: varies is %s', (_name, returns, varies) => {
    expect(bodyRouting(facts(returns)).varying !== null).toBe(varies)
  })
})
