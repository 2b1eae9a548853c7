/** destinations.yaml. The options of each destination are checked by the schema of its type. */
import { ALERT_KINDS } from '../../model/alerts/alert-kind.ts'
import { SEVERITIES } from '../../model/alerts/severity.ts'
import { DURATION_SCHEMA } from '../files/durations.ts'
import { BOOLEAN, closed, SEVERITY, TEXT, TEXT_SET, told } from './field-forms.ts'

const ALERT_TYPE_NAMES = ['ALERT', 'DETECTION_ERROR', ...ALERT_KINDS] as const

const NAME = {
  type: 'string',
  minLength: 1,
  pattern: '^[^\\s"\']+(?: [^\\s"\']+)*$',
  not: { const: 'SKIP' },
  form: 'a name without quotes or outer spaces',
} as const
const NAMES = { type: 'array', items: NAME, uniqueItems: true } as const

const REFERENCED_SEVERITIES = {
  type: 'array',
  uniqueItems: true,
  items: { ...SEVERITY, choices: SEVERITIES },
} as const

const RETRY = closed({
  maxAge: told('How long a delivery is retried before it is dead.', {
    ...DURATION_SCHEMA,
    default: '3d',
  }),
  maxAttempts: told('The greatest number of attempts. 0 means no limit.', {
    type: 'integer',
    minimum: 0,
    default: 0,
  }),
})
const RATE_LIMIT = closed(
  {
    perMinute: told('Alerts per minute.', { type: 'number', exclusiveMinimum: 0 }),
    burst: told('Alerts that may be sent at once.', { type: 'integer', minimum: 1, default: 10 }),
  },
  ['perMinute'],
)

export const DESTINATION_SCHEMA = closed(
  {
    name: told(
      'The name that `destinations()` and `OutputIds` use. It is unique among all names and ids.',
      NAME,
    ),
    id: told('A second name, for repositories that name destinations by id.', {
      type: 'string',
      minLength: 1,
    }),
    previousNames: told('Earlier names. Waiting deliveries to them go to this destination.', NAMES),
    type: told('A built-in type, or ./path/to/your.ts.', { type: 'string', minLength: 1 }),
    severities: told(
      'The severities whose alerts it gets by default. Without it, or with [], it gets an alert only when a detection names it.',
      REFERENCED_SEVERITIES,
    ),
    alertTypes: told(
      'The types of alert that it accepts, or groups of them. Without it: all except system types.',
      {
        type: 'array',
        minItems: 1,
        items: { type: 'string', enum: ALERT_TYPE_NAMES },
      },
    ),
    logTypes: told('Globs of the log types that it accepts. Without it: all.', { ...TEXT_SET, minItems: 1 }),
    strict: told('true: alertTypes and logTypes apply even when a detection names it.', {
      ...BOOLEAN,
      default: false,
    }),
    enabled: told('false: it gets no alerts.', { ...BOOLEAN, default: true }),
    options: told('The options of the type.', { type: 'object' }),
    retry: told('When a delivery is dead.', RETRY),
    rateLimit: told('The greatest rate of alerts. Further alerts wait.', RATE_LIMIT),
    concurrency: told('The number of deliveries that run at the same time.', {
      type: 'integer',
      minimum: 1,
      maximum: 64,
      default: 8,
    }),
  },
  ['name', 'type'],
)

const OVERRIDE = closed(
  {
    match: told(
      'Globs. Each list that is given must contain one that matches.',
      closed(
        {
          ids: told('Ids of detections.', TEXT_SET),
          tags: told('Tags of detections.', TEXT_SET),
          logTypes: told('Log types or resource types of detections.', TEXT_SET),
          paths: told('Paths of the specs. * also matches /.', TEXT_SET),
        },
        [],
        { minProperties: 1 },
      ),
    ),
    OutputIds: told('Replaces `OutputIds` of the detection.', TEXT_SET),
    Severity: told('Replaces `Severity` of the detection.', SEVERITY),
    Enabled: told('Replaces `Enabled` of the detection.', BOOLEAN),
  },
  ['match'],
  { anyOf: ['OutputIds', 'Severity', 'Enabled'].map((key) => ({ required: [key] })) },
)

export const DESTINATIONS_SCHEMA = closed(
  {
    version: told('The version of the format. It is always 1.', { const: 1 }),
    fallback: told(
      'The destinations of alerts that no other destination accepts. Their filters are not applied.',
      NAMES,
    ),
    heartbeat: told(
      'An alert at regular times, so that its absence can be noticed.',
      closed(
        {
          cron: told('Minute, hour, day, month, weekday.', TEXT),
          destinations: told('The destinations of the heartbeat.', { ...NAMES, minItems: 1 }),
        },
        ['cron', 'destinations'],
      ),
    ),
    onEscalation: told(
      'When the severity of an open alert rises or its route grows: only count the event, or send the alert to the new destinations.',
      { type: 'string', enum: ['count', 'send'], default: 'count' },
    ),
    overrides: told('Changes to detections that you do not edit. The last match decides, key by key.', {
      type: 'array',
      items: OVERRIDE,
    }),
    destinations: told('The destinations.', { type: 'array', items: DESTINATION_SCHEMA }),
  },
  ['version', 'destinations'],
)
