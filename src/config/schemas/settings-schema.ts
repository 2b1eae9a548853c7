/** signalbox.yaml. */
import { CLOSED_REASONS } from '../../model/alerts/alert-status.ts'
import { IDENTITY_ROLES, ROLES } from '../../model/project/api-settings.ts'
import { LINT_CODES } from '../../model/project/lint.ts'
import { DEFAULT_SETTINGS } from '../../model/project/settings.ts'
import { OWN_GROUP } from '../../model/project/trust-group.ts'
import { WARNING_CODES } from '../../model/project/warning-policy.ts'
import { DURATION_SCHEMA } from '../files/durations.ts'
import { closed, exactlyOne, TEXT, TEXTS } from './field-forms.ts'

const WARNINGS = { type: 'array', items: { enum: [...WARNING_CODES] } } as const
const COUNT = { type: 'integer', minimum: 1 } as const
const LIMITS = Object.fromEntries(
  Object.entries(DEFAULT_SETTINGS.limits).map(([name, value]) => [name, { ...COUNT, default: value }]),
)

/** Days, so that a slip of the unit does not empty the store. */
const KEPT_DAYS = {
  type: 'string',
  pattern: '^[1-9]\\d{0,4}d$',
  form: 'a number of days such as 90d or 400d',
} as const

const API_TOKEN = closed(
  {
    name: {
      type: 'string',
      pattern: '^[A-Za-z0-9][A-Za-z0-9@._-]{0,63}$',
      form: 'up to 64 letters, digits, dots, underscores, hyphens and @',
    },
    role: { enum: [...ROLES] },
    hash: {
      type: 'string',
      pattern: '^sha256:[0-9a-f]{64}$',
      form: 'sha256: and 64 hexadecimal digits, as `signalbox token new` prints it',
    },
    secret: TEXT,
    expires: {
      type: 'string',
      pattern: '^\\d{4}-\\d{2}-\\d{2}(?:T\\d{2}:\\d{2}(?::\\d{2})?(?:Z|[+-]\\d{2}:\\d{2}))?$',
      form: 'a date such as 2027-06-30, or a time with its offset',
    },
  },
  ['name', 'role'],
  exactlyOne('hash', 'secret'),
)

const HOOK = { secret: TEXT, destination: { type: 'string', minLength: 1 } }
const IGNORED_USERS = { type: 'array', maxItems: 100, items: { type: 'string', minLength: 1 } }

export const SETTINGS_SCHEMA = closed({
  sources: TEXTS,
  classification: {
    type: 'array',
    items: closed(
      {
        logType: { type: 'string', minLength: 1 },
        match: { type: 'object', minProperties: 1, additionalProperties: TEXT },
      },
      ['logType', 'match'],
    ),
  },
  store: TEXT,
  workers: COUNT,
  trust: {
    type: 'array',
    items: closed(
      {
        group: {
          type: 'string',
          minLength: 1,
          not: { const: OWN_GROUP },
          form: 'a name other than "default"',
        },
        match: closed({ ids: TEXTS, tags: TEXTS, paths: TEXTS }, [], { minProperties: 1 }),
      },
      ['group', 'match'],
    ),
  },
  limits: closed(LIMITS),
  cluster: closed({
    leaseMs: { type: 'integer', minimum: 2_000, maximum: 300_000, default: DEFAULT_SETTINGS.cluster.leaseMs },
    inFlightBytes: { ...COUNT, default: DEFAULT_SETTINGS.cluster.inFlightBytes },
    orphanAfter: { ...DURATION_SCHEMA, default: '2m' },
  }),
  retention: closed({
    alerts: KEPT_DAYS,
    deliveries: KEPT_DAYS,
    audit: KEPT_DAYS,
    maxBytes: { type: 'integer', minimum: 10_000_000 },
  }),
  api: closed({
    tokens: { type: 'array', maxItems: 100, items: API_TOKEN },
    identity: closed(
      {
        header: { type: 'string', pattern: '^[A-Za-z0-9-]{1,64}$', form: 'the name of a header' },
        from: { type: 'array', minItems: 1, maxItems: 100, items: TEXT },
        role: { enum: [...IDENTITY_ROLES] },
      },
      ['header', 'from', 'role'],
    ),
    publicUrl: {
      type: 'string',
      pattern: '^https?://[^\\s?#]+$',
      form: 'a URL such as https://soc.example.com',
    },
  }),
  hooks: closed({
    slack: closed(HOOK, ['secret']),
    pagerduty: closed({ ...HOOK, ignoreUsers: IGNORED_USERS }, ['secret']),
    jira: closed(
      {
        ...HOOK,
        ignoreUsers: IGNORED_USERS,
        closedReasons: { type: 'object', additionalProperties: { enum: [...CLOSED_REASONS] } },
      },
      ['secret'],
    ),
  }),
  alertUrl: TEXT,
  python: closed({ paths: TEXTS }),
  lint: closed({ off: { type: 'array', items: { enum: [...LINT_CODES] } } }),
  warnings: closed({ error: WARNINGS, off: WARNINGS }),
  rejects: TEXT,
  destinations: TEXT,
  silences: TEXT,
})
