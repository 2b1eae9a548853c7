/** The kinds of analysis file: the key that holds the id, and the schema. */
import type { Schema } from '../yaml/schema-check.ts'
import { CORRELATION_RULE_SCHEMA } from './correlation-rule.ts'
import { DERIVED_SCHEMA } from './derived.ts'
import { LOOKUP_TABLE_SCHEMA, SQL_LOOKUP_TABLE_SCHEMA } from './lookup-table.ts'
import { PACK_SCHEMA } from './pack.ts'
import { POLICY_SCHEMA } from './policy.ts'
import { DATA_MODEL_SCHEMA, GLOBAL_SCHEMA } from './python-content.ts'
import { QUERY_TEXT_KEYS, SAVED_QUERY_SCHEMA, SCHEDULED_QUERY_SCHEMA } from './query.ts'
import { RULE_SCHEMA } from './rule.ts'
import { SCHEDULED_PROMPT_SCHEMA } from './scheduled-prompt.ts'

interface AnalysisType {
  readonly idKey: string
  readonly schema: Schema
}

export const ANALYSIS_TYPES: Readonly<Record<string, AnalysisType>> = {
  rule: { idKey: 'RuleID', schema: RULE_SCHEMA },
  scheduled_rule: { idKey: 'RuleID', schema: RULE_SCHEMA },
  policy: { idKey: 'PolicyID', schema: POLICY_SCHEMA },
  correlation_rule: { idKey: 'RuleID', schema: CORRELATION_RULE_SCHEMA },
  datamodel: { idKey: 'DataModelID', schema: DATA_MODEL_SCHEMA },
  global: { idKey: 'GlobalID', schema: GLOBAL_SCHEMA },
  pack: { idKey: 'PackID', schema: PACK_SCHEMA },
  saved_query: { idKey: 'QueryName', schema: SAVED_QUERY_SCHEMA },
  scheduled_query: { idKey: 'QueryName', schema: SCHEDULED_QUERY_SCHEMA },
  lookup_table: { idKey: 'LookupName', schema: LOOKUP_TABLE_SCHEMA },
  scheduled_prompt: { idKey: 'PromptName', schema: SCHEDULED_PROMPT_SCHEMA },
}

/** Undefined for an unknown type. */
export function analysisTypeOf(
  type: string,
  value: Readonly<Record<string, unknown>>,
): AnalysisType | undefined {
  const known = Object.hasOwn(ANALYSIS_TYPES, type) ? ANALYSIS_TYPES[type]! : undefined
  if (known && value.BaseDetection) return { idKey: 'RuleID', schema: DERIVED_SCHEMA }
  if (type === 'lookup_table' && QUERY_TEXT_KEYS.some((key) => key in value)) {
    return { idKey: 'LookupName', schema: SQL_LOOKUP_TABLE_SCHEMA }
  }
  return known
}
