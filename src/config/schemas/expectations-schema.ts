/** The expectations of a test case, inline or in `<spec>.expect.yml`. */
import { ROUTE_LEVELS } from '../../model/alerts/route.ts'
import { DURATION_SCHEMA } from '../files/durations.ts'
import { TIME_SCHEMA } from '../files/times.ts'
import { CASE_TIME, closed, SEVERITY, TEXT, TEXTS } from './field-forms.ts'

// `unresolved` is what a missing registry gives: nothing to expect.
const ROUTE = { type: 'string', enum: ROUTE_LEVELS.filter((level) => level !== 'unresolved') } as const

const EXPECTED_ALERT = closed({
  at: CASE_TIME,
  events: { type: 'integer', minimum: 1 },
  severity: SEVERITY,
  route: ROUTE,
  destinations: TEXTS,
  title: TEXT,
  dedup: TEXT,
})

export const EXPECTATION_PROPERTIES = {
  ExpectedSeverity: SEVERITY,
  ExpectedDestinations: TEXTS,
  ExpectedRoute: ROUTE,
  ExpectedTitle: TEXT,
  ExpectedDedup: TEXT,
  ExpectedDescription: TEXT,
  ExpectedReference: TEXT,
  ExpectedRunbook: TEXT,
  ExpectedAlertContext: { type: 'object' },
  ExpectedSilenced: { anyOf: [{ type: 'boolean' }, { type: 'string', minLength: 1 }] },
  ExpectedInhibited: { anyOf: [{ type: 'boolean' }, { type: 'string', minLength: 1 }] },
  Open: {
    type: 'array',
    items: closed(
      {
        detection: { ...TEXT, description: 'The id of its detection.' },
        severity: { ...SEVERITY, description: 'Its severity.' },
        title: { ...TEXT, description: 'Its title.' },
        tags: { ...TEXTS, description: 'The tags of its detection.' },
        logTypes: { ...TEXTS, description: 'Its log types.' },
        context: { type: 'object', description: 'Its alert context, or the part that matters.' },
      },
      ['detection'],
    ),
  },
  ExpectedDelivery: {
    type: 'object',
    additionalProperties: {
      type: 'string',
      pattern: `^(?:now|digest|silenced|inhibited|elsewhere|at ${TIME_SCHEMA.pattern.slice(1, -1)})$`,
      form: '`now`, `digest`, `silenced`, `inhibited`, `elsewhere`, or `at` with a time such as 2026-12-07T08:00:00+01:00',
    },
  },
  ExpectedEscalation: {
    type: 'array',
    items: closed(
      {
        after: { ...DURATION_SCHEMA, description: 'The time of the step.' },
        to: { ...TEXTS, description: 'Its destinations.' },
        unless: {
          type: 'string',
          enum: ['acknowledged', 'resolved'],
          description: 'The status that ends it. Without it: either.',
        },
      },
      ['after', 'to'],
    ),
  },
  At: TIME_SCHEMA,
  ExpectedAlerts: { type: 'array', items: EXPECTED_ALERT },
} as const

/** An expectations file: test name -> expectations. */
export const EXPECTATIONS_FILE_SCHEMA = {
  type: 'object',
  additionalProperties: closed(EXPECTATION_PROPERTIES),
} as const
