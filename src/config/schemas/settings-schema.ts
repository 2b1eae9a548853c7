/** signalbox.yaml. */
import { LINT_CODES } from '../../model/project/lint.ts'
import { DEFAULT_SETTINGS } from '../../model/project/settings.ts'
import { OWN_GROUP } from '../../model/project/trust-group.ts'
import { WARNING_CODES } from '../../model/project/warning-policy.ts'
import { DURATION_SCHEMA } from '../files/durations.ts'
import { closed, TEXT, TEXTS } from './field-forms.ts'

const WARNINGS = { type: 'array', items: { enum: [...WARNING_CODES] } } as const
const COUNT = { type: 'integer', minimum: 1 } as const
const LIMITS = Object.fromEntries(
  Object.entries(DEFAULT_SETTINGS.limits).map(([name, value]) => [name, { ...COUNT, default: value }]),
)

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
  alertUrl: TEXT,
  python: closed({ paths: TEXTS }),
  lint: closed({ off: { type: 'array', items: { enum: [...LINT_CODES] } } }),
  warnings: closed({ error: WARNINGS, off: WARNINGS }),
  rejects: TEXT,
  destinations: TEXT,
})
