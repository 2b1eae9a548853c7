/** What the sources of partitions are doing, for `/readyz` and the metrics. */
import type { GaugeSample, Metrics } from '../../model/ports.ts'

/** The state of a partition that this daemon holds. */
const PARTITION_STATES = ['behind', 'caught_up', 'waiting', 'stopped'] as const
export type PartitionState = (typeof PARTITION_STATES)[number]

/** More partitions have no lag of their own in the metrics. `signalbox sources list` shows all. */
const MAX_LAG_SERIES = 200

interface HeldPartition {
  readonly state: PartitionState
  readonly failure: string | null
}

interface SourceState {
  /** The reason for which the partitions cannot be listed; null if there is none. */
  failure: string | null
  /** How many partitions no daemon holds; null before the store said so. */
  unowned: number | null
  readonly partitions: Map<string, HeldPartition>
  /** How many messages the broker has behind those that were read. */
  readonly lags: Map<string, number>
}

/** Why a lease ended before its time. `taken`: another daemon has it; `expired`: the store did not extend it in time. */
export type LeaseLoss = 'taken' | 'expired'

export class PartitionStates {
  readonly #metrics: Metrics
  readonly #sources = new Map<string, SourceState>()

  constructor(metrics: Metrics) {
    this.#metrics = metrics
  }

  setListing(source: string, failure: string | null): void {
    this.#of(source).failure = failure
  }

  setUnowned(source: string, count: number): void {
    this.#of(source).unowned = count
  }

  /** @param failure the reason for which the broker does not answer. */
  set(source: string, partition: string, state: PartitionState, failure: string | null = null): void {
    const { partitions } = this.#of(source)
    const known = partitions.get(partition)
    if (known?.state !== state || known.failure !== failure) partitions.set(partition, { state, failure })
  }

  setLag(source: string, partition: string, lag: number): void {
    this.#of(source).lags.set(partition, lag)
  }

  remove(source: string, partition: string): void {
    const { partitions, lags } = this.#of(source)
    partitions.delete(partition)
    lags.delete(partition)
  }

  leaseLost(source: string, why: LeaseLoss): void {
    this.#metrics.count('signalbox_lease_losses_total', { source, why })
  }

  /** A commit was refused, because another daemon has taken the partition. */
  fenced(source: string): void {
    this.#metrics.count('signalbox_fences_total', { source })
  }

  /** Events of a partition went to the rejects. */
  poisoned(source: string, events: number): void {
    if (events > 0) this.#metrics.count('signalbox_poison_total', { source }, events)
  }

  /** The reasons for which sources wait. A stopped partition is none: it has an alert, and the others are read. */
  reasons(): readonly string[] {
    return [...this.#sources].flatMap(([source, { failure, partitions }]) => {
      const failed = [...partitions.values()].filter((each) => each.failure !== null)
      const first = failure ?? failed[0]?.failure
      if (first === undefined) return []
      const part = failure === null ? ` (${failed.length} of ${partitions.size} partitions)` : ''
      return [`${source} waits${part}: ${first}`]
    })
  }

  gauges(): GaugeSample[] {
    return [...[...this.#sources].flatMap(([source, state]) => gaugesOf(source, state)), ...this.#lagGauges()]
  }

  /** All sources together have at most so many series. */
  #lagGauges(): GaugeSample[] {
    const lags = [...this.#sources].flatMap(([source, { lags: each }]) =>
      [...each].map(([partition, value]) => ({
        name: 'signalbox_partition_lag',
        value,
        labels: { source, partition },
      })),
    )
    return lags.slice(0, MAX_LAG_SERIES)
  }

  #of(source: string): SourceState {
    const known = this.#sources.get(source)
    if (known) return known
    const state: SourceState = { failure: null, unowned: null, partitions: new Map(), lags: new Map() }
    this.#sources.set(source, state)
    return state
  }
}

function gaugesOf(source: string, { unowned, partitions, lags }: SourceState): GaugeSample[] {
  const held = [...partitions.values()]
  const behind = [...lags.values()]
  const gauge = (name: string, value: number, labels: Readonly<Record<string, string>> = {}) => ({
    name,
    value,
    labels: { source, ...labels },
  })
  return [
    ...PARTITION_STATES.map((state) =>
      gauge('signalbox_partitions', held.filter((each) => each.state === state).length, { state }),
    ),
    gauge('signalbox_partitions_owned', held.length),
    ...(unowned === null ? [] : [gauge('signalbox_partitions_unowned', unowned)]),
    gauge(
      'signalbox_source_lag',
      behind.reduce((sum, lag) => sum + lag, 0),
    ),
    gauge('signalbox_source_lag_highest', Math.max(0, ...behind)),
  ]
}
