/** Keys that several kinds of detection share. */
import { BOOLEAN, closed, ID_TEXT, INTEGER, SEVERITY, TEXT, TEXT_SET } from './field-forms.ts'

const MAPPING = { type: 'object' } as const

/** Every detection. */
export const DETECTION_KEYS = {
  AnalysisType: TEXT,
  Enabled: BOOLEAN,
  Severity: SEVERITY,
  Description: TEXT,
  Reference: TEXT,
  Runbook: TEXT,
  DisplayName: ID_TEXT,
  Status: TEXT,
  CreatedBy: TEXT,
  Tags: TEXT_SET,
  Reports: {
    type: 'object',
    additionalProperties: { type: 'array', items: { type: ['string', 'number'] } },
  },
  OutputIds: TEXT_SET,
  OnlyUseBaseRiskScore: BOOLEAN,
  BaseVersion: INTEGER,
} as const

/** Rules, scheduled rules, derived rules. */
export const RULE_KEYS = {
  SummaryAttributes: TEXT_SET,
  DedupPeriodMinutes: { type: 'integer', minimum: 0, default: 60 },
  Threshold: { type: 'integer', minimum: 1, default: 1 },
  CreateAlert: { ...BOOLEAN, default: true },
  // Keys and match expressions have a reader of their own.
  InlineFilters: { type: 'array', items: MAPPING },
  DynamicSeverities: {
    type: 'array',
    items: closed({ ChangeTo: SEVERITY, Conditions: { type: 'array' } }, ['ChangeTo', 'Conditions']),
  },
  AlertTitle: TEXT,
  AlertContext: {
    type: 'array',
    items: closed({ KeyName: TEXT, KeyValue: MAPPING }, ['KeyName', 'KeyValue']),
  },
  GroupBy: { type: 'array', items: MAPPING },
} as const
