/** `--filter KEY=VALUE`: which detections are meant. Pure. */

import { nearest } from '../core/did-you-mean.ts'
import { UserError } from '../errors.ts'
import type { Detection } from '../model/project/detection.ts'

/** Keys of the specs of rules, policies and globals. */
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
  /** Lower case. */
  readonly values: readonly string[]
}

/** All conditions must hold, also two on the same key; within one, any of the comma-separated values. */
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

/** A field that is missing equals the empty text; a list matches when any of its elements does. */
function matchesCondition({ negated, values }: Condition, field: unknown): boolean {
  const elements = Array.isArray(field) ? (field as unknown[]) : [field]
  const found = elements.some((element) => values.includes(textOf(element)))
  return found !== negated
}

function textOf(value: unknown): string {
  if (value === undefined || value === null) return ''
  return (typeof value === 'string' ? value : JSON.stringify(value)).toLowerCase()
}
