/**
 * Fetches records from the brokers. One request at a time goes to each, for all partitions that it leads, because a broker
 * answers the requests of a connection in turn and waits with each answer for records.
 */
import { setImmediate } from 'node:timers/promises'
import { RetryableError } from '../../errors.ts'
import type { BrokerContext } from '../_source.ts'
import type { BrokerAddress } from '../broker/broker-spec.ts'
import { type BrokerConnections, untilAbort } from './broker-connections.ts'
import { type FetchedPartition, fetchRecords } from './fetch-records.ts'
import type { HeldBytes } from './held-bytes.ts'

/** What a broker puts into one answer, unless one batch is larger. */
const MAX_FETCHED_BYTES = 4 * 1024 * 1024

export interface WantedRecords {
  readonly leader: BrokerAddress
  readonly topicId: string
  readonly partition: number
  readonly offset: number
}

export interface FetchedRecords extends FetchedPartition {
  /** Must be called once, when the data is not used any more. */
  readonly release: () => void
}

interface Waiting extends WantedRecords {
  readonly resolve: (fetched: FetchedRecords) => void
  readonly reject: (error: unknown) => void
  isOver: boolean
}

export class BrokerFetches {
  readonly #connections: BrokerConnections
  readonly #held: HeldBytes
  /** The partitions that wait for the next request to a broker, by its address. */
  readonly #waiting = new Map<string, Waiting[]>()
  /** The numbers of the answers in which partitions got data last. */
  readonly #servedAt = new Map<number, number>()
  #answers = 0

  constructor(connections: BrokerConnections, held: HeldBytes) {
    this.#connections = connections
    this.#held = held
  }

  /** The data can be empty. Rejects after the abort. */
  async fetch(wanted: WantedRecords, context: BrokerContext): Promise<FetchedRecords> {
    const { promise, resolve, reject } = Promise.withResolvers<FetchedRecords>()
    const waiting: Waiting = { ...wanted, resolve, reject, isOver: false }
    this.#add(waiting, context)
    try {
      return await untilAbort(promise, context.signal)
    } finally {
      waiting.isOver = true
    }
  }

  #add(wanted: Waiting, context: BrokerContext): void {
    const { host, port } = wanted.leader
    const key = `${host}:${port}`
    const known = this.#waiting.get(key)
    if (known) return void known.push(wanted)
    const waiting = [wanted]
    this.#waiting.set(key, waiting)
    void this.#run(key, waiting, context)
  }

  /** Ends when no partition waits. */
  async #run(key: string, waiting: Waiting[], context: BrokerContext): Promise<void> {
    for (;;) {
      await this.#held.take(MAX_FETCHED_BYTES)
      const asked = waiting.splice(0).filter(({ isOver }) => !isOver)
      // A batch that is larger than the limit of a partition comes only if its partition is the first with records.
      asked.sort((a, b) => this.#served(a) - this.#served(b))
      // The partitions of another topic id wait for the next request.
      const topicId = asked[0]?.topicId
      waiting.push(...asked.filter((each) => each.topicId !== topicId))
      await this.#request(
        asked.filter((each) => each.topicId === topicId),
        context,
      )
      this.#held.change(-MAX_FETCHED_BYTES)
      // Partitions that got nothing are asked for again together with the others.
      await setImmediate()
      if (waiting.length > 0) continue
      this.#waiting.delete(key)
      return
    }
  }

  async #request(asked: readonly Waiting[], context: BrokerContext): Promise<void> {
    const [first] = asked
    if (first === undefined) return
    const { leader, topicId } = first
    const request = { topicId, partitions: asked, maxBytes: MAX_FETCHED_BYTES }
    try {
      const { error, partitions } = await this.#connections.send(leader, 'fetch', context, (connection) =>
        fetchRecords(connection, request),
      )
      if (error !== null) throw new RetryableError(`the broker answers ${error}`)
      for (const each of asked) this.#answer(each, partitions)
    } catch (error) {
      for (const { reject } of asked) reject(error)
    }
  }

  #served({ partition }: Waiting): number {
    return this.#servedAt.get(partition) ?? 0
  }

  #answer(wanted: Waiting, partitions: readonly FetchedPartition[]): void {
    if (wanted.isOver) return
    const { partition, offset } = wanted
    const found = partitions.find((each) => each.partition === partition)
    const fetched = found ?? { partition, error: null, end: offset, aborted: [], data: Buffer.alloc(0) }
    const bytes = fetched.data.length
    if (bytes > 0) this.#servedAt.set(wanted.partition, ++this.#answers)
    this.#held.change(bytes)
    wanted.resolve({ ...fetched, release: () => this.#held.change(-bytes) })
  }
}
