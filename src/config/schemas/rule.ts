/** rule and scheduled_rule. */
import { DETECTION_KEYS, RULE_KEYS } from './detection-keys.ts'
import { closed, exactlyOne, ID_TEXT, TEXT, TEXT_SET, TEXTS } from './field-forms.ts'
import { RULE_TESTS } from './test-cases-schema.ts'

export const RULE_SCHEMA = closed(
  {
    ...DETECTION_KEYS,
    ...RULE_KEYS,
    RuleID: ID_TEXT,
    Filename: TEXT,
    Detection: { type: ['object', 'array'] },
    LogTypes: TEXT_SET,
    ScheduledQueries: TEXTS,
    Tests: RULE_TESTS,
  },
  ['AnalysisType', 'RuleID', 'Enabled', 'Severity'],
  { allOf: [exactlyOne('Filename', 'Detection'), exactlyOne('LogTypes', 'ScheduledQueries')] },
)
