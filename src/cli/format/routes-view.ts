/** Shows a route table: one line per detection and route for people, every row for machines. Pure. */
import type { RouteRow, RouteTable } from '../../model/alerts/route-table.ts'
import { counted, type Style } from '../../reporters/parts/terminal-text.ts'
import { table } from './table.ts'

export function routesText({ rows, silent }: RouteTable, style: Style): string {
  const lines = [...Map.groupBy(rows, lineKey).values()].map((same) => lineOf(same, rows))
  const unrouted = rows.filter(({ route }) => route?.level === 'nowhere').length
  const parts = [
    counted(new Set(rows.map(({ detection }) => detection)).size, 'detection'),
    ...[...Map.groupBy(silent, ({ reason }) => reason)].map(([reason, all]) => `${all.length} ${reason}`),
    unrouted > 0 && style('red', `${counted(unrouted, 'route')} to nobody`),
  ]
  const header = ['DETECTION', 'SEVERITY', 'GOES TO', 'DECIDED BY', 'KNOWN FROM']
  return `${table(header, lines, style)}\n${parts.filter(Boolean).join(', ')}\n`
}

/** Severities that take one route, known in one way, share a line. */
function lineKey({ detection, logTypes, route, evidence, tests }: RouteRow): string {
  return JSON.stringify([detection, logTypes, targetOf(route), route?.level, evidence, tests])
}

function lineOf(same: readonly RouteRow[], all: readonly RouteRow[]): string[] {
  const { detection, logTypes, route } = same[0]!
  const forAll = all.every((row) => row.detection !== detection || row.logTypes.length === logTypes.length)
  return [
    forAll ? detection : `${detection} (${logTypes.join(', ')})`,
    same.map(({ severity }) => severity).join(', '),
    targetOf(route),
    route?.level ?? 'generated-destinations',
    knownFrom(same[0]!),
  ]
}

export function targetOf(route: RouteRow['route']): string {
  if (route === null) return '?'
  if (route.suppressed) return 'nowhere, on purpose'
  if (route.destinations.length > 0) return route.destinations.join(', ')
  return route.level === 'unresolved' ? 'unresolved: there is no destinations.yaml' : 'nobody'
}

function knownFrom({ evidence, tests }: RouteRow): string {
  switch (evidence) {
    case 'static':
      return 'metadata'
    case 'literal':
      return 'literal'
    case 'observed': {
      const more = tests.length > 1 ? ` and ${tests.length - 1} more` : ''
      return `observed in test "${tests[0]}"${more}`
    }
    case 'unknown':
      return 'unknown'
  }
}

/** The stable shape of docs/cli.md. */
export function routesJson({ rows, silent }: RouteTable): string {
  return `${JSON.stringify({ version: 1, routes: rows, silent }, null, 2)}\n`
}
