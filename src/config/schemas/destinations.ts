/** destinations.yaml. The options of each destination are checked by the schema of its type. */
import { ALERT_KINDS } from '../../model/alert-kind.ts'
import { SEVERITIES } from '../../model/severity.ts'
import { DURATION_SCHEMA } from '../durations.ts'
import { BOOLEAN, closed, SEVERITY, TEXT, TEXT_SET, told } from './field-forms.ts'

export const ALERT_TYPE_NAMES = ['ALERT', 'DETECTION_ERROR', ...ALERT_KINDS] as const

const NAME = {
  type: 'string',
  minLength: 1,
  pattern: '^[^\\s"\']+(?: [^\\s"\']+)*$',
  not: { const: 'SKIP' },
  form: 'a name without quotes or outer spaces',
} as const
const NAMES = { type: 'array', items: NAME, uniqueItems: true } as const

export const REFERENCED_SEVERITIES = {
  type: 'array',
  uniqueItems: true,
  items: { ...SEVERITY, choices: SEVERITIES },
} as const

const RETRY = closed({
  maxAge: told('How long a delivery may wait before it is dead; 3d when absent.', DURATION_SCHEMA),
  maxAttempts: told('So many attempts and no more; 0, as when absent: no limit.', {
    type: 'integer',
    minimum: 0,
  }),
})
const RATE_LIMIT = closed(
  {
    perMinute: told('Alerts a minute.', { type: 'number', exclusiveMinimum: 0 }),
    burst: told('Alerts that may go at once; 10 when absent.', { type: 'integer', minimum: 1 }),
  },
  ['perMinute'],
)

export const DESTINATION_SCHEMA = closed(
  {
    name: told('What `destinations()` and `OutputIds` name; unique among all names and ids.', NAME),
    id: told('For repositories that name destinations by id.', { type: 'string', minLength: 1 }),
    previousNames: told('Names it had: waiting deliveries follow.', NAMES),
    type: told('A type that Signalbox has, or ./path/to/your.ts.', { type: 'string', minLength: 1 }),
    severities: told(
      'Gets alerts of these severities by default; absent or []: only when named.',
      REFERENCED_SEVERITIES,
    ),
    alertTypes: told('Takes these types of alert, or groups of them; absent: all but system types.', {
      type: 'array',
      minItems: 1,
      items: { type: 'string', enum: ALERT_TYPE_NAMES },
    }),
    logTypes: told('Takes alerts of these log types, as globs; absent: all.', { ...TEXT_SET, minItems: 1 }),
    strict: told('true: alertTypes and logTypes hold even when a detection names it.', BOOLEAN),
    enabled: told('false: declared, but gets nothing.', BOOLEAN),
    options: told("The type's own options.", { type: 'object' }),
    retry: told('When a delivery is given up.', RETRY),
    rateLimit: told('At most so many alerts; the others wait.', RATE_LIMIT),
    concurrency: told('So many deliveries at a time; 8 when absent.', {
      type: 'integer',
      minimum: 1,
      maximum: 64,
    }),
  },
  ['name', 'type'],
)

const OVERRIDE = closed(
  {
    match: told(
      'Globs; each list that is not empty must have one that matches.',
      closed(
        {
          ids: told('Of the detection.', TEXT_SET),
          tags: told('Any of its tags.', TEXT_SET),
          logTypes: told('Any of its log or resource types.', TEXT_SET),
          paths: told('Of its file; * crosses folders.', TEXT_SET),
        },
        [],
        { minProperties: 1 },
      ),
    ),
    OutputIds: told("Replaces the detection's own.", TEXT_SET),
    Severity: told("Replaces the detection's own.", SEVERITY),
    Enabled: told("Replaces the detection's own.", BOOLEAN),
  },
  ['match'],
  { anyOf: ['OutputIds', 'Severity', 'Enabled'].map((key) => ({ required: [key] })) },
)

export const DESTINATIONS_SCHEMA = closed(
  {
    version: told('The form of this file.', { const: 1 }),
    fallback: told('Get what would otherwise reach nobody, whatever their filters are.', NAMES),
    heartbeat: told(
      'A regular sign of life, so that its absence can be noticed.',
      closed(
        {
          cron: told('When: minute, hour, day, month, weekday.', TEXT),
          destinations: told('Who gets it.', { ...NAMES, minItems: 1 }),
        },
        ['cron', 'destinations'],
      ),
    ),
    onEscalation: told(
      'When the severity of an open alert rises or its route grows: only count it, or send it to who has not got it.',
      { type: 'string', enum: ['count', 'send'] },
    ),
    overrides: told('For detections that one does not own; key by key the last match wins.', {
      type: 'array',
      items: OVERRIDE,
    }),
    destinations: told('Where alerts go.', { type: 'array', items: DESTINATION_SCHEMA }),
  },
  ['version', 'destinations'],
)
