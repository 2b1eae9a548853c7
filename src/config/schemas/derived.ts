/** A rule that names a `BaseDetection`: body, log types and, without its own, tests come from the base. */
import { DETECTION_KEYS, RULE_KEYS } from './detection-keys.ts'
import { closed, ID_TEXT } from './field-forms.ts'
import { RULE_TESTS } from './test-cases-schema.ts'

export const DERIVED_SCHEMA = closed(
  {
    ...DETECTION_KEYS,
    ...RULE_KEYS,
    AnalysisType: { const: 'rule' },
    RuleID: ID_TEXT,
    BaseDetection: ID_TEXT,
    Tests: RULE_TESTS,
  },
  ['AnalysisType', 'RuleID', 'BaseDetection'],
)
