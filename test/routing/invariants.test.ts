/** What holds for any registry and any alert, whatever the combination. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ALERT_KINDS, alertGroup } from '../../src/model/alerts/alert-kind.ts'
import type { DestinationsResult, Route, RouteRequest } from '../../src/model/alerts/route.ts'
import { SEVERITIES } from '../../src/model/alerts/severity.ts'
import type { Destination, Registry } from '../../src/model/project/destination.ts'
import { resolveRoute } from '../../src/routing/resolve-route.ts'
import { destination, registry } from '../support/model.ts'

const NAMES = ['a', 'b', 'c', 'd', 'e']
const IDS: Readonly<Record<string, string>> = { b: 'id-b', d: 'id-d' }
const LOG_TYPES = ['AWS.CloudTrail', 'AWS.S3', 'Okta.SystemLog']

const declared: fc.Arbitrary<Registry> = fc
  .record({
    destinations: fc.tuple(...NAMES.map(destinationCalled)),
    present: fc.subarray(NAMES),
    fallback: fc.subarray(NAMES),
  })
  .map(({ destinations, present, fallback }) =>
    registry(
      destinations.filter(({ name }) => present.includes(name)),
      { fallback: fallback.filter((name) => present.includes(name)) },
    ),
  )

function destinationCalled(name: string): fc.Arbitrary<Destination> {
  return fc
    .record({
      enabled: fc.boolean(),
      strict: fc.boolean(),
      severities: fc.subarray([...SEVERITIES]),
      alertTypes: fc.option(fc.subarray([...ALERT_KINDS], { minLength: 1 })),
      logTypes: fc.option(fc.subarray(['AWS.*', 'Okta.SystemLog', '*'], { minLength: 1 })),
    })
    .map((over) => destination(name, { id: IDS[name] ?? null, ...over }))
}

const someNames = fc.array(fc.constantFrom(...NAMES, ...Object.values(IDS), 'gone', 'SKIP'), {
  maxLength: 12,
})
const said: fc.Arbitrary<DestinationsResult> = fc.oneof(
  fc.constant<DestinationsResult>({ kind: 'absent' }),
  fc.constant<DestinationsResult>({ kind: 'none' }),
  fc.constant<DestinationsResult>({ kind: 'error', message: 'KeyError' }),
  someNames.map((names): DestinationsResult => ({ kind: 'list', names })),
)
const asked: fc.Arbitrary<RouteRequest> = fc.record({
  kind: fc.constantFrom(...ALERT_KINDS),
  severity: fc.record({
    value: fc.constantFrom(...SEVERITIES),
    source: fc.constantFrom('static' as const, 'generated' as const),
  }),
  destinations: said,
  outputIds: someNames,
  logTypes: fc.subarray(LOG_TYPES),
})

function always(check: (request: RouteRequest, exampleRegistry: Registry, route: Route) => void): void {
  fc.assert(
    fc.property(asked, declared, (request, exampleRegistry) =>
      check(request, exampleRegistry, resolveRoute(request, exampleRegistry)),
    ),
    { numRuns: 2_000 },
  )
}

/** The list that was given for this alert, the higher level first; null: none. */
function listOf({ kind, destinations, outputIds }: RouteRequest): readonly string[] | null {
  if (alertGroup(kind) === 'ALERT' && destinations.kind === 'list') return destinations.names
  const heard = alertGroup(kind) === 'ALERT' ? outputIds : outputIds.filter((name) => name !== 'SKIP')
  return heard.length > 0 ? heard : null
}

const isCalled = (name: string) => (each: Destination) => each.name === name || each.id === name

describe('a route', () => {
  it('holds enabled, declared destinations, each once', () => {
    always((_, exampleRegistry, { destinations }) => {
      expect(new Set(destinations).size).toBe(destinations.length)
      for (const name of destinations) {
        expect(exampleRegistry.destinations.some((each) => each.enabled && each.name === name)).toBe(true)
      }
    })
  })

  it('an alert that its list does not route to a destination can only go there through the fallback', () => {
    always((request, exampleRegistry, { level, destinations }) => {
      const list = listOf(request)
      if (list === null) return
      const allowed =
        level === 'fallback'
          ? exampleRegistry.fallback
          : exampleRegistry.destinations
              .filter((each) => list.some((name) => isCalled(name)(each)))
              .map((d) => d.name)
      expect(allowed).toEqual(expect.arrayContaining([...destinations]))
    })
  })

  it('reaches every known name of a list, unless it is skipped, disabled or strict', () => {
    always((request, exampleRegistry, { destinations, suppressed }) => {
      const list = listOf(request)
      if (list === null || suppressed) return
      for (const name of list) {
        const found = exampleRegistry.destinations.find(isCalled(name))
        if (found?.enabled && !found.strict) expect(destinations).toContain(found.name)
      }
    })
  })

  it('a route without destinations has a problem, unless it is on purpose', () => {
    always((_, __, { destinations, suppressed, problems }) => {
      if (destinations.length > 0) return
      expect(suppressed || problems.some(({ code }) => code === 'nobody')).toBe(true)
    })
  })

  it('errors and system alerts are never routed nowhere', () => {
    always((request, _, { suppressed }) => {
      if (alertGroup(request.kind) !== 'ALERT') expect(suppressed).toBe(false)
    })
  })

  it('the last step of a trace is the level of the route, and the deciding step explains every name', () => {
    always((_, exampleRegistry, { level, destinations, suppressed, trace }) => {
      expect(trace.at(-1)).toMatchObject({ level, decided: true })
      const deciding = trace.find((step) => step.decided)!
      expect(trace.slice(0, trace.indexOf(deciding)).every((step) => !step.decided)).toBe(true)
      if (suppressed) return
      const dropped = (deciding.dropped ?? []).map((each) => each.destination)
      const reached = deciding === trace.at(-1) ? destinations : []
      for (const name of deciding.names ?? []) {
        const found = exampleRegistry.destinations.find(isCalled(name))
        const fates = [
          !found && deciding.unknown?.includes(name),
          found && reached.includes(found.name),
          found && dropped.includes(found.name),
        ].filter(Boolean)
        expect(fates, name).toHaveLength(1)
      }
    })
  })

  it('equal requests get equal routes, and the arguments are not changed', () => {
    always((request, exampleRegistry, route) => {
      const before = structuredClone({ request, exampleRegistry })
      expect(resolveRoute(structuredClone(request), structuredClone(exampleRegistry))).toEqual(route)
      expect({ request, exampleRegistry }).toEqual(before)
    })
  })
})
