/** What the sources of partitions are doing, for `/readyz` and the metrics. */
import type { GaugeSample } from '../../model/ports.ts'

/** The state of a partition that this daemon holds. */
const PARTITION_STATES = ['behind', 'caught_up', 'waiting', 'stopped'] as const
export type PartitionState = (typeof PARTITION_STATES)[number]

interface SourceState {
  /** The reason for which the partitions cannot be listed; null if there is none. */
  failure: string | null
  readonly partitions: Map<string, { readonly state: PartitionState; readonly failure: string | null }>
}

export class PartitionStates {
  readonly #sources = new Map<string, SourceState>()

  setListing(source: string, failure: string | null): void {
    this.#of(source).failure = failure
  }

  /** @param failure the reason for which the broker does not answer. */
  set(source: string, partition: string, state: PartitionState, failure: string | null = null): void {
    const { partitions } = this.#of(source)
    const known = partitions.get(partition)
    if (known?.state !== state || known.failure !== failure) partitions.set(partition, { state, failure })
  }

  remove(source: string, partition: string): void {
    this.#of(source).partitions.delete(partition)
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
    return [...this.#sources].flatMap(([source, { partitions }]) =>
      PARTITION_STATES.map((state) => ({
        name: 'signalbox_partitions',
        value: [...partitions.values()].filter((each) => each.state === state).length,
        labels: { source, state },
      })),
    )
  }

  #of(source: string): SourceState {
    const known = this.#sources.get(source)
    if (known) return known
    const state: SourceState = { failure: null, partitions: new Map() }
    this.#sources.set(source, state)
    return state
  }
}
