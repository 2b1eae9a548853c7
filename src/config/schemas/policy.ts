/** policy: alerts where `policy(resource)` is false. */
import { DETECTION_KEYS } from './detection-keys.ts'
import { closed, ID_TEXT, INTEGER, TEXT, TEXT_SET } from './field-forms.ts'
import { POLICY_TESTS } from './test-cases-schema.ts'

const RESOURCE_TYPE = {
  type: 'string',
  pattern: '^[A-Z][A-Za-z0-9]*(?:\\.[A-Z][A-Za-z0-9]*)+$',
  form: 'a resource type such as AWS.S3.Bucket',
} as const

export const POLICY_SCHEMA = closed(
  {
    ...DETECTION_KEYS,
    PolicyID: ID_TEXT,
    Filename: TEXT,
    ResourceTypes: { type: 'array', items: RESOURCE_TYPE },
    Suppressions: TEXT_SET,
    ActionDelaySeconds: INTEGER,
    AutoRemediationID: TEXT,
    AutoRemediationParameters: { type: 'object' },
    Tests: POLICY_TESTS,
  },
  ['AnalysisType', 'PolicyID', 'Enabled', 'Severity', 'Filename'],
)
