/** The options of the alerts that a silence hides, and the matcher that they make. */

import { UserError } from '../../../errors.ts'
import type { Severity } from '../../../model/alerts/severity.ts'
import { parseSeverity, SEVERITIES } from '../../../model/alerts/severity.ts'
import type { AlertMatch } from '../../../model/alerts/silence.ts'
import { list, type Values, withSuggestions } from '../../command/options.ts'

export const MATCH_OPTIONS = {
  detection: withSuggestions(list('--detection <glob>', 'hide alerts of these detections'), 'detections'),
  severity: withSuggestions(list('--severity <severity>', 'hide alerts of these severities'), SEVERITIES),
  logType: list('--log-type <glob>', 'hide alerts of these log types'),
  tag: list('--tag <glob>', 'hide alerts of detections with these tags'),
  title: list('--title <glob>', 'hide alerts with these titles'),
  context: list('--context <path=glob>', 'hide alerts with this value in their context'),
}

/** An option that is not given restricts nothing. */
export function matchOf(options: Values<typeof MATCH_OPTIONS>): AlertMatch {
  const { detection, severity, logType, tag, title, context } = options
  const lists: readonly (readonly [keyof AlertMatch, readonly string[]])[] = [
    ['detections', detection],
    ['severities', severity.map(severityOf)],
    ['logTypes', logType],
    ['tags', tag],
    ['title', title],
  ]
  return {
    ...Object.fromEntries(lists.filter(([, globs]) => globs.length > 0)),
    ...(context.length > 0 && { context: contextOf(context) }),
  }
}

function severityOf(text: string): Severity {
  const severity = parseSeverity(text)
  if (severity) return severity
  throw new UserError(`unknown severity "${text}"`, {
    code: 'invalid-option',
    hint: `use one of ${SEVERITIES.join(', ')}`,
  })
}

function contextOf(entries: readonly string[]): Record<string, string[]> {
  const paths: Record<string, string[]> = {}
  for (const entry of entries) {
    const [path = '', ...rest] = entry.split('=')
    if (path === '' || rest.length === 0)
      throw new UserError(`--context "${entry}" has no value`, {
        code: 'invalid-option',
        hint: 'write PATH=GLOB, for example host.name=web-*',
      })
    paths[path] = [...(paths[path] ?? []), rest.join('=')]
  }
  return paths
}
