/** The fields of the form of a silence: how a request has them, and what is wrong with them. Pure. */
import { ALERT_KINDS, type AlertGroupName, alertGroup } from '../../../model/alerts/alert-kind.ts'
import { parseSeverity, SEVERITIES, type Severity } from '../../../model/alerts/severity.ts'
import type { AlertMatch } from '../../../model/alerts/silence.ts'
import type { WantedSilence } from '../console-ports.ts'
import { NO_DURATION, parseDuration } from '../parts/form-duration.ts'
import type { FormFields } from '../request-form.ts'

export const MAX_GLOB_CHARS = 1_000

export const ALERT_TYPES = [
  ['ALERT', 'alerts of detections'],
  ['DETECTION_ERROR', 'errors of detections'],
  ['SYSTEM', 'alerts about the system'],
] as const satisfies readonly (readonly [AlertGroupName, string])[]

/** As they were given. No severity, and no destination: all. */
export interface SilenceFields {
  readonly detection: string
  readonly title: string
  readonly type: string
  readonly severities: readonly string[]
  readonly destinations: readonly string[]
  readonly reason: string
  readonly duration: string
  readonly critical: boolean
}

export type SilenceField = 'detection' | 'title' | 'type' | 'severity' | 'reason' | 'for' | 'critical'

/** null: it is not about one field. */
export interface FieldError {
  readonly field: SilenceField | null
  readonly sentence: string
}

export function silenceFieldsOf(form: Pick<FormFields, 'text' | 'all'>): SilenceFields {
  return {
    detection: form.text('detection'),
    title: form.text('title'),
    type: form.text('type') || 'ALERT',
    severities: form.all('severity').map((text) => parseSeverity(text) ?? text),
    destinations: form.all('destination'),
    reason: form.text('reason'),
    duration: form.text('for'),
    critical: form.text('critical') === 'yes',
  }
}

export function wantedSilenceOf(fields: SilenceFields): WantedSilence {
  const { detection, title, type, destinations, reason, critical } = fields
  const severities = severitiesOf(fields)
  const match: AlertMatch = {
    ...(detection !== '' && { detections: [detection] }),
    ...(severities.length > 0 && { severities }),
    ...(title !== '' && { title: [title] }),
    // A silence that names no types is for alerts of detections.
    ...(type !== 'ALERT' && { alertTypes: ALERT_KINDS.filter((kind) => alertGroup(kind) === type) }),
  }
  return { match, destinations: destinations.length === 0 ? null : destinations, reason, critical }
}

/** What keeps the fields from saying which alerts they mean. */
export function matchErrors(fields: SilenceFields): FieldError[] {
  const errors: FieldError[] = []
  for (const field of ['detection', 'title'] as const)
    if (fields[field].length > MAX_GLOB_CHARS)
      errors.push({ field, sentence: `Write at most ${MAX_GLOB_CHARS} characters.` })
  if (!ALERT_TYPES.some(([type]) => type === fields.type))
    errors.push({ field: 'type', sentence: 'Choose a type.' })
  if (severitiesOf(fields).length < fields.severities.length)
    errors.push({ field: 'severity', sentence: 'Choose severities of the list.' })
  return errors
}

/** What keeps the silence from being added, as far as the fields show it. */
export function silenceErrors(fields: SilenceFields): FieldError[] {
  const errors = matchErrors(fields)
  if (isEverything(fields))
    errors.push({
      field: 'detection',
      sentence: 'This silence can hide every alert. Name a detection, a title or severities.',
    })
  if (fields.reason === '') errors.push({ field: 'reason', sentence: 'Write the reason.' })
  if (parseDuration(fields.duration) === undefined) errors.push({ field: 'for', sentence: NO_DURATION })
  if (!fields.critical && canHideCritical(fields))
    errors.push({
      field: 'critical',
      sentence:
        'This silence can hide alerts of the severity CRITICAL. Choose other severities, or allow it.',
    })
  return errors
}

function severitiesOf({ severities }: SilenceFields): Severity[] {
  return severities.flatMap((text) => parseSeverity(text) ?? [])
}

function isEverything(fields: SilenceFields): boolean {
  const severities = severitiesOf(fields)
  const hasAll = severities.length === 0 || SEVERITIES.every((each) => severities.includes(each))
  return (
    hasAll && fields.type === 'ALERT' && [fields.detection, fields.title].every((glob) => /^\**$/.test(glob))
  )
}

function canHideCritical(fields: SilenceFields): boolean {
  const severities = severitiesOf(fields)
  return severities.length === 0 || severities.includes('CRITICAL')
}
