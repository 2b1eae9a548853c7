/** Commits the offsets of settled records to a consumer group now and then, for tools that show the lag. */
import { readableText } from '../../core/readable-text.ts'
import { messageOf } from '../../errors.ts'
import type { BrokerContext } from '../_source.ts'
import type { Cluster } from './cluster.ts'

const COMMIT_INTERVAL_MS = 10_000

export class GroupOffsets {
  readonly #cluster: Cluster
  readonly #group: string
  #settled = new Map<number, number>()
  #isCommitting = false
  #committedAt = Number.NEGATIVE_INFINITY
  #failure: string | null = null

  constructor(cluster: Cluster, group: string) {
    this.#cluster = cluster
    this.#group = group
  }

  /** Commits what is settled if the last commit is long enough ago. */
  record(partition: number, offset: number, context: BrokerContext): void {
    this.#settled.set(partition, offset)
    this.commitDue(context)
  }

  commitDue(context: BrokerContext): void {
    if (performance.now() - this.#committedAt >= COMMIT_INTERVAL_MS) void this.#commit(context)
  }

  /** A failure stops nothing, because the cursor in the store decides where reading goes on. */
  async #commit(context: BrokerContext): Promise<void> {
    const settled = this.#settled
    if (this.#isCommitting || settled.size === 0) return
    this.#isCommitting = true
    this.#committedAt = performance.now()
    this.#settled = new Map()
    try {
      await this.#cluster.commitToGroup(this.#group, settled, context)
      this.#failure = null
    } catch (error) {
      this.#settled = new Map([...settled, ...this.#settled])
      this.#warn(readableText(messageOf(error)), context)
    } finally {
      this.#isCommitting = false
    }
  }

  #warn(failure: string, { log }: BrokerContext): void {
    if (failure === this.#failure) return
    this.#failure = failure
    log.warn(
      { group: this.#group, error: failure },
      'the offsets could not be committed to the group; reading goes on',
    )
  }
}
