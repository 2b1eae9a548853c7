/** The options of `destinations add` and `edit` that describe a destination. */
import { UserError } from '../../../errors.ts'
import { ALERT_KINDS } from '../../../model/alerts/alert-kind.ts'
import { parseSeverity, SEVERITIES, type Severity } from '../../../model/alerts/severity.ts'
import type { DestinationDraft } from '../../../workspace/destinations/destination-draft.ts'
import { flag, list, text, type Values, withSuggestions } from '../../command/options.ts'

export const DRAFT_OPTIONS = {
  id: text('--id <id>', 'id, for repositories that refer to destinations by id'),
  severity: withSuggestions(
    list('--severity <level>', 'severity of alerts that it receives by default'),
    SEVERITIES,
  ),
  alertType: withSuggestions(
    list('--alert-type <type>', 'only type of alert that it accepts: ALERT, DETECTION_ERROR, RULE, ...'),
    ['ALERT', 'DETECTION_ERROR', ...ALERT_KINDS],
  ),
  logType: list('--log-type <glob>', 'only log types whose alerts it accepts'),
  strict: flag('--strict', 'apply both filters even if a detection names it'),
  disabled: flag('--disabled', 'declare it without delivering to it'),
  option: list('--option <key=value>', 'option of its type; headers.X-Key=... for an entry of a mapping'),
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
