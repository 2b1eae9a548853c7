/** One correlation pass: finds matches of new signals, and absences that have become certain. Pure. */

import { hitsOfSignals, type SignalHit, type StoredSignal, signalFieldsJson } from '../match/signal-fields.ts'
import type { MatchFinding } from '../model/alerts/finding.ts'
import type { Correlation, SignalField } from '../model/project/correlation-definition.ts'
import { type CorrelationMatch, matches } from './correlation.ts'
import { correlationResults } from './correlation-alert.ts'
import type { PossibleMatch } from './correlation-hits.ts'

export interface CorrelationRule {
  readonly id: string
  readonly correlation: Correlation
  /** The fields that its own signals keep, because it can be a member of another rule. */
  readonly signalFields: readonly SignalField[]
}

interface CorrelationPass {
  /** Signals with these positions are new: behind the one, up to the other. */
  readonly after: string
  readonly upTo: string
  readonly now: number
  readonly waitMs: number
  /** The time up to which absence was evaluated before; null: this pass does not evaluate it. */
  readonly judgedAt: number | null
  /** The time up to which this pass evaluates absence. */
  readonly judgesUntil: number
}

/** One finding for each value. */
export function findMatches(
  rule: CorrelationRule,
  signals: readonly StoredSignal[],
  pass: CorrelationPass,
): MatchFinding[] {
  const isNew = ({ position }: StoredSignal) => position > pass.after && position <= pass.upTo
  const hits = hitsOfSignals(signals, rule.correlation, isNew)
  const { lookbackMs } = rule.correlation
  const found = matches(rule.correlation, hits, pass, (match) => isDue(match, pass, lookbackMs))
  return [...found].map((match) => findingOf(rule, match, pass.now))
}

/**
 * A match that waits for absence is due once, when the wait is over. If its last signal came late, the absent signal
 * may come as late, but the additional wait is at most one window.
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
  return due <= pass.judgesUntil && (due > pass.judgedAt || isNew)
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
