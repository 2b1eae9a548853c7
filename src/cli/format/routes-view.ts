/** Formats a route table: one line per detection and route as text, every row as JSON. Pure. */
import type { RouteRow, RouteTable } from '../../model/alerts/route-table.ts'
import { counted, type Style } from '../../reporters/parts/terminal-text.ts'
import { table } from './table.ts'

export function routesText({ rows, silent }: RouteTable, style: Style): string {
  const lines = [...Map.groupBy(rows, lineKey).values()].map((same) => lineOf(same, rows))
  const unrouted = rows.filter(({ route }) => route?.level === 'nowhere').length
  const parts = [
    counted(new Set(rows.map(({ detection }) => detection)).size, 'detection'),
    ...[...Map.groupBy(silent, ({ reason }) => reason)].map(([reason, all]) =>
      silentText(reason, all.length),
    ),
    unrouted > 0 && style('red', `${counted(unrouted, 'route')} without a destination`),
  ]
  const header = ['DETECTION', 'SEVERITY', 'DESTINATIONS', 'DECIDED BY', 'EVIDENCE']
  return `${table(header, lines, style)}\n${parts.filter(Boolean).join('; ')}\n`
}

function silentText(reason: string, count: number): string {
  return reason === 'CreateAlert is false'
    ? `${count} ${count === 1 ? 'creates' : 'create'} no alerts (CreateAlert: false)`
    : `${count} ${reason}`
}

/** Severities with the same route and the same evidence share a line. */
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
    evidenceText(same[0]!),
  ]
}

export function targetOf(route: RouteRow['route']): string {
  if (route === null) return '?'
  if (route.suppressed) return 'suppressed'
  if (route.destinations.length > 0) return route.destinations.join(', ')
  return route.level === 'unresolved' ? 'unresolved: destinations.yaml not found' : 'no destination'
}

function evidenceText({ evidence, tests }: RouteRow): string {
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

/** The shape is stable and documented in docs/cli.md. */
export function routesJson({ rows, silent }: RouteTable): string {
  return `${JSON.stringify({ version: 1, routes: rows, silent }, null, 2)}\n`
}
