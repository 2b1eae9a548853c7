/** destinations.yaml. The options of each destination are checked by the schema of its type. */
import { ALERT_KINDS } from '../../model/alert-kind.ts'
import { SEVERITIES } from '../../model/severity.ts'
import { DURATION_SCHEMA } from '../durations.ts'
import { BOOLEAN, closed, SEVERITY, TEXT, TEXT_SET } from './field-forms.ts'

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

const RETRY = closed({ maxAge: DURATION_SCHEMA, maxAttempts: { type: 'integer', minimum: 0 } })
const RATE_LIMIT = closed(
  { perMinute: { type: 'number', exclusiveMinimum: 0 }, burst: { type: 'integer', minimum: 1 } },
  ['perMinute'],
)

const DESTINATION = closed(
  {
    name: NAME,
    id: { type: 'string', minLength: 1 },
    previousNames: NAMES,
    type: { type: 'string', minLength: 1 },
    severities: REFERENCED_SEVERITIES,
    alertTypes: { type: 'array', minItems: 1, items: { type: 'string', enum: ALERT_TYPE_NAMES } },
    logTypes: { ...TEXT_SET, minItems: 1 },
    strict: BOOLEAN,
    enabled: BOOLEAN,
    options: { type: 'object' },
    retry: RETRY,
    rateLimit: RATE_LIMIT,
    concurrency: { type: 'integer', minimum: 1, maximum: 64 },
  },
  ['name', 'type'],
)

const OVERRIDE = closed(
  {
    match: closed({ ids: TEXT_SET, tags: TEXT_SET, logTypes: TEXT_SET, paths: TEXT_SET }, [], {
      minProperties: 1,
    }),
    OutputIds: TEXT_SET,
    Severity: SEVERITY,
    Enabled: BOOLEAN,
  },
  ['match'],
  { anyOf: ['OutputIds', 'Severity', 'Enabled'].map((key) => ({ required: [key] })) },
)

export const DESTINATIONS_SCHEMA = closed(
  {
    version: { const: 1 },
    fallback: NAMES,
    heartbeat: closed({ cron: TEXT, destinations: { ...NAMES, minItems: 1 } }, ['cron', 'destinations']),
    onEscalation: { type: 'string', enum: ['count', 'send'] },
    overrides: { type: 'array', items: OVERRIDE },
    destinations: { type: 'array', items: DESTINATION },
  },
  ['version', 'destinations'],
)
