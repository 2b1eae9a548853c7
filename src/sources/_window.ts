/** Hands events on in batches, several at a time, never more than the window holds: that is the back-pressure. */
import type { Settlement } from '../model/event.ts'
import type { Framed, SourceContext } from './_source.ts'

const BATCH_EVENTS = 200
/** What is fed grows from here: whoever is killed again and again still commits something before the next kill. */
const FIRST_BATCH_EVENTS = 10
const BATCHES_IN_FLIGHT = 4

export class EmitWindow {
  readonly #to: Pick<SourceContext, 'emit'>
  readonly #failed = new AbortController()
  /** Aborted when the source shall stop reading: at the daemon's word, or once a batch that was fed failed. */
  readonly signal: AbortSignal
  readonly #waiting: (() => void)[] = []
  readonly #fed = new Set<Promise<unknown>>()
  #free = BATCHES_IN_FLIGHT
  #batchEvents = FIRST_BATCH_EVENTS
  #failure: { readonly error: unknown } | null = null

  constructor(to: Pick<SourceContext, 'emit' | 'signal'>) {
    this.#to = to
    this.signal = AbortSignal.any([to.signal, this.#failed.signal])
  }

  /** Resolves when all batches have left; what becomes of them is in `drain`. Rejects once a batch has failed. */
  async feed(events: readonly Framed[]): Promise<void> {
    for (let from = 0; from < events.length; ) {
      const batch = events.slice(from, from + this.#batchEvents)
      from += batch.length
      this.#batchEvents = Math.min(2 * this.#batchEvents, BATCH_EVENTS)
      await this.#place()
      if (this.#failure) {
        this.#release()
        throw this.#failure.error
      }
      const sent: Promise<unknown> = this.#send(batch)
        .catch((error: unknown) => {
          this.#failure ??= { error }
          this.#failed.abort()
        })
        .finally(() => this.#fed.delete(sent))
      this.#fed.add(sent)
    }
  }

  /** Resolves with the settlements of all events, in their order; a failure is told to this caller alone. */
  async settle(events: readonly Framed[]): Promise<Settlement[]> {
    const sent: Promise<readonly Settlement[]>[] = []
    for (const batch of batches(events)) {
      await this.#place()
      const settled = this.#send(batch)
      settled.catch(() => {})
      sent.push(settled)
    }
    return (await Promise.all(sent)).flat()
  }

  /** Resolves when nothing that was fed is in flight; rejects when a batch of it has failed. */
  async drain(): Promise<void> {
    await Promise.all(this.#fed)
    if (this.#failure) throw this.#failure.error
  }

  async #send(batch: readonly Framed[]): Promise<readonly Settlement[]> {
    try {
      return await this.#to.emit(batch)
    } finally {
      this.#release()
    }
  }

  async #place(): Promise<void> {
    if (this.#free > 0) this.#free--
    else await new Promise<void>((resolve) => this.#waiting.push(resolve))
  }

  /** A free place goes to whoever waits longest. */
  #release(): void {
    const next = this.#waiting.shift()
    if (next) next()
    else this.#free++
  }
}

function* batches(events: readonly Framed[]): Generator<readonly Framed[]> {
  for (let from = 0; from < events.length; from += BATCH_EVENTS) yield events.slice(from, from + BATCH_EVENTS)
}
