/** What one look at the signals finds: matches that a new signal made, and absences that have become certain. Pure. */
import type { Correlation } from '../model/correlation.ts'
import type { MatchFinding } from '../model/finding.ts'
import { type CorrelationMatch, matches } from './correlation.ts'
import { correlationResults } from './correlation-alert.ts'
import { hitsOfSignals, type KeptSignal, type SignalHit } from './signal-fields.ts'

export interface Look {
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
  rule: { readonly id: string; readonly correlation: Correlation },
  signals: readonly KeptSignal[],
  look: Look,
): MatchFinding[] {
  const found = new Map<string, CorrelationMatch<SignalHit>>()
  for (const match of matches(rule.correlation, hitsOfSignals(signals, rule.correlation), look)) {
    const name = JSON.stringify(match.values)
    if (!found.has(name) && isDue(match, look)) found.set(name, match)
  }
  return [...found.values()].map((match) => findingOf(rule.id, match, look.now))
}

/**
 * What waits for something absent is due once, when the wait is over. Where its own signals came late, what is waited
 * for may come as late.
 */
function isDue({ hits, waitsUntil }: CorrelationMatch<SignalHit>, look: Look): boolean {
  const signals = hits.map(({ hit }) => hit.signal)
  const isNew = signals.some(({ id }) => id > look.after && id <= look.upTo)
  if (waitsUntil === null) return isNew
  if (look.judgedAt === null) return false
  const due = waitsUntil + Math.max(0, ...signals.map(({ at, happenedAt }) => at - happenedAt))
  return due <= look.now && (due > look.judgedAt || isNew)
}

function findingOf(detection: string, match: CorrelationMatch<SignalHit>, now: number): MatchFinding {
  const last = match.hits.at(-1)!.hit.signal
  return {
    from: 'detection',
    detection,
    functions: correlationResults(match, ({ signal }) => ({
      time: new Date(signal.happenedAt).toISOString(),
      rowId: signal.rowId,
      ...(signal.alertId !== null && { alertId: signal.alertId }),
    })),
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
