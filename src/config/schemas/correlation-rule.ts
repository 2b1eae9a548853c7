/** correlation_rule: a sequence or a group over the signals of other rules. */
import { DETECTION_KEYS, RULE_KEYS } from './detection-keys.ts'
import { BOOLEAN, closed, exactlyOne, ID_TEXT, SCHEDULE, TEXT } from './field-forms.ts'
import { CORRELATION_TESTS } from './test-cases-schema.ts'

const COUNT = { type: 'integer', minimum: 0 } as const
const MINUTES = { type: 'integer', minimum: 1 } as const

const STEP = closed(
  { ID: TEXT, RuleID: TEXT, MinMatchCount: { ...COUNT, default: 1 }, MaxMatchCount: COUNT, Absence: BOOLEAN },
  ['RuleID'],
)
const TRANSITION = closed(
  {
    ID: TEXT,
    From: TEXT,
    To: TEXT,
    WithinTimeFrameMinutes: MINUTES,
    Match: {
      type: 'array',
      minItems: 1,
      maxItems: 1,
      items: closed({ On: TEXT, From: TEXT, To: TEXT }),
    },
  },
  ['From', 'To'],
)
const CRITERION = closed({ GroupID: TEXT, Match: TEXT }, ['GroupID', 'Match'])

const CORRELATION = closed(
  {
    Sequence: { type: 'array', minItems: 1, items: STEP },
    Transitions: { type: 'array', items: TRANSITION },
    EventEvaluationOrder: { type: 'string', enum: ['Chronological', 'ReverseChronological'] },
    Group: { type: 'array', minItems: 1, items: STEP },
    MatchCriteria: { type: 'object', additionalProperties: { type: 'array', items: CRITERION } },
    MinMatchCount: COUNT,
    Schedule: { ...SCHEDULE, required: ['TimeoutMinutes'] },
    LookbackWindowMinutes: { ...MINUTES, default: 15 },
  },
  ['Schedule'],
  exactlyOne('Sequence', 'Group'),
)

export const CORRELATION_RULE_SCHEMA = closed(
  {
    ...DETECTION_KEYS,
    SummaryAttributes: RULE_KEYS.SummaryAttributes,
    CreateAlert: RULE_KEYS.CreateAlert,
    RuleID: ID_TEXT,
    Detection: { type: 'array', minItems: 1, maxItems: 1, items: CORRELATION },
    Tests: CORRELATION_TESTS,
  },
  ['AnalysisType', 'RuleID', 'Enabled', 'Severity', 'Detection'],
)
