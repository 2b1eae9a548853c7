/** What one look at the signals finds: matches that a new signal made, and absences that have become certain. Pure. */

import { hitsOfSignals, type SignalHit, type StoredSignal, signalFieldsJson } from '../match/signal-fields.ts'
import type { MatchFinding } from '../model/alerts/finding.ts'
import type { Correlation, SignalField } from '../model/project/correlation-definition.ts'
import { type CorrelationMatch, matches } from './correlation.ts'
import { correlationResults } from './correlation-alert.ts'
import type { PossibleMatch } from './correlation-hits.ts'

export interface CorrelationRule {
  readonly id: string
  readonly correlation: Correlation
  /** Of its own signals: it may be a member of another. */
  readonly signalFields: readonly SignalField[]
}

interface CorrelationPass {
  /** Signals with these numbers are new: above the one, up to the other. */
  readonly after: number
  readonly upTo: number
  readonly now: number
  readonly waitMs: number
  /** When absence was judged last; null: not in this look. */
  readonly judgedAt: number | null
}

/** One finding for each value. */
export function findMatches(
  rule: CorrelationRule,
  signals: readonly StoredSignal[],
  pass: CorrelationPass,
): MatchFinding[] {
  const isNew = ({ id }: StoredSignal) => id > pass.after && id <= pass.upTo
  const hits = hitsOfSignals(signals, rule.correlation, isNew)
  const { lookbackMs } = rule.correlation
  const found = matches(rule.correlation, hits, pass, (match) => isDue(match, pass, lookbackMs))
  return [...found].map((match) => findingOf(rule, match, pass.now))
}

/**
 * What waits for something absent is due once, when the wait is over. Where its last signal came late, what is waited
 * for may come as late; but nothing waits longer than a window for that.
 */
function isDue(
  { isNew, last, waitsUntil }: PossibleMatch<SignalHit>,
  pass: CorrelationPass,
  lookbackMs: number,
): boolean {
  if (waitsUntil === null) return isNew
  if (pass.judgedAt === null) return false
  const lateMs = Math.max(0, last.signal.at - last.signal.happenedAt)
  const due = waitsUntil + Math.min(lateMs, lookbackMs)
  return due <= pass.now && (due > pass.judgedAt || isNew)
}

function findingOf(
  { id, signalFields }: CorrelationRule,
  match: CorrelationMatch<SignalHit>,
  now: number,
): MatchFinding {
  const last = match.last.signal
  const functions = correlationResults(match, ({ signal }) => ({
    time: new Date(signal.happenedAt).toISOString(),
    rowId: signal.rowId,
    ...(signal.alertId !== null && { alertId: signal.alertId }),
  }))
  return {
    from: 'detection',
    detection: id,
    functions,
    signalFields: signalFieldsJson(signalFields, '{}', {}, functions.alert_context?.output ?? '{}'),
    event: {
      source: 'correlation',
      seq: last.id,
      kind: 'log',
      type: null,
      rowId: last.rowId,
      resourceId: null,
      happenedAt: last.happenedAt,
      at: now,
    },
  }
}
