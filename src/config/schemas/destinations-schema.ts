/** destinations.yaml. The options of each destination are checked by the schema of its type. */
import { ALERT_KINDS } from '../../model/alerts/alert-kind.ts'
import { UPDATE_EVENTS } from '../../model/alerts/alert-update.ts'
import { SEVERITIES } from '../../model/alerts/severity.ts'
import { DURATION_SCHEMA } from '../files/durations.ts'
import { BOOLEAN, closed, described, SEVERITY, TEXT, TEXT_SET } from './field-forms.ts'
import { DIGEST, GROUP } from './handling/digest-schema.ts'

const ALERT_TYPE_NAMES = ['ALERT', 'DETECTION_ERROR', ...ALERT_KINDS] as const

const MAX_INTERVAL_COUNT = 100

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

const DAY = '(?:sun|mon|tue|wed|thu|fri|sat)'
const TIME = '(?:[01]\\d|2[0-3]):[0-5]\\d'
const DATE = '\\d{4}-\\d{2}-\\d{2}'

const INTERVAL = closed(
  {
    timezone: described('The time zone of the times, a name such as Europe/Berlin.', TEXT),
    days: described('The days of the week. Without it: every day.', {
      type: 'array',
      minItems: 1,
      items: {
        type: 'string',
        pattern: `^${DAY}(?:-${DAY})?$`,
        form: 'a day such as mon, or days such as mon-fri',
      },
    }),
    times: described(
      'The times of these days. A time that ends before it begins ends on the next day. Without it: the whole day.',
      {
        type: 'array',
        minItems: 1,
        items: {
          type: 'string',
          pattern: `^${TIME}-(?:${TIME}|24:00)$`,
          form: 'a time such as "08:00-18:00"',
        },
      },
    ),
    except: described('Dates, or ranges of dates, on which no time begins.', {
      type: 'array',
      items: {
        type: 'string',
        pattern: `^${DATE}(?:\\.\\.${DATE})?$`,
        form: 'a date such as 2026-12-24, or dates such as 2026-12-24..2026-12-26',
      },
    }),
  },
  ['timezone'],
)

const INTERVALS = described('Times that destinations name in `hours`, by their names.', {
  type: 'object',
  propertyNames: { pattern: '^[a-z0-9][a-z0-9-]*$' },
  maxProperties: MAX_INTERVAL_COUNT,
  additionalProperties: INTERVAL,
})

const OTHERWISE = {
  ...closed({ to: described('The destinations that get the alerts instead.', { ...NAMES, minItems: 1 }) }, [
    'to',
  ]),
  type: ['string', 'object'],
  pattern: '^wait$',
  form: '`wait`, or the destinations as `{ to: [name] }`',
  default: 'wait',
} as const

const HOURS = closed(
  {
    during: described('The names of the intervals in which alerts are sent.', {
      type: 'array',
      minItems: 1,
      uniqueItems: true,
      items: TEXT,
    }),
    otherwise: described('What happens at other times.', OTHERWISE),
    always: described('The severities that are sent at any time.', REFERENCED_SEVERITIES),
  },
  ['during'],
)

const MAX_ESCALATION_STEP_COUNT = 5

const ESCALATE = {
  type: 'array',
  minItems: 1,
  maxItems: MAX_ESCALATION_STEP_COUNT,
  items: closed(
    {
      after: described('The time since the alert was created, or since the opening for which it waited.', {
        ...DURATION_SCHEMA,
      }),
      unless: described('The status that ends the step. `acknowledged` is also ended by `resolved`.', {
        type: 'string',
        enum: ['acknowledged', 'resolved'],
        default: 'acknowledged',
      }),
      to: described('The destinations that get the alert.', { ...NAMES, minItems: 1 }),
      severities: described('Only alerts of these severities. Without it: all.', {
        ...REFERENCED_SEVERITIES,
        minItems: 1,
      }),
    },
    ['after', 'to'],
  ),
} as const

const ACK_TIMEOUT = DURATION_SCHEMA

const RETRY = closed({
  maxAge: described('How long a delivery is retried before it is dead.', {
    ...DURATION_SCHEMA,
    default: '3d',
  }),
  maxAttempts: described('The greatest number of attempts. 0 means no limit.', {
    type: 'integer',
    minimum: 0,
    default: 0,
  }),
})
const RATE_LIMIT = closed(
  {
    perMinute: described('Alerts per minute.', { type: 'number', exclusiveMinimum: 0 }),
    burst: described('Alerts that may be sent at once.', { type: 'integer', minimum: 1, default: 10 }),
  },
  ['perMinute'],
)

export const DESTINATION_SCHEMA = closed(
  {
    name: described(
      'The name that `destinations()` and `OutputIds` use. It is unique among all names and ids.',
      NAME,
    ),
    id: described('A second name, for repositories that name destinations by id.', {
      type: 'string',
      minLength: 1,
    }),
    previousNames: described('Earlier names. Waiting deliveries to them go to this destination.', NAMES),
    type: described('A built-in type, or ./path/to/your.ts.', { type: 'string', minLength: 1 }),
    severities: described(
      'The severities whose alerts it gets by default. Without it, or with [], it gets an alert only when a detection names it.',
      REFERENCED_SEVERITIES,
    ),
    alertTypes: described(
      'The types of alert that it accepts, or groups of them. Without it: all except system types.',
      {
        type: 'array',
        minItems: 1,
        items: { type: 'string', enum: ALERT_TYPE_NAMES },
      },
    ),
    logTypes: described('Globs of the log types that it accepts. Without it: all.', {
      ...TEXT_SET,
      minItems: 1,
    }),
    strict: described('true: alertTypes and logTypes apply even when a detection names it.', {
      ...BOOLEAN,
      default: false,
    }),
    enabled: described('false: it gets no alerts.', { ...BOOLEAN, default: true }),
    options: described('The options of the type.', { type: 'object' }),
    retry: described('When a delivery is dead.', RETRY),
    rateLimit: described('The greatest rate of alerts. Further alerts wait.', RATE_LIMIT),
    concurrency: described('The number of deliveries that run at the same time.', {
      type: 'integer',
      minimum: 1,
      maximum: 64,
      default: 8,
    }),
    updates: described(
      'The events of delivered alerts of which it is informed. Without it: none. The type must support them.',
      { type: 'array', uniqueItems: true, items: { type: 'string', enum: UPDATE_EVENTS } },
    ),
    repeatEvery: described('The shortest time between two updates about repeated events of an alert.', {
      ...DURATION_SCHEMA,
      default: '1h',
    }),
    hours: described('When alerts are sent to it. Without it: at any time.', HOURS),
    digest: described('Alerts are gathered and sent as one message. Without it: each is a message.', DIGEST),
    group: described(
      'The first alert of a group calls a person, and later ones are updates of it. Without it: each alert calls.',
      GROUP,
    ),
    escalate: described(
      'Who else gets an alert of this destination when no person answers in time.',
      ESCALATE,
    ),
    ackTimeout: described(
      'An alert of this destination that is acknowledged for so long and not resolved is open again. Without it: it stays acknowledged.',
      ACK_TIMEOUT,
    ),
  },
  ['name', 'type'],
)

const OVERRIDE = closed(
  {
    match: described(
      'Globs. Each list that is given must contain one that matches.',
      closed(
        {
          ids: described('Ids of detections.', TEXT_SET),
          tags: described('Tags of detections.', TEXT_SET),
          logTypes: described('Log types or resource types of detections.', TEXT_SET),
          paths: described('Paths of the specs. * also matches /.', TEXT_SET),
        },
        [],
        { minProperties: 1 },
      ),
    ),
    OutputIds: described('Replaces `OutputIds` of the detection.', TEXT_SET),
    Severity: described('Replaces `Severity` of the detection.', SEVERITY),
    Enabled: described('Replaces `Enabled` of the detection.', BOOLEAN),
  },
  ['match'],
  { anyOf: ['OutputIds', 'Severity', 'Enabled'].map((key) => ({ required: [key] })) },
)

export const DESTINATIONS_SCHEMA = closed(
  {
    version: described('The version of the format. It is always 1.', { const: 1 }),
    fallback: described(
      'The destinations of alerts that no other destination accepts. Their filters are not applied.',
      NAMES,
    ),
    fallbackAfter: described(
      'How long an alert waits for a paused destination before it goes to the fallback, too.',
      { ...DURATION_SCHEMA, default: '15m' },
    ),
    heartbeat: described(
      'An alert at regular times, so that its absence can be noticed.',
      closed(
        {
          cron: described('Minute, hour, day, month, weekday.', TEXT),
          destinations: described('The destinations of the heartbeat.', { ...NAMES, minItems: 1 }),
        },
        ['cron', 'destinations'],
      ),
    ),
    onEscalation: described(
      'When the severity of an open alert rises or its route grows: only count the event, or send the alert to the new destinations.',
      { type: 'string', enum: ['count', 'send'], default: 'count' },
    ),
    intervals: INTERVALS,
    overrides: described('Changes to detections that you do not edit. The last match decides, key by key.', {
      type: 'array',
      items: OVERRIDE,
    }),
    destinations: described('The destinations.', { type: 'array', items: DESTINATION_SCHEMA }),
  },
  ['version', 'destinations'],
)
