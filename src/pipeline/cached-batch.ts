/** The events of one batch, with what they have changed in the cache, until both are committed. */
import { Bug } from '../errors.ts'
import type { EvaluatedEvent } from '../model/events/evaluation.ts'
import type { Envelope } from '../model/events/event.ts'
import type { Batch } from './batch.ts'
import { type CacheCommit, type CacheLedger, NOTHING_CACHED } from './cache-ledger.ts'
import type { CacheLedgers } from './cache-ledgers.ts'

/** A store that does not answer the questions of so many evaluations will not commit the batch either. */
const MAX_EVALUATIONS = 3

type BatchEvents = Pick<Batch, 'events' | 'claim' | 'evaluateAgain'>

export class CachedBatch {
  readonly #batch: BatchEvents
  readonly #caches: CacheLedgers | null
  /** An event of the run; null if there is none. The events of a batch belong to the same run. */
  readonly #first: Envelope | null
  #ledger: CacheLedger | null = null
  #events: readonly EvaluatedEvent[]

  constructor(batch: BatchEvents, caches: CacheLedgers | null) {
    this.#batch = batch
    this.#caches = caches
    this.#first = batch.events[0]?.envelope ?? null
    this.#events = batch.events
  }

  /** The events as they were evaluated last. */
  get events(): readonly EvaluatedEvent[] {
    return this.#events
  }

  /** Runs a task that commits the batch. It waits for other batches of the same ledger if one of the events has asked. */
  async run<T>(task: () => Promise<T>): Promise<T> {
    const [caches, first] = [this.#caches, this.#first]
    if (caches === null || first === null) return task()
    const ledger = caches.ledgerOf(first)
    if (!ledger?.concerns(this.#envelopes)) return task()
    this.#ledger = ledger
    try {
      return await ledger.alone(() => releasing(ledger, task))
    } finally {
      caches.release(first, this.#batch.claim?.isFenced === true)
    }
  }

  /** Evaluates those events again whose answers do not hold any more, or who did not get one. */
  async refresh(): Promise<void> {
    const ledger = this.#ledger
    if (ledger === null) return
    for (let evaluations = 0; ; evaluations++) {
      const outdated = this.#envelopes.filter((envelope) => ledger.takeOutdated(envelope))
      if (outdated.length === 0) return
      if (evaluations >= MAX_EVALUATIONS) throw new Error('the store does not answer the caching helpers')
      const { evaluateAgain } = this.#batch
      if (!evaluateAgain) throw new Bug('events that use the cache cannot be evaluated again')
      const again = await evaluateAgain(outdated)
      this.#events = replaced(this.#events, outdated, again)
    }
  }

  commit(): CacheCommit {
    return this.#ledger?.commit(this.#envelopes) ?? NOTHING_CACHED
  }

  /** See `CacheLedger.recover`. */
  async recover(commit: CacheCommit): Promise<boolean> {
    return (await this.#ledger?.recover(commit)) ?? false
  }

  get #envelopes(): readonly Envelope[] {
    return this.#events.map(({ envelope }) => envelope)
  }
}

/** A batch that fails must not keep others from the items on which it has leases. */
async function releasing<T>(ledger: CacheLedger, task: () => Promise<T>): Promise<T> {
  try {
    return await task()
  } catch (error) {
    // If this fails, too, the leases run out.
    await ledger.release().catch(() => {})
    throw error
  }
}

/** Puts the events that were evaluated again in the places of the earlier ones. */
export function replaced(
  events: readonly EvaluatedEvent[],
  outdated: readonly Envelope[],
  again: readonly EvaluatedEvent[],
): readonly EvaluatedEvent[] {
  const latest = new Map(outdated.map((envelope, i) => [envelope, again[i]!]))
  return events.map((event) => latest.get(event.envelope) ?? event)
}
