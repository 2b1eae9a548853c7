/** The expectations of a test case, inline or in `<spec>.expect.yml`. */
import { ROUTE_LEVELS } from '../../model/alerts/route.ts'
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
} as const

/** An expectations file: test name -> expectations. */
export const EXPECTATIONS_FILE_SCHEMA = {
  type: 'object',
  additionalProperties: closed(EXPECTATION_PROPERTIES),
} as const
