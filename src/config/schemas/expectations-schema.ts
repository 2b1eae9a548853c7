/** The expectations of a test case, inline or in `<spec>.expect.yml`. */
import { ROUTE_LEVELS } from '../../model/alerts/route.ts'
import { TIME_SCHEMA } from '../files/times.ts'
import { closed, SEVERITY, TEXT, TEXTS } from './field-forms.ts'

export const EXPECTATION_PROPERTIES = {
  ExpectedSeverity: SEVERITY,
  ExpectedDestinations: TEXTS,
  // `unresolved` is what a missing registry gives: nothing to expect.
  ExpectedRoute: { type: 'string', enum: ROUTE_LEVELS.filter((level) => level !== 'unresolved') },
  ExpectedTitle: TEXT,
  ExpectedDedup: TEXT,
  ExpectedDescription: TEXT,
  ExpectedReference: TEXT,
  ExpectedRunbook: TEXT,
  ExpectedAlertContext: { type: 'object' },
  ExpectedSilenced: { anyOf: [{ type: 'boolean' }, { type: 'string', minLength: 1 }] },
  At: TIME_SCHEMA,
} as const

/** An expectations file: test name -> expectations. */
export const EXPECTATIONS_FILE_SCHEMA = {
  type: 'object',
  additionalProperties: closed(EXPECTATION_PROPERTIES),
} as const
