/** Budgets of a replay: limits of new and of daily alerts, and alerts that must stay. Pure. */
import type { BudgetResult, ReplayReport } from '../model/replay/replay-report.ts'

export interface Budgets {
  /** The greatest number of alerts that the other revision does not have; null: any number. */
  readonly maxNew: number | null
  /** The greatest number of alerts of a detection in one day; `*` stands for each detection. */
  readonly maxPerDay: ReadonlyMap<string, number>
  /** Ids of alerts that must be created. */
  readonly mustKeep: readonly string[]
}

export function checkBudgets(
  { maxNew, maxPerDay, mustKeep }: Budgets,
  { after, changes }: Pick<ReplayReport, 'after' | 'changes'>,
): BudgetResult[] {
  const ids = new Set(after.alerts.map(({ id }) => id))
  const added = changes?.added.length ?? 0
  return [
    ...(maxNew === null
      ? []
      : [result(`--max-new ${maxNew}`, added <= maxNew, `${added} new alerts, ${maxNew} allowed`)]),
    ...[...maxPerDay].map(([id, max]) => perDay(id, max, after)),
    ...mustKeep.map((id) =>
      result(
        `--must-keep ${id}`,
        ids.has(id),
        ids.has(id) ? `alert ${id} is created` : `alert ${id} is not created`,
      ),
    ),
  ]
}

function perDay(id: string, max: number, { detections }: ReplayReport['after']): BudgetResult {
  let worst = { detection: id, day: '', alerts: 0 }
  for (const [detection, totals] of detections) {
    if (id !== '*' && detection !== id) continue
    for (const [day, alerts] of Object.entries(totals.perDay)) {
      if (alerts > worst.alerts) worst = { detection, day, alerts }
    }
  }
  const on = worst.day === '' ? '' : ` on ${worst.day}`
  const message = `alerts of ${worst.detection}: ${worst.alerts}${on}, ${max} a day allowed`
  return result(`--max-per-day ${id}=${max}`, worst.alerts <= max, message)
}

function result(budget: string, isKept: boolean, message: string): BudgetResult {
  return { budget, isKept, message }
}
