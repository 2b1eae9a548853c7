import { describe, expect, it } from 'vitest'
import type { RouteRow } from '../../src/model/alerts/route-table.ts'
import { diffCases, diffTables } from '../../src/routing/diff.ts'
import type { Observation, RoutingFacts } from '../../src/routing/possible.ts'
import { bundleRoutes } from '../../src/routing/route-bundles.ts'
import { routeRows } from '../../src/routing/route-tables.ts'
import { destination, detection, registry } from '../support/model.ts'

const exampleRegistry = registry(
  [
    destination('soc', { severities: ['HIGH', 'CRITICAL'] }),
    destination('pager', { severities: ['CRITICAL'] }),
    destination('cloud', { severities: ['MEDIUM', 'HIGH'], logTypes: ['AWS.*'] }),
    destination('team'),
    destination('inbox'),
  ],
  { fallback: ['inbox'] },
)

const SILENT: RoutingFacts = { severity: null, destinations: null }
const saw = (
  test: string,
  value: Observation['severity']['value'],
  names?: readonly string[],
): Observation => ({
  test,
  severity: { value, source: 'generated' },
  destinations: names ? { kind: 'list', names } : { kind: 'absent' },
})

/** `SEVERITY names (level, evidence)`, with log types and tests where there is more than the usual. */
function rowText({ severity, route, evidence, tests, logTypes }: RouteRow): string {
  const where = route?.suppressed ? 'nowhere' : (route?.destinations.join(' ') ?? '?')
  const seen = tests.length > 0 ? ` in ${tests.join(' + ')}` : ''
  const types = logTypes.join(' ') === 'AWS.CloudTrail' ? '' : ` [${logTypes.join(' ')}]`
  return `${severity} ${where} (${route?.level ?? 'unknown'}, ${evidence}${seen})${types}`
}

function rows(
  knowledge: RoutingFacts,
  observations: readonly Observation[] = [],
  over: Parameters<typeof detection>[0] = {},
): string[] {
  return routeRows(detection({ severity: 'HIGH', ...over }), knowledge, observations, exampleRegistry).map(
    rowText,
  )
}

describe('rows', () => {
  it('a detection whose metadata alone decides has one row', () => {
    expect(rows(SILENT)).toEqual(['HIGH soc cloud (static-severity, static)'])
    expect(rows(SILENT, [], { outputIds: ['team'] })).toEqual(['HIGH team (static-destinations, static)'])
    expect(rows(SILENT, [], { severity: 'INFO' })).toEqual(['INFO inbox (fallback, static)'])
  })

  it('a severity() whose values are all in its text has a row for each, and DEFAULT is the static one', () => {
    expect(rows({ ...SILENT, severity: { values: ['critical', 'DEFAULT'], closed: true } })).toEqual([
      'CRITICAL soc pager (generated-severity, literal)',
      'HIGH soc cloud (static-severity, literal)',
    ])
  })

  it('a severity() that computes has rows for what tests saw, and every other severity is unknown', () => {
    const open = { ...SILENT, severity: { values: [], closed: false } }
    expect(rows(open, [saw('breach', 'CRITICAL'), saw('again', 'CRITICAL')])).toEqual([
      'CRITICAL soc pager (generated-severity, observed in breach + again)',
      'HIGH soc cloud (generated-severity, unknown)',
      'MEDIUM cloud (generated-severity, unknown)',
      'LOW inbox (fallback, unknown)',
      'INFO inbox (fallback, unknown)',
    ])
  })

  it('a destinations() whose results are all in its text has a row for each: None falls through, [] is nowhere', () => {
    const closed = { values: [['team', 'pager'], null, []], closed: true }
    expect(rows({ ...SILENT, destinations: closed })).toEqual([
      'HIGH team pager (generated-destinations, literal)',
      'HIGH soc cloud (static-severity, literal)',
      'HIGH nowhere (generated-destinations, literal)',
    ])
  })

  it('a destinations() that computes has rows for what tests saw, and a note that there may be more', () => {
    const open = { ...SILENT, destinations: { values: [], closed: false } }
    const seen = { ...saw('vip', 'HIGH', ['team']), severity: { value: 'HIGH', source: 'static' } } as const
    expect(rows(open, [seen])).toEqual([
      'HIGH team (generated-destinations, observed in vip)',
      'HIGH ? (unknown, unknown)',
    ])
  })

  it('call nothing observed that was seen only apart', () => {
    const both: RoutingFacts = {
      severity: { values: [], closed: false },
      destinations: { values: [], closed: false },
    }
    const seen = [saw('a', 'CRITICAL', ['team']), saw('b', 'HIGH', ['pager'])]
    const known = rows(both, seen).filter((row) => row.includes('observed'))
    expect(known).toEqual([
      'CRITICAL team (generated-destinations, observed in a)',
      'HIGH pager (generated-destinations, observed in b)',
    ])
    expect(rows(both, seen)).toContain('CRITICAL pager (generated-destinations, unknown)')
  })

  it('log types that a filter distinguishes have separate rows', () => {
    const over = { logTypes: ['AWS.CloudTrail', 'Okta.SystemLog', 'GitHub.Audit'] }
    expect(rows(SILENT, [], over)).toEqual([
      'HIGH soc cloud (static-severity, static)',
      'HIGH soc (static-severity, static) [Okta.SystemLog GitHub.Audit]',
    ])
  })
})

describe('bundles', () => {
  it('draw equal routes of a log type together, the sure apart from the possible', () => {
    const open: RoutingFacts = { severity: { values: ['HIGH'], closed: false }, destinations: null }
    const table = {
      rows: [
        ...routeRows(detection({ id: 'B', severity: 'HIGH' }), SILENT, [], exampleRegistry),
        ...routeRows(detection({ id: 'A', severity: 'HIGH' }), SILENT, [], exampleRegistry),
        ...routeRows(detection({ id: 'C', logTypes: [] }), open, [], exampleRegistry),
      ],
      silent: [],
    }
    const shown = bundleRoutes(table).map(
      ({ logType, severities, detections, destinations, evidence }) =>
        `${logType}: ${severities.join()} ${detections.join()} -> ${destinations.join()} (${evidence})`,
    )
    expect(shown).toEqual([
      '(no log type): CRITICAL C -> soc,pager (unknown)',
      '(no log type): HIGH C -> soc (literal)',
      '(no log type): MEDIUM,LOW,INFO C -> inbox (unknown)',
      'AWS.CloudTrail: HIGH A,B -> soc,cloud (static)',
    ])
  })
})

describe('a diff', () => {
  const tableOf = (over: Parameters<typeof detection>[0]) => ({
    rows: routeRows(detection({ severity: 'HIGH', ...over }), SILENT, [], exampleRegistry),
    silent: [],
  })

  it('the diff of equal tables is empty, whatever the order of their rows', () => {
    const both = { logTypes: ['AWS.CloudTrail', 'Okta.SystemLog'] }
    const swapped = { logTypes: ['Okta.SystemLog', 'AWS.CloudTrail'] }
    expect(diffTables(tableOf(both), tableOf(swapped))).toEqual([])
  })

  it('a diff has each severity with another route, a new one or none', () => {
    const changes = diffTables(tableOf({}), tableOf({ severity: 'CRITICAL' }))
    const shown = changes.map(
      ({ severity, before, after }) =>
        `${severity}: ${before.map(rowText).join()} -> ${after.map(rowText).join()}`,
    )
    expect(shown).toEqual([
      'CRITICAL:  -> CRITICAL soc pager (static-severity, static)',
      'HIGH: HIGH soc cloud (static-severity, static) -> ',
    ])
  })

  it('a diff has a log type that a detection lost while its other routes stay', () => {
    const changes = diffTables(
      tableOf({ logTypes: ['GitHub.Audit', 'Okta.SystemLog'] }),
      tableOf({ logTypes: ['GitHub.Audit'] }),
    )
    expect(changes).toHaveLength(1)
  })

  it('the diff of cases compares results, not durations', () => {
    const route = {
      level: 'static-severity',
      destinations: ['soc'],
      suppressed: false,
      trace: [],
      problems: [],
    }
    const caseOf = (name: string, over: object = {}) =>
      ({ name, status: 'passed', alerts: true, severity: null, route, durationMs: 1, ...over }) as never
    const results = (...tests: never[]) => [{ id: 'A', tests } as never]
    expect(
      diffCases(
        results(caseOf('same'), caseOf('moved'), caseOf('gone')),
        results(
          caseOf('same', { durationMs: 9 }),
          caseOf('moved', { route: { ...route, destinations: ['pager'] } }),
          caseOf('new'),
        ),
      ).map(({ test, before, after }) => [test, before?.route?.destinations, after?.route?.destinations]),
    ).toEqual([
      ['moved', ['soc'], ['pager']],
      ['gone', ['soc'], undefined],
      ['new', undefined, ['soc']],
    ])
  })
})
