/** Inline filters with real Python: an event that does not pass never reaches `rule()`, in tests and in `run`. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createEngine } from '../../src/engine/engine.ts'
import type { Engine } from '../../src/model/events/evaluation.ts'
import { nullLog } from '../../src/model/ports.ts'
import { engineProject, envelope, reportsOf, rule, warmEngine } from '../support/engine-project.ts'
import { readExpression } from '../support/expressions.ts'

const LOGIN = {
  user: { name: 'ann', admin: false, groups: ['staff', 'ops'] },
  action: 'login',
  ip: '198.51.100.7',
  inside: '10.1.2.3',
  risk: 70,
  agent: null,
  session: '',
  net: '192.0.2.0/24',
  hops: [{ ip: '10.0.0.1' }, { ip: '8.8.8.8' }],
  p_enrichment: {
    ipinfo_location: { ip: { city: 'Idaho Falls', country: 'US', p_match: '198.51.100.7' } },
    threat_list: {
      ip: [
        { feed: 'a', score: 10 },
        { feed: 'b', score: 90 },
      ],
    },
  },
}

const FILTERS: [filter: string, passes: boolean][] = [
  ['{ KeyPath: action, Condition: Equals, Value: login }', true],
  ['{ KeyPath: action, Condition: Equals, Value: logout }', false],
  ['{ KeyPath: user.name, Condition: DoesNotEqual, Value: ann }', false],
  ['{ KeyPath: USER.Name, Condition: Equals, Value: ann }', true],
  ['{ KeyPath: user.admin, Condition: Equals, Value: false }', true],
  ['{ KeyPath: risk, Condition: IsGreaterThan, Value: 69 }', true],
  ['{ KeyPath: risk, Condition: IsGreaterThanOrEquals, Value: 71 }', false],
  ['{ KeyPath: risk, Condition: IsLessThan, Value: 70 }', false],
  ['{ KeyPath: risk, Condition: IsLessThanOrEquals, Value: 70.0 }', true],
  ['{ KeyPath: user.name, Condition: Contains, Value: nn }', true],
  ['{ KeyPath: user.groups, Condition: Contains, Value: ops }', true],
  ['{ KeyPath: user.groups, Condition: DoesNotContain, Value: ops }', false],
  ['{ KeyPath: action, Condition: StartsWith, Value: log }', true],
  ['{ KeyPath: action, Condition: EndsWith, Value: out }', false],
  ['{ KeyPath: "user.groups[0]", Condition: IsIn, Values: [staff, guests] }', true],
  ['{ KeyPath: action, Condition: IsNotIn, Values: [login] }', false],
  ['{ KeyPath: ip, Condition: IsIPAddressInCIDR, Value: 198.51.100.0/24 }', true],
  ['{ KeyPath: ip, Condition: IsIPAddressNotInCIDR, Values: [10.0.0.0/8, 198.51.0.0/16] }', false],
  ['{ KeyPath: net, Condition: CIDRContainsIPAddresses, Values: [192.0.2.1] }', true],
  ['{ KeyPath: net, Condition: CIDRDoesNotContainIPAddresses, Values: [192.0.2.1] }', false],
  ['{ KeyPath: inside, Condition: IsIPAddressPrivate }', true],
  ['{ KeyPath: inside, Condition: IsIPAddressPublic }', false],
  ['{ KeyPath: agent, Condition: IsNullOrEmpty }', true],
  ['{ KeyPath: session, Condition: IsNotNullOrEmpty }', false],
  ['{ KeyPath: "hops[*].ip", Condition: IsIPAddressPublic }', true],
  [
    '{ Enrichment: { Table: ipinfo_location, Selector: ip, FieldPath: city }, Condition: Equals, Value: Idaho Falls }',
    true,
  ],
  [
    '{ Enrichment: { Table: ipinfo_location, Selector: ip, FieldPath: country }, Condition: IsNotIn, Values: [US, CA] }',
    false,
  ],
  [
    '{ Enrichment: { Table: threat_list, Selector: ip, FieldPath: score }, Condition: IsGreaterThan, Value: 80 }',
    true,
  ],
  [
    '{ Enrichment: { Table: unknown, Selector: ip, FieldPath: score }, Condition: IsGreaterThan, Value: 80 }',
    false,
  ],
  [
    '[{ KeyPath: action, Condition: Equals, Value: login }, { Any: [{ KeyPath: risk, Condition: IsLessThan, Value: 9 }, { KeyPath: user.name, Condition: IsIn, Values: [ann] }] }]',
    true,
  ],
  [
    '[{ KeyPath: action, Condition: Equals, Value: login }, { KeyPath: risk, Condition: IsLessThan, Value: 9 }]',
    false,
  ],
  ['{ KeyPath: p_log_type, Condition: Equals, Value: Case.31 }', true],
]

const filtered = FILTERS.map(([yaml], n) => {
  const { expression, problems } = readExpression(yaml, 'filter')
  if (problems.length > 0) throw new Error(problems[0]!.message)
  return rule(`filter-${n}`, 'def rule(event): return True', {
    inlineFilter: expression,
    logTypes: [`Case.${n}`],
  })
})
const raising = rule('raising', 'def rule(event): raise ValueError(event["user"])', {
  inlineFilter: readExpression('{ KeyPath: user, Condition: Exists }', 'filter').expression,
  logTypes: ['Raising'],
})

let engine: Engine
beforeAll(async () => {
  const project = engineProject({ detections: [...filtered, raising] })
  engine = await createEngine({ project, purpose: 'test', workers: 1, prewarmed: warmEngine(), log: nullLog })
})
afterAll(() => engine.close())

describe('an inline filter', () => {
  it.each(FILTERS.map(([filter, passes], n) => ({ filter, passes, n })))(
    'lets pass ($passes) by $filter',
    async ({ passes, n }) => {
      const [event] = await engine.evaluate([envelope(LOGIN, { type: `Case.${n}` })])
      const entry = JSON.stringify({ ...LOGIN, p_log_type: `Case.${n}` })
      const [outcome] = await engine.test([{ detection: `filter-${n}`, entry, mocks: '[]' }])
      expect({ live: reportsOf(event!), test: outcome!.functions.detection }).toEqual({
        live: passes ? [`filter-${n}`] : [],
        test: { output: passes },
      })
    },
  )

  it('keeps an event from Python, whatever Python would have said', async () => {
    const events = [envelope({ other: 1 }, { type: 'Raising' }), envelope({ user: 1 }, { type: 'Raising' })]
    expect((await engine.evaluate(events)).map(reportsOf)).toEqual([[], ['raising']])
    const [kept] = await engine.test([{ detection: 'raising', entry: '{"other": 1}', mocks: '[]' }])
    expect(kept!.functions).toEqual({ detection: { output: false } })
  })
})
