/** saved_query and scheduled_query: SQL, never run here. */
import {
  BOOLEAN,
  closed,
  exactlyOne,
  ID_TEXT,
  INTEGER,
  SCHEDULE,
  TEXT,
  TEXT_SET,
  TEXTS,
} from './field-forms.ts'

/** The dialects in which a query may be written. */
export const QUERY_TEXT_KEYS = ['Query', 'AthenaQuery', 'SnowflakeQuery', 'DatabricksQuery'] as const
export const QUERY_TEXTS = Object.fromEntries(QUERY_TEXT_KEYS.map((key) => [key, TEXT]))
export const ANY_QUERY_TEXT = { anyOf: QUERY_TEXT_KEYS.map((key) => ({ required: [key] })) } as const

const QUERY_KEYS = {
  AnalysisType: TEXT,
  QueryName: ID_TEXT,
  ...QUERY_TEXTS,
  Description: TEXT,
  Tags: TEXT_SET,
  Lookback: BOOLEAN,
  LookbackWindowSeconds: INTEGER,
  BaseVersion: INTEGER,
}

export const SAVED_QUERY_SCHEMA = closed(QUERY_KEYS, ['AnalysisType', 'QueryName'], ANY_QUERY_TEXT)

const QUERY_SCHEDULE = closed(
  { ...SCHEDULE.properties, RateMinutes: { type: 'integer', minimum: 2 } },
  [],
  exactlyOne('CronExpression', 'RateMinutes'),
)

export const SCHEDULED_QUERY_SCHEMA = closed(
  {
    ...QUERY_KEYS,
    Enabled: BOOLEAN,
    Schedule: QUERY_SCHEDULE,
    EmailConfig: closed({ Recipients: TEXTS, SendEmpty: BOOLEAN, PreferAttachment: BOOLEAN }),
  },
  ['AnalysisType', 'QueryName', 'Enabled', 'Schedule'],
  ANY_QUERY_TEXT,
)
