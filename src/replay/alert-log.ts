/** Collects the alerts of a simulation from the plans that it has committed. */
import { compareText } from '../core/compare-text.ts'
import type { DetectionTotals, ReplayedAlert } from '../model/replay/replay-report.ts'
import type { AlertRow, CommitPlan, SignalPosition, SignalRow, Store } from '../store/store.ts'

/** More rows than a store of a replay has. */
const MAX_ROWS = 1_000_000_000
const PAGE_ROWS = 10_000

type CollectedAlert = { -readonly [K in keyof ReplayedAlert]: ReplayedAlert[K] }

export class AlertLog {
  readonly #alerts = new Map<string, CollectedAlert>()
  readonly #matches = new Map<string, number>()
  readonly #muted = new Set<string>()

  record(plan: CommitPlan): void {
    for (const alert of plan.alerts) this.#add(alert)
    for (const signal of plan.signals) this.#addSignal(signal)
    for (const { alertId, events } of plan.merges) {
      const alert = this.#alerts.get(alertId)
      if (alert) alert.events += events
    }
    for (const { alertId, destination } of plan.deliveries) {
      const alert = this.#alerts.get(alertId)
      if (alert) alert.deliveries = [...alert.deliveries, destination]
    }
    for (const { detection, mutedAt } of plan.limiterChanges) if (mutedAt !== null) this.#muted.add(detection)
  }

  /** Adds the alerts that an earlier run of the same replay has committed. */
  async restore(store: Pick<Store, 'alerts' | 'deliveries' | 'signals' | 'read'>): Promise<void> {
    for (const alert of await store.alerts({ limit: MAX_ROWS })) {
      this.#add(alert)
      const deliveries = await store.deliveries({ alertId: alert.id, limit: MAX_ROWS })
      this.#alerts.get(alert.id)!.deliveries = deliveries.map(({ destination }) => destination)
    }
    await this.#restoreSignals(store)
    const limiters = [...this.#matches.keys()]
    const state = await store.read({ groups: [], limiters, seen: [] })
    for (const [id, { value }] of state.limiters) if (value.mutedAt !== null) this.#muted.add(id)
  }

  async #restoreSignals(store: Pick<Store, 'signals'>): Promise<void> {
    for (let after: SignalPosition | undefined, isEnd = false; !isEnd; ) {
      const page = await store.signals({ limit: PAGE_ROWS, ...(after !== undefined && { after }) })
      for (const signal of page) this.#addSignal(signal)
      after = page.at(-1)?.position
      isEnd = page.length < PAGE_ROWS
    }
  }

  /** The alerts in the order of their creation, those of one time by their ids. */
  get alerts(): readonly ReplayedAlert[] {
    return [...this.#alerts.values()].sort((a, b) => a.createdAt - b.createdAt || compareText(a.id, b.id))
  }

  totals(): ReadonlyMap<string, DetectionTotals> {
    const byDetection = Map.groupBy(this.alerts, ({ detection }) => detection)
    const ids = new Set([...byDetection.keys(), ...this.#matches.keys()])
    return new Map(
      [...ids].sort().map((id) => {
        const own = byDetection.get(id) ?? []
        const perDay: Record<string, number> = {}
        for (const { createdAt } of own) {
          const day = dayOf(createdAt)
          perDay[day] = (perDay[day] ?? 0) + 1
        }
        const matches = this.#matches.get(id) ?? own.reduce((sum, { events }) => sum + events, 0)
        return [id, { alerts: own.length, matches, perDay, isMuted: this.#muted.has(id) }]
      }),
    )
  }

  #addSignal({ detection, alertId, rowId }: Pick<SignalRow, 'detection' | 'alertId' | 'rowId'>): void {
    this.#matches.set(detection, (this.#matches.get(detection) ?? 0) + 1)
    const alert = alertId === null ? undefined : this.#alerts.get(alertId)
    if (alert) alert.rowId ??= rowId
  }

  #add(row: AlertRow): void {
    const { id, detection, kind, severity, title, dedup, createdAt, route, events } = row
    this.#alerts.set(id, {
      id,
      detection,
      kind,
      severity,
      title,
      dedup,
      createdAt,
      route: route.level,
      destinations: route.destinations,
      deliveries: [],
      events,
      rowId: null,
    })
  }
}

function dayOf(at: number): string {
  return new Date(at).toISOString().slice(0, 10)
}
