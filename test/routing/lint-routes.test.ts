import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Registry } from '../../src/model/project/destination.ts'
import { LINT_CODES } from '../../src/model/project/lint.ts'
import { type BodyRouting, type LintFinding, lintRoutes } from '../../src/routing/lint-routes.ts'
import type { RoutingFacts } from '../../src/routing/possible.ts'
import { routeRows } from '../../src/routing/route-tables.ts'
import { destination, detection, registry } from '../support/model.ts'

const exampleRegistry = registry(
  [destination('soc', { severities: ['HIGH', 'CRITICAL'] }), destination('team', { severities: ['MEDIUM'] })],
  { fallback: ['soc'] },
)
const noFallback = registry(exampleRegistry.destinations)

const PLAIN: BodyRouting = { hasSeverity: false, destinationNames: [], skipMixed: null, varying: null }
const at = (line: number) => ({ file: 'rules/test.py', line, column: 5 })

interface Planted {
  readonly over?: Parameters<typeof detection>[0]
  readonly knowledge?: Partial<RoutingFacts>
  readonly body?: Partial<BodyRouting>
  readonly given?: Registry
}

/** Findings of the one planted detection beside a sound one that keeps every destination reachable. */
function lint({ over = {}, knowledge = {}, body = {}, given = exampleRegistry }: Planted): LintFinding[] {
  const planted = detection(over)
  const sound = detection({ id: 'Sound', outputIds: given.destinations.map(({ name }) => name) })
  const known = { severity: null, destinations: null, ...knowledge }
  return lintRoutes(
    [
      { detection: planted, rows: routeRows(planted, known, [], given), body: { ...PLAIN, ...body } },
      {
        detection: sound,
        rows: routeRows(sound, { severity: null, destinations: null }, [], given),
        body: PLAIN,
      },
    ],
    given,
  )
}

const findingTexts = (findings: readonly LintFinding[]) =>
  findings.map(({ code, message, at: location }) => {
    const where =
      'location' in location
        ? `${location.location.file}:${location.location.line}`
        : `${location.file} ${location.key}`
    return `${where} ${code}: ${message}`
  })

describe('lint', () => {
  it('finds nothing in a valid project', () => {
    expect(lint({})).toEqual([])
  })

  it.each<[string, Planted, string]>([
    [
      'an unknown name in destinations()',
      {
        body: {
          destinationNames: [
            { name: 'socc', location: at(4) },
            { name: 'SKIP', location: at(5) },
          ],
        },
      },
      'rules/test.py:4 unknown-destination: destinations() returns "socc", which is not a destination of destinations.yaml',
    ],
    [
      'an alert without a destination',
      { over: { severity: 'LOW' }, given: noFallback },
      'rules/test.yml Severity reaches-nobody: LOW alerts would have no destination',
    ],
    [
      'a severity() whose result may have no destination',
      { knowledge: { severity: { values: ['HIGH'], closed: false } }, given: noFallback },
      'rules/test.yml Severity reaches-nobody: LOW and INFO alerts could have no destination',
    ],
    [
      'names that are all unknown',
      { over: { outputIds: ['gone'] }, given: noFallback },
      'rules/test.yml OutputIds reaches-nobody: MEDIUM alerts would have no destination',
    ],
    [
      'a severity that severity() can return and no destination accepts',
      { knowledge: { severity: { values: ['LOW', 'HIGH'], closed: true } } },
      'rules/test.yml Severity untaken-severity: severity() can return LOW, which no destination accepts; such alerts go only to the fallback',
    ],
    [
      'OutputIds that shadow severity()',
      { over: { outputIds: ['team'] }, body: { hasSeverity: true } },
      'rules/test.yml OutputIds shadowed-severity: OutputIds decides the route; the result of severity() does not change it',
    ],
    [
      'an override that shadows severity()',
      { over: { outputIds: ['team'], override: 'destinations.yaml:4' }, body: { hasSeverity: true } },
      'rules/test.yml OutputIds shadowed-severity: the override at destinations.yaml:4 decides the route; the result of severity() does not change it',
    ],
    [
      'SKIP together with names in the metadata',
      { over: { outputIds: ['SKIP', 'team'] } },
      'rules/test.yml OutputIds skip-mixed: SKIP together with names suppresses the alert',
    ],
    [
      'SKIP together with names in the body',
      { body: { skipMixed: at(7) } },
      'rules/test.py:7 skip-mixed: SKIP together with names suppresses the alert',
    ],
    [
      'destinations() that varies within one alert',
      { body: { varying: at(9) } },
      'rules/test.py:9 varying-destinations: destinations() depends on the event, but events with different results share one alert',
    ],
    [
      'an id that no detection references',
      {
        given: registry([
          ...exampleRegistry.destinations,
          destination('by-id', { id: 'u-1', location: 'destinations.yaml:8' }),
        ]),
      },
      'destinations.yaml:8 unreferenced-id: no detection references destination "by-id" by its id',
    ],
  ])('finds %s', (_name, planted, expected) => {
    expect(findingTexts(lint(planted))).toEqual([expected])
  })

  it('does not report a static severity that goes to the fallback', () => {
    expect(lint({ over: { severity: 'LOW' } })).toEqual([])
  })

  it('does not report an id that a detection references', () => {
    const given = registry([...exampleRegistry.destinations, destination('by-id', { id: 'u-1' })])
    expect(lint({ over: { outputIds: ['u-1'] }, given })).toEqual([])
  })
})

describe('a destination', () => {
  const orphan = destination('orphan', { severities: ['CRITICAL'], location: 'destinations.yaml:9' })
  const unreachable = (
    over: Partial<typeof orphan>,
    subject: Parameters<typeof detection>[0] = {},
    knowledge: Partial<RoutingFacts> = {},
    more: Partial<Registry> = {},
  ) => {
    const given = registry([destination('soc', { severities: ['MEDIUM'] }), { ...orphan, ...over }], more)
    const only = detection(subject)
    const rows = routeRows(only, { severity: null, destinations: null, ...knowledge }, [], given)
    return findingTexts(lintRoutes([{ detection: only, rows, body: PLAIN }], given))
  }

  it('is reported when no alert can reach it', () => {
    expect(unreachable({})).toEqual([
      'destinations.yaml:9 unreachable-destination: no alert can reach destination "orphan"',
    ])
  })

  it('is not reported when some detections could not be loaded', () => {
    expect(lintRoutes([], registry([orphan]), false)).toEqual([])
  })

  it.each<[string, Parameters<typeof unreachable>]>([
    ['accepts a severity that a detection has', [{ severities: ['MEDIUM'] }]],
    ['is named by a detection', [{}, { outputIds: ['orphan', 'soc'] }]],
    ['may be named by code', [{}, {}, { destinations: { values: [], closed: false } }]],
    ['is the fallback', [{}, {}, {}, { fallback: ['orphan'] }]],
    ['gets the heartbeat', [{}, {}, {}, { heartbeat: { cron: '* * * * *', destinations: ['orphan'] } }]],
    ['lists a system type', [{ alertTypes: ['SYSTEM_ERROR'] }]],
    ['accepts the errors of a detection', [{ severities: ['MEDIUM'], alertTypes: ['RULE_ERROR'] }]],
    ['is disabled', [{ enabled: false }]],
  ])('a destination that %s is not reported as unreachable', (_name, given) => {
    expect(unreachable(...given)).toEqual([])
  })
})

it('every code is explained in docs/routing.md', () => {
  const docs = readFileSync(join(import.meta.dirname, '../../docs/routing.md'), 'utf8')
  expect(LINT_CODES.filter((code) => !docs.includes(`| \`${code}\` |`))).toEqual([])
})
