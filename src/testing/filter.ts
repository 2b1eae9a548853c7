/** Parses `--filter KEY=VALUE` into a predicate over detections. Pure. */

import { nearest } from '../core/did-you-mean.ts'
import { UserError } from '../errors.ts'
import type { Detection } from '../model/project/detection.ts'

/** The keys of specs of rules, policies and helpers. */
const KEYS = `
  ActionDelaySeconds AlertContext AlertTitle AnalysisType AutoRemediationID AutoRemediationParameters
  BaseVersion CreateAlert CreatedBy DedupPeriodMinutes Description Detection DisplayName
  DynamicSeverities Enabled Filename GlobalID GroupBy InlineFilters LogTypes OnlyUseBaseRiskScore
  OutputIds PolicyID Reference Reports ResourceTypes RuleID Runbook ScheduledQueries Severity Status
  SummaryAttributes Suppressions Tags Tests Threshold
`
  .trim()
  .split(/\s+/)

interface Condition {
  readonly key: string
  readonly negated: boolean
  /** The values are in lower case. */
  readonly values: readonly string[]
}

/** A detection must match all conditions, and in each of them one of the comma-separated values. */
export function parseFilters(texts: readonly string[]): (detection: Pick<Detection, 'spec'>) => boolean {
  const conditions = texts.map(parseCondition)
  return ({ spec }) => conditions.every((condition) => matchesCondition(condition, spec[condition.key]))
}

function parseCondition(text: string): Condition {
  const match = /^([^=!]+)(!?)=([^=]*)$/.exec(text)
  if (!match) {
    throw new UserError(`invalid filter "${text}"`, {
      code: 'invalid-filter',
      hint: 'use KEY=VALUE without another "=", for example Severity=High,Critical or Tags!=deprecated',
    })
  }
  const [, key = '', bang, values = ''] = match
  if (!KEYS.includes(key)) {
    const near = nearest(key, KEYS)
    throw new UserError(`unknown key in the filter "${text}"`, {
      code: 'invalid-filter',
      hint: near ? `did you mean "${near}"?` : `known: ${KEYS.join(', ')}`,
    })
  }
  return { key, negated: bang === '!', values: values.split(',').map((value) => value.trim().toLowerCase()) }
}

/** A missing field equals the empty text. A list matches if one of its elements does. */
function matchesCondition({ negated, values }: Condition, field: unknown): boolean {
  const elements = Array.isArray(field) ? (field as unknown[]) : [field]
  const found = elements.some((element) => values.includes(textOf(element)))
  return found !== negated
}

function textOf(value: unknown): string {
  if (value === undefined || value === null) return ''
  return (typeof value === 'string' ? value : JSON.stringify(value)).toLowerCase()
}
