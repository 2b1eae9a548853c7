/**
 * Queues requests. Each request is emitted completely before the next one begins, and clients take turns, so that some
 * requests always get a response before their client times out.
 */
import type { Settlement } from '../../model/events/event.ts'
import type { FramedEvent, SourceContext } from '../_source.ts'
import { type Batch, batchesOf, Window } from './emit-window.ts'

/** A request that would wait longer is rejected, because its client would time out before. */
const MAX_WAIT_MS = 10_000
/** A rejected client should retry when this much of the queue is left. */
const RETURN_AT_WAIT_MS = 5_000
const MAX_RETRY_AFTER_S = 30
const MAX_REMEMBERED_CLIENTS = 1_000
/** Requests are committed in so many lanes. The events of one request stay in one lane, and so in order. */
const COMMIT_LANES = 4

/** `gone` means that the client closed the connection, `refused` that the queue closed before the request began. */
type RequestResult = readonly Settlement[] | 'gone' | 'refused'

interface Request {
  readonly client: string
  readonly events: number
  readonly lane: number
  readonly batches: Batch[]
  readonly settling: Promise<readonly Settlement[]>[]
  settle(result: RequestResult | Promise<RequestResult>): void
}

export class RequestQueue {
  readonly #window: Window
  readonly #waiting = new Map<string, Request[]>()
  /** The clients in the order of their last turns. */
  readonly #served = new Set<string>()
  /** The request that is emitted at present. */
  #current: Request | null = null
  readonly #inFlight = new Set<Promise<unknown>>()
  #nextLane = 0

  constructor(to: Pick<SourceContext, 'emit' | 'clock'>) {
    this.#window = new Window(to)
  }

  /** Returns the seconds after which this client should retry; null when it can send now. */
  retryAfterSeconds(client: string): number | null {
    const waitMs = this.#window.millisecondsFor(this.#eventsBefore(client))
    if (waitMs <= MAX_WAIT_MS) return null
    return Math.min(MAX_RETRY_AFTER_S, Math.ceil((waitMs - RETURN_AT_WAIT_MS) / 1_000))
  }

  /** Rejects when a batch could not be committed; the remaining batches are then dropped. */
  settle(client: string, events: readonly FramedEvent[], signal: AbortSignal): Promise<RequestResult> {
    if (signal.aborted) return Promise.resolve('gone')
    return new Promise((resolve) => {
      const batches = [...batchesOf(events)]
      const lane = this.#nextLane++ % COMMIT_LANES
      const request = { client, events: events.length, lane, batches, settling: [], settle: resolve }
      const leave = () => this.#drop(request, 'gone')
      signal.addEventListener('abort', leave, { once: true })
      const requests = this.#waiting.get(client)
      if (requests) requests.push(request)
      else this.#waiting.set(client, [request])
      this.#emitNext()
    })
  }

  /** Rejects requests that have not begun and resolves when nothing is in flight. */
  async close(): Promise<void> {
    for (const request of [...this.#waiting.values()].flat()) this.#drop(request, 'refused')
    while (this.#current !== null || this.#inFlight.size > 0) await Promise.allSettled(this.#inFlight)
  }

  /** Counts the events that are emitted before those of a new request. */
  #eventsBefore(client: string): number {
    const own = this.#waiting.get(client)
    const turns = (own?.length ?? 0) + (this.#served.has(client) ? 1 : 0)
    const rest = this.#current?.batches.reduce((sum, batch) => sum + batch.length, 0) ?? 0
    return [...this.#waiting.values()]
      .flatMap((requests) => (requests === own ? requests : requests.slice(0, turns)))
      .reduce((sum, { events }) => sum + events, this.#window.events + rest)
  }

  #emitNext(): void {
    for (;;) {
      this.#current ??= this.#next()
      const request = this.#current
      if (request === null) return
      const [batch] = request.batches
      if (batch === undefined) {
        this.#current = null
        const settlements = Promise.all(request.settling).then((all) => all.flat())
        // A request that was dropped meanwhile has its result already.
        settlements.catch(() => {})
        request.settle(settlements)
      } else if (this.#window.hasCapacityFor(batch)) {
        request.batches.shift()
        request.settling.push(this.#emit(batch, request))
      } else return
    }
  }

  #emit(batch: Batch, request: Request): Promise<readonly Settlement[]> {
    const settling = this.#window.emit(batch, { lane: request.lane })
    const ended = settling
      .catch(() => this.#forget(request))
      .finally(() => {
        this.#inFlight.delete(ended)
        this.#emitNext()
      })
    this.#inFlight.add(ended)
    return settling
  }

  /** Selects the client without a turn so far, or the one whose last turn is the longest ago. */
  #next(): Request | null {
    const clients = [...this.#waiting.keys()]
    const newClient = clients.find((each) => !this.#served.has(each))
    const client = newClient ?? [...this.#served].find((each) => this.#waiting.has(each))
    if (client === undefined) return null
    this.#served.delete(client)
    this.#served.add(client)
    if (this.#served.size > MAX_REMEMBERED_CLIENTS) this.#served.delete(this.#served.values().next().value!)
    const requests = this.#waiting.get(client)!
    const request = requests.shift()!
    if (requests.length === 0) this.#waiting.delete(client)
    return request
  }

  #drop(request: Request, result: 'gone' | 'refused'): void {
    this.#forget(request)
    request.settle(result)
    this.#emitNext()
  }

  /** Drops the batches of a request that are not in flight. */
  #forget(request: Request): void {
    request.batches.length = 0
    const requests = this.#waiting.get(request.client)
    const at = requests?.indexOf(request) ?? -1
    if (at === -1) return
    requests!.splice(at, 1)
    if (requests!.length === 0) this.#waiting.delete(request.client)
  }
}
