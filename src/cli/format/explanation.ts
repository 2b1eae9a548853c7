/** Formats an explanation as text or as JSON of a stable shape. Pure. */

import type { FunctionName, FunctionResult } from '../../model/alerts/finding.ts'
import { guardJson } from '../../model/events/guard-words.ts'
import { functionsJson } from '../../model/events/test-json.ts'
import type { Detection } from '../../model/project/detection.ts'
import { errorFrames } from '../../reporters/parts/failure.ts'
import { formatHandling } from '../../reporters/parts/handling-trace.ts'
import { formatRoute, routeTarget } from '../../reporters/parts/route-trace.ts'
import { escapeForTerminal, printableLines, type Style } from '../../reporters/parts/terminal-text.ts'
import type { Explanation } from '../../workspace/explain-event.ts'
import { guardLines } from './guard-view.ts'

/** The alert's own text is inserted unchanged, so that numbers keep their digits. */
export function explanationJson(explanation: Explanation): string {
  const { detection, matched, severity, route, handling, alert, functions, guard, preview } = explanation
  const fields: [string, string][] = [
    ...Object.entries({ detection, matched, severity, route, handling }).map(jsonField),
    ['alert', alert ?? 'null'],
    ...Object.entries({ functions: functionsJson(functions), guard: guardJson(guard), preview }).map(
      jsonField,
    ),
  ]
  return `{\n${fields.map(([key, value]) => `  ${JSON.stringify(key)}: ${value}`).join(',\n')}\n}\n`
}

function jsonField([key, value]: [string, unknown]): [string, string] {
  return [key, JSON.stringify(value ?? null, null, 2).replaceAll('\n', '\n  ')]
}

export function formatExplanation(explanation: Explanation, detection: Detection, style: Style): string {
  const { route, handling, matched } = explanation
  const sections: [string, string[]][] = [
    [
      'matched',
      [`${matched ? 'yes' : 'no'}: ${escapeForTerminal(detection.id)}, ${detection.location.file}`],
    ],
    ['functions', functionLines(explanation, style)],
    ['guard', guardLines(explanation.guard, style)],
    ['severity', severityLines(explanation, detection)],
    ['route', route ? [routeTarget(route), ...formatRoute(route, style)] : []],
    ['handling', handling ? formatHandling(handling, style) : []],
    ['alert', explanation.alert ? alertLines(explanation.alert) : []],
    ['request (not sent)', previewLines(explanation, style)],
  ]
  return sectionsText(sections, style)
}

/** Formats sections with their titles and omits empty ones. */
export function sectionsText(sections: readonly [string, readonly string[]][], style: Style): string {
  return sections
    .filter(([, lines]) => lines.length > 0)
    .map(([title, lines]) => `${style('bold', title)}\n${lines.map((line) => `  ${line}\n`).join('')}`)
    .join('\n')
}

export function functionLines({ functions }: Pick<Explanation, 'functions'>, style: Style): string[] {
  const entries = Object.entries(functions) as [FunctionName, FunctionResult][]
  const width = Math.max(0, ...entries.map(([name]) => name.length))
  return entries.flatMap(([name, { output, error }]) => {
    const label = name.padEnd(width)
    if (error)
      return [`${label}  ${style('red', escapeForTerminal(error.repr))}`, ...errorFrames(error, style)]
    return [
      `${label}  ${escapeForTerminal(typeof output === 'string' ? output : JSON.stringify(output ?? null))}`,
    ]
  })
}

export function severityLines({ severity }: Pick<Explanation, 'severity'>, detection: Detection): string[] {
  if (!severity) return []
  const why =
    severity.source === 'generated' ? 'returned by severity()' : `Severity in ${detection.location.file}`
  return [`${severity.value} (${severity.source}): ${why}`]
}

/** Formats the notification with one key per line. */
export function alertLines(alert: string): string[] {
  const fields = Object.entries(JSON.parse(alert) as Record<string, unknown>)
  const width = Math.max(...fields.map(([key]) => key.length))
  return fields.map(([key, value]) => `${key.padEnd(width)}  ${escapeForTerminal(JSON.stringify(value))}`)
}

function previewLines({ preview }: Explanation, style: Style): string[] {
  return Object.entries(preview).flatMap(([destination, shown]) => {
    const notes = 'notes' in shown ? (shown.notes ?? []).map((note) => `    ${escapeForTerminal(note)}`) : []
    if ('note' in shown) {
      const head = `${style('bold', escapeForTerminal(destination))}: ${escapeForTerminal(shown.note)}`
      return [head, ...('payload' in shown ? payloadLines(shown.payload) : []), ...notes]
    }
    const headers = Object.entries(shown.headers).map(
      ([name, value]) => `    ${name}: ${escapeForTerminal(value)}`,
    )
    const body = printableLines(shown.body).map((line) => `    ${line}`)
    return [
      `${style('bold', escapeForTerminal(destination))}: ${shown.method} ${escapeForTerminal(shown.url)}`,
      ...headers,
      '',
      ...body,
      ...notes,
    ]
  })
}

function payloadLines(payload: object): string[] {
  return Object.entries(payload).flatMap(([name, value]) => {
    const [first = '', ...rest] = printableLines(typeof value === 'string' ? value : JSON.stringify(value))
    return [`    ${name}: ${first}`, ...rest.map((line) => `      ${line}`)]
  })
}
