/** Formats the routes that a change affects, as Markdown for a pull request or as JSON. Pure. */
import type { RouteRow } from '../../model/alerts/route-table.ts'
import { counted } from '../../reporters/parts/terminal-text.ts'
import type { CaseOutcome, RoutesDiff } from '../../routing/diff.ts'
import { targetOf } from './routes-view.ts'

const MAX_CHANGES_SHOWN = 200

export function diffMarkdown({ routes, cases }: RoutesDiff, ref: string): string {
  if (routes.length + cases.length === 0) return `No route changes against \`${ref}\`.\n`
  const sections = [
    `### Routes changed against ${code(ref)}: ${counted(routes.length, 'route')}, ${counted(cases.length, 'test case')}`,
    section(
      ['Detection', 'Severity', 'Before', 'After'],
      routes.map(({ detection, severity, before, after }) => [
        code(detection),
        severity,
        targets(before),
        targets(after),
      ]),
    ),
    section(
      ['Detection', 'Test', 'Before', 'After'],
      cases.map(({ detection, test, before, after }) => [
        code(detection),
        code(test),
        outcome(before),
        outcome(after),
      ]),
    ),
  ]
  return `${sections.filter(Boolean).join('\n\n')}\n`
}

function section(header: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return ''
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  const more =
    rows.length > MAX_CHANGES_SHOWN
      ? `\n\n${rows.length - MAX_CHANGES_SHOWN} more: \`--format json\` lists all.`
      : ''
  return `${[line(header), line(header.map(() => '---')), ...rows.slice(0, MAX_CHANGES_SHOWN).map(line)].join('\n')}${more}`
}

function targets(rows: readonly RouteRow[]): string {
  if (rows.length === 0) return '*no alert*'
  return [...new Set(rows.map(target))].join('<br>')
}

function target({ route, evidence }: RouteRow): string {
  const said =
    route && route.destinations.length > 0 ? route.destinations.map(code).join(', ') : targetOf(route)
  const how = route === null || evidence === 'static' ? '' : `, ${evidence}`
  return `${said} (${route?.level ?? 'generated-destinations'}${how})`
}

function outcome(result: CaseOutcome | null): string {
  if (result === null) return '*no case*'
  const { status, severity, route } = result
  const goes =
    route && (route.destinations.length > 0 ? route.destinations.map(code).join(', ') : route.level)
  return [status, severity?.value, route?.suppressed ? 'suppressed' : goes].filter(Boolean).join(', ')
}

/** Quotes a name of an author, which must not end a table cell or become markup. */
function code(text: string): string {
  const plain = text.replace(/[\p{Cc}]/gu, ' ').replaceAll('|', '\\|')
  const fence = plain.includes('`') ? '``' : '`'
  return `${fence}${plain}${fence}`
}

export function diffJson({ routes, cases }: RoutesDiff, ref: string): string {
  return `${JSON.stringify({ version: 1, against: ref, routes, cases }, null, 2)}\n`
}
