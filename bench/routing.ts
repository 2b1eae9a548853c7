/** Routes per second of the one resolver, trace included: 50 destinations, globs, every level. */

import type { DestinationsResult, RouteRequest } from '../src/model/alerts/route.ts'
import { SEVERITIES } from '../src/model/alerts/severity.ts'
import type { Registry } from '../src/model/project/destination.ts'
import { resolveRoute } from '../src/routing/resolve-route.ts'
import { destination, registry } from '../test/support/model.ts'
import type { BenchContext, Figure, Measurement } from './figure.ts'
import { alternate } from './repeat.ts'

const DESTINATIONS = 50
const VENDORS = ['AWS', 'Okta', 'GCP', 'GitHub', 'Azure', 'Slack', 'Zoom', 'Box', 'Duo', 'Asana']

/** Half of them take severities, each with its own globs; the other half is only reached by name. */
function crowdedRegistry(): Registry {
  const destinations = Array.from({ length: DESTINATIONS }, (_, i) => {
    const vendor = VENDORS[i % VENDORS.length]!
    return destination(`destination-${i}`, {
      severities: i % 2 === 0 ? SEVERITIES.slice(i % 4) : [],
      logTypes: [`${vendor}.*`, `*.${vendor}Audit`, `Custom.${vendor}?`],
      alertTypes: i % 3 === 0 ? ['RULE', 'POLICY'] : null,
      strict: i % 5 === 0,
      enabled: i % 10 !== 9,
    })
  })
  return registry(destinations, { fallback: ['destination-0'] })
}

const absent: DestinationsResult = { kind: 'absent' }

const KINDS: Readonly<Record<string, (i: number) => Partial<RouteRequest>>> = {
  'by severity': () => ({}),
  'by OutputIds': (i) => ({ outputIds: [named(i), named(i + 7)] }),
  'by destinations()': (i) => ({
    destinations: { kind: 'list', names: [named(i), named(i + 3), named(i + 11)] },
  }),
  'to the fallback': (i) => ({ destinations: { kind: 'list', names: [`gone-${i}`] } }),
}

function named(i: number): string {
  return `destination-${i % DESTINATIONS}`
}

function requests(kind: (i: number) => Partial<RouteRequest>): RouteRequest[] {
  return Array.from({ length: 200 }, (_, i) => ({
    kind: 'RULE',
    severity: { value: SEVERITIES[i % SEVERITIES.length]!, source: i % 2 === 0 ? 'static' : 'generated' },
    destinations: absent,
    outputIds: [],
    logTypes: [`${VENDORS[i % VENDORS.length]!}.Log${i}`],
    ...kind(i),
  }))
}

async function measure({ quick, progress }: BenchContext): Promise<Figure[]> {
  progress(`${DESTINATIONS} destinations`)
  const declared = crowdedRegistry()
  const kinds = Object.entries(KINDS).map(([name, kind]) => ({ name, asked: requests(kind) }))
  kinds.push({ name: 'all four in turn', asked: kinds.flatMap(({ asked }) => asked) })
  const count = quick ? 20_000 : 100_000
  const samples = await alternate(
    kinds.map(({ asked }) => ({ run: async () => routesPerSecond(asked, declared, count) })),
    quick ? 5 : 11,
    2,
  )
  return kinds.map(({ name }, at) => ({ name, unit: 'routes/s', samples: samples[at]! }))
}

function routesPerSecond(asked: readonly RouteRequest[], declared: Registry, count: number): number {
  let steps = 0
  const startedAt = performance.now()
  for (let i = 0; i < count; i++) steps += resolveRoute(asked[i % asked.length]!, declared).trace.length
  const seconds = (performance.now() - startedAt) / 1_000
  if (steps < count) throw new Error('a route has no trace')
  return count / seconds
}

export default { title: 'Routing', measure } satisfies Measurement
