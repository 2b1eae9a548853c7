/** Matches alerts against the conditions of a rule of handling. Pure. */
import { anyGlobMatches } from '../core/glob.ts'
import { alertGroup } from '../model/alerts/alert-kind.ts'
import type { AlertMatch } from '../model/alerts/silence.ts'
import type { HandledAlert } from './stage.ts'

/** True if every condition that is given matches. A match without a condition matches every alert. */
export function matchesAlert(match: AlertMatch, alert: HandledAlert): boolean {
  const { detections, severities, logTypes, tags, alertTypes, title, context } = match
  if (severities && !severities.includes(alert.severity.value)) return false
  if (alertTypes && !alertTypes.includes(alert.kind)) return false
  if (detections && !anyGlobMatches(detections, [alert.detection])) return false
  if (logTypes && !anyGlobMatches(logTypes, alert.logTypes)) return false
  if (tags && !anyGlobMatches(tags, alert.tags)) return false
  if (title && !anyGlobMatches(title, [alert.title])) return false
  return context === undefined || matchesContext(context, alert)
}

/** Like `matchesAlert`, but without a condition on the kind only alerts match that are no errors and not about the system. */
export function matchesByDefault(match: AlertMatch, alert: HandledAlert): boolean {
  if (match.alertTypes === undefined && alertGroup(alert.kind) !== 'ALERT') return false
  return matchesAlert(match, alert)
}

const parsed = new WeakMap<HandledAlert, unknown>()

function matchesContext(context: NonNullable<AlertMatch['context']>, alert: HandledAlert): boolean {
  let value = parsed.get(alert)
  if (value === undefined) {
    value = JSON.parse(alert.context)
    parsed.set(alert, value)
  }
  for (const path in context) if (!anyGlobMatches(context[path]!, textsAt(value, path))) return false
  return true
}

/**
 * Returns the texts at a path. A key that contains dots is found, too. Of a list every item counts. Numbers and truth values
 * are compared as JSON writes them.
 */
export function textsAt(value: unknown, path: string): string[] {
  if (Array.isArray(value)) return value.flatMap((item) => textsAt(item, path))
  if (path === '') return textOf(value)
  if (typeof value !== 'object' || value === null) return []
  const texts: string[] = []
  for (const [key, inner] of Object.entries(value)) {
    if (key === path) texts.push(...textsAt(inner, ''))
    else if (path.startsWith(`${key}.`)) texts.push(...textsAt(inner, path.slice(key.length + 1)))
  }
  return texts
}

function textOf(value: unknown): string[] {
  if (typeof value === 'string') return [value]
  return typeof value === 'number' || typeof value === 'boolean' ? [String(value)] : []
}
