/** The flags by which `destinations add` and `edit` say what a destination is. */
import { UserError } from '../../../errors.ts'
import { ALERT_KINDS } from '../../../model/alerts/alert-kind.ts'
import { parseSeverity, SEVERITIES, type Severity } from '../../../model/alerts/severity.ts'
import type { DestinationDraft } from '../../../workspace/destinations/destination-draft.ts'
import { flag, list, text, type Values, withSuggestions } from '../../command/options.ts'

export const DRAFT_OPTIONS = {
  id: text('--id <id>', 'for repositories that name destinations by id'),
  severity: withSuggestions(
    list('--severity <level>', 'takes alerts of this severity by default'),
    SEVERITIES,
  ),
  alertType: withSuggestions(
    list('--alert-type <type>', 'takes this type of alert only: ALERT, DETECTION_ERROR, RULE, ...'),
    ['ALERT', 'DETECTION_ERROR', ...ALERT_KINDS],
  ),
  logType: list('--log-type <glob>', 'takes alerts of these log types only'),
  strict: flag('--strict', 'the two filters hold even when a detection names it'),
  disabled: flag('--disabled', 'declared, but gets nothing'),
  option: list('--option <key=value>', 'an option of its type; headers.X-Key=... for one of a mapping'),
}

export function draftOf(values: Values<typeof DRAFT_OPTIONS>): DestinationDraft {
  const { id, severity, alertType, logType, strict, disabled, option } = values
  return {
    ...(id !== undefined && { id }),
    ...(severity.length > 0 && { severities: severity.map(severityOption) }),
    ...(alertType.length > 0 && { alertTypes: alertType }),
    ...(logType.length > 0 && { logTypes: logType }),
    ...(strict && { strict }),
    ...(disabled && { enabled: false }),
    options: option,
  }
}

function severityOption(level: string): Severity {
  const severity = parseSeverity(level)
  if (severity) return severity
  throw new UserError(`invalid severity "${level}"`, {
    code: 'invalid-option',
    hint: 'use INFO, LOW, MEDIUM, HIGH or CRITICAL',
  })
}

export function isEmptyDraft({ options = [], ...rest }: DestinationDraft): boolean {
  return options.length === 0 && Object.keys(rest).length === 0
}
