/** lookup_table: an enrichment definition, from a file, a bucket or SQL. Checked, never run here. */
import { BOOLEAN, closed, exactlyOne, ID_TEXT, INTEGER, TEXT, TEXTS } from './field-forms.ts'
import { ANY_QUERY_TEXT, QUERY_TEXTS } from './query.ts'

const LOG_TYPE_KEYS = {
  PrimaryKey: TEXT,
  AssociatedLogTypes: {
    type: 'array',
    items: closed({ LogType: TEXT, Selectors: TEXTS }, ['LogType', 'Selectors']),
  },
}

const TABLE_KEYS = {
  AnalysisType: TEXT,
  LookupName: ID_TEXT,
  Enabled: BOOLEAN,
  Description: TEXT,
  Reference: TEXT,
  BaseVersion: INTEGER,
}

const REFRESH = closed(
  {
    ObjectPath: TEXT,
    PeriodMinutes: { type: 'integer', minimum: 1 },
    AlarmPeriodMinutes: { type: 'integer', maximum: 1440 },
    RoleARN: TEXT,
    ObjectKMSKey: TEXT,
    GCSCredentials: TEXT,
    StorageProvider: TEXT,
  },
  ['ObjectPath', 'PeriodMinutes'],
  exactlyOne('GCSCredentials', 'RoleARN'),
)

export const LOOKUP_TABLE_SCHEMA = closed(
  {
    ...TABLE_KEYS,
    LogTypeMap: closed(LOG_TYPE_KEYS, ['PrimaryKey', 'AssociatedLogTypes']),
    Schema: TEXT,
    Filename: TEXT,
    Refresh: REFRESH,
  },
  ['AnalysisType', 'LookupName', 'Enabled', 'Schema'],
  exactlyOne('Filename', 'Refresh'),
)

const SQL_REFRESH = closed(
  { PeriodMinutes: { type: 'integer', minimum: 1 }, CronExpression: TEXT },
  [],
  exactlyOne('PeriodMinutes', 'CronExpression'),
)

export const SQL_LOOKUP_TABLE_SCHEMA = closed(
  {
    ...TABLE_KEYS,
    ...QUERY_TEXTS,
    LogTypeMap: closed(LOG_TYPE_KEYS, ['PrimaryKey']),
    Refresh: SQL_REFRESH,
    Indicators: { type: 'array', items: closed({ Field: TEXT, Indicators: TEXTS }) },
    Validations: { type: 'array', items: closed({ Field: TEXT, Validations: { type: 'array' } }) },
  },
  ['AnalysisType', 'LookupName', 'LogTypeMap', 'Refresh'],
  ANY_QUERY_TEXT,
)
