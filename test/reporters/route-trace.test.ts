import { expect, it } from 'vitest'
import type { Route } from '../../src/model/alerts/route.ts'
import { routeTarget } from '../../src/reporters/parts/route-trace.ts'

const base: Route = { level: 'nowhere', destinations: [], suppressed: false, trace: [], problems: [] }

it.each<[Partial<Route>, string]>([
  [{ level: 'fallback', destinations: ['a', 'b'] }, 'a, b (fallback)'],
  [{ level: 'generated-destinations', suppressed: true }, 'suppressed (generated-destinations)'],
  [{}, 'no destination (nowhere)'],
  [
    { level: 'unresolved', trace: [{ level: 'static-severity', decided: true, reason: 'no registry' }] },
    'unresolved: no registry',
  ],
])('%j goes to %s', (more, expected) => {
  expect(routeTarget({ ...base, ...more })).toBe(expected)
})
