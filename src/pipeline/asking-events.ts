/** The events under way that have asked the cache, and which of them must be evaluated again. */
import type { CacheEvent } from '../model/events/detection-cache.ts'
import type { Envelope } from '../model/events/event.ts'

export type EventKey = Pick<Envelope, 'source' | 'seq'>

interface AskingEvent {
  readonly name: string
  /** How many of its requests have no answer yet. */
  requests: number
  isOutdated: boolean
}

export class AskingEvents {
  /** The keys are `source:seq`. The event that asked last is the last one. */
  readonly #events = new Map<string, AskingEvent>()

  get size(): number {
    return this.#events.size
  }

  has(event: EventKey): boolean {
    return this.#events.has(eventKey(event))
  }

  nameOf(event: EventKey): string | undefined {
    return this.#events.get(eventKey(event))?.name
  }

  /** Returns what must be called when the request has its answer. */
  begin(event: CacheEvent): () => void {
    const key = eventKey(event)
    const asking = this.#events.get(key) ?? { name: event.name, requests: 0, isOutdated: false }
    this.#events.delete(key)
    this.#events.set(key, asking)
    asking.requests++
    return () => {
      asking.requests--
    }
  }

  isOutdated(event: EventKey): boolean {
    return this.#events.get(eventKey(event))?.isOutdated === true
  }

  /**
   * Answers were forgotten. An event that waits for one at this moment has got others, or would mix the answers of before
   * with those of after.
   */
  outdate(hasForgottenAnswers: (name: string) => boolean): void {
    for (const asking of this.#events.values())
      if (asking.requests > 0 || hasForgottenAnswers(asking.name)) asking.isOutdated = true
  }

  /** A request of the event has failed. */
  outdateOne(event: EventKey): void {
    const asking = this.#events.get(eventKey(event))
    if (asking) asking.isOutdated = true
  }

  /**
   * Returns true once if the event must be evaluated again. It must be, too, if it still waits for an answer after its
   * evaluation, which then has waited for as long as it may.
   */
  takeOutdated(event: EventKey): boolean {
    const key = eventKey(event)
    const asking = this.#events.get(key)
    if (!asking || (!asking.isOutdated && asking.requests === 0)) return false
    this.#events.set(key, { name: asking.name, requests: 0, isOutdated: false })
    return true
  }

  forget(event: EventKey): void {
    this.#events.delete(eventKey(event))
  }

  /** Removes those that asked longest ago. */
  shorten(maxSize: number): void {
    for (const key of this.#events.keys()) {
      if (this.#events.size <= maxSize) return
      this.#events.delete(key)
    }
  }
}

function eventKey({ source, seq }: EventKey): string {
  return `${source}:${seq}`
}
