import { describe, expect, it } from 'vitest'
import type { AlertKind } from '../../src/model/alerts/alert-kind.ts'
import type { DestinationsResult, Route, RouteRequest } from '../../src/model/alerts/route.ts'
import type { NoRegistry, Registry } from '../../src/model/project/destination.ts'
import { resolveRoute } from '../../src/routing/resolve-route.ts'
import { destination, registry } from '../support/model.ts'

const ID = '0e2a8b1c-0000-4000-8000-000000000001'
const exampleRegistry = registry(
  [
    destination('soc', { severities: ['HIGH', 'CRITICAL'], id: ID }),
    destination('pager', { severities: ['CRITICAL'] }),
    destination('aws-only', { severities: ['HIGH'], logTypes: ['AWS.*'] }),
    destination('errors', { severities: ['MEDIUM'], alertTypes: ['RULE_ERROR', 'POLICY_ERROR'] }),
    destination('strict-okta', { logTypes: ['Okta.*'], strict: true }),
    destination('off', { severities: ['HIGH'], enabled: false }),
    destination('named-only'),
    destination('ops', { alertTypes: ['SYSTEM_ERROR', 'HEARTBEAT'] }),
    destination('inbox'),
  ],
  { fallback: ['inbox'] },
)
const noFallback = registry(exampleRegistry.destinations)

const list = (...names: string[]): DestinationsResult => ({ kind: 'list', names })
const static_ = (value: RouteRequest['severity']['value']) => ({ value, source: 'static' as const })
const generated = (value: RouteRequest['severity']['value']) => ({ value, source: 'generated' as const })

function route(over: Partial<RouteRequest>, given: Registry | NoRegistry = exampleRegistry): Route {
  const request: RouteRequest = {
    kind: 'RULE',
    severity: static_('HIGH'),
    destinations: { kind: 'absent' },
    outputIds: [],
    logTypes: ['AWS.CloudTrail'],
  }
  return resolveRoute({ ...request, ...over }, given)
}

/** `level: names` or `level: nowhere on purpose`, then the codes of the problems. */
function routeText({ level, destinations, suppressed, problems }: Route): string {
  const codes = problems.map((problem) => `\`${problem.code}\``)
  const where = suppressed ? 'nowhere on purpose' : destinations.join(' ') || '-'
  return `${level}: ${where}${codes.length > 0 ? ` (${codes.join(' ')})` : ''}`
}

describe('the four levels', () => {
  it.each<[string, Partial<RouteRequest>, string]>([
    ['static severity', {}, 'static-severity: soc aws-only'],
    ['generated severity', { severity: generated('CRITICAL') }, 'generated-severity: soc pager'],
    [
      'OutputIds beat severity',
      { outputIds: ['named-only'], severity: generated('CRITICAL') },
      'static-destinations: named-only',
    ],
    [
      'destinations() beats OutputIds',
      { destinations: list('pager'), outputIds: ['soc'] },
      'generated-destinations: pager',
    ],
    [
      'None falls through to OutputIds',
      { destinations: { kind: 'none' }, outputIds: ['soc'] },
      'static-destinations: soc',
    ],
    ['None falls through to severity', { destinations: { kind: 'none' } }, 'static-severity: soc aws-only'],
    ['OutputIds [] is not set', { outputIds: [] }, 'static-severity: soc aws-only'],
  ])('%s', (_, request, expected) => {
    expect(routeText(route(request))).toBe(expected)
  })
})

describe('suppression', () => {
  it.each<[string, Partial<RouteRequest>, string]>([
    ['[]', { destinations: list() }, 'generated-destinations: nowhere on purpose'],
    ['[SKIP]', { destinations: list('SKIP') }, 'generated-destinations: nowhere on purpose'],
    [
      'SKIP together with names',
      { destinations: list('soc', 'SKIP') },
      'generated-destinations: nowhere on purpose (`skip-mixed`)',
    ],
    ['OutputIds [SKIP]', { outputIds: ['SKIP'] }, 'static-destinations: nowhere on purpose'],
    [
      'destinations() over OutputIds [SKIP]',
      { destinations: list('soc'), outputIds: ['SKIP'] },
      'generated-destinations: soc',
    ],
    [
      'SKIP never silences an error',
      { kind: 'RULE_ERROR', severity: static_('MEDIUM'), outputIds: ['SKIP'] },
      'static-severity: errors',
    ],
  ])('%s', (_, request, expected) => {
    expect(routeText(route(request))).toBe(expected)
  })
})

describe('names', () => {
  it.each<[string, Partial<RouteRequest>, string]>([
    ['an id stands for its destination', { destinations: list(ID) }, 'generated-destinations: soc'],
    [
      'a name and its id collapse',
      { destinations: list('pager', 'soc', ID) },
      'generated-destinations: pager soc',
    ],
    [
      'duplicates collapse, first position wins',
      { outputIds: ['pager', 'soc', 'pager'] },
      'static-destinations: pager soc',
    ],
    [
      'the known ones still get it',
      { destinations: list('gone', 'soc') },
      'generated-destinations: soc (`unknown-destination`)',
    ],
    [
      'unknown only: never widens',
      { destinations: list('gone') },
      'fallback: inbox (`unknown-destination` `nobody`)',
    ],
    [
      'unknown OutputIds: never widens',
      { outputIds: ['gone'] },
      'fallback: inbox (`unknown-destination` `nobody`)',
    ],
    [
      'a disabled one is not reached',
      { outputIds: ['off'] },
      'fallback: inbox (`disabled-destination` `nobody`)',
    ],
    [
      'filters do not hold on explicit lists',
      { outputIds: ['aws-only'], logTypes: ['Okta.SystemLog'] },
      'static-destinations: aws-only',
    ],
    [
      'unless the destination is strict',
      { outputIds: ['strict-okta', 'soc'] },
      'static-destinations: soc (`strict-filter`)',
    ],
    [
      'strict and accepted',
      { outputIds: ['strict-okta'], logTypes: ['Okta.SystemLog'] },
      'static-destinations: strict-okta',
    ],
    [
      'strictness removing everyone',
      { outputIds: ['strict-okta'] },
      'fallback: inbox (`strict-filter` `nobody`)',
    ],
    [
      'destinations() that failed falls through',
      { destinations: { kind: 'error', message: 'KeyError' }, outputIds: ['soc'] },
      'static-destinations: soc (`destinations-error`)',
    ],
  ])('%s', (_, request, expected) => {
    expect(routeText(route(request))).toBe(expected)
  })

  it('a route to eleven destinations is resolved, with a problem that this is unusual', () => {
    const names = Array.from({ length: 11 }, (_, i) => `d${i}`)
    const many = registry(names.map((name) => destination(name)))
    expect(routeText(route({ destinations: list(...names) }, many))).toBe(
      `generated-destinations: ${names.join(' ')} (\`too-many\`)`,
    )
  })
})

describe('filters by severity', () => {
  it.each<[string, Partial<RouteRequest>, string]>([
    ['log type glob refuses', { logTypes: ['Okta.SystemLog'] }, 'static-severity: soc'],
    [
      'any log type of several accepts',
      { logTypes: ['Okta.SystemLog', 'AWS.S3'] },
      'static-severity: soc aws-only',
    ],
    ['no log type at all', { logTypes: [] }, 'static-severity: soc'],
    ['alert types refuse', { severity: static_('MEDIUM') }, 'fallback: inbox (`nobody`)'],
    [
      'alert types accept an error',
      { kind: 'POLICY_ERROR', severity: static_('MEDIUM') },
      'static-severity: errors',
    ],
    ['without alertTypes errors are accepted', { kind: 'RULE_ERROR' }, 'static-severity: soc aws-only'],
    ['no destination accepts the severity', { severity: static_('INFO') }, 'fallback: inbox (`nobody`)'],
  ])('%s', (_, request, expected) => {
    expect(routeText(route(request))).toBe(expected)
  })
})

describe('errors and system alerts', () => {
  it.each<[string, Partial<RouteRequest>, string]>([
    [
      'destinations() is not run',
      { kind: 'RULE_ERROR', destinations: list('pager') },
      'static-severity: soc aws-only',
    ],
    [
      'an error goes to OutputIds',
      { kind: 'SCHEDULED_RULE_ERROR', outputIds: ['pager'] },
      'static-destinations: pager',
    ],
    [
      'a system error goes to who lists it',
      { kind: 'SYSTEM_ERROR', severity: static_('CRITICAL') },
      'alert-type: ops',
    ],
    [
      'no destination lists it',
      { kind: 'ROUTE_ERROR', severity: static_('CRITICAL') },
      'fallback: inbox (`nobody`)',
    ],
    [
      'a heartbeat goes to its own list',
      { kind: 'HEARTBEAT', severity: static_('INFO'), outputIds: ['soc'] },
      'static-destinations: soc',
    ],
  ])('%s', (_, request, expected) => {
    expect(routeText(route(request))).toBe(expected)
  })
})

describe('fallback and nowhere', () => {
  it('a route without any destination has a problem', () => {
    expect(routeText(route({ severity: static_('INFO') }, noFallback))).toBe('nowhere: - (`nobody`)')
  })

  it('ignores a disabled fallback', () => {
    const off = registry([destination('inbox', { enabled: false })], { fallback: ['inbox'] })
    expect(routeText(route({}, off))).toBe('nowhere: - (`nobody`)')
  })

  it('the fallback ignores every filter', () => {
    const picky = destination('inbox', { logTypes: ['Okta.*'], alertTypes: ['POLICY'], strict: true })
    expect(routeText(route({}, registry([picky], { fallback: ['inbox'] })))).toBe(
      'fallback: inbox (`nobody`)',
    )
  })
})

describe('without a registry', () => {
  it('names are kept without a registry, and routing by severity is unresolved', () => {
    expect(routeText(route({ destinations: list('a', 'b', 'a') }, 'absent'))).toBe(
      'generated-destinations: a b (`unverified` `unverified`)',
    )
    expect(routeText(route({ outputIds: ['x'] }, 'absent'))).toBe('static-destinations: x (`unverified`)')
    expect(routeText(route({}, 'absent'))).toBe('unresolved: -')
    expect(routeText(route({ kind: 'SYSTEM_ERROR' }, 'absent'))).toBe('unresolved: -')
  })
})

describe('the trace', () => {
  it('the trace has every level from the highest down, and what the filters dropped', () => {
    const { trace } = route({ destinations: { kind: 'none' }, logTypes: ['Okta.SystemLog'] })
    expect(trace.map(({ level, decided }) => [level, decided])).toEqual([
      ['generated-destinations', false],
      ['static-destinations', false],
      ['static-severity', true],
    ])
    expect(trace[2]).toMatchObject({
      reason: 'the static severity is HIGH, accepted by soc',
      names: ['soc', 'aws-only', 'off'],
      dropped: [
        { destination: 'aws-only', filter: 'logTypes' },
        { destination: 'off', filter: 'disabled' },
      ],
    })
  })

  it('the trace names the line of the override that applied', () => {
    const { trace } = route({ outputIds: ['soc'], override: 'destinations.yaml:12' })
    expect(trace[1]?.reason).toBe('the override at destinations.yaml:12 set OutputIds to [soc]')
  })

  it.each<AlertKind>(['RULE', 'POLICY_ERROR', 'SYSTEM_ERROR'])(
    'the trace of %s ends with the step that decided',
    (kind) => {
      const { trace, level } = route({ kind })
      expect(trace.at(-1)).toMatchObject({ level, decided: true })
    },
  )
})

it('the same request gets an equal route, and the arguments are not changed', () => {
  const frozen = Object.freeze({
    ...exampleRegistry,
    destinations: Object.freeze([...exampleRegistry.destinations]),
  })
  expect(route({ outputIds: ['soc', 'gone'] }, frozen)).toEqual(route({ outputIds: ['soc', 'gone'] }, frozen))
})
