// What the rules of a log type decide together: every event that does not match the rule whose case it is, against all
// enabled rules of its type.
import type { CaseResults } from './guard-cases.ts'
import { type GuardedDetection, isLeftOut, type TypedGuard } from './guard-programs.ts'
import type { SilentEvent } from './guard-proof.ts'

export interface TypeResults {
  readonly total: { events: number; skipped: number; types: number; whole: number }
  /** A line for each log type. */
  readonly rows: readonly string[]
  /** The detections that would run on an event, and those that would not. */
  readonly askedEvents: readonly SilentEvent[]
  readonly unaskedEvents: readonly SilentEvent[]
}

interface TypedRule extends TypedGuard {
  readonly id: string
}

export function decideByType(
  detections: readonly GuardedDetection[],
  quietEvents: CaseResults['quietEvents'],
): TypeResults {
  const rulesOf = rulesByType(detections)
  const total = { events: 0, skipped: 0, types: 0, whole: 0 }
  const [rows, askedEvents, unaskedEvents] = [[] as string[], [] as SilentEvent[], [] as SilentEvent[]]
  for (const [type, events] of quietEvents) {
    const rules = rulesOf.get(type) ?? []
    const sums = { selected: 0, asked: 0, skipped: 0 }
    const asking = new Map<string, number>()
    for (const { record, entry } of events.values()) {
      const selected = rules.filter((rule) => !isLeftOut(rule, record))
      const asked = new Set(selected.filter(({ guard }) => guard?.evaluate(record, entry) !== 'silent'))
      for (const { id } of asked) asking.set(id, (asking.get(id) ?? 0) + 1)
      for (const rule of rules)
        (asked.has(rule) ? askedEvents : unaskedEvents).push({ detection: rule.id, entry })
      sums.selected += selected.length
      sums.asked += asked.size
      if (asked.size === 0) sums.skipped++
    }
    total.events += events.size
    total.skipped += sums.skipped
    total.types++
    if (sums.skipped === events.size) total.whole++
    const share = (sum: number) => (sum / events.size).toFixed(2)
    const most = [...asking].sort((a, b) => b[1] - a[1]).slice(0, 3)
    rows.push(
      `${type}: ${rules.length} rules, ${events.size} events, ${sums.skipped} skipped, ${share(sums.selected)} selected, ${share(sums.asked)} asked; ${most.map(([id, many]) => `${id} ${many}`).join(', ')}`,
    )
  }
  return { total, rows, askedEvents, unaskedEvents }
}

function rulesByType(detections: readonly GuardedDetection[]): Map<string, TypedRule[]> {
  const rules = new Map<string, TypedRule[]>()
  for (const { detection, byType } of detections) {
    if (!detection.enabled || detection.type !== 'rule') continue
    for (const type of detection.logTypes) {
      const own = rules.get(type) ?? []
      rules.set(type, own)
      own.push({ id: detection.id, ...byType.get(type)! })
    }
  }
  return rules
}
