/** Counts the events, alerts and deliveries of a run, for its summary and its metrics. */
import type { EvaluatedEvent } from '../model/events/evaluation.ts'
import type { Settlement } from '../model/events/event.ts'
import type { Metrics } from '../model/ports.ts'
import type { AdmitResult } from '../pipeline/planner.ts'
import type { DeliveryCounts, DeliveryRow } from '../store/store.ts'
import { countFindings } from './metrics/detection-metrics.ts'

export interface RunSummary {
  readonly events: {
    readonly accepted: number
    readonly duplicate: number
    readonly rejected: number
    readonly unclassified: number
  }
  readonly alerts: { readonly created: number; readonly merged: number; readonly muted: number }
  /** `delivered`, `dead` and `withdrawn` count this run; the others are those of the store at the end. */
  readonly deliveries: DeliveryCounts
  /**
   * The deliveries that are not delivered at the end, newest first and bounded. Dead ones of earlier runs are included,
   * and scheduled ones are not.
   */
  readonly undelivered: readonly DeliveryRow[]
  /** Every source ended by itself. */
  readonly exhausted: boolean
  readonly durationMs: number
  /** The reason for which the store was lost; null: it was not lost. */
  readonly lost: string | null
}

type EventOutcome = keyof RunSummary['events']

export class RunStats {
  readonly #metrics: Metrics
  readonly #events = { accepted: 0, duplicate: 0, rejected: 0, unclassified: 0 }
  readonly #alerts = { created: 0, merged: 0, muted: 0 }
  #delivered = 0

  constructor(metrics: Metrics) {
    this.#metrics = metrics
  }

  /** There is one settlement per event; the outcome of a rejected event is more exact than its settlement. */
  recordSettled(source: string, events: readonly EvaluatedEvent[], settlements: readonly Settlement[]): void {
    const counts = new Map<EventOutcome, number>()
    for (let i = 0; i < events.length; i++) {
      const { status } = events[i]!.outcome
      const outcome = status === 'evaluated' ? settlements[i]!.status : status
      counts.set(outcome, (counts.get(outcome) ?? 0) + 1)
    }
    for (const [outcome, count] of counts) this.#countEvents(source, outcome, count)
    countFindings(this.#metrics, events)
  }

  /** Events that were committed before, by their idempotency keys. */
  recordKnown(source: string, count: number): void {
    this.#countEvents(source, 'duplicate', count)
  }

  /** Messages of a broker that are no events. */
  recordPassed(source: string, count: number): void {
    this.#metrics.count('signalbox_messages_passed_total', { source }, count)
  }

  recordAdmitted(admitted: readonly AdmitResult[]): void {
    for (const each of admitted) {
      if (each.action === 'counted') continue
      this.#alerts[each.action]++
      if (each.action !== 'created') continue
      this.#metrics.count('signalbox_alerts_total', { kind: each.alert.kind, severity: each.alert.severity })
      for (const { code } of each.alert.route.problems)
        this.#metrics.count('signalbox_problems_total', { code })
    }
  }

  recordDelivered(): void {
    this.#delivered++
  }

  /** The counts do not need those that are delivered. */
  summary(
    before: DeliveryCounts,
    after: DeliveryCounts,
    end: Pick<RunSummary, 'undelivered' | 'exhausted' | 'durationMs' | 'lost'>,
  ): RunSummary {
    const deliveries = {
      ...after,
      delivered: this.#delivered,
      dead: Math.max(0, after.dead - before.dead),
      withdrawn: Math.max(0, after.withdrawn - before.withdrawn),
    }
    return { events: { ...this.#events }, alerts: { ...this.#alerts }, deliveries, ...end }
  }

  #countEvents(source: string, outcome: EventOutcome, count: number): void {
    this.#events[outcome] += count
    this.#metrics.count('signalbox_events_total', { source, outcome }, count)
  }
}
